//! The stages of a step, in their order.

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, SingleThreadedExecutor};

use crate::circuit::{Circuit, Engine, build};

/// A stage of a step: a set of systems. Both engines have the same stages.
///
/// A system of the user's own is put into an order with them, such as
/// `system.after(Stage::Arrive).before(Stage::Compartments)`. Two systems that touch the same
/// components without an order between them are an error.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Events of the timeline that are due act on the state.
    Events,
    /// Neurons draw their noise.
    Noise,
    /// Own equations of neuron models move.
    Own,
    /// Rates and teaching signals leave the neurons.
    Send,
    /// Messages arrive; the currents of projections follow.
    Arrive,
    /// Currents are summed, dendrites and somata move; rates and teaching signals follow.
    Compartments,
    /// The loss of each trial is evaluated.
    Loss,
    /// Synapses change by their rules.
    Learn,
    /// Eligibilities become weight change at their clocks.
    Update,
    /// Potentials that are no longer numbers are found.
    Check,
    /// The step is over.
    End,
}

impl Stage {
    /// All of them, in the order of a step.
    pub const ALL: [Self; 11] = [
        Self::Events,
        Self::Noise,
        Self::Own,
        Self::Send,
        Self::Arrive,
        Self::Compartments,
        Self::Loss,
        Self::Learn,
        Self::Update,
        Self::Check,
        Self::End,
    ];
}

/// A schedule with the stages in their order, and nothing in them.
pub(super) fn schedule() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..Default::default()
    });
    for pair in Stage::ALL.windows(2) {
        schedule.configure_sets(pair[0].before(pair[1]));
    }
    schedule
}

/// The number of a type of neuron model, so that the systems of several have an order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Nth(usize);

/// Adds the systems of neuron models, one for each type of model, and those of the user.
pub(super) fn add_own(schedule: &mut Schedule, circuit: &Circuit) {
    let mut types = Vec::new();
    for own in circuit
        .populations
        .iter()
        .filter_map(|population| population.own.as_ref())
    {
        if types.contains(&own.type_id()) {
            continue;
        }
        let nth = Nth(types.len());
        schedule.add_systems(own.system().in_set(Stage::Own).in_set(nth));
        if let Some(before) = types.len().checked_sub(1) {
            schedule.configure_sets(Nth(before).before(nth));
        }
        types.push(own.type_id());
    }
    circuit.systems.enter(schedule);
}

/// Whether the systems of a circuit have an order wherever they touch the same.
///
/// # Errors
/// Systems without an order, or in a circle of orders.
pub fn check_systems(circuit: &Circuit) -> Result<(), String> {
    if circuit.systems.is_empty() {
        return Ok(());
    }
    let mut world = build(Circuit {
        populations: Vec::new(),
        projections: Vec::new(),
        ..circuit.clone()
    });
    let mut schedule = schedule();
    match circuit.engine {
        Engine::Events => super::events::plugin(&mut schedule),
        Engine::Dense => super::dense::plugin(&mut schedule),
    }
    add_own(&mut schedule, circuit);
    let outcome = schedule.initialize(&mut world);
    (outcome.map(drop)).map_err(|error| error.to_string(schedule.graph(), &world))
}
