//! Right numbers: whatever is recorded is within 1e-5 of its natural magnitude of what the
//! equations say, in both engines.
//!
//! | file | what is held against the simulator |
//! |---|---|
//! | `random` | the recursion of `tests/reference`, in random circuits that learn |
//! | `wiring` | the same in random circuits of all kinds of wiring |
//! | `scales` | the same where magnitudes from 1e-6 to 1e6 stand side by side |
//! | `long` | the same over up to 1e6 steps |
//! | `currents` | sums that a large value has passed through |
//! | `small_changes` | closed forms of slow learning, decay, leaks, optimisers and mean losses |

#[path = "../common/mod.rs"]
mod common;
#[path = "../reference/mod.rs"]
mod reference;

/// Tests of random circuits, of a strategy `plan`, from a plan to its `case`: a number of them from
/// a seed, the same on every machine; those of a file that once failed; fresh ones by
/// `APICAL_FRESH_SEEDS=50 cargo test --test numbers fresh`; and how far off they are by
/// `cargo test --test numbers -- --ignored --nocapture`.
macro_rules! random_circuits {
    ($name:ident, $survey:ident, $number:expr, $seed:expr, $kept:expr) => {
        proptest! {
            #![proptest_config(ProptestConfig {
                cases: $number,
                failure_persistence: None,
                max_shrink_iters: 40,
                rng_seed: RngSeed::Fixed($seed),
                ..ProptestConfig::default()
            })]

            #[test]
            fn $name(plan in plan()) {
                prop_assert_eq!(crate::holds_everywhere(&case(&plan)), Ok(()));
            }
        }

        #[test]
        fn what_once_failed_holds() {
            for plan in kept::<Plan>($kept) {
                assert_eq!(crate::holds_everywhere(&case(&plan)), Ok(()), "{plan:?}");
            }
        }

        #[test]
        fn fresh_circuits_hold() {
            fresh($kept, plan(), |plan| crate::holds_everywhere(&case(plan)));
        }

        #[test]
        #[ignore = "prints how far off each of many circuits is"]
        fn $survey() {
            crate::survey(plan(), $number, case);
        }
    };
}

mod currents;
mod long;
mod random;
mod scales;
mod small_changes;
mod wiring;

/// Both engines keep what is promised, and it can be kept with senders in single precision, and
/// with potentials that settle: or the magnitudes would be too small, and no failure would tell
/// anything.
fn holds_everywhere(case: &reference::Case) -> Result<(), String> {
    use apical::circuit::Engine;
    for (settles, part) in [(false, 0.2), (true, 1.0)] {
        let single = case.run_in_single_precision(settles);
        if single.worst > part * reference::PROMISED {
            return Err(format!(
                "senders in single precision, settling {settles}: {single:?}"
            ));
        }
    }
    for engine in [Engine::Dense, Engine::Events] {
        let verdict = case.run(engine);
        if !verdict.holds() {
            return Err(format!("{engine:?}: {verdict:?}"));
        }
    }
    Ok(())
}

/// Prints how far off both engines are in each of `count` circuits: a measurement, not a proof.
fn survey<P: std::fmt::Debug>(
    plans: impl proptest::strategy::Strategy<Value = P>,
    count: usize,
    case: impl Fn(&P) -> reference::Case,
) {
    use apical::circuit::Engine;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngSeed, TestRunner};
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    });
    for n in 0..count {
        let plan = plans.new_tree(&mut runner).expect("a plan").current();
        for engine in [Engine::Dense, Engine::Events] {
            let verdict = case(&plan).run(engine);
            println!("{n} {engine:?} {:e} {}", verdict.worst, verdict.at);
        }
        for (name, settles) in [("Single", false), ("Settling", true)] {
            let verdict = case(&plan).run_in_single_precision(settles);
            println!("{n} {name} {:e} {}", verdict.worst, verdict.at);
        }
        println!("   {plan:?}");
    }
}
