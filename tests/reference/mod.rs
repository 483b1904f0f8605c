//! The equations of `docs/model.md` as a recursion in double precision, written apart from the
//! simulator and as simply as may be: the reference of its numbers.
//!
//! Every variable is a [`Number`], a value beside its natural magnitude, and the same equations
//! advance both. The natural magnitudes, in one line each:
//!
//! | variable | natural magnitude |
//! |---|---|
//! | current | sum of the magnitudes of its terms now |
//! | potential, mismatch | the same leak of the magnitudes of what drives it |
//! | rate | its size, and the slope times the magnitude of its potential |
//! | teaching signal | slope times the magnitude of the mismatch, or the mismatch times that of the slope |
//! | weight | initial size plus the sum of the magnitudes of all changes, faded by decay as it is |
//! | eligibility | sum of the magnitudes of all increments since the last update |
//!
//! One step, from the state at `t` to that at `t + dt`:
//!
//! ```text
//! events of the timeline act on the state
//! rates and teaching signals of every neuron leave
//! what left `delay` steps ago becomes currents; teachers and injected currents are added
//! potentials follow their currents, rates and teaching signals follow the potentials
//! weights change by the new postsynaptic factor times what has arrived, then decay
//! at its clock what is eligible becomes change; bounds hold
//! ```
#![allow(dead_code, reason = "each proof uses a part of it")]

mod case;
mod neuron;
mod number;
mod projection;
mod timeline;
mod verdict;
mod wires;

use std::collections::BTreeMap;

