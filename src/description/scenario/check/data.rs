//! Check of the data of a task: existence, and agreement with the circuit.

use std::path::Path;

use super::task::setting;
use super::uneven::uneven;
use crate::data::encoder::moments;
use crate::data::error::{listed, quote};
use crate::data::{DataError, Encoder, Encoding, LoadedData, Per, Source};
use crate::description::Registry;
use crate::description::document::{Allowed, Issue, Issues, Problems, Quantity, Severity};
use crate::description::model::Model;
use crate::description::scenario::{self, Scenario, Task};

/// Reads the data of a scenario's task, if it has one, for a run: missing data are an error. Also
/// returns the warnings.
///
/// # Errors
/// Data that are not available or do not fit the circuit.
pub fn data(
    loaded: &scenario::LoadedScenario,
    data_directory: Option<&Path>,
    registry: &Registry,
) -> Result<Option<(LoadedData, Problems)>, Problems> {
    let Some(task) = &loaded.scenario.task else {
        return Ok(None);
    };
    match read_data(task, &loaded.directory, data_directory, registry) {
        Ok(data) => {
            let warnings = fitting(loaded, &data)?;
            Ok(Some((data, warnings)))
        }
        // Missing data are acceptable for validation, but not for a run.
        Err(issue) => Err((loaded.scenario_document)
            .problem(Issue {
                severity: Severity::Error,
                ..issue
            })
            .into()),
    }
}

/// Checks that the data of a scenario's task fit its circuit; returns the warnings.
///
/// # Errors
/// The disagreements.
pub fn fitting(loaded: &scenario::LoadedScenario, data: &LoadedData) -> Result<Problems, Problems> {
    let issues = check_data(&loaded.scenario, &loaded.model, data);
    let problems = (issues.into_iter()).map(|issue| loaded.scenario_document.problem(issue));
    let problems = Problems(problems.collect());
    match problems.errors() {
        0 => Ok(problems),
        _ => Err(problems),
    }
}

/// Reads the data of a task from the scenario's `directory`, or from `data_directory` if they are
/// not part of the scenario.
///
/// # Errors
/// Data that are not available; only a warning if users have to fetch them.
pub fn read_data(
    task: &Task,
    directory: &Path,
    data_directory: Option<&Path>,
    registry: &Registry,
) -> Result<LoadedData, Issue> {
    (task
        .data
        .load_with(directory, data_directory, registry.sources()))
    .map_err(|error| {
        let elsewhere = matches!(task.data, Source::Idx { .. } | Source::Cifar10 { .. });
        let missing = matches!(error, DataError::Missing { .. });
        Issue {
            severity: match elsewhere && missing {
                true => Severity::Warning,
                false => Severity::Error,
            },
            path: "task.data".into(),
            message: error.to_string(),
        }
    })
}

/// Error message if a task has too many steps.
fn too_long(scenario: &Scenario, task: &Task, train: usize) -> Option<String> {
    const MOST: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;
    let presentations = train.div_ceil(scenario.trials.max(1)) as f64;
    let steps = task.epochs as f64 * presentations * (task.presentation_ms / scenario.dt_ms);
    (steps > MOST).then(|| {
        format!(
            "{} epochs of {presentations} presentations are {steps:.1e} steps; expected {MOST} at \
             most",
            task.epochs
        )
    })
}

/// Error message if encoded samples are not valid rates. An encoding is monotonic in each feature,
/// so only the extremes of each are checked.
fn beyond_numbers(task: &Task, data: &LoadedData) -> Option<String> {
    // Numbers from the training part are checked where they are computed.
    if matches!(task.encoding, Encoding::StandardizePer(_)) {
        return None;
    }
    task.encoding.check().ok()?;
    let encoder = Encoder::Given(task.encoding);
    for part in std::iter::once(&data.train).chain(&data.test) {
        for (feature, extremes) in part.inputs.extremes().into_iter().enumerate() {
            for raw in extremes {
                let value = encoder.value(raw, feature) as f32;
                if !Allowed::Any.permits(value) {
                    return Some(format!(
                        "the value {raw:e} of feature {feature} becomes {value:e}; expected rates \
                         from -{most:e} to {most:e}",
                        most = f32::LARGEST
                    ));
                }
            }
        }
    }
    None
}

