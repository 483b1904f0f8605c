//! Angle between the weight change by a presentation and the exact gradient.
//!
//! The gradient is a measurement, not a part of the simulation: it is computed backwards through
//! the circuit from the output, which nothing in the simulation may do.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ShapeBuilder, Zip};

use super::probe::Times;
use super::statistics::angle;
use super::{Batch, RecordError, Recorder};
use crate::connectivity::Connectivity;
use crate::engine::ChangeBaseline;
use crate::engine::{ProjectionDescription, Simulation};
use crate::neuron::{Compartment, Transfer, Variable};

/// Probes of the angle, and the measured presentation.
#[derive(Default)]
pub(super) struct GradientAngles {
    /// Times at which presentations are measured, with the projections.
    wanted: Vec<(Times, Vec<Arc<str>>)>,
    /// Steps of the presentation that began last.
    presentation: Range<u64>,
    /// Projections to be measured in this presentation.
    due: BTreeSet<Arc<str>>,
    changes: Option<ChangeBaseline>,
    gradient: Option<BTreeMap<Arc<str>, Array2<f32>>>,
}

impl GradientAngles {
    /// Adds the projections of a probe.
    pub fn add(&mut self, times: Times, projections: Vec<Arc<str>>) {
        self.wanted.push((times, projections));
    }

    /// Starts the measurement of a presentation, if it is due.
    pub fn begin(&mut self, simulation: &mut Simulation, presentation: &Range<u64>) {
        if self.wanted.is_empty() || self.presentation == *presentation {
            return;
        }
        self.presentation = presentation.clone();
        let due = self
            .wanted
            .iter()
            .filter(|(times, _)| times.is_due_within(presentation.clone()));
        self.due = due
            .flat_map(|(_, projections)| projections.iter().cloned())
            .collect();
        self.gradient = None;
        self.changes = (!self.due.is_empty()).then(|| simulation.start_changes());
    }

    /// Computes the gradient for population `output` and target rates `target`, trials x size.
    pub fn compute_gradient(
        &mut self,
        simulation: &mut Simulation,
        output: &str,
        target: &Array2<f32>,
    ) {
        if self.changes.is_some() {
            self.gradient = descent(simulation, output, target);
        }
    }

    /// Records the angles of the presentation in degrees.
    pub fn end(
        &mut self,
        simulation: &mut Simulation,
        recorder: &mut Recorder,
    ) -> Result<(), RecordError> {
        let Some(changes) = self.changes.take() else {
            return Ok(());
        };
        let changes = simulation.change(changes);
        for (name, gradient) in self.gradient.take().iter().flatten() {
            let change = changes.get(name).filter(|_| self.due.contains(name));
            let Some(value) = change.and_then(|change| angle(change.view(), gradient.view()))
            else {
                continue;
            };
            recorder.record(Batch::Statistic {
                time_ms: simulation.time_ms(),
                projection: name.clone(),
                statistic: "gradient_angle",
                value,
            })?;
        }
        Ok(())
    }
}

/// Direction of steepest descent of the loss for every basal projection with weights on a path to
/// `output`, in the array of its weights, averaged over trials, at the present rates and potentials.
///
/// The loss is the cross-entropy of a soft-max output, or half the squared error of any other, with
/// `target` as trials x size. With `d = target - r` (times `f'` if the output is not a soft-max):
///
/// ```text
/// -dL/dW = mean over trials of d r_pre^T          d_pre = (W^T d) f'(b_pre)
/// ```
///
/// `None` if the basal projections before `output` form a cycle: the gradient then depends on the
/// past.
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
    // Errors from the downstream populations; that of the output is given by the target.
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
            let connectivity = simulation.connectivity(&projection.name)?.clone();
            if connectivity.has_weights() {
                let gradient = gradient(&connectivity, &delta, &sent) / trials;
                gradients.insert(projection.name.clone(), gradient);
            }
            if let Some(pre) = &projection.pre {
                let back = back(simulation, projection, (&delta, &sent))?;
                let error =
                    (errors.entry(pre.clone())).or_insert_with(|| Array2::zeros(sent.dim()));
                *error += &back;
            }
        }
    }
    Some(gradients)
}

/// Sum over trials and pairs of `delta` of the receiver times the value `sent`, in the array of
/// weights.
fn gradient(connectivity: &Connectivity, delta: &Array2<f32>, sent: &Array2<f32>) -> Array2<f32> {
    match connectivity.structure() {
        None => delta.t().dot(sent),
        Some(structure) => {
            let mut gradient = Array2::zeros(structure.parameters().f());
            structure.change(1.0, delta.view(), sent.view(), &mut gradient);
            gradient
        }
    }
}

/// Errors that come back to the senders of a projection, `W^T d`.
fn back(
    simulation: &Simulation,
    projection: &ProjectionDescription,
    (delta, sent): (&Array2<f32>, &Array2<f32>),
) -> Option<Array2<f32>> {
    let connectivity = simulation.connectivity(&projection.name)?;
    let reversed = connectivity.reversed();
    let mut back = Array2::zeros(sent.raw_dim());
    match (&reversed, connectivity.structure()) {
        (Connectivity::MaxPool(pool), _) => {
            pool.current(sent.view(), Some(delta.view()), back.view_mut());
        }
        (Connectivity::Structured(reversed), Some(structure)) => {
            let weights = match structure.fixed_weight() {
                Some(weight) => Array2::from_elem(structure.parameters(), weight),
                None => simulation.weights(&projection.name)?,
            };
            reversed.current(1.0, delta.view(), &weights, back.view_mut());
        }
        _ => back = delta.dot(&simulation.weights(&projection.name)?),
    }
    Some(back)
}

/// Appends to `order` the populations from which basal projections lead to `population`, each after
/// its sources; `None` if they form a cycle.
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