use apical::connectivity::WiringKind;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::event::Signal;
use apical::math::random::stream;
use apical::neuron::{Compartment, Site, Transfer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

pub use case::Case;
pub use neuron::{Leak, Population};
pub use number::{Number, PROMISED};
pub use projection::Projection;
pub use timeline::TimelineEntry;
pub use verdict::Verdict;
use wires::Wires;

use neuron::Parameters;
use projection::{Factor, Plasticity, Reward, Update};

/// A circuit in time, in double precision.
#[derive(Clone, Debug)]
pub struct Reference {
    dt_ms: f64,
    trials: usize,
    seed: u64,
    /// Present: what is sent has the errors of single precision, drawn from here.
    single: Option<ChaCha8Rng>,
    /// Steps since the start.
    pub step: u64,
    eta_scale: f64,
    /// Inputs first.
    pub populations: Vec<Population>,
    /// In the order of the model, biases last.
    pub projections: Vec<Projection>,
    injections: BTreeMap<u64, (usize, Site, Vec<f64>)>,
}

impl Reference {
    /// The circuit of `model` at rest, with the weights that `simulation` begins with.
    pub fn new(
        model: &Model,
        simulation: &Simulation,
        (dt_ms, trials, seed): (f64, usize, u64),
    ) -> Self {
        let steps = |ms: f64| (ms / dt_ms).round() as u64;
        let delays = model.projections.iter().map(|p| steps(p.delay_ms));
        let longest = delays.max().unwrap_or(1) as usize;
        let mut populations = Vec::new();
        for input in &model.inputs {
            let shape = (trials, input.size);
            populations.push(Population::new(&input.name, shape, None, longest));
        }
        for population in &model.populations {
            let neuron = &model.neurons[&population.neuron];
            let leak = |tau_ms| Leak::new(dt_ms, tau_ms);
            let parameters = Parameters {
                basal: leak(neuron.tau_b_ms),
                apical: leak(neuron.tau_a_ms),
                soma: leak(neuron.tau_s_ms),
                g_a: neuron.g_a.into(),
                lambda: neuron.lambda.into(),
                transfer: Transfer::named(neuron.transfer.name()).expect("a shipped one"),
                mismatch: neuron.mismatch,
                noise: (neuron.noise).map(|noise| (noise.std, steps(noise.every_ms).max(1))),
            };
            let shape = (trials, population.size);
            populations.push(Population::new(
                &population.name,
                shape,
                Some(parameters),
                longest,
            ));
        }
        let mut reference = Self {
            dt_ms,
            trials,
            seed,
            single: None,
            step: 0,
            eta_scale: 1.0,
            populations,
            projections: Vec::new(),
            injections: BTreeMap::new(),
        };
        for p in &model.projections {
            let ends = (
                Some(reference.population(&p.from)),
                reference.population(&p.to),
            );
            let at = (
                p.name(),
                (p.compartment, p.signal()),
                steps(p.delay_ms) as usize,
            );
            let wires = Wires::projection(model, simulation, p);
            reference.project(model, simulation, (ends, wires), at, p.synapse.as_deref());
        }
        for population in &model.populations {
            if let Some(bias) = &population.bias {
                let ends = (None, reference.population(&population.name));
                let basal = (Compartment::Basal, Signal::Rate);
                let at = (format!("{}_bias", population.name), basal, 1);
                let wires = Wires::bias(population, bias.per);
                reference.project(model, simulation, (ends, wires), at, Some(&bias.synapse));
            }
        }
        for n in 0..reference.projections.len() {
            if reference.projections[n].transported.is_some() {
                let (pre, post) = (reference.projections[n].pre, reference.projections[n].post);
                let back = reference.projections.iter().position(|other| {
                    other.compartment == Compartment::Basal
                        && other.pre == Some(post)
                        && Some(other.post) == pre
                });
                reference.projections[n].transported = Some(back.expect("a projection back"));
            }
        }
        reference
    }

    fn project(
        &mut self,
        model: &Model,
        simulation: &Simulation,
        ((pre, post), wires): ((Option<usize>, usize), Wires),
        (name, (compartment, signal), delay): (String, (Compartment, Signal), usize),
        synapse: Option<&str>,
    ) {
        let shape = (
            self.populations[post].size,
            pre.map_or(1, |pre| self.populations[pre].size),
        );
        let Some(synapse) = synapse else {
            // A pool: the mean of a window, or its largest value.
            let weights = match wires.is_mean {
                true => {
                    let receivers = wires.pairs.iter().filter(|pair| pair.0 == wires.pairs[0].0);
                    let senders = wires.pairs.iter().filter(|pair| pair.1 == wires.pairs[0].1);
                    let each = match compartment {
                        Compartment::Basal => receivers.count(),
                        Compartment::Apical => senders.count(),
                    };
                    vec![Number::exact(f64::from(1.0 / each as f32))]
                }
                false => Vec::new(),
            };
            let back = wires.pool.as_ref().is_some_and(|(_, back)| *back);
            self.projections.push(Projection {
                name,
                pre,
                post,
                compartment,
                signal,
                delay,
                shape,
                weights,
                transported: back.then_some(0),
                wires,
                plasticity: None,
            });
            return;
        };
        let weights = simulation.weights(&name).expect("weights");
        let synapse = &model.synapses[synapse];
        let parameter = |name: &str, default: f64| {
            // Parameters of rules are in single precision.
            f64::from(*synapse.parameters.get(name).unwrap_or(&default) as f32)
        };
        let rule = synapse.rule.as_deref();
        let factor = match (rule, compartment) {
            (Some("hebbian"), Compartment::Basal) if parameter("taught", 0.0) == 0.0 => {
                Some(Factor::Rate(parameter("s", 1.0)))
            }
            (Some("node_perturbation"), Compartment::Basal) => Some(Factor::Noise),
            (Some(_), Compartment::Basal) => Some(Factor::Delta),
            (Some("dll"), Compartment::Apical) => {
                Some(Factor::Mismatch(parameter("s", 1.0))).filter(|f| *f != Factor::Mismatch(0.0))
            }
            (
                Some("kolen_pollack" | "change_gated_decay" | "local_losses"),
                Compartment::Apical,
            ) => Some(Factor::Rate(1.0)),
            _ => None,
        };
        let transports = compartment == Compartment::Apical
            && matches!(rule, Some("transport" | "predictive_coding"));
        let neurons = self.trials * shape.0;
        let reward = (rule == Some("node_perturbation")).then(|| Reward {
            leaks: [parameter("baseline_ms", 20.0), parameter("trace_ms", 0.0)]
                .map(|tau_ms| Leak::new(self.dt_ms, tau_ms)),
            mean: vec![None; self.trials],
            trace: vec![Number::default(); neurons],
        });
        let update = synapse.update.as_ref().map(|clock| {
            let steps = |ms: f64| (ms / self.dt_ms).round() as u64;
            let every_steps = steps(clock.every_ms.expect("a period"));
            let none = vec![Number::default(); weights.len()];
            Update {
                optimiser: clock.optimiser,
                every_steps,
                offset_steps: steps(clock.offset_ms),
                every_ms: every_steps as f64 * self.dt_ms,
                eligibility: none.clone(),
                passed: vec![0.0; shape.0],
                most: vec![0.0; shape.1],
                uncertain: vec![0.0; weights.len()],
                first: none.clone(),
                second: none,
                count: 0,
            }
        });
        let turns_over = match rule {
            Some("change_gated_decay") => 0.03,
            _ => 0.0,
        };
        let fan_in = fan_in(model, simulation, &name);
        let plasticity = factor.map(|factor| Plasticity {
            factor,
            reward,
            eta: synapse.eta.into(),
            kept: (-synapse.decay_per_ms * self.dt_ms).exp(),
            bounds: synapse
                .limits()
                .map(|(low, high)| (low.into(), high.into())),
            norm: synapse.norm.map(f64::from),
            gated_decay: parameter("gated_decay", turns_over) * fan_in.sqrt(),
            update,
        });
        self.projections.push(Projection {
            name,
            pre,
            post,
            compartment,
            signal,
            delay,
            shape,
            wires,
            weights: (weights.iter())
                .map(|w| Number::exact(f64::from(*w)))
                .collect(),
            transported: transports.then_some(0),
            plasticity,
        });
    }

    /// Index of a population.
    pub fn population(&self, name: &str) -> usize {
        let mut all = self.populations.iter();
        all.position(|p| p.name == name).expect("a population")
    }

    /// Index of a projection.
    pub fn projection(&self, name: &str) -> usize {
        let mut all = self.projections.iter();
        all.position(|p| p.name == name).expect("a projection")
    }

    /// Weights of a projection, in the array of its weights.
    pub fn weights(&self, projection: &Projection) -> Vec<Number> {
        let (post, pre) = projection.shape;
        let Some(other) = projection.transported else {
            return projection.weights.clone();
        };
        let other = &self.projections[other].weights;
        match projection.wires.is_all_to_all {
            true => (0..post * pre)
                .map(|n| other[n % pre * post + n / pre])
                .collect(),
            false => other.clone(),
        }
    }

    /// What arrives through a projection now, trials x pre.
    fn arriving(&self, projection: &Projection) -> Vec<Number> {
        let Some(pre) = projection.pre else {
            // A bias is a sender that is always at 1.
            return vec![Number::exact(1.0); self.trials];
        };
        let [rates, deltas] = &self.populations[pre].sent[projection.delay - 1];
        match projection.signal {
            Signal::Rate => rates.clone(),
            Signal::Delta => deltas.clone(),
        }
    }

    /// Advances by one step.
    pub fn step(&mut self) {
        self.draw();
        self.populations.iter_mut().for_each(Population::send);
        self.deliver();
        self.populations.iter_mut().for_each(Population::advance);
        self.blur();
        self.learn();
        self.step += 1;
    }

    /// From now on what is sent has the errors that it has in the simulator: three units in the
    /// last place of a number in single precision for a transfer function, half a one for the
    /// number itself. With `settles`, potentials end their way at a part of 1e-6 of their natural
    /// magnitude, a tenth of what is promised.
    pub fn send_in_single_precision(&mut self, settles: bool) {
        self.single = Some(ChaCha8Rng::seed_from_u64(1));
        let near = if settles { 1e-6 } else { 0.0 };
        for p in (self.populations.iter_mut()).filter_map(|p| p.parameters.as_mut()) {
            for leak in [&mut p.basal, &mut p.apical, &mut p.soma] {
                *leak = leak.ending(near);
            }
        }
    }

    fn blur(&mut self) {
        let Some(random) = &mut self.single else {
            return;
        };
        for population in &mut self.populations {
            let Some(p) = population.parameters else {
                continue;
            };
            let ulps = if p.transfer == Transfer::Linear {
                0.0
            } else {
                3.0
            };
            for sent in population.r.iter_mut().chain(&mut population.delta) {
                let off = ulps * f64::from(f32::EPSILON) * random.random_range(-1.0..1.0);
                sent.value = f64::from((sent.value * (1.0 + off)) as f32);
            }
        }
    }

    /// Noise is drawn anew, from the same stream of random numbers as the simulator's.
    fn draw(&mut self) {
        for population in &mut self.populations {
            let Some((std, every)) = population.parameters.and_then(|p| p.noise) else {
                continue;
            };
            if self.step.is_multiple_of(every) {
                let purpose = format!("noise of {}", population.name);
                let mut random = stream(self.seed, &purpose, self.step / every);
                let normal = Normal::new(0.0f32, std).unwrap();
                for noise in &mut population.noise {
                    *noise = normal.sample(&mut random).into();
                }
            }
        }
    }

    /// `I_b = sum_j W_j r_j + bias + injected`, `I_a = sum_k Theta_k delta_k + injected + teacher`.
    fn deliver(&mut self) {
        for population in &mut self.populations {
            for currents in [
                &mut population.i_b,
                &mut population.i_a,
                &mut population.i_s,
            ] {
                currents.fill(Number::default());
            }
        }
        for (post, site, current) in self.injections.values() {
            let population = &mut self.populations[*post];
            let to = match site {
                Site::Basal => &mut population.i_b,
                Site::Apical => &mut population.i_a,
                Site::Soma => &mut population.i_s,
            };
            for (n, to) in to.iter_mut().enumerate() {
                *to += Number::exact(current[n % population.size]);
            }
        }
        for projection in &self.projections {
            let sent = self.arriving(projection);
            let weights = self.weights(projection);
            let others = projection.transported.map(|n| &self.projections[n]);
            let image = others.map(|other| self.arriving(other));
            let post = &mut self.populations[projection.post];
            let to = match projection.compartment {
                Compartment::Basal => &mut post.i_b,
                Compartment::Apical => &mut post.i_a,
            };
            if let Some((windows, _)) = &projection.wires.pool {
                projection.pool(windows, &sent, image.as_deref(), to);
                continue;
            }
            projection.deliver(&sent, &weights, to);
        }
        self.populations.iter_mut().for_each(Population::teach);
    }

    /// `dW_ij/dt = eta factor_i sent_j`, always.
    fn learn(&mut self) {
        let losses = self.losses();
        for n in 0..self.projections.len() {
            let Some(p) = &self.projections[n].plasticity else {
                continue;
            };
            let post = &self.populations[self.projections[n].post];
            let mut factors: Vec<Number> = match p.factor {
                Factor::Delta => post.delta.clone(),
                Factor::Mismatch(s) => post.xi.iter().map(|xi| s * *xi).collect(),
                Factor::Rate(s) => post.r.iter().map(|r| s * *r).collect(),
                Factor::Noise => post.noise.iter().map(|n| Number::exact(*n)).collect(),
            };
            let sent = self.arriving(&self.projections[n]);
            let projection = &mut self.projections[n];
            if let Some(reward) = projection
                .plasticity
                .as_mut()
                .and_then(|p| p.reward.as_mut())
            {
                reward.apply(&losses, &mut factors);
            }
            let how = (self.trials, self.dt_ms, self.eta_scale);
            projection.learn(how, &factors, &sent);
            projection.update(self.step, self.eta_scale);
        }
    }

    /// The loss of each trial over all populations that are taught: `-sum target ln r` of a
    /// soft-max, `sum (target - r)^2 / 2` of any other; none without a teacher.
    fn losses(&self) -> Vec<Option<Number>> {
        let mut losses = vec![None; self.trials];
        for population in &self.populations {
            let (Some(teacher), Some(p)) = (&population.teacher, population.parameters) else {
                continue;
            };
            for (trial, loss) in losses.iter_mut().enumerate() {
                if teacher.strength[trial] == 0.0 {
                    continue;
                }
                for n in trial * population.size..(trial + 1) * population.size {
                    let (target, r) = (teacher.target[n], population.r[n]);
                    let here = match p.transfer {
                        Transfer::Softmax => Number {
                            value: -target * r.value.ln(),
                            size: target * (r.value.ln().abs() + r.size / r.value),
                        },
                        _ => 0.5 * (Number::exact(target) - r).squared(),
                    };
                    *loss = Some(loss.unwrap_or_default() + here);
                }
            }
        }
        losses
    }
}

/// Mean number of synapses of a neuron in a projection with this name, or in its way up if there is
/// one: 1 for a bias, and with a probability the expected number.
fn fan_in(model: &Model, simulation: &Simulation, name: &str) -> f64 {
    let Some(projection) = model.projections.iter().find(|p| p.name() == name) else {
        return 1.0;
    };
    let up: Vec<_> = (model.projections.iter())
        .filter(|p| {
            projection.compartment == Compartment::Apical
                && p.compartment == Compartment::Basal
                && (&p.from, &p.to) == (&projection.to, &projection.from)
        })
        .collect();
    let source = match (&up[..], &projection.reciprocal) {
        (several, Some(named)) => {
            let named = several.iter().find(|p| p.name() == *named);
            *named.expect("the named way up")
        }
        ([only], None) => *only,
        _ => projection,
    };
    let [post, pre] = [&source.to, &source.from].map(|population| {
        let shape = model.arrangement(population).expect("a population");
        shape.size()
    });
    match &source.wiring {
        WiringKind::Random {
            probability: Some(p),
            self_connections,
            ..
        } => p * (pre - usize::from(source.from == source.to && !self_connections)) as f64,
        _ => {
            let wires = Wires::projection(model, simulation, source);
            wires.pairs.len() as f64 / post as f64
        }
    }
}
