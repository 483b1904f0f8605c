//! Synapses between two populations: which neurons are connected, their weights, the values
//! received, and the resulting current.

mod channels;
mod convolution;
mod episodes;
mod increments;
pub(crate) mod lazy;
mod pool;
mod random;
mod shape;
mod sparse;
mod structure;
mod terminals;
mod weights;
mod window;
mod wiring;

pub use channels::PerChannel;
pub use convolution::Convolution;
pub use lazy::Lazy;
pub use pool::{MaxPool, MeanPool};
pub use random::{Density, Random};
pub use shape::Shape;
pub use sparse::{MOST_SYNAPSES, Sparse};
pub use structure::{Bundle, Numbers, Structure};
pub(crate) use structure::{add_current, change_in_double};
pub(crate) use terminals::Current;
pub use terminals::Terminals;
pub use weights::{Initial, InitialWeights, Matrices, by_sender};
pub use window::Windows;
pub use wiring::{Connectivity, Sides, WiringKind};
