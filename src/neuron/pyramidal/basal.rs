//! The basal dendrite: integration of bottom-up input.

use bevy_ecs::component::Component;
use bytemuck::TransparentWrapper;
use multiversion::multiversion;

use crate::math::pair;

/// Bottom-up current `I_b` in a.u., including the bias and any injected current.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Current(pub f32);

/// Basal potential `b` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Potential(pub f32);

/// Part of the basal potential that is below the last bit of [`Potential`], in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Carry(pub f32);

/// Moves `potential` towards `current` over one step by the exact exponential update.
///
/// `leak` is [`leak_fraction`](crate::neuron::leak_fraction) of the step; slices are of equal length.
/// Without a leak (fraction 1) `carry` may be empty.
#[multiversion(targets("x86_64+avx2"))]
pub fn integrate(potential: &mut [f32], carry: &mut [f32], current: &[f32], leak: f64) {
    if leak == 1.0 {
        // Adding the difference would leave a rounding error.
        potential.copy_from_slice(current);
        carry.fill(0.0);
        return;
    }
    for ((x, carry), &input) in potential.iter_mut().zip(carry).zip(current) {
        let before = pair::number(*x, *carry);
        pair::set(x, carry, before + leak * (f64::from(input) - before));
    }
}

#[cfg(test)]
mod tests {
    use super::integrate;
    use crate::neuron::leak_fraction;

    #[test]
    fn step_response_is_the_closed_form_for_any_step() {
        for dt in [0.01, 0.1, 1.0, 7.0] {
            let (tau, input) = (10.0, 3.0f32);
            let (mut b, mut carry) = ([0.0f32], [0.0f32]);
            for n in 1..=100 {
                integrate(&mut b, &mut carry, &[input], leak_fraction(dt, tau));
                let exact = f64::from(input) * -(-dt * f64::from(n) / tau).exp_m1();
                assert!((f64::from(b[0]) - exact).abs() < 1e-7 * exact);
            }
        }
    }

    #[test]
    fn a_leak_of_a_millionth_a_step_does_not_stall() {
        let (mut b, mut carry) = ([0.0f32], [0.0f32]);
        let leak = leak_fraction(1.0, 1e6);
        for n in 1..=3_000_000 {
            integrate(&mut b, &mut carry, &[1.0], leak);
            if n % 500_000 == 0 {
                let exact = -(-f64::from(n) / 1e6).exp_m1();
                assert!(
                    (f64::from(b[0]) - exact).abs() < 1e-7 * exact,
                    "{n}: {}",
                    b[0]
                );
            }
        }
    }

    #[test]
    fn without_a_time_constant_the_potential_is_the_current() {
        let mut b = [5.0f32, -2.0];
        integrate(&mut b, &mut [], &[0.25, 1.5], leak_fraction(0.1, 0.0));
        assert_eq!(b, [0.25, 1.5]);
    }
}
