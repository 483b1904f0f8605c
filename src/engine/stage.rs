//! The stages of a step, in their order.

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, SingleThreadedExecutor};

use crate::circuit::{Circuit, Engine, build};

/// A stage of a step: a set of systems. Both engines have the same stages.
///
/// A user-defined system is ordered relative to the stages, for example
/// `system.after(Stage::Arrive).before(Stage::Compartments)`. It is an error if two systems access
/// the same components without an order between them.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Due events of the timeline are applied to the state.
    Events,
    /// Noise is drawn.
    Noise,
    /// Equations of neuron models are advanced.
    Own,
    /// Rates and teaching signals are sent.
    Send,
    /// Messages arrive; the currents of projections are updated.
    Arrive,
    /// Currents are summed; dendrites, somata, rates and teaching signals are updated.
    Compartments,
    /// The loss of each trial is evaluated.
    Loss,
    /// Synapses change by their rules.
    Learn,
    /// Eligibilities become weight changes when weight updates are due.
    Update,
    /// Potentials that are not finite are detected.
    Check,
    /// The step ends.
    End,
}

impl Stage {
    /// All stages, in the order of a step.
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

/// A schedule with the stages in order, without systems.
pub(super) fn schedule() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        // Commands of user-defined systems are applied at the end of a step, after which the rows
        // of neurons are found again.
        auto_insert_apply_deferred: false,
        ..Default::default()
    });
    for pair in Stage::ALL.windows(2) {
        schedule.configure_sets(pair[0].before(pair[1]));
    }
    schedule
}

/// Number of a type of neuron model, by which the systems of several types are ordered.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Nth(usize);

/// Adds the systems of neuron models, one for each type of model, and the user-defined systems.
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

/// Checks that systems of a circuit that access the same components are ordered.
///
/// # Errors
/// Systems without an order, or in a cycle of orders.
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
