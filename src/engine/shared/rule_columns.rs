//! Variables of a receiving population, as rules read them.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;

use super::read;
use crate::circuit::{LAID_OUT, NeuronId, Population, table};
use crate::neuron::{Compartment, apical, basal, soma};
use crate::plasticity::Columns;

/// Variables that rules read.
type Variables = (
    &'static basal::Potential,
    &'static apical::Potential,
    &'static soma::Mismatch,
    &'static soma::Delta,
    &'static soma::Rate,
    Option<&'static soma::Noise>,
);

/// The neurons of all populations.
#[derive(SystemParam)]
pub struct RuleColumns<'w, 's>(Query<'w, 's, (&'static NeuronId, Variables)>);

impl RuleColumns<'_, '_> {
    /// Variables of the population `post` for a rule at `compartment`, `[trials x size]` each.
    pub fn of(&self, post: &Population, compartment: Compartment) -> Columns<'_> {
        let columns = table(self.0.contiguous_iter(), post).expect(LAID_OUT);
        let (b, a, xi, delta, r, noise) = columns;
        let rows = post.rows.clone();
        let potential = match compartment {
            Compartment::Basal => read::<basal::Potential>(b),
            Compartment::Apical => read::<apical::Potential>(a),
        };
        Columns {
            potential: &potential[rows.clone()],
            mismatch: &read::<soma::Mismatch>(xi)[rows.clone()],
            delta: &read::<soma::Delta>(delta)[rows.clone()],
            rate: &read::<soma::Rate>(r)[rows.clone()],
            noise: noise.map(|noise| &read::<soma::Noise>(noise)[rows]),
        }
    }
}
