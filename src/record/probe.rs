//! Execution of probes: reading of due values from the circuit, and transfer to the recorder.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::Array2;

use super::gradient_angle::GradientAngles;
use super::statistics::{alignment, norm};
use super::{Batch, RecordError, Recorder};
use crate::circuit::ConnectivityPlan;
use crate::connectivity::{Connectivity, Shape};
use crate::description::scenario::{Indices, Neurons, Probe, Statistic};
use crate::engine::{Description, ProjectionDescription, Simulation};
use crate::math::Steps;
use crate::neuron::{Compartment, Variable};

/// Steps at which a probe takes samples: `from`, then every `every`, up to and including `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    from: u64,
    until: u64,
    every: u64,
}

impl Times {
    /// Converts times in ms; those below 0 count from the end of a run of `end` steps of `dt_ms`. A
    /// start between two steps is rounded up, an end is rounded down. A window that begins after
    /// the end of the run contains no step.
    #[must_use]
    pub fn new(
        (from_ms, until_ms, every_ms): (Option<f64>, Option<f64>, Option<f64>),
        dt_ms: f64,
        end: u64,
    ) -> Self {
        let steps = Steps::of(dt_ms);
        let first = |ms: f64| match ms < 0.0 {
            true => end.saturating_sub(steps.last(-ms)),
            false => steps.next(ms),
        };
        let last = |ms: f64| match ms < 0.0 {
            true => end.saturating_sub(steps.next(-ms)),
            false => steps.last(ms),
        };
        Self {
            from: from_ms.map_or(0, first),
            until: until_ms.map_or(end, last).min(end),
            every: every_ms.map_or(1, |ms| steps.next(ms).max(1)),
        }
    }

    /// True if the probe takes a sample at `step`.
    #[must_use]
    pub fn is_due(&self, step: u64) -> bool {
        (self.from..=self.until).contains(&step) && (step - self.from).is_multiple_of(self.every)
    }

    /// First step after `step` at which the probe takes a sample.
    #[must_use]
    pub fn next(&self, step: u64) -> Option<u64> {
        let first = (step + 1).max(self.from);
        let next = self.from + (first - self.from).div_ceil(self.every) * self.every;
        (next <= self.until).then_some(next)
    }

    /// Number of samples in a run of `end` steps.
    #[must_use]
    pub fn count(&self, end: u64) -> u64 {
        match self.until.min(end).checked_sub(self.from) {
            Some(length) => length / self.every + 1,
            None => 0,
        }
    }

    /// True if the probe takes a sample at any of these steps.
    #[must_use]
    pub fn is_due_within(&self, steps: std::ops::Range<u64>) -> bool {
        let first = match steps.start.checked_sub(1) {
            Some(before) => self.next(before),
            None => self.is_due(0).then_some(0).or_else(|| self.next(0)),
        };
        first.is_some_and(|first| first < steps.end)
    }
}

struct Traces {
    times: Times,
    neurons: Vec<(Arc<str>, Vec<u32>)>,
    variables: Vec<Variable>,
    trials: Vec<usize>,
}

struct Weights {
    times: Times,
    projection: Arc<str>,
    synapses: Arc<[(u32, u32)]>,
}

struct Numbers {
    times: Times,
    statistic: Statistic,
    /// Projections, with the reciprocal basal one if the statistic needs it.
    projections: Vec<(Arc<str>, Option<Arc<str>>)>,
}

/// Column to be read: variable and neurons of one population in one trial.
struct Column {
    population: Arc<str>,
    trial: usize,
    variable: Variable,
    neurons: Arc<[u32]>,
}

/// Trace probes that write to one file.
#[derive(Default)]
struct TraceProbes {
    probes: Vec<Traces>,
    /// Columns to read for each combination of due probes: without duplicates, in a fixed order.
    plans: BTreeMap<Vec<bool>, Vec<Column>>,
}

const CHECKED: &str = "names of probes are checked with the scenario";

/// All probes of a run.
pub struct Observer {
    traces: TraceProbes,
    tail: TraceProbes,
    weights: Vec<Weights>,
    numbers: Vec<Numbers>,
    angles: GradientAngles,
}

