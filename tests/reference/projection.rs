//! One projection: its weights, and what changes them.

use apical::event::Signal;
use apical::neuron::Compartment;
use apical::plasticity::Optimiser;

use super::neuron::Leak;
use super::number::{Number, PROMISED};
use super::wires::Wires;

/// What multiplies the sent value in the rate of change of a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Factor {
    /// `delta_i`.
    Delta,
    /// `s xi_i`.
    Mismatch(f64),
    /// `s r_i`.
    Rate(f64),
    /// The noise `n_i` of the neuron.
    Noise,
}

/// A reward `M = L_mean - L`, by which all factors of a trial are multiplied, and the eligibility
/// of a neuron that waits for it.
#[derive(Clone, Debug)]
pub struct Reward {
    /// Leaks of the mean loss and of the eligibility of a neuron.
    pub leaks: [Leak; 2],
    /// Mean loss of each trial, none before the first.
    pub mean: Vec<Option<Number>>,
    /// Eligibility of each neuron, trials x post.
    pub trace: Vec<Number>,
}

impl Reward {
    /// One step: factors of the neurons, trials x post, become what their synapses change by.
    pub fn apply(&mut self, losses: &[Option<Number>], factors: &mut [Number]) {
        let post = factors.len() / losses.len();
        for (trial, loss) in losses.iter().enumerate() {
            let reward = match (loss, &mut self.mean[trial]) {
                // Without a teacher nothing is known, and the mean begins anew.
                (None, mean) => {
                    *mean = None;
                    Number::default()
                }
                (Some(loss), mean) => {
                    // tau dL_mean/dt = L - L_mean, from the first L on
                    let mut now = mean.unwrap_or(*loss);
                    self.leaks[0].pass(&mut now, *loss);
                    *mean = Some(now);
                    now - *loss
                }
            };
            let neurons = trial * post..(trial + 1) * post;
            for (trace, factor) in
                (self.trace[neurons.clone()].iter_mut()).zip(&mut factors[neurons])
            {
                // tau de/dt = -e + factor
                self.leaks[1].pass(trace, *factor);
                *factor = reward * *trace;
            }
        }
    }
}

/// Part of what was cancelled that may be left of it.
const CANCELLED: f64 = 1e-14;

/// What an update clock remembers.
#[derive(Clone, Debug)]
pub struct Update {
    pub optimiser: Optimiser,
    pub every_steps: u64,
    pub offset_steps: u64,
    pub every_ms: f64,
    /// Integral of the rule's rate of change without eta since the last update, post x pre.
    pub eligibility: Vec<Number>,
    /// Sums of the magnitudes of the factors of each neuron since then, and the largest magnitude
    /// that each sender ever sent: by a part of their product an eligibility may be off that is
    /// smaller because it was cancelled (docs/model.md, known inaccuracies).
    pub passed: Vec<f64>,
    pub most: Vec<f64>,
    /// The sum of these products over the pairs of each weight.
    pub uncertain: Vec<f64>,
    /// Means that the optimiser keeps, of `g` and of `g^2`.
    pub first: Vec<Number>,
    pub second: Vec<Number>,
    /// Updates so far.
    pub count: i32,
}

impl Update {
    /// True if it is due at the end of `step`, counted from 0.
    pub fn is_due(&self, step: u64) -> bool {
        step + 1 > self.offset_steps
            && (step + 1 - self.offset_steps).is_multiple_of(self.every_steps)
    }

    /// The eligibility of synapse `n`.
    fn eligible(&self, n: usize) -> Number {
        let mut eligible = self.eligibility[n];
        eligible.size += CANCELLED / PROMISED * self.uncertain[n];
        eligible
    }

