//! Conversion of the labels of files to classes that count from 0, each with a name.

use super::dataset::MOST_CLASSES;
use super::error::{DataError, Place, counted, listed, quote};
use super::room;
use indexmap::IndexSet;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Conversion of the labels of a file to classes.
///
/// | setting | labels | classes | names |
/// |---|---|---|---|
/// | none, numbers | whole numbers from 0 | the label | the label |
/// | none, text | any text | the order of all texts that occur | the text |
/// | `from(1)` | whole numbers from 1 | the label less 1 | the label |
/// | `named` | numbers or text | the order of all labels that occur | the label as written |
///
/// Texts are sorted by their characters, numbers under `named` by their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classes {
    /// Whole numbers count from 0, and class 0 must have a sample; texts are names.
    #[default]
    Auto,
    /// Whole numbers count from this one.
    From(i64),
    /// Each label that occurs is a class, also if it is a number.
    Named,
}

impl Classes {
    /// Label of class 0 if labels are numbers.
    fn begin(self) -> i64 {
        match self {
            Self::From(begin) => begin,
            Self::Auto | Self::Named => 0,
        }
    }

    /// Description of a valid label.
    fn expected(self) -> String {
        let begin = self.begin();
        let end = begin.saturating_add(MOST_CLASSES as i64 - 1);
        format!("a label, a whole number from {begin} to {end}")
    }
}

/// Longest label in bytes.
const LONGEST: usize = 256;

/// Labels of a file, in the order of its samples.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Labels {
    /// Whole numbers as in the file.
    Numbers(Vec<i64>),
    /// Texts: an index into `names` for each sample.
    Texts {
        codes: Vec<usize>,
        names: IndexSet<String>,
    },
}

impl Labels {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts { codes, .. } => codes.len(),
        }
    }
}

/// Collects the labels of a file one after the other.
pub(super) struct Collector {
    classes: Classes,
    labels: Option<Labels>,
}

impl Collector {
    pub fn new(classes: Classes) -> Self {
        let named = || Labels::Texts {
            codes: Vec::new(),
            names: IndexSet::new(),
        };
        Self {
            classes,
            labels: match classes {
                Classes::Auto => None,
                Classes::From(_) => Some(Labels::Numbers(Vec::new())),
                Classes::Named => Some(named()),
            },
        }
    }

    /// Reserves memory for the labels of `more` samples.
    ///
    /// # Errors
    /// [`DataError::Memory`]
    pub fn reserve(&mut self, more: usize, path: &Path) -> Result<(), DataError> {
        match &mut self.labels {
            None => Ok(()),
            Some(Labels::Numbers(numbers)) => room::reserve(numbers, more, 0, path),
            Some(Labels::Texts { codes, .. }) => room::reserve(codes, more, 0, path),
        }
    }

    /// Adds a label as written in the file.
    ///
    /// # Errors
    /// Description of a valid label.
    pub fn text(&mut self, text: &str) -> Result<(), String> {
        let number = text.parse::<f64>().ok();
        match (&mut self.labels, number) {
            (None | Some(Labels::Numbers(_)), Some(number)) => self.number(number),
            (Some(Labels::Numbers(numbers)), None) => Err(match numbers.is_empty() {
                true => self.classes.expected(),
                false => format!(
                    "{}, as before (with `classes: named` every label is a name)",
                    self.classes.expected()
                ),
            }),
            (Some(Labels::Texts { .. }), Some(_)) if self.classes == Classes::Auto => Err(
                "a text, as before (with `classes: named` every label is a name, numbers too)"
                    .into(),
            ),
            (None | Some(Labels::Texts { .. }), _) => self.name(text),
        }
    }

