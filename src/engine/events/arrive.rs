//! Arrival of volleys at terminals, and the update of currents after arrivals and weight changes.

use bevy_ecs::prelude::*;
use ndarray::Array2;

use crate::circuit::{Activity, Clock, Plasticity, Projection, STAYS, Synapses, Wiring};
use crate::connectivity::{Connectivity, Lazy, Structure, Terminals};
use crate::event::{Axons, Volley};
use crate::math::columns::{Changing, extents};
use crate::plasticity::WeightUpdater;

/// A projection with its terminals and its plasticity.
type Synaptic = (
    &'static Projection,
    &'static mut Synapses,
    &'static mut Terminals,
    Option<(&'static mut Plasticity, &'static mut Lazy)>,
);

/// Updates the currents of projections with the values that arrive now and with the changes of the
/// weights since the last step.
pub fn arrive(
    clock: Res<Clock>,
    wiring: Res<Wiring>,
    mut projections: Query<Synaptic>,
    axons: Query<&Axons>,
    mut activities: Query<&mut Activity>,
) {
    for &entity in &wiring.projections {
        let (projection, mut synapses, mut terminals, mut plastic) =
            projections.get_mut(entity).expect(STAYS);
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        let volley = volley(&axons, clock.step, projection, terminals.axons);
        if let Connectivity::MaxPool(pool) = &projection.connectivity {
            if let Some(volley) = volley {
                terminals.hold(volley);
                terminals.sum_pool(pool);
                if let Ok(mut activity) = activities.get_mut(projection.post) {
                    activity.request(projection.compartment);
                }
            }
            continue;
        }
        let mut none = Array2::zeros((0, 0));
        let (carry, plastic) = match &mut plastic {
            Some((plasticity, lazy)) => {
                let Plasticity {
                    carry,
                    bounds,
                    update,
                    ..
                } = &mut **plasticity;
                (carry, Some((*bounds, update, &mut **lazy)))
            }
            None => (&mut none, None),
        };
        let mut arrival = Arrival {
            now: clock.step,
            volley,
            weights: Changing {
                matrix: weights,
                carry,
            },
            terminals: &mut terminals,
            plastic,
        };
        let takes_place = match projection.connectivity.structure() {
            Some(structure) => arrival.takes_place_through(&**structure),
            None => arrival.takes_place(),
        };
        if takes_place && let Ok(mut activity) = activities.get_mut(projection.post) {
            activity.request(projection.compartment);
        }
    }
}

/// Updates the currents of projections that read the weights of others, after those weights.
pub fn update_tied(
    clock: Res<Clock>,
    wiring: Res<Wiring>,
    mut projections: Query<Synaptic>,
    axons: Query<&Axons>,
    mut activities: Query<&mut Activity>,
) {
    for &entity in &wiring.projections {
        let (_, synapses, ..) = projections.get(entity).expect(STAYS);
        let Synapses::Transported(source) = *synapses else {
            continue;
        };
        let [mine, theirs] = projections.get_many_mut([entity, source]).expect(STAYS);
        let (projection, _, mut terminals, _) = mine;
        let (_, weights, source, lazy) = theirs;
        let Synapses::Own(weights) = &*weights else {
            continue;
        };
        terminals.follow_source(source.revision);
        let arriving = volley(&axons, clock.step, projection, terminals.axons);
        if let Some(volley) = arriving {
            terminals.hold(volley);
        }
        if arriving.is_some() || (terminals.is_stale() && !terminals.silent()) {
            let scale = lazy.as_ref().map_or(1.0, |(_, lazy)| lazy.scale());
            match &projection.connectivity {
                Connectivity::AllToAll { .. } => terminals.sum(weights.t(), scale),
                Connectivity::Structured(structure) => {
                    terminals.sum_structure(&**structure, weights, scale);
                }
                Connectivity::MaxPool(pool) => terminals.sum_reversed_pool(pool, source.held()),
            }
            if let Ok(mut activity) = activities.get_mut(projection.post) {
                activity.request(projection.compartment);
            }
        }
    }
}

/// Volley that arrives at a projection in step `now` along its axons; `None` for a bias.
fn volley<'a>(
    axons: &'a Query<&Axons>,
    now: u64,
    projection: &Projection,
    along: Option<Entity>,
) -> Option<Volley<'a>> {
    axons.get(along?).ok()?.arriving(now, projection.delay)
}

/// Method of updating a current.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    /// One product of all weights and all values held.
    Product,
    /// As above for one trial, with weights stored partly in the matrix and partly in episodes.
    Episodes,
    /// The columns of the neurons that have sent, if any.
    Columns,
}

/// Bounds, weight update and integrals of a plastic projection.
type Learning<'a> = (
    Option<(f32, f32)>,
    &'a mut Option<WeightUpdater>,
    &'a mut Lazy,
);

/// One step of one projection.
struct Arrival<'a> {
    now: u64,
    volley: Option<Volley<'a>>,
    weights: Changing<'a>,
    terminals: &'a mut Terminals,
    plastic: Option<Learning<'a>>,
}

