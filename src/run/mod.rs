//! A scenario on its way: presentations, evaluation, results.

mod learn;

pub use learn::{Learner, Outcome, RunError};
