//! Sums that run on: a current is the sum of its terms now, whatever has passed through it.

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::neuron::{Site, Variable};
use ndarray::{Array1, Array2};

use crate::common::{both_engines, first, parse, simulation};
use crate::reference::{PROMISED, TimelineEntry};

/// `senders` inputs onto one neuron, by two compartments' worth of equal weights.
fn sum(engine: Engine, senders: usize, trials: usize, neuron: &str, weight: f32) -> Simulation {
    let model: Model = parse(&format!(
        r#"(
            name: "sum", neurons: {{"n": ({neuron} transfer: linear)}},
            inputs: [(name: "x", size: {senders})],
            populations: [(name: "cell", size: 1, neuron: "n"), (name: "top", size: {senders}, neuron: "n")],
            synapses: {{"fixed": ()}},
            projections: [
                (name: "up", from: "x", to: "cell", compartment: basal, delay_ms: 2, synapse: "fixed", weights: constant({weight})),
                (name: "down", from: "top", to: "cell", compartment: apical, delay_ms: 1, synapse: "fixed", weights: constant({weight})),
            ],
        )"#
    ));
    simulation(&model, engine, 1.0, trials, 1.0)
}

/// Values of `senders` in each trial: 0.1 for all but the first, which has `large` in one trial.
fn values(trials: usize, senders: usize, large: f32) -> Array2<f32> {
    Array2::from_shape_fn((trials, senders), |at| {
        if at == (trials - 1, 0) {
            large
        } else if at.1 == 0 {
            0.0
        } else {
            0.1
        }
    })
}

fn large_values_leave_nothing_behind(engine: Engine) {
    for large in [1e4f32, 1e7, 1e12, -3e30] {
        for (trials, senders) in [(1, 2), (1, 300), (3, 2), (3, 300), (64, 2), (64, 40)] {
            let mut simulation = sum(engine, senders, trials, "", 1.0);
            for large in [0.0, large, 0.0] {
                let rates = TimelineEntry::Rates("x", values(trials, senders, large));
                let now = simulation.steps();
                rates.enter(&mut simulation, now);
                // As a teaching signal too, by a current into the soma.
                let mut current = vec![0.1; senders];
                current[0] = large;
                TimelineEntry::Inject(0, "top", Site::Soma, current).enter(&mut simulation, now);
                simulation.advance_to(now + 10);
            }
            let right = f64::from(0.1f32) * (senders as f64 - 1.0);
            for variable in [Variable::BASAL_CURRENT, Variable::APICAL_CURRENT] {
                for (trial, got) in simulation
                    .read("cell", variable)
                    .unwrap()
                    .iter()
                    .enumerate()
                {
                    assert!(
                        (f64::from(*got) - right).abs() <= PROMISED * right,
                        "{variable} {got}, {right} is right: trial {trial} of {trials}, \
                         {senders} senders, after {large:e}"
                    );
                }
            }
        }
    }
}

/// While one trial is far away, the others are right to their own last digit.
fn trials_do_not_touch_each_other(engine: Engine) {
    for senders in [2, 60] {
        let mut simulation = sum(engine, senders, 8, "", 1.0);
        for (n, large) in [0.0, 1e9, -2e9, 1e9].into_iter().enumerate() {
            let now = simulation.steps();
            let rates = TimelineEntry::Rates("x", values(8, senders, large));
            rates.enter(&mut simulation, now);
            simulation.advance_to(now + 5);
            let right = f64::from(0.1f32) * (senders as f64 - 1.0);
            let currents = simulation.read("cell", Variable::BASAL_CURRENT).unwrap();
            for got in currents.iter().take(7) {
                assert!(
                    (f64::from(*got) - right).abs() <= PROMISED * right,
                    "{n}: {got}"
                );
            }
        }
    }
}

