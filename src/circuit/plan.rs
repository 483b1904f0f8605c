//! A circuit as plain data: checked, complete, and ready to become entities.

use std::sync::Arc;

use super::engine::Engine;
use super::own::OwnModel;
use super::population::NeuronParameters;
use super::systems::Systems;
use crate::connectivity::Initial;
use crate::event::{PopulationId, ProjectionId};
use crate::math::Steps;
use crate::neuron::Compartment;
use crate::plasticity::{ColumnKernel, Optimiser, ThirdFactor};

/// A circuit: populations and projections by number, delays in steps, rules resolved, initial
/// weights without files.
///
/// It is what a model becomes with the step, the trials and the seed of a scenario
/// ([`lower`](crate::description::lower)). Everything in it has been checked: to build it cannot
/// fail.
#[derive(Clone)]
pub struct Circuit {
    /// Step in ms.
    pub dt_ms: f64,
    /// Parallel trials.
    pub trials: usize,
    /// Seed of the initial weights and of noise.
    pub seed: u64,
    /// How the circuit is advanced.
    pub engine: Engine,
    /// Populations in the order of their names, inputs among them.
    pub populations: Vec<PopulationPlan>,
    /// Projections in the order of their names, biases among them.
    pub projections: Vec<ProjectionPlan>,
    /// Systems of the user's own.
    pub systems: Systems,
}

/// A population of a circuit.
#[derive(Clone)]
pub struct PopulationPlan {
    /// Name.
    pub name: Arc<str>,
    /// Neurons a trial.
    pub size: usize,
    /// Parameters of its neurons; inputs, whose rates are set from outside, have none.
    pub neurons: Option<NeuronParameters>,
    /// The model of its neurons, if they have variables of their own.
    pub own: Option<OwnModel>,
}

/// A projection of a circuit.
#[derive(Clone)]
pub struct ProjectionPlan {
    /// Name.
    pub name: Arc<str>,
    /// Sending population; a bias, whose sender is a unit that is always at 1, has none.
    pub pre: Option<PopulationId>,
    /// Receiving population.
    pub post: PopulationId,
    /// Receiving compartment.
    pub compartment: Compartment,
    /// Conduction delay in steps, at least 1.
    pub delay: u64,
    /// Smallest change of `r` or `delta` that is not sent; 0 sends every change.
    pub threshold: f32,
    /// The basal projection of the way back that an apical one is tied to or compared with; none
    /// if there is none, or several without a choice among them.
    pub reciprocal: Option<ProjectionId>,
    /// Its weights at the start.
    pub weights: WeightsPlan,
}

/// The weights of a projection at the start, and what changes them.
#[derive(Clone)]
pub enum WeightsPlan {
    /// Weights of its own.
    Own(Initial, Option<PlasticityPlan>),
    /// The transposed weights of another projection (weight transport).
    Tied(ProjectionId),
}

/// How the weights of a projection change.
#[derive(Clone)]
pub struct PlasticityPlan {
    pub(crate) kernel: Arc<dyn ColumnKernel>,
    /// Multiplies what the kernel says; absent: nothing does.
    pub third: Option<ThirdFactor>,
    /// Learning rate: per ms of continuous change, per step of weight updates.
    pub eta: f32,
    /// Decay per ms.
    pub decay_per_ms: f64,
    /// Smallest and largest weight.
    pub bounds: Option<(f32, f32)>,
    /// Length of the weights of each neuron after a weight update.
    pub norm: Option<f32>,
    /// Absent: continuous change.
    pub update: Option<UpdatePlan>,
}

/// A clock of weight updates, and what turns an eligibility into a change.
#[derive(Clone, Copy, Debug)]
pub struct UpdatePlan {
    /// Period in steps, at least 1.
    pub every: u64,
    /// Steps after 0 at which the clock starts.
    pub offset: u64,
    /// From eligibility to weight change.
    pub optimiser: Optimiser,
    /// Part of a weight that a change of 1 a.u. overwrites.
    pub gated_decay: f32,
}

impl Circuit {
    /// Times of its steps.
    #[must_use]
    pub fn steps(&self) -> Steps {
        Steps::of(self.dt_ms)
    }

    /// The population of that name.
    #[must_use]
    pub fn population(&self, name: &str) -> Option<PopulationId> {
        let found = (self.populations).binary_search_by(|p| (*p.name).cmp(name));
        found.ok().map(|index| PopulationId(index as u32))
    }

    /// The projection of that name; that of a bias is `POPULATION_bias`.
    #[must_use]
    pub fn projection(&self, name: &str) -> Option<ProjectionId> {
        let found = (self.projections).binary_search_by(|p| (*p.name).cmp(name));
        found.ok().map(|index| ProjectionId(index as u32))
    }

    /// The population of that number.
    ///
    /// # Panics
    /// If the number is of another circuit.
    #[must_use]
    pub fn of(&self, id: PopulationId) -> &PopulationPlan {
        &self.populations[id.index()]
    }

    /// Rows and columns of the weights of a projection: receiving neurons, sending neurons.
    #[must_use]
    pub fn shape(&self, projection: &ProjectionPlan) -> (usize, usize) {
        let pre = projection.pre.map_or(1, |pre| self.of(pre).size);
        (self.of(projection.post).size, pre)
    }

    /// The longest delay in steps, at least 1.
    #[must_use]
    pub fn longest_delay(&self) -> u64 {
        (self.projections.iter().map(|p| p.delay))
            .max()
            .unwrap_or(1)
    }

    /// The same circuit without plasticity and without noise: what is asked of it changes nothing.
    #[must_use]
    pub fn frozen(&self) -> Self {
        let mut frozen = self.clone();
        for projection in &mut frozen.projections {
            // Tied weights stay tied: they follow the weights that are set.
            if let WeightsPlan::Own(_, plasticity) = &mut projection.weights {
                *plasticity = None;
            }
        }
        for neurons in frozen
            .populations
            .iter_mut()
            .filter_map(|p| p.neurons.as_mut())
        {
            neurons.noise = None;
        }
        frozen
    }
}
