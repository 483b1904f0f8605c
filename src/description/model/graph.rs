//! Names of the nodes of a model's graph.

use std::collections::BTreeMap;

use super::Model;
use crate::circuit::Graph;
use crate::neuron::Compartment;

/// Inputs and populations as nodes, the projections to one compartment as edges.
#[derive(Clone, Debug)]
pub struct ModelGraph<'a> {
    /// Edges between nodes.
    pub graph: Graph,
    names: Vec<&'a str>,
    nodes: BTreeMap<&'a str, usize>,
}

impl<'a> ModelGraph<'a> {
    /// The graph of all projections to `compartment`. An unknown name is a node too: names are
    /// checked elsewhere.
    #[must_use]
    pub fn of(model: &'a Model, compartment: Compartment) -> Self {
        let (mut names, mut nodes) = (Vec::new(), BTreeMap::new());
        let mut node = |name: &'a str| {
            *nodes.entry(name).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            })
        };
        let inputs = model.inputs.iter().map(|input| &input.name);
        for name in inputs.chain(model.populations.iter().map(|p| &p.name)) {
            node(name);
        }
        let projections = (model.projections.iter()).filter(|p| p.compartment == compartment);
        let edges: Vec<_> = projections
            .map(|p| (node(&p.from), node(&p.to), p.delay_ms))
            .collect();
        Self {
            graph: Graph::new(names.len(), edges),
            names,
            nodes,
        }
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
}