/// A value that falls by and by leaves no more behind than one that falls at once.
fn falling_by_and_by(engine: Engine) {
    let mut simulation = sum(engine, 3, 1, "", 1.0);
    let mut x = 1e15f32;
    while x > 1e-9 {
        let now = simulation.steps();
        TimelineEntry::Rates("x", ndarray::array![[x, -0.3 * x, 1e-3]]).enter(&mut simulation, now);
        simulation.advance_to(now + 4);
        let terms = [f64::from(x), f64::from(-0.3 * x), f64::from(1e-3f32)];
        let right: f64 = terms.iter().sum();
        let size: f64 = terms.iter().map(|t| t.abs()).sum();
        let got = first(&mut simulation, Variable::BASAL_CURRENT);
        assert!(
            (got - right).abs() <= PROMISED * size,
            "{got}, {right} is right"
        );
        x *= 0.31;
    }
}

fn weights_that_were_large(engine: Engine) {
    let mut simulation = sum(engine, 4, 1, "", 0.5);
    let rates = TimelineEntry::Rates("x", Array2::from_elem((1, 4), 0.1));
    rates.enter(&mut simulation, 0);
    for weight in [0.5f32, 1e9, 0.5] {
        let weights = TimelineEntry::Weights("up", Array2::from_elem((1, 4), weight));
        let now = simulation.steps();
        weights.enter(&mut simulation, now);
        simulation.advance_to(now + 5);
        let right = 4.0 * f64::from(0.1f32) * f64::from(weight);
        let got = first(&mut simulation, Variable::BASAL_CURRENT);
        assert!(
            (got - right).abs() <= PROMISED * right,
            "{got}, {right} is right"
        );
    }
}

/// After 40 time constants a potential has nothing left of what was: `exp(-40)` of 1e7 is 4e-11.
fn potentials_forget(engine: Engine) {
    let mut simulation = sum(engine, 2, 1, "tau_b_ms: 5, tau_a_ms: 5, tau_s_ms: 5,", 1.0);
    for large in [0.0, 1e7, 0.0] {
        let now = simulation.steps();
        TimelineEntry::Rates("x", values(1, 2, large)).enter(&mut simulation, now);
        TimelineEntry::Inject(0, "top", Site::Soma, vec![large, 0.1]).enter(&mut simulation, now);
        simulation.advance_to(now + 220);
    }
    let right = f64::from(0.1f32);
    for (variable, right) in [
        (Variable::BASAL_POTENTIAL, right),
        (Variable::APICAL_POTENTIAL, right),
        (Variable::MISMATCH, right),
        (Variable::SOMATIC_POTENTIAL, 2.0 * right),
        (Variable::RATE, right),
    ] {
        let got = first(&mut simulation, variable);
        assert!((got - right).abs() <= PROMISED * right, "{variable}: {got}");
    }
}

/// Infinity, or what becomes infinite on its way, is refused or named; it never stays as NaN that
/// nobody is told of.
fn infinity_is_an_error(engine: Engine) {
    for (value, weight) in [
        (f32::INFINITY, 1.0f32),
        (f32::NEG_INFINITY, 0.0),
        (f32::NAN, 1.0),
        (f32::MAX, 100.0),
    ] {
        for (trials, senders) in [(1, 2), (1, 50), (3, 2), (3, 50)] {
            let mut simulation = sum(engine, senders, trials, "", weight);
            let x = simulation.input("x").unwrap();
            let event = apical::event::Event::Rates(x, values(trials, senders, value));
            if simulation.enter(0, event).is_err() {
                continue;
            }
            simulation.advance_to(5);
            TimelineEntry::Rates("x", values(trials, senders, 0.0)).enter(&mut simulation, 5);
            simulation.advance_to(12);
            let runaway = simulation.runaway();
            let named = runaway.unwrap_or_else(|| {
                panic!("{value} times {weight} is not named: {trials} trials, {senders} senders")
            });
            assert_eq!((&*named.population, named.trial), ("cell", trials - 1));
            assert_eq!(named.variable, Variable::BASAL_CURRENT);
        }
    }
}

