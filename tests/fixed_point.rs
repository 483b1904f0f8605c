//! Settled in the quasi-static limit, the circuit is Dendritic Localized Learning.
//!
//! The layer recursion below is written in f64 from the equations of the paper and shares nothing
//! with the simulator.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use apical::circuit::Engine;
use apical::connectivity::{InitialWeights, WiringKind};
use apical::description::model::{Input, Model, Neuron, Population, Projection, Synapse, Update};
use apical::description::{Registry, Setup, lower};
use apical::engine::Simulation;
use apical::event::Teacher;
use apical::neuron::{Compartment, Transfer, Variable};
use apical::plasticity::Optimiser;
use common::{both_engines, f64s};
use ndarray::{Array2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ETA: f64 = 1e-3;

fn layer(n: usize) -> String {
    format!("layer{n}")
}

/// A chain of `sizes`, the first of them inputs, with feedback onto every hidden population.
fn chain(sizes: &[usize], rule: &str, s: f64, eta: f32) -> Model {
    let neuron = |transfer| Neuron {
        transfer,
        ..Neuron::default()
    };
    let last = sizes.len() - 1;
    let mut projections = Vec::new();
    for n in 1..=last {
        let basal = Projection {
            name: Some(format!("W{n}")),
            from: layer(n - 1),
            to: layer(n),
            compartment: Compartment::Basal,
            delay_ms: 1.0,
            wiring: WiringKind::AllToAll,
            mask: false,
            signal: None,
            synapse: Some("plastic".into()),
            threshold: None,
            reciprocal: None,
            weights: Some(InitialWeights::Normal {
                mean: 0.0,
                std: 0.4,
            }),
        };
        projections.push(basal.clone());
        if n > 1 {
            projections.push(Projection {
                name: Some(format!("Theta{n}")),
                from: layer(n),
                to: layer(n - 1),
                compartment: Compartment::Apical,
                ..basal
            });
        }
    }
    let synapse = Synapse {
        rule: Some(rule.into()),
        // Of the rules here, `dll` alone has a sign.
        parameters: (rule == "dll")
            .then(|| ("s".into(), s))
            .into_iter()
            .collect(),
        eta,
        decay_per_ms: 0.0,
        bounds: None,
        sign: None,
        norm: None,
        update: None,
    };
    Model {
        threshold: 0.0,
        name: "chain".into(),
        about: String::new(),
        neurons: BTreeMap::from([
            ("hidden".into(), neuron(Transfer::Tanh.into())),
            ("readout".into(), neuron(Transfer::Softmax.into())),
        ]),
        inputs: vec![Input {
            name: layer(0),
            size: sizes[0],
            shape: None,
        }],
        populations: (1..=last)
            .map(|n| Population {
                name: layer(n),
                size: sizes[n],
                shape: None,
                neuron: if n == last { "readout" } else { "hidden" }.into(),
                bias: None,
            })
            .collect(),
        synapses: BTreeMap::from([("plastic".into(), synapse)]),
        projections,
    }
}

struct Case {
    sizes: Vec<usize>,
    trials: usize,
    input: Array2<f32>,
    target: Array2<f32>,
    model: Model,
}

fn case(hidden: usize, rule: &str, s: f64, eta: f32, seed: u64) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let sizes: Vec<usize> = (0..hidden + 2).map(|_| rng.random_range(3..9)).collect();
    let trials = rng.random_range(1..4);
    let input = Array2::from_shape_simple_fn((trials, sizes[0]), || rng.random_range(-1.0..1.0));
    let mut target = Array2::zeros((trials, sizes[hidden + 1]));
    for mut row in target.rows_mut() {
        let class = rng.random_range(0..row.len());
        row[class] = 1.0;
    }
    let model = chain(&sizes, rule, s, eta);
    Case {
        sizes,
        trials,
        input,
        target,
        model,
    }
}

fn simulation(case: &Case, engine: Engine) -> Simulation {
    let setup = Setup {
        engine,
        dt_ms: 1.0,
        trials: case.trials,
        seed: 7,
        presentation_ms: 1.0,
        directory: Path::new("."),
    };
    let mut simulation = Simulation::new(lower(&case.model, &Registry::default(), setup).unwrap());
    simulation.set_input(&layer(0), case.input.view()).unwrap();
    let teacher = Teacher {
        target: case.target.clone(),
        strength: vec![1.0; case.trials],
    };
    simulation
        .teach(&layer(case.sizes.len() - 1), teacher)
        .unwrap();
    simulation
}

fn softmax(b: &Array2<f64>) -> Array2<f64> {
    let e = b.mapv(f64::exp);
    &e / &e.sum_axis(Axis(1)).insert_axis(Axis(1))
}

fn close(got: &Array2<f32>, want: &Array2<f64>, what: &str) {
    let scale = want.iter().fold(1e-30f64, |m, x| m.max(x.abs()));
    for (g, w) in got.iter().zip(want) {
        let error = (f64::from(*g) - w).abs() / scale;
        assert!(error < 1e-5, "{what}: {g} against {w}");
    }
}

/// Potentials, mismatches and weight changes of the paper's layer recursion.
struct Recursion {
    b: Vec<Array2<f64>>,
    xi: Vec<Array2<f64>>,
    delta: Vec<Array2<f64>>,
    rates: Vec<Array2<f64>>,
}

