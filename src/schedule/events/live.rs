//! Live: the compartments of every population that has something to do.

use bevy_ecs::prelude::*;
use multiversion::multiversion;
use rayon::prelude::*;

use crate::circuit::pieces::{largest, largest_difference};
use crate::circuit::{Activity, Afferents, News, Parameters, Population, Terminals, Way, Wiring};
use crate::event::{Injections, Site};
use crate::model::Units;
use crate::neuron::{apical, basal, soma};
use crate::schedule::stages::{read, write};
use crate::teaching::Teacher;

/// Neurons of a piece of work: its columns fit into the nearest cache.
const PIECE: usize = 1 << 10;

/// From this many neurons on, pieces are worth several threads.
const WORTH_THREADS: usize = 1 << 15;

/// Part of a compartment's largest magnitude that is no distance at all.
const NEGLIGIBLE: f32 = 1e-6;

type Neurons = (
    (&'static mut basal::Current, &'static mut basal::Potential),
    (&'static mut apical::Current, &'static mut apical::Potential),
    (&'static mut soma::Current, &'static mut soma::Potential),
    (&'static mut soma::Prediction, &'static mut soma::Mismatch),
    (&'static mut soma::Rate, &'static mut soma::Delta),
);

/// Currents are summed, compartments move, somata compare and fire; where nothing is new and
/// everything rests, nothing is done.
pub fn live(
    wiring: Res<Wiring>,
    injections: Res<Injections>,
    terminals: Query<&Terminals>,
    mut populations: Query<(
        &Population,
        &Parameters,
        &Teacher,
        &Afferents,
        &mut Activity,
        &mut News,
    )>,
    mut neurons: Query<Neurons>,
    noise: Query<&soma::Noise>,
) {
    let Some((
        (mut i_b, mut b),
        (mut i_a, mut a),
        (mut i_s, mut s),
        (mut b_hat, mut xi),
        (mut r, mut delta),
    )) = (neurons.contiguous_iter_mut().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let Some(noise) = noise.contiguous_iter().ok().and_then(|mut t| t.next()) else {
        return;
    };
    let noise = read::<soma::Noise>(noise);
    let (i_b, b) = (write(&mut i_b), write(&mut b));
    let (i_a, a) = (write(&mut i_a), write(&mut a));
    let (i_s, s) = (write(&mut i_s), write(&mut s));
    let (b_hat, xi) = (write(&mut b_hat), write(&mut xi));
    let (r, delta) = (write(&mut r), write(&mut delta));
    for entity in wiring.populations.values() {
        let Ok((population, parameters, teacher, afferents, mut activity, mut news)) =
            populations.get_mut(*entity)
        else {
            continue;
        };
        let activity = &mut *activity;
        let stirred = activity.basal || activity.apical || activity.soma;
        activity.updated = stirred || activity.way != Way::Resting;
        if !activity.updated {
            continue;
        }
        let injected = |site: Site| {
            let mut sum = Vec::new();
            let here =
                (injections.0.values()).filter(|i| i.population == *entity && i.site == site);
            for injection in here {
                sum.resize(population.size, 0.0);
                sum.iter_mut()
                    .zip(&injection.current)
                    .for_each(|(to, from)| *to += from);
            }
            sum
        };
        let sources = |afferents: &[Entity], site| Sources {
            injected: injected(site),
            currents: (afferents.iter())
                .filter_map(|entity| terminals.get(*entity).ok())
                .map(|terminals| terminals.current().as_slice_memory_order().unwrap_or(&[]))
                .collect(),
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
            soma: activity.soma.then(|| injected(Site::Soma)),
            // With nothing new on the way, the last step ends where the currents lead.
            ends: activity.way == Way::Arriving && !stirred,
            moves_basal: activity.basal || activity.way != Way::Resting,
            moves_apical: activity.apical || activity.way != Way::Resting,
            mismatched: activity.mismatched,
            noise: &noise[population.rows.clone()],
        };
        let rows = population.rows.clone();
        let piece = (PIECE / population.size).max(1) * population.size;
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
        };
        let outcome = columns.update(&work, piece);
        outcome.enter(activity, &mut news, teacher, parameters, work.ends);
    }
}

