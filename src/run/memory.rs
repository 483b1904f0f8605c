//! Estimate of the memory of a run before construction: a process that needs more than is available
//! would be killed without a message. `apical validate` and `apical run` use the same estimate.

use std::collections::BTreeMap;

use super::RunError;
use crate::circuit::{
    Circuit, Engine, OwnModel, PlasticityPlan, PopulationPlan, ProjectionPlan, WeightsPlan,
};
use crate::connectivity::Shape;
use crate::description::scenario::{Indices, Probe, Scenario, TimelineEntry};
use crate::event::{PopulationId, Signal};
use crate::machine::available_bytes;
use crate::plasticity::optimiser::needs_carry;
use crate::record::Times;

/// Bytes of the program, with its threads, fonts and the figure being drawn.
const PROGRAM: f64 = 30e6;
/// Bytes per number in single precision.
const NUMBER: f64 = 4.0;
/// Bytes per number in double precision.
const DOUBLE: f64 = 8.0;
/// Bytes per pyramidal neuron: its components, their change ticks, and its entity.
const A_NEURON: f64 = 240.0;
/// As above, in the quasi-static limit.
const A_SETTLED_NEURON: f64 = 120.0;
/// Bytes per input neuron.
const AN_INPUT: f64 = 104.0;
/// Bytes per neuron when its variables are written at the end of a run: single variables, and all
/// together. One population is written at a time.
const WRITTEN: f64 = 72.0;
/// Bytes per window of the timeline in `timeline.csv` and in the figures.
const A_WINDOW: f64 = 120.0;
/// Bytes per slot of a delay line, in addition to its values.
const A_SLOT: f64 = 40.0;
/// Bytes per value that is sent separately: sender and value, with spare capacity.
const A_MESSAGE: f64 = 10.0;
/// Bytes per row of a table before it is written, and largest number of such rows.
const A_ROW: (f64, f64) = (100.0, 131_072.0);
/// Bytes per sample in figures, with spare capacity and its point in a line.
const A_SAMPLE: f64 = 48.0;
/// Bytes per synapse in figures: its name, its key and its line.
const A_LINE: f64 = 400.0;
/// Largest number of batches queued for the writer thread.
const BATCHES: f64 = 66.0;

pub(super) const CHECKED: &str = "the scenario has been checked";

/// Memory needed for a run, in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Neurons of all trials, including those of the copy for validation.
    pub neurons: f64,
    /// Values under way along axons, and at their terminals.
    pub delays: f64,
    /// Weights, their plasticity, and copies of them.
    pub synapses: f64,
    /// Changes from outside.
    pub timeline: f64,
    /// Recordings before they are written.
    pub recordings: f64,
    /// Recordings that are read back for figures, after all other memory has been released.
    pub figures: f64,
}

impl Memory {
    /// Estimate for a scenario, without its data. Delays are computed as if all neurons were active
    /// in every step.
    #[must_use]
    pub fn of(scenario: &Scenario, circuit: &Circuit) -> Self {
        Reckoning::new(scenario, circuit).memory()
    }

    /// Total, including the program.
    #[must_use]
    pub fn bytes(&self) -> f64 {
        PROGRAM + self.simulated().max(self.figures)
    }

    /// Total during the simulation.
    fn simulated(&self) -> f64 {
        self.parts().iter().map(|(_, bytes)| bytes).sum()
    }

    fn parts(&self) -> [(&'static str, f64); 5] {
        [
            ("neurons", self.neurons),
            ("delays", self.delays),
            ("synapses", self.synapses),
            ("the timeline", self.timeline),
            ("recordings", self.recordings),
        ]
    }

    fn largest(&self) -> &'static str {
        if self.figures > self.simulated() {
            return "figures";
        }
        let parts = self.parts();
        let largest = parts.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        largest.map_or("", |(name, _)| name)
    }
}

/// A scenario and its circuit, with sizes.
struct Reckoning<'a> {
    scenario: &'a Scenario,
    circuit: &'a Circuit,
    trials: f64,
    /// Number of circuits; 2 with a task, which needs a frozen copy.
    circuits: f64,
    /// Length of the run in steps, if it is known without the data.
    end: Option<u64>,
}

impl<'a> Reckoning<'a> {
    fn new(scenario: &'a Scenario, circuit: &'a Circuit) -> Self {
        Self {
            scenario,
            circuit,
            trials: circuit.trials as f64,
            circuits: if scenario.task.is_some() { 2.0 } else { 1.0 },
            end: scenario.duration_ms.map(|ms| circuit.steps().next(ms)),
        }
    }

