//! A run that is over, read back from its directory; figures and the inspector look at nothing
//! else.

use std::fs;
use std::iter::repeat;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Array3};
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use super::{Claim, Summary, Window};
use crate::files;
use crate::model::{MOST_NEURONS, Model, Population, is_file_name};
use crate::record::csv::{Column, numbers, read as read_csv};
use crate::record::{RecordError, npy};
use crate::scenario::Scenario;
use crate::terminal::shortened;

/// A run that is over.
#[derive(Clone, Debug)]
pub struct Results {
    /// Its directory.
    pub directory: PathBuf,
    /// What happened.
    pub scenario: Scenario,
    /// The circuit.
    pub model: Model,
    /// What came of it.
    pub summary: Summary,
}

/// Why a run could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The directory is not one of a run.
    #[error(
        "{path}: {reason}; expected the directory of a run, as `apical run` makes it, such as \
         runs/digits",
        path = path.display()
    )]
    NoRun {
        /// The file that should be there.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The directory holds those of several runs: variants of a scenario, cells of a comparison.
    #[error(
        "{directory}: this holds several runs; expected one of {variants}",
        directory = directory.display()
    )]
    Variants {
        /// The directory.
        directory: PathBuf,
        /// Those within.
        variants: String,
    },
    /// A recording could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Results {
    /// Opens the directory of a run.
    ///
    /// # Errors
    /// [`ResultsError::NoRun`] with the file that is missing or damaged, or
    /// [`ResultsError::Variants`].
    pub fn open(directory: &Path) -> Result<Self, ResultsError> {
        let path = directory.join("summary.json");
        let variants = variants(directory);
        if !path.is_file() && !variants.is_empty() {
            return Err(ResultsError::Variants {
                directory: directory.to_owned(),
                variants: variants.join(", "),
            });
        }
        if !path.is_file() && Claim::is_held(directory) {
            return Err(no_run(&path, &"there is none yet: a run is under way here"));
        }
        let summary = serde_json::from_str(&text(&path)?).map_err(|error| no_run(&path, &error))?;
        let model_path = directory.join("model.ron");
        let model = parse(&model_path)?;
        if let Some(reason) = unfit(&model) {
            return Err(no_run(&model_path, &reason));
        }
        Ok(Self {
            scenario: parse(&directory.join("scenario.ron"))?,
            model,
            summary,
            directory: directory.to_owned(),
        })
    }

    /// The path of a file of the run, if it is there.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        let path = self.directory.join(name);
        path.is_file().then_some(path)
    }

    /// The weights of a projection at the end, post x pre. Transported weights have no file of
    /// their own: they are those of the projection that is mirrored, transposed.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn weights(&self, projection: &str) -> Result<Option<Array2<f32>>, RecordError> {
        let stored = |name: &str| {
            (self.file(&format!("weights/{name}.npy")))
                .map(|path| npy::read(&path))
                .transpose()
        };
        if let Some(weights) = stored(projection)? {
            return Ok(Some(weights));
        }
        let named = (self.model.projections.iter()).find(|p| p.name() == projection);
        let Some(source) = named.and_then(|p| self.model.mirrored(p)) else {
            return Ok(None);
        };
        Ok(stored(&source.name())?.map(Array2::reversed_axes))
    }

    /// The noise of a population at the end, trial x neuron; none if its neurons have none.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn noise(&self, population: &str) -> Result<Option<Array2<f32>>, RecordError> {
        (self.file(&format!("state/noise/{population}.npy")))
            .map(|path| npy::read(&path))
            .transpose()
    }

    /// Every variable of a population at the end, variable x trial x neuron.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn state(&self, population: &str) -> Result<Option<Array3<f32>>, RecordError> {
        (self.file(&format!("state/{population}.npy")))
            .map(|path| npy::read(&path))
            .transpose()
    }

    /// What a projection added to its compartment's current at the end, trial x neuron.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn term(&self, projection: &str) -> Result<Option<Array2<f32>>, RecordError> {
        (self.file(&format!("state/terms/{projection}.npy")))
            .map(|path| npy::read(&path))
            .transpose()
    }

    /// What had arrived through a projection at the end, trial x sender; none of a bias, and in
    /// runs of earlier versions.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn arrived(&self, projection: &str) -> Result<Option<Array2<f32>>, RecordError> {
        (self.file(&format!("state/arrived/{projection}.npy")))
            .map(|path| npy::read(&path))
            .transpose()
    }

    /// A table of the run, such as `metrics.csv`; empty if there is none.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn table(&self, name: &str) -> Result<Vec<(String, Column)>, RecordError> {
        (self.file(name)).map_or(Ok(Vec::new()), |path| read_csv(&path))
    }

    /// When stimuli, teachers and currents were on.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn windows(&self) -> Result<Vec<Window>, RecordError> {
        let table = self.table("timeline.csv")?;
        let texts = |name: &str| match table.iter().find(|(known, _)| known == name) {
            Some((_, Column::Texts(texts))) => texts.clone(),
            Some((_, Column::Numbers(numbers))) => numbers.iter().map(f64::to_string).collect(),
            None => Vec::new(),
        };
        let times = |name: &str| numbers(&table, name).unwrap_or_default().iter().copied();
        let times = times("from_ms").zip(times("until_ms"));
        // Runs of earlier versions tell of the first trial alone, and do not say so.
        let trials = texts("trial").into_iter().map(Some).chain(repeat(None));
        Ok((texts("kind").into_iter().zip(texts("label")))
            .zip(times)
            .zip(trials)
            .map(|(((kind, label), (from_ms, until_ms)), trial)| Window {
                kind,
                label,
                from_ms,
                until_ms,
                trial: trial.and_then(|trial| trial.parse().ok()),
            })
            .collect())
    }

    /// A population of pyramidal neurons of the circuit.
    #[must_use]
    pub fn population(&self, name: &str) -> Option<&Population> {
        self.model.populations.iter().find(|p| p.name == name)
    }
}

