//! Sparse projection with continuous plasticity, of which few senders send at a time.

use ndarray::{Array1, Array2};

use super::circuits::read;
use super::clock::spend;
use super::{Bench, Goal, Row};
use crate::circuit::Engine;
use crate::description::{Registry, Setup, lower};
use crate::engine::{CircuitError, Simulation};
use crate::event::Teacher;
use crate::run::peak_memory_bytes;

/// Synapses of a receiver.
const IN_DEGREE: usize = 1000;

/// Two populations of `size` neurons with random pairs that change continuously.
pub(super) fn circuit(size: usize, in_degree: usize, engine: Engine) -> Simulation {
    let text = format!(
        r#"(
            name: "sparse", neurons: {{"cell": (transfer: linear)}},
            inputs: [(name: "x", size: {size})],
            populations: [(name: "cells", size: {size}, neuron: "cell")],
            synapses: {{"plastic": (rule: "dll", eta: 1e-5)}},
            projections: [(from: "x", to: "cells", compartment: basal, delay_ms: 1,
                wiring: random(in_degree: {in_degree}), synapse: "plastic", weights: normal(std: 0.03))],
        )"#
    );
    let model = read(&text);
    let setup = Setup {
        dt_ms: 1.0,
        trials: 1,
        seed: 1,
        presentation_ms: 1.0,
        directory: "".as_ref(),
        engine,
    };
    let simulation = lower(&model, &Registry::default(), setup).map(Simulation::new);
    simulation.expect("the model of a benchmark is a model")
}

impl Bench {
    /// Updates of synapses of a sparse projection, in which 1 % of the senders send in every step.
    pub(super) fn sparse(&self) -> Result<Vec<Row>, CircuitError> {
        let size = (100_000 / self.shorter).max(2 * IN_DEGREE);
        let mut circuit = circuit(size, IN_DEGREE, Engine::Events);
        circuit.teach(
            "cells",
            Teacher {
                target: Array2::from_elem((1, size), 0.1),
                strength: vec![1.0],
            },
        )?;
        let each = size / 100;
        let mut rates = Array1::<f32>::zeros(size);
        let mut present = |circuit: &mut Simulation, step: usize| -> Result<(), CircuitError> {
            for n in 0..each {
                let sender = (step * each + n * 37) % size;
                rates[sender] = ((step * 31 + n * 17) % 101) as f32 / 100.0 - 0.5;
            }
            circuit.set_input("x", rates.view().insert_axis(ndarray::Axis(0)))?;
            circuit.step();
            Ok(())
        };
        // The first values, and the first currents.
        for step in 0..5 {
            present(&mut circuit, step)?;
        }
        let sent = |circuit: &Simulation| -> u64 {
            circuit
                .traffic()
                .values()
                .map(|(traffic, _)| traffic.sent)
                .sum()
        };
        let before = sent(&circuit);
        let steps = (100 / self.shorter).max(5);
        let mut outcome = Ok(());
        let spent = spend(|| {
            outcome = (5..5 + steps).try_for_each(|step| present(&mut circuit, step));
        });
        outcome?;
        let updates = (sent(&circuit) - before) as f64 * IN_DEGREE as f64;
        let synapses = (size * IN_DEGREE) as f64;
        let mut rows = vec![Row::new(
            "sparse, updates of synapses a CPU-second",
            updates / spent.cpu,
            Goal::AtLeast(1e8),
            format!(
                "random(in_degree: {IN_DEGREE}), {size} neurons, {synapses:.0e} plastic synapses changing \
                 continuously, 1 % of senders in each of {steps} steps; {:.1} ms a step",
                spent.wall * 1e3 / steps as f64
            ),
        )];
        if let Some(bytes) = peak_memory_bytes() {
            rows.push(Row::told(
                "sparse, bytes of memory a synapse",
                bytes as f64 / synapses,
                format!(
                    "of the whole process, {:.2} GB, if no other row was measured before",
                    bytes as f64 / 1e9
                ),
            ));
        }
        Ok(rows)
    }
}
