//! Check of the timeline: targets, values and times.

use std::collections::BTreeMap;

use super::view::View;
use crate::description::document::{Allowed, Issues, Quantity};
use crate::description::scenario::{Repeat, TimelineEntry, windows};
use crate::math::Steps;
use crate::neuron::NeuronParameter;

/// Largest number of windows of one entry, and of all entries together.
const MOST_WINDOWS: u32 = 1_000_000;

/// Start and end of a window in ms, and the entry that it belongs to.
type Taken = (f64, f64, usize);

pub(super) fn check(issues: &mut Issues, view: &View<'_>) {
    if !count_windows(issues, &view.scenario.timeline) {
        return;
    }
    // Windows of each input and of each teacher.
    let mut taken: BTreeMap<(&str, &str), Vec<Taken>> = BTreeMap::new();
    let task = view.scenario.task.as_ref();
    for (index, entry) in view.scenario.timeline.iter().enumerate() {
        let path = format!("timeline[{index}]");
        let owner = match entry {
            TimelineEntry::Rates { input, values, .. } => {
                let size = view.input(issues, &format!("{path}.input"), input);
                vector(issues, &format!("{path}.values"), values, size);
                if task.is_some_and(|task| task.input == *input) {
                    issues.error(
                        format!("{path}.input"),
                        format!("the task shows its samples to `{input}`; expected another input"),
                    );
                }
                Some(("rates of", input.as_str()))
            }
            TimelineEntry::Current {
                neurons, amplitude, ..
            } => {
                let at = format!("{path}.neurons");
                if view.population(issues, &at, &neurons.population).is_some() {
                    view.neurons(issues, &at, neurons);
                }
                issues.number(format!("{path}.amplitude"), *amplitude, Allowed::Any);
                None
            }
            TimelineEntry::Teacher {
                population,
                target,
                strength,
                ..
            } => {
                let at = format!("{path}.population");
                let size = view.population(issues, &at, population).map(|p| p.size);
                vector(issues, &format!("{path}.target"), target, size);
                let path = format!("{path}.strength");
                issues.number(path, *strength, Allowed::AtLeast(0.0));
                if task.is_some_and(|task| task.taught().any(|taught| taught == population)) {
                    issues.error(
                        at,
                        format!("the task teaches `{population}`; expected another population"),
                    );
                }
                Some(("teacher of", population.as_str()))
            }
            TimelineEntry::Presentation { kind, .. } => {
                issues.number(format!("{path}.kind"), *kind, Allowed::Any);
                Some(("kind of", "presentation"))
            }
            moment => {
                check_moment(issues, view, &path, moment);
                continue;
            }
        };
        if check_window(issues, view, &path, entry)
            && let Some(owner) = owner
        {
            let end = view.end_ms.unwrap_or(f64::MAX);
            let windows = windows(entry, end).into_iter();
            let windows = windows.map(|(from, until)| (from, until, index));
            taken.entry(owner).or_default().extend(windows);
        }
    }
    for ((what, name), windows) in taken {
        overlaps(issues, &format!("{what} `{name}`"), windows);
    }
}

/// True if the number of windows is permitted; adds an error otherwise.
fn count_windows(issues: &mut Issues, timeline: &[TimelineEntry]) -> bool {
    let times = timeline.iter().map(|entry| match entry {
        TimelineEntry::Rates { repeat, .. }
        | TimelineEntry::Current { repeat, .. }
        | TimelineEntry::Teacher { repeat, .. }
        | TimelineEntry::Presentation { repeat, .. } => repeat.map_or(1, |r| u64::from(r.times)),
        _ => 0,
    });
    // An entry with too many windows is reported separately.
    let each = 1..=u64::from(MOST_WINDOWS);
    let windows: u64 = times.filter(|times| each.contains(times)).sum();
    let few = windows <= u64::from(MOST_WINDOWS);
    if !few {
        let message = format!(
            "expected at most {MOST_WINDOWS} windows in a timeline, found {windows}; a current or \
             rate that changes so often belongs into data"
        );
        issues.error("timeline", message);
    }
    few
}

