//! User-defined neuron models, with their types erased.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::component::StorageType;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::ScheduleConfigs;
use bevy_ecs::system::ScheduleSystem;

use super::activity::Activity;
use super::layout::{LAID_OUT, table};
use super::population::{NeuronId, Population};
use crate::neuron::pyramidal::Pyramidal;
use crate::neuron::{NeuronModel, NeuronView, OwnCurrents, apical, basal, soma};

/// The model of the neurons of a population, with its parameters.
#[derive(Component)]
struct Model<M>(Arc<M>);

/// A user-defined neuron model with its parameters.
#[derive(Clone)]
pub struct OwnModel {
    /// Name in model files; empty for a circuit that is not made from a model file.
    pub name: String,
    /// Parameters that the model file gives.
    pub parameters: BTreeMap<String, f64>,
    /// All parameters, including defaults, as text.
    pub all_parameters: String,
    model: Arc<dyn Erased>,
}

impl OwnModel {
    /// A model with its parameters. Its variables are a component that is stored in tables, the
    /// default; another storage does not compile.
    #[must_use]
    pub fn new<M: NeuronModel>(model: M) -> Self {
        const {
            assert!(
                matches!(<M::State as Component>::STORAGE_TYPE, StorageType::Table),
                "variables of a neuron model are stored in tables"
            );
        }
        Self {
            name: String::new(),
            parameters: BTreeMap::new(),
            all_parameters: String::new(),
            model: Arc::new(Holder(Arc::new(model))),
        }
    }

    /// Name of the type, parameters and symbols of the variables, as text.
    pub(crate) fn identity(&self) -> String {
        let (name, variables) = (self.model.name(), self.variables().join(", "));
        format!(
            "{}{}: {name} of {variables}",
            self.name, self.all_parameters
        )
    }

    /// Number of bytes of a neuron in addition to those of a pyramidal neuron.
    pub(crate) fn bytes(&self) -> usize {
        self.model.bytes() + size_of::<OwnCurrents>()
    }

    /// Symbols of the additional variables.
    #[must_use]
    pub fn variables(&self) -> Vec<&'static str> {
        self.model.variables()
    }

    /// Spawns the neurons of a population.
    pub(super) fn spawn(&self, population: Entity, ids: Vec<NeuronId>, world: &mut World) {
        self.model.spawn(population, ids, world);
    }

    /// Type of the model; one system advances all neurons of a type.
    pub(crate) fn type_id(&self) -> TypeId {
        self.model.model()
    }

    /// System that advances all neurons of this type of model.
    pub(crate) fn system(&self) -> ScheduleConfigs<ScheduleSystem> {
        self.model.system()
    }

    /// A variable of the neurons of a population, trials x size.
    pub(crate) fn read(
        &self,
        world: &mut World,
        population: &Population,
        symbol: &str,
    ) -> Option<Vec<f32>> {
        self.model.read(world, population, symbol)
    }

    /// Resets the additional variables of a population to their values at the start.
    pub(crate) fn reset(&self, world: &mut World, population: &Population) {
        self.model.reset(world, population);
    }

    /// The additional variables of a population as bytes.
    pub(crate) fn save(&self, world: &mut World, population: &Population) -> Vec<u8> {
        self.model.save(world, population)
    }

    /// True if the bytes are the additional variables of this number of neurons.
    pub(crate) fn fits(&self, stored: &[u8], neurons: usize) -> bool {
        self.model.fits(stored, neurons)
    }

    /// Restores the additional variables of a population from bytes that fit.
    pub(crate) fn load(&self, world: &mut World, population: &Population, stored: &[u8]) {
        self.model.load(world, population, stored);
    }
}

/// Operations on a model of any type.
trait Erased: Send + Sync {
    fn name(&self) -> &'static str;
    fn bytes(&self) -> usize;
    fn variables(&self) -> Vec<&'static str>;
    fn model(&self) -> TypeId;
    fn spawn(&self, population: Entity, ids: Vec<NeuronId>, world: &mut World);
    fn system(&self) -> ScheduleConfigs<ScheduleSystem>;
    fn read(&self, world: &mut World, population: &Population, symbol: &str) -> Option<Vec<f32>>;
    fn reset(&self, world: &mut World, population: &Population);
    fn save(&self, world: &mut World, population: &Population) -> Vec<u8>;
    fn fits(&self, stored: &[u8], neurons: usize) -> bool;
    fn load(&self, world: &mut World, population: &Population, stored: &[u8]);
}

struct Holder<M>(Arc<M>);

