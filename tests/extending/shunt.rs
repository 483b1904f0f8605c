//! A system between two stages: apical dendrites that are shunted every 50 ms, for one step.

use apical::circuit::Clock;
use apical::engine::{Neurons, Stage};
use apical::neuron::apical::Potential;
use bevy_ecs::prelude::*;

/// Every 50 steps the apical potentials of `hidden` fall to a tenth, after the dendrites have moved
/// and before synapses change.
fn shunt(clock: Res<Clock>, mut neurons: Neurons<&'static mut Potential>) {
    if !clock.step.is_multiple_of(50) {
        return;
    }
    if let Ok(hidden) = neurons.of("hidden") {
        hidden.for_each(|(_, mut potential)| potential.0 *= 0.1);
    }
}

pub fn add(schedule: &mut Schedule) {
    schedule.add_systems(shunt.after(Stage::Compartments).before(Stage::Loss));
}
