//! Where the values of an inspection come from.

use super::error::InspectError;
use super::inspection::Trace;
use crate::connectivity::Shape;
use crate::description::model::Neuron;
use crate::neuron::{Compartment, Site, Variable};

/// A neuron in one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the population.
    pub population: String,
    /// Index within the population, from 0.
    pub index: usize,
    /// Trial, from 0.
    pub trial: usize,
}

/// A projection that ends on a dendrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Afferent {
    /// Name of the projection.
    pub name: String,
    /// Name of the sending population; `None` for a bias.
    pub from: Option<String>,
    /// Receiving compartment.
    pub compartment: Compartment,
}

/// A circuit at one time.
///
/// Methods with a [`Place`] are called for neurons that exist, and for projections that
/// [`Source::afferents`] lists for their population. A value that the source does not have is
/// `None`.
pub trait Source {
    /// Names and shapes of the inputs.
    fn inputs(&self) -> Vec<(String, Shape)>;

    /// Names and shapes of the populations of pyramidal neurons.
    fn populations(&self) -> Vec<(String, Shape)>;

    /// Number of trials.
    fn trials(&self) -> usize;

    /// Time in ms.
    fn time_ms(&self) -> f64;

    /// Present parameters of the neurons of a population.
    fn parameters(&self, population: &str) -> Neuron;

    /// Projections to a compartment of a population, including its bias, in any order.
    fn afferents(&self, population: &str, compartment: Compartment) -> Vec<Afferent>;

    /// Current in a.u. that the timeline injects into a compartment.
    fn injected(&self, place: &Place, site: Site) -> f32;

    /// True if a teacher acts on the neuron.
    fn is_taught(&self, place: &Place) -> bool;

    /// The variables of the neuron, in the order of [`Variable::ALL`].
    ///
    /// # Errors
    /// A file that cannot be read; also in the following methods.
    fn variables(
        &mut self,
        place: &Place,
    ) -> Result<Option<[f32; Variable::ALL.len()]>, InspectError>;

    /// Noise of the neuron in a.u.; `None` if its type has none.
    ///
    /// # Errors
    /// As [`Source::variables`].
    fn noise(&mut self, place: &Place) -> Result<Option<f32>, InspectError>;

    /// Current of the own equation of the neuron's model into a compartment in a.u.; `None`
    /// without such a model.
    ///
    /// # Errors
    /// As [`Source::variables`].
    fn own(&mut self, place: &Place, site: Site) -> Result<Option<f32>, InspectError>;

    /// Sum over the synapses of a projection on the neuron, in a.u.
    ///
    /// # Errors
    /// As [`Source::variables`].
    fn term(&mut self, place: &Place, afferent: &Afferent) -> Result<Option<f32>, InspectError>;

    /// Synapses of a projection on the neuron: index of the sender, and weight. Empty for a pool to
    /// the largest value, which has no weights.
    ///
    /// # Errors
    /// As [`Source::variables`].
    fn weights(
        &mut self,
        place: &Place,
        afferent: &Afferent,
    ) -> Result<Option<Vec<(u32, f32)>>, InspectError>;

    /// Values that have arrived through a projection, which is no bias, in the order of the
    /// senders.
    ///
    /// # Errors
    /// As [`Source::variables`].
    fn arrived(
        &mut self,
        place: &Place,
        afferent: &Afferent,
    ) -> Result<Option<Vec<f32>>, InspectError>;

    /// Last recorded time course of the neuron; empty without a recording.
    ///
    /// # Errors
    /// As [`Source::variables`].
    fn trace(&mut self, place: &Place) -> Result<Vec<Trace>, InspectError>;
}
