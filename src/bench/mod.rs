//! Benchmarks: what a simulation costs, as ratios against something else in the same run.
//!
//! Machines are shared and noisy, so both sides of a ratio take turns and what is told is the
//! ratio of their medians. `apical bench` prints one table of [`Row`]s.
//!
//! | file | subject |
//! |---|---|
//! | `images` | what is shown: MNIST, or real digits enlarged to its size |
//! | `circuits` | the circuits that are timed, and presentations to them |
//! | `phased` | the algorithm in phases that the simulation is held against |
//! | `single`, `synapses` | a dense simulation in single precision, and synapses of both |
//! | `rows` | one function a row of the table |
//! | `clock` | time of the processor and on the wall |
//! | `entities` | entities against plain vectors |
//! | `growth` | how time grows with the size of things, as figures |

mod circuits;
mod clock;
mod entities;
mod growth;
mod images;
mod phased;
mod rows;
mod single;
mod synapses;

pub use circuits::{Presenter, mnist};
pub use clock::{Spent, spend};
pub use entities::entity_layer;
pub use growth::growth;
pub use images::Images;
pub use phased::Phased;
pub use rows::{Bench, ROWS};
pub use single::Single;

use serde::Serialize;

/// What a row should come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

impl Goal {
    fn met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "<= {most}"),
            Self::AtLeast(least) => write!(f, ">= {least}"),
        }
    }
}

/// One figure of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Short name.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// What it should come to, as text such as `<= 1.2`.
    pub goal: Option<String>,
    /// Whether it does.
    pub met: Option<bool>,
    /// Unit, conditions and what the figure is made of.
    pub about: String,
}

impl Row {
    /// A figure with a goal.
    #[must_use]
    pub fn new(name: &str, value: f64, goal: Goal, about: String) -> Self {
        Self {
            name: name.to_owned(),
            value,
            goal: Some(goal.to_string()),
            met: Some(goal.met(value)),
            about,
        }
    }

    /// A figure to be told, without a goal.
    #[must_use]
    pub fn told(name: &str, value: f64, about: String) -> Self {
        Self {
            name: name.to_owned(),
            value,
            goal: None,
            met: None,
            about,
        }
    }
}

/// The middle of some values, the upper one of two.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
