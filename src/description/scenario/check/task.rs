//! Check of the task: populations, data, times, and the length of the teacher's window.

use super::view::View;
use crate::circuit::{Circuit, settling};
use crate::data::{DataError, Encoding, Parts, Source};
use crate::description::document::{Allowed, Issues, Quantity};
use crate::description::model::Model;
use crate::description::scenario::{EtaSchedule, PresentationSteps, Task};
use crate::math::Steps;

/// Largest number of epochs, so that numbers of steps do not overflow.
const MOST_EPOCHS: u64 = 1_000_000;

pub(super) fn check(issues: &mut Issues, view: &View<'_>, task: &Task) {
    view.input(issues, "task.input", &task.input);
    view.population(issues, "task.output", &task.output);
    for (index, population) in task.taught.iter().enumerate() {
        let path = format!("task.taught[{index}]");
        view.population(issues, &path, population);
        if task
            .taught()
            .take(index + 1)
            .any(|other| other == population)
        {
            let message = format!("`{population}` is taught already; expected another population");
            issues.error(path, message);
        }
    }
    if !(1..=MOST_EPOCHS).contains(&task.epochs) {
        let found = task.epochs;
        issues.error(
            "task.epochs",
            format!("expected 1 to {MOST_EPOCHS} epochs, found {found}"),
        );
    }
    let presented = issues.steps("task.presentation_ms", task.presentation_ms, view.dt_ms);
    let teacher = &task.teacher;
    for (name, ms) in [
        ("latency_ms", teacher.latency_ms),
        ("off_before_end_ms", teacher.off_before_end_ms),
    ] {
        let path = format!("task.teacher.{name}");
        if let Some(ms) = ms {
            issues.number(path, ms, Allowed::AtLeast(0.0));
        }
    }
    let strength = Allowed::Within(0.0, 1.0);
    issues.number("task.teacher.strength", teacher.strength, strength);
    let smoothing = Allowed::Below(0.0, 1.0);
    issues.number(
        "task.teacher.label_smoothing",
        teacher.label_smoothing,
        smoothing,
    );
    if let EtaSchedule::Linear { start, end } = task.eta_schedule {
        issues.number("task.eta_schedule.start", start, Allowed::AtLeast(0.0));
        issues.number("task.eta_schedule.end", end, Allowed::AtLeast(0.0));
    }
    match task.encoding.check() {
        Err(error) => setting(issues, "task.encoding.", error),
        Ok(()) => encoding(issues, &task.encoding),
    }
    parts(issues, &task.split);
    files(issues, &task.data);
    if let (Some(model), true) = (view.model, presented) {
        weight_updates(issues, model, task.presentation_ms);
    }
}

/// Checks for numbers of an encoding that make rates too large.
fn encoding(issues: &mut Issues, encoding: &Encoding) {
    let path = |name: &str| format!("task.encoding.{name}");
    match *encoding {
        Encoding::Scale { offset, factor } => {
            issues.number(path("scale.offset"), offset, Allowed::Any);
            issues.number(path("scale.factor"), factor, Allowed::Any);
        }
        Encoding::Standardize { mean, std } => {
            issues.number(path("standardize.mean"), mean, Allowed::Any);
            let std_range = Allowed::AtLeast(1.0 / f32::LARGEST);
            issues.number(path("standardize.std"), std, std_range);
        }
        // Its numbers come from the data, whose encoded values are checked.
        Encoding::StandardizePer(_) => {}
    }
}

/// Adds an error of a setting at its path.
pub(super) fn setting(issues: &mut Issues, prefix: &str, error: DataError) {
    match error {
        DataError::Setting {
            name,
            found,
            expected,
        } => issues.error(
            format!("{prefix}{name}"),
            format!("expected {expected}, found {found}"),
        ),
        other => issues.error("task.data", other.to_string()),
    }
}

