//! Protocols: what is shown, taught and asked, and when.
//!
//! A protocol acts on a circuit through its timeline and by nothing else. It hands out segments:
//! stretches of steps, each of which may end in a question. Where it is, is a cursor, which can be
//! stored; everything else follows from the scenario.
//!
//! | module | subject |
//! |---|---|
//! | `classification` | epochs of presentations of labelled samples |
//! | `free` | a scenario without a task: time passes |
//! | `evaluation` | answers of a frozen copy of the circuit to validation and test samples |
//! | `entries` | from timeline entries to events of the circuit |
//! | `replay` | the timeline as a function of the step |
//! | `shown` | windows of the timeline, as rows of `timeline.csv` |
//! | `error` | why a protocol cannot begin or go on |

mod classification;
mod entries;
mod error;
mod evaluation;
mod free;
mod replay;
mod shown;

use std::ops::Range;

use ndarray::Array2;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use classification::{ClassificationCursor, ClassificationProtocol, Legend, Part, own_weights};
pub use entries::enter;
pub use error::ProtocolError;
pub use evaluation::{Evaluation, Weights, accuracy};
pub use free::FreeProtocol;
pub use replay::{Act, Replay};
pub use shown::{Window, shown};

use crate::engine::Simulation;

/// What is shown, taught and asked, and when.
pub trait Protocol {
    /// The place in the protocol between two segments.
    type Cursor: Clone + Serialize + DeserializeOwned;

    /// The present place.
    fn cursor(&self) -> Self::Cursor;

    /// Goes on from a place that was stored. The simulation has the state of the same time.
    fn resume(&mut self, cursor: Self::Cursor);

    /// Number of steps of the whole run.
    fn steps(&self) -> u64;

    /// Names of the columns of `metrics.csv`.
    fn columns(&self) -> Vec<String>;

    /// What is known before the first segment: enters what counts as sent at time 0.
    ///
    /// # Errors
    /// [`ProtocolError`]
    fn prepare(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError>;

    /// The next segment, whose stimuli and teachers are entered into the timeline; none at the
    /// end.
    ///
    /// # Errors
    /// [`ProtocolError`]
    fn begin(&mut self, simulation: &mut Simulation) -> Result<Option<Segment>, ProtocolError>;

    /// What has come of the segment that was begun last, at its end.
    ///
    /// # Errors
    /// [`ProtocolError`]
    fn end(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError>;
}

/// A stretch of steps in which nothing is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its steps.
    pub steps: Range<u64>,
    /// Steps of the presentation of which it is a part; its own without presentations.
    pub presentation: Range<u64>,
    /// What is asked at its end.
    pub question: Option<Question>,
}

/// What a circuit is asked: the rates of a population, and which would be right.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The population that answers.
    pub output: String,
    /// Target rates, trials x size.
    pub target: Array2<f32>,
}

/// What has come of a segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// What was shown and taught, for `timeline.csv`.
    pub windows: Vec<Window>,
    /// A row of `metrics.csv`.
    pub metrics: Option<Vec<f64>>,
    /// The end of an epoch.
    pub epoch: Option<Epoch>,
}

/// Accuracies after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Epochs done.
    pub epoch: u64,
    /// Fraction of right answers while learning, just before the teacher; none if it does not wait
    /// for them.
    pub train: Option<f64>,
    /// Fraction of right answers on the validation part, if there is one.
    pub validation: Option<f64>,
}
