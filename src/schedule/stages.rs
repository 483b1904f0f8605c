//! The stages of a step, each one system.
//!
//! Every stage goes through populations and projections in the order of their names; none knows
//! what comes before another in the circuit.

use std::sync::Arc;

use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::circuit::{
    Clock, EtaScale, Parameters, Plasticity, Population, Projection, Synapses, Wiring, product,
};
use crate::event::{DeltaLine, Event, Injections, RateLine, Site, Timeline};
use crate::model::Compartment;
use crate::neuron::{apical, basal, soma};
use crate::plasticity::Columns;
use crate::teaching::Teacher;

/// Only pyramidal neurons have a basal dendrite.
type IsInput = Without<basal::Potential>;

fn read<T: TransparentWrapper<f32>>(column: &[T]) -> &[f32] {
    T::peel_slice(column)
}

fn write<'a, T: TransparentWrapper<f32>>(column: &'a mut ContiguousMut<'_, T>) -> &'a mut [f32] {
    T::peel_slice_mut(column.bypass_change_detection())
}

/// Occur: events of the timeline that are due act on the state.
pub fn occur(
    clock: Res<Clock>,
    mut timeline: ResMut<Timeline>,
    mut scale: ResMut<EtaScale>,
    mut injections: ResMut<Injections>,
    mut populations: Query<(&Population, Option<(&mut Teacher, &mut Parameters)>)>,
    mut plasticities: Query<&mut Plasticity>,
    mut inputs: Query<&mut soma::Rate, IsInput>,
) {
    for event in timeline.due(clock.step) {
        match event {
            Event::Rates(entity, rates) => {
                let column = (inputs.contiguous_iter_mut().ok()).and_then(|mut t| t.next());
                if let (Some(mut column), Ok((population, _))) = (column, populations.get(entity)) {
                    let column = &mut write(&mut column)[population.rows.clone()];
                    (column.iter_mut().zip(&rates)).for_each(|(to, from)| *to = *from);
                }
            }
            Event::Teacher(entity, teacher) => {
                if let Ok((_, Some((mut present, _)))) = populations.get_mut(entity) {
                    *present = teacher;
                }
            }
            Event::Strength(entity, strength) => {
                if let Ok((_, Some((mut teacher, _)))) = populations.get_mut(entity) {
                    teacher.strength.fill(strength);
                }
            }
            Event::Inject(number, injection) => {
                injections.0.insert(number, Arc::new(injection));
            }
            Event::Withdraw(number) => {
                injections.0.remove(&number);
            }
            Event::Neuron(entity, parameter, value) => {
                if let Ok((_, Some((_, mut parameters)))) = populations.get_mut(entity) {
                    parameters.set(parameter, value, clock.dt_ms);
                }
            }
            Event::Eta(entity, eta) => {
                if let Ok(mut plasticity) = plasticities.get_mut(entity) {
                    plasticity.eta = eta;
                }
            }
            Event::EtaScale(factor) => scale.0 = factor,
        }
    }
}

/// Send: the rates and teaching signals of the last step leave every neuron.
pub fn send(
    mut populations: Query<(&Population, &mut RateLine, Option<&mut DeltaLine>)>,
    inputs: Query<&soma::Rate, IsInput>,
    neurons: Query<(&soma::Rate, &soma::Delta, &basal::Potential)>,
) {
    let input = inputs.contiguous_iter().ok().and_then(|mut t| t.next());
    let pyramidal = neurons.contiguous_iter().ok().and_then(|mut t| t.next());
    for (population, mut rates, deltas) in &mut populations {
        let rows = population.rows.clone();
        if population.is_input {
            if let Some(column) = &input {
                rates.0.send(&read::<soma::Rate>(column)[rows]);
            }
        } else if let (Some((r, delta, _)), Some(mut line)) = (&pyramidal, deltas) {
            rates.0.send(&read::<soma::Rate>(r)[rows.clone()]);
            line.0.send(&read::<soma::Delta>(delta)[rows]);
        }
    }
}

