//! Rows of the table, one function each.

use super::circuits::{Presenter, leaks, mnist, optimise, thresholds};
use super::clock::{Spent, spend};
use super::{Goal, Images, Phased, Row, Single, entity_layer, median};
use crate::circuit::Engine;
use crate::connectivity::{InitialWeights, WiringKind};
use crate::description::model::{Model, Neuron, Population, Projection, Synapse};
use crate::description::{Registry, Setup, lower};
use crate::engine::{CircuitError, Simulation};
use crate::event::{Event, Injection};
use crate::neuron::{Compartment, Site, Transfer};
use crate::plasticity::Optimiser;
use crate::record::statistics::norm;
use crate::run::peak_memory_bytes;

pub(super) const ADAM: Optimiser = Optimiser::Adam {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

/// Steps of a presentation in the quasi-static limit: the teacher starts when activity has passed
/// four projections, and ends early enough for teaching to pass back through three.
const fn window(length: u64) -> (u64, u64, u64) {
    (4, length - 3, length)
}

/// Settings of the measurements.
pub struct Bench {
    /// Images that are presented.
    pub images: Images,
    /// Factor by which measurements are shorter, for tests of the benchmarks.
    pub shorter: usize,
}

/// Function that measures one row, or several rows together.
type Measure = fn(&Bench) -> Result<Vec<Row>, CircuitError>;

/// Names of the rows on the command line, with their functions.
pub const ROWS: [(&str, Measure); 10] = [
    ("steps", Bench::steps),
    ("leaky", Bench::leaky),
    ("accuracy", Bench::accuracy),
    ("epoch", Bench::epoch),
    ("online", Bench::online),
    ("recurrent", Bench::recurrent),
    ("sparse", Bench::sparse),
    ("cnn_mnist", Bench::cnn_mnist),
    ("cnn_cifar10", Bench::cnn_cifar10),
    ("entities", Bench::entities),
];

impl Bench {
    fn rounds(&self, rounds: usize) -> usize {
        rounds.div_ceil(self.shorter)
    }

    /// 1000 steps per stimulus compared with 20.
    fn steps(&self) -> Result<Vec<Row>, CircuitError> {
        let model = mnist(|model| optimise(model, ADAM, 1e-3));
        let lengths = [1000, 20];
        let mut circuits =
            lengths.map(|length| Presenter::new(&model, Engine::Events, 64, window(length)));
        let mut times = [const { Vec::new() }; 2];
        for n in 0..self.rounds(40) {
            for (circuit, times) in circuits.iter_mut().zip(&mut times) {
                times.push(timed(|| circuit.present(&self.images, n))?.wall);
            }
        }
        let [long, short] = times.map(median);
        Ok(vec![Row::new(
            "1000 steps a stimulus / 20 steps",
            long / short,
            Goal::AtMost(1.2),
            format!(
                "64 trials, tau 0, threshold 0, Adam at the end of a stimulus; {:.1} / {:.1} ms",
                long * 1e3,
                short * 1e3
            ),
        )])
    }

    /// Leaky dendrites, events compared with the dense engine, over thresholds.
    fn leaky(&self) -> Result<Vec<Row>, CircuitError> {
        let window = (65, 140, 200);
        let circuit = |engine, threshold: (f32, f32)| {
            let model = mnist(|model| {
                leaks(model, 5.0);
                optimise(model, ADAM, 1e-3);
                thresholds(model, threshold);
            });
            Presenter::new(&model, engine, 64, window)
        };
        let mut rows = Vec::new();
        // Teaching signals are about ten times smaller than rates, so their threshold is too.
        for threshold in [0.0, 1e-3, 1e-2, 5e-2] {
            let mut single = Single::new(64, 5.0, ADAM, 1e-3);
            let mut events = circuit(Engine::Events, (threshold, 0.1 * threshold));
            let (mut of_dense, mut of_events) = (Vec::new(), Vec::new());
            for n in 0..self.rounds(4) {
                of_dense.push(spend(|| single.present(&self.images, n, window)).wall);
                of_events.push(timed(|| events.present(&self.images, n))?.wall);
            }
            let traffic = events.simulation.traffic();
            let (sent, all) = (traffic.values()).fold((0, 0), |(sent, all), (traffic, of)| {
                (sent + traffic.sent, all + of)
            });
            let (of_dense, of_events) = (median(of_dense), median(of_events));
            let name = format!("dense in single precision / events, threshold {threshold}");
            let about = format!(
                "64 trials, tau 5 ms, 200 steps of 1 ms, Adam at the end of a stimulus; {:.0} / \
                 {:.0} ms, {:.2} % of messages sent",
                of_dense * 1e3,
                of_events * 1e3,
                1e2 * sent as f64 / all as f64
            );
            let speed = of_dense / of_events;
            rows.push(if threshold == 1e-2 {
                Row::new(&name, speed, Goal::AtLeast(3.0), about)
            } else {
                Row::told(&name, speed, about)
            });
        }
        // The dense engine itself, to measure the cost of its precision.
        let mut single = Single::new(64, 5.0, ADAM, 1e-3);
        let mut dense = circuit(Engine::Dense, (0.0, 0.0));
        let (mut of_single, mut of_dense) = (Vec::new(), Vec::new());
        for n in 0..self.rounds(2) {
            of_single.push(spend(|| single.present(&self.images, n, window)).wall);
            of_dense.push(timed(|| dense.present(&self.images, n))?.wall);
        }
        let (of_single, of_dense) = (median(of_single), median(of_dense));
        rows.push(Row::told(
            "dense engine / dense in single precision",
            of_dense / of_single,
            format!(
                "the same; {:.0} / {:.0} ms",
                of_dense * 1e3,
                of_single * 1e3
            ),
        ));
        Ok(rows)
    }

    /// Accuracy with leaky dendrites and a threshold, compared with the dense engine.
    fn accuracy(&self) -> Result<Vec<Row>, CircuitError> {
        const TRIALS: usize = 64;
        const ASKED: usize = 156;
        let learned = self.rounds(60);
        let mut right = [0; 3];
        for (right, (engine, of_rates, of_deltas)) in (right.iter_mut()).zip([
            (Engine::Dense, 0.0, 0.0),
            (Engine::Events, 1e-2, 1e-3),
            (Engine::Events, 1e-2, 1e-2),
        ]) {
            let leaky = mnist(|model| {
                leaks(model, 5.0);
                optimise(model, ADAM, 1e-3);
                thresholds(model, (of_rates, of_deltas));
            });
            let mut circuit = Presenter::new(&leaky, engine, TRIALS, (65, 140, 200));
            (0..learned).try_for_each(|n| circuit.present(&self.images, n))?;
            // Answers are fixed points: equal without leaks and plasticity, and found sooner.
            let frozen = mnist(|model| {
                (model.synapses.values_mut()).for_each(|synapse| synapse.rule = None);
            });
            let mut frozen = Presenter::new(&frozen, Engine::Events, TRIALS, window(12));
            for projection in circuit.simulation.projections() {
                let weights = circuit
                    .simulation
                    .weights(&projection.name)
                    .unwrap_or_default();
                frozen.simulation.set_weights(&projection.name, weights)?;
            }
            for n in learned..learned + ASKED {
                *right += frozen.ask(&self.images, n)?;
            }
        }
        let asked = (ASKED * TRIALS) as f64;
        let [dense, tenth, same] = right.map(|right| 1e2 * f64::from(right as u32) / asked);
        let about = |events: f64| {
            format!(
                "tau 5 ms, {} images learned, {asked} others asked; dense {dense:.2} %, events \
                 {events:.2} %",
                learned * TRIALS,
            )
        };
        Ok(vec![
            Row::new(
                "points lost by threshold 0.01, deltas 0.001",
                dense - tenth,
                Goal::AtMost(0.3),
                about(tenth),
            ),
            Row::told(
                "points lost by threshold 0.01, deltas too",
                dense - same,
                about(same),
            ),
        ])
    }

    /// One epoch of 60 000 images compared with the algorithm in phases.
    fn epoch(&self) -> Result<Vec<Row>, CircuitError> {
        const TRIALS: usize = 128;
        let model = mnist(|model| optimise(model, ADAM, 1e-3));
        let mut events = Presenter::new(&model, Engine::Events, TRIALS, window(12));
        let mut phased = Phased::new(TRIALS, ADAM, 1e-3);
        let mut exact = Phased::new(TRIALS, ADAM, 1e-3).exact();
        let batches = 60_000usize.div_ceil(TRIALS);
        let (mut of_events, mut of_phased) = (Spent::default(), Spent::default());
        let (mut ratios, mut exact_ratios) = (Vec::new(), Vec::new());
        let measured = batches.div_ceil(self.shorter);
        for first in (0..measured).step_by(24) {
            let block = first..(first + 24).min(measured);
            let spent = timed(|| {
                block
                    .clone()
                    .try_for_each(|n| events.present(&self.images, n))
            })?;
            let learn = |phased: &mut Phased| {
                spend(|| {
                    for n in block.clone() {
                        let (stimuli, targets) = self.images.batch(n, TRIALS);
                        phased.learn(&stimuli, &targets);
                    }
                })
            };
            let in_phases = learn(&mut phased);
            ratios.push(spent.wall / in_phases.wall);
            exact_ratios.push(spent.wall / learn(&mut exact).wall);
            of_events += spent;
            of_phased += in_phases;
        }
        let whole = batches as f64 / measured as f64;
        let about = format!(
            "128 trials, tau 0, threshold 0, dll with Theta learning, Adam at the end of a stimulus, \
             {}; phased: {:.2} s of CPU, {:.2} s wall; norms of the first weights {:.3}, {:.3}",
            self.images.name,
            of_phased.cpu * whole,
            of_phased.wall * whole,
            (events.simulation.weights("pixels_to_hidden1")).map_or(0.0, |w| norm(w.view())),
            norm(phased.first_weights().view()),
        );
        let mut rows = vec![
            Row::new(
                "an epoch of 60 000 / phased",
                median(ratios),
                Goal::AtMost(1.3),
                about,
            ),
            Row::told(
                "an epoch / phased with carries",
                median(exact_ratios),
                "the optimiser of the engines with their carries in both".to_owned(),
            ),
            Row::new(
                "the epoch, seconds of CPU",
                of_events.cpu * whole,
                Goal::AtMost(15.0),
                format!("measured {measured} of {batches} presentations"),
            ),
            Row::new(
                "the epoch, seconds on the wall",
                of_events.wall * whole,
                Goal::AtMost(8.0),
                format!("{} threads", rayon::current_num_threads()),
            ),
        ];
        if let Some(bytes) = peak_memory_bytes() {
            let about = "of the process, both circuits and the images".to_owned();
            rows.push(Row::told("peak memory, MB", bytes as f64 / 1e6, about));
        }
        Ok(rows)
    }

    /// One trial at a time compared with the algorithm in phases.
    fn online(&self) -> Result<Vec<Row>, CircuitError> {
        let mut rows = Vec::new();
        for (name, optimiser, eta) in [("plain", Optimiser::Plain, 0.01), ("Adam", ADAM, 1e-4)] {
            let model = mnist(|model| optimise(model, optimiser, eta));
            let mut events = Presenter::new(&model, Engine::Events, 1, window(12));
            let mut phased = Phased::new(1, optimiser, eta);
            let mut exact = Phased::new(1, optimiser, eta).exact();
            let (mut of_events, mut of_phased, mut of_exact) = (Vec::new(), Vec::new(), Vec::new());
            for block in 0..self.rounds(15) {
                let block = block * 40..(block + 1) * 40;
                of_events.push(
                    timed(|| {
                        block
                            .clone()
                            .try_for_each(|n| events.present(&self.images, n))
                    })?
                    .wall,
                );
                let learn = |phased: &mut Phased| {
                    let spent = spend(|| {
                        for n in block.clone() {
                            let (stimuli, targets) = self.images.batch(n, 1);
                            phased.learn(&stimuli, &targets);
                        }
                    });
                    spent.wall
                };
                of_phased.push(learn(&mut phased));
                of_exact.push(learn(&mut exact));
            }
            let [of_events, of_phased, of_exact] = [of_events, of_phased, of_exact].map(median);
            rows.push(Row::new(
                &format!("one trial online / phased, {name}"),
                of_events / of_phased,
                Goal::AtMost(if optimiser == Optimiser::Plain {
                    0.7
                } else {
                    1.0
                }),
                format!(
                    "tau 0, threshold 0, update at the end of a stimulus; {:.2} / {:.2} ms a \
                     stimulus",
                    of_events * 1e3 / 40.0,
                    of_phased * 1e3 / 40.0
                ),
            ));
            rows.push(Row::told(
                &format!("one trial online / phased with carries, {name}"),
                of_events / of_exact,
                "the optimiser of the engines with their carries in both".to_owned(),
            ));
        }
        Ok(rows)
    }

    /// A recurrent circuit with all synapses plastic, all the time.
    fn recurrent(&self) -> Result<Vec<Row>, CircuitError> {
        const SIZE: usize = 1000;
        let mut circuit = recurrent(SIZE, 1e-4);
        let population = circuit.pyramidal("cells")?;
        let injection = Injection {
            population,
            site: Site::Apical,
            current: (0..SIZE).map(|i| 0.4 * ((i as f32 * 0.7).sin())).collect(),
        };
        circuit.enter(0, Event::Inject(0, injection))?;
        let seconds = 2.0 / self.shorter as f64;
        let end = (seconds * 1e3 / circuit.dt_ms()).round() as u64;
        let before = circuit.weights("cells_to_cells").unwrap_or_default();
        let spent = spend(|| circuit.advance_to(end));
        let after = circuit.weights("cells_to_cells").unwrap_or_default();
        let sent: u64 = circuit
            .traffic()
            .values()
            .map(|(traffic, _)| traffic.sent)
            .sum();
        Ok(vec![Row::new(
            "recurrent, simulated seconds a CPU-second",
            seconds / spent.cpu,
            Goal::AtLeast(8.0),
            format!(
                "1000 logistic neurons, 1e6 plastic synapses changing continuously, tau 5 / 20 / 10 \
                 ms, dt 0.1 ms, threshold 1e-3; {sent} events, weights changed by {:.1} %",
                1e2 * norm((&after - &before).view()) / norm(before.view()),
            ),
        )])
    }

    /// Entities compared with plain vectors.
    fn entities(&self) -> Result<Vec<Row>, CircuitError> {
        Ok([(Transfer::Linear, "linear"), (Transfer::Tanh, "tanh")]
            .into_iter()
            .map(|(transfer, name)| {
                let (entities, plain, ratio) = entity_layer(transfer, 100_000);
                Row::new(
                    &format!("entities / plain vectors, {name}"),
                    ratio,
                    Goal::AtMost(1.1),
                    format!("100 000 neurons, dense engine; {entities:.2} / {plain:.2} ns a neuron and step"),
                )
            })
            .collect())
    }
}

/// All-to-all plastic logistic neurons, with steps of 0.1 ms.
fn recurrent(size: usize, eta: f32) -> Simulation {
    let neuron = Neuron {
        tau_b_ms: 5.0,
        tau_a_ms: 20.0,
        tau_s_ms: 10.0,
        transfer: Transfer::Logistic.into(),
        ..Neuron::default()
    };
    let synapse = Synapse {
        rule: Some("dll".into()),
        parameters: [].into(),
        eta,
        decay_per_ms: 0.0,
        bounds: None,
        sign: None,
        norm: None,
        update: None,
    };
    let model = Model {
        name: "recurrent".into(),
        about: String::new(),
        threshold: 0.0,
        neurons: [("cell".to_owned(), neuron)].into(),
        inputs: Vec::new(),
        populations: vec![Population {
            name: "cells".into(),
            size,
            shape: None,
            neuron: "cell".into(),
            bias: None,
        }],
        synapses: [("plastic".to_owned(), synapse)].into(),
        projections: vec![Projection {
            name: None,
            from: "cells".into(),
            to: "cells".into(),
            compartment: Compartment::Basal,
            delay_ms: 1.0,
            wiring: WiringKind::AllToAll,
            mask: false,
            signal: None,
            synapse: Some("plastic".into()),
            weights: Some(InitialWeights::FanIn { gain: 1.0 }),
            threshold: Some(1e-3),
            reciprocal: None,
        }],
    };
    let setup = Setup {
        dt_ms: 0.1,
        trials: 1,
        seed: 1,
        presentation_ms: 1.0,
        directory: "".as_ref(),
        engine: Engine::Events,
    };
    let simulation = lower(&model, &Registry::default(), setup).map(Simulation::new);
    simulation.expect("the model of a benchmark is a model")
}

pub(super) fn timed(
    work: impl FnOnce() -> Result<(), CircuitError>,
) -> Result<Spent, CircuitError> {
    let mut outcome = Ok(());
    let spent = spend(|| outcome = work());
    outcome.map(|()| spent)
}
