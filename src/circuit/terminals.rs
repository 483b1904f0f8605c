//! Terminals: what a projection holds of its senders, and the current that it makes of it.

use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use ndarray::{Array2, ArrayView2, s};

use super::{columns, pieces, product};
use crate::event::{Values, Volley};
use crate::plasticity::Lazy;

/// How many senders out of all make one product over everybody the cheaper way: one in so many.
///
/// A synapse takes 0.14 ns in a column and 0.025 ns in a product, whose operands stay in registers
/// (`cargo bench --bench senders`).
pub(crate) const PRODUCT_PAYS: usize = 6;

/// The axon terminals of a projection. They hold the last value that arrived from each sender.
///
/// A bias has one sender, which says 1 in all trials: one row stands for all of them.
#[derive(Component, Clone, Debug)]
pub struct Terminals {
    /// Where volleys come from; a bias has nobody.
    pub(crate) axons: Option<Entity>,
    /// Whether the weights are read by another projection (weight transport).
    pub(crate) mirrored: bool,
    /// Counts changes of the weights that are made to all of them at once.
    pub(crate) revision: u64,
    /// The revision that `current` was made with.
    seen: u64,
    /// Last values, trials x pre.
    held: Arc<Values>,
    /// `(trials, pre)`.
    shape: (usize, usize),
    /// `W held`, trials x post.
    current: Array2<f32>,
    /// Products of what is held in the trials, trials x trials; absent: to be computed when needed.
    gram: Option<Array2<f32>>,
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
            current: Array2::zeros((trials, post)),
            gram: None,
        }
    }

    /// The terminal of a unit that is always at 1.
    #[must_use]
    pub fn bias(post: usize) -> Self {
        Self {
            axons: None,
            mirrored: false,
            revision: 1,
            seen: 0,
            held: Arc::new(Values::new(1, 1, 1.0)),
            shape: (1, 1),
            current: Array2::zeros((1, post)),
            gram: None,
        }
    }

    /// Last values, trials x pre; one row for a bias.
    #[must_use]
    pub fn held(&self) -> ArrayView2<'_, f32> {
        view(&self.held, self.shape)
    }

    /// The current, trials x post; one row for a bias.
    #[must_use]
    pub fn current(&self) -> &Array2<f32> {
        &self.current
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
        self.shape.0 == 1 || senders * PRODUCT_PAYS < self.held.all().len()
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

    /// Holds what a few senders say, whose columns change the current one by one:
    /// `I_i += W_ij (r_new - r_old)`. Weights are `scale` times the matrix.
    ///
    /// Synapses that have gained anything since their sender last sent are touched, weights and
    /// eligibilities. With parallel trials a weight is
    /// `W_ij = scale w^_ij + sum over trials b of D_bi r_jb`, so that the current of trial `c` also
    /// gains `sum over b of D_bi (sum over senders of r_jb,old (r_jc,new - r_jc,old))`: no synapse
    /// is asked for what the other trials have given it.
    pub(crate) fn touch(
        &mut self,
        few: &[(u32, f32)],
        matrix: &mut Array2<f32>,
        eligibility: Option<&mut Array2<f32>>,
        lazy: Option<&Lazy>,
    ) {
        let (trials, pre) = self.shape;
        let sends: Vec<columns::Send> = (few.iter())
            .map(|&(at, value)| {
                let at = at as usize;
                let old = self.held.all()[at];
                columns::Send {
                    trial: at / pre,
                    sender: at % pre,
                    old,
                    change: value - old,
                }
            })
            .collect();
        let scale = lazy.map_or(1.0, Lazy::scale);
        match lazy.and_then(Lazy::of_weights) {
            Some(d) if trials == 1 => {
                columns::read_and_touch(&sends, scale, d, matrix, &mut self.current);
            }
            Some(d) => {
                let news = columns::products(&sends, self.held());
                product::accumulate(1.0, news.view(), d.view(), self.current.view_mut());
                columns::read(&sends, scale, matrix, &mut self.current);
                columns::touch(&sends, 1.0 / scale, d, matrix);
            }
            None => columns::read(&sends, scale, matrix, &mut self.current),
        }
        let integrals = lazy.and_then(Lazy::of_eligibilities);
        if let Some((d, eligibility)) = integrals.zip(eligibility) {
            columns::touch(&sends, 1.0, d, eligibility);
        }
        self.hold(Volley::Few(few));
        // Where everybody has fallen silent, what differences leave behind is rounding.
        for send in sends.chunk_by(|a, b| a.trial == b.trial) {
            if self.held.is_silent_in(send[0].trial) {
                self.current.row_mut(send[0].trial).fill(0.0);
            }
        }
    }

    /// The current anew: one product of all weights and everything held.
    pub(crate) fn sum(&mut self, weights: ArrayView2<'_, f32>, scale: f32) {
        if self.silent() {
            self.current.fill(0.0);
        } else {
            let held = view(&self.held, self.shape);
            let senders = s![.., product::speaking(held)];
            let (held, weights) = (held.slice(senders), weights.slice(senders));
            product::assign(scale, held, weights.t(), self.current.view_mut());
        }
        self.seen = self.revision;
    }

    /// The current follows the weights over the step that has passed.
    pub(crate) fn follow(&mut self, lazy: &Lazy) {
        let gram = (self.gram).get_or_insert_with(|| products(view(&self.held, self.shape)));
        lazy.follow(gram, &mut self.current);
    }

    /// A plain consolidation of what the integrals hold; the current follows.
    pub(crate) fn strike(&mut self, lazy: &mut Lazy, rate: f32) {
        let gram = (self.gram).get_or_insert_with(|| products(view(&self.held, self.shape)));
        lazy.strike(rate, gram, &mut self.current);
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

/// Products of what is held in the trials.
fn products(held: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut gram = Array2::zeros((held.nrows(), held.nrows()));
    product::assign(1.0, held, held.t(), gram.view_mut());
    gram
}

fn view(held: &Values, shape: (usize, usize)) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape(shape, held.all()).expect("there are as many values as places")
}
