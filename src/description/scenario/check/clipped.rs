//! Warnings about initial weights outside their bounds, which start at the nearest bound.

use crate::connectivity::{Initial, InitialWeights, Matrices};
use crate::description::Registry;
use crate::description::document::{Issue, Severity};
use crate::description::model::{Bias, Model};

/// Largest number of weights drawn for counting.
const MOST_DRAWN: usize = 1 << 20;

/// A warning for each projection and each bias of a checked `model` with initial weights outside
/// the bounds of its synapse type, with their number and the total. Random weights are those of
/// `seed`, weights from files are `matrices`.
#[must_use]
pub fn clipped(model: &Model, registry: &Registry, seed: u64, matrices: &Matrices) -> Vec<Issue> {
    let size = |name: &str| {
        let inputs = model.inputs.iter().map(|i| (&i.name, i.size));
        let mut all = inputs.chain(model.populations.iter().map(|p| (&p.name, p.size)));
        all.find(|(known, _)| *known == name).map(|(_, size)| size)
    };
    let projections = model.projections.iter().filter_map(|p| {
        let shape = (size(&p.to)?, size(&p.from)?);
        let path = format!("projections.{}.weights", p.name());
        Some((path, p.name(), shape, &p.synapse, &p.weights))
    });
    let biases = model.populations.iter().filter_map(|p| {
        let bias = p.bias.as_ref()?;
        let path = format!("populations.{}.bias.weights", p.name);
        let name = Bias::name(&p.name);
        Some((path, name, (p.size, 1), &bias.synapse, &bias.weights))
    });
    let mut issues = Vec::new();
    for (path, name, shape, synapse, weights) in projections.chain(biases) {
        let Some(kind) = model.synapses.get(synapse) else {
            continue;
        };
        // Without a rule, weights are constant and bounds have no effect.
        let ruled = (kind.rule.as_deref()).is_some_and(|rule| registry.rule(rule).is_some());
        let Some((low, high)) = kind.bounds.filter(|_| ruled) else {
            continue;
        };
        let outside = |weight: &&f32| !(low..=high).contains(*weight);
        let all = shape.0.saturating_mul(shape.1);
        // A file has already been read, whatever its size.
        let sampled = all > MOST_DRAWN
            && !matches!(
                weights,
                InitialWeights::Npy(_) | InitialWeights::Constant(_)
            );
        let drawn = |shape| {
            let initial = Initial::of(weights, matrices.get(&name));
            initial.matrix(shape, seed, &name)
        };
        let count = match weights {
            InitialWeights::Constant(weight) => all * usize::from(outside(&weight)),
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
            issues.push(Issue {
                severity: Severity::Warning,
                path,
                message: format!(
                    "{about}{count} of {all} initial weights lie outside the bounds {low} to \
                     {high} of synapses of type `{synapse}`: they start at the nearest bound"
                ),
            });
        }
    }
    issues
}