fn recursion(case: &Case, w: &[Array2<f64>], theta: &[Array2<f64>]) -> Recursion {
    let last = case.sizes.len() - 1;
    let (mut b, mut rates) = (Vec::new(), vec![f64s(&case.input)]);
    for n in 1..=last {
        let u = rates[n - 1].dot(&w[n - 1].t());
        rates.push(if n == last {
            softmax(&u)
        } else {
            u.mapv(f64::tanh)
        });
        b.push(u);
    }
    let mut xi = vec![f64s(&case.target) - &rates[last]];
    let mut delta = xi.clone();
    for n in (1..last).rev() {
        let x = delta[0].dot(&theta[n - 1].t());
        delta.insert(0, &x * &b[n - 1].mapv(|u| 1.0 - u.tanh().powi(2)));
        xi.insert(0, x);
    }
    Recursion {
        b,
        xi,
        delta,
        rates,
    }
}

fn settled_potentials_and_both_weight_changes_are_those_of_the_layer_recursion(engine: Engine) {
    for hidden in 1..=4 {
        for (seed, s) in [(1, 1.0), (2, -1.0), (3, 0.0)] {
            // First without learning, to settle exactly; then one step with it.
            let mut case = case(hidden, "dll", s, 0.0, seed);
            let steps = 2 * hidden + 4;
            let mut settled = simulation(&case, engine);
            (0..steps).for_each(|_| settled.step());
            let last = hidden + 1;
            let named = |prefix: &str, sim: &Simulation, n: usize| {
                f64s(&sim.weights(&format!("{prefix}{n}")).unwrap())
            };
            let w: Vec<_> = (1..=last).map(|n| named("W", &settled, n)).collect();
            let theta: Vec<_> = (2..=last).map(|n| named("Theta", &settled, n)).collect();
            let want = recursion(&case, &w, &theta);
            for n in 1..=last {
                let read = |sim: &mut Simulation, v| sim.read(&layer(n), v).unwrap();
                close(
                    &read(&mut settled, Variable::BASAL_POTENTIAL),
                    &want.b[n - 1],
                    "b",
                );
                close(&read(&mut settled, Variable::RATE), &want.rates[n], "r");
                close(
                    &read(&mut settled, Variable::MISMATCH),
                    &want.xi[n - 1],
                    "xi",
                );
                close(
                    &read(&mut settled, Variable::DELTA),
                    &want.delta[n - 1],
                    "delta",
                );
            }
            // The eligibility of one settled step is the difference between two readings.
            let synapse = case.model.synapses.get_mut("plastic").unwrap();
            synapse.update = Some(Update {
                every_ms: Some(1e3),
                offset_ms: 0.0,
                optimiser: Optimiser::Plain,
            });
            let mut learning = simulation(&case, engine);
            (0..steps).for_each(|_| learning.step());
            let eligibilities = |learning: &Simulation| -> BTreeMap<String, Array2<f32>> {
                (case.model.projections.iter())
                    .filter_map(|p| Some((p.name(), learning.eligibility(&p.name())?)))
                    .collect()
            };
            let before = eligibilities(&learning);
            learning.step();
            let after = eligibilities(&learning);
            let trials = case.trials as f64;
            for n in 1..=last {
                let name = format!("W{n}");
                let got = &after[&name] - &before[&name];
                let change = want.delta[n - 1].t().dot(&want.rates[n - 1]) / trials;
                close_sum(&got, &change, &after[&name], &name);
                if n > 1 && s != 0.0 {
                    let name = format!("Theta{n}");
                    let got = &after[&name] - &before[&name];
                    let change = want.xi[n - 2].t().dot(&want.delta[n - 1]) * (s / trials);
                    close_sum(&got, &change, &after[&name], &name);
                }
            }
        }
    }
}

/// `close` for a difference of two accumulated sums, relative to the sums.
fn close_sum(got: &Array2<f32>, want: &Array2<f64>, sum: &Array2<f32>, what: &str) {
    let scale = sum.iter().fold(1e-30f32, |m, x| m.max(x.abs()));
    for (g, w) in got.iter().zip(want) {
        let error = (f64::from(*g) - w).abs() / f64::from(scale);
        assert!(error < 1e-5, "{what}: {g} against {w}");
    }
}

fn transport_is_the_exact_gradient_of_the_cross_entropy(engine: Engine) {
    for hidden in 1..=3 {
        let case = case(hidden, "transport", 0.0, 0.0, 11 + hidden as u64);
        let last = hidden + 1;
        let mut simulation = simulation(&case, engine);
        (0..2 * hidden + 4).for_each(|_| simulation.step());
        let w: Vec<_> = (1..=last)
            .map(|n| f64s(&simulation.weights(&format!("W{n}")).unwrap()))
            .collect();
        let loss = |w: &[Array2<f64>]| {
            let mut rates = f64s(&case.input);
            for (n, w) in w.iter().enumerate() {
                let u = rates.dot(&w.t());
                rates = if n + 1 == last {
                    softmax(&u)
                } else {
                    u.mapv(f64::tanh)
                };
            }
            -(f64s(&case.target) * rates.mapv(f64::ln)).sum() / case.trials as f64
        };
        for n in 0..last {
            let delta = f64s(&simulation.read(&layer(n + 1), Variable::DELTA).unwrap());
            let rates = f64s(&simulation.read(&layer(n), Variable::RATE).unwrap());
            let change = delta.t().dot(&rates) / case.trials as f64;
            let scale = change.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            for ((i, j), got) in change.indexed_iter() {
                let mut ends = [w.clone(), w.clone()];
                ends[0][n][[i, j]] -= ETA;
                ends[1][n][[i, j]] += ETA;
                let slope = (loss(&ends[1]) - loss(&ends[0])) / (2.0 * ETA);
                assert!((got + slope).abs() < 1e-3 * scale, "W{n}: {got} {slope}");
            }
        }
    }
}

both_engines! {
    settled_potentials_and_both_weight_changes_are_those_of_the_layer_recursion,
    transport_is_the_exact_gradient_of_the_cross_entropy,
}
