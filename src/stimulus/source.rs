//! Where a data set comes from, as a scenario says it.

use super::dataset::{Dataset, classes_of};
use super::error::{DataError, Place};
use super::table::{self, LabelColumn};
use super::{cifar, idx, npy};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Files that hold a data set.
///
/// Relative paths are relative to the scenario's directory. Any file may be gzip-compressed.
///
/// ```
/// use apical::stimulus::{LabelColumn, Source};
///
/// let source: Source = ron::from_str(r#"csv(path: "data/digits.csv.gz", label_column: last)"#)?;
/// let data = source.load("scenarios".as_ref(), None)?;
/// assert_eq!(data.train.inputs.dim(), (1797, 64));
/// assert!(data.test.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A comma-separated table, one sample a row.
    Csv {
        /// The file.
        path: PathBuf,
        /// Which column holds the label.
        #[serde(default)]
        label_column: LabelColumn,
        /// Whether the first row holds names.
        #[serde(default)]
        header: bool,
    },
    /// IDX files of `u8`, as of MNIST and Fashion-MNIST; each may also be there as `NAME.gz`.
    Idx {
        /// Directory of the files; if omitted, the one given with `--data` or `APICAL_DATA`.
        #[serde(default)]
        directory: Option<PathBuf>,
        /// Folder of the directory that is looked into first, so that data sets whose files have
        /// the same names can be in one directory.
        #[serde(default)]
        folder: Option<PathBuf>,
        /// File of the training images, `[images, rows, columns]`.
        images: PathBuf,
        /// File of the training labels, `[images]`.
        labels: PathBuf,
        /// File of the test images; with `test_labels` or not at all.
        #[serde(default)]
        test_images: Option<PathBuf>,
        /// File of the test labels.
        #[serde(default)]
        test_labels: Option<PathBuf>,
    },
    /// CIFAR-10, the binary version; each file may also be there as `NAME.gz`.
    Cifar10 {
        /// Directory of the files; if omitted, the one given with `--data` or `APICAL_DATA`.
        #[serde(default)]
        directory: Option<PathBuf>,
        /// Files of the training images.
        #[serde(default = "cifar_train")]
        train: Vec<PathBuf>,
        /// Files of the test images; none for no test part.
        #[serde(default = "cifar_test")]
        test: Vec<PathBuf>,
    },
    /// Arrays of NumPy.
    Npy {
        /// File of the inputs, `[samples, features]` of `f32`, `f64` or `u8`.
        inputs: PathBuf,
        /// File of the labels, `[samples]` of `u8`, `i32` or `i64`.
        labels: PathBuf,
    },
}

/// A data set as its source gives it: with a test part of its own, or without.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Samples for training, and for validation and test if there is no other part.
    pub train: Dataset,
    /// Samples that the source itself sets apart for test.
    pub test: Option<Dataset>,
}

