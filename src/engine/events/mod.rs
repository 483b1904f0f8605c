//! The event engine: cost follows events.
//!
//! It computes the same model as the [dense engine](super::dense). Neurons send when their output
//! has changed ([`Axons`](crate::event::Axons)); a projection stores its last current
//! ([`Terminals`](crate::connectivity::Terminals)); synapses change when they are read
//! ([`Lazy`](crate::connectivity::Lazy)); a population at rest without new input is skipped
//! ([`Activity`](crate::circuit::Activity)); and if all populations are at rest, steps are skipped
//! ([`Rest`]).

mod arrive;
mod integrate;
mod learn;
mod outcome;
mod rest;
mod send;
mod settle;
mod sources;
mod wake;

pub(super) use rest::Rest;

use bevy_ecs::prelude::*;

use super::shared;
use super::stage::Stage;

/// Adds the systems of the event engine.
pub(super) fn plugin(schedule: &mut Schedule) {
    schedule.add_systems((
        (wake::wake, shared::apply_events)
            .chain()
            .in_set(Stage::Events),
        shared::draw_noise.in_set(Stage::Noise),
        send::send.in_set(Stage::Send),
        (arrive::arrive, arrive::update_tied)
            .chain()
            .in_set(Stage::Arrive),
        (settle::settle, integrate::integrate)
            .chain()
            .in_set(Stage::Compartments),
        shared::evaluate_loss.in_set(Stage::Loss),
        learn::learn.in_set(Stage::Learn),
        learn::update_weights.in_set(Stage::Update),
        shared::check_finite.in_set(Stage::Check),
        rest::rest.in_set(Stage::End),
    ));
}
