//! Terminals: what a projection holds of its senders, and the current that it makes of it.
//!
//! A current is made anew as one product in single precision, or it follows what a few senders
//! change, increment by increment, in double precision. Increments leave rounding behind, which
//! counts where a value was large once: so the sum keeps a bound of it for each trial, and a trial
//! in which the bound is more than a few millionths of any neuron's current is summed anew.
//!
//! ```text
//! |error of I_i| <= 2^-53 x additions x largest partial sum
//! largest partial sum <= 16 x (largest |W_ij| of the neuron) x (largest sum of |r_j| since)
//! ```

use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use multiversion::multiversion;
use ndarray::{Array2, ArrayView2, s};

use super::columns::{self, Changing, Intercepts, extents};
use super::{pieces, product};
use crate::event::{Values, Volley};
use crate::plasticity::Lazy;

/// How many senders out of all make one product over everybody the cheaper way: one in so many.
///
/// A synapse takes 0.14 ns in a column and 0.025 ns in a product, whose operands stay in registers
/// (`cargo bench --bench senders`).
pub(crate) const PRODUCT_PAYS: usize = 6;

/// Likewise where the current was made by a product, and increments begin with a sum in double
/// precision over all that is held.
const INCREMENTS_PAY: usize = 24;

/// Part of a current that its rounding may be.
const PRECISION: f64 = 2e-6;

/// Partial sums of a current: before and after a change, with intercepts beyond the weights.
const PARTIAL: f64 = 16.0;

/// Neurons of a trial whose currents are looked at one by one, at most.
const MANY: usize = 16;

/// The axon terminals of a projection. They hold the last value that arrived from each sender.
///
/// A bias has one sender, which says 1 in all trials: one row stands for all of them.
#[derive(Component, Clone, Debug)]
pub struct Terminals {
    /// Where volleys come from; a bias has nobody.
    pub(crate) axons: Option<Entity>,
    /// True if the weights are read by another projection (weight transport).
    pub(crate) mirrored: bool,
    /// Counts changes of the weights that are made to all of them at once.
    pub(crate) revision: u64,
    /// The revision that the current was made with.
    seen: u64,
    /// Last values, trials x pre.
    held: Arc<Values>,
    /// `(trials, pre)`.
    shape: (usize, usize),
    /// `W held` as one product, trials x post, unless there is a sum.
    product: Array2<f32>,
    /// `W held` by increments.
    sum: Option<Sum>,
    /// Products of what is held in the trials, trials x trials; absent: to be computed when needed.
    gram: Option<Array2<f64>>,
    /// Largest weight of each receiving neuron, and the revision that had it.
    largest: Vec<f32>,
    measured: Option<u64>,
}

/// A current to which increments are added.
#[derive(Clone, Debug)]
struct Sum {
    /// Trials x post.
    current: Array2<f64>,
    /// Additions since a trial was last summed anew.
    additions: Vec<f64>,
    /// Sum of the magnitudes held in each trial now, and the largest since then.
    held: Vec<f64>,
    most: Vec<f64>,
}

