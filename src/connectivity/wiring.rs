//! Kinds of wiring, as written in model files and as held by projections.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, ShapeBuilder};
use serde::de::{self, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::pool::MaxPool;
use super::structure::{Numbers, Structure};
use crate::math::product;

/// WiringKind of a projection in a model file: which neurons are connected, and which pairs share a
/// weight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WiringKind {
    /// Every sender is connected with every receiver.
    #[default]
    AllToAll,
    /// Sender and receiver with the same index are connected.
    OneToOne,
    /// Random pairs: with a `probability`, or a number of senders for each receiver, `in_degree`.
    Random {
        /// Probability of each pair.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probability: Option<f64>,
        /// Number of senders of each receiver.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        in_degree: Option<usize>,
        /// True if a neuron can be connected with itself.
        #[serde(default)]
        self_connections: bool,
    },
    /// A kernel shared by all positions of an image.
    Convolution {
        /// Height and width of the kernel.
        kernel: Sides,
        /// Distance between neighbouring windows.
        #[serde(default = "Sides::one")]
        stride: Sides,
        /// Rows and columns of places without neurons around the image.
        #[serde(default = "Sides::zero")]
        padding: Sides,
    },
    /// As a convolution, with a separate kernel at each position.
    Local {
        /// Height and width of the kernels.
        kernel: Sides,
        /// Distance between neighbouring windows.
        #[serde(default = "Sides::one")]
        stride: Sides,
        /// Rows and columns of places without neurons around the image.
        #[serde(default = "Sides::zero")]
        padding: Sides,
    },
    /// The largest value of each window of a channel; no weights.
    MaxPool {
        /// Height and width of a window.
        kernel: Sides,
        /// Distance between neighbouring windows; absent: that of windows side by side.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<Sides>,
    },
    /// The mean of each window of a channel; no weights.
    MeanPool {
        /// Height and width of a window.
        kernel: Sides,
        /// Distance between neighbouring windows; absent: that of windows side by side.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<Sides>,
    },
    /// The pairs of a CSV file with the columns `post` and `pre`; path relative to the model's file.
    Pairs(PathBuf),
    /// The pairs of the reciprocal basal projection in the opposite direction. Weights are shared
    /// where it shares them; a pool returns to the winner, or shares out equally.
    Reciprocal,
}

impl WiringKind {
    /// Name in model files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AllToAll => "all_to_all",
            Self::OneToOne => "one_to_one",
            Self::Random { .. } => "random",
            Self::Convolution { .. } => "convolution",
            Self::Local { .. } => "local",
            Self::MaxPool { .. } => "max_pool",
            Self::MeanPool { .. } => "mean_pool",
            Self::Pairs(_) => "pairs",
            Self::Reciprocal => "reciprocal",
        }
    }

    /// True for wiring without weights.
    #[must_use]
    pub fn is_pool(&self) -> bool {
        matches!(self, Self::MaxPool { .. } | Self::MeanPool { .. })
    }
}

/// Two lengths, height and width, written as one number if they are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides(pub [usize; 2]);

impl Sides {
    fn one() -> Self {
        Self([1; 2])
    }

    fn zero() -> Self {
        Self([0; 2])
    }
}

impl Serialize for Sides {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [height, width] = self.0;
        if height == width {
            return height.serialize(serializer);
        }
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&height)?;
        tuple.serialize_element(&width)?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Sides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lengths;
        impl<'de> Visitor<'de> for Lengths {
            type Value = Sides;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or height and width such as (3, 5)")
            }

            fn visit_u64<E: de::Error>(self, length: u64) -> Result<Sides, E> {
                let length = usize::try_from(length).map_err(E::custom)?;
                Ok(Sides([length; 2]))
            }

            fn visit_i64<E: de::Error>(self, length: i64) -> Result<Sides, E> {
                let length = usize::try_from(length)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(length), &self))?;
                Ok(Sides([length; 2]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Sides, A::Error> {
                let mut next = |n| {
                    let value = values.next_element::<usize>()?;
                    value.ok_or_else(|| de::Error::invalid_length(n, &"height and width"))
                };
                Ok(Sides([next(0)?, next(1)?]))
            }
        }
        deserializer.deserialize_any(Lengths)
    }
}

/// Connected pairs of a projection, in a circuit that has been built.
#[derive(Clone, Debug)]
pub enum Connectivity {
    /// Every sender with every receiver; weights are a matrix of post x pre.
    AllToAll {
        /// Number of receiving and of sending neurons.
        shape: (usize, usize),
        /// True if the matrix of weights is pre x post: that of a projection in the opposite
        /// direction, whose weights are read.
        is_reversed: bool,
    },
    /// The pairs of a structure, with weights in its array of parameters.
    Structured(Arc<dyn Structure>),
    /// A pool to the largest value, without weights.
    MaxPool(MaxPool),
}

impl Default for Connectivity {
    fn default() -> Self {
        Self::all_to_all((0, 0))
    }
}

