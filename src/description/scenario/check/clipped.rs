//! Warnings about initial weights outside their bounds, which start at the nearest bound.

use crate::circuit::{Circuit, ConnectivityPlan, WeightsPlan};
use crate::connectivity::Initial;
use crate::description::document::{Issue, Severity};

/// Largest number of weights drawn for counting.
const MOST_DRAWN: usize = 1 << 20;

/// A warning for each projection and each bias of `circuit` with initial weights outside their
/// bounds, with their number and the total.
#[must_use]
pub fn clipped(circuit: &Circuit) -> Vec<Issue> {
    let mut issues = Vec::new();
    for projection in &circuit.projections {
        // Without a rule, weights are constant and bounds have no effect.
        let WeightsPlan::Own(initial, Some(plasticity)) = &projection.weights else {
            continue;
        };
        let Some((low, high)) = plasticity.bounds else {
            continue;
        };
        let outside = |weight: &&f32| !(low..=high).contains(*weight);
        let counts = circuit.counts(projection);
        let all = counts.weights as usize;
        let is_all_to_all = matches!(
            &projection.connectivity,
            ConnectivityPlan::Fixed(connectivity) if connectivity.is_all_to_all()
        );
        // Other weights are counted as if all receivers had the mean number of synapses.
        let (post, pre) = circuit.shape(projection);
        let each = (counts.synapses as usize / post.max(1)).max(1);
        let shape = match is_all_to_all {
            true => (post, pre),
            false => ((all / each).max(1), each.min(all)),
        };
        let counted = matches!(initial, Initial::Constant(_) | Initial::Matrix(_));
        let sampled = (all > MOST_DRAWN || !is_all_to_all) && !counted;
        let drawn = |shape| initial.matrix(shape, circuit.seed, &projection.name);
        let count = match initial {
            Initial::Constant(weight) => all * usize::from(outside(&weight)),
            Initial::Matrix(matrix) => matrix.iter().filter(outside).count(),
            _ if sampled => {
                // The count is estimated from a part.
                let rows = (MOST_DRAWN / shape.1.max(1)).clamp(1, shape.0);
                let part = drawn((rows, shape.1));
                let found = part.iter().filter(outside).count();
                (found as f64 * all as f64 / (rows * shape.1) as f64) as usize
            }
            _ => drawn(shape).iter().filter(outside).count(),
        };
        if count > 0 {
            let about = if sampled { "about " } else { "" };
            let path = match projection.pre {
                Some(_) => format!("projections.{}.weights", projection.name),
                None => format!(
                    "populations.{}.bias.weights",
                    circuit.of(projection.post).name
                ),
            };
            issues.push(Issue {
                severity: Severity::Warning,
                path,
                message: format!(
                    "{about}{count} of {all} initial weights lie outside the bounds {low} to \
                     {high}: they start at the nearest bound"
                ),
            });
        }
    }
    issues
}