/// Checks for one number per neuron, or one for all.
fn vector(issues: &mut Issues, path: &str, values: &[f32], size: Option<usize>) {
    if let Some(size) = size
        && values.len() != size
        && values.len() != 1
    {
        let found = values.len();
        issues.error(
            path,
            format!(
                "expected {size} numbers, one a neuron, or a single one for all; found {found}"
            ),
        );
    } else if values.is_empty() {
        issues.error(
            path,
            "expected one number a neuron, or a single one for all; found none",
        );
    }
    if let Some((index, value)) =
        (values.iter().enumerate()).find(|(_, v)| !Allowed::Any.permits(**v))
    {
        issues.number(format!("{path}[{index}]"), *value, Allowed::Any);
    }
}

fn check_moment(issues: &mut Issues, view: &View<'_>, path: &str, entry: &TimelineEntry) {
    let value = format!("{path}.value");
    let at_ms = match entry {
        TimelineEntry::Neuron {
            population,
            parameter,
            at_ms,
            value: number,
        } => {
            view.population(issues, &format!("{path}.population"), population);
            let allowed = match parameter {
                NeuronParameter::TauBMs | NeuronParameter::TauAMs | NeuronParameter::TauSMs => {
                    Allowed::AtLeast(0.0)
                }
                NeuronParameter::GA => Allowed::Within(-f32::LARGEST, f32::LARGEST),
                NeuronParameter::Lambda => Allowed::Within(0.0, 1.0),
            };
            issues.number(value, *number, allowed);
            *at_ms
        }
        TimelineEntry::Eta {
            projection,
            at_ms,
            value: number,
        } => {
            let at = format!("{path}.projection");
            let found = view.projection(issues, &at, projection);
            let synapse = found
                .zip(view.model)
                .map(|(p, model)| model.synapses.get(p.synapse.unwrap_or_default()));
            if synapse
                .flatten()
                .is_some_and(|synapse| synapse.rule.is_none())
            {
                let message = "this has no effect: the synapse type of this projection has no rule";
                issues.warn(at, message);
            }
            issues.number(value, *number, Allowed::AtLeast(0.0));
            *at_ms
        }
        TimelineEntry::EtaScale { at_ms, factor } => {
            issues.number(format!("{path}.factor"), *factor, Allowed::AtLeast(0.0));
            if view.scenario.task.is_some() {
                let message = "the task sets this factor at each presentation, by its \
                               `eta_schedule`; what is set here lasts until the next one";
                issues.warn(path, message);
            }
            *at_ms
        }
        _ => return,
    };
    time(issues, view, &format!("{path}.at_ms"), at_ms);
}

/// True if the windows of an entry are valid; adds errors otherwise.
fn check_window(issues: &mut Issues, view: &View<'_>, path: &str, entry: &TimelineEntry) -> bool {
    let (TimelineEntry::Rates {
        from_ms,
        until_ms,
        repeat,
        ..
    }
    | TimelineEntry::Current {
        from_ms,
        until_ms,
        repeat,
        ..
    }
    | TimelineEntry::Teacher {
        from_ms,
        until_ms,
        repeat,
        ..
    }
    | TimelineEntry::Presentation {
        from_ms,
        until_ms,
        repeat,
        ..
    }) = entry
    else {
        return false;
    };
    let starts = time(issues, view, &format!("{path}.from_ms"), *from_ms);
    let until = format!("{path}.until_ms");
    let ends = until_ms.is_none_or(|until_ms| {
        let finite = time_without_end(issues, view, &until, until_ms);
        if finite && starts && until_ms <= *from_ms {
            issues.error(
                &until,
                format!("expected a time after the start at {from_ms} ms, found {until_ms} ms"),
            );
        }
        finite && until_ms > *from_ms
    });
    let repeats = repeat.is_none_or(|repeat| {
        let length = until_ms.map(|until_ms| if ends { until_ms - from_ms } else { 0.0 });
        check_repeat(issues, view, path, &repeat, length, *from_ms)
    });
    starts && ends && repeats
}

