//! One neuron against the closed forms of its equations.

mod common;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::event::Event;
use apical::neuron::{Site, Variable};
use common::{both_engines, cells, first, injection, parse, rise, simulation};
use ndarray::arr2;

const CURRENT: f32 = 1.5;

/// Two leaks in a row, the second reading the first, after a step of 1 at time 0.
fn cascade(t: f64, first: f64, second: f64) -> f64 {
    if first == second {
        1.0 - (1.0 + t / first) * (-t / first).exp()
    } else {
        let decays = first * (-t / first).exp() - second * (-t / second).exp();
        1.0 - decays / (first - second)
    }
}

fn each_compartment_charges_by_its_own_exponential_at_any_step(engine: Engine) {
    let neuron = "tau_b_ms: 10, tau_a_ms: 15, g_a: 0.5";
    let somatic = "tau_s_ms: 8";
    for dt_ms in [0.25, 1.0, 3.0, 20.0] {
        for (neuron, site, variable, tau, gain) in [
            (neuron, Site::Basal, Variable::BASAL_POTENTIAL, 10.0, 1.0),
            (neuron, Site::Basal, Variable::SOMATIC_POTENTIAL, 10.0, 1.0),
            (neuron, Site::Apical, Variable::APICAL_POTENTIAL, 15.0, 1.0),
            (neuron, Site::Apical, Variable::MISMATCH, 15.0, 0.5),
            (neuron, Site::Apical, Variable::SOMATIC_POTENTIAL, 15.0, 0.5),
            (somatic, Site::Soma, Variable::MISMATCH, 8.0, 1.0),
            (somatic, Site::Soma, Variable::SOMATIC_POTENTIAL, 8.0, 1.0),
        ] {
            let mut simulation = cells(engine, 1, neuron, dt_ms);
            let event = injection(&simulation, site, &[CURRENT]);
            simulation.enter(0, event).unwrap();
            while simulation.time_ms() < 60.0 {
                simulation.step();
                let want = gain * f64::from(CURRENT) * rise(simulation.time_ms(), tau);
                let got = first(&mut simulation, variable);
                assert!((got - want).abs() < 5e-6, "{site} {variable}: {got} {want}");
            }
        }
    }
}

/// The largest error of `(dendrite, second)` over 60 ms, the dendrite's being exact.
fn errors(engine: Engine, site: Site, dendrite: f64, soma: f64, dt_ms: f64) -> (f64, f64) {
    let neuron = format!("tau_b_ms: {dendrite}, tau_a_ms: {dendrite}, tau_s_ms: {soma}, g_a: 0.75");
    let mut simulation = cells(engine, 1, &neuron, dt_ms);
    let event = injection(&simulation, site, &[CURRENT]);
    simulation.enter(0, event).unwrap();
    let (own, behind, gain) = match site {
        Site::Basal => (Variable::BASAL_POTENTIAL, Variable::SOMATIC_POTENTIAL, 1.0),
        _ => (Variable::APICAL_POTENTIAL, Variable::MISMATCH, 0.75),
    };
    let (mut worst_own, mut worst_behind) = (0.0f64, 0.0f64);
    while simulation.time_ms() < 60.0 {
        simulation.step();
        let (t, current) = (simulation.time_ms(), f64::from(CURRENT));
        let off = first(&mut simulation, own) - current * rise(t, dendrite);
        worst_own = worst_own.max(off.abs());
        let want = gain * current * cascade(t, dendrite, soma);
        let off = first(&mut simulation, behind) - want;
        worst_behind = worst_behind.max(off.abs());
    }
    (worst_own, worst_behind)
}

fn a_leaky_soma_behind_a_leaky_dendrite_converges_with_the_step_at_first_order(engine: Engine) {
    for site in [Site::Basal, Site::Apical] {
        for (dendrite, soma) in [(10.0, 10.0), (10.0, 4.0), (3.0, 12.0)] {
            let steps = [1.0, 0.5, 0.25, 0.125];
            let errors = steps.map(|dt_ms| errors(engine, site, dendrite, soma, dt_ms));
            assert!(errors.iter().all(|e| e.0 < 2e-5), "{errors:?}");
            assert!(errors[3].1 < 0.02, "{errors:?}");
            for pair in errors.windows(2) {
                let order = (pair[0].1 / pair[1].1).log2();
                assert!((0.9..1.1).contains(&order), "{site}: order {order}");
            }
        }
    }
}

