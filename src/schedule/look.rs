//! Looking at a circuit: compartments, weights, terms of the equations. Looking changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;
use ndarray::{Array2, ArrayView2};

use super::simulation::Simulation;
use super::stages::{Senders, with_arriving};
use super::variable::Variable;
use crate::circuit::{Parameters, Plasticity, Population, Projection, Synapses, Wiring, product};
use crate::model::Compartment;
use crate::neuron::{Transfer, apical, basal, soma};

/// A population as it stands in the circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Name.
    pub name: Arc<str>,
    /// Neurons a trial.
    pub size: usize,
    /// Parallel trials.
    pub trials: usize,
    /// Transfer function; inputs have none.
    pub transfer: Option<Transfer>,
}

/// A projection as it stands in the circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionDescription {
    /// Name.
    pub name: Arc<str>,
    /// Sending population; a bias has none.
    pub pre: Option<Arc<str>>,
    /// Receiving population.
    pub post: Arc<str>,
    /// Receiving compartment.
    pub compartment: Compartment,
    /// Whether its weights are those of another projection.
    pub transported: bool,
}

impl Simulation {
    /// All populations, inputs among them, in the order of their names.
    #[must_use]
    pub fn populations(&self) -> Vec<Description> {
        let wiring = self.world.resource::<Wiring>();
        (wiring.populations.values())
            .filter_map(|entity| {
                let population = self.world.get::<Population>(*entity)?;
                Some(Description {
                    name: population.name.clone(),
                    size: population.size,
                    trials: population.trials,
                    transfer: (self.world.get::<Parameters>(*entity)).map(|p| p.transfer),
                })
            })
            .collect()
    }

    /// All projections, biases among them, in the order of their names.
    #[must_use]
    pub fn projections(&self) -> Vec<ProjectionDescription> {
        let wiring = self.world.resource::<Wiring>();
        let name = |entity| (self.world.get::<Population>(entity)).map(|p| p.name.clone());
        (wiring.projections.values())
            .filter_map(|entity| {
                let projection = self.world.get::<Projection>(*entity)?;
                let synapses = self.world.get::<Synapses>(*entity)?;
                Some(ProjectionDescription {
                    name: projection.name.clone(),
                    pre: projection.pre.and_then(name),
                    post: name(projection.post)?,
                    compartment: projection.compartment,
                    transported: matches!(synapses, Synapses::Transported(_)),
                })
            })
            .collect()
    }

    /// A variable of a whole population, trials x size.
    pub fn read(&mut self, name: &str, variable: Variable) -> Option<Array2<f32>> {
        let shape = self.population(name).map(|(_, p)| (p.trials, p.size))?;
        let values = self.with_column(name, variable, <[f32]>::to_vec)?;
        Array2::from_shape_vec(shape, values).ok()
    }

    /// A variable of some neurons of one trial. An index that does not exist gives no value.
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

    /// Hands on the rows of one population, in the order trial, index.
    fn with_column<R>(
        &mut self,
        name: &str,
        variable: Variable,
        then: impl FnOnce(&[f32]) -> R,
    ) -> Option<R> {
        let population = self.population(name)?.1.clone();
        match variable {
            Variable::BasalCurrent => self.column::<basal::Current, R>(&population, then),
            Variable::BasalPotential => self.column::<basal::Potential, R>(&population, then),
            Variable::ApicalCurrent => self.column::<apical::Current, R>(&population, then),
            Variable::ApicalPotential => self.column::<apical::Potential, R>(&population, then),
            Variable::SomaticPotential => self.column::<soma::Potential, R>(&population, then),
            Variable::Mismatch => self.column::<soma::Mismatch, R>(&population, then),
            Variable::Rate => self.column::<soma::Rate, R>(&population, then),
            Variable::Delta => self.column::<soma::Delta, R>(&population, then),
        }
    }

    fn column<T, R>(&mut self, population: &Population, then: impl FnOnce(&[f32]) -> R) -> Option<R>
    where
        T: Component + Copy + TransparentWrapper<f32>,
    {
        // Inputs and pyramidal neurons stand in tables of their own; only rates are in both.
        let mut query = self.world.query::<(&T, Option<&basal::Potential>)>();
        let tables = query.contiguous_iter(&self.world).ok()?;
        for (column, basal) in tables {
            if basal.is_none() == population.is_input {
                return (T::peel_slice(column).get(population.rows.clone())).map(then);
            }
        }
        None
    }