fn check_repeat(
    issues: &mut Issues,
    view: &View<'_>,
    path: &str,
    repeat: &Repeat,
    length: Option<f64>,
    from_ms: f64,
) -> bool {
    let Repeat { every_ms, times } = *repeat;
    let at = format!("{path}.repeat");
    let positive = issues.number(format!("{at}.every_ms"), every_ms, Allowed::Above(0.0));
    let counted = (1..=MOST_WINDOWS).contains(&times);
    if !counted {
        let message = format!("expected 1 to {MOST_WINDOWS} times, found {times}");
        issues.error(format!("{at}.times"), message);
    }
    let apart = length.is_some_and(|length| length <= every_ms * (1.0 + 1e-9));
    match length {
        None => issues.error(&at, "what is repeated needs an end; expected `until_ms`"),
        Some(length) if positive && !apart => issues.error(
            format!("{at}.every_ms"),
            format!(
                "windows of {length} ms would overlap; expected a period of at least that, found \
                 {every_ms} ms"
            ),
        ),
        _ => {}
    }
    let last = from_ms + every_ms * f64::from(times.saturating_sub(1));
    if let Some(end) = view.end_ms
        && counted
        && last >= end
        && from_ms < end
    {
        issues.warn(
            format!("{at}.times"),
            format!(
                "the last of them would start at {last} ms, after the end of the run at {end} ms"
            ),
        );
    }
    if let Some(dt_ms) = view.dt_ms
        && positive
        && Steps::of(dt_ms).whole(every_ms).is_none()
    {
        between_steps(issues, format!("{at}.every_ms"), every_ms, dt_ms);
    }
    positive && counted && apart
}

/// Checks a time of the run: finite, not before the start; warns if it is not before the end.
fn time(issues: &mut Issues, view: &View<'_>, path: &str, ms: f64) -> bool {
    let holds = time_without_end(issues, view, path, ms);
    if let Some(end) = view.end_ms.filter(|end| holds && ms >= *end) {
        issues.warn(
            path,
            format!("{ms} ms is not before the end of the run at {end} ms: this will not happen"),
        );
    }
    holds
}

fn time_without_end(issues: &mut Issues, view: &View<'_>, path: &str, ms: f64) -> bool {
    let holds = issues.number(path, ms, Allowed::AtLeast(0.0));
    if let Some(dt_ms) = view.dt_ms
        && holds
        && Steps::of(dt_ms).whole(ms).is_none()
    {
        between_steps(issues, path.to_owned(), ms, dt_ms);
    }
    holds
}

fn between_steps(issues: &mut Issues, path: String, ms: f64, dt_ms: f64) {
    issues.warn(
        path,
        format!("{ms} ms lies between steps of {dt_ms} ms: it acts at the next step"),
    );
}

/// Checks that windows of one input or teacher do not overlap.
fn overlaps(issues: &mut Issues, what: &str, mut windows: Vec<Taken>) {
    windows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut reported = Vec::new();
    for (before, after) in windows.iter().zip(windows.iter().skip(1)) {
        let both = (before.2.min(after.2), before.2.max(after.2));
        if after.0 < before.1 - 1e-9 * before.1.abs().min(1.0) && !reported.contains(&both) {
            reported.push(both);
            let until = match before.1 {
                f64::MAX => "the end of the run".to_owned(),
                until => format!("{until} ms"),
            };
            issues.error(
                format!("timeline[{}]", both.1),
                format!(
                    "the {what} would be set twice: this overlaps `timeline[{}]`, from {} ms to \
                     {until}",
                    both.0, after.0
                ),
            );
        }
    }
}
