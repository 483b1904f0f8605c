//! Numerical methods, independent of neurons.
//!
//! | module | subject |
//! |---|---|
//! | [`product`] | matrix products |
//! | [`columns`] | the columns of a matrix, one sender each |
//! | [`elementwise`] | work on every element, in pieces |
//! | [`mod@pair`] | sums that keep rounding errors |
//! | [`random`] | random streams with keys |
//! | [`stored`] | matrices as they lie in memory, to be stored |
//! | `threads` | sizes from which work is divided among threads |
//! | `steps` | times as whole numbers of steps |

pub mod columns;
pub mod elementwise;
pub mod pair;
pub mod product;
pub mod random;
mod steps;
pub mod stored;
pub(crate) mod threads;

pub use steps::{MOST_STEPS, Steps};