/// Checks the parts alone; the number of samples is checked with the data.
fn parts(issues: &mut Issues, parts: &Parts) {
    const MANY: usize = 1_000_000_000;
    let samples = match *parts {
        Parts::Counts {
            train,
            validation,
            test,
        } => train.saturating_add(validation).saturating_add(test),
        Parts::Fractions { .. } => MANY,
    };
    if let Err(error) = parts.counts(samples) {
        let error = match error {
            DataError::Setting { name, .. } if name == "split.train" => DataError::Setting {
                name,
                found: "none".into(),
                expected: "at least one sample to train on".into(),
            },
            other => other,
        };
        setting(issues, "task.", error);
    }
}

/// Checks that files of a source that belong together are given together.
fn files(issues: &mut Issues, source: &Source) {
    let mut both = |inputs: (&str, bool), labels: bool| {
        if inputs.1 != labels {
            let name = if labels { "test_labels" } else { inputs.0 };
            issues.error(
                format!("task.data.{name}"),
                format!(
                    "expected both `{}` and `test_labels`, or neither; found this one alone",
                    inputs.0
                ),
            );
        }
    };
    match source {
        Source::Idx {
            test_images,
            test_labels,
            ..
        } => both(
            ("test_images", test_images.is_some()),
            test_labels.is_some(),
        ),
        Source::Npy {
            test_inputs,
            test_labels,
            ..
        } => both(
            ("test_inputs", test_inputs.is_some()),
            test_labels.is_some(),
        ),
        Source::Cifar10 { train, .. } if train.is_empty() => issues.error(
            "task.data.train",
            "expected one file at least, as in [\"data_batch_1.bin\"], found none",
        ),
        _ => {}
    }
}

/// Checks that the teacher has a step, starts after settling and leaves time for its effect.
pub(super) fn window(issues: &mut Issues, circuit: &Circuit, task: &Task) {
    let window = PresentationSteps::of(task, circuit);
    let (presentation, dt_ms) = (task.presentation_ms, circuit.dt_ms);
    let (up, down) = settling(circuit, &task.taught_in(circuit));
    let latency = task.teacher.latency_ms.unwrap_or(up);
    let off = task.teacher.off_before_end_ms.unwrap_or(down);
    if window.on >= window.off {
        let steps = circuit.steps();
        let least = steps.ms(window.on + steps.next(off) + 1);
        issues.error(
            "task.presentation_ms",
            format!(
                "{presentation} ms leave no time to teach: expected at least {least} ms, which are \
                 {latency} ms until the teacher comes on, a step of {dt_ms} ms, and {off} ms after \
                 it goes off"
            ),
        );
        return;
    }
    let output = &task.output;
    if latency < up {
        issues.warn(
            "task.teacher.latency_ms",
            format!(
                "the teacher comes on after {latency} ms, but activity takes {up} ms to arrive and \
                 settle at `{output}`: activity and teaching of different stimuli will meet"
            ),
        );
    }
    if off < down {
        issues.warn(
            "task.teacher.off_before_end_ms",
            format!(
                "the teacher goes off {off} ms before the next stimulus, but teaching takes {down} \
                 ms to go down from `{output}`: activity and teaching of different stimuli will meet"
            ),
        );
    }
}

/// Warns of weight updates within a presentation, which mix the effects of two stimuli.
fn weight_updates(issues: &mut Issues, model: &Model, presentation_ms: f64) {
    for (name, synapse) in &model.synapses {
        let every_ms = synapse.update.as_ref().and_then(|c| c.every_ms);
        if let Some(every_ms) = every_ms
            && every_ms > 0.0
            && Steps::of(every_ms).whole(presentation_ms).is_none()
            && Steps::of(presentation_ms).whole(every_ms).is_none()
        {
            issues.warn(
                "task.presentation_ms",
                format!(
                    "synapses of type `{name}` apply every {every_ms} ms, which does not \
                     divide the {presentation_ms} ms of a presentation"
                ),
            );
        }
    }
}
