//! Origin of a data set, as written in a scenario.

use super::classes::{Assigned, Classes, Collector, Labels, assign, paired};
use super::dataset::Dataset;
use super::error::{DataError, Place, counted};
use super::formats::column::{Column, Delimiter, LabelColumn};
use super::formats::table::{self, Format};
use super::formats::{cifar, idx, npy};
use super::own::OwnSource;
use super::values::Values;
use crate::parameter::Parameters;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files that hold a data set.
///
/// Relative paths are relative to the scenario's directory. Any file may be gzip-compressed.
///
/// ```
/// use apical::data::{LabelColumn, Source};
///
/// let source: Source = ron::from_str(r#"csv(path: "data/digits.csv.gz", label_column: last)"#)?;
/// let data = source.load("scenarios".as_ref(), None)?;
/// assert_eq!(data.train.inputs.dim(), (1797, 64));
/// assert!(data.test.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A text table, one sample per row.
    Csv {
        /// Path of the file.
        path: PathBuf,
        /// A second file with the same columns, all of it the test part.
        #[serde(default)]
        test: Option<PathBuf>,
        /// Column of the label.
        #[serde(default)]
        label_column: LabelColumn,
        /// True if the first row contains names.
        #[serde(default)]
        header: bool,
        /// Delimiter of cells; if omitted, the comma, or, for a first row without commas, the only
        /// other one in it: semicolon, tab, bar or space.
        #[serde(default)]
        delimiter: Option<Delimiter>,
        /// Columns that are ignored.
        #[serde(default)]
        drop: Vec<Column>,
        /// Conversion of labels to classes.
        #[serde(default)]
        classes: Classes,
    },
    /// IDX files of `u8`, as in MNIST and Fashion-MNIST; each may also exist as `NAME.gz`.
    Idx {
        /// Directory of the files; if omitted, the one given with `--data` or `APICAL_DATA`.
        #[serde(default)]
        directory: Option<PathBuf>,
        /// Folder of the directory that is searched first, so that data sets whose files have the
        /// same names can be in one directory.
        #[serde(default)]
        folder: Option<PathBuf>,
        /// File of the training images, `[images, rows, columns]`.
        images: PathBuf,
        /// File of the training labels, `[images]`.
        labels: PathBuf,
        /// File of the test images; either with `test_labels` or omitted.
        #[serde(default)]
        test_images: Option<PathBuf>,
        /// File of the test labels.
        #[serde(default)]
        test_labels: Option<PathBuf>,
        /// Conversion of labels to classes.
        #[serde(default)]
        classes: Classes,
    },
    /// CIFAR-10, the binary version; each file may also exist as `NAME.gz`.
    Cifar10 {
        /// Directory of the files; if omitted, the one given with `--data` or `APICAL_DATA`.
        #[serde(default)]
        directory: Option<PathBuf>,
        /// Files of the training images.
        #[serde(default = "cifar_train")]
        train: Vec<PathBuf>,
        /// Files of the test images; empty for no test part.
        #[serde(default = "cifar_test")]
        test: Vec<PathBuf>,
    },
    /// Arrays of NumPy.
    Npy {
        /// File of the inputs, `[samples, features]` of any number type.
        inputs: PathBuf,
        /// File of the labels, `[samples]` or `[samples, 1]`, whole numbers of any number type.
        labels: PathBuf,
        /// File of the test inputs; either with `test_labels` or omitted.
        #[serde(default)]
        test_inputs: Option<PathBuf>,
        /// File of the test labels.
        #[serde(default)]
        test_labels: Option<PathBuf>,
        /// Conversion of labels to classes.
        #[serde(default)]
        classes: Classes,
    },
    /// A source that a program has added to its registry.
    Own {
        /// Its name.
        name: String,
        /// Its parameters by name.
        #[serde(default)]
        parameters: BTreeMap<String, f64>,
        /// Base directory of its relative paths; by default that of the scenario.
        #[serde(default)]
        directory: Option<PathBuf>,
    },
}

