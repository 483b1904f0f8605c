//! Input of a recorder: many values of one kind at one time.

use std::sync::Arc;

use super::error::RecordError;

/// Values that are sent to the writer together.
#[derive(Clone, Debug)]
pub enum Batch {
    /// One variable of chosen neurons of one population and one trial.
    Traces {
        /// Simulated time, in ms.
        time_ms: f64,
        /// Index of the trial.
        trial: u32,
        /// Name of the population.
        population: Arc<str>,
        /// Positions of the neurons in their population.
        neurons: Arc<[u32]>,
        /// Symbol of the variable: `b`, `xi`, `r`.
        variable: &'static str,
        /// Values, one for each of `neurons`.
        values: Vec<f32>,
    },
    /// As `Traces`, at the end of a run and for a separate file: recorded without a probe.
    Tail {
        /// Simulated time, in ms.
        time_ms: f64,
        /// Index of the trial.
        trial: u32,
        /// Name of the population.
        population: Arc<str>,
        /// Positions of the neurons in their population.
        neurons: Arc<[u32]>,
        /// Symbol of the variable: `b`, `xi`, `r`.
        variable: &'static str,
        /// Values, one for each of `neurons`.
        values: Vec<f32>,
    },
    /// Chosen synapses of one projection.
    Weights {
        /// Simulated time, in ms.
        time_ms: f64,
        /// Name of the projection.
        projection: Arc<str>,
        /// Indices of the postsynaptic and the presynaptic neuron.
        synapses: Arc<[(u32, u32)]>,
        /// Weights, one for each of `synapses`.
        values: Vec<f32>,
    },
    /// One number about a whole projection.
    Statistic {
        /// Simulated time, in ms.
        time_ms: f64,
        /// Name of the projection.
        projection: Arc<str>,
        /// Name of the statistic.
        statistic: &'static str,
        /// Value of the statistic.
        value: f64,
    },
}

impl Batch {
    /// Checks that there is one value for each neuron or synapse.
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
