//! Populations: contiguous runs of neurons, and the identity of each neuron.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::component::Component;

use super::plan::NeuronsPlan;
use crate::event::PopulationId;
use crate::neuron::soma::{Firing, Units};
use crate::neuron::{NeuronParameter, Transfer, leak_fraction};

/// Identity of a neuron, independent of its row.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeuronId {
    /// Number of its population.
    pub population: PopulationId,
    /// Parallel trial, from 0.
    pub trial: u32,
    /// Index within the population, from 0.
    pub index: u32,
}

impl NeuronId {
    /// The neurons of a population in the order of their rows: trial, index.
    pub fn all(
        population: PopulationId,
        trials: usize,
        size: usize,
    ) -> impl Iterator<Item = Self> + use<> {
        (0..trials * size).map(move |row| Self {
            population,
            trial: (row / size) as u32,
            index: (row % size) as u32,
        })
    }
}

/// A population of neurons over all its trials.
///
/// Its neurons are the contiguous `rows` of a table in the order trial, index: every variable of a
/// population is a row-major matrix of trials x size.
#[derive(Component, Clone, Debug)]
pub struct Population {
    /// Its number in the circuit.
    pub id: PopulationId,
    /// Name in the model.
    pub name: Arc<str>,
    /// Neurons per trial.
    pub size: usize,
    /// Number of parallel trials.
    pub trials: usize,
    /// Rows in the table of its neurons.
    pub rows: Range<usize>,
    /// True if its rates are set from outside.
    pub is_input: bool,
    /// True if its neurons store the variables of [`Settled`](crate::neuron::pyramidal::Settled)
    /// alone, from which the others follow.
    pub is_settled: bool,
}

/// Parameters of the neurons of one population, with leak fractions of a step of `dt_ms`.
#[derive(Component, Clone, Debug)]
pub struct NeuronParameters {
    /// Basal, apical and somatic time constant in ms, from which the leak fractions follow.
    pub tau_ms: [f64; 3],
    /// Basal leak fraction of a step, dimensionless.
    pub leak_b: f64,
    /// Apical leak fraction of a step, dimensionless.
    pub leak_a: f64,
    /// Somatic leak fraction of a step, dimensionless.
    pub leak_s: f64,
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

impl NeuronParameters {
    /// The parameters of `plan` for steps of `dt_ms`.
    #[must_use]
    pub fn new(plan: &NeuronsPlan, dt_ms: f64) -> Self {
        let mut parameters = Self {
            tau_ms: plan.tau_ms,
            leak_b: 1.0,
            leak_a: 1.0,
            leak_s: 1.0,
            g_a: plan.g_a,
            lambda: plan.lambda,
            transfer: plan.transfer,
            mismatch: plan.mismatch,
            noise: plan.noise,
        };
        parameters.set_time_constants(plan.tau_ms, dt_ms);
        parameters
    }

    /// Sets the time constants in ms, with the leak fractions of steps of `dt_ms`.
    pub(crate) fn set_time_constants(&mut self, tau_ms: [f64; 3], dt_ms: f64) {
        self.tau_ms = tau_ms;
        [self.leak_b, self.leak_a, self.leak_s] = tau_ms.map(|tau| leak_fraction(dt_ms, tau));
    }

    /// Output parameters of a population of `size` neurons per trial.
    #[must_use]
    pub fn firing(&self, size: usize) -> Firing {
        Firing {
            transfer: self.transfer,
            mismatch: self.mismatch,
            lambda: self.lambda,
            noisy: self.noise.is_some(),
            size,
        }
    }

    /// True if every compartment reaches the value set by its currents within one step.
    #[must_use]
    pub fn is_quasi_static(&self) -> bool {
        let leaks = [self.leak_b, self.leak_a, self.leak_s];
        // A mismatch of potentials depends on the rate, which it changes.
        leaks == [1.0; 3] && self.mismatch == Units::Rate
    }

    /// True if all variables of a neuron without somatic injection follow from those of
    /// [`Settled`](crate::neuron::pyramidal::Settled).
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_quasi_static() && self.lambda == 0.0 && self.noise.is_none()
    }

    /// Sets one of the parameters.
    pub fn set(&mut self, parameter: NeuronParameter, value: f64, dt_ms: f64) {
        let [tau_b_ms, tau_a_ms, tau_s_ms] = self.tau_ms;
        match parameter {
            NeuronParameter::TauBMs => self.set_time_constants([value, tau_a_ms, tau_s_ms], dt_ms),
            NeuronParameter::TauAMs => self.set_time_constants([tau_b_ms, value, tau_s_ms], dt_ms),
            NeuronParameter::TauSMs => self.set_time_constants([tau_b_ms, tau_a_ms, value], dt_ms),
            NeuronParameter::GA => self.g_a = value as f32,
            NeuronParameter::Lambda => self.lambda = value as f32,
        }
    }
}
