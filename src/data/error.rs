//! Errors of data: the file, the place in it, the value found and the value expected.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Place of a fault in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    Whole,
    /// A line of a text file, counted from 1 as in editors.
    Row(u64),
    /// A cell of a text table; both are counted from 1.
    Cell {
        /// Line in the file.
        row: u64,
        /// Column in the line.
        column: usize,
    },
    /// A byte of a binary file, counted from 0 and after any decompression.
    Offset(u64),
    /// A sample, counted from 0.
    Sample(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Row(row) => write!(f, ", row {row}"),
            Self::Cell { row, column } => write!(f, ", row {row}, column {column}"),
            Self::Offset(byte) => write!(f, ", byte {byte}"),
            Self::Sample(sample) => write!(f, ", sample {sample}"),
        }
    }
}

/// Reasons why data cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file does not exist where it was searched.
    #[error("{file}: no such file; looked for {searched}. {remedy}", file = file.display())]
    Missing {
        /// The missing file.
        file: PathBuf,
        /// All paths that were tried.
        searched: String,
        /// Advice on how to get the file or to set its directory.
        remedy: String,
    },
    /// A file exists but cannot be read: no permission, or damaged compression.
    #[error(
        "{file}, byte {offset}: cannot be read: {source}; \
         expected a readable file, plain or complete gzip",
        file = file.display()
    )]
    Read {
        /// The file being read.
        file: PathBuf,
        /// Number of bytes read before, after any decompression.
        offset: u64,
        /// Error of the operating system or the decompressor.
        source: io::Error,
    },
    /// The content of a file does not fit its format or the data set.
    #[error("{file}{place}: found {found}, expected {expected}", file = file.display())]
    Content {
        /// The file, or the name of data made in memory.
        file: PathBuf,
        /// Place in the file.
        place: Place,
        /// Wrong text or number.
        found: String,
        /// Description of a correct value.
        expected: String,
    },
    /// The data need more memory than is available.
    #[error(
        "{file}: its data take more than {needed_mb:.0} MB of memory, {why}; expected a smaller \
         file, or more memory",
        file = file.display(),
        why = match available_mb {
            Some(free) => format!("of which {free:.0} MB are free"),
            None => "which this process may not have".to_owned(),
        }
    )]
    Memory {
        /// The file being read.
        file: PathBuf,
        /// Requested memory, in MB.
        needed_mb: f64,
        /// Free memory in MB, if that is the bound; absent for a limit of the process.
        available_mb: Option<f64>,
    },
    /// A setting of the scenario cannot be satisfied.
    #[error("{name}: found {found}, expected {expected}")]
    Setting {
        /// Name of the setting in a scenario.
        name: String,
        /// Value of the setting.
        found: String,
        /// Description of a correct value.
        expected: String,
    },
}

impl DataError {
    pub(super) fn content(
        file: &Path,
        place: Place,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Content {
            file: file.to_owned(),
            place,
            found: found.into(),
            expected: expected.into(),
        }
    }

    pub(super) fn setting(
        name: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Setting {
            name: name.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }
}

/// A count in words: "1 column", "2 columns", "2 classes".
pub(super) fn counted(number: usize, thing: &str) -> String {
    match (number, thing.ends_with('s')) {
        (1, _) => format!("1 {thing}"),
        (_, true) => format!("{number} {thing}es"),
        (_, false) => format!("{number} {thing}s"),
    }
}

/// The first twelve of `things` as a list in words.
pub(crate) fn listed<T: fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    const MOST: usize = 12;
    let things: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    let more = things.len().saturating_sub(MOST);
    match (&things[..], more) {
        ([first @ .., last], 0) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (_, 0) => things.join(", "),
        _ => format!("{} and {more} more", things[..MOST].join(", ")),
    }
}

/// Quoted `text` for a message, shortened if it is long, as a damaged file may be one long line.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        format!("{text:?}")
    } else {
        let start: String = text.chars().take(LONGEST).collect();
        format!("{start:?}...")
    }
}

#[cfg(test)]
mod tests {
    use super::{DataError, Place, counted, listed, quote};
    use std::path::Path;

    #[test]
    fn a_message_says_where_what_and_what_would_be_right() {
        let place = Place::Cell { row: 3, column: 2 };
        let error = DataError::content(Path::new("a.csv"), place, quote("x"), "a number");
        assert_eq!(
            error.to_string(),
            "a.csv, row 3, column 2: found \"x\", expected a number"
        );
    }

    #[test]
    fn numbers_and_lists_are_told_as_people_write_them() {
        let columns = [0, 1, 2].map(|number| counted(number, "column"));
        assert_eq!(columns, ["0 columns", "1 column", "2 columns"]);
        assert_eq!(counted(3, "class"), "3 classes");
        let lists = [0, 1, 2, 3, 14].map(|number| listed(0..number));
        assert_eq!(lists[..4], ["", "0", "0 and 1", "0, 1 and 2"]);
        assert!(lists[4].ends_with("10, 11 and 2 more"), "{}", lists[4]);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(quote(&"é".repeat(99)), format!("\"{}\"...", "é".repeat(40)));
    }
}
