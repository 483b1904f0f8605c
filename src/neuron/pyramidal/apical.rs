//! The apical dendrite: integration of top-down input and teaching.

use bevy_ecs::component::Component;
use bytemuck::TransparentWrapper;

/// Top-down current `I_a` in a.u., including teaching and any injected current.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Current(pub f32);

/// Apical potential `a` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Potential(pub f32);

/// Part of the apical potential that is below the last bit of [`Potential`], in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Carry(pub f32);

/// Both dendrites are passive leaks with the same exact exponential update.
pub use super::basal::integrate;
