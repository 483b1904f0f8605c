//! The pyramidal neuron: its compartments as components, each with its equation.

pub mod apical;
pub mod basal;
pub mod soma;