    fn memory(&self) -> Memory {
        Memory {
            neurons: self.neurons(),
            delays: match self.circuit.engine {
                Engine::Dense => self.delay_lines(),
                Engine::Events => self.axons() + self.terminals(),
            },
            synapses: self.synapses(),
            timeline: self.timeline(),
            recordings: self.recordings(),
            figures: self.figures(),
        }
    }

    /// Number of neurons of a population that the scenario names.
    fn size(&self, name: &str) -> f64 {
        let id = self.circuit.population(name).expect(CHECKED);
        self.circuit.of(id).size as f64
    }

    fn neurons(&self) -> f64 {
        let populations = || self.circuit.populations.iter();
        let bytes = |p: &PopulationPlan| {
            let own = p.own.as_ref().map_or(0, OwnModel::bytes) as f64;
            let each = match p.neurons {
                Some(_) if self.circuit.is_settled(p) => A_SETTLED_NEURON,
                Some(_) => A_NEURON + own,
                None => AN_INPUT,
            };
            each * p.size as f64
        };
        let pyramidal = populations().filter(|p| p.neurons.is_some());
        let largest = pyramidal.map(|p| p.size as f64).fold(0.0, f64::max);
        let all: f64 = populations().map(bytes).sum();
        self.trials * (self.circuits * all + WRITTEN * largest)
    }

    /// Every population stores all values sent for the longest delay of the circuit: rates, and
    /// teaching signals of pyramidal neurons.
    fn delay_lines(&self) -> f64 {
        let longest = self.circuit.longest_delay() as f64;
        let lines = self.circuit.populations.iter().map(|p| {
            let signals = if p.neurons.is_some() { 2.0 } else { 1.0 };
            signals * longest * (NUMBER * p.size as f64 * self.trials + A_SLOT)
        });
        self.circuits * lines.sum::<f64>()
    }

    /// The axons of each sender, signal and threshold store the last values, the previous values,
    /// and those under way.
    fn axons(&self) -> f64 {
        let mut longest: BTreeMap<(PopulationId, Signal, u32), u64> = BTreeMap::new();
        for projection in &self.circuit.projections {
            let Some(pre) = projection.pre else { continue };
            let axons = (pre, projection.signal, projection.threshold.to_bits());
            let steps = longest.entry(axons).or_default();
            *steps = projection.delay.max(*steps);
        }
        let most = self.end.unwrap_or(u64::MAX);
        // With one trial, values are sent separately; with several, usually all together.
        let flying = if self.trials > 1.0 { NUMBER } else { A_MESSAGE };
        let axons = longest.iter().map(|((pre, ..), steps)| {
            let size = self.circuit.of(*pre).size as f64;
            self.trials * size * (3.0 * NUMBER + flying * (*steps).min(most) as f64)
        });
        self.circuits * axons.sum::<f64>()
    }

    /// The terminals of a projection store the last values, the current and, if plastic, a factor
    /// and two integrals of each neuron.
    fn terminals(&self) -> f64 {
        let projections = self.circuit.projections.iter();
        let terminals = projections.filter(|p| p.pre.is_some()).map(|p| {
            let plastic = if plasticity(p).is_some() { 1.0 } else { 0.0 };
            let of_receiver = DOUBLE + plastic * (NUMBER + 2.0 * DOUBLE);
            let (post, pre) = self.circuit.shape(p);
            let receivers = of_receiver * post as f64;
            self.trials * (NUMBER * pre as f64 + receivers + NUMBER * self.trials)
        });
        let threads = rayon::current_num_threads();
        let scratch = self.circuit.projections.iter();
        let scratch = scratch.map(|p| self.circuit.scratch_bytes(p, threads) as f64);
        self.circuits * terminals.sum::<f64>() + scratch.fold(0.0, f64::max)
    }

    fn synapses(&self) -> f64 {
        let projections = self.circuit.projections.iter();
        projections
            .map(|projection| self.synapses_of(projection))
            .sum()
    }

