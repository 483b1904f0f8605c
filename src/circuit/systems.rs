//! User-defined systems.

use std::sync::Arc;

use bevy_ecs::schedule::Schedule;

/// User-defined systems, which become part of every step.
#[derive(Clone, Default)]
pub struct Systems(Vec<Arc<Add>>);

/// A function that adds systems to the schedule of a step.
type Add = dyn Fn(&mut Schedule) + Send + Sync;

impl Systems {
    /// Registers `add`, which adds systems to the schedule of a step.
    pub fn add(&mut self, add: impl Fn(&mut Schedule) + Send + Sync + 'static) {
        self.0.push(Arc::new(add));
    }

    /// Number of functions that add systems.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all systems to `schedule`.
    pub fn enter(&self, schedule: &mut Schedule) {
        self.0.iter().for_each(|add| add(schedule));
    }
}
