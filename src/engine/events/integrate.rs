//! Update of the compartments of every population that stores all variables and is not at rest; see
//! [`settle`](super::settle) for the others.

use bevy_ecs::prelude::*;
use multiversion::multiversion;
use rayon::prelude::*;

use super::outcome::{Outcome, is_finite, piece};
use super::sources::Sources;
use crate::circuit::{
    Activity, Afferents, Changed, LAID_OUT, Motion, NeuronId, NeuronParameters, Population, Wiring,
    table,
};
use crate::connectivity::Terminals;
use crate::engine::shared::{read, write};
use crate::event::{Injections, Teacher};
use crate::math::elementwise::largest;
use crate::math::threads;
use crate::neuron::soma::Units;
use crate::neuron::{OwnCurrents, Site, apical, basal, soma};

/// Relative distance between a potential and its current that is negligible.
const NEGLIGIBLE: f32 = 1e-6;

/// Magnitude in a.u. below which a potential without a current is negligible.
const VANISHED: f32 = 1e-30;

type Neurons = (&'static NeuronId, Compartments);

type Compartments = (
    (&'static soma::Noise, Option<&'static OwnCurrents>),
    (&'static mut basal::Current, &'static mut basal::Potential),
    (&'static mut apical::Current, &'static mut apical::Potential),
    (&'static mut soma::Current, &'static mut soma::Potential),
    (&'static mut soma::Prediction, &'static mut soma::Mismatch),
    (&'static mut soma::Rate, &'static mut soma::Delta),
    (&'static mut basal::Carry, &'static mut apical::Carry),
    (
        &'static mut soma::PredictionCarry,
        &'static mut soma::MismatchCarry,
    ),
);

/// Sums currents, moves compartments, compares in the soma and sets rates and teaching signals.
/// Populations without changes and at rest are skipped.
pub fn integrate(
    wiring: Res<Wiring>,
    injections: Res<Injections>,
    terminals: Query<&Terminals>,
    mut populations: Query<(
        &Population,
        &NeuronParameters,
        &Teacher,
        &Afferents,
        &mut Activity,
        &mut Changed,
    )>,
    mut neurons: Query<Neurons>,
) {
    for &entity in &wiring.populations {
        let Ok((population, parameters, teacher, afferents, mut activity, mut changed)) =
            populations.get_mut(entity)
        else {
            continue;
        };
        if population.is_settled {
            continue;
        }
        let activity = &mut *activity;
        let woken = activity.basal || activity.apical || activity.soma;
        activity.updated = woken || activity.motion != Motion::Resting;
        if !activity.updated {
            continue;
        }
        activity.own = activity.has_own;
        let (
            (noise, own),
            (mut i_b, mut b),
            (mut i_a, mut a),
            (mut i_s, mut s),
            (mut b_hat, mut xi),
            (mut r, mut delta),
            (mut b_carry, mut a_carry),
            (mut b_hat_carry, mut xi_carry),
        ) = table(neurons.contiguous_iter_mut(), population).expect(LAID_OUT);
        let noise = read::<soma::Noise>(noise);
        let (i_b, b) = (write(&mut i_b), write(&mut b));
        let (i_a, a) = (write(&mut i_a), write(&mut a));
        let (i_s, s) = (write(&mut i_s), write(&mut s));
        let (b_hat, xi) = (write(&mut b_hat), write(&mut xi));
        let (r, delta) = (write(&mut r), write(&mut delta));
        let (b_carry, a_carry) = (write(&mut b_carry), write(&mut a_carry));
        let (b_hat_carry, xi_carry) = (write(&mut b_hat_carry), write(&mut xi_carry));
        let own = own.map(|own| &own[population.rows.clone()]);
        let sources = |afferents, site| {
            Sources::of(
                population,
                (afferents, site),
                (&injections, &terminals),
                own,
            )
        };
        let work = Work {
            size: population.size,
            parameters,
            basal: activity
                .basal
                .then(|| sources(&afferents.basal, Site::Basal)),
            apical: activity
                .apical
                .then(|| (sources(&afferents.apical, Site::Apical), teacher)),
            soma: (activity.soma).then(|| sources(&[], Site::Soma)),
            // Without new input, the last step sets potentials to their final values.
            ends: activity.motion == Motion::Arriving && !woken,
            moves_basal: activity.basal || activity.motion != Motion::Resting,
            moves_apical: activity.apical || activity.motion != Motion::Resting,
            mismatched: activity.mismatched,
            noise: &noise[population.rows.clone()],
            tolerance: activity.tolerance.map(|tolerance| tolerance.max(VANISHED)),
        };
        let rows = population.rows.clone();
        // Without leaks there are no carries.
        let carried = match parameters.is_quasi_static() {
            true => 0..0,
            false => rows.clone(),
        };
        let piece = piece(population);
        let columns = Columns {
            i_b: &mut i_b[rows.clone()],
            b: &mut b[rows.clone()],
            i_a: &mut i_a[rows.clone()],
            a: &mut a[rows.clone()],
            i_s: &mut i_s[rows.clone()],
            s: &mut s[rows.clone()],
            b_hat: &mut b_hat[rows.clone()],
            xi: &mut xi[rows.clone()],
            r: &mut r[rows.clone()],
            delta: &mut delta[rows],
            b_carry: &mut b_carry[carried.clone()],
            a_carry: &mut a_carry[carried.clone()],
            b_hat_carry: &mut b_hat_carry[carried.clone()],
            xi_carry: &mut xi_carry[carried],
        };
        let outcome = columns.update(&work, piece);
        outcome.enter(activity, &mut changed, teacher, parameters, work.ends);
    }
}

/// Work to be done for the neurons of a population.
struct Work<'a> {
    size: usize,
    parameters: &'a NeuronParameters,
    /// `Some` if the currents have to be recomputed.
    basal: Option<Sources<'a>>,
    apical: Option<(Sources<'a>, &'a Teacher)>,
    soma: Option<Sources<'a>>,
    /// True if the step sets potentials to the values given by their currents.
    ends: bool,
    /// True if basal and apical potentials, respectively, can change.
    moves_basal: bool,
    moves_apical: bool,
    /// True if any mismatch differs from 0 before this step.
    mismatched: bool,
    /// Noise of all neurons of the population, in a.u.
    noise: &'a [f32],
    /// Distances from rest in a.u. that are negligible, basal and apical.
    tolerance: [f32; 2],
}

