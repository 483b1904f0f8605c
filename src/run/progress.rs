//! Reporting how a run goes: a bar at a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::{say, stdout};

/// Accuracies after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Epochs done.
    pub epoch: u64,
    /// Fraction of right answers while learning, just before the teacher spoke; none if it did
    /// not wait for them.
    pub train: Option<f64>,
    /// Fraction of right answers on the validation part, if there is one.
    pub validation: Option<f64>,
}

/// To whom a run is told.
#[derive(Clone, Copy, Debug)]
pub enum Reporting<'a> {
    /// Nobody.
    Nothing,
    /// It is the only one.
    Alone,
    /// It is one of several under way; they are told apart by their names.
    Among {
        /// Its name.
        name: &'a str,
        /// The bars of all of them, with the one of all together as the last.
        bars: &'a MultiProgress,
    },
}

/// How a run is told.
pub struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    /// What lines begin with; only a run among several has a name there.
    prefix: String,
    steps: u64,
    epochs: Option<u64>,
    dt_ms: f64,
    started: Instant,
    told: Duration,
    latest: String,
}

impl Progress {
    /// Begins to tell about a run of `steps` steps of `dt_ms`.
    #[must_use]
    pub fn new(
        scenario: &str,
        steps: u64,
        dt_ms: f64,
        epochs: Option<u64>,
        reporting: Reporting<'_>,
    ) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let (name, bar, prefix) = match reporting {
            Reporting::Nothing => ("", None, String::new()),
            Reporting::Alone => {
                let target = ProgressDrawTarget::stderr();
                let bar = || ProgressBar::with_draw_target(Some(steps), target);
                (scenario, terminal.then(bar), String::new())
            }
            Reporting::Among { name, bars } => {
                let bar = || bars.insert_from_back(1, ProgressBar::new(steps));
                (name, terminal.then(bar), format!("{name}: "))
            }
        };
        if let Some(bar) = &bar {
            let template = "{prefix} {bar:24} {percent:>3} %  {msg}  ETA {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(name.to_owned());
        }
        Self {
            bar,
            lines: !terminal && !matches!(reporting, Reporting::Nothing),
            prefix,
            steps,
            epochs,
            dt_ms,
            started: Instant::now(),
            told: Duration::ZERO,
            latest: String::new(),
        }
    }

    /// After `steps` steps.
    pub fn step(&mut self, steps: u64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}{}", self.simulated(steps), self.latest));
            bar.set_position(steps);
        } else if self.lines {
            // Epochs have lines of their own; only long ones need more.
            let silence = Duration::from_secs(if self.epochs.is_some() { 30 } else { 5 });
            let elapsed = self.started.elapsed();
            if elapsed > self.told + silence {
                self.told = elapsed;
                let (simulated, eta) = (self.simulated(steps), self.eta(steps));
                tell(&format!("{}{simulated}{}  {eta}", self.prefix, self.latest));
            }
        }
    }

    /// After an epoch, and `steps` steps.
    pub fn epoch(&mut self, outcome: Epoch, steps: u64) {
        let epochs = self.epochs.unwrap_or_default();
        let percent = |name, accuracy: Option<f64>| {
            (accuracy.map(|a| format!("  {name} {:5.1} %", a * 1e2))).unwrap_or_default()
        };
        let train = percent("train", outcome.train);
        let accuracy = train + &percent("validation", outcome.validation);
        self.latest = format!("  epoch {}/{epochs}{accuracy}", outcome.epoch);
        if self.bar.is_some() {
            self.step(steps);
        }
        // Some twenty lines tell as much as a thousand.
        let stride = epochs.div_ceil(20).max(1);
        let line = outcome.epoch.is_multiple_of(stride) || outcome.epoch == 1;
        // Of several runs only those are told that take long.
        if self.lines && self.prefix.is_empty() && (line || outcome.epoch == epochs) {
            self.told = self.started.elapsed();
            tell(&format!(
                "epoch {:>3}/{epochs}  {}{accuracy}  {}",
                outcome.epoch,
                self.simulated(steps),
                self.eta(steps)
            ));
        }
    }

    fn simulated(&self, steps: u64) -> String {
        let ms = steps as f64 * self.dt_ms;
        if self.steps as f64 * self.dt_ms < 1e4 {
            format!("{ms:>7.1} ms simulated")
        } else {
            format!("{:>7.2} s simulated", ms / 1e3)
        }
    }

    fn eta(&self, steps: u64) -> String {
        let left = self.steps.saturating_sub(steps) as f64;
        let seconds = self.started.elapsed().as_secs_f64() * left / (steps.max(1)) as f64;
        format!("ETA {seconds:.0} s")
    }

    /// The run is over.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes a line to standard output.
pub fn tell(line: &str) {
    say(stdout(), &format!("{line}\n"));
}
