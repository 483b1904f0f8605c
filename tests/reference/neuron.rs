//! One population of pyramidal neurons, or of inputs.

use std::collections::VecDeque;

use apical::neuron::soma::Units;
use apical::neuron::{NeuronParameter, Transfer, Variable};

use super::number::{Number, PROMISED};

/// A passive leak: `tau dx/dt = -x + drive`, whose drive is held for a step, so that
/// `x += (1 - exp(-dt / tau)) (drive - x)`; the natural magnitude of `x` is the same leak of the
/// natural magnitude of its drive.
#[derive(Clone, Copy, Debug)]
pub struct Leak {
    /// `1 - exp(-dt / tau)`, 1 without a time constant.
    share: f64,
    /// Part of a natural magnitude that is no distance from the drive, 0 for the exact recursion.
    near: f64,
}

impl Leak {
    /// Of a time constant `tau_ms` in steps of `dt_ms`.
    pub fn new(dt_ms: f64, tau_ms: f64) -> Self {
        Self {
            share: -(-dt_ms / tau_ms).exp_m1(),
            near: 0.0,
        }
    }

    /// The same where the way ends at this part of the natural magnitude.
    pub fn ending(self, near: f64) -> Self {
        Self { near, ..self }
    }

    /// One step of `x` towards its drive.
    pub fn pass(self, x: &mut Number, drive: Number) {
        if self.share == 1.0 {
            // The drive itself, without the rounding of a difference to what was there.
            *x = drive;
            return;
        }
        x.value += self.share * (drive.value - x.value);
        x.size += self.share * (drive.size - x.size);
    }

    /// The same, with `before` the drive of the last step: under a drive that rests, the way ends
    /// where nothing is left of it.
    fn settle(self, x: &mut Number, drive: Number, before: &mut f64) {
        self.pass(x, drive);
        // Without the magnitude of an uncertain path through a pool, which exceeds the values by far.
        let size = x.size.min(10.0 * (x.value.abs() + drive.value.abs()));
        if *before == drive.value && (drive.value - x.value).abs() <= self.near * size {
            x.value = drive.value;
        }
        *before = drive.value;
    }
}

/// Parameters of the neurons of a population.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    pub basal: Leak,
    pub apical: Leak,
    pub soma: Leak,
    pub g_a: f64,
    pub lambda: f64,
    pub transfer: Transfer,
    pub mismatch: Units,
    /// Standard deviation of the noise, and steps from one draw to the next.
    pub noise: Option<(f32, u64)>,
}

/// What a population has been told to be.
#[derive(Clone, Debug)]
pub struct Teacher {
    /// Trials x size.
    pub target: Vec<f64>,
    /// Of each trial.
    pub strength: Vec<f64>,
}

/// The neurons of a population, trials x size in one row.
#[derive(Clone, Debug)]
pub struct Population {
    pub name: String,
    pub size: usize,
    pub trials: usize,
    /// Inputs have none.
    pub parameters: Option<Parameters>,
    pub teacher: Option<Teacher>,
    pub i_b: Vec<Number>,
    pub b: Vec<Number>,
    pub i_a: Vec<Number>,
    pub a: Vec<Number>,
    pub i_s: Vec<Number>,
    pub b_hat: Vec<Number>,
    pub xi: Vec<Number>,
    pub r: Vec<Number>,
    pub delta: Vec<Number>,
    pub noise: Vec<f64>,
    /// What drove the potentials of each neuron in the last step.
    drives: Vec<[f64; 4]>,
    /// What was sent, the last first: rates and teaching signals.
    pub sent: VecDeque<[Vec<Number>; 2]>,
}

impl Population {
    /// At rest.
    pub fn new(
        name: &str,
        (trials, size): (usize, usize),
        parameters: Option<Parameters>,
        longest_delay: usize,
    ) -> Self {
        let zeros = vec![Number::default(); trials * size];
        let silence = [zeros.clone(), zeros.clone()];
        Self {
            name: name.to_owned(),
            size,
            trials,
            parameters,
            teacher: None,
            i_b: zeros.clone(),
            b: zeros.clone(),
            i_a: zeros.clone(),
            a: zeros.clone(),
            i_s: zeros.clone(),
            b_hat: zeros.clone(),
            xi: zeros.clone(),
            r: zeros.clone(),
            delta: zeros,
            noise: vec![0.0; trials * size],
            drives: vec![[0.0; 4]; trials * size],
            sent: vec![silence; longest_delay].into(),
        }
    }