impl Observer {
    /// Prepares the probes and that of the tail for a run of `end` steps.
    ///
    /// # Panics
    /// For a name that the circuit does not have; the check of a scenario reports such names.
    #[must_use]
    pub fn new(probes: &[Probe], tail: Option<&Probe>, simulation: &Simulation, end: u64) -> Self {
        let mut observer = Self {
            traces: TraceProbes::default(),
            tail: TraceProbes::default(),
            weights: Vec::new(),
            numbers: Vec::new(),
            angles: GradientAngles::default(),
        };
        let dt_ms = simulation.dt_ms();
        let populations = simulation.populations();
        let projections = simulation.projections();
        let probes = probes.iter().map(|probe| (probe, false));
        for (probe, is_tail) in probes.chain(tail.map(|probe| (probe, true))) {
            match probe {
                Probe::Traces {
                    neurons,
                    variables,
                    trials,
                    every_ms,
                    from_ms,
                    until_ms,
                } => {
                    let chosen: Vec<_> = (neurons.iter())
                        .map(|chosen| among(chosen, &populations))
                        .collect();
                    let count = populations.first().map_or(0, |p| p.trials);
                    let group = match is_tail {
                        true => &mut observer.tail,
                        false => &mut observer.traces,
                    };
                    // The default is all variables, which means those that exist.
                    let all = *variables == Variable::ALL;
                    let times = Times::new((*from_ms, *until_ms, *every_ms), dt_ms, end);
                    let own = |population: &str| match all {
                        true => simulation.own_variables(population),
                        false => Vec::new(),
                    };
                    let owners = |(population, neurons): &(Arc<str>, Vec<u32>)| Traces {
                        times,
                        neurons: vec![(population.clone(), neurons.clone())],
                        variables: own(population),
                        trials: trials.among(count),
                    };
                    let owners: Vec<_> = chosen.iter().map(owners).collect();
                    group.probes.push(Traces {
                        times,
                        neurons: chosen,
                        variables: variables.clone(),
                        trials: trials.among(count),
                    });
                    let owners = owners
                        .into_iter()
                        .filter(|owner| !owner.variables.is_empty());
                    group.probes.extend(owners);
                }
                Probe::Weights {
                    projection,
                    post,
                    pre,
                    kernels,
                    every_ms,
                    from_ms,
                    until_ms,
                } => {
                    let circuit = simulation.circuit();
                    let plan = circuit.projection(projection).expect(CHECKED);
                    let shape = circuit.arrangements(&circuit.projections[plan.index()]);
                    let connectivity = simulation.connectivity(projection).expect(CHECKED);
                    let synapses = match kernels {
                        Some(kernels) => of_kernels(connectivity, kernels),
                        None => {
                            let mut synapses = grid(post, pre, shape);
                            synapses.retain(|&(post, pre)| {
                                (connectivity.place(post as usize, pre as usize)).is_some()
                            });
                            synapses
                        }
                    };
                    observer.weights.push(Weights {
                        times: Times::new((*from_ms, *until_ms, *every_ms), dt_ms, end),
                        projection: projection.as_str().into(),
                        synapses: synapses.into(),
                    });
                }
                Probe::Statistics {
                    projections: wanted,
                    statistics,
                    every_ms,
                    from_ms,
                    until_ms,
                } => {
                    let times = Times::new((*from_ms, *until_ms, *every_ms), dt_ms, end);
                    for &statistic in statistics {
                        let projections = defined(statistic, wanted, &projections);
                        if statistic == Statistic::GradientAngle {
                            let names = projections.into_iter().map(|(name, _)| name).collect();
                            observer.angles.add(times, names);
                            continue;
                        }
                        observer.numbers.push(Numbers {
                            times,
                            statistic,
                            projections,
                        });
                    }
                }
            }
        }
        observer
    }

    /// Records the due samples of the present state.
    ///
    /// # Errors
    /// Those of the recorder.
    pub fn observe(
        &mut self,
        simulation: &mut Simulation,
        recorder: &mut Recorder,
    ) -> Result<(), RecordError> {
        let (step, time_ms) = (simulation.steps(), simulation.time_ms());
        for (group, is_tail) in [(&mut self.traces, false), (&mut self.tail, true)] {
            for column in group.due(step) {
                let values = simulation.sample(
                    &column.population,
                    column.variable,
                    column.trial,
                    &column.neurons,
                );
                // A probe of all variables includes those that an input does not have.
                let Some(values) = values else {
                    continue;
                };
                let (trial, variable) = (column.trial as u32, column.variable.symbol());
                let (population, neurons) = (column.population.clone(), column.neurons.clone());
                recorder.record(match is_tail {
                    false => Batch::Traces {
                        time_ms,
                        trial,
                        population,
                        neurons,
                        variable,
                        values,
                    },
                    true => Batch::Tail {
                        time_ms,
                        trial,
                        population,
                        neurons,
                        variable,
                        values,
                    },
                })?;
            }
        }
        for probe in self.weights.iter().filter(|p| p.times.is_due(step)) {
            let values = simulation.synapses(&probe.projection, &probe.synapses);
            let values = values.expect(CHECKED);
            recorder.record(Batch::Weights {
                time_ms,
                projection: probe.projection.clone(),
                synapses: probe.synapses.clone(),
                values,
            })?;
        }
        for probe in self.numbers.iter().filter(|p| p.times.is_due(step)) {
            let traffic = match probe.statistic {
                Statistic::Messages => simulation.traffic(),
                _ => BTreeMap::new(),
            };
            for (projection, reciprocal) in &probe.projections {
                let weights = || simulation.weights(projection);
                let (statistic, value) = match (probe.statistic, reciprocal) {
                    (Statistic::Norm, _) => ("norm", weights().map(|w| norm(w.view()))),
                    (Statistic::Alignment, Some(back)) => (
                        "alignment",
                        feedback_alignment(simulation, projection, back),
                    ),
                    (Statistic::Messages, _) => {
                        let sent = traffic.get(projection).map(|(traffic, _)| traffic.sent);
                        ("messages", sent.map(|sent| sent as f64))
                    }
                    // Angles are computed for presentations: see `gradient_angle.rs`.
                    _ => continue,
                };
                if let Some(value) = value {
                    recorder.record(Batch::Statistic {
                        time_ms,
                        projection: projection.clone(),
                        statistic,
                        value,
                    })?;
                }
            }
        }
        Ok(())
    }

