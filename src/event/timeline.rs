//! The timeline: what happens to a circuit from outside, and when.
//!
//! An event at time `t` acts on the state at `t`: it is applied after the step that ends at `t`
//! and before the next. Events of the same time are applied in the order in which they were
//! entered. To the neurons none of them is special: a teacher is one more input.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_ecs::resource::Resource;
use ndarray::{Array1, Array2};

use crate::teaching::Teacher;

/// Something that happens to a circuit.
#[derive(Clone, Debug)]
pub enum Event {
    /// The rates of an input become these, trials x size.
    Rates(Entity, Array2<f32>),
    /// A population gets this teacher in place of the one it had.
    Teacher(Entity, Teacher),
    /// The teacher of a population speaks with this strength in all trials; 0 is silence.
    Strength(Entity, f32),
    /// A current is switched on; the number names it for [`Event::Withdraw`].
    Inject(u64, Injection),
    /// The current of that number is switched off.
    Withdraw(u64),
    /// A parameter of a population becomes this.
    Neuron(Entity, NeuronParameter, f64),
    /// The learning rate of a projection becomes this.
    Eta(Entity, f32),
    /// Every learning rate is multiplied by this from now on, in place of the factor before.
    EtaScale(f32),
    /// What is presented from now on is of this kind, for rules with a third factor.
    Presentation(f32),
}

impl Event {
    /// The population that it acts on, if it acts on one.
    #[must_use]
    pub fn concerns(&self, injections: &Injections) -> Option<Entity> {
        match self {
            Self::Rates(entity, _)
            | Self::Teacher(entity, _)
            | Self::Strength(entity, _)
            | Self::Neuron(entity, ..) => Some(*entity),
            Self::Inject(_, injection) => Some(injection.population),
            Self::Withdraw(number) => Some(injections.0.get(number)?.population),
            Self::Eta(..) | Self::EtaScale(_) | Self::Presentation(_) => None,
        }
    }
}

/// A current injected into one compartment of some neurons of a population.
#[derive(Clone, Debug)]
pub struct Injection {
    /// The population.
    pub population: Entity,
    /// The compartment.
    pub site: Site,
    /// Current of each neuron in a.u., size; the same in all trials.
    pub current: Array1<f32>,
}

/// A compartment that takes an injected current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// Adds to `I_b`.
    Basal,
    /// Adds to `I_a`.
    Apical,
    /// Adds to `s`, not to `b_hat`: teaching straight into the soma.
    Soma,
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Basal => "basal",
            Self::Apical => "apical",
            Self::Soma => "soma",
        })
    }
}

/// A parameter of neurons that may change during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeuronParameter {
    /// Basal time constant.
    TauBMs,
    /// Apical time constant.
    TauAMs,
    /// Somatic time constant.
    TauSMs,
    /// Apical coupling.
    GA,
    /// Somatic coupling.
    Lambda,
}

impl std::fmt::Display for NeuronParameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TauBMs => "tau_b_ms",
            Self::TauAMs => "tau_a_ms",
            Self::TauSMs => "tau_s_ms",
            Self::GA => "g_a",
            Self::Lambda => "lambda",
        })
    }
}

/// Events to come, by the step before which they are applied.
#[derive(Resource, Debug, Default)]
pub struct Timeline(BTreeMap<u64, VecDeque<Event>>);

impl Timeline {
    /// Enters an event before step `step` (0: before the first), after others of that time.
    pub fn enter(&mut self, step: u64, event: Event) {
        self.0.entry(step).or_default().push_back(event);
    }

    /// The step before which the next event is applied.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.0.keys().next().copied()
    }

    /// The events that are due before step `step`, in the order in which they are applied.
    pub fn ahead(&self, step: u64) -> impl Iterator<Item = &Event> {
        self.0.range(..=step).flat_map(|(_, events)| events)
    }

    /// Takes the events that are due before step `step`, those of missed steps first.
    pub fn due(&mut self, step: u64) -> Vec<Event> {
        let mut due = Vec::new();
        while let Some(entry) = self.0.first_entry() {
            if *entry.key() > step {
                break;
            }
            due.extend(entry.remove());
        }
        due
    }
}

/// Currents that are switched on, by their numbers.
#[derive(Resource, Debug, Default)]
pub struct Injections(pub BTreeMap<u64, Arc<Injection>>);

#[cfg(test)]
mod tests {
    use super::{Event, Timeline};

    #[test]
    fn events_come_in_time_order_and_then_in_the_order_of_entry() {
        let mut timeline = Timeline::default();
        for (step, scale) in [(5, 1.0), (2, 2.0), (5, 3.0), (0, 4.0)] {
            timeline.enter(step, Event::EtaScale(scale));
        }
        let scales = |events: Vec<Event>| -> Vec<f32> {
            (events.iter())
                .map(|event| match event {
                    Event::EtaScale(scale) => *scale,
                    other => panic!("{other:?}"),
                })
                .collect()
        };
        assert_eq!(scales(timeline.due(2)), [4.0, 2.0]);
        assert!(timeline.due(4).is_empty());
        assert_eq!(scales(timeline.due(5)), [1.0, 3.0]);
    }
}
