//! The timeline: what happens to a circuit from outside, and when.
//!
//! An event at time `t` acts on the state at `t`: it is applied after the step that ends at `t`
//! and before the next. Of the same time, ends of windows come first, then begins of windows and
//! changes of parameters, then what a program enters as the run goes on, such as the stimuli and
//! teachers of a task; each of these in the order of entry. So an end does not undo what begins at
//! that time, and nothing begins after its own end. To the neurons none of them is special: a
//! teacher is one more input.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use bevy_ecs::resource::Resource;
use ndarray::{Array1, Array2};

use super::ids::{PopulationId, ProjectionId};
use super::teacher::Teacher;
use crate::math::Steps;
use crate::neuron::{NeuronParameter, Site};

/// Something that happens to a circuit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The rates of an input become these, trials x size.
    Rates(PopulationId, Array2<f32>),
    /// A population gets this teacher in place of the one it had.
    Teacher(PopulationId, Teacher),
    /// The teacher of a population speaks with this strength in all trials; 0 is silence.
    Strength(PopulationId, f32),
    /// A current is switched on; the number names it for [`Event::Withdraw`].
    Inject(u64, Injection),
    /// The current of that number is switched off.
    Withdraw(u64),
    /// A parameter of a population becomes this.
    Neuron(PopulationId, NeuronParameter, f64),
    /// The learning rate of a projection becomes this.
    Eta(ProjectionId, f32),
    /// Every learning rate is multiplied by this from now on, in place of the factor before.
    EtaScale(f32),
    /// What is presented from now on is of this kind, for rules with a third factor.
    Presentation(f32),
}

impl Event {
    /// The population that it acts on, if it acts on one.
    #[must_use]
    pub fn concerns(&self, injections: &Injections) -> Option<PopulationId> {
        match self {
            Self::Rates(id, _)
            | Self::Teacher(id, _)
            | Self::Strength(id, _)
            | Self::Neuron(id, ..) => Some(*id),
            Self::Inject(_, injection) => Some(injection.population),
            Self::Withdraw(number) => Some(injections.0.get(number)?.population),
            Self::Eta(..) | Self::EtaScale(_) | Self::Presentation(_) => None,
        }
    }
}

/// A current injected into one compartment of some neurons of a population.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Injection {
    /// The population.
    pub population: PopulationId,
    /// The compartment.
    pub site: Site,
    /// Current of each neuron in a.u., size; the same in all trials.
    pub current: Array1<f32>,
}

/// Windows of equal length and period in steps, `(begin, end)`, in the order of their begins. Those
/// in which no step lies are left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Windows {
    /// First window in ms.
    window_ms: (f64, f64),
    /// From one to the next in ms.
    every_ms: f64,
    /// Number of windows.
    times: u32,
    /// End of all of them in ms.
    end_ms: f64,
    /// Step in ms.
    dt_ms: f64,
    /// Number of windows that are over or have begun.
    passed: u32,
}

impl Windows {
    /// The window from `from_ms` to `until_ms`, `times` times, every `every_ms`, none of it after
    /// `end_ms`, for steps of `dt_ms`. What lies between two steps counts as the later one.
    #[must_use]
    pub fn new(
        (from_ms, until_ms): (f64, f64),
        (every_ms, times): (f64, u32),
        end_ms: f64,
        dt_ms: f64,
    ) -> Self {
        Self {
            window_ms: (from_ms, until_ms),
            every_ms,
            times,
            end_ms,
            dt_ms,
            passed: 0,
        }
    }
}

impl Iterator for Windows {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        let steps = Steps::of(self.dt_ms);
        while self.passed < self.times {
            let later = f64::from(self.passed) * self.every_ms;
            self.passed += 1;
            let from = self.window_ms.0 + later;
            let until = (self.window_ms.1 + later).min(self.end_ms);
            let window = (steps.next(from), steps.next(until));
            if from < until && window.0 < window.1 {
                return Some(window);
            }
        }
        None
    }
}

/// Something that begins and ends again and again. One window at a time is on the timeline, so
/// that many windows take no memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recurring {
    windows: Windows,
    begin: Event,
    end: Event,
}

/// Order within a step: ends of windows, begins of windows and changes of parameters, and what a
/// program enters as the run goes on (a task's stimuli and teachers); each in the order of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Rank {
    End,
    Begin,
    Entered,
}

