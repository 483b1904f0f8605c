//! Numbers, without any knowledge of neurons.
//!
//! | module | subject |
//! |---|---|
//! | [`product`] | matrix products |
//! | [`columns`] | the columns of a matrix, one sender each |
//! | [`elementwise`] | work on every element, in pieces |
//! | [`mod@pair`] | sums that keep what rounding would drop |
//! | [`random`] | random streams, each with a key |
//! | `steps` | times as whole steps |

pub mod columns;
pub mod elementwise;
pub mod pair;
pub mod product;
pub mod random;
mod steps;

pub use steps::{MOST_STEPS, Steps};
