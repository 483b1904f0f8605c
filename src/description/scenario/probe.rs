//! Probes of a scenario.

use serde::{Deserialize, Serialize};

use super::selector::{Indices, Neurons};
use crate::neuron::Variable;

/// Repeated observation of a running circuit.
///
/// A sample is taken at the start of the window and then every `every_ms`; if absent, at every
/// step. Times below 0 count from the end of the run: `from_ms: -200.0` means its last 200 ms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Probe {
    /// Variables of compartments, to `traces.parquet`.
    Traces {
        /// Observed neurons; inputs have only `r`.
        neurons: Vec<Neurons>,
        /// Observed variables.
        #[serde(default = "Variable::all")]
        variables: Vec<Variable>,
        /// Observed trials.
        #[serde(default = "first")]
        trials: Indices,
        /// Interval in ms, a whole number of steps.
        #[serde(default)]
        every_ms: Option<f64>,
        /// Start in ms; absent: the start of the run.
        #[serde(default)]
        from_ms: Option<f64>,
        /// End in ms; absent: the end of the run.
        #[serde(default)]
        until_ms: Option<f64>,
    },
    /// Single weights, to `weights.parquet`.
    Weights {
        /// Projection, or `POPULATION_bias`.
        projection: String,
        /// Indices of the postsynaptic neurons.
        #[serde(default)]
        post: Indices,
        /// Indices of the presynaptic neurons.
        #[serde(default)]
        pre: Indices,
        /// Output channels of a convolution whose whole kernels are recorded, each weight through
        /// one of the pairs that share it; in place of `post` and `pre`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kernels: Option<Indices>,
        /// Interval in ms, a whole number of steps.
        #[serde(default)]
        every_ms: Option<f64>,
        /// Start in ms; absent: the start of the run.
        #[serde(default)]
        from_ms: Option<f64>,
        /// End in ms; absent: the end of the run.
        #[serde(default)]
        until_ms: Option<f64>,
    },
    /// Statistics of whole projections, to `projections.parquet`.
    Statistics {
        /// Observed projections; empty: all for which the statistic is defined.
        #[serde(default)]
        projections: Vec<String>,
        /// Observed statistics.
        statistics: Vec<Statistic>,
        /// Interval in ms, a whole number of steps.
        #[serde(default)]
        every_ms: Option<f64>,
        /// Start in ms; absent: the start of the run.
        #[serde(default)]
        from_ms: Option<f64>,
        /// End in ms; absent: the end of the run.
        #[serde(default)]
        until_ms: Option<f64>,
    },
}

impl Probe {
    /// Start, end and period in ms, as given.
    #[must_use]
    pub fn times_ms(&self) -> (Option<f64>, Option<f64>, Option<f64>) {
        let (Self::Traces {
            every_ms,
            from_ms,
            until_ms,
            ..
        }
        | Self::Weights {
            every_ms,
            from_ms,
            until_ms,
            ..
        }
        | Self::Statistics {
            every_ms,
            from_ms,
            until_ms,
            ..
        }) = self;
        (*from_ms, *until_ms, *every_ms)
    }
}

/// A statistic of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Frobenius norm of the weights, `|W|` or `|Theta|`.
    Norm,
    /// `cos(W, Theta^T)` between an apical projection and its reciprocal basal projection; 1 is
    /// full alignment, 0 none. Apical projections only.
    Alignment,
    /// Angle in degrees between the weight change by a presentation, before any optimiser, and the
    /// exact gradient of the loss at the settled state before the teacher starts; below 90 the loss
    /// decreases. Basal projections in scenarios with a task only.
    GradientAngle,
    /// Number of values sent by the senders so far. All projections except biases, only with the
    /// event engine.
    Messages,
}

fn first() -> Indices {
    Indices::one(0)
}
