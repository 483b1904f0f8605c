//! Reporting of progress: a bar in a terminal, plain lines elsewhere.

use std::time::{Duration, Instant};

use crate::protocol::Epoch;
use crate::terminal::{Bar, Bars, say, stdout};

/// Destination of progress reports.
#[derive(Clone, Copy, Debug)]
pub enum Reporting<'a> {
    /// No reports.
    Nothing,
    /// Reports on a single run, with a bar made by these.
    Alone(&'a dyn Bars),
    /// Reports on one of several simultaneous runs, distinguished by their names.
    Among {
        /// Name of the run.
        name: &'a str,
        /// Maker of the bars of all runs.
        bars: &'a dyn Bars,
    },
}

/// Progress of a run.
pub struct Progress {
    bar: Option<Box<dyn Bar>>,
    lines: bool,
    /// Beginning of lines; the name of the run if it is one of several, otherwise empty.
    prefix: String,
    steps: u64,
    epochs: Option<u64>,
    dt_ms: f64,
    started: Instant,
    told: Duration,
    latest: String,
}

impl Progress {
    /// Starts the reports on a run of `steps` steps of `dt_ms`.
    #[must_use]
    pub fn new(
        scenario: &str,
        steps: u64,
        dt_ms: f64,
        epochs: Option<u64>,
        reporting: Reporting<'_>,
    ) -> Self {
        let (bar, prefix) = match reporting {
            Reporting::Nothing => (None, String::new()),
            Reporting::Alone(bars) => (bars.steps(scenario, steps), String::new()),
            Reporting::Among { name, bars } => (bars.steps(name, steps), format!("{name}: ")),
        };
        Self {
            lines: bar.is_none() && !matches!(reporting, Reporting::Nothing),
            bar,
            prefix,
            steps,
            epochs,
            dt_ms,
            started: Instant::now(),
            told: Duration::ZERO,
            latest: String::new(),
        }
    }

    /// Reports that `steps` steps are completed.
    pub fn step(&mut self, steps: u64) {
        if let Some(bar) = &self.bar {
            bar.describe(format!("{}{}", self.simulated(steps), self.latest));
            bar.advance_to(steps);
        } else if self.lines {
            // Epochs have their own lines; additional lines are needed only for long epochs.
            let silence = Duration::from_secs(if self.epochs.is_some() { 30 } else { 5 });
            let elapsed = self.started.elapsed();
            if elapsed > self.told + silence {
                self.told = elapsed;
                let (simulated, eta) = (self.simulated(steps), self.eta(steps));
                print_line(&format!("{}{simulated}{}  {eta}", self.prefix, self.latest));
            }
        }
    }

    /// Reports the end of an epoch, after `steps` steps.
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
        // About twenty lines are sufficient.
        let stride = epochs.div_ceil(20).max(1);
        let line = outcome.epoch.is_multiple_of(stride) || outcome.epoch == 1;
        // For several runs, lines are written only for long ones.
        if self.lines && self.prefix.is_empty() && (line || outcome.epoch == epochs) {
            self.told = self.started.elapsed();
            print_line(&format!(
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

    /// Ends the reports.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.remove();
        }
    }
}

/// Writes a line to standard output.
pub fn print_line(line: &str) {
    say(stdout(), &format!("{line}\n"));
}
