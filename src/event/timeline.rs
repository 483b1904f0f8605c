//! The timeline: changes of a circuit from outside, and their times.
//!
//! An event at time `t` acts on the state at `t`: it is applied after the step that ends at `t` and
//! before the next. Events of the same time are applied in this order: ends of windows; begins of
//! windows and changes of parameters; events that a program enters during the run, such as the
//! stimuli and teachers of a task. Within each group the order of entry counts. So an end does not
//! undo what begins at the same time, and no window begins after its own end.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use bevy_ecs::resource::Resource;
use ndarray::{Array1, Array2};

use super::ids::{PopulationId, ProjectionId};
use super::teacher::Teacher;
use crate::math::Steps;
use crate::neuron::{NeuronParameter, Site};

/// A change of a circuit from outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Sets the rates of an input, trials x size.
    Rates(PopulationId, Array2<f32>),
    /// Replaces the teacher of a population.
    Teacher(PopulationId, Teacher),
    /// Sets the strength of the teacher of a population in all trials; 0 for no teaching current.
    Strength(PopulationId, f32),
    /// Switches on a current; the number identifies it for [`Event::Withdraw`].
    Inject(u64, Injection),
    /// Switches off the current with this number.
    Withdraw(u64),
    /// Sets a parameter of a population.
    Neuron(PopulationId, NeuronParameter, f64),
    /// Sets the learning rate of a projection.
    Eta(ProjectionId, f32),
    /// Sets the common factor of all learning rates.
    EtaScale(f32),
    /// Sets the kind of the presentations from now on, for rules with a third factor.
    Presentation(f32),
}

impl Event {
    /// Population that the event acts on, if any.
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
    /// Population.
    pub population: PopulationId,
    /// Compartment.
    pub site: Site,
    /// Current of each neuron in a.u., length size; the same in all trials.
    pub current: Array1<f32>,
}

/// Windows of equal length and period in steps, `(begin, end)`, in the order of their begins.
/// Windows that contain no step are omitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Windows {
    /// First window in ms.
    window_ms: (f64, f64),
    /// Period in ms.
    every_ms: f64,
    /// Number of windows.
    times: u32,
    /// Common end in ms: no window extends beyond it.
    end_ms: f64,
    /// Step in ms.
    dt_ms: f64,
    /// Number of windows returned or omitted so far.
    passed: u32,
}

impl Windows {
    /// Windows `from_ms` to `until_ms`, repeated `times` times with period `every_ms` and cut off
    /// at `end_ms`, for steps of `dt_ms`. A time between two steps is rounded up to the later one.
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

/// A recurring change. Only one window at a time is on the timeline, so that memory does not grow
/// with the number of windows.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recurring {
    windows: Windows,
    begin: Event,
    end: Event,
}

/// Order within a step: ends of windows, begins of windows and changes of parameters, events
/// entered during the run (a task's stimuli and teachers); each in the order of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Rank {
    End,
    Begin,
    Entered,
}

/// Future events, by the step before which they are applied.
#[derive(Resource, Default, Clone, Serialize, Deserialize)]
pub struct Timeline {
    /// Key: step, rank and number of entry.
    events: BTreeMap<(u64, Rank, u64), Event>,
    /// Recurring changes that are not over, by number of entry.
    recurring: BTreeMap<u64, Recurring>,
    /// Number of entries so far.
    entries: u64,
}

impl Timeline {
    /// Enters an event before step `step` (0: before the first), after other events of that time.
    pub fn enter(&mut self, step: u64, event: Event) {
        let number = self.number();
        self.events.insert((step, Rank::Entered, number), event);
    }

    /// Enters a permanent change from step `step` on. At the same time, it follows the ends of
    /// windows.
    pub fn enter_change(&mut self, step: u64, event: Event) {
        let number = self.number();
        self.events.insert((step, Rank::Begin, number), event);
    }

    /// Enters `begin` at the first step and `end` at the last step of each of `windows`, which do
    /// not overlap. A window whose begin and end are the same step is omitted, so that no window
    /// begins after its own end.
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

    /// Enters the next window of a recurring change.
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

    /// Step before which the next event is applied.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.events.keys().next().map(|(step, ..)| *step)
    }

    /// Events due before step `step`, in the order in which they are applied.
    pub fn ahead(&self, step: u64) -> impl Iterator<Item = &Event> {
        let until = (step, Rank::Entered, u64::MAX);
        self.events.range(..=until).map(|(_, event)| event)
    }

    /// Removes and returns the events due before step `step`, in the order of their steps.
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
        // The later window is entered first; one window contains no step.
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
