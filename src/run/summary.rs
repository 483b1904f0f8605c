//! What came of a run, in numbers.

use serde::{Deserialize, Serialize};

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
    /// Largest resident memory of the process; null where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
    /// Samples recorded by all probes.
    pub samples_recorded: u64,
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
