//! Directory of a comparison: its files, and its finished runs.
//!
//! | path | content |
//! |---|---|
//! | `comparison.ron` | file of the comparison, as read |
//! | `RULE/seed_N/` | a finished run: the directory of a run |
//! | `RULE/seed_N.unfinished/` | a run that is in progress, was stopped or has failed |
//! | `table.csv`, `table.md` | [`Table`](super::Table) |
//! | `figures/` | SVG and PNG |
//!
//! A run is renamed when it is complete, so that a directory with the final name is complete.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{CompareError, Comparison};
use crate::description::document::Document;
use crate::files;
use crate::record::{csv, recorded_rows};
use crate::run::{CLAIM, Claim, Job, RunDirectory, Summary, Taken, resolved};

/// Folder of figures.
pub const FIGURES: &str = "figures";
/// File that identifies the directory of a comparison.
const COMPARISON: &str = "comparison.ron";

/// Directory of a comparison, locked by this process.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Lock, released when the directory is dropped.
    _claim: Claim,
}

/// State of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// The run is complete and up to date.
    Finished(Box<Summary>),
    /// The run is missing or incomplete; in the latter case with the reason for running it again.
    Due(Option<String>),
    /// The run is complete but out of date, with the difference.
    Outdated(String),
}

impl Directory {
    /// Opens a directory, which must be empty, missing, or one of the same comparison.
    ///
    /// # Errors
    /// [`CompareError::Occupied`] for a directory with other content, [`CompareError::UnderWay`] if
    /// another process uses it, [`CompareError::File`].
    pub fn open(path: &Path, document: &Document, name: &str) -> Result<Self, CompareError> {
        let occupied = |what: String| CompareError::Occupied {
            directory: path.to_owned(),
            what,
        };
        if path.exists() && !path.is_dir() {
            return Err(occupied("is a file".to_owned()));
        }
        fs::create_dir_all(path).map_err(CompareError::file(path))?;
        let marker = path.join(COMPARISON);
        let fitting = || {
            if marker.is_file() {
                let earlier = Document::read(&marker).map_err(|problem| problem.message)?;
                return match earlier.parse::<Comparison>() {
                    Ok(earlier) if earlier.name == name => Ok(()),
                    Ok(earlier) => Err(format!("holds `{}`", earlier.name)),
                    Err(_) => Err(format!("holds a damaged {COMPARISON}")),
                };
            }
            let mut entries = fs::read_dir(path).map_err(|error| error.to_string())?;
            match entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != CLAIM)) {
                true => Err("is not empty and holds no comparison".to_owned()),
                false => Ok(()),
            }
        };
        // Checked before the claim, whose file must not be written among those of another program,
        // and after it, since another process may have written in the meantime.
        fitting().map_err(occupied)?;
        let claim = Claim::of(path).map_err(|taken| match taken {
            Taken::UnderWay => CompareError::UnderWay(path.to_owned()),
            Taken::File(path, source) => CompareError::File { path, source },
        })?;
        fitting().map_err(occupied)?;
        let directory = Self {
            path: path.to_owned(),
            _claim: claim,
        };
        if !marker.is_file() {
            directory.record(document)?;
        }
        Ok(directory)
    }

    /// Stores the comparison's file as read.
    ///
    /// # Errors
    /// [`CompareError::File`]
    pub fn record(&self, document: &Document) -> Result<(), CompareError> {
        self.write(COMPARISON, document.text()).map(drop)
    }

    /// Path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Directory of a finished run.
    #[must_use]
    pub fn run(&self, rule: &str, seed: u64) -> PathBuf {
        self.path.join(rule).join(format!("seed_{seed}"))
    }

    /// Directory of a run that is not finished.
    #[must_use]
    pub fn unfinished(&self, rule: &str, seed: u64) -> PathBuf {
        self.path.join(rule).join(format!("seed_{seed}.unfinished"))
    }

    /// Seeds with a finished run, in ascending order.
    #[must_use]
    pub fn seeds(&self, rule: &str) -> Vec<u64> {
        let entries = fs::read_dir(self.path.join(rule)).into_iter().flatten();
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut seeds: Vec<u64> = names
            .filter_map(|name| name.to_str()?.strip_prefix("seed_")?.parse().ok())
            .collect();
        seeds.sort_unstable();
        seeds
    }

    /// State of the run described by `job`.
    ///
    /// # Errors
    /// [`CompareError::Run`] if the description of the run cannot be written as text.
    pub fn state(&self, rule: &str, job: &Job<'_>) -> Result<State, CompareError> {
        let seed = job.scenario.seed;
        let place = self.run(rule, seed);
        let due = |why: String| Ok(State::Due(Some(why)));
        if !place.exists() {
            let begun = self.unfinished(rule, seed).exists();
            return Ok(State::Due(begun.then(|| "it was not finished".to_owned())));
        }
        for (name, now) in resolved(job)? {
            let Ok(then) = files::text(&place.join(name)) else {
                return due(format!("its {name} cannot be read"));
            };
            if let Some((then, now)) = difference(&then, &now) {
                let why = match (by(then), by(now)) {
                    (Some(then), Some(now)) if then != now => {
                        format!("by Apical {then}, and this is {now}")
                    }
                    _ => format!("{name} has `{then}` where now is `{now}`"),
                };
                return Ok(State::Outdated(why));
            }
        }
        let text = files::text(&place.join("summary.json")).unwrap_or_default();
        match serde_json::from_str::<Summary>(&text) {
            Ok(summary) if summary.interrupted => due("it was stopped before its end".to_owned()),
            Ok(summary) => match damage(&place, &summary) {
                Some(damage) => due(damage),
                None => Ok(State::Finished(Box::new(summary))),
            },
            Err(_) => due("its summary.json cannot be read".to_owned()),
        }
    }

    /// Creates an empty directory for a new run.
    ///
    /// # Errors
    /// [`CompareError::File`], [`CompareError::Run`]
    pub fn begin(&self, rule: &str, seed: u64) -> Result<RunDirectory, CompareError> {
        let path = self.unfinished(rule, seed);
        remove(&path)?;
        Ok(RunDirectory::create(&path)?)
    }

    /// Renames a complete run; an earlier one, which is out of date, is removed.
    ///
    /// # Errors
    /// [`CompareError::File`]
    pub fn finish(&self, rule: &str, seed: u64) -> Result<PathBuf, CompareError> {
        let place = self.run(rule, seed);
        remove(&place)?;
        fs::rename(self.unfinished(rule, seed), &place).map_err(CompareError::file(&place))?;
        Ok(place)
    }

    /// Writes a file of the directory, which is either complete or absent.
    ///
    /// # Errors
    /// [`CompareError::File`]
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf, CompareError> {
        let path = self.path.join(name);
        files::replace(&path, |file| file.write_all(content.as_bytes()))
            .map_err(CompareError::file(&path))?;
        Ok(path)
    }
}