impl Source {
    /// Reads and checks the files.
    ///
    /// `base_dir` is the directory of the scenario; `data_dir` that of data sets which are not
    /// shipped, see [`data_dir`](super::file::data_dir).
    ///
    /// # Errors
    /// [`DataError`] if a file is missing, unreadable or not what its format says.
    pub fn load(&self, base_dir: &Path, data_dir: Option<&Path>) -> Result<Loaded, DataError> {
        match self {
            Self::Csv {
                path,
                label_column,
                header,
            } => Ok(Loaded {
                train: table::read(&base_dir.join(path), *label_column, *header)?,
                test: None,
            }),
            Self::Npy { inputs, labels } => {
                let (inputs, labels) = (base_dir.join(inputs), base_dir.join(labels));
                let classes = npy::labels(&labels)?;
                Ok(Loaded {
                    train: pair(&inputs, npy::inputs(&inputs)?, &labels, classes)?,
                    test: None,
                })
            }
            Self::Idx {
                directory,
                folder,
                images,
                labels,
                test_images,
                test_labels,
            } => {
                let directory = directory.as_ref().map(|path| base_dir.join(path));
                let directory = directory.as_deref().or(data_dir);
                let pair = |images, labels| idx_pair(directory, folder.as_deref(), images, labels);
                let train = pair(images, labels)?;
                let test = match (test_images, test_labels) {
                    (None, None) => None,
                    (Some(images), Some(labels)) => Some(pair(images, labels)?),
                    (images, _) => {
                        let only = ["test_labels", "test_images"][usize::from(images.is_some())];
                        let found = format!("only {only}");
                        let expected = "both test_images and test_labels, or neither";
                        return Err(DataError::setting("idx", found, expected));
                    }
                };
                match test {
                    None => Ok(Loaded { train, test }),
                    Some(test) => alike(train, test, test_images.as_deref()),
                }
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
                let directory = directory.as_ref().map(|path| base_dir.join(path));
                let directory = directory.as_deref().or(data_dir);
                // The small part first: what is missing is told before the large one is read.
                let test = (!test.is_empty())
                    .then(|| cifar::read(directory, test))
                    .transpose()?;
                let train = cifar::read(directory, train)?;
                Ok(Loaded { train, test })
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

fn idx_pair(
    directory: Option<&Path>,
    folder: Option<&Path>,
    images: &Path,
    labels: &Path,
) -> Result<Dataset, DataError> {
    // Both are looked for before either is read: reading takes long, and may be in vain.
    let images = idx::find(directory, folder, images)?;
    let labels = idx::find(directory, folder, labels)?;
    let classes = idx::labels(&labels)?;
    pair(&images, idx::images(&images)?, &labels, classes)
}

/// Joins what two files hold; the error for different lengths names both.
fn pair(
    inputs_file: &Path,
    inputs: ndarray::Array2<f32>,
    labels_file: &Path,
    labels: Vec<usize>,
) -> Result<Dataset, DataError> {
    if inputs.nrows() != labels.len() {
        return Err(DataError::content(
            labels_file,
            Place::Whole,
            format!("{} labels", labels.len()),
            format!(
                "{}, one a sample of {}",
                inputs.nrows(),
                inputs_file.display()
            ),
        ));
    }
    let classes = classes_of(&labels);
    Dataset::new(inputs_file, inputs, labels, classes)
}

/// Both parts with the same number of features, and of classes even if one part lacks the last.
fn alike(mut train: Dataset, mut test: Dataset, file: Option<&Path>) -> Result<Loaded, DataError> {
    if train.features() != test.features() {
        return Err(DataError::content(
            file.unwrap_or(Path::new("test_images")),
            Place::Whole,
            format!("{} features", test.features()),
            format!("{}, as in the training images", train.features()),
        ));
    }
    train.classes = train.classes.max(test.classes);
    test.classes = train.classes;
    Ok(Loaded {
        train,
        test: Some(test),
    })
}

#[cfg(test)]
mod tests {
    use super::Source;
    use crate::stimulus::file::tests::gzip;
    use ndarray::{Array1, array};
    use std::fs;

    const ALL: &str = r#"idx(images: "train-i", labels: "train-l",
        test_images: Some("test-i"), test_labels: Some("test-l"))"#;

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
        write("test-l.gz", &gzip(&[&label[..], &[4]].concat()));
        dir
    }

    #[test]
    fn idx_with_a_test_part_plain_or_packed() {
        let dir = idx_files();
        let data = source(ALL).load("elsewhere".as_ref(), Some(dir.path()));
        let data = data.unwrap();
        let test = data.test.unwrap();
        assert_eq!(data.train.inputs, array![[10.0, 20.0]]);
        assert_eq!(test.inputs, array![[30.0, 40.0]]);
        assert_eq!((data.train.labels, test.labels), (vec![1], vec![4]));
        assert_eq!((data.train.classes, test.classes), (5, 5));
    }

    #[test]
    fn a_directory_in_the_scenario_is_relative_to_it() {
        let dir = idx_files();
        let name = dir.path().file_name().unwrap().to_str().unwrap();
        let text =
            format!("idx(directory: Some({name:?}), images: \"train-i\", labels: \"train-l\")");
        let data = source(&text).load(dir.path().parent().unwrap(), Some("elsewhere".as_ref()));
        assert!(data.unwrap().test.is_none());
    }

    #[test]
    fn the_folder_of_a_data_set_is_looked_into_first() {
        let (dir, text) = (
            idx_files(),
            ALL.replace("idx(", "idx(folder: Some(\"other\"), "),
        );
        let load = || source(&text).load("".as_ref(), Some(dir.path()));
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
        assert!(text.contains("found 1 features, expected 2"), "{text}");

        let npy = r#"npy(inputs: "i.npy", labels: "l.npy")"#;
        let write = |labels: Vec<i64>| {
            ndarray_npy::write_npy(dir.path().join("i.npy"), &array![[0.5f32], [1.5]]).unwrap();
            ndarray_npy::write_npy(dir.path().join("l.npy"), &Array1::from(labels)).unwrap();
        };
        write(vec![0, 1]);
        assert_eq!(load(npy).unwrap().train.labels, [0, 1]);
        write(vec![0, 1, 1]);
        let text = load(npy).unwrap_err().to_string();
        assert!(text.contains("found 3 labels, expected 2"), "{text}");
    }

    #[test]
    fn a_scenario_reads_back_as_written_and_an_unknown_field_is_an_error() {
        for text in [
            ALL,
            r#"csv(path: "a.csv", label_column: index(3), header: true)"#,
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
