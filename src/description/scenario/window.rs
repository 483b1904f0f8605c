//! Window of the teacher: after activity has arrived, and early enough for teaching to arrive.

use super::schema::Task;
use crate::circuit::{Circuit, settling};
use crate::event::PopulationId;

/// Window of the teacher within a presentation, in steps from the stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentationSteps {
    /// Steps from the stimulus to the teacher.
    pub on: u64,
    /// Steps from the stimulus to the end of the teacher.
    pub off: u64,
    /// Steps of a presentation.
    pub length: u64,
    /// Steps until activity has settled at the output without a teacher.
    pub settled: u64,
}

impl Task {
    /// All taught populations of a circuit, the output first.
    #[must_use]
    pub fn taught_in(&self, circuit: &Circuit) -> Vec<PopulationId> {
        (self.taught().filter_map(|name| circuit.population(name))).collect()
    }
}

impl PresentationSteps {
    /// Window of `task`, with defaults from the circuit.
    ///
    /// The teaching current needs one more step.
    #[must_use]
    pub fn of(task: &Task, circuit: &Circuit) -> Self {
        let (up, down) = settling(circuit, &task.taught_in(circuit));
        let steps = circuit.steps();
        let length = steps.next(task.presentation_ms);
        let on = steps.next(task.teacher.latency_ms.unwrap_or(up));
        let before_end = steps.next(task.teacher.off_before_end_ms.unwrap_or(down));
        Self {
            on,
            off: length.saturating_sub(before_end),
            length,
            settled: steps.next(up),
        }
    }
}
