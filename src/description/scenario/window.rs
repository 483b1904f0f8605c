//! Window of the teacher: after activity has arrived, and early enough for teaching to arrive.

use std::collections::BTreeMap;

use crate::description::model::{Graph, Model};
use crate::math::Steps;
use crate::neuron::Compartment;

use super::schema::Task;

/// Settling times in ms: of activity on its way up to the `taught` populations, and of teaching on
/// its way down from them.
///
/// Delays add up along a path. A chain of leaks settles to 1 % within
/// `5 tau_max + 2 (sum of the others)`, an upper bound for the tail of a gamma distribution. The
/// slowest path is used. Populations that reach each other form one stage of a path, in which each
/// population counts once, with its slowest delay from within: no path that enters a population
/// only once is slower. The settling time of a loop also depends on its weights.
#[must_use]
pub fn settling<'a>(model: &'a Model, taught: impl Iterator<Item = &'a str>) -> (f64, f64) {
    let inputs = model.inputs.iter().map(|input| input.name.as_str());
    let taught: Vec<_> = taught.collect();
    let up = |goal: &&str| slowest(model, Compartment::Basal, inputs.clone(), Some(goal));
    (
        taught.iter().map(up).fold(0.0, f64::max),
        slowest(model, Compartment::Apical, taught.iter().copied(), None),
    )
}

/// Settling time in ms of a new current or teacher at the `taught` populations, along basal
/// projections from the population it acts on, including the dendrites and soma there. An upper
/// bound, as in [`settling`].
#[must_use]
pub fn charging<'a>(
    model: &'a Model,
    population: &'a str,
    taught: impl Iterator<Item = &'a str>,
) -> f64 {
    let neuron = (model.populations.iter())
        .find(|p| p.name == population)
        .and_then(|p| model.neurons.get(&p.neuron));
    let apical = neuron.map_or(0.0, |neuron| 5.0 * neuron.tau_a_ms);
    let up = |goal| slowest(model, Compartment::Basal, [population], Some(goal));
    taught.map(up).fold(0.0, f64::max) + apical
}

/// Settling time in ms of all signals from `starts` to `goal`, or to all nodes.
fn slowest<'a>(
    model: &'a Model,
    compartment: Compartment,
    starts: impl IntoIterator<Item = &'a str>,
    goal: Option<&str>,
) -> f64 {
    let graph = Graph::of(model, compartment);
    let groups = graph.groups();
    let mut stages: Vec<Stage> = groups
        .iter()
        .map(|group| Stage::of(model, compartment, &graph, group))
        .collect();
    let mut stage_of = BTreeMap::new();
    for (stage, group) in groups.iter().enumerate() {
        stage_of.extend(group.iter().map(|node| (*node, stage)));
    }
    for start in starts.into_iter().filter_map(|name| graph.node(name)) {
        stages[stage_of[&start]].enter(start, Path::default());
    }
    // Groups come before those that they lead to, so a stage is complete when it is processed.
    for (stage, group) in groups.iter().enumerate() {
        for path in stages[stage].paths.clone() {
            for &(to, delay) in group.iter().flat_map(|node| graph.onward(*node)) {
                if stage_of[&to] != stage {
                    let delays = path.delays + delay;
                    stages[stage_of[&to]].enter(to, Path { delays, ..path });
                }
            }
        }
    }
    let goal = goal.map(|goal| graph.node(goal).map(|node| stage_of[&node]));
    (stages.iter().enumerate())
        .filter(|(stage, _)| goal.is_none_or(|goal| goal == Some(*stage)))
        .flat_map(|(_, stage)| &stage.paths)
        .map(Path::settled)
        .fold(0.0, f64::max)
}

/// Delays and time constants along a path, in ms.
#[derive(Clone, Copy, Debug, Default)]
struct Path {
    delays: f64,
    taus: f64,
    slowest: f64,
}

impl Path {
    fn settled(&self) -> f64 {
        self.delays + 5.0 * self.slowest + 2.0 * (self.taus - self.slowest)
    }

    /// True if this path settles no sooner than `other`, for any common continuation.
    fn covers(&self, other: &Self) -> bool {
        let without_slowest = |path: &Self| path.delays + 2.0 * path.taus;
        self.slowest >= other.slowest && without_slowest(self) >= without_slowest(other)
    }
}

/// Populations that reach each other, usually a single one, and the slowest paths through them.
struct Stage {
    /// For each node, its slowest delay from within the stage, in ms.
    delays: BTreeMap<usize, f64>,
    taus: f64,
    slowest: f64,
    /// No path covers another, so that there are at most as many as different time constants.
    paths: Vec<Path>,
}

impl Stage {
    fn of(model: &Model, compartment: Compartment, graph: &Graph, group: &[usize]) -> Self {
        let mut delays: BTreeMap<usize, f64> = group.iter().map(|node| (*node, 0.0)).collect();
        for node in group {
            for (to, delay) in graph.onward(*node) {
                if to != node
                    && let Some(longest) = delays.get_mut(to)
                {
                    *longest = longest.max(*delay);
                }
            }
        }
        let taus = |node: &usize| {
            let population = (model.populations.iter()).find(|p| p.name == graph.name(*node))?;
            let neuron = model.neurons.get(&population.neuron)?;
            let dendrite = match compartment {
                Compartment::Basal => neuron.tau_b_ms,
                Compartment::Apical => neuron.tau_a_ms,
            };
            Some([dendrite, neuron.tau_s_ms])
        };
        let taus: Vec<f64> = group.iter().filter_map(taus).flatten().collect();
        Self {
            delays,
            taus: taus.iter().sum(),
            slowest: taus.iter().copied().fold(0.0, f64::max),
            paths: Vec::new(),
        }
    }