    /// Adds a label that is a number.
    ///
    /// # Errors
    /// Description of a valid label.
    pub fn number(&mut self, number: f64) -> Result<(), String> {
        if self.classes == Classes::Named && number.is_finite() {
            return self.name(&number.to_string());
        }
        let class = number - self.classes.begin() as f64;
        if number.fract() != 0.0 || !(0.0..MOST_CLASSES as f64).contains(&class) {
            let hint = match number.fract() == 0.0 && number < 0.0 {
                true => format!(" (`classes: from({number})` lets labels count from {number})"),
                false => String::new(),
            };
            return Err(self.classes.expected() + &hint);
        }
        let labels = (self.labels).get_or_insert_with(|| Labels::Numbers(Vec::new()));
        if let Labels::Numbers(numbers) = labels {
            numbers.push(number as i64);
        }
        Ok(())
    }

    fn name(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(format!(
                "a label: text in one line, of 1 to {LONGEST} bytes"
            ));
        }
        let labels = self.labels.get_or_insert_with(|| Labels::Texts {
            codes: Vec::new(),
            names: IndexSet::new(),
        });
        let Labels::Texts { codes, names } = labels else {
            return Err(self.classes.expected());
        };
        let code = match names.get_index_of(text) {
            Some(code) => code,
            None if names.len() == MOST_CLASSES => {
                return Err(format!("at most {MOST_CLASSES} different labels"));
            }
            None => names.insert_full(text.to_owned()).0,
        };
        codes.push(code);
        Ok(())
    }

    /// All collected labels.
    pub fn finish(self) -> Labels {
        self.labels.unwrap_or_else(|| Labels::Numbers(Vec::new()))
    }
}

/// Classes of the samples of a data set.
#[derive(Debug, PartialEq)]
pub(super) struct Assigned {
    /// Class of each training sample.
    pub train: Vec<usize>,
    /// Class of each sample of a separate test part.
    pub test: Option<Vec<usize>>,
    /// Names of the classes.
    pub names: Vec<String>,
}

/// Classes of the labels of a training file and, if there is one, of a test file.
///
/// # Errors
/// [`DataError::Content`] if numbers do not count from 0 and the setting does not allow it, or if
/// the test part has a label that no training sample has; that error names both files.
pub(super) fn assign(
    classes: Classes,
    (train_file, train): (&Path, Labels),
    test: Option<(PathBuf, Labels)>,
) -> Result<Assigned, DataError> {
    let names = match &train {
        Labels::Numbers(numbers) => {
            let begin = classes.begin();
            let in_test = test.iter().flat_map(|(_, labels)| match labels {
                Labels::Numbers(numbers) => &numbers[..],
                Labels::Texts { .. } => &[],
            });
            let least = numbers.iter().chain(in_test).min().copied();
            if let (Classes::Auto, Some(least @ 1..)) = (classes, least) {
                let most = numbers.iter().max().copied().unwrap_or(least);
                let found = format!("labels from {least} to {most}: class 0 has no sample");
                let expected = format!(
                    "labels that count from 0; `classes: from({least})` lets them count from \
                     {least}, and `classes: from(0)` leaves class 0 empty"
                );
                return Err(DataError::content(
                    train_file,
                    Place::Whole,
                    found,
                    expected,
                ));
            }
            let last = numbers.iter().max().copied().unwrap_or(begin);
            (begin..=last).map(|label| label.to_string()).collect()
        }
        Labels::Texts { names, .. } => sorted(names),
    };
    let test = test.map(|(test_file, labels)| {
        agree((train_file, &train), (&test_file, &labels), &names)?;
        Ok(coded(labels, classes, &names))
    });
    Ok(Assigned {
        test: test.transpose()?,
        train: coded(train, classes, &names),
        names,
    })
}

/// Names sorted by their characters, or by their values if all are numbers.
fn sorted(names: &IndexSet<String>) -> Vec<String> {
    let mut sorted: Vec<String> = names.iter().cloned().collect();
    sorted.sort();
    let numbers: Option<Vec<f64>> = (sorted.iter())
        .map(|name| name.parse().ok().filter(|number: &f64| !number.is_nan()))
        .collect();
    if let Some(numbers) = numbers {
        let mut order: Vec<usize> = (0..sorted.len()).collect();
        order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
        sorted = order.into_iter().map(|n| sorted[n].clone()).collect();
    }
    sorted
}

