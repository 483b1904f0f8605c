//! Inspection of a circuit: compartments, weights, terms of the equations. It changes no state, except
//! that [`Simulation::start_changes`] begins to keep eligibilities.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;
use ndarray::{Array2, Array3, ShapeBuilder};

use super::dense::{Senders, with_arriving};
use super::simulation::Simulation;
use crate::circuit::{
    NeuronId, OwnModel, Plasticity, Population, PopulationPlan, Projection, ProjectionPlan,
    Synapses, WeightsPlan, table,
};
use crate::connectivity::{Connectivity, Lazy, Shape, Terminals};
use crate::event::{Axons, Event, Timeline, Traffic};
use crate::math::pair;
use crate::neuron::{Compartment, OwnCurrents, Transfer, Variable, apical, basal, soma};

/// Properties of a population in the circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Name.
    pub name: Arc<str>,
    /// Neurons per trial.
    pub size: usize,
    /// Numbers of neurons along the axes.
    pub shape: Shape,
    /// Number of parallel trials.
    pub trials: usize,
    /// Transfer function; `None` for inputs.
    pub transfer: Option<Transfer>,
}

/// Properties of a projection in the circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionDescription {
    /// Name.
    pub name: Arc<str>,
    /// Sending population; `None` for a bias.
    pub pre: Option<Arc<str>>,
    /// Receiving population.
    pub post: Arc<str>,
    /// Receiving compartment.
    pub compartment: Compartment,
    /// True if its weights are those of another projection.
    pub transported: bool,
    /// True if it has weights of its own that can be set and learned: neither those of another
    /// projection nor the pairs of a pool.
    pub has_own_weights: bool,
    /// The basal projection in the opposite direction that an apical one is tied to or compared
    /// with; `None` if there is none, or several of which none is selected.
    pub reciprocal: Option<Arc<str>>,
}

impl Simulation {
    /// All populations, including inputs, in the order of their names.
    #[must_use]
    pub fn populations(&self) -> Vec<Description> {
        let circuit = self.circuit();
        let describe = |population: &PopulationPlan| Description {
            name: population.name.clone(),
            size: population.size,
            shape: population.shape,
            trials: circuit.trials,
            transfer: (population.neurons.as_ref()).map(|neurons| neurons.transfer),
        };
        circuit.populations.iter().map(describe).collect()
    }

    /// All projections, including biases, in the order of their names.
    #[must_use]
    pub fn projections(&self) -> Vec<ProjectionDescription> {
        let circuit = self.circuit();
        let name = |id| circuit.of(id).name.clone();
        let describe = |projection: &ProjectionPlan| ProjectionDescription {
            name: projection.name.clone(),
            pre: projection.pre.map(name),
            post: name(projection.post),
            compartment: projection.compartment,
            transported: matches!(projection.weights, WeightsPlan::Tied(_)),
            has_own_weights: circuit.has_own_weights(projection),
            reciprocal: (projection.reciprocal)
                .map(|id| circuit.projections[id.index()].name.clone()),
        };
        circuit.projections.iter().map(describe).collect()
    }

    /// The additional variables of a population's neuron model.
    #[must_use]
    pub fn own_variables(&self, name: &str) -> Vec<Variable> {
        let circuit = self.circuit();
        let own = circuit
            .population(name)
            .and_then(|id| circuit.of(id).own.as_ref());
        let symbols = own.map(OwnModel::variables).unwrap_or_default();
        symbols.into_iter().map(Variable::named).collect()
    }

    /// A variable of a whole population, trials x size. The rate of an input at time `t` is the
    /// rate it sends at `t`, including events of the timeline up to now.
    pub fn read(&mut self, name: &str, variable: Variable) -> Option<Array2<f32>> {
        let shape = self.population(name).map(|(_, p)| (p.trials, p.size))?;
        let values = self.with_column(name, variable, <[f32]>::to_vec)?;
        Array2::from_shape_vec(shape, values).ok()
    }

    /// A variable of some neurons of one trial. `None` if an index does not exist.
    pub fn sample(
        &mut self,
        name: &str,
        variable: Variable,
        trial: usize,
        neurons: &[u32],
    ) -> Option<Vec<f32>> {
        let size = self.population(name).map(|(_, p)| p.size)?;
        self.with_column(name, variable, |column| {
            let trial = column.get(trial * size..(trial + 1) * size)?;
            (neurons.iter())
                .map(|neuron| trial.get(*neuron as usize).copied())
                .collect()
        })?
    }