/// Where the current of a compartment comes from.
struct Sources<'a> {
    /// Injected into each neuron, in all trials; empty for nothing.
    injected: Vec<f32>,
    /// Of the projections, trials x size, or size where it is the same in all trials.
    currents: Vec<&'a [f32]>,
}

impl Sources<'_> {
    /// Sums into `out`, the neurons of some trials, of which the first stands at `start` of all.
    fn sum(&self, out: &mut [f32], start: usize, size: usize) {
        // What comes first is copied, not added to zeros.
        let mut currents = self.currents.iter();
        if !self.injected.is_empty() {
            out.chunks_exact_mut(size)
                .for_each(|trial| trial.copy_from_slice(&self.injected));
        } else if let Some(first) = self.currents.first().filter(|first| first.len() != size) {
            out.copy_from_slice(&first[start..start + out.len()]);
            currents.next();
        } else {
            out.fill(0.0);
        }
        for current in currents {
            if current.len() == size {
                out.chunks_exact_mut(size)
                    .for_each(|trial| add(trial, current));
            } else {
                add(out, &current[start..start + out.len()]);
            }
        }
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn add(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

/// What is to be done with the neurons of a population.
struct Work<'a> {
    size: usize,
    parameters: &'a Parameters,
    /// Present: the currents are summed anew.
    basal: Option<Sources<'a>>,
    apical: Option<(Sources<'a>, &'a Teacher)>,
    soma: Option<Vec<f32>>,
    /// The step ends where the currents lead.
    ends: bool,
    /// Whether basal and apical potentials can change.
    moves_basal: bool,
    moves_apical: bool,
    /// Whether any mismatch is not 0 before this step.
    mismatched: bool,
    /// Of all neurons of the population.
    noise: &'a [f32],
}

impl Work<'_> {
    /// From where something new reaches the somata.
    fn side(&self) -> soma::Side {
        // With the rate, what the soma feels of its apical side changes.
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
}

/// What has come of an update.
#[derive(Clone, Copy, Default)]
struct Outcome {
    rate_changed: bool,
    delta_changed: bool,
    /// Whether any mismatch is not 0.
    mismatched: bool,
    /// Whether any potential is no longer a number.
    ran_away: bool,
    /// Largest distance from where the currents lead, basal and apical side.
    distance: [f32; 2],
    /// Largest magnitude.
    scale: [f32; 2],
}

impl Outcome {
    fn and(self, other: Self) -> Self {
        let larger = |a: [f32; 2], b: [f32; 2]| [a[0].max(b[0]), a[1].max(b[1])];
        Self {
            rate_changed: self.rate_changed | other.rate_changed,
            delta_changed: self.delta_changed | other.delta_changed,
            mismatched: self.mismatched | other.mismatched,
            ran_away: self.ran_away | other.ran_away,
            distance: larger(self.distance, other.distance),
            scale: larger(self.scale, other.scale),
        }
    }

    fn enter(
        self,
        activity: &mut Activity,
        news: &mut News,
        teacher: &Teacher,
        parameters: &Parameters,
        ended: bool,
    ) {
        news.rate |= self.rate_changed;
        news.delta |= self.delta_changed;
        activity.mismatched = self.mismatched;
        activity.ran_away = self.ran_away;
        activity.basal = false;
        activity.soma = false;
        // The teacher answers to the rates of the step before.
        activity.apical = self.rate_changed && teacher.speaks();
        let near = (0..2).all(|side| {
            let scale = activity.scale[side].max(self.scale[side]);
            activity.scale[side] = scale;
            self.distance[side] <= (NEGLIGIBLE * scale).max(activity.tolerance[side])
        });
        activity.way = if ended || parameters.is_quasi_static() {
            activity.scale = self.scale;
            Way::Resting
        } else if near {
            Way::Arriving
        } else {
            Way::Moving
        };
    }
}

impl Columns<'_> {
    fn update(self, work: &Work<'_>, piece: usize) -> Outcome {
        if self.b.len() < WORTH_THREADS {
            let mut columns = self;
            return columns.update_piece(work, 0);
        }
        let pieces = (
            self.i_b.par_chunks_mut(piece),
            self.b.par_chunks_mut(piece),
            self.i_a.par_chunks_mut(piece),
            self.a.par_chunks_mut(piece),
            self.i_s.par_chunks_mut(piece),
            self.s.par_chunks_mut(piece),
            self.b_hat.par_chunks_mut(piece),
            self.xi.par_chunks_mut(piece),
            self.r.par_chunks_mut(piece),
            self.delta.par_chunks_mut(piece),
        );
        (pieces.into_par_iter().enumerate())
            .map(|(n, (i_b, b, i_a, a, i_s, s, b_hat, xi, r, delta))| {
                let mut columns = Columns {
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
                };
                columns.update_piece(work, n * piece)
            })
            .reduce(Outcome::default, Outcome::and)
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
        if let Some(injected) = &work.soma {
            let sources = Sources {
                injected: injected.clone(),
                currents: Vec::new(),
            };
            sources.sum(self.i_s, start, work.size);
        }
        if work.moves_basal {
            basal::integrate(self.b, self.i_b, leak_b);
        }
        if work.moves_apical {
            apical::integrate(self.a, self.i_a, leak_a);
        }
        let mut scratch = Vec::new();
        let a = soma::felt((p.mismatch, p.transfer), self.r, self.a, &mut scratch);
        let dendrites = soma::Dendrites {
            b: self.b,
            a,
            i_s: self.i_s,
        };
        let (s, b_hat, xi) = (&mut *self.s, &mut *self.b_hat, &mut *self.xi);
        if leak_s == 1.0 && p.leak_s == 1.0 {
            soma::settle(dendrites, s, b_hat, xi, (p.g_a, work.side()));
        } else {
            soma::compare(dendrites, s, b_hat, xi, (p.g_a, leak_s));
        }
        let mut outcome = Outcome {
            mismatched: match work.side() {
                soma::Side::Basal => work.mismatched,
                _ => largest(self.xi) != 0.0,
            },
            ..Outcome::default()
        };
        outcome.ran_away = ran_away(self.s);
        self.fire(work, start, &mut outcome);
        if !p.is_quasi_static() {
            // By what the soma will feel next: where it counts in potentials, its rate has changed that.
            let a = soma::felt((p.mismatch, p.transfer), self.r, self.a, &mut scratch);
            outcome.distance = [
                largest_difference(self.i_b, self.b).max(largest_difference(self.b, self.b_hat)),
                largest_difference(self.i_a, self.a)
                    .max(mismatch_distance(a, self.i_s, self.xi, p.g_a)),
            ];
            outcome.scale = [
                largest(self.b).max(largest(self.i_b)),
                largest(self.a).max(largest(self.i_a)),
            ];
        }
        outcome
    }

    fn fire(&mut self, work: &Work<'_>, start: usize, outcome: &mut Outcome) {
        let p = work.parameters;
        let how = p.firing(work.size);
        if how.is_plain() {
            outcome.rate_changed = work.moves_basal && p.transfer.fire(self.b, self.r, work.size);
            // Where there was no mismatch and is none, there is nothing to teach.
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

/// Largest distance of the mismatch from what the apical side and injected currents say.
#[multiversion(targets("x86_64+avx2"))]
fn mismatch_distance(a: &[f32], i_s: &[f32], xi: &[f32], g_a: f32) -> f32 {
    let terms = a.iter().zip(i_s).zip(xi);
    let distances = terms.map(|((a, i_s), xi)| (g_a * a + i_s - xi).abs().to_bits());
    f32::from_bits(distances.fold(0, u32::max))
}

/// Whether any value is no longer a number. Without an early end the loop is vectorised.
#[multiversion(targets("x86_64+avx2"))]
fn ran_away(values: &[f32]) -> bool {
    let bits = values.iter().map(|s| s.abs().to_bits());
    bits.fold(0, u32::max) >= f32::INFINITY.to_bits()
}