impl Work<'_> {
    /// Side from which the inputs of the somata have changed.
    fn side(&self) -> soma::Side {
        // A change of the rate changes the apical input of the soma.
        if self.parameters.mismatch == Units::Potential {
            return soma::Side::Both;
        }
        match (self.moves_basal, self.moves_apical || self.soma.is_some()) {
            (true, false) => soma::Side::Basal,
            (false, true) => soma::Side::Apical,
            _ => soma::Side::Both,
        }
    }
}

/// The columns of some neurons, of equal length.
struct Columns<'a> {
    i_b: &'a mut [f32],
    b: &'a mut [f32],
    i_a: &'a mut [f32],
    a: &'a mut [f32],
    i_s: &'a mut [f32],
    s: &'a mut [f32],
    b_hat: &'a mut [f32],
    xi: &'a mut [f32],
    r: &'a mut [f32],
    delta: &'a mut [f32],
    /// Carries; empty without leaks.
    b_carry: &'a mut [f32],
    a_carry: &'a mut [f32],
    b_hat_carry: &'a mut [f32],
    xi_carry: &'a mut [f32],
}

impl Columns<'_> {
    fn update(self, work: &Work<'_>, piece: usize) -> Outcome {
        if self.b.len() < threads::NEURONS {
            let mut columns = self;
            return columns.update_piece(work, 0);
        }
        let columns = self.cut(piece);
        (columns.into_par_iter().enumerate())
            .map(|(n, mut columns)| columns.update_piece(work, n * piece))
            .reduce(Outcome::default, Outcome::and)
    }

    /// Pieces with this number of neurons.
    fn cut(self, piece: usize) -> Vec<Self> {
        let count = self.b.len().div_ceil(piece);
        let mut columns = [
            self.i_b,
            self.b,
            self.i_a,
            self.a,
            self.i_s,
            self.s,
            self.b_hat,
            self.xi,
            self.r,
            self.delta,
            self.b_carry,
            self.a_carry,
            self.b_hat_carry,
            self.xi_carry,
        ]
        .map(|column| column.chunks_mut(piece));
        let cut = |_| {
            // An empty column is empty in every piece.
            let [
                i_b,
                b,
                i_a,
                a,
                i_s,
                s,
                b_hat,
                xi,
                r,
                delta,
                b_carry,
                a_carry,
                b_hat_carry,
                xi_carry,
            ] = columns
                .each_mut()
                .map(|chunks| chunks.next().unwrap_or_default());
            Columns {
                i_b,
                b,
                i_a,
                a,
                i_s,
                s,
                b_hat,
                xi,
                r,
                delta,
                b_carry,
                a_carry,
                b_hat_carry,
                xi_carry,
            }
        };
        (0..count).map(cut).collect()
    }

    fn update_piece(&mut self, work: &Work<'_>, start: usize) -> Outcome {
        let p = work.parameters;
        let (leak_b, leak_a, leak_s) = if work.ends {
            (1.0, 1.0, 1.0)
        } else {
            (p.leak_b, p.leak_a, p.leak_s)
        };
        if let Some(sources) = &work.basal {
            sources.sum(self.i_b, start, work.size);
        }
        if let Some((sources, teacher)) = &work.apical {
            sources.sum(self.i_a, start, work.size);
            teacher.teach(self.r, self.i_a, start / work.size);
        }
        if let Some(sources) = &work.soma {
            sources.sum(self.i_s, start, work.size);
        }
        if work.moves_basal {
            basal::integrate(self.b, self.b_carry, self.i_b, leak_b);
        }
        if work.moves_apical {
            apical::integrate(self.a, self.a_carry, self.i_a, leak_a);
        }
        let mut scratch = Vec::new();
        let a = soma::apical_drive((p.mismatch, p.transfer), self.r, self.a, &mut scratch);
        let dendrites = soma::Dendrites {
            b: self.b,
            a,
            i_s: self.i_s,
        };
        let somata = soma::Somata {
            s: self.s,
            b_hat: self.b_hat,
            xi: self.xi,
            b_hat_carry: self.b_hat_carry,
            xi_carry: self.xi_carry,
        };
        if p.leak_s == 1.0 {
            soma::compare_quasi_static(dendrites, somata, (p.g_a, work.side()));
        } else {
            soma::compare(dendrites, somata, (p.g_a, leak_s));
        }
        let mut outcome = Outcome {
            mismatched: match work.side() {
                soma::Side::Basal => work.mismatched,
                _ => largest(self.xi) != 0.0,
            },
            ..Outcome::default()
        };
        outcome.ran_away = !is_finite(self.s);
        self.fire(work, start, &mut outcome);
        if !p.is_quasi_static() {
            // With the new apical input: in units of potential, it depends on the rate.
            let a = soma::apical_drive((p.mismatch, p.transfer), self.r, self.a, &mut scratch);
            let apical = (work.tolerance[1], a, &*self.i_s, p.g_a);
            outcome.far = far(self.b, self.i_b, work.tolerance[0])
                | far(self.b_hat, self.b, work.tolerance[0])
                | far(self.a, self.i_a, work.tolerance[1])
                | far_mismatch(self.xi, apical);
        }
        outcome
    }

    fn fire(&mut self, work: &Work<'_>, start: usize, outcome: &mut Outcome) {
        let p = work.parameters;
        let how = p.firing(work.size);
        if how.is_plain() {
            outcome.rate_changed = work.moves_basal && p.transfer.fire(self.b, self.r, work.size);
            // Without a mismatch before and after, teaching signals do not change.
            outcome.delta_changed = (work.mismatched || outcome.mismatched)
                && p.transfer.teach(self.r, self.xi, self.delta);
            return;
        }
        let potentials = soma::Potentials {
            b: self.b,
            s: self.s,
            xi: self.xi,
            noise: &work.noise[start..start + self.b.len()],
        };
        (outcome.rate_changed, outcome.delta_changed) =
            soma::fire(how, potentials, self.r, self.delta);
    }
}

/// True if the distance of any potential from its goal exceeds both `tolerance` and a negligible
/// fraction of the larger magnitude of the two. Each potential is compared separately.
#[multiversion(targets("x86_64+avx2"))]
fn far(potentials: &[f32], goals: &[f32], tolerance: f32) -> bool {
    // Without an early exit the loop can be vectorised.
    (potentials.iter().zip(goals)).fold(false, |found, (x, goal)| {
        let size = x.abs().max(goal.abs());
        found | ((x - goal).abs() > (NEGLIGIBLE * size).max(tolerance))
    })
}

/// As [`far`] for mismatches, whose goal is the apical contribution plus the injected current.
#[multiversion(targets("x86_64+avx2"))]
fn far_mismatch(mismatches: &[f32], (tolerance, a, i_s, g_a): (f32, &[f32], &[f32], f32)) -> bool {
    let terms = mismatches.iter().zip(a.iter().zip(i_s));
    terms.fold(false, |found, (xi, (a, i_s))| {
        let goal = g_a * a + i_s;
        let size = xi.abs().max(goal.abs());
        found | ((xi - goal).abs() > (NEGLIGIBLE * size).max(tolerance))
    })
}
