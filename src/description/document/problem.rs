//! A problem with its place, as printed.

use std::fmt;

use super::issue::Severity;
use crate::terminal::shortened;

/// Largest number of characters of a name, a path or an override in a message.
const LONGEST_NAME: usize = 300;
/// Largest number of characters of a message.
const LONGEST_MESSAGE: usize = 1000;

/// Place of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file as a whole.
    File {
        /// Name of the file as given.
        name: String,
    },
    /// A part of a line of a file.
    Text {
        /// Name of the file as given.
        name: String,
        /// Line, counted from 1.
        line: usize,
        /// First character of the part, counted from 1.
        column: usize,
        /// Number of characters, at least 1.
        length: usize,
        /// The whole line.
        excerpt: Box<str>,
    },
    /// An override of the command line.
    Override {
        /// `PATH=VALUE` as given.
        assignment: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name } => f.write_str(&shortened(name, LONGEST_NAME)),
            Self::Text {
                name, line, column, ..
            } => write!(f, "{}:{line}:{column}", shortened(name, LONGEST_NAME)),
            Self::Override { assignment } => {
                write!(f, "--set {}", shortened(assignment, LONGEST_NAME))
            }
        }
    }
}

/// A fault of a file or an override.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// Severity.
    pub severity: Severity,
    /// Place of the fault.
    pub place: Place,
    /// Path of the value, such as `task.input`; empty for the file as a whole.
    pub path: String,
    /// Description of the fault and of a correct value.
    pub message: String,
}

impl Problem {
    /// A problem that is an error.
    pub(super) fn error(place: Place, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            path: path.into(),
            message: message.into(),
        }
    }

    /// An error about the file `name` as a whole.
    #[must_use]
    pub fn of_file(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::error(Place::File { name: name.into() }, "", message)
    }
}

/// ```text
/// error: scenarios/digits.ron:14:16: task.input: there is no input `pixel`; did you mean `pixels`?
///    |
/// 14 |         input: "pixel",
///    |                ^^^^^^^
/// ```
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}: ", self.place)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", shortened(&self.path, LONGEST_NAME))?;
        }
        f.write_str(&shortened(&self.message, LONGEST_MESSAGE))?;
        let Place::Text {
            line,
            column,
            length,
            excerpt,
            ..
        } = &self.place
        else {
            return Ok(());
        };
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let (shown, before, marked) = window(excerpt, column.saturating_sub(1), *length);
        write!(f, "\n{gutter} |\n{number} | {shown}\n")?;
        write!(f, "{gutter} | {}{}", " ".repeat(before), "^".repeat(marked))
    }
}

/// Part of a line that is shown, number of characters before the mark, and length of the mark.
fn window(line: &str, start: usize, length: usize) -> (String, usize, usize) {
    const WIDEST: usize = 120;
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let line: Vec<char> = line.trim_end().chars().map(plain).collect();
    let length = length.clamp(1, line.len().saturating_sub(start).max(1));
    if line.len() <= WIDEST {
        return (line.iter().collect(), start, length);
    }
    let from = start.saturating_sub(WIDEST / 3);
    let part: String = line.iter().skip(from).take(WIDEST).collect();
    let marked = length.min(WIDEST - (start - from));
    let (left, right) = (
        if from > 0 { "... " } else { "" },
        if from + WIDEST < line.len() {
            " ..."
        } else {
            ""
        },
    );
    (
        format!("{left}{part}{right}"),
        start - from + left.len(),
        marked,
    )
}

/// Problems, sorted by place.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Number of errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Adds those of `others` that are not included yet.
    pub fn merge(&mut self, others: Self) {
        for problem in others.0 {
            if !self.0.contains(&problem) {
                self.0.push(problem);
            }
        }
    }

    /// Number of warnings.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        (self.0.iter()).filter(|p| p.severity == severity).count()
    }

    /// Sorts by place: overrides first, then the files of `names`, then other files.
    pub(crate) fn sort(&mut self, names: &[&str]) {
        let rank = |name: &str| names.iter().position(|n| *n == name).unwrap_or(names.len());
        self.0.sort_by_key(|problem| match &problem.place {
            Place::Override { .. } => (0, 0, 0, 0),
            Place::File { name } => (1, rank(name), 0, 0),
            Place::Text {
                name, line, column, ..
            } => (1, rank(name), *line, *column),
        });
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            write!(f, "{problem}\n\n")?;
        }
        let count = |number: usize, what: &str| match number {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{number} {what}s")),
        };
        let counts = [
            count(self.errors(), "error"),
            count(self.warnings(), "warning"),
        ];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        f.write_str(&counts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn of_a_long_line_the_marked_part_is_shown() {
        let line = format!("{}xyz{}", "-".repeat(300), "-".repeat(300));
        let (shown, before, marked) = window(&line, 300, 3);
        let under: String = shown.chars().skip(before).take(marked).collect();
        assert_eq!(under, "xyz");
        assert!(shown.len() < 130);
        assert_eq!(window("short", 99, 5), ("short".into(), 99, 1));
        assert_eq!(window("short", 2, 99), ("short".into(), 2, 3));
    }
}
