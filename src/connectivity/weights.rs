//! Initial weights of a projection.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{Array2, ShapeBuilder};
use rand_distr::{Distribution, Normal, Uniform};
use serde::{Deserialize, Serialize};

use crate::math::random::stream;

/// Matrices of weights from files, by the names of their projections, post x pre.
pub type Matrices = BTreeMap<String, Arc<Array2<f32>>>;

/// Initial weights of a projection, a matrix of post x pre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InitialWeights {
    /// The same value for all weights.
    Constant(f32),
    /// Normal distribution with mean 0.
    Normal {
        /// Standard deviation.
        std: f32,
    },
    /// Uniform distribution between -limit and limit.
    Uniform {
        /// Largest magnitude.
        limit: f32,
    },
    /// Normal distribution with variance `gain^2 / fan_in` (LeCun et al. 1998 with gain 1).
    FanIn {
        /// Factor of the standard deviation, dimensionless.
        gain: f32,
    },
    /// A `.npy` file of numbers exact in `f32`, post x pre; path relative to the model's file.
    Npy(PathBuf),
}

impl InitialWeights {
    pub(crate) fn zero() -> Self {
        Self::Constant(0.0)
    }
}

/// Initial weights whose file, if any, has been read.
#[derive(Clone, Debug)]
pub enum Initial {
    /// The same value for all weights.
    Constant(f32),
    /// Normal distribution with mean 0 and this standard deviation.
    Normal(f32),
    /// Uniform distribution between minus this limit and this limit.
    Uniform(f32),
    /// Normal distribution; variance: square of this gain divided by the number of senders.
    FanIn(f32),
    /// This matrix, post x pre.
    Matrix(Arc<Array2<f32>>),
}

impl Initial {
    /// Initial weights of a checked model, with the `matrix` of its file if it names one.
    ///
    /// # Panics
    /// If a file is named and there is no matrix.
    #[must_use]
    pub fn of(weights: &InitialWeights, matrix: Option<&Arc<Array2<f32>>>) -> Self {
        match weights {
            InitialWeights::Constant(value) => Self::Constant(*value),
            InitialWeights::Normal { std } => Self::Normal(*std),
            InitialWeights::Uniform { limit } => Self::Uniform(*limit),
            InitialWeights::FanIn { gain } => Self::FanIn(*gain),
            InitialWeights::Npy(_) => Self::Matrix(
                matrix
                    .expect("files are read when a model is checked")
                    .clone(),
            ),
        }
    }

    /// The weights, post x pre. Random weights are drawn from a stream keyed by `seed` and the name
    /// of the projection, independently of the order of construction.
    ///
    /// # Panics
    /// For a matrix of another shape, and for a standard deviation or limit that is negative or not
    /// finite: the check of a model excludes them.
    #[must_use]
    pub fn matrix(&self, (post, pre): (usize, usize), seed: u64, name: &str) -> Array2<f32> {
        let mut rng = stream(seed, &format!("weights of {name}"), 0);
        let mut normal = |std: f32| {
            let normal = Normal::new(0.0f32, std).expect("a standard deviation is checked");
            Array2::from_shape_simple_fn((post, pre), || normal.sample(&mut rng))
        };
        match self {
            Self::Constant(value) => Array2::from_elem((post, pre), *value),
            Self::Normal(std) => normal(*std),
            Self::FanIn(gain) => normal(gain / (pre.max(1) as f32).sqrt()),
            Self::Uniform(limit) => {
                let uniform = Uniform::new_inclusive(-limit, *limit).expect("a limit is checked");
                Array2::from_shape_simple_fn((post, pre), || uniform.sample(&mut rng))
            }
            Self::Matrix(matrix) => {
                assert_eq!(matrix.dim(), (post, pre), "the shape of a file is checked");
                (**matrix).clone()
            }
        }
    }
}

/// The same matrix with the synapses of a sender, its column, contiguous in memory.
#[must_use]
pub fn by_sender(weights: Array2<f32>) -> Array2<f32> {
    let mut columns = Array2::zeros(weights.raw_dim().f());
    columns.assign(&weights);
    columns
}