    /// Calls a function with the rows of one population, in the order trial, index.
    fn with_column<R>(
        &mut self,
        name: &str,
        variable: Variable,
        then: impl FnOnce(&[f32]) -> R,
    ) -> Option<R> {
        let population = self.population(name)?.1.clone();
        if population.is_input && variable == Variable::RATE {
            let due = self.world.resource::<Timeline>().ahead(self.steps());
            let due = due.filter_map(|event| match event {
                Event::Rates(input, rates) if *input == population.id => Some(rates),
                _ => None,
            });
            if let Some(rates) = due.last() {
                let rates: Vec<f32> = rates.iter().copied().collect();
                return Some(then(&rates));
            }
        }
        if population.is_settled {
            match variable {
                Variable::BASAL_CURRENT => {
                    return self.column::<basal::Potential, R>(&population, then);
                }
                Variable::APICAL_CURRENT => {
                    return self.column::<apical::Potential, R>(&population, then);
                }
                Variable::SOMATIC_POTENTIAL => {
                    let b = self.column::<basal::Potential, _>(&population, <[f32]>::to_vec)?;
                    return self.column::<soma::Mismatch, R>(&population, |xi| {
                        let s: Vec<f32> = b.iter().zip(xi).map(|(b, xi)| b + xi).collect();
                        then(&s)
                    });
                }
                _ => {}
            }
        }
        match variable {
            Variable::BASAL_CURRENT => self.column::<basal::Current, R>(&population, then),
            Variable::BASAL_POTENTIAL => self.column::<basal::Potential, R>(&population, then),
            Variable::APICAL_CURRENT => self.column::<apical::Current, R>(&population, then),
            Variable::APICAL_POTENTIAL => self.column::<apical::Potential, R>(&population, then),
            Variable::SOMATIC_POTENTIAL => self.column::<soma::Potential, R>(&population, then),
            Variable::MISMATCH => self.column::<soma::Mismatch, R>(&population, then),
            Variable::RATE => self.column::<soma::Rate, R>(&population, then),
            Variable::DELTA => self.column::<soma::Delta, R>(&population, then),
            other => {
                let circuit = self.circuit();
                let own = circuit.of(population.id).own.as_ref()?;
                own.read(&mut self.world, &population, other.symbol())
                    .map(|column| then(&column))
            }
        }
    }

    fn column<T, R>(&mut self, population: &Population, then: impl FnOnce(&[f32]) -> R) -> Option<R>
    where
        T: Component + Copy + TransparentWrapper<f32>,
    {
        let mut query = self.world.query::<(&NeuronId, &T)>();
        let column = table(query.contiguous_iter(&self.world), population)?;
        T::peel_slice(column).get(population.rows.clone()).map(then)
    }

    /// The present weights of a projection, including postponed changes: post x pre with all-to-all
    /// connectivity, otherwise the array of weights of its [`Connectivity`]. `None` for a pool.
    ///
    /// All code that reads weights uses this function or [`Simulation::synapses`].
    #[must_use]
    pub fn weights(&self, name: &str) -> Option<Array2<f32>> {
        let entity = self.entity_of_projection(name)?;
        let connectivity = &self.world.get::<Projection>(entity)?.connectivity;
        if !connectivity.has_weights() {
            return None;
        }
        match self.world.get::<Synapses>(entity)? {
            Synapses::Own(_) => self.own_weights(entity),
            Synapses::Transported(source) => {
                let weights = self.own_weights(*source)?;
                Some(match connectivity.is_all_to_all() {
                    true => weights.reversed_axes(),
                    false => weights,
                })
            }
        }
    }

    /// Connected pairs of a projection, and the place of the weight of each.
    #[must_use]
    pub fn connectivity(&self, name: &str) -> Option<&Connectivity> {
        let entity = self.entity_of_projection(name)?;
        Some(&self.world.get::<Projection>(entity)?.connectivity)
    }

    fn own_weights(&self, entity: Entity) -> Option<Array2<f32>> {
        let Synapses::Own(matrix) = self.world.get::<Synapses>(entity)? else {
            return None;
        };
        let lazy = self.world.get::<Lazy>(entity);
        let Some((lazy, terminals)) = lazy.zip(self.world.get::<Terminals>(entity)) else {
            return Some(matrix.clone());
        };
        let plasticity = self.world.get::<Plasticity>(entity)?;
        let stored = (matrix, &plasticity.carry);
        let weights = lazy.weights(stored, terminals.held(), self.steps());
        Some(plasticity.bound(weights))
    }

