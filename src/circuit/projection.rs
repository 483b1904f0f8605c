//! Projections: their weights, and the plasticity of the weights.

use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use ndarray::{Array2, Axis, Zip};
use serde::{Deserialize, Serialize};

use crate::connectivity::Connectivity;
use crate::event::{ProjectionId, Signal};
use crate::math::columns::{Changing, flat, flat_mut};
use crate::math::pair;
use crate::neuron::Compartment;
use crate::plasticity::{ColumnKernel, Modulation, StoredUpdater, WeightUpdater};

/// Source and target of a projection.
#[derive(Component, Clone, Debug)]
pub struct Projection {
    /// Its number in the circuit.
    pub id: ProjectionId,
    /// Name in the model.
    pub name: Arc<str>,
    /// Sending population; `None` for a bias, whose sender is a unit with the constant value 1.
    pub pre: Option<Entity>,
    /// Receiving population.
    pub post: Entity,
    /// Receiving compartment.
    pub compartment: Compartment,
    /// Signal that is sent.
    pub signal: Signal,
    /// Connected pairs, and the place of the weight of each.
    pub connectivity: Connectivity,
    /// Conduction delay in steps, at least 1.
    pub delay: usize,
}

/// The weights of a projection: a matrix of post x pre for all-to-all connectivity, otherwise the
/// array of parameters of its [`Connectivity`].
#[derive(Component, Clone, Debug)]
pub enum Synapses {
    /// Separate weights.
    Own(Array2<f32>),
    /// The weights of another projection (weight transport), or the winners of another pool.
    Transported(Entity),
}

impl Synapses {
    /// The weights, in the array of the projection that has them; `other` looks up the synapses of
    /// another projection.
    pub(crate) fn stored<'a>(
        &'a self,
        other: impl Fn(Entity) -> Option<&'a Synapses>,
    ) -> Option<&'a Array2<f32>> {
        match self {
            Self::Own(weights) => Some(weights),
            Self::Transported(entity) => match other(*entity)? {
                Self::Own(weights) => Some(weights),
                Self::Transported(_) => None,
            },
        }
    }
}

/// Plasticity of the weights of a projection.
#[derive(Component)]
pub struct Plasticity {
    pub(crate) kernel: Arc<dyn ColumnKernel>,
    /// Learning rate: per ms for continuous change, per weight update otherwise.
    pub eta: f32,
    /// Decay in 1/ms.
    pub decay_per_ms: f64,
    /// Part of each weight below its last bit, in the shape and layout of the weights.
    pub carry: Array2<f32>,
    /// Smallest and largest weight.
    pub bounds: Option<(f32, f32)>,
    /// Length of the weight vector of each neuron, or of each shared kernel, after a weight update.
    pub norm: Option<f32>,
    /// `None` for continuous change.
    pub update: Option<WeightUpdater>,
    /// Factor of the kernel's result; `None` for a factor of 1.
    pub third: Option<Modulation>,
}

/// Stored state of plasticity.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPlasticity {
    eta: f32,
    #[serde(with = "crate::math::stored")]
    carry: Array2<f32>,
    update: Option<StoredUpdater>,
    third: Option<Modulation>,
}

impl Plasticity {
    /// Learning rate and state to be stored.
    pub(crate) fn stored(&self) -> StoredPlasticity {
        StoredPlasticity {
            eta: self.eta,
            carry: self.carry.clone(),
            update: self.update.as_ref().map(WeightUpdater::stored),
            third: self.third.clone(),
        }
    }

    /// Restores learning rate and state of the same projection.
    pub(crate) fn restore(&mut self, stored: StoredPlasticity) {
        self.eta = stored.eta;
        self.carry = stored.carry;
        self.third = stored.third;
        if let Some((update, stored)) = self.update.as_mut().zip(stored.update) {
            update.restore(stored);
        }
    }

    /// Resets eligibilities, the state of the optimiser and third factors.
    pub(crate) fn restart(&mut self) {
        self.carry.fill(0.0);
        if let Some(update) = &mut self.update {
            update.restart();
        }
        if let Some(third) = &mut self.third {
            third.restart();
        }
    }

    /// The weights, clamped to their bounds.
    #[must_use]
    pub fn bound(&self, mut weights: Array2<f32>) -> Array2<f32> {
        if let Some((low, high)) = self.bounds {
            weights.mapv_inplace(|w| w.clamp(low, high));
        }
        weights
    }

    /// True if weights have bounds or a fixed length.
    #[must_use]
    pub fn confines(&self) -> bool {
        self.bounds.is_some() || self.norm.is_some()
    }

    /// Clamps the weights to their bounds and scales them to their length. The weights of a neuron
    /// are a row of the array, except for structures without shared weights.
    pub fn confine(&mut self, weights: &mut Array2<f32>, connectivity: &Connectivity) {
        self.clamp(weights);
        let Some(norm) = self.norm else {
            return;
        };
        if let Some(structure) = connectivity.structure()
            && !structure.is_shared()
        {
            let (post, pre) = structure.shape();
            let mut squares = vec![0.0f64; post];
            let values = flat(weights);
            for sender in 0..pre {
                structure.bundles(sender, &mut |bundle| {
                    bundle.for_each(|receiver, at| {
                        squares[receiver] += f64::from(values[at]).powi(2);
                    });
                });
            }
            let (values, carries) = (flat_mut(weights), flat_mut(&mut self.carry));
            for sender in 0..pre {
                structure.bundles(sender, &mut |bundle| {
                    bundle.for_each(|receiver, at| {
                        // A weight vector of length 0 has no direction.
                        if squares[receiver] > 0.0 {
                            let factor = f64::from(norm) / squares[receiver].sqrt();
                            let scaled = pair::number(values[at], carries[at]) * factor;
                            pair::set(&mut values[at], &mut carries[at], scaled);
                        }
                    });
                });
            }
            return;
        }
        let squares = weights.mapv(|w| f64::from(w) * f64::from(w));
        // A weight vector of length 0 has no direction.
        let factors = squares.sum_axis(Axis(1)).mapv(|square| match square {
            0.0 => 1.0,
            _ => f64::from(norm) / square.sqrt(),
        });
        let columns = weights.columns_mut().into_iter();
        for (mut column, mut carries) in columns.zip(self.carry.columns_mut()) {
            Zip::from(&mut column)
                .and(&mut carries)
                .and(&factors)
                .for_each(|w, carry, factor| {
                    let scaled = pair::number(*w, *carry) * factor;
                    pair::set(w, carry, scaled);
                });
        }
    }

    /// Clamps the weights to their bounds.
    pub fn clamp(&mut self, weights: &mut Array2<f32>) {
        if let Some((low, high)) = self.bounds {
            let carry = &mut self.carry;
            Changing {
                matrix: weights,
                carry,
            }
            .clamp((low, high));
        }
    }
}