/// Class of each sample. All labels are in `names`.
fn coded(labels: Labels, classes: Classes, names: &[String]) -> Vec<usize> {
    match labels {
        Labels::Numbers(numbers) => (numbers.into_iter())
            .map(|number| (number - classes.begin()) as usize)
            .collect(),
        Labels::Texts { codes, names: own } => {
            let known: IndexSet<&str> = names.iter().map(String::as_str).collect();
            let classes: Vec<usize> = (own.iter())
                .map(|name| known.get_index_of(name.as_str()).unwrap_or_default())
                .collect();
            codes.into_iter().map(|code| classes[code]).collect()
        }
    }
}

/// Checks that every label of the test part occurs in the training part.
fn agree(
    (train_file, train): (&Path, &Labels),
    (test_file, test): (&Path, &Labels),
    names: &[String],
) -> Result<(), DataError> {
    let stranger = match (train, test) {
        (Labels::Numbers(train), Labels::Numbers(test)) => {
            let known: std::collections::BTreeSet<i64> = train.iter().copied().collect();
            (test.iter().enumerate())
                .find(|(_, number)| !known.contains(number))
                .map(|(sample, number)| (sample, number.to_string()))
        }
        (Labels::Texts { names: train, .. }, Labels::Texts { codes, names: test }) => {
            let known: Vec<bool> = test.iter().map(|name| train.contains(name)).collect();
            (codes.iter().enumerate())
                .find(|(_, code)| !known[**code])
                .map(|(sample, code)| (sample, quote(&test[*code])))
        }
        (Labels::Numbers(_), Labels::Texts { codes, names }) => {
            (codes.first()).map(|code| (0, quote(&names[*code])))
        }
        (Labels::Texts { .. }, Labels::Numbers(numbers)) => {
            (numbers.first()).map(|number| (0, number.to_string()))
        }
    };
    let Some((sample, label)) = stranger else {
        return Ok(());
    };
    let expected = format!(
        "a label that a training sample has; those of {} are of {}: {}",
        train_file.display(),
        counted(names.len(), "class"),
        listed(names)
    );
    let found = format!("the label {label}");
    Err(DataError::content(
        test_file,
        Place::Sample(sample),
        found,
        expected,
    ))
}

/// Combines the inputs and labels of two files; the error for different lengths names both.
///
/// # Errors
/// [`DataError::Content`]
pub(super) fn paired(
    inputs_file: &Path,
    samples: usize,
    labels_file: &Path,
    labels: &Labels,
) -> Result<(), DataError> {
    if labels.len() == samples {
        return Ok(());
    }
    let found = counted(labels.len(), "label");
    let expected = format!("{samples}, one a sample of {}", inputs_file.display());
    Err(DataError::content(
        labels_file,
        Place::Whole,
        found,
        expected,
    ))
}

#[cfg(test)]
mod tests {
    use super::{Assigned, Classes, Collector, Labels, assign};
    use crate::data::DataError;
    use std::path::Path;

    fn labels(classes: Classes, texts: &[&str]) -> Result<Labels, String> {
        let mut collector = Collector::new(classes);
        for text in texts {
            collector.text(text)?;
        }
        Ok(collector.finish())
    }

    fn assigned(
        classes: Classes,
        train: &[&str],
        test: Option<&[&str]>,
    ) -> Result<Assigned, DataError> {
        let labels = |texts| labels(classes, texts).unwrap();
        let test = test.map(|test| ("test.csv".into(), labels(test)));
        assign(classes, (Path::new("train.csv"), labels(train)), test)
    }

