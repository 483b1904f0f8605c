//! Estimate of the disk space of a run, computed in advance.

use super::memory::{CHECKED, chosen_synapses};
use crate::circuit::Circuit;
use crate::connectivity::Shape;
use crate::description::scenario::{Probe, Scenario, Statistic};
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
    pub fn of(scenario: &Scenario, circuit: &Circuit, steps: u64, presentations: u64) -> Self {
        let tail = scenario.tail_probe(circuit);
        let probes = (scenario.probes.iter().enumerate())
            .map(|(index, probe)| (format!("probes[{index}]"), probe))
            .chain(tail.iter().map(|probe| ("tail".to_owned(), probe)));
        let recordings = probes.map(|(what, probe)| {
            let rows = rows(circuit, probe, (steps, presentations));
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
        let projections = || circuit.projections.iter();
        let synapses: f64 = projections()
            .filter(|p| circuit.has_own_weights(p))
            .map(|p| circuit.counts(p).weights)
            .sum();
        // With a task, the weights of the selected epoch are saved, too.
        let copies = if scenario.task.is_some() { 2.0 } else { 1.0 };
        let variables = circuit.populations.iter().map(|p| {
            // An input has only its rate.
            let variables = p.neurons.as_ref().map_or(1, |_| Variable::ALL.len());
            (variables * p.size) as f64
        });
        let terms = projections().filter(|p| p.pre.is_some()).map(|p| {
            let (post, pre) = circuit.shape(p);
            (post + pre) as f64
        });
        let state = variables.sum::<f64>() + terms.sum::<f64>();
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
            array("state", circuit.trials as f64 * state),
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

fn rows(circuit: &Circuit, probe: &Probe, (steps, presentations): (u64, u64)) -> f64 {
    let times = Times::new(probe.times_ms(), circuit.dt_ms, steps).count(steps);
    let each = match probe {
        Probe::Traces {
            neurons,
            variables,
            trials,
            ..
        } => {
            let values = neurons.iter().map(|chosen| {
                let id = circuit.population(&chosen.population).expect(CHECKED);
                let population = circuit.of(id);
                // The default, all variables, includes those of a neuron model.
                let own = population
                    .own
                    .as_ref()
                    .filter(|_| *variables == Variable::ALL);
                let own = own.map_or(0, |own| own.variables().len());
                let variables = population.neurons.as_ref().map_or(1, |_| variables.len());
                ((variables + own) * chosen.indices.count(population.shape)) as f64
            });
            values.sum::<f64>() * trials.count(Shape::line(circuit.trials)) as f64
        }
        Probe::Weights {
            projection,
            post,
            pre,
            kernels,
            ..
        } => chosen_synapses(circuit, projection, (post, pre), kernels.as_ref()),
        Probe::Statistics {
            projections,
            statistics,
            ..
        } => {
            let all = match projections.len() {
                0 => (circuit.projections.iter())
                    .filter(|p| p.pre.is_some())
                    .count(),
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
