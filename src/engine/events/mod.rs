//! The event engine: cost follows events.
//!
//! It means what the [dense engine](super::dense) means. Neurons send when what they have to say
//! has changed ([`Axons`](crate::event::Axons)); a projection holds the current it last made
//! ([`Terminals`](crate::connectivity::Terminals)); synapses change when they are read
//! ([`Lazy`](crate::connectivity::Lazy)); a population that is at rest and is told nothing new is
//! left alone ([`Activity`](crate::circuit::Activity)); and when all are, time jumps
//! ([`Rest`]).

mod arrive;
mod integrate;
mod learn;
mod rest;
mod send;
mod wake;

pub(super) use arrive::{arrive, update_tied};
pub(super) use integrate::integrate;
pub(super) use learn::{learn, update_weights};
pub(super) use rest::{Rest, rest};
pub(super) use send::send;
pub(super) use wake::wake;