    #[test]
    fn labels_become_classes_with_names() {
        for (mode, texts, codes, names) in [
            (
                Classes::Auto,
                ["2", "0.0", "1e0"],
                [2, 0, 1],
                &["0", "1", "2"][..],
            ),
            (Classes::Auto, ["b", "é", "B"], [1, 2, 0], &["B", "b", "é"]),
            (Classes::From(1), ["2", "1.0", "2"], [1, 0, 1], &["1", "2"]),
            (
                Classes::From(-1),
                ["1", "-1", "0"],
                [2, 0, 1],
                &["-1", "0", "1"],
            ),
            (
                Classes::From(0),
                ["2", "2", "1"],
                [2, 2, 1],
                &["0", "1", "2"],
            ),
            (
                Classes::Named,
                ["10", "9", "-3"],
                [2, 1, 0],
                &["-3", "9", "10"],
            ),
            (
                Classes::Named,
                ["10", "9", "x"],
                [0, 1, 2],
                &["10", "9", "x"],
            ),
        ] {
            let seen = assigned(mode, &texts, None).unwrap();
            assert_eq!(
                (&seen.train[..], &seen.names[..]),
                (&codes[..], &names.map_owned()[..])
            );
        }
    }

    trait Owned {
        fn map_owned(&self) -> Vec<String>;
    }

    impl Owned for &[&str] {
        fn map_owned(&self) -> Vec<String> {
            self.iter().map(|name| (*name).to_owned()).collect()
        }
    }

    #[test]
    fn what_is_no_label_says_what_would_be_one() {
        for (mode, texts, says) in [
            (
                Classes::Auto,
                &["0", "1.5"][..],
                "whole number from 0 to 65535",
            ),
            (Classes::Auto, &["0", "nan"], "whole number from 0"),
            (Classes::Auto, &["inf"], "whole number from 0"),
            (
                Classes::Auto,
                &["-1"],
                "`classes: from(-1)` lets labels count from -1",
            ),
            (Classes::Auto, &["65536"], "to 65535"),
            (
                Classes::Auto,
                &["0", "cat"],
                "as before (with `classes: named`",
            ),
            (Classes::Auto, &["cat", "1"], "a text, as before"),
            (Classes::Auto, &["cat", ""], "text in one line"),
            (Classes::Auto, &[""], "text in one line"),
            (Classes::Auto, &["\u{1b}[31m"], "text in one line"),
            (Classes::From(1), &["cat"], "whole number from 1 to 65536"),
            (Classes::From(1), &["0"], "whole number from 1"),
        ] {
            let error = labels(mode, texts).unwrap_err();
            assert!(error.contains(says), "{texts:?}: {error}");
        }
    }

    #[test]
    fn labels_that_count_from_1_are_told_and_allowed_if_it_is_meant() {
        let error = assigned(Classes::Auto, &["1", "3"], None).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(
                "train.csv: found labels from 1 to 3: class 0 has no sample, expected"
            ),
            "{text}"
        );
        assert!(
            text.contains("`classes: from(1)` lets them count from 1"),
            "{text}"
        );
        assert_eq!(
            assigned(Classes::From(0), &["1"], None).unwrap().names,
            ["0", "1"]
        );
    }

    #[test]
    fn a_test_part_has_the_classes_of_training() {
        let seen = assigned(Classes::Auto, &["b", "a", "c"], Some(&["c", "a"])).unwrap();
        assert_eq!((seen.train, seen.test), (vec![1, 0, 2], Some(vec![2, 0])));
        for (train, test, says) in [
            (
                ["a", "b"],
                ["a", "x"],
                "test.csv, sample 1: found the label \"x\"",
            ),
            (
                ["0", "1"],
                ["1", "2"],
                "test.csv, sample 1: found the label 2",
            ),
            (
                ["0", "2"],
                ["1", "2"],
                "test.csv, sample 0: found the label 1",
            ),
            (["0", "1"], ["a", "b"], "found the label \"a\""),
            (["a", "b"], ["0", "1"], "found the label 0"),
        ] {
            let error = assigned(Classes::Auto, &train, Some(&test))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(says) && error.contains("train.csv are of"),
                "{error}"
            );
        }
    }
}
