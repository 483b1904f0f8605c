//! Initial weights of a projection.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{Array2, ShapeBuilder};
use rand_distr::{Distribution, Normal, Uniform};
use serde::{Deserialize, Serialize};

use super::Connectivity;
use crate::math::random::stream;

/// Matrices of weights from files, by the names of their projections, post x pre.
pub type Matrices = BTreeMap<String, Arc<Array2<f32>>>;

/// Initial weights of a projection; for all-to-all wiring, a matrix of post x pre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InitialWeights {
    /// The same value for all weights.
    Constant(f32),
    /// Normal distribution.
    Normal {
        /// Mean.
        #[serde(default)]
        mean: f32,
        /// Standard deviation.
        std: f32,
    },
    /// Uniform distribution, from -`limit` to `limit` or from `low` to `high`.
    Uniform {
        /// Largest magnitude.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<f32>,
        /// Smallest weight.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<f32>,
        /// Largest weight.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high: Option<f32>,
    },
    /// Log-normal distribution: `median exp(sigma z)` with a standard normal `z`.
    Lognormal {
        /// Median in a.u.; negative for negative weights.
        median: f32,
        /// Standard deviation of the natural logarithm, dimensionless.
        sigma: f32,
    },
    /// Normal distribution with mean 0 and variance `gain^2 / fan_in` (LeCun et al. 1998 with gain
    /// 1); `fan_in` is the number of synapses of the projection that a receiver has.
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

    /// Smallest and largest weight of a uniform distribution.
    pub(crate) fn range(&self) -> Option<(f32, f32)> {
        match *self {
            Self::Uniform {
                limit: Some(limit),
                low: None,
                high: None,
            } => Some((-limit, limit)),
            Self::Uniform {
                limit: None,
                low: Some(low),
                high: Some(high),
            } => Some((low, high)),
            _ => None,
        }
    }
}

/// Initial weights whose file, if any, has been read.
#[derive(Clone, Debug)]
pub enum Initial {
    /// The same value for all weights.
    Constant(f32),
    /// Normal distribution: mean and standard deviation.
    Normal(f32, f32),
    /// Uniform distribution: smallest and largest weight.
    Uniform(f32, f32),
    /// Log-normal distribution: median, and standard deviation of the logarithm.
    Lognormal(f32, f32),
    /// Normal distribution with mean 0; variance: square of this gain divided by the number of
    /// synapses of a receiver.
    FanIn(f32),
    /// These numbers: all-to-all or sparse, post x pre; otherwise the array of weights.
    Matrix(Arc<Array2<f32>>),
}

impl Initial {
    /// Initial weights of a checked model, with the `matrix` of its file if it names one.
    ///
    /// # Panics
    /// If a file is named and there is no matrix, and for a uniform distribution without limits.
    #[must_use]
    pub fn of(weights: &InitialWeights, matrix: Option<&Arc<Array2<f32>>>) -> Self {
        match weights {
            InitialWeights::Constant(value) => Self::Constant(*value),
            InitialWeights::Normal { mean, std } => Self::Normal(*mean, *std),
            InitialWeights::Uniform { .. } => {
                let (low, high) = weights.range().expect("limits are checked");
                Self::Uniform(low, high)
            }
            InitialWeights::Lognormal { median, sigma } => Self::Lognormal(*median, *sigma),
            InitialWeights::FanIn { gain } => Self::FanIn(*gain),
            InitialWeights::Npy(_) => Self::Matrix(
                matrix
                    .expect("files are read when a model is checked")
                    .clone(),
            ),
        }
    }

    /// The array of weights of a projection, with the synapses of a sender contiguous in memory.
    /// Random weights are drawn from a stream keyed by `seed` and the name of the projection,
    /// independently of the order of construction.
    ///
    /// # Panics
    /// For a matrix of another shape, and for a standard deviation or limits that are not possible:
    /// the check of a model excludes them.
    #[must_use]
    pub fn array(&self, connectivity: &Connectivity, seed: u64, name: &str) -> Array2<f32> {
        let shape = connectivity.parameters();
        if connectivity.is_all_to_all() {
            return by_sender(self.matrix(shape, seed, name));
        }
        let mut weights = match self {
            Self::FanIn(gain) => {
                let normal = Self::Normal(0.0, 1.0).matrix(shape, seed, name);
                let mut weights = connectivity.fan_in();
                weights.zip_mut_with(&normal, |weight, z| {
                    *weight = gain / weight.max(1.0).sqrt() * z;
                });
                weights
            }
            Self::Matrix(matrix) if connectivity.is_by_pair() => {
                let mut weights = Array2::zeros(shape.f());
                if let Some(structure) = connectivity.structure() {
                    let weights = weights.as_slice_memory_order_mut().unwrap_or_default();
                    for sender in 0..connectivity.shape().1 {
                        structure.bundles(sender, &mut |bundle| {
                            bundle.for_each(|receiver, parameter| {
                                weights[parameter] = matrix[[receiver, sender]];
                            });
                        });
                    }
                }
                weights
            }
            _ => by_sender(self.matrix(shape, seed, name)),
        };
        connectivity.clear_unused(&mut weights);
        weights
    }

    /// Weights of this shape with `pre` synapses of each receiver.
    ///
    /// # Panics
    /// As [`Initial::array`].
    #[must_use]
    pub fn matrix(&self, (post, pre): (usize, usize), seed: u64, name: &str) -> Array2<f32> {
        let mut rng = stream(seed, &format!("weights of {name}"), 0);
        let mut normal = |mean: f32, std: f32| {
            let normal = Normal::new(mean, std).expect("a standard deviation is checked");
            Array2::from_shape_simple_fn((post, pre), || normal.sample(&mut rng))
        };
        match self {
            Self::Constant(value) => Array2::from_elem((post, pre), *value),
            Self::Normal(mean, std) => normal(*mean, *std),
            Self::FanIn(gain) => normal(0.0, gain / (pre.max(1) as f32).sqrt()),
            Self::Lognormal(median, sigma) => {
                normal(0.0, *sigma).mapv_into(|exponent| median * exponent.exp())
            }
            Self::Uniform(low, high) => {
                let uniform = Uniform::new_inclusive(*low, *high).expect("limits are checked");
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
    if weights.ncols() == 1 && weights.is_standard_layout() {
        // The same order in memory.
        let rows = weights.nrows();
        let (values, _) = weights.into_raw_vec_and_offset();
        return Array2::from_shape_vec((rows, 1).f(), values).expect("there is one column");
    }
    let mut columns = Array2::zeros(weights.raw_dim().f());
    columns.assign(&weights);
    columns
}
