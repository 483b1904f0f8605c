//! Optimisers: from the eligibility of a synapse to its change at one consolidation.

use multiversion::multiversion;

use crate::model::Optimiser;

/// Some synapses with what the optimiser remembers of them, all in one order; what it does without
/// is empty.
pub(super) struct Synapses<'a> {
    pub weights: &'a mut [f32],
    pub first: &'a mut [f32],
    pub second: &'a mut [f32],
}

/// What one consolidation does to every synapse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    how: How,
    /// Each change overwrites this much of its own size.
    turnover: f32,
}

/// The optimiser with its numbers worked out.
#[derive(Clone, Copy, Debug)]
enum How {
    Plain {
        rate: f32,
    },
    Momentum {
        per_ms: f32,
        eta: f32,
        momentum: f32,
    },
    Adam {
        per_ms: f32,
        /// `1 - beta1` and `1 - beta2`.
        new: [f32; 2],
        /// Step size and floor of the root: the corrections of bias are folded into both.
        step: f32,
        floor: f32,
    },
}

impl Step {
    /// Consolidation number `count`, from 1, of one every `period_ms`, at the rate `eta`.
    pub fn new(
        optimiser: Optimiser,
        (count, period_ms): (i32, f32),
        eta: f32,
        turnover: f32,
    ) -> Self {
        let per_ms = 1.0 / period_ms;
        let how = match optimiser {
            Optimiser::Plain => How::Plain { rate: eta * per_ms },
            Optimiser::Momentum { momentum } => How::Momentum {
                per_ms,
                eta,
                momentum,
            },
            Optimiser::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                let unbias1 = 1.0 - f64::from(beta1).powi(count);
                let unbias2 = (1.0 - f64::from(beta2).powi(count)).sqrt();
                How::Adam {
                    per_ms,
                    new: [1.0 - beta1, 1.0 - beta2],
                    step: (f64::from(eta) * unbias2 / unbias1) as f32,
                    floor: (f64::from(epsilon) * unbias2) as f32,
                }
            }
        };
        Self { how, turnover }
    }

    /// Changes some synapses by their eligibilities `e`.
    ///
    /// A synapse does not depend on others, so it does not matter how they are divided among calls.
    pub fn apply(self, synapses: Synapses<'_>, e: &[f32]) {
        apply(self, synapses, e);
    }
}

/// One version for each set of instructions; none of them rounds otherwise.
#[multiversion(targets("x86_64+avx2"))]
fn apply(step: Step, synapses: Synapses<'_>, e: &[f32]) {
    let Step { how, turnover } = step;
    let Synapses {
        weights,
        first,
        second,
    } = synapses;
    let change = |w: &mut f32, by: f32| *w += by - (turnover * by.abs()).min(1.0) * *w;
    match how {
        How::Plain { rate } => {
            for (w, e) in weights.iter_mut().zip(e) {
                change(w, rate * e);
            }
        }
        How::Momentum {
            per_ms,
            eta,
            momentum,
        } => {
            for ((w, e), v) in weights.iter_mut().zip(e).zip(first) {
                *v = momentum * *v + e * per_ms;
                change(w, eta * *v);
            }
        }
        How::Adam {
            per_ms,
            new,
            step,
            floor,
        } => {
            for (((w, e), m), v) in weights.iter_mut().zip(e).zip(first).zip(second) {
                let g = e * per_ms;
                *m += new[0] * (g - *m);
                *v += new[1] * (g * g - *v);
                change(w, step * *m / (v.sqrt() + floor));
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
                let [mut w, e, mut m, mut v] = [1, 2, 3, 4].map(of);
                let step = Step::new(optimiser, (7, 20.0), 0.1, 0.3);
                let parts = (w.chunks_mut(length).zip(e.chunks(length)))
                    .zip(m.chunks_mut(length).zip(v.chunks_mut(length)));
                parts.for_each(|((weights, e), (first, second))| {
                    let synapses = Synapses {
                        weights,
                        first,
                        second,
                    };
                    step.apply(synapses, e);
                });
                [w, m, v].map(|x| x.into_iter().map(f32::to_bits).collect::<Vec<_>>())
            };
            assert_eq!(run(1003), run(17));
        }
    }
}
