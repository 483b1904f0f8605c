//! What a recorder is given: many values of one kind at one time.

use std::sync::Arc;

use super::error::RecordError;

/// What is sent to the writer at once.
#[derive(Clone, Debug)]
pub enum Batch {
    /// One variable of chosen neurons of one population and one trial.
    Traces {
        /// Simulated time.
        time_ms: f64,
        /// Which of the parallel trials.
        trial: u32,
        /// Name of the population.
        population: Arc<str>,
        /// Positions of the neurons in their population.
        neurons: Arc<[u32]>,
        /// Symbol of the variable: `b`, `xi`, `r`.
        variable: &'static str,
        /// One for each of `neurons`.
        values: Vec<f32>,
    },
    /// The same at the end of a run, for a file of its own: nobody has asked for these.
    Tail {
        /// Simulated time.
        time_ms: f64,
        /// Which of the parallel trials.
        trial: u32,
        /// Name of the population.
        population: Arc<str>,
        /// Positions of the neurons in their population.
        neurons: Arc<[u32]>,
        /// Symbol of the variable: `b`, `xi`, `r`.
        variable: &'static str,
        /// One for each of `neurons`.
        values: Vec<f32>,
    },
    /// Chosen synapses of one projection.
    Weights {
        /// Simulated time.
        time_ms: f64,
        /// Name of the projection.
        projection: Arc<str>,
        /// Positions of the postsynaptic and the presynaptic neuron.
        synapses: Arc<[(u32, u32)]>,
        /// One for each of `synapses`.
        values: Vec<f32>,
    },
    /// One number that describes a whole projection.
    Statistic {
        /// Simulated time.
        time_ms: f64,
        /// Name of the projection.
        projection: Arc<str>,
        /// Name of the statistic.
        statistic: &'static str,
        /// Its value.
        value: f64,
    },
}

impl Batch {
    /// Whether there is one value for each neuron or synapse.
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let (what, expected, values) = match self {
            Self::Traces {
                population,
                neurons,
                variable,
                values,
                ..
            }
            | Self::Tail {
                population,
                neurons,
                variable,
                values,
                ..
            } => (
                format!("{variable} of {population}"),
                neurons.len(),
                values.len(),
            ),
            Self::Weights {
                projection,
                synapses,
                values,
                ..
            } => (
                format!("weights of {projection}"),
                synapses.len(),
                values.len(),
            ),
            Self::Statistic { .. } => return Ok(()),
        };
        if values == expected {
            return Ok(());
        }
        Err(RecordError::Batch {
            what,
            values,
            expected,
        })
    }
}
