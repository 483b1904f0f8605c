//! A scenario without a task: simulation to the end, with population means as metrics.

use super::{Protocol, ProtocolError, Report, Segment};
use crate::engine::Simulation;
use crate::neuron::Variable;

/// Largest number of rows of `metrics.csv`, except for that of time 0.
const ROWS: u64 = 200;

/// Simulation to the end of the run, without questions.
pub struct FreeProtocol {
    end: u64,
    /// Number of steps between rows of the metrics.
    stride: u64,
    /// Populations of pyramidal neurons.
    populations: Vec<String>,
    /// The present step.
    step: u64,
    until: u64,
}

impl FreeProtocol {
    /// A run of `end` steps.
    #[must_use]
    pub fn new(simulation: &Simulation, end: u64) -> Self {
        let populations = simulation.populations().into_iter();
        let pyramidal = populations.filter(|p| p.transfer.is_some());
        Self {
            end,
            stride: end.div_ceil(ROWS).max(1),
            populations: pyramidal.map(|p| p.name.to_string()).collect(),
            step: 0,
            until: 0,
        }
    }

    /// Time in ms, and for each population the mean rate and the mean magnitude of the mismatch.
    fn means(&self, simulation: &mut Simulation) -> Report {
        let mut row = vec![simulation.time_ms()];
        for name in &self.populations {
            for (variable, size) in [
                (Variable::RATE, f32::from as fn(f32) -> f32),
                (Variable::MISMATCH, f32::abs),
            ] {
                let values = simulation.read(name, variable);
                let values = values.expect("pyramidal neurons have these variables");
                let mean = values.mapv(size).mean().unwrap_or_default();
                row.push(f64::from(mean));
            }
        }
        Report {
            metrics: Some(row),
            ..Report::default()
        }
    }
}

impl Protocol for FreeProtocol {
    type Cursor = u64;

    fn cursor(&self) -> u64 {
        self.step
    }

    fn resume(&mut self, cursor: u64) {
        self.step = cursor;
    }

    fn steps(&self) -> u64 {
        self.end
    }

    fn columns(&self) -> Vec<String> {
        let means = (self.populations.iter())
            .flat_map(|name| [format!("{name}_mean_r"), format!("{name}_mean_abs_xi")]);
        ["time_ms".to_owned()].into_iter().chain(means).collect()
    }

    fn prepare(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError> {
        Ok(self.means(simulation))
    }

    fn begin(&mut self, _: &mut Simulation) -> Result<Option<Segment>, ProtocolError> {
        if self.step >= self.end {
            return Ok(None);
        }
        self.until = self
            .end
            .min(self.step - self.step % self.stride + self.stride);
        let steps = self.step..self.until;
        Ok(Some(Segment {
            steps: steps.clone(),
            presentation: steps,
            question: None,
        }))
    }

    fn end(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError> {
        self.step = self.until;
        Ok(self.means(simulation))
    }
}
