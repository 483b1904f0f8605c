//! Errors of figures.

use std::io;
use std::path::PathBuf;

/// Reasons why a figure cannot be drawn or saved.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// Two parts of the data that must have the same size differ.
    #[error("{part}: found {found}, expected {expected}")]
    Shape {
        /// Part of the figure's data with the wrong size.
        part: String,
        /// Its size.
        found: String,
        /// Size that would fit the rest of the data.
        expected: String,
    },
    /// A stage of the drawing itself failed, independently of the data.
    #[error("{stage}: {message}; expected a drawable page")]
    Drawing {
        /// Name of the stage.
        stage: &'static str,
        /// Message of the stage.
        message: String,
    },
    /// A figure's name that leads into another folder, or a folder that is a link to another place.
    #[error("{place}: {found}; expected a folder of the run and a plain name", place = place.display())]
    Elsewhere {
        /// The folder and the name.
        place: PathBuf,
        /// Description of the fault.
        found: &'static str,
    },
    /// A figure cannot be written.
    #[error("{file}: cannot be written: {source}; expected a writable directory", file = file.display())]
    Write {
        /// The file being written.
        file: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl PlotError {
    pub(super) fn drawing(stage: &'static str, message: impl ToString) -> Self {
        Self::Drawing {
            stage,
            message: message.to_string(),
        }
    }
}