impl Connectivity {
    /// All-to-all connectivity of a projection with separate weights.
    #[must_use]
    pub fn all_to_all(shape: (usize, usize)) -> Self {
        Self::AllToAll {
            shape,
            is_reversed: false,
        }
    }

    /// True if weights are a matrix of post x pre.
    #[must_use]
    pub fn is_all_to_all(&self) -> bool {
        matches!(self, Self::AllToAll { .. })
    }

    /// True if there are weights that can be set and learned; false for pools.
    #[must_use]
    pub fn has_weights(&self) -> bool {
        match self {
            Self::AllToAll { .. } => true,
            Self::Structured(structure) => structure.fixed_weight().is_none(),
            Self::MaxPool(_) => false,
        }
    }

    /// The structure, unless this is all-to-all connectivity or a pool to the largest value.
    #[must_use]
    pub fn structure(&self) -> Option<&Arc<dyn Structure>> {
        match self {
            Self::Structured(structure) => Some(structure),
            _ => None,
        }
    }

    /// Number of receiving and of sending neurons.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Self::AllToAll { shape, .. } => *shape,
            Self::Structured(structure) => structure.shape(),
            Self::MaxPool(pool) => pool.shape(),
        }
    }

    /// Rows and columns of the array of weights.
    #[must_use]
    pub fn parameters(&self) -> (usize, usize) {
        match self {
            Self::AllToAll {
                shape: (post, pre),
                is_reversed,
            } => match is_reversed {
                false => (*post, *pre),
                true => (*pre, *post),
            },
            Self::Structured(structure) => structure.parameters(),
            Self::MaxPool(_) => (0, 0),
        }
    }

    /// Number of connected pairs.
    #[must_use]
    pub fn synapses(&self) -> usize {
        match self {
            Self::AllToAll { shape, .. } => shape.0.saturating_mul(shape.1),
            Self::Structured(structure) => structure.synapses(),
            Self::MaxPool(pool) => pool.synapses(),
        }
    }

    /// The same pairs in the opposite direction, with the weights of this direction.
    #[must_use]
    pub fn reversed(&self) -> Self {
        match self {
            Self::AllToAll {
                shape: (post, pre),
                is_reversed,
            } => Self::AllToAll {
                shape: (*pre, *post),
                is_reversed: !is_reversed,
            },
            Self::Structured(structure) => Self::Structured(structure.reversed()),
            Self::MaxPool(pool) => Self::MaxPool(pool.reversed()),
        }
    }

    /// Senders of a receiver in ascending order, each with the row and the column of its weight; a
    /// pool to the largest value has no weights.
    #[must_use]
    pub fn afferents(&self, receiver: usize) -> Vec<(u32, Option<[usize; 2]>)> {
        let mut afferents = Vec::new();
        match self {
            Self::AllToAll {
                shape: (_, pre),
                is_reversed,
            } => afferents.extend((0..*pre).map(|sender| {
                let at = match is_reversed {
                    false => [receiver, sender],
                    true => [sender, receiver],
                };
                (sender as u32, Some(at))
            })),
            Self::Structured(structure) => {
                let rows = structure.parameters().0;
                structure.reversed().bundles(receiver, &mut |bundle| {
                    bundle.for_each(|sender, parameter| {
                        let at = [parameter % rows, parameter / rows];
                        afferents.push((sender as u32, Some(at)));
                    });
                });
            }
            Self::MaxPool(pool) if !pool.is_reversed() => {
                let senders = pool.window(receiver).into_iter();
                afferents.extend(senders.map(|sender| (sender, None)));
            }
            Self::MaxPool(pool) => {
                let windows = 0..pool.shape().1;
                let covers = |window: &usize| pool.window(*window).contains(&(receiver as u32));
                afferents.extend(windows.filter(covers).map(|window| (window as u32, None)));
            }
        }
        afferents.sort_unstable_by_key(|(sender, _)| *sender);
        afferents
    }

    /// True if a file of weights is a matrix of post x pre: each pair has a weight of its own, and
    /// the array of weights is that matrix or a list.
    #[must_use]
    pub fn is_by_pair(&self) -> bool {
        match self {
            Self::AllToAll { .. } => true,
            Self::Structured(structure) => !structure.is_shared() && structure.parameters().1 == 1,
            Self::MaxPool(_) => false,
        }
    }

    /// Sets weights to 0 that no pair has.
    pub(crate) fn clear_unused(&self, weights: &mut Array2<f32>) {
        if self
            .structure()
            .is_some_and(|structure| structure.has_unused())
        {
            weights.zip_mut_with(&self.fan_in(), |weight, synapses| {
                if *synapses == 0.0 {
                    *weight = 0.0;
                }
            });
        }
    }

    /// Receiver and sender of each weight, weights x 2, if each pair has a weight of its own and
    /// their order does not follow from shapes.
    #[must_use]
    pub fn listed_pairs(&self) -> Option<Array2<u32>> {
        let structure = self.structure()?;
        let (synapses, 1) = structure.parameters() else {
            return None;
        };
        if structure.is_shared() {
            return None;
        }
        let mut pairs = Array2::zeros((synapses, 2));
        for sender in 0..structure.shape().1 {
            structure.bundles(sender, &mut |bundle| {
                bundle.for_each(|receiver, parameter| {
                    pairs[[parameter, 0]] = receiver as u32;
                    pairs[[parameter, 1]] = sender as u32;
                });
            });
        }
        Some(pairs)
    }

    /// Weights as a matrix of post x pre, 0 where there is no synapse.
    #[must_use]
    pub fn matrix(&self, weights: &Array2<f32>) -> Array2<f32> {
        let Some(structure) = self.structure() else {
            return weights.clone();
        };
        let mut matrix = Array2::zeros(structure.shape());
        let rows = structure.parameters().0;
        for sender in 0..structure.shape().1 {
            structure.bundles(sender, &mut |bundle| {
                bundle.for_each(|receiver, parameter| {
                    matrix[[receiver, sender]] = weights[[parameter % rows, parameter / rows]];
                });
            });
        }
        matrix
    }

    /// Row and column of the weight of a pair; `None` if the pair is not connected or has no weight.
    #[must_use]
    pub fn place(&self, receiver: usize, sender: usize) -> Option<[usize; 2]> {
        let (post, pre) = self.shape();
        if receiver >= post || sender >= pre {
            return None;
        }
        match self {
            Self::AllToAll { is_reversed, .. } => Some(match is_reversed {
                false => [receiver, sender],
                true => [sender, receiver],
            }),
            Self::Structured(structure) => {
                let rows = structure.parameters().0;
                let mut found = None;
                structure.bundles(sender, &mut |bundle| {
                    let synapse = match bundle.neurons {
                        Numbers::Listed(neurons) => neurons.binary_search(&(receiver as u32)).ok(),
                        Numbers::Progression { first, step } => {
                            let offset = receiver.checked_sub(first);
                            let offset = offset.filter(|offset| offset.is_multiple_of(step));
                            offset.map(|offset| offset / step)
                        }
                    };
                    if let Some(synapse) = synapse.filter(|synapse| *synapse < bundle.len) {
                        found = Some(bundle.parameters.at(synapse));
                    }
                });
                found.map(|parameter| [parameter % rows, parameter / rows])
            }
            Self::MaxPool(_) => None,
        }
    }

    /// For each parameter, the number of synapses of a receiver that has it, the largest of all
    /// receivers if they share it, in the order of memory.
    #[must_use]
    pub fn fan_in(&self) -> Array2<f32> {
        let (rows, columns) = self.parameters();
        let (post, pre) = self.shape();
        match self {
            Self::Structured(structure) => {
                let mut degrees = vec![0u32; post];
                for sender in 0..pre {
                    structure.bundles(sender, &mut |bundle| {
                        bundle.for_each(|receiver, _| degrees[receiver] += 1);
                    });
                }
                let mut fan_in = Array2::<f32>::zeros((rows, columns).f());
                let of = fan_in.as_slice_memory_order_mut().unwrap_or_default();
                for sender in 0..pre {
                    structure.bundles(sender, &mut |bundle| {
                        bundle.for_each(|receiver, parameter| {
                            of[parameter] = of[parameter].max(degrees[receiver] as f32);
                        });
                    });
                }
                fan_in
            }
            _ => Array2::from_elem((rows, columns).f(), pre as f32),
        }
    }

    /// `out = scale x current`, trials x receivers, of the values `held`, trials x senders.
    ///
    /// # Panics
    /// For a pool to the largest value, whose current is [`MaxPool::current`].
    pub fn current(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        out: ArrayViewMut2<'_, f32>,
    ) {
        match self {
            Self::AllToAll { is_reversed, .. } => {
                let weights = if *is_reversed {
                    weights.view()
                } else {
                    weights.t()
                };
                product::assign(scale, held, weights, out);
            }
            Self::Structured(structure) => structure.current(scale, held, weights, out),
            Self::MaxPool(_) => unreachable!("a pool to the largest value has no weights"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sides, WiringKind};

    fn read(text: &str) -> Result<WiringKind, ron::error::SpannedError> {
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        options.from_str(text)
    }

    #[test]
    fn sides_are_one_number_or_two() {
        let square = read("convolution(kernel: 3)").unwrap();
        let WiringKind::Convolution {
            kernel,
            stride,
            padding,
        } = square
        else {
            panic!("{square:?}");
        };
        assert_eq!(
            (kernel, stride, padding),
            (Sides([3, 3]), Sides([1, 1]), Sides([0, 0]))
        );
        let oblong = read("local(kernel: (3, 5), stride: 2, padding: (0, 1))").unwrap();
        let again = ron::to_string(&oblong).unwrap();
        assert_eq!(read(&again).unwrap(), oblong);
        for (wrong, message) in [
            ("convolution(kernel: -3)", "height and width"),
            ("convolution(kernel: (3))", "height and width"),
            ("max_pool(kernel: 2, padding: 1)", "padding"),
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(message), "{wrong}: {error}");
        }
    }
}
