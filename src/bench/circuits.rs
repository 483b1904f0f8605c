//! Circuits that are timed, and presentations to them.

use ndarray::Array2;
use ron::extensions::Extensions;

use super::Images;
use crate::circuit::Engine;
use crate::description::model::{Model, Update};
use crate::description::{Registry, Setup, lower};
use crate::engine::{CircuitError, Simulation};
use crate::event::{Event, Teacher};
use crate::neuron::{Compartment, Variable};
use crate::plasticity::Optimiser;

/// The circuit 784-1024-512-256-10 of this package, changed by `change`.
///
/// # Panics
/// If the model file of the package is invalid, which the tests exclude.
#[must_use]
pub fn mnist(change: impl FnOnce(&mut Model)) -> Model {
    let mut model = read(include_str!("../../models/mnist.ron"));
    change(&mut model);
    model
}

/// A model of this package, or of a benchmark.
///
/// # Panics
/// If the text is no model, which the tests exclude.
pub(super) fn read(text: &str) -> Model {
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    options.from_str(text).expect("the text is a model")
}

/// Sets the time constants of all dendrites, in ms.
pub(super) fn leaks(model: &mut Model, tau_ms: f64) {
    for neuron in model.neurons.values_mut() {
        neuron.tau_b_ms = tau_ms;
        neuron.tau_a_ms = tau_ms;
    }
}

/// Sets the thresholds of rates and of teaching signals, in a.u.
pub(super) fn thresholds(model: &mut Model, (rate, delta): (f32, f32)) {
    for projection in &mut model.projections {
        projection.threshold = Some(match projection.compartment {
            Compartment::Basal => rate,
            Compartment::Apical => delta,
        });
    }
}

/// Sets a weight update at the end of each stimulus by `optimiser`, at the rate `eta`.
pub(super) fn optimise(model: &mut Model, optimiser: Optimiser, eta: f32) {
    for synapse in model.synapses.values_mut() {
        synapse.eta = eta;
        let offset_ms = synapse.update.as_ref().map_or(0.0, |c| c.offset_ms);
        synapse.update = Some(Update {
            every_ms: None,
            offset_ms,
            optimiser,
        });
    }
}

/// A circuit of populations of these sizes in a row, pixels first, with feedback, and its number of
/// synapses: quasi-static, learning by `dll` with Adam at the end of each stimulus.
pub(super) fn chain(sizes: &[usize]) -> (Model, usize) {
    let last = sizes.len() - 1;
    let name = |n: usize| match n {
        0 => "pixels".to_owned(),
        n if n == last => "output".to_owned(),
        n => format!("hidden{n}"),
    };
    let mut model = mnist(|_| {});
    let example = model.projections[0].clone();
    model.inputs[0].size = sizes[0];
    model.inputs[0].shape = None;
    let population = |n: usize| {
        let mut population = model.populations[0].clone();
        population.name = name(n);
        population.size = sizes[n];
        population.neuron = if n == last { "readout" } else { "pyramidal" }.into();
        population
    };
    let populations = (1..sizes.len()).map(population).collect();
    let projection = |from: usize, to: usize| {
        let mut projection = example.clone();
        projection.from = name(from);
        projection.to = name(to);
        if from > to {
            projection.compartment = Compartment::Apical;
        }
        projection
    };
    let up = (0..last).map(|n| projection(n, n + 1));
    let down = (1..last).map(|n| projection(n + 1, n));
    model.projections = up.chain(down).collect();
    model.populations = populations;
    let pairs = |sizes: &[usize]| {
        sizes
            .windows(2)
            .map(|pair| pair[0] * pair[1])
            .sum::<usize>()
    };
    (model, pairs(sizes) + pairs(&sizes[1..]))
}

/// A circuit to which images are presented, with a teacher during part of each presentation.
pub struct Presenter {
    /// The circuit.
    pub simulation: Simulation,
    trials: usize,
    on: u64,
    off: u64,
    length: u64,
}

impl Presenter {
    /// A circuit of `model` with steps of 1 ms, at rest. `(on, off, length)` are the start and the
    /// end of the teacher and the length of a presentation, in steps.
    ///
    /// # Panics
    /// If the model does not fit a circuit, which the benchmarks exclude.
    #[must_use]
    pub fn new(
        model: &Model,
        engine: Engine,
        trials: usize,
        (on, off, length): (u64, u64, u64),
    ) -> Self {
        let setup = Setup {
            dt_ms: 1.0,
            trials,
            seed: 1,
            presentation_ms: length as f64,
            directory: "".as_ref(),
            engine,
        };
        let simulation = lower(model, &Registry::default(), setup).map(Simulation::new);
        Self {
            simulation: simulation.expect("the model of a benchmark is a model"),
            trials,
            on,
            off,
            length,
        }
    }

    /// Presents batch `n`.
    ///
    /// # Errors
    /// [`CircuitError`] if the sizes of images and circuit differ.
    pub fn present(&mut self, images: &Images, n: usize) -> Result<(), CircuitError> {
        let (stimuli, target) = images.batch(n, self.trials);
        self.present_these(stimuli, target)
    }

    /// Presents these stimuli with these targets.
    ///
    /// # Errors
    /// [`CircuitError`] if their sizes do not fit the circuit.
    pub fn present_these(
        &mut self,
        stimuli: Array2<f32>,
        target: Array2<f32>,
    ) -> Result<(), CircuitError> {
        let simulation = &mut self.simulation;
        let start = simulation.steps();
        let (input, output) = (simulation.input("pixels")?, simulation.pyramidal("output")?);
        let teacher = Teacher {
            target,
            strength: vec![1.0; self.trials],
        };
        simulation.enter(start, Event::Rates(input, stimuli))?;
        simulation.enter(start + self.on, Event::Teacher(output, teacher))?;
        simulation.enter(start + self.off, Event::Strength(output, 0.0))?;
        simulation.advance_to(start + self.length);
        Ok(())
    }

    /// Number of right answers to batch `n`. The circuit should be frozen, as learning is not
    /// switched off.
    ///
    /// # Errors
    /// [`CircuitError`] if the sizes of images and circuit differ.
    pub fn ask(&mut self, images: &Images, n: usize) -> Result<usize, CircuitError> {
        let (stimuli, target) = images.batch(n, self.trials);
        self.simulation.set_input("pixels", stimuli.view())?;
        self.simulation
            .advance_to(self.simulation.steps() + self.length);
        let rates = (self.simulation.read("output", Variable::RATE)).unwrap_or_default();
        let best = |row: ndarray::ArrayView1<'_, f32>| {
            (row.iter().enumerate())
                .max_by(|a, b| a.1.total_cmp(b.1))
                .map(|(i, _)| i)
        };
        let pairs = rates.rows().into_iter().zip(target.rows());
        Ok(pairs.filter(|(r, t)| best(*r) == best(*t)).count())
    }
}