    /// Pairs, weights and plasticity of a projection.
    fn synapses_of(&self, projection: &ProjectionPlan) -> f64 {
        // All weights are copied when results are saved; with a task, the frozen circuit and the
        // selected epoch need two more copies.
        let copies = if self.scenario.task.is_some() {
            4.0
        } else {
            2.0
        };
        let plasticity = plasticity(projection);
        let update = plasticity.and_then(|plasticity| plasticity.update.as_ref());
        // Plastic weights have carries.
        let carried = if plasticity.is_some() { NUMBER } else { 0.0 };
        let gathered = update.map_or(0.0, |update| {
            let (first, second) = update.optimiser.fading();
            let moments = [first, second].into_iter().flatten();
            let with_carries = moments.map(|fading| 1.0 + f64::from(needs_carry(fading)));
            NUMBER * (1.0 + with_carries.sum::<f64>())
        });
        let counts = self.circuit.counts(projection);
        counts.pairs_bytes + counts.weights * (copies * NUMBER + carried + gathered)
    }

    /// Values of an entry are stored once, and times for each window.
    fn timeline(&self) -> f64 {
        let task = self.scenario.task.as_ref().map_or(0.0, |task| {
            let taught: f64 = task.taught().map(|name| self.size(name)).sum();
            4.0 * self.trials * (self.size(&task.input) + taught)
        });
        let entries = self.scenario.timeline.iter().map(|entry| {
            let width = match entry {
                TimelineEntry::Rates { input, .. } => 2.0 * self.trials * self.size(input),
                TimelineEntry::Teacher { population, .. } => {
                    2.0 * self.trials * self.size(population)
                }
                TimelineEntry::Current { neurons, .. } => 3.0 * self.size(&neurons.population),
                _ => 0.0,
            };
            NUMBER * width + A_WINDOW * f64::from(entry.times())
        });
        NUMBER * task + entries.sum::<f64>()
    }

    /// Lists of observed neurons and synapses, queued batches, and a row group of each table.
    fn recordings(&self) -> f64 {
        let tail = self.scenario.tail_probe(self.circuit);
        let probes = self
            .scenario
            .probes
            .iter()
            .chain(&tail)
            .map(|probe| match probe {
                Probe::Traces {
                    neurons,
                    variables,
                    trials,
                    ..
                } => {
                    let lists = neurons.iter();
                    let lists = lists.map(|n| n.indices.count(self.shape(&n.population)) as f64);
                    let (listed, longest) =
                        lists.fold((0.0, 0.0f64), |(sum, most), n| (sum + n, most.max(n)));
                    let batches = self.chosen_trials(trials) * variables.len() as f64;
                    let waiting = longest * NUMBER * batches.min(BATCHES);
                    let rows = (listed * batches).min(A_ROW.1);
                    4.0 * NUMBER * listed + waiting + A_ROW.0 * rows
                }
                Probe::Weights {
                    projection,
                    post,
                    pre,
                    kernels,
                    ..
                } => {
                    let synapses = self.chosen(projection, (post, pre), kernels.as_ref());
                    let waiting = BATCHES * NUMBER * synapses;
                    DOUBLE * synapses + waiting + A_ROW.0 * synapses.min(A_ROW.1)
                }
                Probe::Statistics { .. } => 0.0,
            });
        probes.sum()
    }

    /// Samples of the first neuron of each population, and of all recorded synapses; with a task,
    /// those of one presentation, since their number depends on the data.
    fn figures(&self) -> f64 {
        let presentation = self.scenario.task.as_ref().map(|task| task.presentation_ms);
        let presentation = presentation.map(|ms| self.circuit.steps().next(ms));
        let end = self.end.or(presentation).unwrap_or_default();
        let dt_ms = self.circuit.dt_ms;
        let samples = |probe: &Probe| Times::new(probe.times_ms(), dt_ms, end).count(end) as f64;
        let probes = self.scenario.probes.iter().map(|probe| match probe {
            Probe::Traces {
                neurons,
                variables,
                trials,
                ..
            } => {
                let is_drawn = |name: &str| {
                    let population = self.circuit.population(name);
                    population.is_some_and(|id| self.circuit.of(id).neurons.is_some())
                };
                let drawn = (neurons.iter()).filter(|n| {
                    is_drawn(&n.population) && n.indices.contains(0, self.shape(&n.population))
                });
                let series = drawn.count() as f64 * variables.len() as f64;
                A_SAMPLE * series * self.chosen_trials(trials) * samples(probe)
            }
            Probe::Weights {
                projection,
                post,
                pre,
                kernels,
                ..
            } => {
                let each = A_LINE + A_SAMPLE * samples(probe);
                self.chosen(projection, (post, pre), kernels.as_ref()) * each
            }
            Probe::Statistics { .. } => 0.0,
        });
        probes.sum()
    }