/// Events to come, by the step before which they are applied.
#[derive(Resource, Default, Clone, Serialize, Deserialize)]
pub struct Timeline {
    /// By step, rank and number of entry.
    events: BTreeMap<(u64, Rank, u64), Event>,
    /// Those whose current window has begun or is to begin, by the number of entry.
    recurring: BTreeMap<u64, Recurring>,
    /// Entries so far.
    entries: u64,
}

impl Timeline {
    /// Enters an event before step `step` (0: before the first), after others of that time.
    pub fn enter(&mut self, step: u64, event: Event) {
        let number = self.number();
        self.events.insert((step, Rank::Entered, number), event);
    }

    /// Enters a change that lasts, from step `step` on. Of the same time, it comes after the ends
    /// of windows.
    pub fn enter_change(&mut self, step: u64, event: Event) {
        let number = self.number();
        self.events.insert((step, Rank::Begin, number), event);
    }

    /// Enters `begin` at the first step and `end` at the last of each of `windows`, which do not
    /// overlap. A window whose begin and end are the same step is left out, so that nothing begins
    /// after its own end.
    pub fn enter_windows(&mut self, windows: Windows, begin: Event, end: Event) {
        let number = self.number();
        let recurring = Recurring {
            windows,
            begin,
            end,
        };
        self.recurring.insert(number, recurring);
        self.next_window(number);
    }

    fn number(&mut self) -> u64 {
        self.entries += 1;
        self.entries
    }

    /// The next window of a recurring event goes onto the timeline.
    fn next_window(&mut self, number: u64) {
        let Some(recurring) = self.recurring.get_mut(&number) else {
            return;
        };
        match recurring.windows.next() {
            None => drop(self.recurring.remove(&number)),
            Some((from, until)) => {
                let (begin, end) = (recurring.begin.clone(), recurring.end.clone());
                self.events.insert((from, Rank::Begin, number), begin);
                self.events.insert((until, Rank::End, number), end);
            }
        }
    }

    /// The step before which the next event is applied.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.events.keys().next().map(|(step, ..)| *step)
    }

    /// The events that are due before step `step`, in the order in which they are applied.
    pub fn ahead(&self, step: u64) -> impl Iterator<Item = &Event> {
        let until = (step, Rank::Entered, u64::MAX);
        self.events.range(..=until).map(|(_, event)| event)
    }

    /// Takes the events that are due before step `step`, those of missed steps first.
    pub fn due(&mut self, step: u64) -> Vec<Event> {
        let mut due = Vec::new();
        while let Some(entry) = self.events.first_entry() {
            let (at, rank, number) = *entry.key();
            if at > step {
                break;
            }
            due.push(entry.remove());
            // The next window begins at the end of this one or later.
            if rank == Rank::End {
                self.next_window(number);
            }
        }
        due
    }
}

/// Currents that are switched on, by their numbers.
#[derive(Resource, Debug, Default, Clone, Serialize, Deserialize)]
pub struct Injections(pub BTreeMap<u64, Injection>);

#[cfg(test)]
mod tests {
    use super::{Event, Timeline, Windows};

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

    #[test]
    fn an_end_comes_before_what_begins_and_empty_windows_are_left_out() {
        let mut timeline = Timeline::default();
        let windows = |window, every_ms, times| Windows::new(window, (every_ms, times), 100.0, 1.0);
        let scale = Event::EtaScale;
        // The later window is entered first; one has no step.
        timeline.enter_windows(windows((7.0, 9.0), 0.0, 1), scale(3.0), scale(30.0));
        timeline.enter_windows(windows((2.0, 5.0), 4.0, 2), scale(1.0), scale(10.0));
        timeline.enter_windows(windows((5.2, 5.6), 0.0, 1), scale(5.0), scale(50.0));
        timeline.enter_change(5, scale(2.0));
        timeline.enter(7, scale(4.0));
        let mut told = Vec::new();
        for step in 0..12 {
            for event in timeline.due(step) {
                match event {
                    Event::EtaScale(scale) => told.push((step, scale)),
                    other => panic!("{other:?}"),
                }
            }
        }
        let right = [
            (2, 1.0),
            (5, 10.0),
            (5, 2.0),
            (6, 1.0),
            (7, 3.0),
            (7, 4.0),
            (9, 30.0),
            (9, 10.0),
        ];
        assert_eq!(told, right);
        assert_eq!(timeline.next(), None);
    }
}