    /// Continues a path from `node` through all nodes of the stage.
    fn enter(&mut self, node: usize, path: Path) {
        let others = self.delays.iter().filter(|(other, _)| **other != node);
        let path = Path {
            delays: path.delays + others.map(|(_, delay)| delay).sum::<f64>(),
            taus: path.taus + self.taus,
            slowest: path.slowest.max(self.slowest),
        };
        if !self.paths.iter().any(|known| known.covers(&path)) {
            self.paths.retain(|known| !path.covers(known));
            self.paths.push(path);
        }
    }
}

/// Window of the teacher within a presentation, in steps from the stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentationSteps {
    /// Steps from the stimulus to the teacher.
    pub on: u64,
    /// Steps from the stimulus to the end of the teacher.
    pub off: u64,
    /// Steps of a presentation.
    pub length: u64,
    /// Steps until activity has settled at the output without a teacher.
    pub settled: u64,
}

impl PresentationSteps {
    /// Window of `task`, with defaults from the circuit.
    ///
    /// The teaching current needs one more step.
    #[must_use]
    pub fn of(task: &Task, model: &Model, dt_ms: f64) -> Self {
        let (up, down) = settling(model, task.taught());
        let steps = Steps::of(dt_ms);
        let length = steps.next(task.presentation_ms);
        let on = steps.next(task.teacher.latency_ms.unwrap_or(up));
        let before_end = steps.next(task.teacher.off_before_end_ms.unwrap_or(down));
        Self {
            on,
            off: length.saturating_sub(before_end),
            length,
            settled: steps.next(up),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::settling;
    use crate::connectivity::InitialWeights;
    use crate::description::model::{Input, Model, Neuron, Population, Projection};
    use crate::neuron::Compartment;

    /// Edges between `pixels`, which is 0, and populations 1 to N with these time constants.
    fn model(taus: &[(f64, f64)], edges: &[(usize, usize, f64)]) -> Model {
        let name = |index: usize| match index {
            0 => "pixels".to_owned(),
            _ => format!("p{index}"),
        };
        let neuron = |&(tau_b_ms, tau_s_ms): &(f64, f64)| Neuron {
            tau_b_ms,
            tau_s_ms,
            ..Neuron::default()
        };
        let population = |index: usize| Population {
            name: name(index),
            size: 1,
            neuron: index.to_string(),
            bias: None,
        };
        let projection = |&(from, to, delay_ms): &(usize, usize, f64)| Projection {
            name: None,
            from: name(from),
            to: name(to),
            compartment: Compartment::Basal,
            delay_ms,
            synapse: "still".into(),
            weights: InitialWeights::Constant(0.0),
            threshold: None,
            reciprocal: None,
        };
        Model {
            name: "window".into(),
            about: String::new(),
            threshold: 0.0,
            neurons: (taus.iter().enumerate())
                .map(|(index, taus)| ((index + 1).to_string(), neuron(taus)))
                .collect(),
            inputs: vec![Input {
                name: name(0),
                size: 1,
                shape: None,
            }],
            populations: (1..=taus.len()).map(population).collect(),
            synapses: [].into(),
            projections: edges.iter().map(projection).collect(),
        }
    }

    /// All paths that enter no population twice, one after the other.
    fn of_all_paths(
        taus: &[(f64, f64)],
        edges: &[(usize, usize, f64)],
        path: &mut Vec<usize>,
        delays: f64,
        goal: usize,
    ) -> f64 {
        let here = *path.last().unwrap();
        let mut longest = 0.0f64;
        if here == goal {
            let passed = path.iter().filter(|node| **node > 0);
            let passed: Vec<f64> = passed
                .flat_map(|n| [taus[n - 1].0, taus[n - 1].1])
                .collect();
            let slowest = passed.iter().copied().fold(0.0, f64::max);
            longest = delays + 3.0 * slowest + 2.0 * passed.iter().sum::<f64>();
        }
        for &(from, to, delay) in edges {
            if from == here && !path.contains(&to) {
                path.push(to);
                longest = longest.max(of_all_paths(taus, edges, path, delays + delay, goal));
                path.pop();
            }
        }
        longest
    }

    fn times() -> impl Strategy<Value = f64> {
        (0u32..40).prop_map(f64::from)
    }

    proptest! {
        #[test]
        fn without_loops_the_slowest_of_all_paths_counts_and_with_them_none_is_slower(
            taus in prop::collection::vec((times(), times()), 6),
            edges in prop::collection::vec((0usize..7, 1usize..7, times()), 1..16),
        ) {
            let forward: Vec<_> = edges.iter().copied().filter(|(from, to, _)| from < to).collect();
            let slowest = of_all_paths(&taus, &forward, &mut vec![0], 0.0, 6);
            prop_assert_eq!(settling(&model(&taus, &forward), ["p6"].into_iter()).0, slowest);
            let slowest = of_all_paths(&taus, &edges, &mut vec![0], 0.0, 6);
            prop_assert!(settling(&model(&taus, &edges), ["p6"].into_iter()).0 >= slowest);
        }
    }

    #[test]
    fn in_a_densely_recurrent_circuit_every_population_counts_once_and_at_once() {
        let taus = [(2.0, 1.0); 20];
        let mut edges = vec![(0, 1, 1.0)];
        edges.extend((1..=20).flat_map(|from| (1..=20).map(move |to| (from, to, 1.0))));
        let started = Instant::now();
        let (up, _) = settling(&model(&taus, &edges), ["p20"].into_iter());
        assert!(started.elapsed() < Duration::from_millis(500));
        // 20 delays, the slowest leak five times, the other 39 twice.
        assert_eq!(up, 20.0 + 5.0 * 2.0 + 2.0 * (19.0 * 2.0 + 20.0));
    }
}
