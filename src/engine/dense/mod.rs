//! The dense engine: every neuron is updated, all values are sent and every synapse changes in
//! every step.
//!
//! This is the definition of the simulation; the event engine is tested against it. Currents and
//! changes are summed in double precision; potentials, weights, eligibilities and moments are
//! values with carries, 48 bits ([`crate::math::pair`]). Stages process populations and projections
//! in the order of their names, independently of their positions in the circuit.

mod deliver;
mod learn;
mod neurons;
mod send;

pub(super) use send::{Senders, with_arriving};

use bevy_ecs::prelude::*;

use super::shared;
use super::stage::Stage;

/// Adds the systems of the dense engine.
pub(super) fn plugin(schedule: &mut Schedule) {
    schedule.add_systems((
        shared::apply_events.in_set(Stage::Events),
        shared::draw_noise.in_set(Stage::Noise),
        send::send.in_set(Stage::Send),
        deliver::deliver.in_set(Stage::Arrive),
        (neurons::integrate, neurons::fire)
            .chain()
            .in_set(Stage::Compartments),
        shared::evaluate_loss.in_set(Stage::Loss),
        learn::learn.in_set(Stage::Learn),
        learn::update_weights.in_set(Stage::Update),
        shared::check_finite.in_set(Stage::Check),
        shared::tick.in_set(Stage::End),
    ));
}
