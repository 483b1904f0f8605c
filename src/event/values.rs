//! Last values sent by a population.

use multiversion::multiversion;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::math::threads;

/// Values of all neurons of a population in all trials, with the number of non-zero values.
///
/// When many neurons send at once, axons and terminals share this data; a terminal that then
/// receives single values makes its own copy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Values {
    /// Trials x size.
    all: Vec<f32>,
    /// Number of non-zero values in each trial.
    awake: Vec<u32>,
}

impl Values {
    /// The same value for `trials` x `size` neurons.
    #[must_use]
    pub fn new(trials: usize, size: usize, value: f32) -> Self {
        let awake = if value == 0.0 { 0 } else { size as u32 };
        Self {
            all: vec![value; trials * size],
            awake: vec![awake; trials],
        }
    }

    /// All values, trials x size.
    #[must_use]
    pub fn all(&self) -> &[f32] {
        &self.all
    }

    /// True if all values are 0.
    #[must_use]
    pub fn silent(&self) -> bool {
        self.awake.iter().all(|awake| *awake == 0)
    }

    /// Number of non-zero values.
    #[must_use]
    pub fn awake(&self) -> u32 {
        self.awake.iter().sum()
    }

    /// True if all values of one trial are 0.
    #[must_use]
    pub fn is_silent_in(&self, trial: usize) -> bool {
        self.awake[trial] == 0
    }

    /// Sets the value at a position (trial x size + index) and returns the previous value.
    pub fn set(&mut self, at: usize, value: f32) -> f32 {
        let size = self.all.len() / self.awake.len();
        let old = std::mem::replace(&mut self.all[at], value);
        let awake = &mut self.awake[at / size];
        *awake += u32::from(value != 0.0);
        *awake -= u32::from(old != 0.0);
        old
    }

    /// Copies `old`, with those values of `new` that differ by more than the threshold.
    pub(super) fn follow(&mut self, old: &Self, new: &[f32], threshold: f32) -> Survey {
        let trials = old.awake.len();
        self.all.resize(new.len(), 0.0);
        self.awake.resize(trials, 0);
        let size = new.len() / trials;
        // Groups of trials that are large enough for a thread.
        let lot = trials.min(threads::SENT_VALUES / size + 1);
        let work = |sent: &mut [f32], awake: &mut [u32], old: &[f32], new: &[f32]| {
            let sent = sent.chunks_exact_mut(size).zip(awake);
            let new_trials = old.chunks_exact(size).zip(new.chunks_exact(size));
            sent.zip(new_trials)
                .fold(Survey::default(), |so_far, ((sent, awake), (old, new))| {
                    let (survey, count) = follow(sent, old, new, threshold);
                    *awake = count;
                    so_far.and(survey)
                })
        };
        if lot == trials {
            return work(&mut self.all, &mut self.awake, &old.all, new);
        }
        let sent = (self.all.par_chunks_mut(lot * size)).zip(self.awake.par_chunks_mut(lot));
        let new_trials = (old.all.par_chunks(lot * size)).zip(new.par_chunks(lot * size));
        sent.zip(new_trials)
            .map(|((sent, awake), (old, new))| work(sent, awake, old, new))
            .reduce(Survey::default, Survey::and)
    }
}

/// Counts of changed values.
#[derive(Clone, Copy, Default)]
pub(super) struct Survey {
    pub crossing: usize,
    pub differing: usize,
    pub worst_hold: f32,
}

impl Survey {
    fn of(crossing: u32, differing: u32, worst: u32) -> Self {
        Self {
            crossing: crossing as usize,
            differing: differing as usize,
            worst_hold: f32::from_bits(worst),
        }
    }

    pub fn and(mut self, other: Self) -> Self {
        self.crossing += other.crossing;
        self.differing += other.differing;
        self.worst_hold = self.worst_hold.max(other.worst_hold);
        self
    }
}

/// Counts changed values and changes above the threshold. Without early exits or branches, so that
/// the loop can be vectorised.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn survey(old: &[f32], new: &[f32], threshold: f32) -> Survey {
    /// Number of values counted in 32 bits before the counts are added up.
    const PIECE: usize = 1 << 12;
    let mut survey = Survey::default();
    for (old, new) in old.chunks(PIECE).zip(new.chunks(PIECE)) {
        let (mut crossing, mut differing, mut worst) = (0u32, 0u32, 0u32);
        for (old, new) in old.iter().zip(new) {
            let difference = (new - old).abs();
            let crosses = difference > threshold;
            crossing += u32::from(crosses);
            differing += u32::from(difference > 0.0);
            // For magnitudes, bits have the order of the numbers, so the maximum is vectorised.
            worst = worst.max(if crosses { 0 } else { difference.to_bits() });
        }
        survey = survey.and(Survey::of(crossing, differing, worst));
    }
    survey
}

/// As [`survey`] for one trial; also writes the values to `sent`, new where the change exceeds the
/// threshold. Returns the number of non-zero values, too.
#[multiversion(targets("x86_64+avx2"))]
fn follow(sent: &mut [f32], old: &[f32], new: &[f32], threshold: f32) -> (Survey, u32) {
    let (mut crossing, mut differing, mut worst, mut awake) = (0u32, 0u32, 0u32, 0u32);
    for (sent, (old, new)) in sent.iter_mut().zip(old.iter().zip(new)) {
        let difference = (new - old).abs();
        let crosses = difference > threshold;
        crossing += u32::from(crosses);
        differing += u32::from(difference > 0.0);
        worst = worst.max(if crosses { 0 } else { difference.to_bits() });
        let value = if crosses { *new } else { *old };
        awake += u32::from(value != 0.0);
        *sent = value;
    }
    (Survey::of(crossing, differing, worst), awake)
}
