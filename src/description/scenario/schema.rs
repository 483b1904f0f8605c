//! Definition of a scenario: the RON schema of `scenarios/*.ron`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::probe::Probe;
use super::tail::Tail;
use super::timeline::TimelineEntry;
use crate::circuit::Engine;
use crate::data::{Encoding, Parts, Source};

/// A scenario: a circuit, its time, and changes from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name of the scenario and of its run directory.
    pub name: String,
    /// Description in one or two sentences.
    #[serde(default)]
    pub about: String,
    /// Path of the model's file, relative to the scenario's.
    pub model: PathBuf,
    /// Seed of all random numbers: initial weights, split, order of presentation.
    #[serde(default = "one_u64")]
    pub seed: u64,
    /// Step in ms.
    pub dt_ms: f64,
    /// Number of parallel trials, which share the synapses.
    #[serde(default = "one")]
    pub trials: usize,
    /// Engine that advances the circuit.
    #[serde(default)]
    pub engine: Engine,
    /// Length of the run in ms; with a task it is determined by the presentations.
    #[serde(default)]
    pub duration_ms: Option<f64>,
    /// Changes from outside and their times.
    #[serde(default)]
    pub timeline: Vec<TimelineEntry>,
    /// A classification task to learn.
    #[serde(default)]
    pub task: Option<Task>,
    /// Observed variables.
    #[serde(default)]
    pub probes: Vec<Probe>,
    /// Additional recording of the end of the run.
    #[serde(default)]
    pub tail: Tail,
    /// Several runs of the scenario: names, and changes written as for `--set`.
    #[serde(default)]
    pub variants: BTreeMap<String, Vec<String>>,
}

/// Learning to classify: successive stimuli from a data set, and a teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Source of the samples.
    pub data: Source,
    /// Conversion of raw values to input rates.
    #[serde(default)]
    pub encoding: Encoding,
    /// Training, validation and test parts. If a source has its own test part, it is used.
    pub split: Parts,
    /// Input population for the samples.
    pub input: String,
    /// Output population, with one neuron per class.
    pub output: String,
    /// Other populations with the target as teacher, one neuron per class: readouts of intermediate
    /// populations, each separate. They give no answers.
    #[serde(default)]
    pub taught: Vec<String>,
    /// Number of presentations of the training part.
    pub epochs: u64,
    /// Length of a presentation in ms.
    pub presentation_ms: f64,
    /// Times and strength of the teacher.
    #[serde(default)]
    pub teacher: Teaching,
    /// Common factor of all learning rates during the run.
    #[serde(default)]
    pub eta_schedule: EtaSchedule,
}

/// The teacher of a task, an additional input of the neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Teaching {
    /// Time from the stimulus to the teacher in ms; absent: the time until activity has arrived.
    pub latency_ms: Option<f64>,
    /// Time from the end of the teacher to the next stimulus in ms; absent: settling time.
    pub off_before_end_ms: Option<f64>,
    /// Strength `teach`, dimensionless.
    pub strength: f32,
    /// Label smoothing: fraction of the target that is distributed over all classes.
    pub label_smoothing: f32,
}

/// Strength 1, and the label smoothing of the paper.
impl Default for Teaching {
    fn default() -> Self {
        Self {
            latency_ms: None,
            off_before_end_ms: None,
            strength: 1.0,
            label_smoothing: 0.1,
        }
    }
}

/// Common factor of all learning rates during a run, set at each presentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EtaSchedule {
    /// Factor of 1 throughout.
    #[default]
    Constant,
    /// Linear change from `start` to `end`.
    Linear {
        /// Factor at the start of the run.
        #[serde(default = "one_f32")]
        start: f32,
        /// Factor at the end of the run.
        end: f32,
    },
}

impl Task {
    /// All taught populations, the output first.
    pub fn taught(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.output)
            .chain(&self.taught)
            .map(String::as_str)
    }
}

impl EtaSchedule {
    /// Factor after the fraction `done` of the run, dimensionless.
    #[must_use]
    pub fn factor(self, done: f64) -> f32 {
        match self {
            Self::Constant => 1.0,
            Self::Linear { start, end } => start + (end - start) * done as f32,
        }
    }
}

fn one() -> usize {
    1
}

fn one_u64() -> u64 {
    1
}

fn one_f32() -> f32 {
    1.0
}