/// Deliver: what arrives now becomes the currents of the dendrites, teaching among it.
pub fn deliver(
    wiring: Res<Wiring>,
    projections: Query<(&Projection, &Synapses)>,
    synapses: Query<&Synapses>,
    populations: Senders<'_, '_>,
    injections: Res<Injections>,
    mut neurons: Query<(
        &mut basal::Current,
        &mut apical::Current,
        &mut soma::Current,
        &soma::Rate,
    )>,
) {
    let Some((mut basal, mut apical, mut soma, rates)) =
        (neurons.contiguous_iter_mut().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (i_b, i_a) = (write(&mut basal), write(&mut apical));
    let i_s = write(&mut soma);
    for currents in [&mut *i_b, &mut *i_a, &mut *i_s] {
        currents.fill(0.0);
    }
    for injection in injections.0.values() {
        let Ok((population, ..)) = populations.get(injection.population) else {
            continue;
        };
        let column = match injection.site {
            Site::Basal => &mut *i_b,
            Site::Apical => &mut *i_a,
            Site::Soma => &mut *i_s,
        };
        for trial in column[population.rows.clone()].chunks_exact_mut(population.size) {
            (trial.iter_mut().zip(&injection.current)).for_each(|(to, from)| *to += from);
        }
    }
    for &entity in wiring.projections.values() {
        let Ok((projection, own)) = projections.get(entity) else {
            continue;
        };
        let Some(weights) = own.view(|other| synapses.get(other).ok()) else {
            continue;
        };
        let Ok((post, ..)) = populations.get(projection.post) else {
            continue;
        };
        let column = match projection.compartment {
            Compartment::Basal => &mut *i_b,
            Compartment::Apical => &mut *i_a,
        };
        let currents = matrix_mut(&mut column[post.rows.clone()], post);
        with_arriving(projection, &populations, |sent| {
            product::accumulate(1.0, sent, weights.t(), currents);
        });
    }
    let rates = read::<soma::Rate>(rates);
    for &entity in wiring.populations.values() {
        if let Ok((population, _, _, Some(teacher))) = populations.get(entity) {
            let rows = population.rows.clone();
            teacher.teach(&rates[rows.clone()], &mut i_a[rows]);
        }
    }
}

type Senders<'w, 's> = Query<
    'w,
    's,
    (
        &'static Population,
        &'static RateLine,
        Option<&'static DeltaLine>,
        Option<&'static Teacher>,
    ),
>;

/// Hands on what arrives through `projection` now, trials x pre.
fn with_arriving(
    projection: &Projection,
    populations: &Senders<'_, '_>,
    then: impl FnOnce(ArrayView2<'_, f32>),
) {
    let Some(pre) = projection.pre else {
        let trials = populations.get(projection.post).map_or(0, |p| p.0.trials);
        return then(Array2::ones((trials, 1)).view());
    };
    let Ok((population, rates, deltas, _)) = populations.get(pre) else {
        return;
    };
    let line = match projection.compartment {
        Compartment::Basal => Some(&rates.0),
        Compartment::Apical => deltas.map(|line| &line.0),
    };
    let shape = (population.trials, population.size);
    if let Some(line) = line
        && let Ok(sent) = ArrayView2::from_shape(shape, line.arriving(projection.delay))
    {
        then(sent);
    }
}

fn matrix_mut<'a>(column: &'a mut [f32], population: &Population) -> ArrayViewMut2<'a, f32> {
    let shape = (population.trials, population.size);
    ArrayViewMut2::from_shape(shape, column).expect("rows of a population are trials x size")
}

