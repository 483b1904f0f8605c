//! The dense engine: every neuron is updated, everything is sent and every synapse changes in every
//! step.
//!
//! This is the definition of what a simulation means; the event engine is held against it. Currents
//! and changes are summed in double precision; potentials, weights, eligibilities and moments are
//! values with carries, 48 bits ([`crate::math::pair`]). The
//! stages go through populations and projections in the order of their names; none knows what
//! comes before another in the circuit.

mod deliver;
mod learn;
mod neurons;
mod send;

pub(super) use deliver::deliver;
pub(super) use learn::{learn, update_weights};
pub(super) use neurons::{fire, integrate};
pub(super) use send::send;
pub(super) use send::{Senders, with_arriving};