    /// What synapse `n` changes by, and a new eligibility from 0.
    fn step(&mut self, n: usize, eta: f64) -> Number {
        // g: the mean of the rule's rate of change over the period
        let g = (1.0 / self.every_ms) * self.eligible(n);
        self.eligibility[n] = Number::default();
        match self.optimiser {
            // D = eta g
            Optimiser::Plain => eta * g,
            // v = momentum v + g;   D = eta v
            Optimiser::Momentum { momentum } => {
                let v = &mut self.first[n];
                *v = momentum * *v + g;
                eta * *v
            }
            // m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2
            // D = eta (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
            Optimiser::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                let [beta1, beta2] = [beta1, beta2].map(f64::from);
                let (m, v) = (&mut self.first[n], &mut self.second[n]);
                *m = beta1 * *m + (1.0 - beta1) * g;
                *v = beta2 * *v + (1.0 - beta2) * g.squared();
                let unbias = |beta: f64| 1.0 / (1.0 - beta.powi(self.count));
                let m = unbias(beta1) * *m;
                let root = (unbias(beta2) * *v).through(|v| v.max(0.0).sqrt());
                let floor = root.value + epsilon;
                let value = if m.value == 0.0 { 0.0 } else { m.value / floor };
                // d(m / root) = dm / root - m droot / root^2
                let size = (m.size / floor).max(value.abs() * root.size / floor);
                eta * Number { value, size }
            }
        }
    }
}

/// The plasticity of a projection.
#[derive(Clone, Debug)]
pub struct Plasticity {
    pub factor: Factor,
    pub reward: Option<Reward>,
    pub eta: f64,
    /// What a step of decay leaves of a weight.
    pub kept: f64,
    pub bounds: Option<(f64, f64)>,
    pub norm: Option<f64>,
    pub gated_decay: f64,
    /// Absent: the weights change in every step.
    pub update: Option<Update>,
}

/// A projection, its weights in one row.
#[derive(Clone, Debug)]
pub struct Projection {
    pub name: String,
    /// Sending population; a bias has none.
    pub pre: Option<usize>,
    pub post: usize,
    pub compartment: Compartment,
    pub signal: Signal,
    pub delay: usize,
    /// Receivers and senders.
    pub shape: (usize, usize),
    pub wires: Wires,
    pub weights: Vec<Number>,
    /// Index of the projection whose weights, or winners, it uses.
    pub transported: Option<usize>,
    /// Absent: fixed weights.
    pub plasticity: Option<Plasticity>,
}

impl Projection {
    /// Eligibilities, post x pre, if it has an update clock.
    pub fn eligibility(&self) -> Option<Vec<Number>> {
        let update = self.plasticity.as_ref()?.update.as_ref()?;
        let synapses = 0..self.weights.len();
        Some(synapses.map(|n| update.eligible(n)).collect())
    }

    /// `dW_ij/dt = eta mean over trials of factor_i sent_j`, for one step.
    pub fn learn(
        &mut self,
        (trials, dt_ms, eta_scale): (usize, f64, f64),
        factors: &[Number],
        sent: &[Number],
    ) {
        let Some(p) = &mut self.plasticity else {
            return;
        };
        let (post, pre) = self.shape;
        let mean = dt_ms / trials as f64;
        if let Some(update) = &mut p.update {
            for (n, factor) in factors.iter().enumerate() {
                update.passed[n % post] += mean * factor.value.abs();
            }
            for (n, sent) in sent.iter().enumerate() {
                let most = &mut update.most[n % pre];
                *most = most.max(sent.value.abs());
            }
        }
        if let Some(update) = &mut p.update {
            update.uncertain.fill(0.0);
            for &(i, j, n) in &self.wires.pairs {
                update.uncertain[n] += update.passed[i] * update.most[j];
            }
        }
        for &(i, j, n) in &self.wires.pairs {
            let products = (0..trials).map(|t| factors[t * post + i] * sent[t * pre + j]);
            let gained = mean * products.sum::<Number>();
            match &mut p.update {
                Some(update) => update.eligibility[n] += gained,
                None => self.weights[n] += (p.eta * eta_scale) * gained,
            }
        }
        // dW/dt = -decay W
        if p.kept < 1.0 {
            (self.weights.iter_mut()).for_each(|weight| *weight = p.kept * *weight);
        }
    }

