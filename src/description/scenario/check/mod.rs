//! Check of a scenario, which reports all problems at once.

mod clipped;
mod data;
mod probes;
mod task;
mod teachers;
mod timeline;
mod uneven;
mod view;

pub use clipped::clipped;
pub use data::{check_data, data, fitting, read_data};

use super::Scenario;
use crate::circuit::Circuit;
use crate::description::Registry;
use crate::description::document::{Allowed, Issue, Issues};
use crate::description::model::{Model, check_name};
use view::View;

/// Largest number of parallel trials, so that numbers of rows do not overflow.
const MOST_TRIALS: usize = 1 << 16;

/// Largest number of variants of one scenario.
pub(crate) const MOST_VARIANTS: usize = 10_000;
/// Largest number of entries of a timeline.
const MOST_EVENTS: usize = 100_000;
/// Largest number of probes.
const MOST_PROBES: usize = 1000;

/// Shortest step in ms: a nanosecond, far below any time constant of a neuron.
const SHORTEST_STEP_MS: f64 = 1e-6;

/// Problems of `scenario`, in no particular order; without `model`, those of the scenario alone.
///
/// Its variants are separate scenarios: see [`load`](super::load()).
#[must_use]
pub fn check(scenario: &Scenario, model: Option<&Model>, registry: &Registry) -> Vec<Issue> {
    let mut issues = Issues::default();
    check_name(&mut issues, "name", &scenario.name);
    let steps = Allowed::AtLeast(SHORTEST_STEP_MS);
    let dt_ms = (issues.number("dt_ms", scenario.dt_ms, steps)).then_some(scenario.dt_ms);
    if !(1..=MOST_TRIALS).contains(&scenario.trials) {
        let found = scenario.trials;
        issues.error(
            "trials",
            format!("expected 1 to {MOST_TRIALS} trials, found {found}"),
        );
    }
    for (path, found, most) in [
        ("variants", scenario.variants.len(), MOST_VARIANTS),
        ("timeline", scenario.timeline.len(), MOST_EVENTS),
        ("probes", scenario.probes.len(), MOST_PROBES),
    ] {
        if found > most {
            issues.error(
                path,
                format!("expected {most} entries at most, found {found}"),
            );
            return issues.into_vec();
        }
    }
    let end_ms = duration(&mut issues, scenario, dt_ms);
    for key in scenario.variants.keys() {
        check_name(&mut issues, &format!("variants.{key}"), key);
    }
    let view = View {
        scenario,
        model,
        registry,
        dt_ms,
        end_ms,
    };
    timeline::check(&mut issues, &view);
    probes::check(&mut issues, &view);
    teachers::check(&mut issues, &view);
    if let Some(task) = &scenario.task {
        task::check(&mut issues, &view, task);
    }
    issues.into_vec()
}

/// Problems of `scenario` that depend on the times of its `circuit`, checked otherwise.
#[must_use]
pub(super) fn check_times(scenario: &Scenario, circuit: &Circuit) -> Vec<Issue> {
    let mut issues = Issues::default();
    if let Some(task) = &scenario.task {
        task::window(&mut issues, circuit, task);
    }
    issues.into_vec()
}

/// End of the run in ms, if it is given and permitted.
fn duration(issues: &mut Issues, scenario: &Scenario, dt_ms: Option<f64>) -> Option<f64> {
    match (scenario.duration_ms, &scenario.task) {
        (None, None) => {
            issues.error(
                "",
                "expected either `duration_ms` or `task`, found neither: one of them \
                 determines the length of the run",
            );
            None
        }
        (Some(_), Some(_)) => {
            issues.error(
                "duration_ms",
                "the presentations of a task determine the length of the run; expected no `duration_ms`",
            );
            None
        }
        (None, Some(_)) => None,
        (Some(ms), None) => issues.steps("duration_ms", ms, dt_ms).then_some(ms),
    }
}