/// Two currents of a neuron differ by nine orders of magnitude; the small one is still there when
/// the large one is withdrawn.
fn injected_currents_are_withdrawn_whole(engine: Engine) {
    let mut simulation = sum(engine, 2, 1, "", 1.0);
    for (number, current, from) in [(0, 1e9f32, 2), (1, 0.1, 4), (2, -1e9, 6)] {
        TimelineEntry::Inject(number, "cell", Site::Basal, vec![current])
            .enter(&mut simulation, from);
    }
    TimelineEntry::Withdraw(0).enter(&mut simulation, 8);
    TimelineEntry::Withdraw(2).enter(&mut simulation, 10);
    simulation.advance_to(20);
    let got = first(&mut simulation, Variable::BASAL_CURRENT);
    assert!((got - f64::from(0.1f32)).abs() < 1e-7, "{got}");
}

/// Two neurons of one population, whose currents are six orders of magnitude apart, charge with
/// the same time constant, each by its own scale.
fn neighbours_settle_each_by_its_own_scale(engine: Engine) {
    for (site, variables) in [
        (Site::Basal, [Variable::BASAL_POTENTIAL, Variable::RATE]),
        (
            Site::Apical,
            [Variable::APICAL_POTENTIAL, Variable::MISMATCH],
        ),
        (Site::Soma, [Variable::MISMATCH, Variable::DELTA]),
    ] {
        let taus = match site {
            Site::Basal => "tau_b_ms: 20,",
            Site::Apical => "tau_a_ms: 20,",
            Site::Soma => "tau_s_ms: 20,",
        };
        let neuron = format!("{taus} transfer: linear");
        let mut simulation = crate::common::cells(engine, 2, &neuron, 1.0);
        let inject = |number, current: [f32; 2]| {
            TimelineEntry::Inject(number, "cell", site, current.to_vec())
        };
        inject(0, [1e4, 0.0]).enter(&mut simulation, 0);
        inject(1, [0.0, 0.01]).enter(&mut simulation, 1000);
        simulation.advance_to(1000);
        for n in 1..=300 {
            simulation.step();
            let right = f64::from(0.01f32) * crate::common::rise(f64::from(n), 20.0);
            for variable in variables {
                let got = simulation.read("cell", variable).unwrap()[[0, 1]];
                assert!(
                    (f64::from(got) - right).abs() <= PROMISED * right,
                    "{variable} {n} ms after its current: {got}, {right} is right"
                );
            }
        }
    }
}

/// `terms()` add up to the current, whatever has passed.
fn terms_add_up(engine: Engine) {
    let mut simulation = sum(engine, 5, 3, "", 0.3);
    for large in [0.2, 4e8, 0.2] {
        let now = simulation.steps();
        TimelineEntry::Rates("x", values(3, 5, large)).enter(&mut simulation, now);
        simulation.advance_to(now + 6);
        let terms = simulation.terms();
        let current = simulation.read("cell", Variable::BASAL_CURRENT).unwrap();
        let term = &terms["up"];
        assert_eq!(term.dim(), current.dim());
        let rates = simulation.read("x", Variable::RATE).unwrap();
        for ((trial, _), got) in current.indexed_iter() {
            let row: Array1<f64> = rates.row(trial).mapv(|r| f64::from(0.3f32) * f64::from(r));
            let size = row.mapv(f64::abs).sum();
            for value in [got, &term[[trial, 0]]] {
                assert!(
                    (f64::from(*value) - row.sum()).abs() <= PROMISED * size,
                    "{value}"
                );
            }
        }
    }
}

both_engines!(
    large_values_leave_nothing_behind,
    trials_do_not_touch_each_other,
    falling_by_and_by,
    weights_that_were_large,
    potentials_forget,
    infinity_is_an_error,
    injected_currents_are_withdrawn_whole,
    neighbours_settle_each_by_its_own_scale,
    terms_add_up,
);