    /// At its clock, what is eligible becomes change; bounds and lengths hold.
    pub fn update(&mut self, step: u64, eta_scale: f64) {
        let Some(p) = &mut self.plasticity else {
            return;
        };
        if let Some(update) = &mut p.update
            && update.is_due(step)
        {
            update.count += 1;
            let mut fresh = vec![0.0; self.weights.len()];
            for (n, weight) in self.weights.iter_mut().enumerate() {
                let by = update.step(n, p.eta * eta_scale);
                // W += D - min(gated_decay |D|, 1) W
                let mut part = p.gated_decay * by.abs();
                part.value = part.value.min(1.0);
                let before = *weight;
                *weight = (1.0 - part.value) * before + by;
                // What is overwritten is as uncertain as the change is.
                let overwritten = (part.size - part.value).min(1.0) * before.value.abs();
                weight.size += overwritten;
                fresh[n] = by.size + overwritten;
            }
            update.passed.fill(0.0);
            update.uncertain.fill(0.0);
            if let Some(norm) = p.norm {
                let groups = self.wires.groups(self.shape.0);
                confine_length(&mut self.weights, &groups, norm, &fresh);
            }
        }
        if let Some((low, high)) = p.bounds {
            for weight in &mut self.weights {
                weight.value = weight.value.clamp(low, high);
            }
        }
    }

    /// `sum_j W_ij sent_j` of every neuron, trials x post.
    pub fn deliver(&self, sent: &[Number], weights: &[Number], to: &mut [Number]) {
        let (post, pre) = self.shape;
        for trial in 0..to.len() / post {
            for &(i, j, n) in &self.wires.pairs {
                to[trial * post + i] += weights[n] * sent[trial * pre + j];
            }
        }
    }

    /// The largest value of every window; with an `image`, the value sent by a window passes to its
    /// winner there. Of equal values the first wins (`tests/wiring.rs`).
    pub fn pool(
        &self,
        windows: &[Vec<usize>],
        sent: &[Number],
        image: Option<&[Number]>,
        to: &mut [Number],
    ) {
        let (post, pre) = self.shape;
        for trial in 0..to.len() / post {
            for (n, window) in windows.iter().enumerate() {
                let size = if image.is_some() { post } else { pre };
                let of_trial = &image.unwrap_or(sent)[trial * size..(trial + 1) * size];
                let first = |best: usize, j: usize| match of_trial[j].value > of_trial[best].value {
                    true => j,
                    false => best,
                };
                let winner = window.iter().copied().reduce(first).expect("a window");
                // A value as large as the winner's, within what is promised, can win.
                let highest = |j: usize| of_trial[j].value + PROMISED * of_trial[j].size;
                let least = of_trial[winner].value - PROMISED * of_trial[winner].size;
                let near: Vec<usize> = (window.iter().copied())
                    .filter(|j| highest(*j) >= least)
                    .collect();
                if image.is_none() {
                    let sizes = near.iter().map(|j| of_trial[*j].size);
                    to[trial * post + n] += Number {
                        value: of_trial[winner].value,
                        size: sizes.fold(0.0, f64::max),
                    };
                    continue;
                }
                let sent = sent[trial * pre + n];
                to[trial * post + winner] += sent;
                if near.len() > 1 {
                    for j in near {
                        to[trial * post + j].size += 10.0 * sent.size / PROMISED;
                    }
                }
            }
        }
    }
}

/// Each neuron's weights are brought to the length `norm`.
///
/// `fresh`: the part of each natural magnitude that has come since they last were. What an error
/// has along the weights is taken away, `d(w / |w|) = dw / |w| - w (w dw) / |w|^3`; of earlier
/// errors there is nothing left along them.
pub fn confine_length(weights: &mut [Number], groups: &[Vec<usize>], norm: f64, fresh: &[f64]) {
    for group in groups {
        let square: f64 = group.iter().map(|n| weights[*n].value.powi(2)).sum();
        // A neuron without weights has no direction to keep.
        if square > 0.0 {
            let along: f64 = (group.iter())
                .map(|n| weights[*n].value.abs() * fresh[*n])
                .sum();
            for n in group {
                let weight = &mut weights[*n];
                *weight = (norm / square.sqrt()) * *weight;
                weight.size += weight.value.abs() * along / square;
            }
        } else if group.iter().any(|n| fresh[*n] > 0.0) {
            // Changes that cancel leave a direction to rounding alone.
            (group.iter()).for_each(|n| weights[*n].size = f64::INFINITY);
        }
    }
}
