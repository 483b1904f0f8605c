//! Synapses between two populations: weights, values received, and the resulting current.

mod episodes;
pub(crate) mod lazy;
mod shape;
mod terminals;
mod weights;

pub use lazy::Lazy;
pub use shape::Shape;
pub(crate) use terminals::Current;
pub use terminals::Terminals;
pub use weights::{Initial, InitialWeights, Matrices, by_sender};
