//! Sums of the currents of a compartment.

use bevy_ecs::prelude::*;
use multiversion::multiversion;

use crate::circuit::{Population, STAYS};
use crate::connectivity::{Current, Terminals};
use crate::event::Injections;
use crate::neuron::{OwnCurrents, Site};

/// Contributions to the current of a compartment.
pub(super) struct Sources<'a> {
    /// Injected current of each neuron, the same in all trials; empty if there is none.
    injected: Vec<f32>,
    /// Currents of the projections, trials x size, or length size if the same in all trials.
    currents: Vec<Current<'a>>,
    /// Currents of the neuron model, trials x size, and the index of the compartment.
    own: Option<(&'a [OwnCurrents], usize)>,
}

impl<'a> Sources<'a> {
    /// The sources of one compartment of a population, which `afferents` reach.
    pub fn of(
        population: &Population,
        (afferents, site): (&[Entity], Site),
        (injections, terminals): (&Injections, &'a Query<&Terminals>),
        own: Option<&'a [OwnCurrents]>,
    ) -> Self {
        let mut injected = Vec::new();
        let here =
            (injections.0.values()).filter(|i| i.population == population.id && i.site == site);
        for injection in here {
            injected.resize(population.size, 0.0);
            (injected.iter_mut().zip(&injection.current)).for_each(|(to, from)| *to += from);
        }
        let current = |entity: &Entity| terminals.get(*entity).expect(STAYS).current();
        Self {
            injected,
            currents: afferents.iter().map(current).collect(),
            own: own.map(|own| (own, site as usize)),
        }
    }

    /// Sums the current of consecutive neurons into `out`; the first of them has position `start`.
    pub fn sum(&self, out: &mut [f32], start: usize, size: usize) {
        // The first contribution is copied, not added to zeros.
        let mut currents = self.currents.iter();
        if !self.injected.is_empty() {
            out.chunks_exact_mut(size)
                .for_each(|trial| trial.copy_from_slice(&self.injected));
        } else if let Some(first) = currents.next() {
            first.pass(out, start, size, Pass::Copy);
        } else {
            out.fill(0.0);
        }
        for current in currents {
            current.pass(out, start, size, Pass::Add);
        }
        if let Some((own, site)) = self.own {
            let own = own[start..start + out.len()].iter();
            (out.iter_mut().zip(own)).for_each(|(to, own)| *to += own.currents[site]);
        }
    }
}

#[derive(Clone, Copy)]
enum Pass {
    Copy,
    Add,
}

impl Current<'_> {
    /// Copies or adds the current of consecutive neurons to `out`; the first of them has position
    /// `start`. A current of one trial is used for all trials.
    fn pass(&self, out: &mut [f32], start: usize, size: usize, how: Pass) {
        let len = match self {
            Self::Single(current) => current.len(),
            Self::Double(current) => current.len(),
        };
        if len == size {
            return out.chunks_exact_mut(size).for_each(|trial| match self {
                Self::Single(current) => single(trial, current, how),
                Self::Double(current) => double(trial, current, how),
            });
        }
        let here = start..start + out.len();
        match self {
            Self::Single(current) => single(out, &current[here], how),
            Self::Double(current) => double(out, &current[here], how),
        }
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn single(to: &mut [f32], from: &[f32], how: Pass) {
    match how {
        Pass::Copy => to.copy_from_slice(from),
        Pass::Add => to.iter_mut().zip(from).for_each(|(to, from)| *to += from),
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn double(to: &mut [f32], from: &[f64], how: Pass) {
    let pairs = to.iter_mut().zip(from);
    match how {
        Pass::Copy => pairs.for_each(|(to, from)| *to = *from as f32),
        Pass::Add => pairs.for_each(|(to, from)| *to += *from as f32),
    }
}
