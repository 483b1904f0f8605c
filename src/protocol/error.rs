//! Errors of a protocol.

use crate::circuit::LayoutError;
use crate::data::DataError;
use crate::engine::{CircuitError, Runaway};

/// Reason why a protocol cannot begin or continue.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The data are invalid.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Scenario and circuit do not agree.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A system has given some neurons of a population other components than the rest.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// An answer to a validation or test sample is not finite.
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
        /// The neuron, with step and time of the evaluated copy.
        runaway: Runaway,
    },
    /// The teacher would end before it starts.
    #[error(
        "task.presentation_ms: {presentation_ms} ms leave no time to teach: the teacher comes on \
         after {on_ms} ms and goes off after {off_ms} ms"
    )]
    NoTimeToTeach {
        /// Length of a presentation in ms.
        presentation_ms: f64,
        /// Start of the teacher in ms.
        on_ms: f64,
        /// End of the teacher in ms.
        off_ms: f64,
    },
}