/// A current as it is summed into that of a compartment.
#[derive(Clone, Copy)]
pub(crate) enum Current<'a> {
    /// Of one product.
    Single(&'a [f32]),
    /// Of increments.
    Double(&'a [f64]),
}

impl Terminals {
    /// Terminals that nothing has reached.
    #[must_use]
    pub fn new(axons: Entity, trials: usize, (post, pre): (usize, usize)) -> Self {
        Self {
            axons: Some(axons),
            mirrored: false,
            revision: 0,
            seen: 0,
            held: Arc::new(Values::new(trials, pre, 0.0)),
            shape: (trials, pre),
            product: Array2::zeros((trials, post)),
            sum: None,
            gram: None,
            largest: Vec::new(),
            measured: None,
        }
    }

    /// The terminal of a unit that is always at 1.
    #[must_use]
    pub fn bias(post: usize) -> Self {
        Self {
            axons: None,
            revision: 1,
            held: Arc::new(Values::new(1, 1, 1.0)),
            ..Self::new(Entity::PLACEHOLDER, 1, (post, 1))
        }
    }

    /// Last values, trials x pre; one row for a bias.
    #[must_use]
    pub fn held(&self) -> ArrayView2<'_, f32> {
        view(&self.held, self.shape)
    }

    /// The current, trials x post; one row for a bias.
    pub(crate) fn current(&self) -> Current<'_> {
        match &self.sum {
            None => Current::Single(self.product.as_slice().expect("rows are contiguous")),
            Some(sum) => Current::Double(sum.current.as_slice().expect("rows are contiguous")),
        }
    }

    /// Whether everything held is 0.
    #[must_use]
    pub fn silent(&self) -> bool {
        self.held.silent()
    }

    /// Largest magnitude held.
    pub(crate) fn most(&self) -> f32 {
        pieces::largest(self.held.all())
    }

    /// Whether so few senders are better dealt with one by one.
    pub(crate) fn is_few(&self, senders: usize) -> bool {
        let pays = match self.sum {
            Some(_) => PRODUCT_PAYS,
            None => INCREMENTS_PAY,
        };
        self.shape.0 == 1 || senders * pays < self.held.all().len()
    }

    /// Whether nothing is held any more once these senders have said what they say.
    pub(crate) fn falls_silent(&self, few: &[(u32, f32)]) -> bool {
        few.len() == self.held.awake() as usize && few.iter().all(|(_, value)| *value == 0.0)
    }

    /// Holds what a volley brings; the current does not follow.
    pub(crate) fn hold(&mut self, volley: Volley<'_>) {
        match volley {
            Volley::Many(values) => self.held = Arc::clone(values),
            Volley::Few(few) => {
                let held = Arc::make_mut(&mut self.held);
                for &(at, value) in few {
                    held.set(at as usize, value);
                }
            }
        }
        self.gram = None;
    }

    /// Takes the measure of the weights as they are stored.
    pub(crate) fn measure(&mut self, extents: &[(f32, f32)]) {
        self.largest = extents.iter().map(|(largest, _)| *largest).collect();
        self.measured = Some(self.revision);
    }

    /// Holds what a few senders say, whose columns change the current one by one:
    /// `I_i += W_ij (r_new - r_old)`.
    ///
    /// Synapses that have gained anything since their sender last sent are touched, weights and
    /// eligibilities. With parallel trials a weight is
    /// `W_ij = scale w^_ij + sum over trials b of D_bi r_jb`, so that the current of trial `c` also
    /// gains `sum over b of D_bi (sum over senders of r_jb,old (r_jc,new - r_jc,old))`: no synapse
    /// is asked for what the other trials have given it.
    pub(crate) fn touch(
        &mut self,
        few: &[(u32, f32)],
        mut weights: Changing<'_>,
        eligibility: Option<Changing<'_>>,
        lazy: Option<&Lazy>,
    ) {
        let (trials, pre) = self.shape;
        if self.measured != Some(self.revision) {
            self.measure(&extents(weights.matrix.view()));
        }
        self.begin_increments(weights.reborrow(), lazy);
        let sends: Vec<columns::Send> = (few.iter())
            .map(|&(at, value)| {
                let at = at as usize;
                let old = f64::from(self.held.all()[at]);
                columns::Send {
                    trial: at / pre,
                    sender: at % pre,
                    old,
                    change: f64::from(value) - old,
                }
            })
            .collect();
        let held = view(&self.held, self.shape);
        let sum = self.sum.as_mut().expect("increments have begun");
        match lazy.and_then(|lazy| lazy.of_weights().map(|d| (lazy, d))) {
            Some((lazy, d)) if trials == 1 => {
                let current = &mut sum.current;
                columns::read_and_touch(&sends, lazy.scale(), d, weights.reborrow(), current);
            }
            Some((lazy, d)) => {
                sum.read(&sends, held, weights.reborrow(), Some(lazy));
                columns::touch(&sends, 1.0 / lazy.scale(), d, weights.reborrow());
            }
            None => sum.read(&sends, held, weights.reborrow(), lazy),
        }
        let integrals = lazy.and_then(Lazy::of_eligibilities);
        if let Some((d, eligibility)) = integrals.zip(eligibility) {
            columns::touch(&sends, 1.0, d, eligibility);
        }
        for send in &sends {
            sum.held[send.trial] += (send.old + send.change).abs() - send.old.abs();
            sum.additions[send.trial] += 1.0;
        }
        self.hold(Volley::Few(few));
        for send in sends.chunk_by(|a, b| a.trial == b.trial) {
            let trial = send[0].trial;
            let sum = self.sum.as_mut().expect("increments have begun");
            sum.most[trial] = sum.most[trial].max(sum.held[trial]);
            // Where everybody has fallen silent, what differences leave behind is rounding.
            if self.held.is_silent_in(trial) {
                sum.forget(trial);
            } else {
                let held = view(&self.held, self.shape);
                if sum.is_rounded(trial, &self.largest, held, (&weights, lazy)) {
                    sum.renew(trial, held, weights.reborrow(), lazy);
                }
            }
        }
    }

    /// From now on the current is a sum to which increments are added.
    fn begin_increments(&mut self, mut weights: Changing<'_>, lazy: Option<&Lazy>) {
        if self.sum.is_some() {
            return;
        }
        let trials = self.shape.0;
        let mut sum = Sum {
            current: Array2::zeros(self.product.raw_dim()),
            additions: vec![0.0; trials],
            held: vec![0.0; trials],
            most: vec![0.0; trials],
        };
        for trial in 0..trials {
            let held = view(&self.held, self.shape);
            sum.renew(trial, held, weights.reborrow(), lazy);
        }
        self.sum = Some(sum);
    }

    /// The current anew: one product of all weights and everything held.
    pub(crate) fn sum(&mut self, weights: ArrayView2<'_, f32>, scale: f64) {
        self.sum = None;
        if self.silent() {
            self.product.fill(0.0);
        } else {
            let held = view(&self.held, self.shape);
            let senders = s![.., product::speaking(held)];
            let (held, weights) = (held.slice(senders), weights.slice(senders));
            product::assign(scale as f32, held, weights.t(), self.product.view_mut());
        }
        self.seen = self.revision;
    }

    /// The current follows the weights up to step `now`, the one that is being computed.
    pub(crate) fn follow(&mut self, now: u64, weights: Changing<'_>, lazy: &mut Lazy) {
        if self.sum.is_none() {
            // A sum of what the weights are by now has followed them.
            lazy.catch_up(now, self.silent());
            return self.begin_increments(weights, Some(lazy));
        }
        let gram = (self.gram).get_or_insert_with(|| products(view(&self.held, self.shape)));
        let sum = self.sum.as_mut().expect("there is a sum");
        lazy.follow(gram, &mut sum.current);
        sum.additions.iter_mut().for_each(|n| *n += 1.0);
    }

    /// A plain consolidation of what the integrals hold; the current follows.
    pub(crate) fn strike(&mut self, weights: Changing<'_>, lazy: &mut Lazy, rate: f64) {
        if self.shape.0 == 1 {
            self.begin_increments(weights, Some(lazy));
        }
        let Some(integrals) = lazy.integrals() else {
            return;
        };
        if let Some(sum) = &mut self.sum {
            let held = view(&self.held, self.shape);
            let gram = (self.gram).get_or_insert_with(|| products(held));
            product::accumulate(rate, gram.view(), integrals.view(), sum.current.view_mut());
            sum.additions.iter_mut().for_each(|n| *n += 1.0);
        } else {
            self.revision += 1;
        }
        lazy.strike(rate);
    }

    /// Whether the weights have all changed since the current was summed.
    pub(crate) fn is_stale(&self) -> bool {
        self.seen != self.revision
    }

    /// The current is what it should be with the weights as they are.
    pub(crate) fn acknowledge(&mut self) {
        self.seen = self.revision;
    }

    /// The weights are those of another projection, in this revision.
    pub(crate) fn mirror(&mut self, revision: u64) {
        self.revision = revision;
    }
}