    /// First step after `step` at which any probe takes a sample.
    #[must_use]
    pub fn next(&self, step: u64) -> Option<u64> {
        let traces = self.traces.probes.iter().chain(&self.tail.probes);
        let traces = traces.map(|p| p.times);
        let weights = self.weights.iter().map(|p| p.times);
        let numbers = self.numbers.iter().map(|p| p.times);
        (traces.chain(weights).chain(numbers))
            .filter_map(|times| times.next(step))
            .min()
    }

    /// Starts the measurement of a segment of the presentation with these steps.
    pub fn begin(&mut self, simulation: &mut Simulation, presentation: &Range<u64>) {
        self.angles.begin(simulation, presentation);
    }

    /// Computes the present gradient for population `output` and target rates, trials x size.
    pub fn compute_gradient(
        &mut self,
        simulation: &mut Simulation,
        output: &str,
        target: &Array2<f32>,
    ) {
        self.angles.compute_gradient(simulation, output, target);
    }

    /// Ends the measurement of a presentation and records its angles.
    ///
    /// # Errors
    /// Those of the recorder.
    pub fn end(
        &mut self,
        simulation: &mut Simulation,
        recorder: &mut Recorder,
    ) -> Result<(), RecordError> {
        self.angles.end(simulation, recorder)
    }
}

impl TraceProbes {
    /// Columns to be read at a step.
    fn due(&mut self, step: u64) -> &[Column] {
        let due: Vec<bool> = (self.probes.iter()).map(|p| p.times.is_due(step)).collect();
        if !due.contains(&true) {
            return &[];
        }
        let probes = &self.probes;
        self.plans.entry(due).or_insert_with_key(|due| {
            let due = probes.iter().zip(due).filter(|(_, due)| **due);
            plan(due.map(|(probe, _)| probe))
        })
    }
}

fn among(chosen: &Neurons, populations: &[Description]) -> (Arc<str>, Vec<u32>) {
    let population = populations.iter().find(|p| *p.name == chosen.population);
    let population = population.expect(CHECKED);
    let indices = chosen.indices.of(population.shape);
    let indices = indices.into_iter().map(|index| index as u32).collect();
    (population.name.clone(), indices)
}

/// The first pair of each weight of some kernels, kernel by kernel.
fn of_kernels(connectivity: &Connectivity, kernels: &Indices) -> Vec<(u32, u32)> {
    let Some(structure) = connectivity.structure() else {
        return Vec::new();
    };
    let (channels, taps) = structure.parameters();
    let mut first = vec![None; channels * taps];
    for sender in 0..structure.shape().1 {
        structure.bundles(sender, &mut |bundle| {
            bundle.for_each(|receiver, parameter| {
                first[parameter].get_or_insert((receiver as u32, sender as u32));
            });
        });
    }
    let kernels = kernels.of(Shape::line(channels)).into_iter();
    let of_kernel = |channel: usize| (0..taps).map(move |tap| tap * channels + channel);
    let weights = kernels.flat_map(of_kernel);
    weights.filter_map(|parameter| first[parameter]).collect()
}

fn grid(post: &Indices, pre: &Indices, shape: (Shape, Shape)) -> Vec<(u32, u32)> {
    let pre = pre.of(shape.1);
    (post.of(shape.0).into_iter())
        .flat_map(|post| pre.iter().map(move |pre| (post as u32, *pre as u32)))
        .collect()
}

