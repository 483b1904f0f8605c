//! Tables of a task: classes, the part of each sample, numbers of the encoding, and answers to the
//! test part.
//!
//! Samples are counted from 0 in the order of their file. In a source with its own test part, the
//! test part is counted separately.

use ndarray::Array2;

use super::RunError;
use super::directory::RunDirectory;
use crate::protocol::{ClassificationProtocol, Part};
use crate::record::csv::{Cell, text};

/// Writes `classes.csv`, `split.csv` and, if the encoding uses numbers of the training part,
/// `standardization.csv`.
///
/// # Errors
/// [`RunError::File`]
pub(super) fn write_parts(
    task: &ClassificationProtocol,
    directory: &RunDirectory,
) -> Result<(), RunError> {
    let parts = [&task.train, &task.validation, &task.test];
    let counts = parts.map(|part| {
        let mut counts = vec![0usize; task.legend.classes.len()];
        for label in labels(part) {
            counts[label] += 1;
        }
        counts
    });
    let names = ["class", "name", "train", "validation", "test"];
    let rows = task.legend.classes.iter().enumerate();
    let rows = rows.map(|(class, name)| {
        let mut row = vec![class.to_string(), name.clone()];
        row.extend(counts.iter().map(|counts| counts[class].to_string()));
        row
    });
    write(directory, "classes.csv", &names, rows)?;

    let rows = split(task);
    write(directory, "split.csv", &["sample", "part", "label"], rows)?;

    let Some(used) = task.legend.encoder.standardization() else {
        return Ok(());
    };
    let name = |feature: usize| match &task.legend.features {
        Some(names) => names.get(feature).cloned().unwrap_or_default(),
        None => String::new(),
    };
    let number = |number: f64| Cell::from(number).to_string();
    let rows = used.mean.iter().zip(&used.std).enumerate();
    let rows = rows.map(|(feature, (mean, std))| {
        vec![
            feature.to_string(),
            name(feature),
            number(*mean),
            number(*std),
        ]
    });
    let names = ["feature", "name", "mean", "std"];
    write(directory, "standardization.csv", &names, rows)
}

/// Sample, part and label: samples of the file in its order, including those of no part, then those
/// of a separate test part.
fn split(task: &ClassificationProtocol) -> Vec<Vec<String>> {
    let data = &task.train.data;
    let mut part_of = vec!["unused"; data.labels.len()];
    let mut apart = Vec::new();
    for (name, part) in [
        ("train", &task.train),
        ("validation", &task.validation),
        ("test", &task.test),
    ] {
        if std::sync::Arc::ptr_eq(&part.data, data) {
            for &sample in &part.samples {
                part_of[sample] = name;
            }
        } else {
            let samples = part.samples.iter().copied().zip(labels(part));
            apart.extend(samples.map(|(sample, label)| (sample, name, label)));
        }
    }
    let own = part_of.into_iter().enumerate();
    let own = own.map(|(sample, part)| (sample, part, data.labels[sample]));
    own.chain(apart)
        .map(|(sample, part, label)| {
            vec![
                sample.to_string(),
                part.to_owned(),
                task.legend.class(label),
            ]
        })
        .collect()
}

/// Writes `confusion.csv` and `predictions.csv` from `counts` and answers of the test part.
///
/// # Errors
/// [`RunError::File`]
pub(super) fn write_answers(
    task: &ClassificationProtocol,
    (answers, counts): (&[usize], &Array2<u32>),
    directory: &RunDirectory,
) -> Result<(), RunError> {
    let classes: Vec<String> = (0..counts.ncols())
        .map(|class| task.legend.class(class))
        .collect();
    let names: Vec<&str> = (["class"].into_iter())
        .chain(classes.iter().map(String::as_str))
        .collect();
    let rows = classes.iter().zip(counts.rows());
    let rows = rows.map(|(name, row)| {
        let counts = row.iter().map(ToString::to_string);
        std::iter::once(name.clone()).chain(counts).collect()
    });
    write(directory, "confusion.csv", &names, rows)?;

    let samples = task.test.samples.iter().zip(labels(&task.test));
    let rows = samples.zip(answers);
    let rows = rows.map(|((sample, label), &answer)| {
        vec![
            sample.to_string(),
            task.legend.class(label),
            task.legend.class(answer),
            (label == answer).to_string(),
        ]
    });
    let names = ["sample", "label", "answer", "correct"];
    write(directory, "predictions.csv", &names, rows)
}

/// Class of each sample of a part.
fn labels(part: &Part) -> impl Iterator<Item = usize> {
    (part.samples.iter()).map(|&sample| part.data.labels[sample])
}

fn write(
    directory: &RunDirectory,
    name: &str,
    names: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), RunError> {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let rows: Vec<Vec<Cell>> = (rows.iter())
        .map(|row| row.iter().map(|cell| cell.as_str().into()).collect())
        .collect();
    directory.write(name, &text(names, &rows)?)?;
    Ok(())
}