/// Integrate: both dendrites move towards their currents.
pub fn integrate(
    populations: Query<(&Population, &Parameters)>,
    mut neurons: Query<(
        &basal::Current,
        &mut basal::Potential,
        &apical::Current,
        &mut apical::Potential,
    )>,
) {
    let Some((i_b, mut b, i_a, mut a)) =
        (neurons.contiguous_iter_mut().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (i_b, i_a) = (read::<basal::Current>(i_b), read::<apical::Current>(i_a));
    let (b, a) = (write(&mut b), write(&mut a));
    for (population, p) in &populations {
        let rows = population.rows.clone();
        basal::integrate(&mut b[rows.clone()], &i_b[rows.clone()], p.leak_b);
        apical::integrate(&mut a[rows.clone()], &i_a[rows], p.leak_a);
    }
}

/// What the soma reads, its own state, and what it sends.
type Firing = (
    (
        &'static basal::Potential,
        &'static apical::Potential,
        &'static soma::Current,
    ),
    (&'static mut soma::Potential, &'static mut soma::Prediction),
    &'static mut soma::Mismatch,
    (&'static mut soma::Rate, &'static mut soma::Delta),
);

/// Fire: the soma compares its dendrites; rate and teaching signal follow.
pub fn fire(populations: Query<(&Population, &Parameters)>, mut neurons: Query<Firing>) {
    let Some(((b, a, i_s), (mut s, mut b_hat), mut xi, (mut r, mut delta))) =
        (neurons.contiguous_iter_mut().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (b, a) = (read::<basal::Potential>(b), read::<apical::Potential>(a));
    let i_s = read::<soma::Current>(i_s);
    let (s, b_hat, xi) = (write(&mut s), write(&mut b_hat), write(&mut xi));
    let (r, delta) = (write(&mut r), write(&mut delta));
    for (population, p) in &populations {
        let rows = population.rows.clone();
        soma::compare(
            soma::Dendrites {
                b: &b[rows.clone()],
                a: &a[rows.clone()],
                i_s: &i_s[rows.clone()],
            },
            &mut s[rows.clone()],
            &mut b_hat[rows.clone()],
            &mut xi[rows.clone()],
            (p.g_a, p.leak_s),
        );
        let (b, s, xi) = (&b[rows.clone()], &s[rows.clone()], &xi[rows.clone()]);
        let (r, delta) = (&mut r[rows.clone()], &mut delta[rows]);
        for (r, (b, s)) in r.iter_mut().zip(b.iter().zip(s)) {
            *r = b + p.lambda * (s - b);
        }
        p.transfer.rates(r, population.size);
        for (delta, (b, xi)) in delta.iter_mut().zip(b.iter().zip(xi)) {
            *delta = p.transfer.slope(*b) * xi;
        }
    }
}

/// Learn: every plastic synapse changes by its rule, always.
pub fn learn(
    wiring: Res<Wiring>,
    clock: Res<Clock>,
    scale: Res<EtaScale>,
    mut projections: Query<(&Projection, &mut Synapses, &mut Plasticity)>,
    populations: Senders<'_, '_>,
    neurons: Query<(
        &basal::Potential,
        &apical::Potential,
        &soma::Mismatch,
        &soma::Delta,
        &soma::Rate,
    )>,
    mut factors: Local<Vec<f32>>,
) {
    let Some((b, a, xi, delta, r)) = (neurons.contiguous_iter().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (b, a) = (read::<basal::Potential>(b), read::<apical::Potential>(a));
    let xi = read::<soma::Mismatch>(xi);
    let (delta, r) = (read::<soma::Delta>(delta), read::<soma::Rate>(r));
    for &entity in wiring.projections.values() {
        let Ok((projection, mut synapses, mut plasticity)) = projections.get_mut(entity) else {
            continue;
        };
        let Ok((post, ..)) = populations.get(projection.post) else {
            continue;
        };
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        let rows = post.rows.clone();
        let potential = match projection.compartment {
            Compartment::Basal => b,
            Compartment::Apical => a,
        };
        let columns = Columns {
            potential: &potential[rows.clone()],
            mismatch: &xi[rows.clone()],
            delta: &delta[rows.clone()],
            rate: &r[rows],
        };
        plasticity.kernel.fill(columns, &mut factors);
        let Ok(factors) = ArrayView2::from_shape((post.trials, post.size), factors.as_slice())
        else {
            continue;
        };
        let mean = (clock.dt_ms / post.trials as f64) as f32;
        let plasticity = &mut *plasticity;
        with_arriving(projection, &populations, |sent| {
            match &mut plasticity.consolidation {
                Some(c) => {
                    product::accumulate(mean, factors.t(), sent, c.eligibility.view_mut());
                }
                None => {
                    let rate = mean * plasticity.eta * scale.0;
                    product::accumulate(rate, factors.t(), sent, weights.view_mut());
                }
            }
        });
        if plasticity.decay_per_ms > 0.0 {
            let kept = (-plasticity.decay_per_ms * clock.dt_ms).exp() as f32;
            weights.mapv_inplace(|w| w * kept);
        }
    }
}

/// Consolidate: eligibilities whose clock strikes become weight change; bounds hold.
pub fn consolidate(
    clock: Res<Clock>,
    scale: Res<EtaScale>,
    mut projections: Query<(&mut Synapses, &mut Plasticity)>,
) {
    for (mut synapses, mut plasticity) in &mut projections {
        let plasticity = &mut *plasticity;
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        if let Some(consolidator) = &mut plasticity.consolidation
            && (clock.step + 1).is_multiple_of(consolidator.every_steps)
        {
            consolidator.consolidate(weights, plasticity.eta * scale.0);
        }
        if let Some((low, high)) = plasticity.bounds {
            weights.mapv_inplace(|w| w.clamp(low, high));
        }
    }
}

/// The step is over.
pub fn tick(mut clock: ResMut<Clock>) {
    clock.step += 1;
}
