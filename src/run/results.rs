//! Results of a completed run, read back from its directory; the only source of figures and of the
//! inspector.

use std::fs;
use std::iter::repeat;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array, Array2, Array3, Dimension, Ix2};
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use super::{Claim, Summary};
use crate::connectivity::{Connectivity, Sparse};
use crate::description::model::{
    Bias, MOST_NEURONS, Model, Population, Projection, fixed_connectivity, is_file_name,
};
use crate::description::scenario::{Probe, Scenario, Tail};
use crate::files;
use crate::neuron::Variable;
use crate::protocol::Window;
use crate::record::csv::{Column, numbers, read as read_csv};
use crate::record::{RecordError, npy, recorded_rows};
use crate::terminal::shortened;

/// Results of a completed run.
#[derive(Clone, Debug)]
pub struct Results {
    /// Directory of the run.
    pub directory: PathBuf,
    /// The scenario.
    pub scenario: Scenario,
    /// The model.
    pub model: Model,
    /// The summary.
    pub summary: Summary,
}

/// Reason why a run could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The directory is not that of a run.
    #[error(
        "{path}: {reason}; expected the directory of a run, as `apical run` makes it, such as \
         runs/digits",
        path = path.display()
    )]
    NoRun {
        /// Path of the missing or damaged file.
        path: PathBuf,
        /// Description of the problem.
        reason: String,
    },
    /// The directory contains several runs: variants of a scenario, runs of a comparison.
    #[error(
        "{directory}: this holds several runs; expected one of {variants}",
        directory = directory.display()
    )]
    Variants {
        /// Path of the directory.
        directory: PathBuf,
        /// Names of the runs in it.
        variants: String,
    },
    /// A recording could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Names of the classes, and counts of the test part, true class x answer.
