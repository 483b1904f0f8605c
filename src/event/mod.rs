//! Events between neurons: what was sent and when it arrives.

mod delay;

pub use delay::{DelayLine, DeltaLine, RateLine};