    /// Present weights of some synapses of a projection, given by (post, pre). `None` if one does
    /// not exist, or has no weight.
    #[must_use]
    pub fn synapses(&self, name: &str, synapses: &[(u32, u32)]) -> Option<Vec<f32>> {
        let entity = self.entity_of_projection(name)?;
        let (source, transposed) = match self.world.get::<Synapses>(entity)? {
            Synapses::Own(_) => (entity, false),
            Synapses::Transported(source) => (*source, true),
        };
        let Synapses::Own(matrix) = self.world.get::<Synapses>(source)? else {
            return None;
        };
        let lazy = (self.world.get::<Lazy>(source)).zip(self.world.get::<Terminals>(source));
        let plasticity = self.world.get::<Plasticity>(source);
        let bounds = plasticity.and_then(|plasticity| plasticity.bounds);
        let now = self.steps();
        let connectivity = &self.world.get::<Projection>(source)?.connectivity;
        let is_shared = connectivity.structure().is_some_and(|s| s.is_shared());
        // A shared weight depends on all of its pairs.
        let all = match is_shared && lazy.is_some() {
            true => Some(self.own_weights(source)?),
            false => None,
        };
        (synapses.iter())
            .map(|&(post, pre)| {
                let pair = if transposed { (pre, post) } else { (post, pre) };
                let pair = (pair.0 as usize, pair.1 as usize);
                let at = connectivity.place(pair.0, pair.1)?;
                let plain = *matrix.get(at)?;
                let weight = match (&all, lazy) {
                    (Some(all), _) => all[at],
                    (None, None) => plain,
                    (None, Some((lazy, terminals))) => {
                        let carry = plasticity.map_or(0.0, |plasticity| plasticity.carry[at]);
                        let intercept = pair::number(plain, carry);
                        lazy.weight(intercept, terminals.held(), pair, now)
                    }
                };
                Some(bounds.map_or(weight, |(low, high)| weight.clamp(low, high)))
            })
            .collect()
    }

