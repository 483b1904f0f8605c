//! A circuit as plain data: checked, complete, and ready for conversion to entities.

use std::fmt;
use std::sync::Arc;

use super::engine::Engine;
use super::own::OwnModel;
use super::population::NeuronParameters;
use super::systems::Systems;
use crate::connectivity::{Connectivity, Initial, Random, Shape};
use crate::event::{PopulationId, ProjectionId, Signal};
use crate::math::Steps;
use crate::neuron::soma::Units;
use crate::neuron::{Compartment, NeuronParameter, Transfer};
use crate::plasticity::{ColumnKernel, Optimiser, ThirdFactor};

/// A circuit: populations and projections by number, delays in steps, rules resolved, initial
/// weights without files.
///
/// Result of combining a model with the step, the trials and the seed of a scenario
/// ([`lower`](crate::description::lower)). Everything in it has been checked, so that it can be
/// built without errors.
#[derive(Clone)]
pub struct Circuit {
    /// Step in ms.
    pub dt_ms: f64,
    /// Number of parallel trials.
    pub trials: usize,
    /// Seed of the initial weights and of noise.
    pub seed: u64,
    /// Engine that advances the circuit.
    pub engine: Engine,
    /// Populations in the order of their names, including inputs.
    pub populations: Vec<PopulationPlan>,
    /// Projections in the order of their names, including biases.
    pub projections: Vec<ProjectionPlan>,
    /// User-defined systems.
    pub systems: Systems,
}

/// A population of a circuit.
#[derive(Clone)]
pub struct PopulationPlan {
    /// Name.
    pub name: Arc<str>,
    /// Neurons per trial.
    pub size: usize,
    /// Numbers of neurons along the axes.
    pub shape: Shape,
    /// Parameters of its neurons; `None` for inputs, whose rates are set from outside.
    pub neurons: Option<NeuronsPlan>,
    /// Model of its neurons, if they have additional variables.
    pub own: Option<OwnModel>,
    /// True if its neurons store all variables in any case, since a later event needs them.
    pub stores_all: bool,
}

/// Parameters of the neurons of a population.
#[derive(Clone, Debug)]
pub struct NeuronsPlan {
    /// Basal, apical and somatic time constant in ms.
    pub tau_ms: [f64; 3],
    /// Apical coupling, dimensionless.
    pub g_a: f32,
    /// Somatic coupling, dimensionless.
    pub lambda: f32,
    /// Transfer function.
    pub transfer: Transfer,
    /// Units in which the soma compares its two sides.
    pub mismatch: Units,
    /// Standard deviation of the noise in a.u., and number of steps between draws.
    pub noise: Option<(f32, u64)>,
}

impl NeuronsPlan {
    /// Value of a parameter, in ms for time constants.
    #[must_use]
    pub fn parameter(&self, parameter: NeuronParameter) -> f64 {
        let [tau_b_ms, tau_a_ms, tau_s_ms] = self.tau_ms;
        match parameter {
            NeuronParameter::TauBMs => tau_b_ms,
            NeuronParameter::TauAMs => tau_a_ms,
            NeuronParameter::TauSMs => tau_s_ms,
            NeuronParameter::GA => self.g_a.into(),
            NeuronParameter::Lambda => self.lambda.into(),
        }
    }
}

/// A projection of a circuit.
#[derive(Clone)]
pub struct ProjectionPlan {
    /// Name.
    pub name: Arc<str>,
    /// Sending population; `None` for a bias, whose sender is a unit with the constant value 1.
    pub pre: Option<PopulationId>,
    /// Receiving population.
    pub post: PopulationId,
    /// Receiving compartment.
    pub compartment: Compartment,
    /// Signal that is sent.
    pub signal: Signal,
    /// Connected pairs.
    pub connectivity: ConnectivityPlan,
    /// Conduction delay in steps, at least 1.
    pub delay: u64,
    /// Largest change of `r` or `delta` that is not sent; 0 sends every change.
    pub threshold: f32,
    /// The basal projection in the opposite direction that an apical one is tied to or compared
    /// with; `None` if there is none, or several of which none is selected.
    pub reciprocal: Option<ProjectionId>,
    /// Initial weights.
    pub weights: WeightsPlan,
}

/// Connected pairs of a projection.
#[derive(Clone, Debug)]
pub enum ConnectivityPlan {
    /// These pairs.
    Fixed(Connectivity),
    /// Pairs that are drawn by the seed of the circuit when it is built.
    Random(Random),
    /// The pairs of this basal projection in the opposite direction.
    Reversed(ProjectionId),
}

/// Initial weights of a projection, and their plasticity.
#[derive(Clone)]
pub enum WeightsPlan {
    /// Separate weights.
    Own(Initial, Option<PlasticityPlan>),
    /// The weights of another projection in the opposite direction (weight transport), or the
    /// winners of another pool.
    Tied(ProjectionId),
}

