//! Send on change: the messages of a population and their conduction delays.
//!
//! A neuron sends its rate or its teaching signal if it differs from the last value sent by more
//! than the threshold. All values sent in a step form one *volley*; a step in which no neuron sends
//! has none. A volley sent in step `n` arrives, after a delay of `d` steps, in step `n + d - 1`:
//! the first step that it can change (compare [`DelayLine`]).
//!
//! [`DelayLine`]: super::DelayLine

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;

use super::values::{Survey, Values, survey};
use crate::math::columns::PRODUCT_PAYS;
use crate::math::elementwise;
use crate::neuron::Compartment;

/// Signal carried by axons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Rates, to basal dendrites or, as context, to apical ones.
    Rate,
    /// Teaching signals, to apical dendrites.
    Delta,
}

impl Signal {
    /// Signal of a projection onto this compartment, unless the model names another.
    #[must_use]
    pub fn of(compartment: Compartment) -> Self {
        match compartment {
            Compartment::Basal => Self::Rate,
            Compartment::Apical => Self::Delta,
        }
    }
}

/// Counts of sending on change so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Number of values sent.
    pub sent: u64,
    /// Number of values that had changed, but not by more than the threshold, counted in every step
    /// in which their population was examined.
    pub suppressed: u64,
    /// Largest difference between a value and the last value sent, after the decision to send.
    pub worst_hold: f32,
}

/// Messages that arrive in one step; values are trials x size.
#[derive(Clone, Copy, Debug)]
pub enum Volley<'a> {
    /// Position (trial x size + index) and value of each message, in ascending order of position.
    Few(&'a [(u32, f32)]),
    /// All values, including those that were not sent; used if many were sent.
    Many(&'a Arc<Values>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Flying {
    Few(Vec<(u32, f32)>),
    Many(Arc<Values>),
}

/// The axons of one population that carry one signal with one threshold.
#[derive(Component, Clone, Debug)]
pub struct Axons {
    /// Sending population.
    pub population: Entity,
    /// Signal that is sent.
    pub signal: Signal,
    /// Largest difference that is not sent; 0 sends every change.
    pub threshold: f32,
    /// Counts so far.
    pub traffic: Traffic,
    sent: Arc<Values>,
    /// Buffers of earlier values, to be overwritten when they are no longer shared.
    former: Vec<Arc<Values>>,
    flying: VecDeque<(u64, Flying)>,
    /// Delays of the projections that read these axons, in steps, ascending.
    delays: Vec<u64>,
    /// Number of sending neurons from which on a volley carries all values.
    many: usize,
}

/// Stored state of axons.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredAxons {
    traffic: Traffic,
    sent: Values,
    flying: VecDeque<(u64, Flying)>,
}

impl Axons {
    /// State to be stored; `former` contains only buffers.
    pub(crate) fn stored(&self) -> StoredAxons {
        StoredAxons {
            traffic: self.traffic,
            sent: (*self.sent).clone(),
            flying: self.flying.clone(),
        }
    }

    /// Restores the state of the same axons in another world.
    pub(crate) fn restore(&mut self, stored: StoredAxons) {
        self.traffic = stored.traffic;
        self.sent = Arc::new(stored.sent);
        self.flying = stored.flying;
    }

    /// Silent axons of `trials` x `size` neurons, for projections with these delays in steps.
    #[must_use]
    pub fn new(
        (population, signal, threshold): (Entity, Signal, f32),
        (trials, size): (usize, usize),
        mut delays: Vec<u64>,
    ) -> Self {
        delays.sort_unstable();
        delays.dedup();
        let width = trials * size;
        Self {
            population,
            signal,
            threshold,
            traffic: Traffic::default(),
            sent: Arc::new(Values::new(trials, size, 0.0)),
            former: Vec::new(),
            flying: VecDeque::new(),
            delays,
            // With a single trial, columns cost no more than a product over all senders.
            many: if trials == 1 {
                width + 1
            } else {
                width.div_ceil(PRODUCT_PAYS)
            },
        }
    }

    /// Sends those of `values` that differ from the last ones by more than the threshold.
    pub fn send(&mut self, step: u64, values: &[f32]) {
        let spare = self.retire(step);
        // If many of the first values are sent, one pass over all values decides and sends.
        let (first, threshold) = (values.len() / 16, self.threshold);
        let sample = survey(&self.sent.all()[..first], &values[..first], threshold);
        if sample.crossing * values.len() > self.many * first {
            let survey = self.send_all(step, values);
            return self.count(survey);
        }
        let work = |values: &[f32], sent: &[f32]| survey(sent, values, threshold);
        let survey = elementwise::survey(values, self.sent.all(), work, Survey::and);
        self.count(survey);
        if survey.crossing >= self.many {
            self.send_all(step, values);
        } else if survey.crossing > 0 {
            let few = match spare {
                Some(Flying::Few(few)) => few,
                _ => Vec::new(),
            };
            self.send_few(step, values, few, survey.crossing);
        }
    }

    fn send_all(&mut self, step: u64, values: &[f32]) -> Survey {
        let free = (self.former.iter()).position(|values| Arc::strong_count(values) == 1);
        let mut next = free.map_or_else(Arc::default, |n| self.former.swap_remove(n));
        let survey = Arc::make_mut(&mut next).follow(&self.sent, values, self.threshold);
        self.flying
            .push_back((step, Flying::Many(Arc::clone(&next))));
        self.former.push(std::mem::replace(&mut self.sent, next));
        survey
    }

