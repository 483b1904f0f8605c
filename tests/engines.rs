//! The event engine means what the dense engine means: random circuits with delays, leaks, every
//! rule, optimisers, decay and bounds go through random timelines in both.

mod common;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::{Registry, Setup, lower};
use apical::engine::Simulation;
use apical::event::{Event, Injection, Teacher};
use apical::neuron::{NeuronParameter, Site, Variable};
use apical::plasticity::{
    ApicalKernel, ApicalSite, BasalKernel, BasalSite, Change, Modulator, Rule, ThirdFactor,
};
use common::kept::{fresh, kept};
use common::{bits, error, f64s, parse};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

const DT_MS: f64 = 0.5;
const STEPS: u64 = 240;
/// From this step on nothing comes in for 40 steps.
const SILENCE: u64 = 120;
/// At this step some weights become others.
const SET: u64 = 97;

/// A choice of what a random circuit may have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    seed: u64,
    trials: usize,
    leaky: bool,
    /// Without this, changes are continuous.
    update: Option<String>,
    rule: String,
    decay: f64,
    bounds: bool,
    lambda: f32,
    /// Transfer function of the hidden neurons.
    transfer: String,
    /// How much later than at 0 clocks of weight update start.
    offset_ms: f64,
    /// Delay of one way up.
    long_delay_ms: f64,
    /// What hidden neurons have besides.
    neuron: String,
    /// What happens to weights when they are applied.
    kept: String,
}