    /// The weights of a projection as of now, post x pre.
    #[must_use]
    pub fn weights(&self, name: &str) -> Option<Array2<f32>> {
        self.weights_view(name).map(|view| view.to_owned())
    }

    /// A view of the weights of a projection as of now, post x pre.
    #[must_use]
    pub fn weights_view(&self, name: &str) -> Option<ArrayView2<'_, f32>> {
        let entity = *self.world.resource::<Wiring>().projections.get(name)?;
        let own = self.world.get::<Synapses>(entity)?;
        own.view(|other| self.world.get::<Synapses>(other))
    }

    /// What each projection adds to its compartment's current in this state, trials x size of its
    /// receiving population, with the weights as of now.
    pub fn terms(&mut self) -> BTreeMap<Arc<str>, Array2<f32>> {
        let mut terms = BTreeMap::new();
        let descriptions = self.projections();
        let mut state = bevy_ecs::system::SystemState::<(Query<&Projection>, Senders<'_, '_>)>::new(
            &mut self.world,
        );
        for description in descriptions {
            let Ok(entity) = self.projection(&description.name) else {
                continue;
            };
            let Some(weights) = self.weights_view(&description.name) else {
                continue;
            };
            let Ok((projections, senders)) = state.get(&self.world) else {
                continue;
            };
            if let Ok(projection) = projections.get(entity) {
                with_arriving(projection, &senders, |sent| {
                    let mut term = Array2::zeros((sent.nrows(), weights.nrows()));
                    product::accumulate(1.0, sent, weights.t(), term.view_mut());
                    terms.insert(description.name, term);
                });
            }
        }
        terms
    }

    /// Eligibilities of all consolidated projections by name, post x pre, in a.u. x ms.
    pub fn eligibilities(&mut self) -> BTreeMap<Arc<str>, Array2<f32>> {
        let mut query = self.world.query::<(&Projection, &Plasticity)>();
        (query.iter(&self.world))
            .filter_map(|(projection, plasticity)| {
                let consolidation = plasticity.consolidation.as_ref()?;
                Some((projection.name.clone(), consolidation.eligibility.clone()))
            })
            .collect()
    }

    /// Begins to add up what rules do to the weights, see [`Simulation::change`].
    pub fn watch_changes(&mut self) -> Watch {
        let mut query = (self.world).query::<(&Projection, &Synapses, &mut Plasticity)>();
        let mut before = BTreeMap::new();
        for (projection, synapses, mut plasticity) in query.iter_mut(&mut self.world) {
            let start = match &mut plasticity.consolidation {
                Some(consolidation) => {
                    let shape = consolidation.eligibility.raw_dim();
                    consolidation.watched = Some(Array2::zeros(shape));
                    consolidation.eligibility.clone()
                }
                None => match synapses {
                    Synapses::Own(weights) => weights.clone(),
                    Synapses::Transported(_) => continue,
                },
            };
            before.insert(projection.name.clone(), start);
        }
        Watch(before)
    }

    /// The change of every plastic projection since [`Simulation::watch_changes`], before any
    /// optimiser: of the eligibility with consolidation, of the weights without; post x pre.
    pub fn change(&mut self, watch: Watch) -> BTreeMap<Arc<str>, Array2<f32>> {
        let mut query = (self.world).query::<(&Projection, &Synapses, &mut Plasticity)>();
        let mut changes = BTreeMap::new();
        for (projection, synapses, mut plasticity) in query.iter_mut(&mut self.world) {
            let Some(before) = watch.0.get(&projection.name) else {
                continue;
            };
            let change = match (&mut plasticity.consolidation, synapses) {
                (Some(consolidation), _) => {
                    let passed = consolidation.watched.take().unwrap_or_default();
                    if passed.dim() == before.dim() {
                        &consolidation.eligibility + &passed - before
                    } else {
                        continue;
                    }
                }
                (None, Synapses::Own(weights)) => weights - before,
                (None, Synapses::Transported(_)) => continue,
            };
            changes.insert(projection.name.clone(), change);
        }
        changes
    }
}

/// Where the changes began that [`Simulation::change`] adds up.
pub struct Watch(BTreeMap<Arc<str>, Array2<f32>>);
