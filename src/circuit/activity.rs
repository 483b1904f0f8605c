//! Activity: state of a population as a whole, by which the event engine skips populations that
//! need no computation.

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use serde::{Deserialize, Serialize};

use crate::neuron::Compartment;

/// Changes of a population of any kind.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Changed {
    /// True if any rate has changed since axons last read the rates.
    pub rate: bool,
    /// True if any teaching signal has changed since axons last read them.
    pub delta: bool,
}

/// Pending computations of a population of pyramidal neurons.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct Activity {
    /// True if the basal currents have to be recomputed.
    pub basal: bool,
    /// True if the apical currents have to be recomputed.
    pub apical: bool,
    /// True if the somatic currents have to be recomputed.
    pub soma: bool,
    /// True if the additional variables of a neuron model have to be recomputed.
    pub own: bool,
    /// True if the neurons have additional variables.
    pub has_own: bool,
    /// Motion of the compartments.
    pub motion: Motion,
    /// True if any mismatch differs from 0, so that there may be teaching signals.
    pub mismatched: bool,
    /// True if the neurons were updated in this step.
    pub updated: bool,
    /// True if any somatic potential was not finite after the last update.
    pub ran_away: bool,
    /// Distances from rest in a.u. that are negligible relative to the thresholds around the
    /// compartments, basal and apical.
    pub tolerance: [f32; 2],
}

/// Motion of the compartments of a population towards the values set by their currents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Motion {
    /// All have reached these values.
    Resting,
    /// Some are still moving.
    Moving,
    /// All are so near that the next step may set them to these values.
    Arriving,
}

impl Default for Activity {
    /// Everything has to be computed.
    fn default() -> Self {
        Self {
            basal: true,
            apical: true,
            soma: true,
            own: false,
            has_own: false,
            motion: Motion::Moving,
            mismatched: false,
            updated: false,
            ran_away: false,
            tolerance: [0.0; 2],
        }
    }
}

impl Activity {
    /// Activity at the start, of a population with or without additional variables.
    #[must_use]
    pub fn of(has_own: bool) -> Self {
        Self {
            own: has_own,
            has_own,
            ..Self::default()
        }
    }

    /// Records that the currents of a compartment have changed.
    pub fn request(&mut self, compartment: Compartment) {
        match compartment {
            Compartment::Basal => self.basal = true,
            Compartment::Apical => self.apical = true,
        }
    }

    /// Requests an update of the whole population, after a change from outside.
    pub fn wake(&mut self) {
        self.basal = true;
        self.apical = true;
        self.soma = true;
        self.own = self.has_own;
        self.motion = Motion::Moving;
    }
}

/// The projections that end on a population, in the order of their names.
#[derive(Component, Clone, Debug, Default)]
pub struct Afferents {
    /// On basal dendrites.
    pub basal: Vec<Entity>,
    /// On apical dendrites.
    pub apical: Vec<Entity>,
}
