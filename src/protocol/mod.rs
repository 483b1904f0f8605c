//! Protocols: stimuli, teachers and questions, and their times.
//!
//! A protocol acts on a circuit only through its timeline. It divides the run into segments: ranges
//! of steps, each of which may end with a question. Its position is a cursor, which can be stored;
//! everything else is determined by the scenario.
//!
//! | module | subject |
//! |---|---|
//! | `classification` | epochs of presentations of labelled samples |
//! | `free` | a scenario without a task: simulation to the end |
//! | `evaluation` | answers of a frozen copy of the circuit to validation and test samples |
//! | `entries` | conversion of timeline entries to events of the circuit |
//! | `replay` | the timeline as a function of the step |
//! | `shown` | windows of the timeline, as rows of `timeline.csv` |
//! | `error` | reasons why a protocol cannot begin or continue |

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

/// Stimuli, teachers and questions, and their times.
pub trait Protocol {
    /// Position in the protocol between two segments.
    type Cursor: Clone + Serialize + DeserializeOwned;

    /// The present position.
    fn cursor(&self) -> Self::Cursor;

    /// Continues from a stored position. The simulation has the state of the same time.
    fn resume(&mut self, cursor: Self::Cursor);

    /// Number of steps of the whole run.
    fn steps(&self) -> u64;

    /// Names of the columns of `metrics.csv`.
    fn columns(&self) -> Vec<String>;

    /// Enters the stimuli that act from time 0, and returns the report before the first segment.
    ///
    /// # Errors
    /// [`ProtocolError`]
    fn prepare(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError>;

    /// The next segment, whose stimuli and teachers are entered into the timeline; `None` at the
    /// end.
    ///
    /// # Errors
    /// [`ProtocolError`]
    fn begin(&mut self, simulation: &mut Simulation) -> Result<Option<Segment>, ProtocolError>;

    /// Report on the last segment, at its end.
    ///
    /// # Errors
    /// [`ProtocolError`]
    fn end(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError>;
}

/// A range of steps without questions within it.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its steps.
    pub steps: Range<u64>,
    /// Steps of the presentation that contains the segment, or of the segment itself.
    pub presentation: Range<u64>,
    /// Question at its end.
    pub question: Option<Question>,
}

/// A question to the circuit: a population whose rates are read, and the correct rates.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Population whose rates are read.
    pub output: String,
    /// Target rates, trials x size.
    pub target: Array2<f32>,
}

/// Report on a segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Stimuli and teachers, for `timeline.csv`.
    pub windows: Vec<Window>,
    /// A row of `metrics.csv`.
    pub metrics: Option<Vec<f64>>,
    /// Results at the end of an epoch.
    pub epoch: Option<Epoch>,
}

/// Accuracies after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Number of completed epochs.
    pub epoch: u64,
    /// Fraction of correct answers during learning, just before the teacher; `None` if the teacher
    /// starts before activity has settled.
    pub train: Option<f64>,
    /// Fraction of correct answers on the validation part, if there is one.
    pub validation: Option<f64>,
}