    /// Shape of a population that the scenario names.
    fn shape(&self, name: &str) -> Shape {
        let id = self.circuit.population(name).expect(CHECKED);
        self.circuit.of(id).shape
    }

    fn chosen_trials(&self, trials: &Indices) -> f64 {
        trials.count(Shape::line(self.circuit.trials)) as f64
    }

    /// Number of selected synapses of a projection.
    fn chosen(
        &self,
        projection: &str,
        ends: (&Indices, &Indices),
        kernels: Option<&Indices>,
    ) -> f64 {
        chosen_synapses(self.circuit, projection, ends, kernels)
    }
}

/// Number of selected synapses of a projection of a checked scenario.
pub(super) fn chosen_synapses(
    circuit: &Circuit,
    projection: &str,
    (post, pre): (&Indices, &Indices),
    kernels: Option<&Indices>,
) -> f64 {
    let id = circuit.projection(projection).expect(CHECKED);
    let plan = &circuit.projections[id.index()];
    if let Some(kernels) = kernels {
        let (channels, taps) = circuit.kernels(plan).unwrap_or_default();
        return kernels.count(Shape::line(channels)) as f64 * taps as f64;
    }
    let (posts, pres) = circuit.arrangements(plan);
    let pairs = post.count(posts) as f64 * pre.count(pres) as f64;
    pairs.min(circuit.counts(plan).synapses)
}

fn plasticity(projection: &ProjectionPlan) -> Option<&PlasticityPlan> {
    match &projection.weights {
        WeightsPlan::Own(_, plasticity) => plasticity.as_ref(),
        WeightsPlan::Tied(_) => None,
    }
}

/// Estimated bytes of the pairs, weights and plasticity of one projection; see [`Memory`].
#[must_use]
pub fn projection_bytes(
    scenario: &Scenario,
    circuit: &Circuit,
    projection: &ProjectionPlan,
) -> f64 {
    Reckoning::new(scenario, circuit).synapses_of(projection)
}

/// Estimated bytes of a scenario, without its data; see [`Memory`].
#[must_use]
pub fn needed_bytes(scenario: &Scenario, circuit: &Circuit) -> f64 {
    Memory::of(scenario, circuit).bytes()
}

/// Returns an error if a scenario needs more memory than is available or, if that is unknown, than
/// a large machine has.
///
/// # Errors
/// [`RunError::Memory`]
pub fn check_memory(scenario: &Scenario, circuit: &Circuit) -> Result<(), RunError> {
    const LARGE: f64 = 1e12;
    let memory = Memory::of(scenario, circuit);
    let (needed, available) = (memory.bytes(), available_bytes().unwrap_or(LARGE));
    if needed <= available {
        return Ok(());
    }
    Err(RunError::Memory {
        needed_gb: needed / 1e9,
        available_gb: available / 1e9,
        mostly: memory.largest(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check_memory, needed_bytes};
    use crate::description::Registry;
    use crate::description::scenario::{LoadedScenario, load};

    fn digits(set: &[&str]) -> LoadedScenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/digits.ron");
        let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
        load(&path, &set, &Registry::default()).unwrap()
    }

    #[test]
    fn the_event_engine_holds_more_for_each_trial() {
        for (trials, more) in [(1, 0.0), (32, 2e5)] {
            let bytes = ["dense", "events"].map(|engine| {
                let set = [format!("engine={engine}"), format!("trials={trials}")];
                let loaded = digits(&[&set[0], &set[1]]);
                needed_bytes(&loaded.scenario, &loaded.circuit)
            });
            assert!(bytes[1] > bytes[0] + more, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_shipped_fits_and_what_would_be_killed_is_refused() {
        let small = digits(&[]);
        let bytes = needed_bytes(&small.scenario, &small.circuit);
        // Measured for one run: 25 MB, including program and data.
        assert!((15e6..40e6).contains(&bytes), "{bytes}");
        assert!(check_memory(&small.scenario, &small.circuit).is_ok());
        for set in [
            vec![
                "model.populations.hidden1.size=16000000",
                "model.populations.hidden2.size=16000000",
            ],
            vec![
                "engine=dense",
                "model.projections.pixels_to_hidden1.delay_ms=100000000",
                "task.presentation_ms=200000000",
                "trials=65536",
            ],
        ] {
            let large = digits(&set);
            let error = check_memory(&large.scenario, &large.circuit);
            assert!(error.unwrap_err().to_string().contains("memory"), "{set:?}");
        }
    }
}