    /// Number of receiving and of sending neurons of a projection.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<(usize, usize)> {
        self.connectivity(name).map(Connectivity::shape)
    }

    /// Values that have arrived through each projection except biases, trials x pre: rates, or
    /// teaching signals for an apical projection. Because of delays and thresholds, they can differ
    /// from the present output of the senders.
    pub fn arrived(&mut self) -> BTreeMap<Arc<str>, Array2<f32>> {
        (self.entities_of_projections().into_iter())
            .filter_map(|(name, entity)| {
                self.world.get::<Projection>(entity)?.pre?;
                Some((name, self.arrived_through(entity)?))
            })
            .collect()
    }

    /// Values that have arrived through one projection, trials x pre, see [`Simulation::arrived`];
    /// 1 for a bias.
    pub fn arrived_by(&mut self, name: &str) -> Option<Array2<f32>> {
        let entity = self.entity_of_projection(name)?;
        self.arrived_through(entity)
    }

    fn arrived_through(&mut self, entity: Entity) -> Option<Array2<f32>> {
        let projection = self.world.get::<Projection>(entity)?.clone();
        if projection.pre.is_none() {
            let trials = self.world.get::<Population>(projection.post)?.trials;
            return Some(Array2::ones((trials, 1)));
        }
        if let Some(terminals) = self.world.get::<Terminals>(entity) {
            return Some(terminals.held().to_owned());
        }
        let mut state = bevy_ecs::system::SystemState::<Senders<'_, '_>>::new(&mut self.world);
        let senders = state.get(&self.world).ok()?;
        let mut arrived = None;
        with_arriving(&projection, &senders, |sent| {
            arrived = Some(sent.to_owned());
        });
        arrived
    }

    /// Contribution of each projection to the current of its compartment, trials x size of the
    /// receiving population, with the present weights.
    pub fn terms(&mut self) -> BTreeMap<Arc<str>, Array2<f32>> {
        (self.entities_of_projections().into_iter())
            .filter_map(|(name, _)| {
                let term = self.term(&name)?;
                Some((name, term))
            })
            .collect()
    }

    /// Contribution of one projection to the current of its compartment, see
    /// [`Simulation::terms`].
    pub fn term(&mut self, name: &str) -> Option<Array2<f32>> {
        let sent = self.arrived_by(name)?;
        let entity = self.entity_of_projection(name)?;
        let connectivity = self.connectivity(name)?.clone();
        let mut term = Array2::zeros((sent.nrows(), connectivity.shape().0));
        let source = match self.world.get::<Synapses>(entity)? {
            Synapses::Own(_) => entity,
            Synapses::Transported(source) => *source,
        };
        if let Connectivity::MaxPool(pool) = &connectivity {
            match source == entity {
                true => pool.current(sent.view(), None, term.view_mut()),
                false => {
                    let image = self.arrived_through(source)?;
                    pool.current(image.view(), Some(sent.view()), term.view_mut());
                }
            }
            return Some(term);
        }
        let weights = self.own_weights(source)?;
        connectivity.current(1.0, sent.view(), &weights, term.view_mut());
        Some(term)
    }

    /// Noise of each population that has noise, trials x size, in a.u.
    pub fn noise(&mut self) -> BTreeMap<Arc<str>, Array2<f32>> {
        let circuit = self.circuit();
        let noisy =
            |plan: &&PopulationPlan| plan.neurons.as_ref().is_some_and(|n| n.noise.is_some());
        (circuit.populations.iter().filter(noisy))
            .filter_map(|plan| {
                let population = self.population(&plan.name)?.1.clone();
                let noise = self.column::<soma::Noise, _>(&population, <[f32]>::to_vec)?;
                let shape = (population.trials, population.size);
                let noise = Array2::from_shape_vec(shape, noise).ok()?;
                Some((plan.name.clone(), noise))
            })
            .collect()
    }

    /// Currents of the own equations of each population whose neuron model has one, compartment
    /// (basal, apical, soma) x trial x neuron, in a.u.
    pub fn own_currents(&mut self) -> BTreeMap<Arc<str>, Array3<f32>> {
        let circuit = self.circuit();
        let own = circuit.populations.iter().filter(|plan| plan.own.is_some());
        own.filter_map(|plan| {
            let population = self.population(&plan.name)?.1.clone();
            let mut query = self.world.query::<(&NeuronId, &OwnCurrents)>();
            let column = table(query.contiguous_iter(&self.world), &population)?;
            let own = &column[population.rows.clone()];
            let shape = (3, population.trials, population.size);
            let currents = Array3::from_shape_fn(shape, |(site, trial, neuron)| {
                own[trial * population.size + neuron].currents[site]
            });
            Some((plan.name.clone(), currents))
        })
        .collect()
    }

    /// Present eligibilities of a projection with weight updates, in the array of its weights, in
    /// a.u. x ms.
    #[must_use]
    pub fn eligibility(&self, name: &str) -> Option<Array2<f32>> {
        let entity = self.entity_of_projection(name)?;
        let plasticity = self.world.get::<Plasticity>(entity)?;
        let update = plasticity.update.as_ref()?;
        let lazy = self.world.get::<Lazy>(entity);
        Some(match lazy.zip(self.world.get::<Terminals>(entity)) {
            Some((lazy, terminals)) => {
                lazy.eligibilities(update.gathered(), terminals.held(), self.steps())
            }
            None => update.eligibility(),
        })
    }

    /// Starts the accumulation of the changes made by rules, see [`Simulation::change`].
    pub fn start_changes(&mut self) -> ChangeBaseline {
        let mut before = BTreeMap::new();
        for (name, entity) in self.entities_of_projections() {
            let eligibility = self.eligibility(&name);
            let Some(mut plasticity) = self.world.get_mut::<Plasticity>(entity) else {
                continue;
            };
            if let (Some(update), Some(eligibility)) = (&mut plasticity.update, &eligibility) {
                update.watched = Some(Array2::zeros(eligibility.raw_dim().f()));
            }
            if let Some(start) = eligibility.or_else(|| self.weights(&name)) {
                before.insert(name, start);
            }
        }
        ChangeBaseline(before)
    }

    /// Change of every plastic projection since [`Simulation::start_changes`], before any
    /// optimiser: of the eligibility with weight updates, of the weights without; in the array of
    /// the weights.
    pub fn change(&mut self, watch: ChangeBaseline) -> BTreeMap<Arc<str>, Array2<f32>> {
        let mut changes = BTreeMap::new();
        for (name, before) in watch.0 {
            let Some(entity) = self.entity_of_projection(&name) else {
                continue;
            };
            let eligibility = self.eligibility(&name);
            let Some(mut plasticity) = self.world.get_mut::<Plasticity>(entity) else {
                continue;
            };
            let passed = (plasticity.update.as_mut()).and_then(|c| c.watched.take());
            let change = match (eligibility, passed) {
                (Some(eligibility), Some(passed)) if passed.dim() == before.dim() => {
                    eligibility + passed - before
                }
                (None, _) => match self.weights(&name) {
                    Some(weights) => weights - before,
                    None => continue,
                },
                _ => continue,
            };
            changes.insert(name, change);
        }
        changes
    }

    /// Counts of sending on change for each projection, and the number of values that the dense
    /// simulation sends. Empty with the dense engine; biases are omitted.
    #[must_use]
    pub fn traffic(&self) -> BTreeMap<Arc<str>, (Traffic, u64)> {
        (self.entities_of_projections().into_iter())
            .filter_map(|(name, entity)| {
                let terminals = self.world.get::<Terminals>(entity)?;
                let traffic = self.world.get::<Axons>(terminals.axons?)?.traffic;
                let all = terminals.held().len() as u64 * self.steps();
                Some((name, (traffic, all)))
            })
            .collect()
    }
}

/// Eligibilities or weights at the start of the accumulation, see [`Simulation::change`].
pub struct ChangeBaseline(BTreeMap<Arc<str>, Array2<f32>>);
