//! Numbers, without any knowledge of neurons: times as whole steps, and sums that keep what
//! rounding would drop.

pub mod pair;
mod steps;

pub use steps::{MOST_STEPS, Steps};
