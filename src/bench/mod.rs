//! Benchmarks: costs of a simulation as ratios to another implementation in the same process.
//!
//! Machines are shared and noisy, so both sides of a ratio alternate, and the result is the ratio
//! of their medians. `apical bench` prints one table of [`Row`]s.
//!
//! | file | subject |
//! |---|---|
//! | `images` | images: MNIST, or real digits enlarged to the same size |
//! | `circuits` | circuits that are timed, and presentations to them |
//! | `phased` | algorithm in phases, as reference |
//! | `single`, `synapses` | dense simulation in single precision, and synapses of both references |
//! | `rows` | one function per row of the table |
//! | `clock` | processor time and wall-clock time |
//! | `sparse` | a sparse projection of which few senders send |
//! | `convolutional` | epochs of convolutional circuits, compared with the algorithm in phases |
//! | `entities` | entities compared with plain vectors |
//! | `growth` | growth of time with the size of a circuit, as figures |

mod circuits;
mod clock;
mod convolutional;
mod entities;
mod growth;
mod images;
mod phased;
mod rows;
mod single;
mod sparse;
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

/// Goal for the value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This value or less.
    AtMost(f64),
    /// This value or more.
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

/// One row of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Short name.
    pub name: String,
    /// Measured value.
    pub value: f64,
    /// Goal as text, such as `<= 1.2`; absent if there is none.
    pub goal: Option<String>,
    /// True if the goal is met; absent without a goal.
    pub met: Option<bool>,
    /// Unit, conditions and components of the value.
    pub about: String,
}

impl Row {
    /// A value with a goal.
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

    /// A value without a goal.
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

/// Median of the values, the upper of two in the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
