//! Inputs from outside and their times, for figures and readers: the rows of `timeline.csv`.

use crate::description::scenario::{TimelineEntry, windows};
use crate::math::Steps;
use crate::neuron::NeuronParameter;

/// A period of an input from outside; a row of `timeline.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// `stimulus`, `teacher`, `current`, `presentation`, `neuron` for a changed parameter of
    /// neurons, or `eta` for a learning rate.
    pub kind: String,
    /// Class that was shown, input, neurons and compartment, or parameter and value.
    pub label: String,
    /// Start in ms.
    pub from_ms: f64,
    /// End in ms.
    pub until_ms: f64,
    /// Trial of the input; `None` if it was the same in all trials.
    pub trial: Option<usize>,
}

/// Windows of a scenario's timeline in a run until `end_ms`, those of an entry in order of time. A
/// parameter keeps its value until its next change.
///
/// Times are those of the effect: a time between two steps is rounded up to the later one, and a
/// window that contains no step has no row.
pub fn shown(
    timeline: &[TimelineEntry],
    steps: Steps,
    end_ms: f64,
) -> impl Iterator<Item = Window> {
    let acts = move |ms: f64| steps.ms(steps.next(ms)).min(end_ms);
    timeline
        .iter()
        .enumerate()
        .flat_map(move |(number, entry)| {
            let (kind, label) = words(entry);
            let moment = super::replay::moment(entry)
                .map(|at_ms| (at_ms, lasts_until(timeline, number, end_ms)))
                .filter(|(from_ms, until_ms)| from_ms < until_ms);
            let spans = moment.into_iter().chain(windows(entry, end_ms));
            let spans = spans.map(move |(from_ms, until_ms)| (acts(from_ms), acts(until_ms)));
            let spans = spans.filter(|(from_ms, until_ms)| from_ms < until_ms);
            spans.map(move |(from_ms, until_ms)| Window {
                kind: kind.to_owned(),
                label: label.clone(),
                from_ms,
                until_ms,
                trial: None,
            })
        })
}

fn words(entry: &TimelineEntry) -> (&'static str, String) {
    match entry {
        TimelineEntry::Rates { input, .. } => ("stimulus", input.clone()),
        TimelineEntry::Current {
            neurons,
            compartment,
            ..
        } => ("current", format!("{neurons} {compartment}")),
        TimelineEntry::Teacher { population, .. } => ("teacher", population.clone()),
        TimelineEntry::Presentation { kind, .. } => ("presentation", kind.to_string()),
        TimelineEntry::Neuron {
            population,
            parameter,
            value,
            ..
        } => ("neuron", format!("{population} {parameter} {value}")),
        TimelineEntry::Eta {
            projection, value, ..
        } => ("eta", format!("{projection} {value}")),
        TimelineEntry::EtaScale { factor, .. } => ("eta", format!("all x {factor}")),
    }
}

/// Time in ms at which the value of an entry is replaced by the next one.
fn lasts_until(timeline: &[TimelineEntry], number: usize, end_ms: f64) -> f64 {
    fn what(entry: &TimelineEntry) -> Option<(&str, Option<NeuronParameter>)> {
        match entry {
            TimelineEntry::Neuron {
                population,
                parameter,
                ..
            } => Some((population.as_str(), Some(*parameter))),
            TimelineEntry::Eta { projection, .. } => Some((projection.as_str(), None)),
            TimelineEntry::EtaScale { .. } => Some(("", None)),
            _ => None,
        }
    }
    let this = &timeline[number];
    let place = |number: usize| (super::replay::moment(&timeline[number]), number);
    (timeline.iter().enumerate())
        .filter(|(_, other)| {
            std::mem::discriminant(*other) == std::mem::discriminant(this)
                && what(other) == what(this)
        })
        .filter(|(other, _)| place(*other) > place(number))
        .filter_map(|(other, _)| place(other).0)
        .fold(end_ms, f64::min)
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::description::scenario::TimelineEntry;
    use crate::math::Steps;

    #[test]
    fn a_value_lasts_until_the_next_of_the_same_parameter() {
        let timeline: Vec<TimelineEntry> = ron::from_str(
            r#"[
                neuron(population: "p", parameter: lambda, at_ms: 5.0, value: 0.5),
                neuron(population: "p", parameter: lambda, at_ms: 2.0, value: 0.1),
                neuron(population: "p", parameter: tau_b_ms, at_ms: 3.0, value: 7.0),
                eta(projection: "W", at_ms: 1.0, value: 0.0),
                eta(projection: "W", at_ms: 1.0, value: 0.25),
                eta_scale(at_ms: 4.0, factor: 0.5),
            ]"#,
        )
        .unwrap();
        let rows: Vec<_> = (shown(&timeline, Steps::of(0.5), 10.0))
            .map(|w| (w.kind, w.label, w.from_ms, w.until_ms))
            .collect();
        let row = |kind: &str, label: &str, from, until| (kind.into(), label.into(), from, until);
        let expected: [(String, String, f64, f64); 5] = [
            row("neuron", "p lambda 0.5", 5.0, 10.0),
            row("neuron", "p lambda 0.1", 2.0, 5.0),
            row("neuron", "p tau_b_ms 7", 3.0, 10.0),
            // Of two values at the same time, the later one in the file is valid.
            row("eta", "W 0.25", 1.0, 10.0),
            row("eta", "all x 0.5", 4.0, 10.0),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn times_are_those_of_the_steps_at_which_it_happens() {
        let window = |from_ms: f64, until_ms: f64| {
            format!(
                "rates(input: \"x\", values: [1.0], from_ms: {from_ms}, until_ms: Some({until_ms}))"
            )
        };
        let timeline = [window(10.2, 10.6), window(10.2, 95.6), window(3.0, 99.5)].join(",");
        let timeline: Vec<TimelineEntry> = ron::from_str(&format!("[{timeline}]")).unwrap();
        let rows: Vec<_> = (shown(&timeline, Steps::of(1.0), 99.0))
            .map(|window| (window.from_ms, window.until_ms))
            .collect();
        assert_eq!(rows, [(11.0, 96.0), (3.0, 99.0)]);
    }
}