/// The columns required by several probes together, each neuron once.
fn plan<'a>(probes: impl Iterator<Item = &'a Traces>) -> Vec<Column> {
    // Lists of neurons are long and usually the same for all variables and trials: each list is
    // represented by its number until the lists to be merged are known.
    let mut lists: Vec<&[u32]> = Vec::new();
    let mut columns: BTreeMap<(Arc<str>, usize, Variable), Vec<usize>> = BTreeMap::new();
    for probe in probes {
        for (population, neurons) in &probe.neurons {
            for &trial in &probe.trials {
                for &variable in &probe.variables {
                    let key = (population.clone(), trial, variable);
                    columns.entry(key).or_default().push(lists.len());
                }
            }
            lists.push(neurons);
        }
    }
    let mut joined: BTreeMap<Vec<usize>, Arc<[u32]>> = BTreeMap::new();
    (columns.into_iter())
        .map(|((population, trial, variable), mut of)| {
            of.dedup();
            let neurons = (joined.entry(of)).or_insert_with_key(|of| {
                let mut all: Vec<u32> = (of.iter())
                    .flat_map(|list| lists.get(*list).copied().unwrap_or_default())
                    .copied()
                    .collect();
                all.sort_unstable();
                all.dedup();
                all.into()
            });
            Column {
                population,
                trial,
                variable,
                neurons: neurons.clone(),
            }
        })
        .collect()
}

/// The projections, among those requested, for which a statistic is defined.
fn defined(
    statistic: Statistic,
    wanted: &[String],
    all: &[ProjectionDescription],
) -> Vec<(Arc<str>, Option<Arc<str>>)> {
    let is_wanted = |p: &&ProjectionDescription| {
        wanted.is_empty() || wanted.iter().any(|name| **name == *p.name)
    };
    (all.iter().filter(is_wanted))
        .filter_map(|p| {
            let reciprocal = p.reciprocal.clone();
            let fits = match statistic {
                Statistic::Norm => true,
                Statistic::Alignment => {
                    p.compartment == Compartment::Apical && reciprocal.is_some()
                }
                Statistic::GradientAngle => p.compartment == Compartment::Basal,
                Statistic::Messages => p.pre.is_some(),
            };
            fits.then(|| (p.name.clone(), reciprocal))
        })
        .collect()
}

/// Cosine between an apical projection and its reciprocal one; `None` if their weights do not
/// correspond pair by pair.
fn feedback_alignment(simulation: &Simulation, apical: &str, reciprocal: &str) -> Option<f64> {
    let (theta, w) = (simulation.weights(apical)?, simulation.weights(reciprocal)?);
    let all_to_all = |name| {
        simulation
            .connectivity(name)
            .map(Connectivity::is_all_to_all)
    };
    if all_to_all(apical)? && all_to_all(reciprocal)? {
        return Some(alignment(w.view(), theta.t()));
    }
    let circuit = simulation.circuit();
    let plan = &circuit.projections[circuit.projection(apical)?.index()];
    match plan.connectivity {
        ConnectivityPlan::Reversed(source) if circuit.projection(reciprocal) == Some(source) => {
            Some(alignment(w.view(), theta.view()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Times;

    #[test]
    fn a_window_within_a_step_has_one_step_at_most_and_one_after_the_end_has_none() {
        let steps = |from_ms, until_ms| -> Vec<u64> {
            let times = Times::new((from_ms, until_ms, None), 0.1, 500);
            (0..=600).filter(|step| times.is_due(*step)).collect()
        };
        assert_eq!(steps(Some(-0.04), None), [500]);
        assert_eq!(steps(Some(-0.1), None), [499, 500]);
        assert!(steps(Some(500.0), None).is_empty());
        assert!(steps(Some(50.04), None).is_empty());
        assert_eq!(steps(Some(1.02), Some(1.1)), [11]);
        assert!(steps(Some(1.02), Some(1.08)).is_empty());
        assert_eq!(steps(Some(49.8), Some(-0.04)), [498, 499]);
        assert_eq!(steps(None, Some(1e9)).len(), 501);
        let late = Times::new((Some(500.0), None, None), 0.1, 500);
        assert_eq!((late.next(0), late.is_due_within(0..600)), (None, false));
    }

    #[test]
    fn a_probe_looks_at_its_own_interval_and_negative_times_count_from_the_end() {
        let times = Times::new((Some(-10.0), None, Some(2.0)), 0.5, 100);
        let steps: Vec<u64> = (0..=120).filter(|step| times.is_due(*step)).collect();
        assert_eq!(steps, [80, 84, 88, 92, 96, 100]);
        assert_eq!(times.count(100), 6);
        assert_eq!(times.count(95), 4);
        assert_eq!(times.count(79), 0);
        for start in 0..120 {
            for end in start..120 {
                let any = (start..end).any(|step| times.is_due(step));
                assert_eq!(times.is_due_within(start..end), any, "{start}..{end}");
            }
        }
    }
}
