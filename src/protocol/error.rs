//! Why a protocol cannot begin or go on.

use crate::data::DataError;
use crate::engine::{CircuitError, Runaway};

/// Why a protocol cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The data are not what they should be.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Scenario and circuit do not fit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// An answer to a sample of validation or test is no longer a number.
    #[error(
        "{part}: the answer to sample {sample} of the data (from 0) is no number: {variable} of \
         {population}[{neuron}] became {value} {after_ms} ms after the sample was shown; smaller \
         weights (a smaller eta, bounds) or smaller values of the data (an encoding that scales \
         them) keep it finite",
        variable = .runaway.variable,
        population = .runaway.population,
        neuron = .runaway.neuron,
        value = .runaway.value,
        after_ms = .runaway.time_ms,
    )]
    Answer {
        /// `validation` or `test`.
        part: &'static str,
        /// Index of the sample in its data.
        sample: usize,
        /// The neuron, in the time of the copy that is asked.
        runaway: Runaway,
    },
    /// The teacher would go off before it comes on.
    #[error(
        "task.presentation_ms: {presentation_ms} ms leave no time to teach: the teacher comes on \
         after {on_ms} ms and goes off after {off_ms} ms"
    )]
    NoTimeToTeach {
        /// Length of a presentation.
        presentation_ms: f64,
        /// Time of the teacher's start.
        on_ms: f64,
        /// Time of its end.
        off_ms: f64,
    },
}
