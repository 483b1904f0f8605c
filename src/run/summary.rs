//! What came of a run, in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{RunDirectory, RunError};
use crate::event::Traffic;

/// What came of a run; `summary.json`. What a scenario without a task does not have is null.
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
    /// Which data were learned, see [`LoadedData::sha256`](crate::data::LoadedData::sha256).
    #[serde(default)]
    pub data_sha256: Option<String>,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
    /// Fraction of right answers on the test part, which is read once, at the end, with the
    /// weights of the chosen epoch.
    pub test_accuracy: Option<f64>,
    /// Samples of the test part.
    pub test_samples: Option<usize>,
    /// Fraction of right answers on the validation part in the chosen epoch.
    pub validation_accuracy: Option<f64>,
    /// The epoch with the best validation accuracy, the last of equals; counted from 1.
    pub chosen_epoch: Option<u64>,
    /// Epochs done.
    pub epochs: Option<u64>,
    /// Steps done.
    pub steps: u64,
    /// Step in ms.
    pub dt_ms: f64,
    /// Parallel trials.
    pub trials: usize,
    /// Neurons of all trials, inputs among them.
    pub neurons: usize,
    /// Synapses, biases among them.
    pub synapses: usize,
    /// Simulated time in ms.
    pub simulated_ms: f64,
    /// Wall-clock time from loading to the last recording.
    pub wall_seconds: f64,
    /// Time of the processor over the same, of all threads together; null if several runs shared
    /// the process.
    pub cpu_seconds: Option<f64>,
    /// Largest resident memory of the process; null where the system does not tell, and if several
    /// runs shared the process.
    pub peak_memory_bytes: Option<u64>,
    /// Samples recorded by all probes.
    pub samples_recorded: u64,
    /// Values sent along all projections; null with the dense engine.
    #[serde(alias = "events_sent")]
    pub messages_sent: Option<u64>,
    /// What the dense simulation sends.
    #[serde(alias = "events_of_dense")]
    pub messages_of_dense: Option<u64>,
    /// Values that had changed, but not by more than a threshold.
    #[serde(alias = "events_suppressed")]
    pub messages_suppressed: Option<u64>,
    /// Largest difference between what a neuron had to say and what it had last sent.
    pub worst_hold: Option<f32>,
}

impl Summary {
    /// Writes `summary.json`.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn write(&self, directory: &RunDirectory) -> Result<(), RunError> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        directory.write("summary.json", &format!("{text}\n"))?;
        Ok(())
    }

    /// Values sent, as a fraction of what the dense simulation sends.
    #[must_use]
    pub fn messages(&self) -> Option<f64> {
        let (sent, all) = self.messages_sent.zip(self.messages_of_dense)?;
        (all > 0).then(|| sent as f64 / all as f64)
    }

    /// Enters what was sent along each projection.
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