impl Arrival<'_> {
    /// Updates synapses and current. True if the current may have changed.
    fn takes_place(&mut self) -> bool {
        self.keep_whole();
        let means = self.means();
        // A product recomputes the current in any case.
        let followed = means == Means::Columns && self.follow();
        if self.volley.is_none() && (means == Means::Columns || self.terminals.silent()) {
            // If all values held are 0, new weights do not change the current.
            self.terminals.acknowledge();
            return followed;
        }
        self.flush(means);
        match (means, self.volley) {
            (Means::Product | Means::Episodes, volley) => {
                if let Some(volley) = volley {
                    self.terminals.hold(volley);
                }
                self.sum(means);
            }
            (Means::Columns, Some(Volley::Few(few))) => self.touch(few),
            (Means::Columns, _) => unreachable!("a volley of many takes a product"),
        }
        true
    }

    /// As [`Arrival::takes_place`] for a structure.
    fn takes_place_through(&mut self, structure: &dyn Structure) -> bool {
        self.keep_whole();
        let is_few = self.is_few(structure);
        // A pass over all synapses recomputes the current in any case.
        let passes = !is_few && (self.volley.is_some() || self.terminals.is_stale());
        let followed = !passes && self.follow_structure(structure);
        if self.volley.is_none() && (!passes || self.terminals.silent()) {
            self.terminals.acknowledge();
            return followed;
        }
        if let Some((_, update, lazy)) = &mut self.plastic {
            lazy.catch_up(self.now, self.terminals.silent());
            if is_few {
                if lazy.is_whole() {
                    lazy.flush_weights(self.weights.reborrow(), self.terminals.held());
                }
                lazy.write_out();
                // Before a value is held that is too large for the precision of the intercepts.
                if let Some(Volley::Few(few)) = self.volley
                    && !lazy.is_whole()
                    && lazy.strained(largest(few))
                {
                    lazy.flush_weights(self.weights.reborrow(), self.terminals.held());
                    lazy.fold(self.weights.reborrow());
                    lazy.measure(self.weights.matrix);
                }
            } else {
                lazy.flush_weights(self.weights.reborrow(), self.terminals.held());
                if let (Some(_), Some(update)) = (self.volley, update) {
                    update.flush(lazy, self.terminals.held());
                }
            }
        }
        match self.volley {
            Some(Volley::Few(few)) if is_few => self.touch_structure(structure, few),
            volley => {
                if let Some(volley) = volley {
                    self.terminals.hold(volley);
                }
                let scale = (self.plastic.as_ref()).map_or(1.0, |(.., lazy)| lazy.scale());
                (self.terminals).sum_structure(structure, self.weights.matrix, scale);
            }
        }
        true
    }

    /// True if a few senders of a structure have sent and the other terms of currents stay.
    fn is_few(&self, structure: &dyn Structure) -> bool {
        let Some(Volley::Few(few)) = self.volley else {
            return false;
        };
        let lazy = self.plastic.as_ref().map(|(.., lazy)| &**lazy);
        let changes = lazy.is_some_and(|lazy| lazy.is_whole() && lazy.drifts());
        let is_continuous = lazy.is_some_and(Lazy::is_continuous);
        let kind = (structure.is_shared(), is_continuous);
        !changes
            && !self.terminals.is_stale()
            && self.terminals.is_few_of_structure(few, kind)
            && !self.terminals.falls_silent(few)
    }

    /// As [`Arrival::follow`] for a structure.
    fn follow_structure(&mut self, structure: &dyn Structure) -> bool {
        match &mut self.plastic {
            Some((.., lazy)) if !lazy.is_whole() && lazy.drifts() && !self.terminals.silent() => {
                let weights = (structure, self.weights.reborrow());
                self.terminals.follow_structure(self.now, weights, lazy);
                true
            }
            _ => false,
        }
    }

    /// Updates the synapses of a few senders of a structure, and their eligibilities.
    fn touch_structure(&mut self, structure: &dyn Structure, few: &[(u32, f32)]) {
        let (lazy, eligibility) = match &mut self.plastic {
            Some((_, update, lazy)) => {
                let gathers = lazy.of_eligibilities().is_some();
                let update = update.as_mut().filter(|_| gathers);
                (Some(&**lazy), update.map(WeightUpdater::gather))
            }
            None => (None, None),
        };
        let weights = (structure, self.weights.reborrow());
        self.terminals
            .touch_structure(few, weights, eligibility, lazy);
        if let Some((.., lazy)) = &mut self.plastic {
            lazy.touch();
        }
    }

    /// Brings the weights up to date in every step in which they change, if they have bounds, are
    /// read by a tied projection, or belong to a structure that needs it.
    fn keep_whole(&mut self) {
        let Some((bounds, _, lazy)) = &mut self.plastic else {
            return;
        };
        let whole = bounds.is_some() || self.terminals.tied || lazy.is_whole();
        // A weight update without any change advances the decay alone.
        let is_ahead = lazy.is_whole() && lazy.scale() != 1.0;
        if !(whole && lazy.drifts() && (lazy.since() < self.now || is_ahead)) {
            return;
        }
        lazy.catch_up(self.now, self.terminals.silent());
        lazy.flush_weights(self.weights.reborrow(), self.terminals.held());
        lazy.fold(self.weights.reborrow());
        if let Some(bounds) = bounds {
            self.weights.clamp(*bounds);
        }
        self.terminals.revision += 1;
    }

    fn means(&self) -> Means {
        let terminals = &self.terminals;
        let product = match self.volley {
            Some(Volley::Many(_)) => true,
            Some(Volley::Few(few)) => {
                let is_continuous =
                    (self.plastic.as_ref()).is_some_and(|(.., lazy)| lazy.is_continuous());
                let columns = terminals.is_few(few, is_continuous) && !terminals.falls_silent(few);
                terminals.is_stale() || !columns
            }
            None => terminals.is_stale(),
        };
        if !product {
            Means::Columns
        } else if self.keeps_episodes() {
            Means::Episodes
        } else {
            Means::Product
        }
    }

    /// True if gains may be stored outside the matrix: with one trial, if weights change only by
    /// plain weight updates.
    fn keeps_episodes(&self) -> bool {
        let Some((bounds, Some(update), lazy)) = &self.plastic else {
            return false;
        };
        let whole = bounds.is_some() || self.terminals.tied || lazy.fades();
        let plain = update.is_plain() && update.is_blank();
        self.terminals.is_of_one_trial() && plain && !whole
    }

    /// Recomputes the current.
    fn sum(&mut self, means: Means) {
        match &mut self.plastic {
            Some((.., lazy)) if means == Means::Episodes => {
                let weights = self.weights.reborrow();
                self.terminals.sum_with_episodes(weights, lazy);
            }
            plastic => {
                let scale = plastic.as_ref().map_or(1.0, |(.., lazy)| lazy.scale());
                if self.terminals.is_of_one_trial() {
                    self.terminals.sum_columns(self.weights.matrix, scale);
                } else {
                    self.terminals.sum(self.weights.matrix.view(), scale);
                }
            }
        }
    }

    /// Updates the current with the weight changes of the last step. True if there could be any.
    fn follow(&mut self) -> bool {
        match &mut self.plastic {
            Some((.., lazy)) if lazy.drifts() && !self.terminals.silent() => {
                let weights = self.weights.reborrow();
                self.terminals.follow(self.now, weights, lazy);
                true
            }
            _ => false,
        }
    }

    /// Adds the gains under the present values to weights and eligibilities, if all of them must be
    /// added before other values are held.
    fn flush(&mut self, means: Means) {
        let Some((_, update, lazy)) = &mut self.plastic else {
            return;
        };
        lazy.catch_up(self.now, self.terminals.silent());
        if means == Means::Episodes {
            if self.volley.is_some() {
                self.turn();
            }
            return;
        }
        if means == Means::Columns {
            lazy.flush_past(self.weights.reborrow());
            lazy.write_out();
            // Before a value is held that is too large for the precision of the intercepts.
            if let Some(Volley::Few(few)) = self.volley
                && lazy.strained(largest(few))
            {
                lazy.flush_weights(self.weights.reborrow(), self.terminals.held());
                lazy.fold(self.weights.reborrow());
                let extents = extents(self.weights.matrix.view());
                self.terminals.measure(&extents);
                lazy.limit(&extents);
            }
            return;
        }
        lazy.flush_weights(self.weights.reborrow(), self.terminals.held());
        if let (Some(_), Some(update)) = (self.volley, update) {
            update.flush(lazy, self.terminals.held());
        }
    }

    /// Stores the gain under the present values as an episode, or adds it to the matrices.
    fn turn(&mut self) {
        let Some((_, Some(update), lazy)) = &mut self.plastic else {
            return;
        };
        if self.terminals.silent() {
            // Values of 0 cause no gain, and earlier gains are already in the matrix.
            return lazy.forget();
        }
        let held = self.terminals.held();
        if lazy.turn(held) {
            return;
        }
        lazy.flush_past(self.weights.reborrow());
        if !lazy.turn(held) {
            lazy.flush_weights(self.weights.reborrow(), held);
            update.flush(lazy, held);
        }
    }

    /// Updates the columns of a few senders, and the eligibilities of their synapses.
    fn touch(&mut self, few: &[(u32, f32)]) {
        let (lazy, eligibility) = match &mut self.plastic {
            Some((_, update, lazy)) => {
                let gathers = lazy.of_eligibilities().is_some();
                let update = update.as_mut().filter(|_| gathers);
                (Some(&**lazy), update.map(WeightUpdater::gather))
            }
            None => (None, None),
        };
        let weights = self.weights.reborrow();
        self.terminals.touch(few, weights, eligibility, lazy);
        if let Some((.., lazy)) = &mut self.plastic {
            lazy.touch();
        }
    }
}

/// Largest magnitude of a few values.
fn largest(few: &[(u32, f32)]) -> f32 {
    few.iter()
        .fold(0.0, |most, (_, value)| most.max(value.abs()))
}