fn rate_and_teaching_signal_follow_their_formulas_at_every_step(engine: Engine) {
    let (basal, apical, soma) = ([0.8f32, -1.1], [0.5f32, 0.9], [-0.2f32, 0.3]);
    type Slope = fn(f64) -> f64;
    type Function = fn(f64, [f64; 2]) -> f64;
    let transfers: [(&str, Function, Slope); 5] = [
        ("tanh", |u, _| u.tanh(), |u| 1.0 - u.tanh().powi(2)),
        (
            "logistic",
            |u, _| 1.0 / (1.0 + (-u).exp()),
            |u| (-u).exp() / (1.0 + (-u).exp()).powi(2),
        ),
        ("relu", |u, _| u.max(0.0), |u| f64::from(u > 0.0)),
        ("linear", |u, _| u, |_| 1.0),
        (
            "softmax",
            |u, all| u.exp() / (all[0].exp() + all[1].exp()),
            |_| 1.0,
        ),
    ];
    for (transfer, f, slope) in transfers {
        for lambda in [0.0, 0.1, 1.0] {
            let neuron = format!(
                "tau_b_ms: 10, tau_a_ms: 5, g_a: 0.5, lambda: {lambda}, transfer: {transfer}"
            );
            let mut simulation = cells(engine, 2, &neuron, 0.5);
            for (site, amplitudes) in [
                (Site::Basal, basal),
                (Site::Apical, apical),
                (Site::Soma, soma),
            ] {
                let event = injection(&simulation, site, &amplitudes);
                simulation.enter(0, event).unwrap();
            }
            for _ in 0..80 {
                simulation.step();
                let t = simulation.time_ms();
                let b = basal.map(|i| f64::from(i) * rise(t, 10.0));
                let xi: [f64; 2] = std::array::from_fn(|n| {
                    0.5 * f64::from(apical[n]) * rise(t, 5.0) + f64::from(soma[n])
                });
                let nudged: [f64; 2] = std::array::from_fn(|n| b[n] + lambda * xi[n]);
                let rates = simulation.read("cell", Variable::RATE).unwrap();
                let deltas = simulation.read("cell", Variable::DELTA).unwrap();
                for n in 0..2 {
                    let (r, delta) = (f64::from(rates[[0, n]]), f64::from(deltas[[0, n]]));
                    let want = (f(nudged[n], nudged), slope(b[n]) * xi[n]);
                    assert!((r - want.0).abs() < 5e-6, "{transfer}: r {r} {want:?}");
                    assert!(
                        (delta - want.1).abs() < 5e-6,
                        "{transfer}: delta {delta} {want:?}"
                    );
                }
            }
        }
    }
}

fn without_time_constants_potentials_are_their_currents_and_short_ones_come_close(engine: Engine) {
    let dt_ms = 1.0;
    let after_a_step = |tau: f64| {
        let neuron = format!("tau_b_ms: {tau}, tau_a_ms: {tau}, tau_s_ms: 0");
        let mut simulation = cells(engine, 1, &neuron, dt_ms);
        for site in [Site::Basal, Site::Apical] {
            let event = injection(&simulation, site, &[CURRENT]);
            simulation.enter(0, event).unwrap();
        }
        simulation.step();
        [Variable::BASAL_POTENTIAL, Variable::APICAL_POTENTIAL]
            .map(|variable| first(&mut simulation, variable))
    };
    assert_eq!(after_a_step(0.0), [f64::from(CURRENT); 2]);
    for tau in [0.5, 0.25, 0.125, 0.0625, 0.01] {
        for got in after_a_step(tau) {
            let missing = f64::from(CURRENT) - got;
            let want = f64::from(CURRENT) * (-dt_ms / tau).exp();
            assert!((missing - want).abs() < 2e-7, "tau {tau}: {missing} {want}");
        }
    }
}

/// Input cells `in`, and `cell` whose neurons they reach after `delays`.
fn reached_after(delays: &[f64], neuron: &str) -> Model {
    let names: Vec<String> = (0..delays.len()).map(|n| format!("cell{n}")).collect();
    let populations: String = (names.iter())
        .map(|name| format!(r#"(name: "{name}", size: 1, neuron: "cell"),"#))
        .collect();
    let projections: String = (names.iter().zip(delays))
        .map(|(name, delay)| {
            format!(
                r#"(from: "in", to: "{name}", compartment: basal, delay_ms: {delay},
                    synapse: "fixed", weights: constant(0.5)),
                (name: "{name}_down", from: "{name}", to: "below", compartment: apical,
                    delay_ms: {delay}, synapse: "fixed", weights: constant(0.5)),"#
            )
        })
        .collect();
    parse(&format!(
        r#"(
            name: "delays", neurons: {{"cell": ({neuron})}},
            inputs: [(name: "in", size: 1)],
            populations: [{populations} (name: "below", size: 1, neuron: "cell")],
            synapses: {{"fixed": ()}},
            projections: [{projections}],
        )"#
    ))
}

