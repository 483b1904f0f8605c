//! The timeline for validation and test: entries active at a step and changes within a range of
//! steps, so that validation and test have the same inputs from outside as learning.

use std::ops::Range;

use super::entries::{everywhere, injected};
use crate::description::model::{Model, Neuron};
use crate::description::scenario::{TimelineEntry, windows};
use crate::engine::{CircuitError, Simulation};
use crate::event::{Event, Injection, Teacher};
use crate::math::Steps;
use crate::neuron::NeuronParameter;

/// A change by the timeline at a step, with the number of the entry, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// End of a window. At the same step, ends precede begins.
    End(usize),
    /// Begin of a window, or change of a parameter.
    Begin(usize),
}

/// The timeline of a scenario as a function of the step.
#[derive(Clone, Debug)]
pub struct Replay {
    timeline: Vec<TimelineEntry>,
    steps: Steps,
}

impl Replay {
    /// The entries of a scenario with steps of `dt_ms`.
    #[must_use]
    pub fn new(timeline: &[TimelineEntry], dt_ms: f64) -> Self {
        Self {
            timeline: timeline.to_vec(),
            steps: Steps::of(dt_ms),
        }
    }

    /// First step at or after a time in ms.
    fn step(&self, ms: f64) -> u64 {
        self.steps.next(ms)
    }

    /// Steps in which each entry is active, with its number; an entry that has only a time is
    /// active from then on.
    fn spans(&self) -> impl Iterator<Item = (Range<u64>, usize)> {
        (self.timeline.iter().enumerate()).flat_map(move |(number, entry)| {
            let moment = moment(entry).map(|at_ms| self.step(at_ms)..u64::MAX);
            // A window without its own end lasts beyond the run.
            let windows = windows(entry, f64::INFINITY).into_iter();
            let windows = windows.map(|(from, until)| self.step(from)..self.step(until));
            (moment.into_iter().chain(windows)).map(move |span| (span, number))
        })
    }

    /// Numbers of the entries that are active at `step`, in the order of their begins. Of several
    /// values of one parameter, the last one is valid.
    #[must_use]
    pub fn state(&self, step: u64) -> Vec<usize> {
        let spans = self.spans().filter(|(span, _)| span.contains(&step));
        let mut holding: Vec<(u64, usize)> = spans.map(|(span, n)| (span.start, n)).collect();
        holding.sort_unstable();
        holding.into_iter().map(|(_, number)| number).collect()
    }

    /// Changes by the timeline in `steps`, in the order of steps. A window that contains no step
    /// has no effect.
    #[must_use]
    pub fn changes(&self, steps: Range<u64>) -> Vec<(u64, Act)> {
        let mut changes: Vec<(u64, Act)> = (self.spans())
            .filter(|(span, _)| !span.is_empty())
            .flat_map(|(span, n)| [(span.start, Act::Begin(n)), (span.end, Act::End(n))])
            .filter(|(step, _)| steps.contains(step))
            .collect();
        changes.sort_unstable();
        changes
    }

    /// Events by which a circuit at step 0, `simulation`, has the timeline as from step
    /// `steps.start` on: entries active then are entered at step 0, changes within `steps`
    /// correspondingly later. Entries active at the end of `steps` remain active. Learning rates,
    /// their factors and kinds of presentation are omitted, since they affect only weights.
    ///
    /// # Errors
    /// [`CircuitError`] for a name that does not exist in the circuit.
    pub fn events(
        &self,
        simulation: &Simulation,
        steps: Range<u64>,
    ) -> Result<Vec<(u64, Event)>, CircuitError> {
        let circuit = simulation.circuit();
        let mut events = Vec::new();
        // Parameters that change at any time start with the values of the model.
        for entry in &self.timeline {
            if let TimelineEntry::Neuron {
                population,
                parameter,
                ..
            } = entry
            {
                let population = simulation.pyramidal(population)?;
                let neurons = circuit.of(population).neurons.as_ref();
                let value = neurons.map(|neurons| neurons.parameter(*parameter));
                let event = value.map(|value| Event::Neuron(population, *parameter, value));
                events.extend(event.map(|event| (0, event)));
            }
        }
        let held = self.state(steps.start).into_iter().map(Act::Begin);
        let held = held.map(|act| (steps.start, act));
        let later = self.changes(steps.start + 1..steps.end);
        for (step, act) in held.chain(later) {
            if let Some(event) = self.event(simulation, circuit.trials, act)? {
                events.push((step - steps.start, event));
            }
        }
        Ok(events)
    }