impl<M: NeuronModel> Holder<M> {
    /// Calls `then` with the additional variables of a population.
    fn with<R>(
        world: &mut World,
        population: &Population,
        then: impl FnOnce(&mut [M::State]) -> R,
    ) -> Option<R> {
        let mut query = world.query::<(&NeuronId, &mut M::State)>();
        let mut column = table(query.contiguous_iter_mut(world), population)?;
        Some(then(&mut column[population.rows.clone()]))
    }
}

impl<M: NeuronModel> Erased for Holder<M> {
    fn name(&self) -> &'static str {
        std::any::type_name::<M>()
    }

    fn bytes(&self) -> usize {
        size_of::<M::State>()
    }

    fn variables(&self) -> Vec<&'static str> {
        M::VARIABLES
            .iter()
            .map(|variable| variable.symbol)
            .collect()
    }

    fn model(&self) -> TypeId {
        TypeId::of::<M>()
    }

    fn spawn(&self, population: Entity, ids: Vec<NeuronId>, world: &mut World) {
        world
            .entity_mut(population)
            .insert(Model(Arc::clone(&self.0)));
        let neuron = |id| {
            (
                id,
                Pyramidal::default(),
                OwnCurrents::default(),
                M::State::default(),
            )
        };
        world.spawn_batch(ids.into_iter().map(neuron));
    }

    fn system(&self) -> ScheduleConfigs<ScheduleSystem> {
        advance::<M>.into_configs()
    }

    fn read(&self, world: &mut World, population: &Population, symbol: &str) -> Option<Vec<f32>> {
        let variable = M::VARIABLES
            .iter()
            .find(|variable| variable.symbol == symbol)?;
        Self::with(world, population, |states| {
            (states.iter())
                .map(|state| (variable.read)(state) as f32)
                .collect()
        })
    }

    fn reset(&self, world: &mut World, population: &Population) {
        let written = Self::with(world, population, |states| states.fill(M::State::default()));
        written.expect(LAID_OUT);
        let mut query = world.query::<(&NeuronId, &mut OwnCurrents)>();
        let mut own = table(query.contiguous_iter_mut(world), population).expect(LAID_OUT);
        own[population.rows.clone()].fill(OwnCurrents::default());
    }

    fn save(&self, world: &mut World, population: &Population) -> Vec<u8> {
        let bytes = Self::with(world, population, |states| postcard::to_stdvec(states));
        (bytes.expect(LAID_OUT)).expect("variables of neuron models can be serialized")
    }

    fn fits(&self, stored: &[u8], neurons: usize) -> bool {
        let read = postcard::take_from_bytes::<Vec<M::State>>(stored);
        read.is_ok_and(|(states, rest)| states.len() == neurons && rest.is_empty())
    }

    fn load(&self, world: &mut World, population: &Population, stored: &[u8]) {
        let stored: Vec<M::State> = postcard::from_bytes(stored).expect("the bytes fit");
        let written = Self::with(world, population, |states| states.copy_from_slice(&stored));
        written.expect(LAID_OUT);
    }
}

/// Variables that the equation of a model reads and changes.
type Columns<S> = (
    &'static NeuronId,
    (
        &'static mut S,
        &'static mut OwnCurrents,
        (&'static basal::Potential, &'static apical::Potential),
        (&'static soma::Potential, &'static soma::Mismatch),
        (&'static soma::Rate, &'static soma::Delta),
    ),
);

/// Advances the additional variables of all neurons of one type of model. Skips a population whose
/// additional variables are at rest and whose neurons were not updated since they were.
fn advance<M: NeuronModel>(
    mut populations: Query<(&Population, &Model<M>, Option<&mut Activity>)>,
    mut neurons: Query<Columns<M::State>>,
) {
    for (population, model, activity) in &mut populations {
        if activity.as_deref().is_some_and(|activity| !activity.own) {
            continue;
        }
        let columns = table(neurons.contiguous_iter_mut(), population);
        let (mut states, mut own, (b, a), (s, xi), (r, delta)) = columns.expect(LAID_OUT);
        let own = own.bypass_change_detection();
        let states = states.bypass_change_detection();
        let (mut changed, mut at_rest) = ([false; 3], true);
        for row in population.rows.clone() {
            let neuron = NeuronView::new([
                b[row].0,
                a[row].0,
                s[row].0,
                xi[row].0,
                r[row].0,
                delta[row].0,
            ]);
            let step = model.0.advance(&mut states[row], neuron);
            let currents = [step.basal, step.apical, step.soma].map(|current| current as f32);
            for ((changed, old), new) in changed.iter_mut().zip(own[row].currents).zip(currents) {
                *changed |= old.to_bits() != new.to_bits();
            }
            own[row].currents = currents;
            at_rest &= step.at_rest;
        }
        if let Some(mut activity) = activity {
            activity.basal |= changed[0];
            activity.apical |= changed[1];
            activity.soma |= changed[2];
            activity.own = !at_rest;
        }
    }
}
