//! Stages that both engines share; each is one system.

mod apply_events;
mod check_finite;
mod draw_noise;
mod evaluate_loss;
mod rule_columns;

use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;

pub use apply_events::apply_events;
pub use check_finite::{Runaway, Watchdog, check_finite};
pub use draw_noise::draw_noise;
pub use evaluate_loss::evaluate_loss;
pub use rule_columns::RuleColumns;

use crate::circuit::Clock;

pub(super) fn read<T: TransparentWrapper<f32>>(column: &[T]) -> &[f32] {
    T::peel_slice(column)
}

pub(super) fn write<'a, T: TransparentWrapper<f32>>(
    column: &'a mut ContiguousMut<'_, T>,
) -> &'a mut [f32] {
    T::peel_slice_mut(column.bypass_change_detection())
}

/// Ends the step.
pub fn tick(mut clock: ResMut<Clock>) {
    clock.step += 1;
}