    fn event(
        &self,
        simulation: &Simulation,
        trials: usize,
        act: Act,
    ) -> Result<Option<Event>, CircuitError> {
        let (Act::Begin(number) | Act::End(number)) = act;
        let begins = act == Act::Begin(number);
        Ok(match &self.timeline[number] {
            TimelineEntry::Rates { input, values, .. } => {
                let rates = everywhere(simulation, input, values, trials);
                let factor = f32::from(begins);
                Some(Event::Rates(simulation.input(input)?, rates * factor))
            }
            TimelineEntry::Current {
                neurons,
                compartment,
                amplitude,
                ..
            } if begins => Some(Event::Inject(
                number as u64,
                Injection {
                    population: simulation.pyramidal(&neurons.population)?,
                    site: *compartment,
                    current: injected(simulation, neurons, *amplitude),
                },
            )),
            TimelineEntry::Current { .. } => Some(Event::Withdraw(number as u64)),
            TimelineEntry::Teacher {
                population,
                target,
                strength,
                ..
            } => {
                let entity = simulation.pyramidal(population)?;
                Some(if begins {
                    let target = everywhere(simulation, population, target, trials);
                    let strength = vec![*strength; trials];
                    Event::Teacher(entity, Teacher { target, strength })
                } else {
                    Event::Strength(entity, 0.0)
                })
            }
            TimelineEntry::Neuron {
                population,
                parameter,
                value,
                ..
            } if begins => Some(Event::Neuron(
                simulation.pyramidal(population)?,
                *parameter,
                *value,
            )),
            TimelineEntry::Neuron { .. }
            | TimelineEntry::Presentation { .. }
            | TimelineEntry::Eta { .. }
            | TimelineEntry::EtaScale { .. } => None,
        })
    }

    /// Parameters of the neurons of a population at `step`; `None` if the population does not
    /// exist.
    #[must_use]
    pub fn parameters(&self, model: &Model, population: &str, step: u64) -> Option<Neuron> {
        let named = model.populations.iter().find(|p| p.name == population)?;
        let mut neuron = model.neurons.get(&named.neuron)?.clone();
        for number in self.state(step) {
            if let TimelineEntry::Neuron {
                population: whose,
                parameter,
                value,
                ..
            } = &self.timeline[number]
                && whose == population
            {
                set(&mut neuron, *parameter, *value);
            }
        }
        Some(neuron)
    }

    /// Entries that are active at `step`, in the order of their begins.
    pub fn holding(&self, step: u64) -> impl Iterator<Item = &TimelineEntry> {
        (self.state(step).into_iter()).map(|number| &self.timeline[number])
    }
}

/// Time in ms of an entry that has only a time.
pub(super) fn moment(entry: &TimelineEntry) -> Option<f64> {
    match entry {
        TimelineEntry::Neuron { at_ms, .. }
        | TimelineEntry::Eta { at_ms, .. }
        | TimelineEntry::EtaScale { at_ms, .. } => Some(*at_ms),
        TimelineEntry::Rates { .. }
        | TimelineEntry::Current { .. }
        | TimelineEntry::Teacher { .. }
        | TimelineEntry::Presentation { .. } => None,
    }
}

fn set(neuron: &mut Neuron, parameter: NeuronParameter, value: f64) {
    match parameter {
        NeuronParameter::TauBMs => neuron.tau_b_ms = value,
        NeuronParameter::TauAMs => neuron.tau_a_ms = value,
        NeuronParameter::TauSMs => neuron.tau_s_ms = value,
        NeuronParameter::GA => neuron.g_a = value as f32,
        NeuronParameter::Lambda => neuron.lambda = value as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Replay};
    use crate::description::scenario::TimelineEntry;

    fn replay(timeline: &str, dt_ms: f64) -> Replay {
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let timeline: Vec<TimelineEntry> = options.from_str(timeline).unwrap();
        Replay::new(&timeline, dt_ms)
    }

    #[test]
    fn what_holds_at_a_step_has_begun_and_not_ended_by_it() {
        let replay = replay(
            r#"[
                rates(input: "x", values: [1.0], from_ms: 2.0, until_ms: 4.0, repeat: (every_ms: 5.0, times: 2)),
                current(neurons: "p", compartment: basal, amplitude: 1.0, from_ms: 3.0),
                neuron(population: "p", parameter: lambda, at_ms: 1.5, value: 0.5),
                neuron(population: "p", parameter: lambda, at_ms: 0.5, value: 0.1),
            ]"#,
            0.5,
        );
        for (step, holding) in [
            (0, vec![]),
            (1, vec![3]),
            (3, vec![3, 2]),
            (4, vec![3, 2, 0]),
            (7, vec![3, 2, 0, 1]),
            (8, vec![3, 2, 1]),
            // The second window of the first entry is from 7 to 9 ms.
            (14, vec![3, 2, 1, 0]),
            (18, vec![3, 2, 1]),
            (1000, vec![3, 2, 1]),
        ] {
            assert_eq!(replay.state(step), holding, "at step {step}");
        }
        let acts = [
            (4, Act::Begin(0)),
            (6, Act::Begin(1)),
            (8, Act::End(0)),
            (14, Act::Begin(0)),
        ];
        assert_eq!(replay.changes(4..15), acts);
        assert_eq!(replay.changes(5..8), [acts[1]]);
    }

    #[test]
    fn a_window_between_two_steps_does_nothing_and_ends_come_before_beginnings() {
        let replay = replay(
            r#"[
                rates(input: "x", values: [1.0], from_ms: 0.2, until_ms: 0.6),
                rates(input: "x", values: [2.0], from_ms: 5.0, until_ms: 6.0),
                rates(input: "x", values: [3.0], from_ms: 3.0, until_ms: 5.0),
            ]"#,
            1.0,
        );
        assert_eq!(replay.changes(0..5), [(3, Act::Begin(2))]);
        assert_eq!(replay.changes(5..6), [(5, Act::End(2)), (5, Act::Begin(1))]);
        assert!(replay.state(1).is_empty());
        assert_eq!(replay.state(5), [1]);
    }
}