    fn send_few(&mut self, step: u64, values: &[f32], mut few: Vec<(u32, f32)>, count: usize) {
        few.clear();
        few.reserve(count);
        let sent = Arc::make_mut(&mut self.sent);
        for (at, value) in values.iter().enumerate() {
            if (value - sent.all()[at]).abs() > self.threshold {
                sent.set(at, *value);
                few.push((at as u32, *value));
            }
        }
        self.flying.push_back((step, Flying::Few(few)));
    }

    fn count(&mut self, survey: Survey) {
        self.traffic.sent += survey.crossing as u64;
        self.traffic.suppressed += (survey.differing - survey.crossing) as u64;
        self.traffic.worst_hold = self.traffic.worst_hold.max(survey.worst_hold);
    }

    /// Volley that arrives in step `step` after a delay of `delay` steps.
    #[must_use]
    pub fn arriving(&self, step: u64, delay: usize) -> Option<Volley<'_>> {
        let left = (step + 1).checked_sub(delay as u64)?;
        let (_, volley) = self.flying.iter().find(|(sent, _)| *sent == left)?;
        Some(match volley {
            Flying::Few(few) => Volley::Few(few),
            Flying::Many(all) => Volley::Many(all),
        })
    }

    /// First step after `step` in which any volley arrives.
    #[must_use]
    pub fn next_arrival(&self, step: u64) -> Option<u64> {
        let arrivals = (self.flying.iter())
            .flat_map(|(sent, _)| self.delays.iter().map(move |delay| sent + delay - 1));
        arrivals.filter(|arrival| *arrival > step).min()
    }

    /// Last values sent, trials x size.
    #[must_use]
    pub fn sent(&self) -> &[f32] {
        self.sent.all()
    }

    fn longest(&self) -> u64 {
        self.delays.last().copied().unwrap_or(1)
    }

    /// Removes volleys that have arrived everywhere; returns one for reuse of its memory.
    fn retire(&mut self, step: u64) -> Option<Flying> {
        let mut spare = None;
        let longest = self.longest();
        while (self.flying.front()).is_some_and(|(sent, _)| sent + longest <= step) {
            spare = self.flying.pop_front().map(|(_, volley)| volley);
        }
        spare
    }
}

#[cfg(test)]
mod tests {
    use super::{Axons, Signal, Volley};
    use bevy_ecs::entity::Entity;

    fn axons(threshold: f32, shape: (usize, usize), longest: u64) -> Axons {
        let kind = (Entity::PLACEHOLDER, Signal::Rate, threshold);
        Axons::new(kind, shape, (1..=longest).collect())
    }

    /// Values at the terminals of a projection with this delay after each step.
    fn held(axons: &mut Axons, steps: &[Vec<f32>], delay: usize) -> Vec<Vec<f32>> {
        let mut held = vec![0.0; steps[0].len()];
        (steps.iter().enumerate())
            .map(|(step, values)| {
                axons.send(step as u64, values);
                match axons.arriving(step as u64, delay) {
                    Some(Volley::Few(few)) => {
                        few.iter()
                            .for_each(|&(at, value)| held[at as usize] = value);
                    }
                    Some(Volley::Many(values)) => held.copy_from_slice(values.all()),
                    None => {}
                }
                held.clone()
            })
            .collect()
    }

    /// Values that change in some steps and stay constant in others, for few and for many neurons.
    fn steps(width: usize) -> Vec<Vec<f32>> {
        (0..60u32)
            .map(|step| {
                let moved = |i: usize| match step % 7 {
                    0 => step as f32,
                    3 if i == 1 => -(step as f32),
                    5 if i < 2 => 0.5,
                    _ => (step - step % 7) as f32,
                };
                (0..width).map(moved).collect()
            })
            .collect()
    }

    #[test]
    fn at_threshold_zero_a_projection_holds_what_a_delay_line_hands_on() {
        for shape in [(1, 5), (3, 4)] {
            let steps = steps(shape.0 * shape.1);
            for longest in 1..5 {
                for delay in 1..=longest {
                    let got = held(&mut axons(0.0, shape, longest), &steps, delay as usize);
                    for (step, got) in got.iter().enumerate() {
                        let zero = vec![0.0; got.len()];
                        let want = (step + 1)
                            .checked_sub(delay as usize)
                            .map_or(&zero, |n| &steps[n]);
                        assert_eq!(got, want, "step {step}, delay {delay} of {longest}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_held_is_never_further_off_than_the_threshold() {
        let steps: Vec<Vec<f32>> = (0..200)
            .map(|n| {
                (0..6)
                    .map(|i| (n as f32 * 0.05 * (i + 1) as f32).sin())
                    .collect()
            })
            .collect();
        for shape in [(1, 6), (2, 3)] {
            let mut axons = axons(0.1, shape, 1);
            let held = held(&mut axons, &steps, 1);
            for (held, steps) in held.iter().zip(&steps) {
                for (held, value) in held.iter().zip(steps) {
                    assert!((held - value).abs() <= 0.1);
                }
            }
            let traffic = axons.traffic;
            assert!(traffic.worst_hold > 0.05 && traffic.worst_hold <= 0.1);
            assert!(traffic.sent > 50 && traffic.sent < 900, "{traffic:?}");
            assert!(traffic.suppressed > 50);
        }
    }
}