fn remove(path: &Path) -> Result<(), CompareError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(CompareError::file(path)(error))
        }
        _ => Ok(()),
    }
}

/// Description of missing results of a finished run that tables and figures need, if there are any.
fn damage(place: &Path, summary: &Summary) -> Option<String> {
    if let Some(epochs) = summary.epochs {
        let metrics = csv::read(&place.join("metrics.csv")).unwrap_or_default();
        let last = csv::numbers(&metrics, "epoch").and_then(<[f64]>::last);
        if last.is_none_or(|last| *last != epochs as f64) {
            return Some(format!("its metrics.csv does not go to epoch {epochs}"));
        }
    }
    let samples = summary.samples_recorded;
    match recorded_rows(place) {
        Ok(rows) if rows == samples => None,
        Ok(rows) => Some(format!(
            "its recordings hold {rows} of {samples} samples; a file is missing"
        )),
        Err(error) => Some(format!("a recording of it is damaged: {error}")),
    }
}

/// Version in the first line of a resolved scenario.
fn by(line: &str) -> Option<&str> {
    line.strip_prefix("// As it ran: Apical ")?
        .split(',')
        .next()
}

/// First pair of lines in which two texts differ.
fn difference<'a>(then: &'a str, now: &'a str) -> Option<(&'a str, &'a str)> {
    let (mut then, mut now) = (then.lines(), now.lines());
    loop {
        match (then.next(), now.next()) {
            (None, None) => return None,
            (then, now) if then == now => {}
            (then, now) => {
                let found = |line: Option<&'a str>| line.map_or("the end", str::trim);
                return Some((found(then), found(now)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Directory, difference};
    use crate::description::document::Document;

    fn open(path: &std::path::Path, name: &str) -> Result<Directory, String> {
        let text = format!("(name: \"{name}\", scenario: \"x.ron\", rules: {{}})");
        let document = Document::from_text("x.ron", text);
        Directory::open(path, &document, name).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(difference("a\n  b\n", "a\n  b\n"), None);
        assert_eq!(
            difference("a\n  b: 1,\n", "a\n  b: 2,\n"),
            Some(("b: 1,", "b: 2,"))
        );
        assert_eq!(difference("a\n", "a\nb\n"), Some(("the end", "b")));
    }

    #[test]
    fn only_a_directory_of_the_same_comparison_is_taken() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("out");
        let first = open(&path, "one").unwrap();
        let error = open(&path, "one").unwrap_err();
        assert!(error.contains("under way"), "{error}");
        drop(first);
        assert!(open(&path, "one").is_ok());
        let error = open(&path, "two").unwrap_err();
        assert!(
            error.contains("holds `one`") && error.contains("--out"),
            "{error}"
        );
        fs::write(path.join("comparison.ron"), "(").unwrap();
        assert!(open(&path, "one").unwrap_err().contains("damaged"));

        let other = parent.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("table.csv"), "mine").unwrap();
        let error = open(&other, "one").unwrap_err();
        assert!(error.contains("is not empty"), "{error}");
        let error = open(&other.join("table.csv"), "one").unwrap_err();
        assert!(error.contains("is a file"), "{error}");
        assert_eq!(fs::read_to_string(other.join("table.csv")).unwrap(), "mine");
        assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
    }

    #[test]
    fn a_cell_gets_its_name_when_it_is_complete() {
        let parent = tempfile::tempdir().unwrap();
        let directory = open(&parent.path().join("out"), "one").unwrap();
        for text in ["first", "second"] {
            let begun = directory.begin("dll", 3).unwrap();
            begun.write("summary.json", text).unwrap();
            assert_eq!(begun.path(), directory.unfinished("dll", 3));
            // Files of an abandoned run are removed.
            let begun = directory.begin("dll", 3).unwrap();
            assert!(!begun.path().join("summary.json").exists());
            begun.write("summary.json", text).unwrap();
            let place = directory.finish("dll", 3).unwrap();
            assert_eq!(
                fs::read_to_string(place.join("summary.json")).unwrap(),
                text
            );
            assert!(!directory.unfinished("dll", 3).exists());
        }
    }
}