fn a_leaky_soma_takes_no_stimulus_for_an_error(engine: Engine) {
    let neuron = "tau_b_ms: 5, tau_a_ms: 5, tau_s_ms: 10, transfer: linear";
    let mut simulation = simulation(&reached_after(&[1.0], neuron), engine, 0.5, 1, 1.0);
    let mut lag = 0.0f32;
    for step in 0..200 {
        // A stimulus that comes, changes and goes.
        let rate = [0.0, 2.0, -1.0, 0.0][step / 50];
        simulation.set_input("in", arr2(&[[rate]]).view()).unwrap();
        simulation.step();
        let mut read = |variable| simulation.read("cell0", variable).unwrap()[[0, 0]];
        assert_eq!(read(Variable::MISMATCH), 0.0);
        assert_eq!(read(Variable::DELTA), 0.0);
        let (b, s) = (
            read(Variable::BASAL_POTENTIAL),
            read(Variable::SOMATIC_POTENTIAL),
        );
        lag = lag.max((b - s).abs());
    }
    assert!(
        lag > 0.3,
        "the soma should be far behind its dendrite: {lag}"
    );
}

fn a_rate_changes_its_receiver_after_exactly_the_conduction_delay(engine: Engine) {
    let (dt_ms, on) = (0.5, 6);
    let delays = [0.5, 1.0, 1.5, 4.0, 10.0];
    let mut simulation = simulation(
        &reached_after(&delays, "tau_b_ms: 2"),
        engine,
        dt_ms,
        1,
        1.0,
    );
    let input = simulation.input("in").unwrap();
    let event = Event::Rates(input, arr2(&[[1.0]]));
    simulation.enter(on, event).unwrap();
    let leak = rise(dt_ms, 2.0) * 0.5;
    for _ in 0..40 {
        simulation.step();
        for (n, delay) in delays.iter().enumerate() {
            let name = format!("cell{n}");
            let b = simulation.read(&name, Variable::BASAL_POTENTIAL).unwrap()[[0, 0]];
            let since = simulation.time_ms() - (on as f64 * dt_ms + delay);
            if since < 0.0 {
                assert_eq!(b, 0.0, "{delay} ms: too early by {} ms", -since);
            } else if since == 0.0 {
                // One step of charging is what the state at t_on + delay shows.
                assert!((f64::from(b) - leak).abs() < 1e-7, "{delay} ms: {b} {leak}");
            }
        }
    }
}

fn teaching_travels_down_with_the_conduction_delay_of_its_own_projection(engine: Engine) {
    let (dt_ms, on) = (0.5, 6);
    for delay in [0.5, 1.0, 2.5, 7.0] {
        let model = reached_after(&[delay], "transfer: linear");
        let mut simulation = simulation(&model, engine, dt_ms, 1, 1.0);
        let above = apical::event::Injection {
            population: simulation.pyramidal("cell0").unwrap(),
            site: Site::Soma,
            current: ndarray::arr1(&[1.0]),
        };
        simulation.enter(on, Event::Inject(0, above)).unwrap();
        for _ in 0..40 {
            simulation.step();
            let xi = simulation.read("below", Variable::MISMATCH).unwrap()[[0, 0]];
            // The current acts on the state one step after it comes on; that is what is sent.
            let since = simulation.time_ms() - ((on + 1) as f64 * dt_ms + delay);
            assert_eq!(
                xi,
                if since < 0.0 { 0.0 } else { 0.5 },
                "{delay} ms: {since}"
            );
        }
    }
}

both_engines! {
    each_compartment_charges_by_its_own_exponential_at_any_step,
    a_leaky_soma_behind_a_leaky_dendrite_converges_with_the_step_at_first_order,
    rate_and_teaching_signal_follow_their_formulas_at_every_step,
    without_time_constants_potentials_are_their_currents_and_short_ones_come_close,
    a_leaky_soma_takes_no_stimulus_for_an_error,
    a_rate_changes_its_receiver_after_exactly_the_conduction_delay,
    teaching_travels_down_with_the_conduction_delay_of_its_own_projection,
}
