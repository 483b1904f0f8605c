//! What can be wrong with a figure.

use std::io;
use std::path::PathBuf;

/// Why a figure could not be drawn or saved.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// Two parts of the data that belong together differ in size.
    #[error("{part}: found {found}, expected {expected}")]
    Shape {
        /// The offending part of the figure's data.
        part: String,
        /// Its size.
        found: String,
        /// What would fit the rest of the data.
        expected: String,
    },
    /// A stage of the drawing itself failed: never the fault of the data.
    #[error("{stage}: {message}; expected a drawable page")]
    Drawing {
        /// Which stage.
        stage: &'static str,
        /// What the stage says.
        message: String,
    },
    /// A name that would put a figure somewhere else, or a folder that is somewhere else.
    #[error("{place}: {found}; expected a folder of the run and a plain name", place = place.display())]
    Elsewhere {
        /// The folder with the name.
        place: PathBuf,
        /// What is wrong.
        found: &'static str,
    },
    /// A figure cannot be written.
    #[error("{file}: cannot be written: {source}; expected a writable directory", file = file.display())]
    Write {
        /// The file being written.
        file: PathBuf,
        /// What the system says.
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
