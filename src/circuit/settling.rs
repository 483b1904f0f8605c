//! Settling times of activity and of teaching signals.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::plan::Circuit;
use crate::event::{PopulationId, Signal};
use crate::neuron::Compartment;

/// Settling times in ms: of activity on its way up to the `taught` populations, and of teaching on
/// its way down from them.
///
/// Delays add up along a path. A chain of leaks settles to 1 % within
/// `5 tau_max + 2 (sum of the others)`, an upper bound for the tail of a gamma distribution. The
/// slowest path is used. Populations that reach each other form one stage of a path, in which each
/// population counts once, with its slowest delay from within: no path that enters a population
/// only once is slower. The settling time of a loop also depends on its weights.
#[must_use]
pub fn settling(circuit: &Circuit, taught: &[PopulationId]) -> (f64, f64) {
    let inputs: Vec<PopulationId> = (0..)
        .map(PopulationId)
        .zip(&circuit.populations)
        .filter(|(_, population)| population.neurons.is_none())
        .map(|(id, _)| id)
        .collect();
    let up = |goal: &PopulationId| slowest(circuit, Compartment::Basal, &inputs, Some(*goal));
    (
        taught.iter().map(up).fold(0.0, f64::max),
        slowest(circuit, Compartment::Apical, taught, None),
    )
}

/// Settling time in ms of a new current or teacher at the `taught` populations, along basal
/// projections from the population it acts on, including the dendrites and soma there. An upper
/// bound, as in [`settling`].
#[must_use]
pub fn charging(circuit: &Circuit, population: PopulationId, taught: &[PopulationId]) -> f64 {
    let neurons = circuit.of(population).neurons.as_ref();
    let apical = neurons.map_or(0.0, |neurons| 5.0 * neurons.tau_ms[1]);
    let up = |goal: &PopulationId| slowest(circuit, Compartment::Basal, &[population], Some(*goal));
    taught.iter().map(up).fold(0.0, f64::max) + apical
}

/// Settling time in ms of all signals from `starts` to `goal`, or to all populations.
fn slowest(
    circuit: &Circuit,
    compartment: Compartment,
    starts: &[PopulationId],
    goal: Option<PopulationId>,
) -> f64 {
    let (steps, count) = (circuit.steps(), circuit.populations.len());
    // Rates sent to apical dendrites are neither activity nor teaching on its way.
    let signal = Signal::of(compartment);
    let edges = (circuit.projections.iter()).filter_map(|p| {
        let pre = (p.pre).filter(|_| p.compartment == compartment && p.signal == signal)?;
        Some((pre.index(), p.post.index(), steps.ms(p.delay)))
    });
    let graph = Graph::new(count, edges);
    let groups = graph.groups();
    let mut stages: Vec<Stage> = groups
        .iter()
        .map(|group| Stage::of(circuit, compartment, &graph, group))
        .collect();
    let mut stage_of = vec![0; count];
    for (stage, group) in groups.iter().enumerate() {
        group.iter().for_each(|node| stage_of[*node] = stage);
    }
    for start in starts.iter().map(|start| start.index()) {
        stages[stage_of[start]].enter(start, Path::default());
    }
    // Groups come before those that they lead to, so a stage is complete when it is processed.
    for (stage, group) in groups.iter().enumerate() {
        for path in stages[stage].paths.clone() {
            for &(to, delay) in group.iter().flat_map(|node| graph.onward(*node)) {
                if stage_of[to] != stage {
                    let delays = path.delays + delay;
                    stages[stage_of[to]].enter(to, Path { delays, ..path });
                }
            }
        }
    }
    let goal = goal.map(|goal| stage_of[goal.index()]);
    (stages.iter().enumerate())
        .filter(|(stage, _)| goal.is_none_or(|goal| goal == *stage))
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
    fn of(circuit: &Circuit, compartment: Compartment, graph: &Graph, group: &[usize]) -> Self {
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
            let neurons = circuit.populations[*node].neurons.as_ref()?;
            let [basal, apical, soma] = neurons.tau_ms;
            Some(match compartment {
                Compartment::Basal => [basal, soma],
                Compartment::Apical => [apical, soma],
            })
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::settling;
    use crate::circuit::{
        Circuit, ConnectivityPlan, Engine, NeuronsPlan, PopulationPlan, ProjectionPlan, Systems,
        WeightsPlan,
    };
    use crate::connectivity::{Connectivity, Initial, Shape};
    use crate::event::{PopulationId, Signal};
    use crate::neuron::soma::Units;
    use crate::neuron::{Compartment, Transfer};

    /// Edges between an input, which is 0, and populations 1 to N with these time constants.
    fn circuit(taus: &[(f64, f64)], edges: &[(usize, usize, f64)]) -> Circuit {
        let population = |index: usize| PopulationPlan {
            name: index.to_string().into(),
            size: 1,
            shape: Shape::line(1),
            neurons: (index > 0).then(|| NeuronsPlan {
                tau_ms: [taus[index - 1].0, 0.0, taus[index - 1].1],
                g_a: 0.0,
                lambda: 0.0,
                transfer: Transfer::default(),
                mismatch: Units::Rate,
                noise: None,
            }),
            own: None,
            stores_all: false,
        };
        let projection = |&(from, to, delay): &(usize, usize, f64)| ProjectionPlan {
            name: "".into(),
            pre: Some(PopulationId(from as u32)),
            post: PopulationId(to as u32),
            compartment: Compartment::Basal,
            signal: Signal::Rate,
            connectivity: ConnectivityPlan::Fixed(Connectivity::all_to_all((1, 1))),
            delay: delay as u64,
            threshold: 0.0,
            reciprocal: None,
            weights: WeightsPlan::Own(Initial::Constant(0.0), None),
        };
        Circuit {
            dt_ms: 1.0,
            trials: 1,
            seed: 0,
            engine: Engine::Dense,
            populations: (0..=taus.len()).map(population).collect(),
            projections: edges.iter().map(projection).collect(),
            systems: Systems::default(),
        }
    }

    /// Settling time of activity in ms at population `goal`.
    fn up(taus: &[(f64, f64)], edges: &[(usize, usize, f64)], goal: u32) -> f64 {
        settling(&circuit(taus, edges), &[PopulationId(goal)]).0
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
            prop_assert_eq!(up(&taus, &forward, 6), slowest);
            let slowest = of_all_paths(&taus, &edges, &mut vec![0], 0.0, 6);
            prop_assert!(up(&taus, &edges, 6) >= slowest);
        }
    }

    #[test]
    fn in_a_densely_recurrent_circuit_every_population_counts_once_and_at_once() {
        let taus = [(2.0, 1.0); 20];
        let mut edges = vec![(0, 1, 1.0)];
        edges.extend((1..=20).flat_map(|from| (1..=20).map(move |to| (from, to, 1.0))));
        let started = Instant::now();
        let up = up(&taus, &edges, 20);
        assert!(started.elapsed() < Duration::from_millis(500));
        // 20 delays, the slowest leak five times, the other 39 twice.
        assert_eq!(up, 20.0 + 5.0 * 2.0 + 2.0 * (19.0 * 2.0 + 20.0));
    }
}
