//! The stages of a step, each one system.
//!
//! Every stage goes through populations and projections in the order of their names; none knows
//! what comes before another in the circuit.

mod deliver;
mod learn;
mod neurons;
mod occur;
mod send;
mod watch;

use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;

pub use deliver::deliver;
pub use learn::{consolidate, learn};
pub use neurons::{fire, integrate};
pub use occur::occur;
pub use send::send;
pub(super) use send::{Senders, with_arriving};
pub use watch::{Runaway, Watchdog, watch};

use crate::circuit::Clock;
use crate::neuron::basal;

/// Only pyramidal neurons have a basal dendrite.
type IsInput = Without<basal::Potential>;

fn read<T: TransparentWrapper<f32>>(column: &[T]) -> &[f32] {
    T::peel_slice(column)
}

fn write<'a, T: TransparentWrapper<f32>>(column: &'a mut ContiguousMut<'_, T>) -> &'a mut [f32] {
    T::peel_slice_mut(column.bypass_change_detection())
}

/// The step is over.
pub fn tick(mut clock: ResMut<Clock>) {
    clock.step += 1;
}