/// Warning about features whose encoded values lose precision by rounding to single precision:
/// errors above a thousandth of their standard deviation.
fn blurred(task: &Task, data: &LoadedData) -> Option<String> {
    const SMALL: f64 = 1e-3;
    // With separate deviations, the range of any feature that is not constant is far larger.
    if task.encoding == Encoding::StandardizePer(Per::Feature) {
        return None;
    }
    task.encoding.check().ok()?;
    let values = &data.train.inputs;
    let encoder = task.encoding.fit_all(values);
    let half = f64::from(f32::EPSILON) / 2.0;
    // If two values differ by a range, the deviation is at least range / sqrt(2 n).
    let least: f64 = (2.0 * values.dim().0 as f64).sqrt().recip();
    let mut blurred = (values.extremes().into_iter().enumerate()).filter_map(|(feature, ends)| {
        let [a, b] = ends.map(|end| encoder.value(end, feature));
        if a == b || half * a.abs().max(b.abs()) <= SMALL * least * (a - b).abs() {
            return None;
        }
        let encoded = || values.feature(feature).map(|x| encoder.value(x, feature));
        let rounding = |x: f64| (x - f64::from(x as f32)).abs();
        let (_, std) = moments(encoded);
        let share = encoded().map(rounding).fold(0.0, f64::max) / std;
        (share > SMALL).then_some((feature, share))
    });
    let (feature, share) = blurred.next()?;
    let name = (data.features.as_ref()).and_then(|names| names.get(feature));
    let name = name.map_or(String::new(), |name| format!(" ({})", quote(name)));
    let more = match blurred.count() {
        0 => String::new(),
        more => format!(", and of {more} more"),
    };
    Some(format!(
        "once encoded, values of feature {feature}{name}{more} are far from 0 for how little they \
         differ: single precision rounds them by up to {share:.1e} of their standard deviation; \
         `standardize(per: feature)` keeps them apart"
    ))
}

/// Disagreements of a scenario with its data: sizes of input and output, parts of the split.
#[must_use]
pub fn check_data(scenario: &Scenario, model: &Model, data: &LoadedData) -> Vec<Issue> {
    let mut issues = Issues::default();
    let Some(task) = &scenario.task else {
        return issues.into_vec();
    };
    let features = data.train.features();
    let input = model.inputs.iter().find(|input| input.name == task.input);
    if let Some(input) = input.filter(|input| input.size != features) {
        issues.error(
            "task.input",
            format!(
                "`{}` has {} neurons; expected {features}, one a feature of the data",
                input.name, input.size
            ),
        );
    }
    let classes = data.train.classes;
    for (index, name) in task.taught().enumerate() {
        let taught = model.populations.iter().find(|p| p.name == *name);
        if let Some(taught) = taught.filter(|taught| taught.size != classes) {
            let path = match index.checked_sub(1) {
                None => "task.output".to_owned(),
                Some(index) => format!("task.taught[{index}]"),
            };
            let found = taught.size;
            issues.error(
                path,
                format!(
                    "`{name}` has {found} neurons; expected {classes}, one a class of the data{}",
                    which(data)
                ),
            );
        }
    }
    let empty = data.empty_classes();
    if !empty.is_empty() && !matches!(task.data, Source::Cifar10 { .. }) {
        issues.warn(
            "task.data",
            format!(
                "no sample has the label {}; with `classes: named` only labels that occur are \
                 classes",
                listed(empty)
            ),
        );
    }
    if let Some(message) = beyond_numbers(task, data) {
        issues.error("task.encoding", message);
    }
    if let Some(message) = blurred(task, data) {
        issues.warn("task.encoding", message);
    }
    let counts = task.split.counts(data.train.samples());
    if let Ok([train, ..]) = counts
        && let Some(message) = too_long(scenario, task, train)
    {
        issues.error("task.epochs", message);
    } else if let Ok([train, ..]) = counts {
        uneven(&mut issues, scenario, task, train);
    }
    match counts {
        Err(error) => setting(&mut issues, "task.", error),
        Ok([.., test]) if test > 0 && data.test.is_some() => issues.warn(
            "task.split.test",
            format!("the data have a test part of their own: these {test} samples are not used"),
        ),
        Ok(_) => {}
    }
    issues.into_vec()
}

/// Description of the classes, if they are not obvious.
fn which(data: &LoadedData) -> String {
    let numbers = (0..data.classes.len()).map(|class| class.to_string());
    let empty = data.empty_classes();
    if !numbers.eq(data.classes.iter().cloned()) {
        format!(": {}", listed(&data.classes))
    } else if !empty.is_empty() {
        format!(", 0 to {}", data.classes.len() - 1)
    } else {
        String::new()
    }
}
