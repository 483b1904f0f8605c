//! No drift: errors after 1e4, 1e5 and 1e6 steps are of one size, in both engines, whether weights
//! change in every step or at a clock. `cargo bench --bench drift` goes on to 1e7.

#[path = "../common/mod.rs"]
mod common;
#[path = "../reference/mod.rs"]
mod reference;

mod circuits;

use apical::circuit::Engine;
use circuits::{ALWAYS, AT_A_CLOCK, WITH_MOMENTUM, currents, readout};
use common::both_engines;
use reference::PROMISED;

/// Steps after which errors are measured.
const MILESTONES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// Errors this small are those of single precision, and are not compared with each other.
const ROUNDING: f64 = 1e-6;

/// The last of the errors is at most `times` the first, and all are within what is promised.
fn do_not_grow(errors: &[f64], times: f64) {
    println!("{errors:?}");
    assert!(errors.iter().all(|e| *e < PROMISED), "{errors:?}");
    let last = errors[errors.len() - 1];
    assert!(last <= times * errors[0].max(ROUNDING), "{errors:?}");
}

fn currents_of_weights_that_always_change(engine: Engine) {
    let errors = currents(engine, ALWAYS, &MILESTONES);
    assert!(errors.iter().all(|e| *e > 0.0), "{errors:?}");
    do_not_grow(&errors, 3.0);
}

fn currents_of_weights_that_change_at_a_clock(engine: Engine) {
    let errors = currents(engine, AT_A_CLOCK, &MILESTONES);
    assert!(errors.iter().all(|e| *e > 0.0), "{errors:?}");
    do_not_grow(&errors, 3.0);
}

fn weights_stay_with_the_recursion(engine: Engine) {
    do_not_grow(&readout(engine, "", &MILESTONES), 4.0);
    // With a clock the way is the same, and shorter.
    do_not_grow(&readout(engine, WITH_MOMENTUM, &MILESTONES[..2]), 4.0);
}

both_engines!(
    currents_of_weights_that_always_change,
    currents_of_weights_that_change_at_a_clock,
    weights_stay_with_the_recursion,
);
