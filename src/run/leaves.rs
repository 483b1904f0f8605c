//! Estimate of the disk space of a run, computed in advance.

use crate::description::model::{Model, Projection};
use crate::description::scenario::{Indices, Probe, Scenario, Statistic};
use crate::neuron::Variable;
use crate::record::Times;

/// Bytes per row of a recording: a value, and repeated times and names.
const A_ROW: f64 = 5.0;
/// Bytes per row of a statistic of a projection, of which there are few.
const A_STATISTIC: f64 = 12.0;
/// Bytes per row of `timeline.csv`.
const A_WINDOW: f64 = 32.0;
/// Bytes per number in an array.
const NUMBER: f64 = 4.0;

/// A part of the results of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// Name of the part: `probes[0]`, `tail`, `weights`, `state`.
    pub what: String,
    /// Number of rows of a recording; `None` for other parts.
    pub rows: Option<f64>,
    /// Approximate number of bytes.
    pub bytes: f64,
}

/// All results of a run, except for figures and tables of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaves(pub Vec<Left>);

impl Leaves {
    /// Results of a run of `steps` steps and `presentations` presentations.
    #[must_use]
    pub fn of(scenario: &Scenario, model: &Model, steps: u64, presentations: u64) -> Self {
        let tail = scenario.tail_probe(model);
        let probes = (scenario.probes.iter().enumerate())
            .map(|(index, probe)| (format!("probes[{index}]"), probe))
            .chain(tail.iter().map(|probe| ("tail".to_owned(), probe)));
        let recordings = probes.map(|(what, probe)| {
            let rows = rows(scenario, model, probe, (steps, presentations));
            let each = match probe {
                Probe::Statistics { .. } => A_STATISTIC,
                _ => A_ROW,
            };
            Left {
                what,
                rows: Some(rows),
                bytes: each * rows,
            }
        });
        let array = |what: &str, numbers: f64| Left {
            what: what.to_owned(),
            rows: None,
            bytes: NUMBER * numbers,
        };
        let projected = model.projections.iter();
        let projected = projected.map(|p| size(model, &p.from) * size(model, &p.to));
        let biases = model.populations.iter().filter(|p| p.bias.is_some());
        let synapses: f64 = projected.chain(biases.map(|p| p.size as f64)).sum();
        // With a task, the weights of the selected epoch are saved, too.
        let copies = if scenario.task.is_some() { 2.0 } else { 1.0 };
        let inputs: f64 = model.inputs.iter().map(|input| input.size as f64).sum();
        let neurons: f64 = model.populations.iter().map(|p| p.size as f64).sum();
        let variables = Variable::ALL.len() as f64;
        let ends = |p: &Projection| size(model, &p.from) + size(model, &p.to);
        let terms: f64 = model.projections.iter().map(ends).sum();
        let state = inputs + variables * neurons + terms;
        let windows = scenario
            .timeline
            .iter()
            .map(|entry| f64::from(entry.times()));
        let windows: f64 = windows.sum();
        let timeline = Left {
            what: "timeline.csv".to_owned(),
            rows: None,
            bytes: A_WINDOW * windows,
        };
        let arrays = [
            array("weights", copies * synapses),
            array("state", scenario.trials as f64 * state),
        ];
        let timeline = (windows > 0.0).then_some(timeline);
        Self(recordings.chain(timeline).chain(arrays).collect())
    }

    /// Number of rows of all recordings.
    #[must_use]
    pub fn rows(&self) -> f64 {
        self.0.iter().filter_map(|left| left.rows).sum()
    }

    /// Approximate number of bytes.
    #[must_use]
    pub fn bytes(&self) -> f64 {
        self.0.iter().map(|left| left.bytes).sum()
    }
}

fn size(model: &Model, name: &str) -> f64 {
    let input = model.inputs.iter().find(|input| input.name == name);
    let population = || model.populations.iter().find(|p| p.name == name);
    let size = input.map(|input| input.size);
    size.or_else(|| population().map(|p| p.size))
        .unwrap_or_default() as f64
}

fn rows(
    scenario: &Scenario,
    model: &Model,
    probe: &Probe,
    (steps, presentations): (u64, u64),
) -> f64 {
    let count = |indices: &Indices, size: f64| indices.count(size as usize) as f64;
    let times = Times::new(probe.times_ms(), scenario.dt_ms, steps).count(steps);
    let each = match probe {
        Probe::Traces {
            neurons,
            variables,
            trials,
            ..
        } => {
            let is_input = |name: &str| model.inputs.iter().any(|input| input.name == name);
            let values = neurons.iter().map(|chosen| {
                // An input has only its rate.
                let variables = match is_input(&chosen.population) {
                    true => 1.0,
                    false => variables.len() as f64,
                };
                variables * count(&chosen.indices, size(model, &chosen.population))
            });
            values.sum::<f64>() * count(trials, scenario.trials as f64)
        }
        Probe::Weights {
            projection,
            post,
            pre,
            ..
        } => {
            let known = model.projections.iter().find(|p| p.name() == *projection);
            let (from, to) = match known {
                Some(known) => (size(model, &known.from), size(model, &known.to)),
                None => (1.0, size(model, projection.trim_end_matches("_bias"))),
            };
            count(post, to) * count(pre, from)
        }
        Probe::Statistics {
            projections,
            statistics,
            ..
        } => {
            let all = match projections.len() {
                0 => model.projections.len(),
                named => named,
            };
            let rows = statistics.iter().map(|statistic| match statistic {
                Statistic::GradientAngle => times.min(presentations) as f64,
                _ => times as f64,
            });
            return all as f64 * rows.sum::<f64>();
        }
    };
    times as f64 * each
}
