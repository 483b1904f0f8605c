//! Directed graphs: paths between nodes, and loops.

/// A directed graph of numbered nodes, for example populations and the projections between them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// For each node, its targets and the delays in ms.
    onward: Vec<Vec<(usize, f64)>>,
    /// For each node, its sources and the delays in ms.
    back: Vec<Vec<(usize, f64)>>,
}

impl Graph {
    /// The graph of `nodes` nodes with `edges`: source, target, delay in ms.
    ///
    /// # Panics
    /// If an edge is of a node that does not exist.
    #[must_use]
    pub fn new(nodes: usize, edges: impl IntoIterator<Item = (usize, usize, f64)>) -> Self {
        let (mut onward, mut back) = (vec![Vec::new(); nodes], vec![Vec::new(); nodes]);
        for (from, to, delay) in edges {
            onward[from].push((to, delay));
            back[to].push((from, delay));
        }
        Self { onward, back }
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
        let count = self.onward.len();
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

    proptest! {
        /// Compared with reachability by powers of the adjacency matrix.
        #[test]
        fn groups_are_those_that_reach_each_other_in_the_order_of_edges(
            edges in prop::collection::vec((0usize..7, 0usize..7), 1..14),
        ) {
            let graph = Graph::new(7, edges.iter().map(|&(from, to)| (from, to, 1.0)));
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
                    let together = a == b || reaches(a, b) && reaches(b, a);
                    prop_assert_eq!(group_of(a) == group_of(b), together);
                    if reaches(a, b) {
                        prop_assert!(group_of(a) <= group_of(b));
                    }
                    prop_assert_eq!(graph.reached([a])[b], a == b || reaches(a, b));
                    prop_assert_eq!(graph.reaching(b)[a], a == b || reaches(a, b));
                }
                let group = groups.iter().find(|group| group.contains(&a)).unwrap();
                prop_assert_eq!(graph.is_loop(group), reaches(a, a));
            }
        }
    }

    #[test]
    fn a_chain_longer_than_the_stack_is_no_danger() {
        let graph = Graph::new(200_001, (0..200_000).map(|n| (n, n + 1, 1.0)));
        assert_eq!(graph.groups().len(), 200_001);
    }
}
