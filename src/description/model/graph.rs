//! Paths between populations along one kind of projection, and loops.

use std::collections::BTreeMap;

use super::Model;
use crate::neuron::Compartment;

/// Inputs and populations as nodes, the projections to one compartment as edges.
#[derive(Clone, Debug)]
pub struct Graph<'a> {
    names: Vec<&'a str>,
    nodes: BTreeMap<&'a str, usize>,
    /// For each node, its targets and the delays in ms.
    onward: Vec<Vec<(usize, f64)>>,
    /// For each node, its sources and the delays in ms.
    back: Vec<Vec<(usize, f64)>>,
}

impl<'a> Graph<'a> {
    /// The graph of all projections to `compartment`. An unknown name is a node too: names are
    /// checked elsewhere.
    #[must_use]
    pub fn of(model: &'a Model, compartment: Compartment) -> Self {
        let mut graph = Self {
            names: Vec::new(),
            nodes: BTreeMap::new(),
            onward: Vec::new(),
            back: Vec::new(),
        };
        let inputs = model.inputs.iter().map(|input| &input.name);
        for name in inputs.chain(model.populations.iter().map(|p| &p.name)) {
            graph.enter(name);
        }
        for projection in &model.projections {
            if projection.compartment == compartment {
                let (from, to) = (graph.enter(&projection.from), graph.enter(&projection.to));
                graph.onward[from].push((to, projection.delay_ms));
                graph.back[to].push((from, projection.delay_ms));
            }
        }
        graph
    }

    fn enter(&mut self, name: &'a str) -> usize {
        let next = self.names.len();
        let node = *self.nodes.entry(name).or_insert(next);
        if node == next {
            self.names.push(name);
            self.onward.push(Vec::new());
            self.back.push(Vec::new());
        }
        node
    }

    /// The node with this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<usize> {
        self.nodes.get(name).copied()
    }

    /// The name of a node.
    #[must_use]
    pub fn name(&self, node: usize) -> &'a str {
        self.names[node]
    }

    /// Targets of a node, with the delays in ms.
    #[must_use]
    pub fn onward(&self, node: usize) -> &[(usize, f64)] {
        &self.onward[node]
    }

    /// For each node, true if a path leads there from one of `starts`; true for the starts
    /// themselves.
    #[must_use]
    pub fn reached(&self, starts: impl IntoIterator<Item = usize>) -> Vec<bool> {
        search_all(&self.onward, starts)
    }

    /// For each node, true if a path leads from there to `goal`; true for the goal itself.
    #[must_use]
    pub fn reaching(&self, goal: usize) -> Vec<bool> {
        search_all(&self.back, [goal])
    }

    /// True if the group has more than one node, or one that projects to itself.
    #[must_use]
    pub fn is_loop(&self, group: &[usize]) -> bool {
        match group {
            [node] => self.onward[*node].iter().any(|(to, _)| to == node),
            _ => group.len() > 1,
        }
    }

    /// All nodes in groups that reach each other, each group before the groups it leads to:
    /// strongly connected components by two searches (Kosaraju and Sharir 1981).
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let count = self.names.len();
        let (mut seen, mut left) = (vec![false; count], Vec::new());
        for start in 0..count {
            search(&self.onward, start, &mut seen, &mut left);
        }
        seen.fill(false);
        let backward = left.into_iter().rev().map(|start| {
            let mut group = Vec::new();
            search(&self.back, start, &mut seen, &mut group);
            group
        });
        backward.filter(|group| !group.is_empty()).collect()
    }
}

fn search_all(edges: &[Vec<(usize, f64)>], starts: impl IntoIterator<Item = usize>) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    for start in starts {
        search(edges, start, &mut seen, &mut Vec::new());
    }
    seen
}

/// Depth-first search from `start` over nodes not yet seen; appends nodes to `left` in the order in
/// which they are left. Not recursive, since a long chain could exceed a thread's stack.
fn search(edges: &[Vec<(usize, f64)>], start: usize, seen: &mut [bool], left: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, 0)];
    while let Some((node, next)) = path.last_mut() {
        match edges[*node].get(*next) {
            Some(&(to, _)) => {
                *next += 1;
                if !std::mem::replace(&mut seen[to], true) {
                    path.push((to, 0));
                }
            }
            None => {
                left.push(*node);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Graph;
    use crate::connectivity::InitialWeights;
    use crate::description::model::{Model, Projection};
    use crate::neuron::Compartment;

    fn model(edges: &[(usize, usize)]) -> Model {
        let projection = |&(from, to): &(usize, usize)| Projection {
            name: None,
            from: from.to_string(),
            to: to.to_string(),
            compartment: Compartment::Basal,
            delay_ms: 1.0,
            synapse: String::new(),
            weights: InitialWeights::Constant(0.0),
            threshold: None,
            reciprocal: None,
        };
        Model {
            name: "graph".into(),
            about: String::new(),
            threshold: 0.0,
            neurons: [].into(),
            inputs: Vec::new(),
            populations: Vec::new(),
            synapses: [].into(),
            projections: edges.iter().map(projection).collect(),
        }
    }

    proptest! {
        /// Compared with reachability by powers of the adjacency matrix.
        #[test]
        fn groups_are_those_that_reach_each_other_in_the_order_of_edges(
            edges in prop::collection::vec((0usize..7, 0usize..7), 1..14),
        ) {
            let model = model(&edges);
            let graph = Graph::of(&model, Compartment::Basal);
            let node = |name: usize| graph.node(&name.to_string());
            let mut paths = [[false; 7]; 7];
            for &(from, to) in &edges {
                paths[from][to] = true;
            }
            for middle in 0..7 {
                for from in 0..7 {
                    for to in 0..7 {
                        paths[from][to] |= paths[from][middle] && paths[middle][to];
                    }
                }
            }
            let reaches = |from: usize, to: usize| paths[from][to];
            let groups = graph.groups();
            let group_of = |node: usize| groups.iter().position(|group| group.contains(&node));
            for a in 0..7 {
                for b in 0..7 {
                    let (Some(at_a), Some(at_b)) = (node(a), node(b)) else { continue };
                    let together = a == b || reaches(a, b) && reaches(b, a);
                    prop_assert_eq!(group_of(at_a) == group_of(at_b), together);
                    if reaches(a, b) {
                        prop_assert!(group_of(at_a) <= group_of(at_b));
                    }
                    prop_assert_eq!(graph.reached([at_a])[at_b], a == b || reaches(a, b));
                    prop_assert_eq!(graph.reaching(at_b)[at_a], a == b || reaches(a, b));
                }
                if let Some(at) = node(a) {
                    let group = groups.iter().find(|group| group.contains(&at)).unwrap();
                    prop_assert_eq!(graph.is_loop(group), reaches(a, a));
                }
            }
        }
    }

    #[test]
    fn a_chain_longer_than_the_stack_is_no_danger() {
        let edges: Vec<(usize, usize)> = (0..200_000).map(|n| (n, n + 1)).collect();
        let model = model(&edges);
        assert_eq!(
            Graph::of(&model, Compartment::Basal).groups().len(),
            200_001
        );
    }
}
