//! Conduction delays: a ring of the values that a population sent in its last steps.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

/// Values sent by one population, newest first, for as many steps as its longest delay.
///
/// The delay is the time from sending to the first state that the value can change: a value sent at
/// `t` with a delay of `d` steps is read by the step that ends at `t + d dt`. So `d >= 1`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DelayLine {
    slots: Vec<Vec<f32>>,
    newest: usize,
}

impl DelayLine {
    /// A line of `width` values, all 0, for delays of up to `longest` steps.
    #[must_use]
    pub fn new(width: usize, longest: usize) -> Self {
        Self {
            slots: vec![vec![0.0; width]; longest.max(1)],
            newest: 0,
        }
    }

    /// Sets all values to 0.
    pub fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.fill(0.0));
    }

    /// Sends `values` and overwrites the oldest ones.
    pub fn send(&mut self, values: &[f32]) {
        self.newest = (self.newest + 1) % self.slots.len();
        self.slots[self.newest].copy_from_slice(values);
    }

    /// Values that arrive after `delay` steps; a delay of 1 gives the values sent last.
    #[must_use]
    pub fn arriving(&self, delay: usize) -> &[f32] {
        let depth = self.slots.len();
        debug_assert!((1..=depth).contains(&delay));
        &self.slots[(self.newest + depth + 1 - delay) % depth]
    }
}

/// Rates under way to basal dendrites.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct RateLine(pub DelayLine);

/// Teaching signals under way to apical dendrites.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct DeltaLine(pub DelayLine);

#[cfg(test)]
mod tests {
    use super::DelayLine;

    #[test]
    fn a_value_arrives_after_exactly_its_delay() {
        for longest in 1..6 {
            let mut line = DelayLine::new(1, longest);
            for step in 1..40 {
                line.send(&[step as f32]);
                for delay in 1..=longest {
                    let sent = (step + 1 - delay as i32).max(0);
                    assert_eq!(line.arriving(delay), [sent as f32]);
                }
            }
        }
    }
}
