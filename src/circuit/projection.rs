//! Projections: synapses as matrices, and what changes them.

use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use ndarray::{Array2, ArrayView2, Axis, Zip};
use serde::{Deserialize, Serialize};

use crate::event::ProjectionId;
use crate::math::columns::Changing;
use crate::math::pair;
use crate::neuron::Compartment;
use crate::plasticity::{ColumnKernel, Modulation, StoredUpdater, WeightUpdater};

/// What a projection joins.
#[derive(Component, Clone, Debug)]
pub struct Projection {
    /// Its number in the circuit.
    pub id: ProjectionId,
    /// Name in the model.
    pub name: Arc<str>,
    /// Sending population; absent for a bias, whose sender is a unit that is always at 1.
    pub pre: Option<Entity>,
    /// Receiving population.
    pub post: Entity,
    /// Receiving compartment.
    pub compartment: Compartment,
    /// Conduction delay in steps, at least 1.
    pub delay: usize,
}

/// The weights of a projection, a matrix of post x pre.
#[derive(Component, Clone, Debug)]
pub enum Synapses {
    /// Weights of its own.
    Own(Array2<f32>),
    /// The transposed weights of another projection (weight transport).
    Transported(Entity),
}

impl Synapses {
    /// The weights as post x pre, given a way to look up another projection's.
    pub(crate) fn view<'a>(
        &'a self,
        other: impl Fn(Entity) -> Option<&'a Synapses>,
    ) -> Option<ArrayView2<'a, f32>> {
        match self {
            Self::Own(weights) => Some(weights.view()),
            Self::Transported(entity) => match other(*entity)? {
                Self::Own(weights) => Some(weights.t()),
                Self::Transported(_) => None,
            },
        }
    }
}

/// How the weights of a projection change.
#[derive(Component)]
pub struct Plasticity {
    pub(crate) kernel: Arc<dyn ColumnKernel>,
    /// Learning rate: per ms of continuous change, per step of weight updates.
    pub eta: f32,
    /// Decay per ms.
    pub decay_per_ms: f64,
    /// Part of each weight that is below its last bit, in the shape and layout of the weights.
    pub carry: Array2<f32>,
    /// Smallest and largest weight.
    pub bounds: Option<(f32, f32)>,
    /// Length of the weights of each neuron after a weight update.
    pub norm: Option<f32>,
    /// Absent: continuous change.
    pub update: Option<WeightUpdater>,
    /// Multiplies what the kernel says; absent: nothing does.
    pub third: Option<Modulation>,
}

/// What synapses remember.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPlasticity {
    eta: f32,
    #[serde(with = "crate::math::stored")]
    carry: Array2<f32>,
    update: Option<StoredUpdater>,
    third: Option<Modulation>,
}

impl Plasticity {
    /// Learning rate and memory of the synapses.
    pub(crate) fn stored(&self) -> StoredPlasticity {
        StoredPlasticity {
            eta: self.eta,
            carry: self.carry.clone(),
            update: self.update.as_ref().map(WeightUpdater::stored),
            third: self.third.clone(),
        }
    }

    /// Takes learning rate and memory of the synapses of the same projection.
    pub(crate) fn restore(&mut self, stored: StoredPlasticity) {
        self.eta = stored.eta;
        self.carry = stored.carry;
        self.third = stored.third;
        if let Some((update, stored)) = self.update.as_mut().zip(stored.update) {
            update.restore(stored);
        }
    }

    /// Eligibilities, the memory of an optimiser and third factors are as at the start.
    pub(crate) fn restart(&mut self) {
        self.carry.fill(0.0);
        if let Some(update) = &mut self.update {
            update.restart();
        }
        if let Some(third) = &mut self.third {
            third.restart();
        }
    }

    /// The weights within their bounds.
    #[must_use]
    pub fn bound(&self, mut weights: Array2<f32>) -> Array2<f32> {
        if let Some((low, high)) = self.bounds {
            weights.mapv_inplace(|w| w.clamp(low, high));
        }
        weights
    }

    /// Whether weights are held to bounds or a length.
    #[must_use]
    pub fn confines(&self) -> bool {
        self.bounds.is_some() || self.norm.is_some()
    }

    /// Moves the weights, post x pre, within their bounds and scales them to their length.
    pub fn confine(&mut self, weights: &mut Array2<f32>) {
        self.clamp(weights);
        let Some(norm) = self.norm else {
            return;
        };
        let squares = weights.mapv(|w| f64::from(w) * f64::from(w));
        // A neuron without weights has no direction to keep.
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

    /// Moves the weights within their bounds.
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
