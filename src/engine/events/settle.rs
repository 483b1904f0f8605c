//! Update of the compartments of populations in the quasi-static limit whose neurons store only
//! [`Settled`](crate::neuron::pyramidal::Settled): potentials are the sums of their currents.
//!
//! ```text
//! b = I_b     a = I_a     xi = g_a a     r = f(b)     delta = f'(b) xi
//! ```
//!
//! The results are those of [`integrate`](super::integrate), bit for bit, with fewer columns: the
//! speed of memory limits both. Here `b` and `xi` are watched for values that are not finite, there
//! their sum.

use bevy_ecs::prelude::*;
use rayon::prelude::*;

use super::outcome::{Outcome, is_finite, piece};
use super::sources::Sources;
use crate::circuit::{
    Activity, Afferents, Changed, LAID_OUT, Motion, NeuronId, NeuronParameters, Population, Wiring,
    table,
};
use crate::connectivity::Terminals;
use crate::engine::shared::write;
use crate::event::{Injections, Teacher};
use crate::math::elementwise::largest;
use crate::math::threads;
use crate::neuron::{Site, apical, basal, soma};

type Neurons = (
    &'static NeuronId,
    (
        &'static mut basal::Potential,
        &'static mut apical::Potential,
        &'static mut soma::Mismatch,
        &'static mut soma::Rate,
        &'static mut soma::Delta,
    ),
);

/// Sets potentials to their currents, and sets rates and teaching signals. Populations without
/// changes are skipped.
pub fn settle(
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
        if !population.is_settled {
            continue;
        }
        let activity = &mut *activity;
        activity.updated = activity.basal
            || activity.apical
            || activity.soma
            || activity.motion != Motion::Resting;
        if !activity.updated {
            continue;
        }
        let (mut b, mut a, mut xi, mut r, mut delta) =
            table(neurons.contiguous_iter_mut(), population).expect(LAID_OUT);
        let rows = population.rows.clone();
        let sources = |afferents, site| {
            Sources::of(
                population,
                (afferents, site),
                (&injections, &terminals),
                None,
            )
        };
        let work = Work {
            size: population.size,
            parameters,
            basal: (activity.basal).then(|| sources(&afferents.basal, Site::Basal)),
            apical: (activity.apical).then(|| (sources(&afferents.apical, Site::Apical), teacher)),
            mismatched: activity.mismatched,
        };
        let columns = Columns {
            b: &mut write(&mut b)[rows.clone()],
            a: &mut write(&mut a)[rows.clone()],
            xi: &mut write(&mut xi)[rows.clone()],
            r: &mut write(&mut r)[rows.clone()],
            delta: &mut write(&mut delta)[rows],
        };
        let outcome = columns.update(&work, piece(population));
        outcome.enter(activity, &mut changed, teacher, parameters, true);
    }
}

/// Work to be done for the neurons of a population.
struct Work<'a> {
    size: usize,
    parameters: &'a NeuronParameters,
    /// `Some` if the potentials have to be recomputed.
    basal: Option<Sources<'a>>,
    apical: Option<(Sources<'a>, &'a Teacher)>,
    /// True if any mismatch differs from 0 before this step.
    mismatched: bool,
}

/// The columns of some neurons, of equal length.
struct Columns<'a> {
    b: &'a mut [f32],
    a: &'a mut [f32],
    xi: &'a mut [f32],
    r: &'a mut [f32],
    delta: &'a mut [f32],
}

impl Columns<'_> {
    fn update(mut self, work: &Work<'_>, piece: usize) -> Outcome {
        if self.b.len() < threads::NEURONS {
            return self.update_piece(work, 0);
        }
        let potentials = (self.b.par_chunks_mut(piece)).zip(self.a.par_chunks_mut(piece));
        let outputs = (self.r.par_chunks_mut(piece)).zip(self.delta.par_chunks_mut(piece));
        let pieces = potentials.zip(self.xi.par_chunks_mut(piece)).zip(outputs);
        (pieces.enumerate())
            .map(|(n, (((b, a), xi), (r, delta)))| {
                let mut columns = Columns { b, a, xi, r, delta };
                columns.update_piece(work, n * piece)
            })
            .reduce(Outcome::default, Outcome::and)
    }

    /// Updates consecutive neurons; the first of them has position `start`.
    fn update_piece(&mut self, work: &Work<'_>, start: usize) -> Outcome {
        let NeuronParameters { transfer, g_a, .. } = *work.parameters;
        let mut outcome = Outcome {
            mismatched: work.mismatched,
            ..Outcome::default()
        };
        if let Some(sources) = &work.basal {
            sources.sum(self.b, start, work.size);
        }
        if let Some((sources, teacher)) = &work.apical {
            sources.sum(self.a, start, work.size);
            // The teacher uses the rates of the step before.
            teacher.teach(self.r, self.a, start / work.size);
            soma::mismatches(self.a, g_a, self.xi);
            outcome.mismatched = largest(self.xi) != 0.0;
            outcome.ran_away |= !is_finite(self.xi);
        }
        if work.basal.is_some() {
            outcome.ran_away |= !is_finite(self.b);
            outcome.rate_changed = transfer.fire(self.b, self.r, work.size);
        }
        // Without a mismatch before and after, teaching signals do not change.
        outcome.delta_changed =
            (work.mismatched || outcome.mismatched) && transfer.teach(self.r, self.xi, self.delta);
        outcome
    }
}