impl Sum {
    /// Adds what changes to the current, with weights as they are: intercepts and what integrals
    /// hold for them.
    fn read(
        &mut self,
        sends: &[columns::Send],
        held: ArrayView2<'_, f32>,
        weights: Changing<'_>,
        lazy: Option<&Lazy>,
    ) {
        let gained = lazy.and_then(Lazy::of_weights);
        if let Some(d) = gained {
            let products = columns::products(sends, held);
            product::accumulate(1.0, products.view(), d.view(), self.current.view_mut());
        }
        let weights = Intercepts {
            scale: lazy.map_or(1.0, Lazy::scale),
            matrix: weights.matrix,
            // Intercepts that are larger than their weights need all their digits, and what is
            // added with them has to be taken away with them.
            carry: lazy.is_some().then_some(weights.carry),
        };
        columns::read(sends, weights, &mut self.current);
    }

    /// True if rounding may be more of any neuron's current than it should.
    ///
    /// A current next to 0 may be a sum of large terms: only where the bound is beyond its own
    /// magnitude, the magnitudes of its terms are summed.
    fn is_rounded(
        &self,
        trial: usize,
        largest: &[f32],
        held: ArrayView2<'_, f32>,
        (weights, lazy): (&Changing<'_>, Option<&Lazy>),
    ) -> bool {
        let unit = f64::EPSILON / 2.0 * PARTIAL / PRECISION;
        let bound = unit * self.additions[trial] * self.most[trial];
        let current = self.current.row(trial);
        let current = current.to_slice().expect("rows are contiguous");
        if !any_below(current, largest, bound) {
            return false;
        }
        let scale = lazy.map_or(1.0, Lazy::scale);
        let gained = lazy.and_then(Lazy::of_weights);
        let natural = |neuron: usize| -> f64 {
            let terms = held.row(trial).into_iter().enumerate();
            let terms = terms.filter(|(_, value)| **value != 0.0);
            terms
                .map(|(sender, value)| {
                    let weight = scale * f64::from(weights.matrix[[neuron, sender]]);
                    let gained = gained.map_or(0.0, |d| {
                        let held = held.column(sender);
                        (d.column(neuron).iter().zip(held))
                            .map(|(d, r)| d * f64::from(*r))
                            .sum()
                    });
                    ((weight + gained) * f64::from(*value)).abs()
                })
                .sum()
        };
        let rounding = |neuron: usize| bound * f64::from(largest[neuron]);
        let small = (current.iter().enumerate()).filter(|(n, i)| i.abs() < rounding(*n));
        // To sum some currents anew costs less than to look at many.
        let small: Vec<usize> = small.map(|(neuron, _)| neuron).take(MANY + 1).collect();
        small.len() > MANY || small.into_iter().any(|n| natural(n) < rounding(n))
    }

    /// Sums the current of a trial anew.
    fn renew(
        &mut self,
        trial: usize,
        held: ArrayView2<'_, f32>,
        weights: Changing<'_>,
        lazy: Option<&Lazy>,
    ) {
        self.forget(trial);
        let sends: Vec<columns::Send> = (held.row(trial).iter().enumerate())
            .filter(|(_, value)| **value != 0.0)
            .map(|(sender, value)| columns::Send {
                trial,
                sender,
                old: 0.0,
                change: f64::from(*value),
            })
            .collect();
        self.read(&sends, held, weights, lazy);
        self.additions[trial] = sends.len() as f64;
        self.held[trial] = sends.iter().map(|send| send.change.abs()).sum();
        self.most[trial] = self.held[trial];
    }

    /// Nothing is held in a trial.
    fn forget(&mut self, trial: usize) {
        self.current.row_mut(trial).fill(0.0);
        for of_trials in [&mut self.additions, &mut self.held, &mut self.most] {
            of_trials[trial] = 0.0;
        }
    }
}

/// True if the magnitude of any current is below `bound` times the largest weight of its neuron.
#[multiversion(targets("x86_64+avx2"))]
fn any_below(currents: &[f64], largest: &[f32], bound: f64) -> bool {
    // Without an early end the loop is vectorised.
    (currents.iter().zip(largest)).fold(false, |found, (current, largest)| {
        found | (current.abs() < bound * f64::from(*largest))
    })
}

/// Products of what is held in the trials.
fn products(held: ArrayView2<'_, f32>) -> Array2<f64> {
    let held = held.mapv(f64::from);
    let mut gram = Array2::zeros((held.nrows(), held.nrows()));
    product::assign(1.0, held.view(), held.t(), gram.view_mut());
    gram
}

fn view(held: &Values, shape: (usize, usize)) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape(shape, held.all()).expect("there are as many values as places")
}
