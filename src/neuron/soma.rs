//! The soma: it compares what both dendrites say and sends the outcome both ways.
//!
//! With a leaky soma (`tau_s > 0`) the somatic potential `s` **and** the basal prediction `b_hat`
//! pass through the same leak, so that the mismatch `xi = s - b_hat` is the filtered apical
//! contribution. A leaky soma minus an unfiltered basal potential would make every stimulus
//! onset look like an error.

use bevy_ecs::component::Component;
use bytemuck::TransparentWrapper;

/// Somatic potential `s` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Potential(pub f32);

/// What the soma would be from the basal side alone, `b_hat`, in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Prediction(pub f32);

/// Mismatch `xi = s - b_hat` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Mismatch(pub f32);

/// Output `r = f(b + lambda (s - b))`, what the neuron sends up.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Rate(pub f32);

/// Teaching signal `delta = f'(b) xi`, what the neuron sends down.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Delta(pub f32);
