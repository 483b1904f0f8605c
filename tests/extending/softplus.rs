//! A transfer function: `ln(1 + exp(u))`.

use apical::neuron::TransferFunction;

pub struct Softplus;

impl TransferFunction for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn rate(&self, u: f32) -> f32 {
        u.max(0.0) + (-u.abs()).exp().ln_1p()
    }

    fn slope_at_rate(&self, r: f32) -> f32 {
        -(-r).exp_m1()
    }
}
