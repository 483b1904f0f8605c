//! What happens to a circuit: the RON schema of `scenarios/*.ron`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::probe::Probe;
use super::tail::Tail;
use super::timeline::TimelineEntry;
use crate::circuit::Engine;
use crate::data::{Encoding, Parts, Source};

/// A scenario: a circuit, its time, and what happens to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name of the scenario and of its run directory.
    pub name: String,
    /// One or two sentences on what it shows.
    #[serde(default)]
    pub about: String,
    /// The model's file, relative to the scenario's.
    pub model: PathBuf,
    /// Seed of everything random: initial weights, split, order of presentation.
    #[serde(default = "one_u64")]
    pub seed: u64,
    /// Step in ms.
    pub dt_ms: f64,
    /// Parallel trials that share the synapses.
    #[serde(default = "one")]
    pub trials: usize,
    /// How the circuit is advanced in time.
    #[serde(default)]
    pub engine: Engine,
    /// Length of the run in ms; with a task its presentations say how long it is.
    #[serde(default)]
    pub duration_ms: Option<f64>,
    /// What happens from outside and when.
    #[serde(default)]
    pub timeline: Vec<TimelineEntry>,
    /// A classification task to learn.
    #[serde(default)]
    pub task: Option<Task>,
    /// What is observed.
    #[serde(default)]
    pub probes: Vec<Probe>,
    /// What is recorded of the end of the run besides.
    #[serde(default)]
    pub tail: Tail,
    /// Several runs side by side: a name and what to change, written as for `--set`.
    #[serde(default)]
    pub variants: BTreeMap<String, Vec<String>>,
}

/// Learning to classify: stimuli from a data set, one after the other, and a teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Where the samples come from.
    pub data: Source,
    /// From raw values to input rates.
    #[serde(default)]
    pub encoding: Encoding,
    /// Training, validation and test parts. A source with a test part of its own keeps it.
    pub split: Parts,
    /// Input population that is shown the samples.
    pub input: String,
    /// Population that answers, one neuron a class.
    pub output: String,
    /// Further populations that are told the target, one neuron a class: readouts of populations
    /// on the way, each for its own. They do not answer.
    #[serde(default)]
    pub taught: Vec<String>,
    /// Times that the training part is shown.
    pub epochs: u64,
    /// Length of a presentation in ms.
    pub presentation_ms: f64,
    /// When and how the teacher speaks.
    #[serde(default)]
    pub teacher: Teaching,
    /// What multiplies every learning rate over the run.
    #[serde(default)]
    pub eta_schedule: EtaSchedule,
}

/// The teacher of a task. To the neurons it is one more input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Teaching {
    /// From the stimulus to the teacher, in ms; absent: the time that activity takes to arrive.
    pub latency_ms: Option<f64>,
    /// From the teacher's end to the next stimulus, in ms; absent: the time that teaching takes.
    pub off_before_end_ms: Option<f64>,
    /// Strength `teach`.
    pub strength: f32,
    /// Label smoothing: this much of the target is spread over all classes.
    pub label_smoothing: f32,
}

/// Full strength, and the label smoothing of the paper.
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

/// What multiplies every learning rate over a run, set at each presentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EtaSchedule {
    /// 1 throughout.
    #[default]
    Constant,
    /// From `start` to `end`, linearly.
    Linear {
        /// Factor at the start of the run.
        #[serde(default = "one_f32")]
        start: f32,
        /// Factor at the end of the run.
        end: f32,
    },
}

impl Task {
    /// All populations that a teacher speaks to, the output first.
    pub fn taught(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.output)
            .chain(&self.taught)
            .map(String::as_str)
    }
}

impl EtaSchedule {
    /// The factor when the fraction `done` of the run is over.
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
