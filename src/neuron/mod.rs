//! The pyramidal neuron: three compartments, their potentials and their integration.
//!
//! ```text
//! basal    tau_b db/dt = -b + I_b
//! apical   tau_a da/dt = -a + I_a
//! soma     s = b + g_a a + I_s     xi = s - b_hat     r = f(b + lambda (s - b))     delta = f'(b) xi
//! ```
//!
//! Potentials and currents are in arbitrary units (a.u.), times in ms. Every variable is a separate
//! component, one `f32` per neuron, so that a population is a contiguous column. In the quasi-static
//! limit the event engine stores only [`pyramidal::Settled`], from which the others follow, unless
//! noise, `lambda`, a model of their own or user-defined systems need the others. A potential with a
//! leak has an additional *carry* (see [`crate::math::pair`]): it is integrated in double precision
//! and stored with 48 bits, so that it does not stall at a leak fraction of 1e-6 per step.

mod compartment;
mod model;
mod parameter;
pub mod pyramidal;
pub mod transfer;
mod variable;

pub use compartment::{Compartment, Site};
pub use model::{NeuronModel, NeuronView, Own, OwnCurrents, OwnVariable, approach};
pub use parameter::NeuronParameter;
pub use pyramidal::{apical, basal, soma};
pub use transfer::{OwnTransfer, Transfer, TransferFunction};
pub use variable::Variable;

/// Fraction of the distance to a constant input that a leaky compartment covers in one step.
///
/// The exact solution of `tau dx/dt = -x + I` for a constant `I` during `dt` is
/// `x += (1 - exp(-dt / tau)) (I - x)`; this returns the bracket. `tau_ms = 0` is the quasi-static
/// limit, in which the potential equals its current (fraction 1).
///
/// Computed with `expm1`, so that no digits are lost if `tau` is much longer than a step.
///
/// ```
/// assert_eq!(apical::neuron::leak_fraction(1.0, 0.0), 1.0);
/// let half_life = apical::neuron::leak_fraction(1.0, 1.0 / 2f64.ln());
/// assert!((half_life - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn leak_fraction(dt_ms: f64, tau_ms: f64) -> f64 {
    if tau_ms == 0.0 {
        1.0
    } else {
        -(-dt_ms / tau_ms).exp_m1()
    }
}
