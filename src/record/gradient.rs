//! The exact gradient, as a measure to hold a circuit's own changes against.
//!
//! This is an instrument, not a part of any neuron: it sees the whole circuit and goes through it
//! from the output back, which nothing in the simulation may do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ndarray::{Array2, Zip};

use crate::engine::{ProjectionDescription, Simulation};
use crate::neuron::{Compartment, Transfer, Variable};

/// The direction of steepest descent of the loss for every basal projection that leads to
/// `output`, post x pre, averaged over trials, at the present rates and potentials.
///
/// The loss is the cross-entropy of a soft-max output, half the squared error of any other, with
/// `target` as trials x size. With `d = target - r` (times `f'` if the output is no soft-max):
///
/// ```text
/// -dL/dW = mean over trials of d r_pre^T          d_pre = (W^T d) f'(b_pre)
/// ```
///
/// None if the basal projections before `output` run in a circle: the gradient then depends on
/// the past.
pub fn descent(
    simulation: &mut Simulation,
    output: &str,
    target: &Array2<f32>,
) -> Option<BTreeMap<Arc<str>, Array2<f32>>> {
    let mut projections = simulation.projections();
    projections.retain(|p| p.compartment == Compartment::Basal);
    let mut order = Vec::new();
    before(output, &projections, &mut BTreeSet::new(), &mut order)?;
    let transfers: BTreeMap<_, _> = (simulation.populations().into_iter())
        .filter_map(|p| Some((p.name, p.transfer?)))
        .collect();
    // What arrives at each population from those behind it; the output's comes from the target.
    let mut errors: BTreeMap<Arc<str>, Array2<f32>> = BTreeMap::new();
    let rates = simulation.read(output, Variable::RATE)?;
    errors.insert(output.into(), target - &rates);
    let mut gradients = BTreeMap::new();
    for population in order.iter().rev() {
        let (Some(transfer), Some(mut delta)) =
            (transfers.get(population), errors.remove(population))
        else {
            continue;
        };
        if *transfer != Transfer::Softmax {
            let b = simulation.read(population, Variable::BASAL_POTENTIAL)?;
            Zip::from(&mut delta)
                .and(&b)
                .for_each(|d, b| *d *= transfer.slope(*b));
        }
        let trials = delta.nrows() as f32;
        for projection in projections.iter().filter(|p| p.post == *population) {
            let sent = match &projection.pre {
                Some(pre) => simulation.read(pre, Variable::RATE)?,
                None => Array2::ones((delta.nrows(), 1)),
            };
            gradients.insert(projection.name.clone(), delta.t().dot(&sent) / trials);
            if let Some(pre) = &projection.pre {
                let back = delta.dot(&simulation.weights(&projection.name)?);
                let error =
                    (errors.entry(pre.clone())).or_insert_with(|| Array2::zeros(sent.dim()));
                *error += &back;
            }
        }
    }
    Some(gradients)
}

/// The populations from which basal projections lead to `population`, each after all of its own;
/// none if they run in a circle.
fn before(
    population: &str,
    projections: &[ProjectionDescription],
    path: &mut BTreeSet<Arc<str>>,
    order: &mut Vec<Arc<str>>,
) -> Option<()> {
    if order.iter().any(|known| **known == *population) {
        return Some(());
    }
    if !path.insert(population.into()) {
        return None;
    }
    for projection in projections.iter().filter(|p| *p.post == *population) {
        if let Some(pre) = &projection.pre {
            before(pre, projections, path, order)?;
        }
    }
    path.remove(population);
    order.push(population.into());
    Some(())
}
