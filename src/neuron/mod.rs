//! The pyramidal neuron: three compartments, their potentials and their integration.
//!
//! ```text
//! basal    tau_b db/dt = -b + I_b
//! apical   tau_a da/dt = -a + I_a
//! soma     s = b + g_a a + I_s     xi = s - b_hat     r = f(b + lambda (s - b))     delta = f'(b) xi
//! ```
//!
//! Potentials and currents are in arbitrary units (a.u.), times in ms. Every variable is a
//! component of its own, one `f32` a neuron, so that a population is a contiguous column. A
//! potential with a leak has a *carry* beside it (see [`crate::math::pair`]): it is integrated in
//! double precision and kept to 48 bits, so that a leak of a millionth a step does not stall.

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

/// Fraction of the way to a held input that a leaky compartment covers in one step.
///
/// The exact solution of `tau dx/dt = -x + I` for an `I` held over `dt` is
/// `x += (1 - exp(-dt / tau)) (I - x)`; this returns the bracket. `tau_ms = 0` is the
/// quasi-static limit, in which the potential equals its current (fraction 1).
///
/// Computed with `expm1`, so that a `tau` much longer than a step loses no digits.
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