/// The directories of runs within, those of variants or of the cells of a comparison, in the order
/// of their names.
fn variants(directory: &Path) -> Vec<String> {
    let within = |directory: &Path| {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let children = within(directory);
    let grandchildren = children.iter().flat_map(|child| within(child));
    let mut names: Vec<String> = (children.iter().cloned().chain(grandchildren))
        .filter(|path| path.join("summary.json").is_file())
        .map(|path| path.display().to_string())
        .collect();
    names.sort();
    names
}

/// What keeps the model of a run from being looked at: its names become names of files, and its
/// sizes lengths of lists.
fn unfit(model: &Model) -> Option<String> {
    let inputs = model.inputs.iter().map(|input| (&input.name, input.size));
    let populations = (model.populations.iter()).map(|p| (&p.name, p.size));
    let sized: Vec<(&String, usize)> = inputs.chain(populations).collect();
    if let Some((name, size)) = sized.iter().find(|(_, size)| *size > MOST_NEURONS) {
        let name = shortened(name, 60);
        return Some(format!(
            "`{name}` has {size} neurons, expected {MOST_NEURONS} at most"
        ));
    }
    let names = sized.iter().map(|(name, _)| (*name).clone());
    let mut names = names.chain(model.projections.iter().map(|p| p.name()));
    let wrong = names.find(|name| !is_file_name(name))?;
    Some(format!("{:?} is no name", shortened(&wrong, 60)))
}

fn no_run(path: &Path, reason: &impl ToString) -> ResultsError {
    ResultsError::NoRun {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn text(path: &Path) -> Result<String, ResultsError> {
    files::text(path).map_err(|error| no_run(path, &error))
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T, ResultsError> {
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    (options.from_str(&text(path)?)).map_err(|error| no_run(path, &error))
}