/// A data set as read from its source, with or without a separate test part.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedData {
    /// Samples for training, and, without a separate test part, for validation and test.
    pub train: Dataset,
    /// Samples that the source reserves for test.
    pub test: Option<Dataset>,
    /// Names of the classes, `[classes]`.
    pub classes: Vec<String>,
    /// Names of the features, `[features]`, if the source has names.
    pub features: Option<Vec<String>>,
}

impl LoadedData {
    /// Names of the classes without a sample in any part.
    #[must_use]
    pub fn empty_classes(&self) -> Vec<&str> {
        let mut counts = self.train.class_counts();
        for &label in self.test.iter().flat_map(|test| &test.labels) {
            counts[label] += 1;
        }
        (self.classes.iter().zip(counts))
            .filter(|(_, count)| *count == 0)
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

impl Source {
    /// Reads and checks the files.
    ///
    /// `base_dir` is the directory of the scenario; `data_dir` is that of data sets that are not
    /// part of the package, see [`data_dir`](super::formats::file::data_dir).
    ///
    /// # Errors
    /// [`DataError`] if a file is missing, unreadable or does not fit its format, or if training
    /// and test part do not fit each other.
    pub fn load(&self, base_dir: &Path, data_dir: Option<&Path>) -> Result<LoadedData, DataError> {
        self.load_with(base_dir, data_dir, &[])
    }

    /// The same with the sources that a program has added.
    ///
    /// # Errors
    /// As [`Self::load`], and for a source that nobody has added.
    pub fn load_with(
        &self,
        base_dir: &Path,
        data_dir: Option<&Path>,
        own: &[OwnSource],
    ) -> Result<LoadedData, DataError> {
        let here = |path: &PathBuf| base_dir.join(path);
        match self {
            Self::Own {
                name,
                parameters,
                directory,
            } => {
                let source = own
                    .iter()
                    .find(|source| source.name == name)
                    .ok_or_else(|| {
                        let known: Vec<&str> = own.iter().map(|source| source.name).collect();
                        let expected = match known.is_empty() {
                            true => "a program that adds this source to its registry".to_owned(),
                            false => format!("one of {}", known.join(", ")),
                        };
                        DataError::setting("own.name", name, &expected)
                    })?;
                for (given, value) in parameters {
                    let declared = source.parameters.iter().find(|p| p.name == given);
                    let Some(declared) = declared else {
                        let known: Vec<&str> = source.parameters.iter().map(|p| p.name).collect();
                        let expected = format!("one of {}", known.join(", "));
                        return Err(DataError::setting("own.parameters", given, &expected));
                    };
                    let (low, high) = declared.range;
                    if !(low..=high).contains(value) {
                        let name = format!("own.parameters.{given}");
                        let expected = format!("a number from {low} to {high}");
                        return Err(DataError::setting(&name, value.to_string(), &expected));
                    }
                }
                let base_dir = directory.as_ref().map_or(base_dir.to_owned(), here);
                source.data(&Parameters::of(source.parameters, parameters), &base_dir)
            }
            Self::Csv {
                path,
                test,
                label_column,
                header,
                delimiter,
                drop,
                classes,
            } => {
                let format = Format {
                    label_column,
                    header: *header,
                    delimiter: delimiter.as_ref(),
                    drop,
                    classes: *classes,
                };
                tables(&here(path), test.as_ref().map(here), &format)
            }
            Self::Npy {
                inputs,
                labels,
                test_inputs,
                test_labels,
                classes,
            } => {
                let arrays = |inputs, labels| Part::arrays(here(inputs), &here(labels), *classes);
                let test = both("npy", ("test_inputs", test_inputs), test_labels)?;
                let train = arrays(inputs, labels)?;
                let test = test.map(|(inputs, labels)| arrays(inputs, labels));
                parts(*classes, train, test.transpose()?)
            }
            Self::Idx {
                directory,
                folder,
                images,
                labels,
                test_images,
                test_labels,
                classes,
            } => {
                let directory = directory.as_ref().map(here);
                let directory = directory.as_deref().or(data_dir);
                let test = both("idx", ("test_images", test_images), test_labels)?;
                let pair = |images: &PathBuf, labels: &PathBuf| {
                    Part::idx((directory, folder.as_deref()), images, labels, *classes)
                };
                let train = pair(images, labels)?;
                let test = test.map(|(images, labels)| pair(images, labels));
                parts(*classes, train, test.transpose()?)
            }
            Self::Cifar10 {
                directory,
                train,
                test,
            } => {
                if train.is_empty() {
                    let expected = "one file at least, as in [\"data_batch_1.bin\"]";
                    return Err(DataError::setting("cifar10.train", "no file", expected));
                }
                let directory = directory.as_ref().map(here);
                let directory = directory.as_deref().or(data_dir);
                // The small part first: a missing file is reported before the large one is read.
                let test = (!test.is_empty())
                    .then(|| cifar::read(directory, test))
                    .transpose()?;
                Ok(LoadedData {
                    train: cifar::read(directory, train)?,
                    test,
                    classes: (0..cifar::CLASSES).map(|class| class.to_string()).collect(),
                    features: None,
                })
            }
        }
    }
}

fn cifar_train() -> Vec<PathBuf> {
    (1..=5)
        .map(|batch| format!("data_batch_{batch}.bin").into())
        .collect()
}

fn cifar_test() -> Vec<PathBuf> {
    vec!["test_batch.bin".into()]
}

/// Two files that belong together, or neither.
fn both<'a>(
    source: &str,
    (name, inputs): (&str, &'a Option<PathBuf>),
    labels: &'a Option<PathBuf>,
) -> Result<Option<(&'a PathBuf, &'a PathBuf)>, DataError> {
    if inputs.is_some() != labels.is_some() {
        let only = if inputs.is_some() {
            name
        } else {
            "test_labels"
        };
        let expected = format!("both {name} and test_labels, or neither");
        return Err(DataError::setting(source, format!("only {only}"), expected));
    }
    Ok(inputs.as_ref().zip(labels.as_ref()))
}

/// Inputs and labels of a part, before conversion to classes.
struct Part {
    file: PathBuf,
    inputs: Values,
    labels_file: PathBuf,
    labels: Labels,
}

impl Part {
    fn arrays(inputs: PathBuf, labels: &Path, classes: Classes) -> Result<Self, DataError> {
        let part = Self {
            labels: npy::labels(labels, classes)?,
            labels_file: labels.to_owned(),
            inputs: npy::inputs(&inputs)?,
            file: inputs,
        };
        part.paired()
    }

    fn idx(
        (directory, folder): (Option<&Path>, Option<&Path>),
        images: &Path,
        labels: &Path,
        classes: Classes,
    ) -> Result<Self, DataError> {
        // Both files are located before either is read, since reading takes long.
        let images = idx::find(directory, folder, images)?;
        let labels = idx::find(directory, folder, labels)?;
        let mut collector = Collector::new(classes);
        for (sample, label) in idx::labels(&labels)?.into_iter().enumerate() {
            collector.reserve(1, &labels)?;
            collector.number(label.into()).map_err(|expected| {
                let found = format!("label {label}");
                DataError::content(&labels, Place::Sample(sample), found, expected)
            })?;
        }
        let part = Self {
            labels: collector.finish(),
            labels_file: labels,
            inputs: idx::images(&images)?.into(),
            file: images,
        };
        part.paired()
    }

    fn paired(self) -> Result<Self, DataError> {
        let (samples, _) = self.inputs.dim();
        paired(&self.file, samples, &self.labels_file, &self.labels)?;
        Ok(self)
    }
}

/// A table, and one with the same columns for test, if there is any.
fn tables(
    path: &Path,
    test: Option<PathBuf>,
    format: &Format<'_>,
) -> Result<LoadedData, DataError> {
    let train = table::read(path, format)?;
    let test = test.map(|file| {
        let test = table::read(&file, format)?;
        train.agrees(path, &test, &file)?;
        Ok((file, test))
    });
    let test = test.transpose()?;
    let part = |path: &Path, inputs, labels| Part {
        file: path.to_owned(),
        inputs,
        labels_file: path.to_owned(),
        labels,
    };
    let test = test.map(|(file, test)| part(&file, test.inputs, test.labels));
    let loaded = parts(format.classes, part(path, train.inputs, train.labels), test)?;
    Ok(LoadedData {
        features: train.features,
        ..loaded
    })
}

/// Data set of both parts, which must have the same features and classes.
fn parts(classes: Classes, train: Part, test: Option<Part>) -> Result<LoadedData, DataError> {
    let features = |part: &Part| part.inputs.dim().1;
    if let Some(test) = &test
        && features(test) != features(&train)
    {
        let found = counted(features(test), "feature");
        let expected = format!("{}, as in {}", features(&train), train.file.display());
        return Err(DataError::content(
            &test.file,
            Place::Whole,
            found,
            expected,
        ));
    }
    let (test_part, test_labels) = match test {
        None => (None, None),
        Some(test) => (
            Some((test.file, test.inputs)),
            Some((test.labels_file, test.labels)),
        ),
    };
    let Assigned {
        train: labels,
        test: test_labels,
        names,
    } = assign(classes, (&train.labels_file, train.labels), test_labels)?;
    let train = Dataset::new(&train.file, train.inputs, labels, names.len())?;
    let test = (test_part.zip(test_labels))
        .map(|((file, inputs), labels)| Dataset::new(file, inputs, labels, names.len()));
    Ok(LoadedData {
        train,
        test: test.transpose()?,
        classes: names,
        features: None,
    })
}

#[cfg(test)]
mod tests {
    use super::Source;
    use crate::data::formats::file::tests::gzip;
    use ndarray::{Array1, array};
    use std::fs;

    const ALL: &str = r#"idx(images: "train-i", labels: "train-l",
        test_images: Some("test-i"), test_labels: Some("test-l"), classes: from(0))"#;

    fn source(text: &str) -> Source {
        ron::from_str(text).unwrap()
    }

    fn idx_files() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let image = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2];
        let label = [0, 0, 8, 1, 0, 0, 0, 1];
        let write = |name, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
        write("train-i", &[&image[..], &[10, 20]].concat());
        write("train-l", &[&label[..], &[1]].concat());
        write("test-i.gz", &gzip(&[&image[..], &[30, 40]].concat()));
        write("test-l.gz", &gzip(&[&label[..], &[1]].concat()));
        dir
    }

    #[test]
    fn idx_with_a_test_part_plain_or_packed() {
        let dir = idx_files();
        let data = source(ALL).load("elsewhere".as_ref(), Some(dir.path()));
        let data = data.unwrap();
        let test = data.test.unwrap();
        assert_eq!(data.train.inputs, array![[10.0, 20.0]].into());
        assert_eq!(test.inputs, array![[30.0, 40.0]].into());
        assert_eq!((data.train.labels, test.labels), (vec![1], vec![1]));
        assert_eq!((data.train.classes, test.classes), (2, 2));
        assert_eq!(data.classes, ["0", "1"]);
    }

    #[test]
    fn a_directory_in_the_scenario_is_relative_to_it() {
        let dir = idx_files();
        let name = dir.path().file_name().unwrap().to_str().unwrap();
        let text = format!(
            "idx(directory: Some({name:?}), images: \"train-i\", labels: \"train-l\", classes: named)"
        );
        let data = source(&text).load(dir.path().parent().unwrap(), Some("elsewhere".as_ref()));
        assert!(data.unwrap().test.is_none());
    }

    #[test]
    fn the_folder_of_a_data_set_is_looked_into_first() {
        let dir = idx_files();
        let text = r#"idx(folder: Some("other"), images: "train-i", labels: "train-l",
            classes: from(0))"#;
        let load = || source(text).load("".as_ref(), Some(dir.path()));
        assert_eq!(load().unwrap().train.labels, [1]);
        let other = dir.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("train-l"), [0, 0, 8, 1, 0, 0, 0, 1, 6]).unwrap();
        assert_eq!(load().unwrap().train.labels, [6]);
        fs::remove_file(dir.path().join("train-i")).unwrap();
        let text = load().unwrap_err().to_string();
        let (first, second) = (other.join("train-i"), dir.path().join("train-i"));
        let looked = format!("{} and {}, plain", first.display(), second.display());
        assert!(text.contains(&looked), "{text}");
    }

    #[test]
    fn batches_of_cifar_are_named_or_the_standard_ones() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, label| {
            let record = [&[label][..], &[7; 3072]].concat();
            fs::write(dir.path().join(name), record).unwrap();
        };
        let load = |text| source(text).load("".as_ref(), Some(dir.path()));
        for batch in 1..=5 {
            write(&format!("data_batch_{batch}.bin"), batch);
        }
        let text = load("cifar10()").unwrap_err().to_string();
        assert!(text.contains("test_batch.bin: no such file"), "{text}");
        write("test_batch.bin", 8);
        let data = load("cifar10()").unwrap();
        assert_eq!(data.train.labels, [1, 2, 3, 4, 5]);
        assert_eq!(data.test.unwrap().labels, [8]);
        let data = load(r#"cifar10(train: ["data_batch_2.bin"], test: [])"#).unwrap();
        assert_eq!((data.train.labels, data.test), (vec![2], None));
        let text = load("cifar10(train: [])").unwrap_err().to_string();
        assert!(
            text.contains("found no file, expected one file at least"),
            "{text}"
        );
    }

    #[test]
    fn a_missing_file_says_where_it_was_looked_for_and_how_to_get_it() {
        let dir = idx_files();
        fs::remove_file(dir.path().join("test-l.gz")).unwrap();
        let error = source(ALL).load("".as_ref(), Some(dir.path())).unwrap_err();
        let text = error.to_string();
        let path = dir.path().join("test-l").display().to_string();
        assert!(text.contains(&format!("looked for {path}, plain or .gz.")));
        assert!(text.contains("apical data get mnist") && text.contains("--data DIR"));

        let text = source(ALL).load("".as_ref(), None).unwrap_err().to_string();
        assert!(text.contains("no directory is given") && text.contains("APICAL_DATA"));

        let text = source("csv(path: \"no.csv\")").load("a".as_ref(), None);
        assert!(
            text.unwrap_err()
                .to_string()
                .starts_with("a/no.csv: no such file")
        );
    }

    #[test]
    fn parts_that_do_not_fit_are_errors() {
        let dir = idx_files();
        let load = |text| source(text).load(dir.path(), Some(dir.path()));
        let half = r#"idx(images: "train-i", labels: "train-l", test_images: Some("test-i"))"#;
        let text = load(half).unwrap_err().to_string();
        assert!(text.contains("found only test_images, expected both"));

        let other = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7];
        fs::write(dir.path().join("test-i"), other).unwrap();
        let text = load(ALL).unwrap_err().to_string();
        assert!(
            text.contains("test-i: found 1 feature, expected 2, as in"),
            "{text}"
        );

        let npy = r#"npy(inputs: "i.npy", labels: "l.npy")"#;
        let write = |labels: Vec<i64>| {
            ndarray_npy::write_npy(dir.path().join("i.npy"), &array![[0.5f32], [1.5]]).unwrap();
            ndarray_npy::write_npy(dir.path().join("l.npy"), &Array1::from(labels)).unwrap();
        };
        write(vec![0, 1]);
        assert_eq!(load(npy).unwrap().train.labels, [0, 1]);
        let half = r#"npy(inputs: "i.npy", labels: "l.npy", test_labels: Some("l.npy"))"#;
        let text = load(half).unwrap_err().to_string();
        assert!(text.contains("npy: found only test_labels, expected both test_inputs and"));
        write(vec![0, 1, 1]);
        let text = load(npy).unwrap_err().to_string();
        assert!(text.contains("found 3 labels, expected 2"), "{text}");
    }

    #[test]
    fn labels_that_count_from_1_are_told_in_every_format() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("t.csv"), "5,1\n6,2\n").unwrap();
        fs::write(
            path("i"),
            [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5, 6],
        )
        .unwrap();
        fs::write(path("l"), [0, 0, 8, 1, 0, 0, 0, 2, 1, 2]).unwrap();
        ndarray_npy::write_npy(path("i.npy"), &array![[5.0f32], [6.0]]).unwrap();
        ndarray_npy::write_npy(path("l.npy"), &array![[1.0f64], [2.0]]).unwrap();
        for (text, file) in [
            ("csv(path: \"t.csv\")", "t.csv"),
            ("idx(images: \"i\", labels: \"l\")", "l"),
            ("npy(inputs: \"i.npy\", labels: \"l.npy\")", "l.npy"),
        ] {
            let load = |text: &str| source(text).load(dir.path(), Some(dir.path()));
            let error = load(text).unwrap_err().to_string();
            let says = format!("{file}: found labels from 1 to 2: class 0 has no sample, expected");
            assert!(
                error.contains(&says) && error.contains("`classes: from(1)`"),
                "{error}"
            );
            let data = load(&text.replace(')', ", classes: from(1))")).unwrap();
            assert_eq!((data.train.labels, data.train.classes), (vec![0, 1], 2));
            assert_eq!(data.train.inputs, array![[5.0], [6.0]].into());
            assert_eq!(data.classes, ["1", "2"]);
        }
    }

    #[test]
    fn training_and_test_may_be_two_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("train.csv"), "id,len,kind\n1,5,b\n2,6,a\n").unwrap();
        let text = r#"csv(path: "train.csv", test: Some("test.csv"), header: true, drop: ["id"])"#;
        let load = |test: &str| {
            fs::write(path("test.csv"), test).unwrap();
            source(text).load(dir.path(), None)
        };
        let data = load("id,len,kind\n7,8,a\n").unwrap();
        let test = data.test.unwrap();
        assert_eq!(
            (data.train.inputs, test.inputs),
            (array![[5.0], [6.0]].into(), array![[8.0]].into())
        );
        assert_eq!((data.train.labels, test.labels), (vec![1, 0], vec![0]));
        assert_eq!((data.train.classes, test.classes), (2, 2));
        assert_eq!(
            (data.classes, data.features.unwrap()),
            (vec!["a".into(), "b".into()], vec!["len".to_owned()])
        );
        for (test, says) in [
            (
                "id,len,kind\n7,8,c\n",
                "test.csv, sample 0: found the label \"c\"",
            ),
            (
                "id,len,kind\n7,8,1\n",
                "test.csv, sample 0: found the label 1",
            ),
            (
                "id,width,kind\n7,8,a\n",
                "test.csv: found the name \"width\" of column 2, expected \"len\"",
            ),
            (
                "id,len,more,kind\n7,8,9,a\n",
                "test.csv: found 4 columns, expected 3, as in",
            ),
        ] {
            let error = load(test).unwrap_err().to_string();
            assert!(
                error.contains(says) && error.contains("train.csv"),
                "{error}"
            );
        }
        let array = |name, rows: ndarray::Array2<u16>| {
            ndarray_npy::write_npy(path(name), &rows).unwrap();
        };
        array("i.npy", array![[5, 6], [7, 8]]);
        array("l.npy", array![[0], [1]]);
        array("j.npy", array![[9, 10]]);
        array("m.npy", array![[1]]);
        let text = r#"npy(inputs: "i.npy", labels: "l.npy", test_inputs: Some("j.npy"), test_labels: Some("m.npy"))"#;
        let load = || source(text).load(dir.path(), None);
        assert_eq!(load().unwrap().test.unwrap().labels, [1]);
        array("m.npy", array![[2]]);
        let error = load().unwrap_err().to_string();
        assert!(
            error.contains("m.npy, sample 0: found the label 2") && error.contains("l.npy"),
            "{error}"
        );
        array("j.npy", array![[9, 10, 11]]);
        let error = load().unwrap_err().to_string();
        assert!(
            error.contains("j.npy: found 3 features, expected 2, as in"),
            "{error}"
        );
    }

    #[test]
    fn a_scenario_reads_back_as_written_and_an_unknown_field_is_an_error() {
        for text in [
            ALL,
            r#"csv(path: "a.csv", label_column: index(3), header: true)"#,
            r#"csv(path: "a.csv", test: Some("b.csv"), label_column: name("y"), header: true,
                delimiter: Some(";"), drop: ["id", 4], classes: from(1))"#,
            r#"npy(inputs: "i", labels: "l", classes: named)"#,
            r#"cifar10(directory: Some("d"), test: [])"#,
        ] {
            let source = source(text);
            assert_eq!(
                ron::from_str::<Source>(&ron::to_string(&source).unwrap()),
                Ok(source)
            );
        }
        assert!(ron::from_str::<Source>(r#"csv(path: "a.csv", colour: "red")"#).is_err());
    }
}
