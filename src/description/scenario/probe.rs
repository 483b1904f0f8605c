//! What a scenario observes.

use serde::{Deserialize, Serialize};

use super::selector::{Indices, Neurons};
use crate::neuron::Variable;

/// Something that is looked at again and again while the circuit runs.
///
/// A sample is taken at the start of the window and then every `every_ms`, without it at every
/// step. Times below 0 count from the end of the run: `from_ms: -200.0` is its last 200 ms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Probe {
    /// Variables of compartments, to `traces.parquet`.
    Traces {
        /// Which neurons; inputs have only `r`.
        neurons: Vec<Neurons>,
        /// Which variables.
        #[serde(default = "Variable::all")]
        variables: Vec<Variable>,
        /// Which trials.
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
        /// Which postsynaptic neurons.
        #[serde(default)]
        post: Indices,
        /// Which presynaptic neurons.
        #[serde(default)]
        pre: Indices,
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
    /// Numbers about whole projections, to `projections.parquet`.
    Statistics {
        /// Which projections; none given: all for which the statistic is defined.
        #[serde(default)]
        projections: Vec<String>,
        /// Which numbers.
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
    /// Start, end and period in ms, as they are written.
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

/// A number about a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Frobenius norm of the weights, `|W|` or `|Theta|`.
    Norm,
    /// `cos(W, Theta^T)` between an apical projection and the basal projection it runs back
    /// along; 1 is full alignment, 0 none. Apical projections only.
    Alignment,
    /// Angle in degrees between the change that a presentation made to the weights, before any
    /// optimiser, and the exact gradient of the loss at the settled state before the teacher
    /// spoke; below 90 the loss falls. Basal projections in scenarios with a task only.
    GradientAngle,
    /// How many values the senders have sent so far. Everything but biases, and with the event
    /// engine only.
    Messages,
}

fn first() -> Indices {
    Indices::one(0)
}
