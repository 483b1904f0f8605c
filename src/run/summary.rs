//! Summary of a run, in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{RunDirectory, RunError};
use crate::event::Traffic;

/// Summary of a run, `summary.json`. Values that exist only with a task are null without one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the model.
    pub model: String,
    /// Seed.
    pub seed: u64,
    /// Version of Apical.
    pub version: String,
    /// Checksum of the data, see [`LoadedData::sha256`](crate::data::LoadedData::sha256).
    #[serde(default)]
    pub data_sha256: Option<String>,
    /// True if the run was stopped before its end.
    pub interrupted: bool,
    /// Fraction of correct answers on the test part, which is evaluated once, at the end, with the
    /// weights of the selected epoch.
    pub test_accuracy: Option<f64>,
    /// Number of samples of the test part.
    pub test_samples: Option<usize>,
    /// Fraction of correct answers on the validation part in the selected epoch.
    pub validation_accuracy: Option<f64>,
    /// Epoch with the best validation accuracy, the last of equal ones; counted from 1.
    pub chosen_epoch: Option<u64>,
    /// Number of completed epochs.
    pub epochs: Option<u64>,
    /// Start and end of the teacher in ms after the stimulus.
    #[serde(default)]
    pub teacher_ms: Option<(f64, f64)>,
    /// Number of completed steps.
    pub steps: u64,
    /// Step in ms.
    pub dt_ms: f64,
    /// Number of parallel trials.
    pub trials: usize,
    /// Number of neurons of all trials, including inputs.
    pub neurons: usize,
    /// Number of synapses, including biases.
    pub synapses: usize,
    /// Simulated time in ms.
    pub simulated_ms: f64,
    /// Wall-clock time from loading to the last recording, in s.
    pub wall_seconds: f64,
    /// Processor time in the same period, of all threads together, in s; null if several runs
    /// shared the process.
    pub cpu_seconds: Option<f64>,
    /// Largest resident memory of the process in bytes; null if it is unknown, and if several runs
    /// shared the process.
    pub peak_memory_bytes: Option<u64>,
    /// Number of samples recorded by all probes.
    pub samples_recorded: u64,
    /// Number of values sent along all projections; null with the dense engine.
    #[serde(alias = "events_sent")]
    pub messages_sent: Option<u64>,
    /// Number of values sent by the dense simulation.
    #[serde(alias = "events_of_dense")]
    pub messages_of_dense: Option<u64>,
    /// Number of values that had changed, but not by more than a threshold.
    #[serde(alias = "events_suppressed")]
    pub messages_suppressed: Option<u64>,
    /// Largest difference between a value and the last value sent.
    pub worst_hold: Option<f32>,
}

impl Summary {
    /// Writes `summary.json`.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn write(&self, directory: &RunDirectory) -> Result<(), RunError> {
        let text = serde_json::to_string_pretty(self).expect("a summary is plain data");
        directory.write("summary.json", &format!("{text}\n"))?;
        Ok(())
    }

    /// Ratio of the values sent to those of the dense simulation, dimensionless.
    #[must_use]
    pub fn messages(&self) -> Option<f64> {
        let (sent, all) = self.messages_sent.zip(self.messages_of_dense)?;
        (all > 0).then(|| sent as f64 / all as f64)
    }

    /// Adds the counts of values sent along each projection.
    pub fn enter_traffic(&mut self, traffic: &BTreeMap<Arc<str>, (Traffic, u64)>) {
        for (of_projection, all) in traffic.values() {
            *self.messages_sent.get_or_insert(0) += of_projection.sent;
            *self.messages_of_dense.get_or_insert(0) += all;
            *self.messages_suppressed.get_or_insert(0) += of_projection.suppressed;
            let worst = self.worst_hold.get_or_insert(0.0);
            *worst = worst.max(of_projection.worst_hold);
        }
    }
}

/// Largest resident memory of this process so far, in bytes, on Linux.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