    /// The variables that it has: inputs have rates only.
    pub fn variables(&self) -> &'static [Variable] {
        match self.parameters {
            Some(_) => &Variable::ALL,
            None => &[Variable::RATE],
        }
    }

    /// `s = b_hat + xi`, and every other variable by its symbol.
    pub fn variable(&self, variable: Variable) -> Vec<Number> {
        match variable {
            Variable::BASAL_CURRENT => self.i_b.clone(),
            Variable::BASAL_POTENTIAL => self.b.clone(),
            Variable::APICAL_CURRENT => self.i_a.clone(),
            Variable::APICAL_POTENTIAL => self.a.clone(),
            Variable::SOMATIC_POTENTIAL => {
                let sides = self.b_hat.iter().zip(&self.xi);
                sides.map(|(b_hat, xi)| *b_hat + *xi).collect()
            }
            Variable::MISMATCH => self.xi.clone(),
            Variable::RATE => self.r.clone(),
            Variable::DELTA => self.delta.clone(),
            other => panic!("the pyramidal neuron has no variable `{other}`"),
        }
    }

    /// What rates and teaching signals were at the end of the last step leaves every neuron.
    pub fn send(&mut self) {
        self.sent.rotate_right(1);
        self.sent[0] = [self.r.clone(), self.delta.clone()];
    }

    /// `I_a += teach (target - r)`, with `r` as it was sent.
    pub fn teach(&mut self) {
        let Some(teacher) = &self.teacher else {
            return;
        };
        for n in 0..self.trials * self.size {
            let strength = teacher.strength[n / self.size];
            if strength != 0.0 {
                self.i_a[n] += strength * (Number::exact(teacher.target[n]) - self.r[n]);
            }
        }
    }

    /// From currents to potentials, from potentials to what is sent.
    pub fn advance(&mut self) {
        let Some(p) = self.parameters else {
            return;
        };
        for n in 0..self.trials * self.size {
            // tau_b db/dt = -b + I_b                tau_a da/dt = -a + I_a
            let [i_b, i_a, b, xi] = &mut self.drives[n];
            p.basal.settle(&mut self.b[n], self.i_b[n], i_b);
            p.apical.settle(&mut self.a[n], self.i_a[n], i_a);
            // tau_s d(b_hat)/dt = -b_hat + b        tau_s d(xi)/dt = -xi + g_a a + I_s
            p.soma.settle(&mut self.b_hat[n], self.b[n], b);
            let apical_drive = match p.mismatch {
                Units::Rate => self.a[n],
                // A mismatch of potentials: f'(s) a, with the slope where it last fired.
                Units::Potential => slope(p.transfer, self.r[n]) * self.a[n],
            };
            p.soma
                .settle(&mut self.xi[n], p.g_a * apical_drive + self.i_s[n], xi);
        }
        for trial in 0..self.trials {
            let neurons = trial * self.size..(trial + 1) * self.size;
            let noisy: Vec<Number> = (neurons.clone())
                .map(|n| self.b[n] + Number::exact(self.noise[n]))
                .collect();
            // delta = f'(b + n) xi
            let unnudged = fire(p.transfer, &noisy);
            for (n, f) in neurons.clone().zip(&unnudged) {
                self.delta[n] = match p.mismatch {
                    Units::Rate => slope(p.transfer, *f) * self.xi[n],
                    Units::Potential => self.xi[n],
                };
            }
            // r = f(b + n + lambda (s - b)),   s - b = b_hat - b + xi
            let nudged: Vec<Number> = (neurons.clone().zip(&noisy))
                .map(|(n, u)| *u + p.lambda * (self.b_hat[n] - self.b[n] + self.xi[n]))
                .collect();
            for (n, r) in neurons.zip(fire(p.transfer, &nudged)) {
                self.r[n] = r;
            }
        }
    }

    /// A parameter of the neurons becomes this.
    pub fn set(&mut self, parameter: NeuronParameter, value: f64, dt_ms: f64) {
        let p = self.parameters.as_mut().expect("a pyramidal population");
        match parameter {
            NeuronParameter::TauBMs => p.basal = Leak::new(dt_ms, value),
            NeuronParameter::TauAMs => p.apical = Leak::new(dt_ms, value),
            NeuronParameter::TauSMs => p.soma = Leak::new(dt_ms, value),
            NeuronParameter::GA => p.g_a = f64::from(value as f32),
            NeuronParameter::Lambda => p.lambda = f64::from(value as f32),
        }
    }
}

/// Rates of one trial of a population at the potentials `u`.
fn fire(transfer: Transfer, u: &[Number]) -> Vec<Number> {
    match transfer {
        Transfer::Own(own) => panic!("no reference of `{}`", own.name()),
        Transfer::Linear => u.to_vec(),
        Transfer::Tanh => u.iter().map(|u| u.through(f64::tanh)).collect(),
        Transfer::Logistic => (u.iter())
            .map(|u| u.through(|u| 1.0 / (1.0 + (-u).exp())))
            .collect(),
        Transfer::Relu => u.iter().map(|u| u.through(|u| u.max(0.0))).collect(),
        Transfer::Softmax => {
            let most = u.iter().fold(f64::NEG_INFINITY, |m, u| m.max(u.value));
            let all: f64 = u.iter().map(|u| (u.value - most).exp()).sum();
            let rates: Vec<f64> = (u.iter()).map(|u| (u.value - most).exp() / all).collect();
            // dr_i = r_i (du_i - sum_k r_k du_k)
            let mean: f64 = rates.iter().zip(u).map(|(r, u)| r * u.size).sum();
            // Far beyond what is small, an error may decide which potential is the largest.
            let moved = |i: usize, sign: f64| {
                let by = |u: &Number, sign: f64| u.value + sign * PROMISED * u.size;
                let others = u.iter().enumerate().filter(|(k, _)| *k != i);
                let others = others.map(|(_, other)| (by(other, -sign) - by(&u[i], sign)).exp());
                1.0 / (1.0 + others.sum::<f64>())
            };
            (rates.iter().zip(u).enumerate())
                .map(|(i, (r, u))| {
                    let apart = (moved(i, 1.0) - r).max(r - moved(i, -1.0));
                    Number {
                        value: *r,
                        // With the rounding of the rate itself.
                        size: (r * (1.0 + u.size + mean)).max(1.0001 * apart / PROMISED),
                    }
                })
                .collect()
        }
    }
}

/// Slope of the transfer function where the rate is `f`.
fn slope(transfer: Transfer, f: Number) -> Number {
    let one = Number::exact(1.0);
    match transfer {
        Transfer::Tanh => one - f * f,
        Transfer::Logistic => f * (one - f),
        Transfer::Linear | Transfer::Softmax => one,
        Transfer::Own(own) => panic!("no reference of `{}`", own.name()),
        Transfer::Relu => panic!("the slope of relu next to 0 is a choice: not compared"),
    }
}
