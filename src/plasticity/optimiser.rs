//! Optimisers: the change of a synapse at one weight update, given its eligibility.

use multiversion::multiversion;

use serde::{Deserialize, Serialize};

use crate::math::pair;

/// Per-synapse, hence local, optimisers. `g` is the eligibility divided by the period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimiser {
    /// `W += eta g`.
    Plain,
    /// `v = momentum v + g`, `W += eta v` (Polyak 1964).
    Momentum {
        /// Fraction of the last change that is kept, 0 to 1.
        momentum: f64,
    },
    /// Adam (Kingma and Ba, ICLR 2015).
    Adam {
        /// Decay of the mean of `g`; Kingma and Ba's 0.9.
        #[serde(default = "default_beta1")]
        beta1: f64,
        /// Decay of the mean of `g^2`; Kingma and Ba's 0.999.
        #[serde(default = "default_beta2")]
        beta2: f64,
        /// Constant added to the root; Kingma and Ba's 1e-8.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
    },
}

impl Optimiser {
    /// Fractions of the first and of the second moment that remain after one weight update,
    /// dimensionless; none for a moment that the optimiser does not have.
    #[must_use]
    pub fn fading(self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Plain => (None, None),
            Self::Momentum { momentum } => (Some(momentum), None),
            Self::Adam { beta1, beta2, .. } => (Some(beta1), Some(beta2)),
        }
    }
}

fn default_beta1() -> f64 {
    0.9
}

fn default_beta2() -> f64 {
    0.999
}

fn default_epsilon() -> f64 {
    1e-8
}

/// Fraction of a moment that is replaced per weight update, from which no carry is needed: rounding
/// errors fade as fast, so that they never exceed two millionths.
const FAST: f64 = 1.0 / 32.0;

/// True if a moment with this remaining fraction needs a carry.
pub(crate) fn needs_carry(fading: f64) -> bool {
    1.0 - fading < FAST
}

/// Values of some synapses with their carries, in one order; empty if not needed.
#[derive(Default)]
pub(super) struct Pairs<'a> {
    pub values: &'a mut [f32],
    pub carries: &'a mut [f32],
}

/// Some synapses with the moments of their optimiser, all in one order.
pub(super) struct Operands<'a> {
    pub weights: Pairs<'a>,
    pub first: Pairs<'a>,
    pub second: Pairs<'a>,
}

/// Operation of one weight update on every synapse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    how: How,
    /// Gated decay: fraction of a weight that decays per unit of change, 1 / a.u.
    gated_decay: f32,
}

/// Optimiser with computed constants. Differences such as `1 - beta2` are computed in double
/// precision and then rounded, so that they keep all digits.
#[derive(Clone, Copy, Debug)]
enum How {
    Plain {
        rate: f32,
    },
    Momentum {
        per_ms: f32,
        eta: f32,
        /// `1 - momentum`.
        fading: f32,
    },
    Adam {
        per_ms: f32,
        /// `1 - beta1` and `1 - beta2`.
        new: [f32; 2],
        /// Step size and floor of the root, both including the bias corrections.
        step: f32,
        floor: f32,
    },
}

impl Step {
    /// Weight update number `count`, from 1, with period `period_ms` and learning rate `eta`.
    pub fn new(
        optimiser: Optimiser,
        (count, period_ms): (i32, f64),
        eta: f32,
        gated_decay: f32,
    ) -> Self {
        let per_ms = (1.0 / period_ms) as f32;
        let how = match optimiser {
            Optimiser::Plain => How::Plain {
                rate: (f64::from(eta) / period_ms) as f32,
            },
            Optimiser::Momentum { momentum } => How::Momentum {
                per_ms,
                eta,
                fading: (1.0 - momentum) as f32,
            },
            Optimiser::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                // 1 - beta^count, with all digits for beta near 1.
                let unbiased = |beta: f64| -(f64::from(count) * beta.ln()).exp_m1();
                let (unbias1, unbias2) = (unbiased(beta1), unbiased(beta2).sqrt());
                How::Adam {
                    per_ms,
                    new: [(1.0 - beta1) as f32, (1.0 - beta2) as f32],
                    step: (f64::from(eta) * unbias2 / unbias1) as f32,
                    floor: (epsilon * unbias2) as f32,
                }
            }
        };
        Self { how, gated_decay }
    }

    /// Changes some synapses by their eligibilities `e`.
    ///
    /// Operands are independent, so their division among calls has no effect.
    pub fn apply(self, synapses: Operands<'_>, e: &[f32]) {
        apply(self, synapses, e);
    }
}

