//! Errors of an inspection.

use crate::description::document::unknown;
use crate::description::scenario::SelectorError;

/// Reason why a neuron cannot be inspected.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The text does not denote neurons.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// The population is an input.
    #[error("`{0}` is an input: its neurons have a rate and no compartments")]
    Input(String),
    /// No population has this name.
    #[error("{}", unknown("population", .name, .known.iter().map(String::as_str)))]
    Population {
        /// The name.
        name: String,
        /// Names of the populations of pyramidal neurons.
        known: Vec<String>,
    },
    /// The text does not denote exactly one neuron of the population.
    #[error("{neurons}: expected one neuron, `{first}` to `{last}`")]
    OneNeuron {
        /// The text.
        neurons: String,
        /// First neuron of the population.
        first: String,
        /// Last neuron of the population.
        last: String,
    },
    /// There is no such trial.
    #[error("trial {trial}: expected 0 to {last}")]
    Trial {
        /// The trial.
        trial: usize,
        /// Largest trial.
        last: usize,
    },
    /// The source has no values of the variables of a neuron.
    #[error("{0}: there are no values of its variables")]
    NoValues(String),
    /// A file of the run could not be read.
    #[cfg(feature = "record")]
    #[error(transparent)]
    Record(#[from] crate::record::RecordError),
}