/// Numbers of a projection's synapses, weights and bytes, without building it. For pairs drawn with
/// a probability they are expected values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counts {
    /// Connected pairs.
    pub synapses: f64,
    /// Weights that are stored; 0 for tied weights and pools.
    pub weights: f64,
    /// Bytes of the list of pairs.
    pub pairs_bytes: f64,
}

/// Plasticity of the weights of a projection.
#[derive(Clone)]
pub struct PlasticityPlan {
    /// Name and parameters of the rule.
    pub rule: String,
    pub(crate) kernel: Arc<dyn ColumnKernel>,
    /// Factor of the kernel's result; `None` for a factor of 1.
    pub third: Option<ThirdFactor>,
    /// Learning rate: per ms for continuous change, per weight update otherwise.
    pub eta: f32,
    /// Decay in 1/ms.
    pub decay_per_ms: f64,
    /// Smallest and largest weight.
    pub bounds: Option<(f32, f32)>,
    /// Length of the weight vector of each neuron after a weight update.
    pub norm: Option<f32>,
    /// `None` for continuous change.
    pub update: Option<UpdatePlan>,
}

/// Times of weight updates, and the conversion of an eligibility to a weight change.
#[derive(Clone, Copy, Debug)]
pub struct UpdatePlan {
    /// Period in steps, at least 1.
    pub every: u64,
    /// Time of the start of the clock in steps.
    pub offset: u64,
    /// Conversion of eligibility to weight change.
    pub optimiser: Optimiser,
    /// Fraction of a weight that a change of 1 a.u. overwrites.
    pub gated_decay: f32,
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let populations = self.populations.iter().map(|p| (&*p.name, p.size));
        let projections = self.projections.iter().map(|p| &*p.name);
        f.debug_struct("Circuit")
            .field("dt_ms", &self.dt_ms)
            .field("trials", &self.trials)
            .field("seed", &self.seed)
            .field("engine", &self.engine)
            .field("populations", &populations.collect::<Vec<_>>())
            .field("projections", &projections.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Circuit {
    /// Times of the steps.
    #[must_use]
    pub fn steps(&self) -> Steps {
        Steps::of(self.dt_ms)
    }

    /// Number of the population with this name.
    #[must_use]
    pub fn population(&self, name: &str) -> Option<PopulationId> {
        let found = (self.populations).binary_search_by(|p| (*p.name).cmp(name));
        found.ok().map(|index| PopulationId(index as u32))
    }

    /// Number of the projection with this name; a bias is called `POPULATION_bias`.
    #[must_use]
    pub fn projection(&self, name: &str) -> Option<ProjectionId> {
        let found = (self.projections).binary_search_by(|p| (*p.name).cmp(name));
        found.ok().map(|index| ProjectionId(index as u32))
    }

    /// The population with this number.
    ///
    /// # Panics
    /// If the number is of another circuit.
    #[must_use]
    pub fn of(&self, id: PopulationId) -> &PopulationPlan {
        &self.populations[id.index()]
    }

    /// True if the neurons of a population store the variables of
    /// [`Settled`](crate::neuron::pyramidal::Settled) alone at the start: with the event engine, in
    /// the quasi-static limit, unless neurons have noise, somatic coupling or a model of their own,
    /// user-defined systems may read the others, or [`stores_all`](PopulationPlan::stores_all).
    #[must_use]
    pub fn is_settled(&self, population: &PopulationPlan) -> bool {
        let parameters =
            (population.neurons.as_ref()).map(|plan| NeuronParameters::new(plan, self.dt_ms));
        self.engine == Engine::Events
            && !population.stores_all
            && self.systems.is_empty()
            && population.own.is_none()
            && parameters.is_some_and(|parameters| parameters.is_settled())
    }

    /// Shape of the weights of a projection: receiving neurons, sending neurons.
    #[must_use]
    pub fn shape(&self, projection: &ProjectionPlan) -> (usize, usize) {
        let pre = projection.pre.map_or(1, |pre| self.of(pre).size);
        (self.of(projection.post).size, pre)
    }

    /// Arrangements of the receiving and the sending neurons of a projection.
    #[must_use]
    pub fn arrangements(&self, projection: &ProjectionPlan) -> (Shape, Shape) {
        let pre = projection
            .pre
            .map_or(Shape::line(1), |pre| self.of(pre).shape);
        (self.of(projection.post).shape, pre)
    }

    /// Numbers of a projection's synapses and weights.
    #[must_use]
    pub fn counts(&self, projection: &ProjectionPlan) -> Counts {
        let own = |weights: f64| match projection.weights {
            WeightsPlan::Own(..) => weights,
            WeightsPlan::Tied(_) => 0.0,
        };
        match &projection.connectivity {
            ConnectivityPlan::Fixed(connectivity) => {
                let (rows, columns) = match connectivity.has_weights() {
                    true => connectivity.parameters(),
                    false => (0, 0),
                };
                Counts {
                    synapses: connectivity.synapses() as f64,
                    weights: own(rows as f64 * columns as f64),
                    pairs_bytes: connectivity.structure().map_or(0, |s| s.bytes()) as f64,
                }
            }
            ConnectivityPlan::Random(random) => Counts {
                synapses: random.synapses(),
                weights: own(random.synapses()),
                pairs_bytes: 4.0 * random.synapses() + 8.0 * random.shape.1 as f64,
            },
            ConnectivityPlan::Reversed(source) => {
                let source = &self.projections[source.index()];
                let of_source = self.counts(source);
                // The list of reversed pairs also has the place of each weight.
                let listed = of_source.pairs_bytes > 0.0;
                let bytes = if listed {
                    8.0 * of_source.synapses
                } else {
                    0.0
                };
                Counts {
                    weights: own(of_source.weights),
                    pairs_bytes: bytes,
                    ..of_source
                }
            }
        }
    }

    /// Connected pairs of a projection, or of the one whose pairs it has in the opposite direction.
    fn pairs<'a>(&'a self, projection: &'a ProjectionPlan) -> &'a ConnectivityPlan {
        match &projection.connectivity {
            ConnectivityPlan::Reversed(source) => &self.projections[source.index()].connectivity,
            own => own,
        }
    }

    /// True if a projection has weights of its own that can be set and learned: neither those of
    /// another projection nor the pairs of a pool.
    #[must_use]
    pub fn has_own_weights(&self, projection: &ProjectionPlan) -> bool {
        let has_weights = |plan: &ConnectivityPlan| match plan {
            ConnectivityPlan::Fixed(connectivity) => connectivity.has_weights(),
            _ => true,
        };
        matches!(projection.weights, WeightsPlan::Own(..)) && has_weights(self.pairs(projection))
    }

    /// Numbers of output channels and of weights of each kernel of a convolution, or of the
    /// reciprocal of one; `None` for other projections.
    #[must_use]
    pub fn kernels(&self, projection: &ProjectionPlan) -> Option<(usize, usize)> {
        let ConnectivityPlan::Fixed(connectivity) = self.pairs(projection) else {
            return None;
        };
        let structure = connectivity.structure()?;
        let has_kernels = structure.is_shared() && projection.pre.is_some();
        (has_kernels && structure.fixed_weight().is_none()).then(|| structure.parameters())
    }

    /// Bytes of memory in use while the current of a projection is computed.
    #[must_use]
    pub fn scratch_bytes(&self, projection: &ProjectionPlan, threads: usize) -> usize {
        let ConnectivityPlan::Fixed(connectivity) = self.pairs(projection) else {
            return 0;
        };
        let structure = connectivity.structure();
        structure.map_or(0, |structure| structure.scratch_bytes(self.trials, threads))
    }

    /// Connected pairs of all projections, in their order; random pairs are drawn.
    #[must_use]
    pub fn connectivities(&self) -> Vec<Connectivity> {
        let direct = |plan: &ProjectionPlan| match &plan.connectivity {
            ConnectivityPlan::Fixed(connectivity) => Some(connectivity.clone()),
            ConnectivityPlan::Random(random) => {
                let pairs = random.draw(self.seed, &plan.name);
                Some(Connectivity::Structured(Arc::new(pairs)))
            }
            ConnectivityPlan::Reversed(_) => None,
        };
        let direct: Vec<_> = self.projections.iter().map(direct).collect();
        let all = self.projections.iter().zip(&direct);
        all.map(
            |(plan, connectivity)| match (connectivity, &plan.connectivity) {
                (Some(connectivity), _) => connectivity.clone(),
                (None, ConnectivityPlan::Reversed(source)) => {
                    let source = direct[source.index()].as_ref();
                    let source = source.expect("a basal projection has pairs of its own");
                    match (&plan.weights, source) {
                        // Separate weights of all pairs are a matrix of post x pre, as always.
                        (WeightsPlan::Own(..), Connectivity::AllToAll { .. }) => {
                            Connectivity::all_to_all(self.shape(plan))
                        }
                        _ => source.reversed(),
                    }
                }
                (None, _) => unreachable!("only reversed pairs are not direct"),
            },
        )
        .collect()
    }

    /// The longest delay in steps, at least 1.
    #[must_use]
    pub fn longest_delay(&self) -> u64 {
        (self.projections.iter().map(|p| p.delay))
            .max()
            .unwrap_or(1)
    }

    /// The same circuit without plasticity and without noise.
    #[must_use]
    pub fn frozen(&self) -> Self {
        let mut frozen = self.clone();
        for projection in &mut frozen.projections {
            // Tied weights remain tied, so that they follow weights that are set.
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