fn plan() -> impl Strategy<Value = Plan> {
    let update = prop_oneof![
        3 => Just(None),
        1 => Just(Some("plain")),
        1 => Just(Some("momentum(momentum: 0.9)")),
        1 => Just(Some("adam(epsilon: 1e-3)")),
    ];
    let rule = prop_oneof![
        Just(r#"rule: "dll""#),
        Just(r#"rule: "dll", parameters: {"s": -1}"#),
        Just(r#"rule: "dll", parameters: {"s": 0}"#),
        Just(r#"rule: "kolen_pollack""#),
        Just(r#"rule: "transport""#),
        Just(r#"rule: "predictive_coding""#),
        Just(r#"rule: "transport", parameters: {"gated_decay": 2}"#),
        Just(r#"rule: "feedback_alignment", parameters: {"gated_decay": 2}"#),
        Just(r#"rule: "hebbian""#),
        Just(r#"rule: "hebbian", parameters: {"s": -1}"#),
        Just(r#"rule: "hebbian", parameters: {"taught": 1}"#),
        Just(r#"rule: "direct_feedback_alignment""#),
        Just(r#"rule: "local_losses""#),
        Just(r#"rule: "local_losses", parameters: {"gated_decay": 2}"#),
        Just(r#"rule: "node_perturbation""#),
        Just(r#"rule: "node_perturbation", parameters: {"trace_ms": 4, "baseline_ms": 6}"#),
        Just(r#"rule: "change_gated_decay", parameters: {"gated_decay": 2}"#),
        Just(r#"rule: "contrastive""#),
    ];
    let neuron = prop_oneof![
        2 => Just(""),
        1 => Just("mismatch: potential,"),
        1 => Just("noise: Some((std: 0.2, every_ms: 5.5)),"),
    ];
    let kept = prop_oneof![2 => Just(""), 1 => Just("norm: Some(0.9),")];
    (
        any::<u64>(),
        prop_oneof![2 => Just(1usize), 2 => Just(3), 1 => Just(8)],
        any::<bool>(),
        update,
        rule,
        prop_oneof![Just(0.0), Just(1e-2)],
        prop::bool::weighted(0.3),
        prop_oneof![Just(0.0f32), Just(0.1)],
        prop_oneof![Just("tanh"), Just("logistic"), Just("relu")],
        prop_oneof![Just(0.0), Just(2.5), Just(13.0)],
        prop_oneof![Just(DT_MS), Just(45.0)],
        (neuron, kept),
    )
        .prop_map(
            |(
                seed,
                trials,
                leaky,
                update,
                rule,
                decay,
                bounds,
                lambda,
                transfer,
                offset_ms,
                long_delay_ms,
                (neuron, kept),
            )| {
                // Half of them relax, as predictive coding does.
                let relaxes = rule.contains("predictive_coding") && seed % 2 == 0;
                let neuron = if relaxes {
                    "mismatch: potential,"
                } else {
                    neuron
                };
                // Change-gated decay happens at weight updates.
                let update = if rule.contains("gated_decay") {
                    update.or(Some("plain"))
                } else {
                    update
                };
                Plan {
                    seed,
                    trials,
                    leaky: leaky || relaxes,
                    update: update.map(str::to_owned),
                    rule: rule.to_owned(),
                    decay,
                    bounds,
                    lambda: if relaxes { 1.0 } else { lambda },
                    // Where a slope jumps, and something keeps coming there, two roundings are two
                    // fates: mismatches of potentials depend on it, anti-Hebbian changes lead to it.
                    transfer: (if transfer == "relu"
                        && (neuron.contains("potential")
                            || rule.contains("hebbian") && rule.contains("-1"))
                    {
                        "tanh"
                    } else {
                        transfer
                    })
                    .to_owned(),
                    offset_ms,
                    long_delay_ms,
                    neuron: neuron.to_owned(),
                    kept: (if update.is_some() && !bounds {
                        kept
                    } else {
                        ""
                    })
                    .to_owned(),
                }
            },
        )
}

/// Two inputs, three populations in a chain with feedback, a recurrent projection and a shortcut.
///
/// The shortcut has a threshold of its own, which no difference worth the name is below: so `p1`
/// sends along two sets of axons.
fn model(plan: &Plan) -> Model {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut tau = || {
        if plan.leaky {
            [0.0, 1.0, 3.0, 8.0][rng.random_range(0..4usize)]
        } else {
            0.0
        }
    };
    let mut neurons = String::new();
    for name in ["n1", "n2", "n3"] {
        let (transfer, besides) = if name == "n3" {
            ("softmax", "")
        } else {
            (plan.transfer.as_str(), plan.neuron.as_str())
        };
        neurons += &format!(
            r#""{name}": (tau_b_ms: {}, tau_a_ms: {}, tau_s_ms: {}, lambda: {}, transfer: {transfer}, {besides}),"#,
            tau(),
            tau(),
            tau(),
            plan.lambda,
        );
    }
    let update = plan.update.as_ref().map_or(String::new(), |optimiser| {
        let offset_ms = plan.offset_ms;
        format!("update: (every_ms: 8, offset_ms: {offset_ms}, optimiser: {optimiser}),")
    });
    let eta = if plan.update.is_some() { 0.02 } else { 0.004 };
    let bounds = if plan.bounds {
        "bounds: (-0.35, 0.4),"
    } else {
        ""
    };
    let mut delay = || DT_MS * f64::from(rng.random_range(1..5));
    let d: Vec<f64> = (0..8).map(|_| delay()).collect();
    parse(&format!(
        r#"(
            name: "random",
            neurons: {{ {neurons} }},
            inputs: [(name: "x", size: 9), (name: "y", size: 4)],
            populations: [
                (name: "p1", size: 12, neuron: "n1", bias: (synapse: "plastic")),
                (name: "p2", size: 7, neuron: "n2"),
                (name: "p3", size: 5, neuron: "n3", bias: (synapse: "plastic")),
            ],
            synapses: {{
                "plastic": ({rule}, eta: {eta}, decay_per_ms: {decay}, {bounds} {kept} {update}),
                "fixed": (),
            }},
            projections: [
                (name: "x1", from: "x", to: "p1", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "y2", from: "y", to: "p2", compartment: basal, delay_ms: {}, synapse: "fixed", weights: fan_in(gain: 0.5)),
                (name: "w13", from: "p1", to: "p3", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 0.5), threshold: 1e-9),
                (name: "w12", from: "p1", to: "p2", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "w22", from: "p2", to: "p2", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 0.3)),
                (name: "w23", from: "p2", to: "p3", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "w32", from: "p3", to: "p2", compartment: apical, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "w21", from: "p2", to: "p1", compartment: apical, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#,
        d[0],
        d[1],
        plan.long_delay_ms,
        d[2],
        d[3],
        d[4],
        d[5],
        d[6],
        rule = plan.rule,
        decay = plan.decay,
        kept = plan.kept,
    ))
}

/// The rules there are, and one that learns from one kind of presentation and unlearns from
/// another, on both dendrites, with what is eligible outlasting its cause.
fn registry() -> Registry {
    struct Contrast;
    impl BasalKernel for Contrast {
        fn factor(&self, site: BasalSite) -> f32 {
            site.rate + site.mismatch
        }
    }
    impl ApicalKernel for Contrast {
        fn factor(&self, site: ApicalSite) -> f32 {
            site.rate
        }
    }
    const THIRD: ThirdFactor = ThirdFactor {
        modulator: Modulator::Presentation,
        trace_ms: 3.0,
    };
    Registry::default().with_rule(Rule {
        name: "contrastive",
        about: "learns or unlearns what is there",
        parameters: &[],
        basal: |_| Change::modulated_basal(Contrast, THIRD),
        apical: |_| Change::modulated_apical(Contrast, THIRD),
    })
}

fn circuit(plan: &Plan, engine: Engine) -> Simulation {
    let setup = Setup {
        dt_ms: DT_MS,
        trials: plan.trials,
        seed: plan.seed,
        presentation_ms: 8.0,
        directory: "".as_ref(),
        engine,
    };
    let mut simulation = Simulation::new(lower(&model(plan), &registry(), setup).unwrap());
    happen(&mut simulation, plan);
    simulation
}

/// Stimuli that come, partly change and go, teachers, currents, and parameters that change.
fn happen(simulation: &mut Simulation, plan: &Plan) {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ 1);
    let trials = plan.trials;
    let [x, y] = ["x", "y"].map(|name| simulation.input(name).unwrap());
    let [p1, p2, p3] = ["p1", "p2", "p3"].map(|name| simulation.pyramidal(name).unwrap());
    let mut last = Array2::zeros((trials, 9));
    for step in (0..STEPS).step_by(40) {
        // One input in three keeps what it had.
        let keep = rng.random_range(0..3usize);
        for ((_, index), value) in last.indexed_iter_mut() {
            if index % 3 != keep {
                *value = rng.random_range(-1.0..1.0f32);
            }
        }
        // For a while all is silent.
        let rates = if step == SILENCE {
            &last * 0.0
        } else {
            last.clone()
        };
        simulation.enter(step, Event::Rates(x, rates)).unwrap();
        if step % 80 == 0 || step == SILENCE {
            let most = if step == SILENCE { 0.0 } else { 1.0f32 };
            let rates = Array2::from_shape_simple_fn((trials, 4), || most * rng.random::<f32>());
            simulation.enter(step + 3, Event::Rates(y, rates)).unwrap();
        }
        let class = rng.random_range(0..5usize);
        let target = Array2::from_shape_fn((trials, 5), |(t, i)| f32::from((class + t) % 5 == i));
        let teacher = Teacher {
            target,
            strength: vec![0.7; trials],
        };
        simulation
            .enter(step + 15, Event::Teacher(p3, teacher))
            .unwrap();
        simulation
            .enter(step + 30, Event::Strength(p3, 0.0))
            .unwrap();
    }
    for (number, site) in [Site::Basal, Site::Apical, Site::Soma]
        .into_iter()
        .enumerate()
    {
        let injection = Injection {
            population: p1,
            site,
            current: Array1::from_shape_simple_fn(12, || rng.random_range(-0.2..0.2f32)),
        };
        let start = rng.random_range(0..200u64);
        simulation
            .enter(start, Event::Inject(number as u64, injection))
            .unwrap();
        simulation
            .enter(start + 25, Event::Withdraw(number as u64))
            .unwrap();
    }
    let x1 = simulation.projection("x1").unwrap();
    simulation.enter(70, Event::Eta(x1, 0.01)).unwrap();
    simulation.enter(100, Event::EtaScale(0.5)).unwrap();
    for (step, kind) in [(20, 1.0), (60, -1.0), (110, 0.0), (SILENCE + 25, 0.5)] {
        simulation.enter(step, Event::Presentation(kind)).unwrap();
    }
    // Learning stops and goes on, and rates of learning change, in silence and in company.
    simulation.enter(SILENCE + 9, Event::EtaScale(0.0)).unwrap();
    simulation
        .enter(SILENCE + 31, Event::EtaScale(1.0))
        .unwrap();
    simulation
        .enter(SILENCE + 33, Event::Eta(x1, 0.003))
        .unwrap();
    simulation.enter(185, Event::EtaScale(0.0)).unwrap();
    simulation.enter(201, Event::EtaScale(0.7)).unwrap();
    simulation
        .enter(
            SILENCE + 30,
            Event::Neuron(p2, NeuronParameter::TauBMs, 4.0),
        )
        .unwrap();
    simulation
        .enter(190, Event::Neuron(p2, NeuronParameter::GA, 0.5))
        .unwrap();
}

const PROJECTIONS: [&str; 10] = [
    "x1", "y2", "w13", "w12", "w22", "w23", "w32", "w21", "p1_bias", "p3_bias",
];

/// Weights of a plastic, a fixed and a read projection become others.
fn set(simulation: &mut Simulation) {
    for (name, factor) in [("x1", 0.5), ("y2", -1.0), ("w12", 0.8)] {
        let weights = simulation.weights(name).unwrap() * factor;
        simulation.set_weights(name, weights).unwrap();
    }
}

fn states(simulation: &mut Simulation) -> Vec<Array2<f32>> {
    let mut states = Vec::new();
    for population in ["p1", "p2", "p3"] {
        for variable in Variable::ALL {
            states.push(simulation.read(population, variable).unwrap());
        }
    }
    states
}

/// Largest magnitude of all weights; infinite where any is no number.
fn largest_weight(simulation: &Simulation) -> f32 {
    let weights =
        PROJECTIONS.map(|name| simulation.weights(name).expect("weights of a projection"));
    let sizes = weights.iter().flatten().map(|w| w.abs());
    sizes.fold(0.0, |most, size| {
        if size.is_nan() {
            f32::INFINITY
        } else {
            most.max(size)
        }
    })
}

/// What is not the same in both engines, if anything is not.
fn disagreement(plan: &Plan) -> Option<String> {
    let mut dense = circuit(plan, Engine::Dense);
    let mut events = circuit(plan, Engine::Events);
    let mut unread = circuit(plan, Engine::Events);
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ 2);
    while dense.steps() < STEPS {
        // Some steps are looked at, others are jumped over where nothing happens.
        let until = dense.steps() + rng.random_range(1..20u64);
        let end = if dense.steps() < SET { SET } else { STEPS };
        let until = until.min(end);
        dense.advance_to(until);
        events.advance_to(until);
        // What has run away has magnified every difference.
        if largest_weight(&dense) > 1e9 {
            let alone = largest_weight(&events) < 1e6;
            return alone.then(|| format!("only the dense engine ran away by step {until}"));
        }
        if until == SET {
            set(&mut dense);
            set(&mut events);
        }
        for name in PROJECTIONS {
            let [got, want] = [&events, &dense]
                .map(|simulation| simulation.weights(name).expect("weights of a projection"));
            let off = error(&got, &f64s(&want));
            if off > 1e-4 {
                return Some(format!("{name} at step {until}: {off}"));
            }
            // One synapse is read as all of them are.
            let one = events.synapses(name, &[(1, 0)]).expect("one weight")[0];
            if (one - got[[1, 0]]).abs() > 1e-6 * got[[1, 0]].abs().max(0.1) {
                return Some(format!("{name} at step {until}: {one}, {}", got[[1, 0]]));
            }
        }
        let (got, want) = (states(&mut events), states(&mut dense));
        // Differences of what is small are small against the largest of its kind.
        for (n, (got, want)) in got.iter().zip(&want).enumerate() {
            let off = (got - want).iter().fold(0.0f32, |m, d| m.max(d.abs()));
            let largest = want.iter().fold(1e-2f32, |m, x| m.max(x.abs()));
            if off > 1e-4 * largest {
                let (population, variable) = (n / 8, Variable::ALL[n % 8]);
                return Some(format!(
                    "{variable} of {population} at step {until}: {off} of {largest}"
                ));
            }
        }
    }
    // Looking changes nothing, and neither do steps one by one.
    while unread.steps() < STEPS {
        unread.step();
        if unread.steps() == SET {
            set(&mut unread);
        }
    }
    (PROJECTIONS.iter())
        .find(|name| bits(&events.weights(name).unwrap()) != bits(&unread.weights(name).unwrap()))
        .map(|name| format!("{name} depends on who looks"))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        // The same circuits on every machine.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn weights_and_states_are_those_of_the_dense_engine_at_every_time(plan in plan()) {
        prop_assert_eq!(disagreement(&plan), None);
    }
}

/// Where they once disagreed.
const KEPT: &str = "engines_cases.txt";

#[test]
fn circuits_that_once_differed_agree() {
    for plan in kept::<Plan>(KEPT) {
        assert_eq!(disagreement(&plan), None, "{plan:?}");
    }
}

/// `APICAL_FRESH_SEEDS=50 cargo test --test engines fresh`
#[test]
fn fresh_circuits_agree() {
    fresh(KEPT, plan(), |plan| disagreement(plan).map_or(Ok(()), Err));
}