pub type Confusion = (Vec<String>, Array2<u64>);

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

    /// Path of a file of the run, if it exists.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        let path = self.directory.join(name);
        path.symlink_metadata().is_ok().then_some(path)
    }

    /// An array of the run with this shape.
    fn array<D: Dimension>(
        &self,
        name: &str,
        shape: &[usize],
    ) -> Result<Option<Array<f32, D>>, RecordError> {
        let path = self.directory.join(name);
        let array = npy::read::<D>(&path)?;
        if array.shape() == shape {
            return Ok(Some(array));
        }
        let found = format!("the shape {:?}", array.shape());
        Err(RecordError::content(&path, found, format!("{shape:?}")))
    }

    /// Number of neurons of an input or a population.
    fn size(&self, name: &str) -> Option<usize> {
        let input = self.model.inputs.iter().find(|input| input.name == name);
        let size = input.map(|input| input.size);
        size.or_else(|| Some(self.population(name)?.size))
    }

    /// Numbers of receivers and senders of a projection or a bias.
    fn shape(&self, projection: &str) -> Option<[usize; 2]> {
        let named = self.model.projections.iter();
        if let Some(p) = named.into_iter().find(|p| p.name() == projection) {
            return Some([self.size(&p.to)?, self.size(&p.from)?]);
        }
        let with_bias = self.model.populations.iter().filter(|p| p.bias.is_some());
        let population = with_bias
            .into_iter()
            .find(|p| Bias::name(&p.name) == projection);
        population.map(|population| [population.size, 1])
    }

    /// The projection that has the weights of this one, if they are transported.
    fn source(&self, projection: &str) -> Option<&Projection> {
        let named = (self.model.projections.iter()).find(|p| p.name() == projection)?;
        let file = self.file(&format!("weights/{projection}.npy"));
        let synapse = self.model.synapses.get(named.synapse.as_ref()?)?;
        let source = synapse.rule.as_ref().filter(|_| file.is_none());
        source.and_then(|_| self.model.reciprocal(named))
    }

    /// Connected pairs of a projection, and the place of the weight of each; `None` if the circuit
    /// has no such projection.
    ///
    /// # Errors
    /// [`RecordError`] if the list of pairs of a sparse projection cannot be read.
    pub fn connectivity(&self, projection: &str) -> Result<Option<Connectivity>, RecordError> {
        if let Some(source) = self.source(projection) {
            let connectivity = self.connectivity(&source.name())?;
            return Ok(
                connectivity.map(|connectivity| match connectivity.reversed() {
                    // Weights are read as a matrix of post x pre.
                    Connectivity::AllToAll { shape, .. } => Connectivity::all_to_all(shape),
                    other => other,
                }),
            );
        }
        let Some([post, pre]) = self.shape(projection) else {
            return Ok(None);
        };
        let path = self
            .directory
            .join(format!("weights/{projection}.pairs.npy"));
        if path.is_file() {
            let weights = self.directory.join(format!("weights/{projection}.npy"));
            let count = npy::read::<Ix2>(&weights)?.nrows();
            let pairs = npy::read_pairs(&path, count)?;
            return Sparse::listed((post, pre), pairs.view())
                .map(|sparse| Some(Connectivity::Structured(Arc::new(sparse))))
                .map_err(|found| {
                    let expected = format!("different neurons of {post} and {pre}");
                    RecordError::content(&path, found, expected)
                });
        }
        Ok(fixed_connectivity(&self.model, projection))
    }

    /// Weights of a projection at the end: post x pre with all-to-all connectivity, otherwise the
    /// array of weights of its [`Connectivity`]. `None` if the circuit has no such projection, and
    /// for a pool. Transported weights have no file: they are those of the projection to which they
    /// are tied.
    ///
    /// # Errors
    /// [`RecordError`], also for a missing file.
    pub fn weights(&self, projection: &str) -> Result<Option<Array2<f32>>, RecordError> {
        let Some(connectivity) = self.connectivity(projection)? else {
            return Ok(None);
        };
        if !connectivity.has_weights() {
            return Ok(None);
        }
        let source = self.source(projection).map(Projection::name);
        let name = format!("weights/{}.npy", source.as_deref().unwrap_or(projection));
        let (rows, columns) = connectivity.parameters();
        let is_transposed = source.is_some() && connectivity.is_all_to_all();
        let shape = match is_transposed {
            true => [columns, rows],
            false => [rows, columns],
        };
        let weights: Option<Array2<f32>> = self.array(&name, &shape)?;
        Ok(match is_transposed {
            true => weights.map(Array2::reversed_axes),
            false => weights,
        })
    }

    /// Noise of a population at the end, trial x neuron, in a.u.; `None` if its neurons have none.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn noise(&self, population: &str) -> Result<Option<Array2<f32>>, RecordError> {
        let noisy = |p: &&Population| {
            let neuron = self.model.neurons.get(&p.neuron);
            neuron.is_some_and(|neuron| neuron.noise.is_some())
        };
        let Some(noisy) = self.population(population).filter(noisy) else {
            return Ok(None);
        };
        let shape = [self.summary.trials, noisy.size];
        self.array(&format!("state/noise/{population}.npy"), &shape)
    }

    /// Currents of the own equation of a population's neuron model at the end, compartment (basal,
    /// apical, soma) x trial x neuron, in a.u.; `None` without such a model.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn own(&self, population: &str) -> Result<Option<Array3<f32>>, RecordError> {
        let has_model = |p: &&Population| {
            let neuron = self.model.neurons.get(&p.neuron);
            neuron.is_some_and(|neuron| neuron.model.is_some())
        };
        let Some(found) = self.population(population).filter(has_model) else {
            return Ok(None);
        };
        let shape = [3, self.summary.trials, found.size];
        self.array(&format!("state/own/{population}.npy"), &shape)
    }

    /// All variables of a population at the end, variable x trial x neuron; an input has only its
    /// rate. `None` if the circuit has no such population.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn state(&self, population: &str) -> Result<Option<Array3<f32>>, RecordError> {
        let Some(size) = self.size(population) else {
            return Ok(None);
        };
        let variables = match self.population(population) {
            Some(_) => Variable::ALL.len(),
            None => 1,
        };
        let shape = [variables, self.summary.trials, size];
        self.array(&format!("state/{population}.npy"), &shape)
    }

    /// Term of a projection in its compartment's current at the end, trial x neuron, in a.u.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn term(&self, projection: &str) -> Result<Option<Array2<f32>>, RecordError> {
        let Some([post, _]) = self.shape(projection) else {
            return Ok(None);
        };
        let shape = [self.summary.trials, post];
        self.array(&format!("state/terms/{projection}.npy"), &shape)
    }

    /// Checks that all recordings together have as many rows as the run recorded.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn lost(&self) -> Result<(), RecordError> {
        let probes = self.scenario.probes.iter();
        let files = probes.map(|probe| match probe {
            Probe::Traces { .. } => "traces.parquet",
            Probe::Weights { .. } => "weights.parquet",
            Probe::Statistics { .. } => "projections.parquet",
        });
        let tail = (self.scenario.tail != Tail::None).then_some("tail.parquet");
        let mut files = files.chain(tail);
        let Some(lost) = files.find(|name| self.file(name).is_none()) else {
            return Ok(());
        };
        let (found, all) = (
            recorded_rows(&self.directory)?,
            self.summary.samples_recorded,
        );
        if found >= all {
            return Ok(());
        }
        Err(RecordError::content(
            &self.directory.join(lost),
            format!("no such file, and {found} rows in all recordings"),
            format!("{all} rows, the number in summary.json"),
        ))
    }

    /// Values that had arrived through a projection at the end, trial x sender; `None` for a bias,
    /// and in runs of earlier versions.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn arrived(&self, projection: &str) -> Result<Option<Array2<f32>>, RecordError> {
        let name = format!("state/arrived/{projection}.npy");
        let named = self.model.projections.iter();
        let from = named.into_iter().find(|p| p.name() == projection);
        let size = from.and_then(|p| self.size(&p.from));
        match size.filter(|_| self.file(&name).is_some()) {
            Some(size) => self.array(&name, &[self.summary.trials, size]),
            None => Ok(None),
        }
    }

    /// A table of the run, such as `metrics.csv`; empty if it does not exist.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn table(&self, name: &str) -> Result<Vec<(String, Column)>, RecordError> {
        (self.file(name)).map_or(Ok(Vec::new()), |path| read_csv(&path))
    }

    /// A table of the run with these columns of numbers. Empty if the file does not exist and
    /// `there` is false, for kinds of runs without this table.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn numbers(
        &self,
        name: &str,
        columns: &[&str],
        there: bool,
    ) -> Result<Vec<(String, Column)>, RecordError> {
        if !there && self.file(name).is_none() {
            return Ok(Vec::new());
        }
        let path = self.directory.join(name);
        let table = read_csv(&path)?;
        let wrong = columns.iter().find(|c| numbers(&table, c).is_none());
        match wrong {
            None => Ok(table),
            Some(column) => Err(RecordError::content(
                &path,
                format!("no column `{column}` of numbers"),
                format!("columns of numbers {}", columns.join(", ")),
            )),
        }
    }

    /// Counts of answers to the test part, `[true class, answer]`, with the names of the classes;
    /// `None` if there was no test.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn confusion(&self) -> Result<Option<Confusion>, RecordError> {
        const FILE: &str = "confusion.csv";
        let table = self.numbers(FILE, &[], self.summary.test_accuracy.is_some())?;
        let Some((_, answers)) = table.split_first() else {
            return Ok(None);
        };
        let classes = answers.len();
        let counts: Option<Vec<Vec<u64>>> = (answers.iter())
            .map(|(_, column)| match column {
                Column::Numbers(column) if column.len() == classes => {
                    let count = |n: &f64| (*n >= 0.0 && n.fract() == 0.0).then_some(*n as u64);
                    column.iter().map(count).collect()
                }
                _ => None,
            })
            .collect();
        let all = self.summary.test_samples;
        let fits = |counts: &Vec<Vec<u64>>| {
            let sum = counts
                .iter()
                .flatten()
                .fold(0u64, |sum, n| sum.saturating_add(*n));
            !counts.is_empty() && all.is_none_or(|all| all as u64 == sum)
        };
        let Some(counts) = counts.filter(fits) else {
            let rows = match table.first() {
                Some((_, Column::Numbers(column))) => column.len(),
                Some((_, Column::Texts(column))) => column.len(),
                None => 0,
            };
            return Err(RecordError::content(
                &self.directory.join(FILE),
                format!("{rows} rows of {} columns", table.len()),
                "a row for each class: its name, and how often it was taken for each class, as many \
                 answers in all as there were samples",
            ));
        };
        let names = answers.iter().map(|(name, _)| name.clone()).collect();
        let of = |(class, answer): (usize, usize)| counts[answer][class];
        Ok(Some((names, Array2::from_shape_fn((classes, classes), of))))
    }

    /// Times of stimuli, teachers and currents.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn windows(&self) -> Result<Vec<Window>, RecordError> {
        let table = self.numbers("timeline.csv", &["from_ms", "until_ms"], true)?;
        let known = |name: &str| table.iter().any(|(column, _)| column == name);
        if let Some(column) = ["kind", "label"].into_iter().find(|name| !known(name)) {
            return Err(RecordError::content(
                &self.directory.join("timeline.csv"),
                format!("no column `{column}`"),
                "kind,label,from_ms,until_ms,trial",
            ));
        }
        let texts = |name: &str| match table.iter().find(|(known, _)| known == name) {
            Some((_, Column::Texts(texts))) => texts.clone(),
            Some((_, Column::Numbers(numbers))) => numbers.iter().map(f64::to_string).collect(),
            None => Vec::new(),
        };
        let times = |name: &str| numbers(&table, name).unwrap_or_default().iter().copied();
        let times = times("from_ms").zip(times("until_ms"));
        // Runs of earlier versions list only the first trial and have no column for it.
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

/// Directories of runs in `directory`, those of variants or of the runs of a comparison, in the
/// order of their names.
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

/// Reason why the model of a run cannot be used: its names become names of files, and its sizes
/// lengths of lists.
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
