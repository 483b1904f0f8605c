//! Activity: what the event engine knows of a population as a whole, so that one that has
//! nothing to do can be left alone.

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use serde::{Deserialize, Serialize};

use crate::neuron::Compartment;

/// What is new in a population of any kind.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Changed {
    /// Some rate has changed since axons last looked.
    pub rate: bool,
    /// Some teaching signal has changed since axons last looked.
    pub delta: bool,
}

/// What moves in a population of pyramidal neurons.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct Activity {
    /// The basal currents are to be summed anew.
    pub basal: bool,
    /// The apical currents are to be summed anew.
    pub apical: bool,
    /// The somatic currents are to be summed anew.
    pub soma: bool,
    /// True if variables of an own neuron model are not at rest.
    pub own: bool,
    /// How far the compartments are on their way.
    pub motion: Motion,
    /// Whether any mismatch is not 0, so that there is something to teach.
    pub mismatched: bool,
    /// Whether the neurons were updated in this step.
    pub updated: bool,
    /// Whether any potential was no longer a number after the last update.
    pub ran_away: bool,
    /// Distances from rest that no threshold around the compartment can tell from it, basal and
    /// apical.
    pub tolerance: [f32; 2],
}

/// How far the compartments of a population are on their way to where their currents lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Motion {
    /// They are there.
    Resting,
    /// They are on their way.
    Moving,
    /// They are so near that the next step may end there.
    Arriving,
}

impl Default for Activity {
    /// Everything is to be looked at.
    fn default() -> Self {
        Self {
            basal: true,
            apical: true,
            soma: true,
            own: false,
            motion: Motion::Moving,
            mismatched: false,
            updated: false,
            ran_away: false,
            tolerance: [0.0; 2],
        }
    }
}

impl Activity {
    /// That of a population at the start, with or without variables of an own neuron model.
    #[must_use]
    pub fn of(own: bool) -> Self {
        Self {
            own,
            ..Self::default()
        }
    }

    /// The currents of a compartment have changed.
    pub fn tell(&mut self, compartment: Compartment) {
        match compartment {
            Compartment::Basal => self.basal = true,
            Compartment::Apical => self.apical = true,
        }
    }

    /// Something from outside concerns the population.
    pub fn wake(&mut self) {
        self.basal = true;
        self.apical = true;
        self.soma = true;
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
