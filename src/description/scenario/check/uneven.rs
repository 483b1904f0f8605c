//! Check for differences between presentations of an epoch, which validation and test lack.

use crate::description::document::Issues;
use crate::description::scenario::{Scenario, Task, TimelineEntry, windows};
use crate::math::Steps;

/// Warns of windows that differ between presentations of an epoch, for a training part of `train`
/// samples. Validation and test use the timeline of the last presentation.
pub(super) fn uneven(issues: &mut Issues, scenario: &Scenario, task: &Task, train: usize) {
    let steps = Steps::of(scenario.dt_ms);
    let presentation = steps.next(task.presentation_ms).max(1);
    let presentations = train.div_ceil(scenario.trials.max(1)).max(1) as u64;
    let grid = Grid {
        steps,
        presentation,
        epoch: presentation * presentations,
        end: task.epochs * presentation * presentations,
    };
    for (index, entry) in scenario.timeline.iter().enumerate() {
        if !grid.is_even(entry) {
            issues.warn(
                format!("timeline[{index}]"),
                format!(
                    "is not the same in all {presentations} presentations of an epoch; validation and \
                     test are asked with what holds in the last of them"
                ),
            );
        }
    }
}

/// Presentations and epochs of a task in steps.
struct Grid {
    steps: Steps,
    presentation: u64,
    epoch: u64,
    /// End of the run in steps.
    end: u64,
}

impl Grid {
    /// True if all presentations of an epoch have the same windows of an entry. Always true for
    /// changes of parameters and of learning rates, and for kinds of presentation.
    fn is_even(&self, entry: &TimelineEntry) -> bool {
        let mut first = entry.clone();
        let (TimelineEntry::Rates { repeat, .. }
        | TimelineEntry::Current { repeat, .. }
        | TimelineEntry::Teacher { repeat, .. }) = &mut first
        else {
            return true;
        };
        let repeat = repeat.take();
        let Some(&(from_ms, until_ms)) = windows(&first, f64::INFINITY).first() else {
            return true;
        };
        let (from, until) = (self.steps.next(from_ms), self.steps.next(until_ms));
        let length = until - from;
        if from >= self.end || length == 0 {
            return true;
        }
        // Between epochs, or after the last epoch.
        let between = |step: u64| step >= self.end || step.is_multiple_of(self.epoch);
        let Some(repeat) = repeat.filter(|repeat| repeat.times > 1) else {
            return between(from) && between(until);
        };
        let every = self.steps.next(repeat.every_ms).max(1);
        let times = u64::from(repeat.times);
        let all = every.saturating_mul(times);
        // Identical in every presentation, in whole epochs.
        let start = from - from % every;
        let in_each = self.presentation.is_multiple_of(every)
            && between(start)
            && between(start.saturating_add(all));
        // In some epochs only.
        let in_some = every.is_multiple_of(self.epoch) && between(from) && between(until);
        in_each || in_some || length == every && between(from) && between(from.saturating_add(all))
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::description::scenario::TimelineEntry;
    use crate::math::Steps;

    /// 20 presentations of 20 ms per epoch, 2 epochs.
    fn is_even(window: &str) -> bool {
        let text = format!("rates(input: \"x\", values: [1.0], {window})");
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let entry: TimelineEntry = options.from_str(&text).unwrap();
        let grid = Grid {
            steps: Steps::of(1.0),
            presentation: 20,
            epoch: 400,
            end: 800,
        };
        grid.is_even(&entry)
    }

    #[test]
    fn what_all_presentations_of_an_epoch_hear_is_even() {
        for window in [
            "from_ms: 0",
            "from_ms: 400",
            "from_ms: 0, until_ms: 400",
            "from_ms: 0, until_ms: 2, repeat: (every_ms: 20, times: 40)",
            "from_ms: 3, until_ms: 20, repeat: (every_ms: 20, times: 40)",
            "from_ms: 405, until_ms: 408, repeat: (every_ms: 10, times: 40)",
            "from_ms: 0, until_ms: 2, repeat: (every_ms: 20, times: 1000)",
            "from_ms: 0, until_ms: 400, repeat: (every_ms: 800, times: 1)",
            "from_ms: 900, until_ms: 910",
        ] {
            assert!(is_even(window), "{window}");
        }
    }

    #[test]
    fn what_some_presentations_hear_alone_is_not() {
        for window in [
            "from_ms: 780, until_ms: 800",
            "from_ms: 100",
            "from_ms: 0, until_ms: 399",
            "from_ms: 0, until_ms: 20, repeat: (every_ms: 40, times: 20)",
            "from_ms: 0, until_ms: 2, repeat: (every_ms: 20, times: 39)",
            "from_ms: 20, until_ms: 22, repeat: (every_ms: 20, times: 39)",
            "from_ms: 0, until_ms: 7, repeat: (every_ms: 15, times: 100)",
        ] {
            assert!(!is_even(window), "{window}");
        }
    }
}