/// One version for each set of instructions; rounding is the same in all of them.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn apply(step: Step, synapses: Operands<'_>, e: &[f32]) {
    let Step { how, gated_decay } = step;
    let Operands {
        weights,
        first,
        second,
    } = synapses;
    let weights = weights.values.iter_mut().zip(weights.carries).zip(e);
    let second = second.values.iter_mut().zip(second.carries);
    let change = |w: &mut f32, carry: &mut f32, by: f32| {
        let by = by - (gated_decay * by.abs()).min(1.0) * *w;
        pair::add_single(w, carry, by);
    };
    let adam = |((w, carry), e): ((&mut f32, &mut f32), &f32),
                m: &mut f32,
                (v, v_carry): (&mut f32, &mut f32),
                (per_ms, new2, step, floor): (f32, f32, f32, f32)| {
        let g = e * per_ms;
        pair::add_single(v, v_carry, new2 * (g * g - *v));
        change(w, carry, step * *m / (v.sqrt() + floor));
    };
    match how {
        How::Plain { rate } => {
            for ((w, carry), e) in weights {
                change(w, carry, rate * e);
            }
        }
        How::Momentum {
            per_ms,
            eta,
            fading,
        } if first.carries.is_empty() => {
            for (((w, carry), e), v) in weights.zip(first.values) {
                *v += e * per_ms - fading * *v;
                change(w, carry, eta * *v);
            }
        }
        How::Momentum {
            per_ms,
            eta,
            fading,
        } => {
            let first = first.values.iter_mut().zip(first.carries);
            for (((w, carry), e), (v, v_carry)) in weights.zip(first) {
                pair::add_single(v, v_carry, e * per_ms - fading * *v);
                change(w, carry, eta * *v);
            }
        }
        How::Adam {
            per_ms,
            new: [new1, new2],
            step,
            floor,
        } => {
            let numbers = (per_ms, new2, step, floor);
            if first.carries.is_empty() {
                for ((synapse, m), second) in weights.zip(first.values).zip(second) {
                    *m += new1 * (synapse.1 * per_ms - *m);
                    adam(synapse, m, second, numbers);
                }
            } else {
                let first = first.values.iter_mut().zip(first.carries);
                for ((synapse, (m, m_carry)), second) in weights.zip(first).zip(second) {
                    pair::add_single(m, m_carry, new1 * (synapse.1 * per_ms - *m));
                    adam(synapse, m, second, numbers);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_in_parts_is_the_step_as_a_whole() {
        let optimisers = [
            Optimiser::Plain,
            Optimiser::Momentum { momentum: 0.9 },
            Optimiser::Adam {
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
            },
        ];
        for optimiser in optimisers {
            let of = |seed: usize| {
                let value = |i: usize| ((i * 31 + seed * 17 + i * seed) % 101) as f32 / 50.0;
                (0..1003)
                    .map(|i| (value(i) - 1.0).abs())
                    .collect::<Vec<_>>()
            };
            let run = |length: usize| {
                let e = of(2);
                let mut all = [1, 3, 4, 5, 6, 7].map(of);
                all[3..]
                    .iter_mut()
                    .flatten()
                    .for_each(|carry| *carry *= 1e-9);
                let step = Step::new(optimiser, (7, 20.0), 0.1, 0.3);
                for from in (0..e.len()).step_by(length) {
                    let part = from..(from + length).min(e.len());
                    let [w, m, v, wc, mc, vc] = &mut all;
                    let pairs = |values, carries| Pairs { values, carries };
                    let synapses = Operands {
                        weights: pairs(&mut w[part.clone()], &mut wc[part.clone()]),
                        first: pairs(&mut m[part.clone()], &mut mc[part.clone()]),
                        second: pairs(&mut v[part.clone()], &mut vc[part.clone()]),
                    };
                    step.apply(synapses, &e[part]);
                }
                all.map(|x| x.into_iter().map(f32::to_bits).collect::<Vec<_>>())
            };
            assert_eq!(run(1003), run(17));
        }
    }

    /// Small gradients with slow moments, compared with double precision.
    #[test]
    fn moments_and_weights_do_not_stall() {
        let gradient = |n: i32| 1e-3 * (1.0 + f64::from(n % 7) / 3.0);
        for optimiser in [
            Optimiser::Momentum { momentum: 0.9999 },
            Optimiser::Adam {
                beta1: 0.9999,
                beta2: 0.999_999,
                epsilon: 1e-8,
            },
        ] {
            let [mut w, mut m, mut v, mut wc, mut mc, mut vc] = [[0.0f32]; 6];
            w[0] = 0.5;
            let (mut w_is, mut m_is, mut v_is) = (0.5f64, 0.0f64, 0.0f64);
            let eta = f64::from(1e-9f32);
            for n in 1..=200_000 {
                let step = Step::new(optimiser, (n, 1.0), eta as f32, 0.0);
                let pairs = |values, carries| Pairs { values, carries };
                let synapses = Operands {
                    weights: pairs(&mut w, &mut wc),
                    first: pairs(&mut m, &mut mc),
                    second: pairs(&mut v, &mut vc),
                };
                step.apply(synapses, &[gradient(n) as f32]);
                let g = f64::from(gradient(n) as f32);
                match optimiser {
                    Optimiser::Momentum { momentum } => {
                        m_is = momentum * m_is + g;
                        w_is += eta * m_is;
                    }
                    Optimiser::Adam {
                        beta1,
                        beta2,
                        epsilon,
                    } => {
                        m_is = beta1 * m_is + (1.0 - beta1) * g;
                        v_is = beta2 * v_is + (1.0 - beta2) * g * g;
                        let unbias = |beta: f64| 1.0 - beta.powi(n);
                        let root = (v_is / unbias(beta2)).sqrt();
                        w_is += eta * (m_is / unbias(beta1)) / (root + epsilon);
                    }
                    Optimiser::Plain => unreachable!(),
                }
            }
            let off = |got: f32, is: f64| (f64::from(got) - is).abs() / is.abs();
            assert!(off(m[0], m_is) < 1e-6, "{optimiser:?}: {} {m_is}", m[0]);
            assert!(v_is == 0.0 || off(v[0], v_is) < 1e-6, "{} {v_is}", v[0]);
            let (change, change_is) = (f64::from(w[0]) + f64::from(wc[0]) - 0.5, w_is - 0.5);
            assert!(
                (change / change_is - 1.0).abs() < 1e-5,
                "{change} {change_is}"
            );
        }
    }
}
