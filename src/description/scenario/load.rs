//! Loading and checking of a scenario with its model and overrides; all problems are reported.

use std::path::{Path, PathBuf};

use super::check::{MOST_VARIANTS, check, check_times, clipped};
use super::{Scenario, TimelineEntry};
use crate::circuit::Circuit;
use crate::description::document::{
    Assignment, Document, Issue, Place, Problem, Problems, Severity,
};
use crate::description::model::{self, Files, Model};
use crate::description::{Registry, Setup, lower_checked};
use crate::engine::check_systems;
use crate::files::tidy;
use crate::neuron::Site;

/// Number of problems after which no further variant is checked.
const MOST_PROBLEMS: usize = 200;

/// A scenario and its model, both checked.
#[derive(Clone, Debug)]
pub struct LoadedScenario {
    /// The scenario.
    pub scenario: Scenario,
    /// Its model.
    pub model: Model,
    /// Text of the scenario, including the overrides.
    pub scenario_document: Document,
    /// Text of the model, including the overrides.
    pub model_document: Document,
    /// Base directory of the scenario's relative paths, such as those of data.
    pub directory: PathBuf,
    /// Base directory of the model's relative paths, those of weights.
    pub model_directory: PathBuf,
    /// The circuit of the model with the step, trials, seed and engine of the scenario.
    pub circuit: Circuit,
    /// Variants of the scenario by name, each with its changes and without variants.
    pub variants: Vec<(String, LoadedScenario)>,
    /// Warnings: settings that are probably unintended.
    pub warnings: Problems,
}

impl LoadedScenario {
    /// The same scenario and circuit with another seed. Variants, texts and warnings are those of
    /// the original seed.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Self {
        let mut loaded = self.clone();
        loaded.scenario.seed = seed;
        loaded.circuit.seed = seed;
        loaded
    }
}

/// A checked model.
#[derive(Clone, Debug)]
pub struct LoadedModel {
    /// The model.
    pub model: Model,
    /// Its text, including the overrides.
    pub document: Document,
    /// Base directory of its relative paths.
    pub directory: PathBuf,
    /// Warnings: settings that are probably unintended.
    pub warnings: Problems,
    /// Number of connected pairs of all projections and biases; an expected value for pairs drawn
    /// with a probability.
    pub synapses: f64,
}

/// Loads a scenario and the model that it names, with `overrides` such as `task.epochs=3`.
///
/// Paths that begin with `model.` refer to the model: `model.neurons.pyramidal.tau_b_ms=5`.
///
/// # Errors
/// All problems of both files, of the overrides and of the variants.
pub fn load(
    path: &Path,
    overrides: &[String],
    registry: &Registry,
) -> Result<LoadedScenario, Problems> {
    load_with(path, None, overrides, registry)
}

/// As [`load`], with the model in the file `model`, if given, instead of the one that the scenario
/// names.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    path: &Path,
    model: Option<&Path>,
    overrides: &[String],
    registry: &Registry,
) -> Result<LoadedScenario, Problems> {
    let document = Document::read(path)?;
    let has_all = |fields: [&str; 2]| fields.iter().all(|field| document.has(field));
    if has_all(["neurons", "populations"]) && !document.has("dt_ms") {
        let message = "this is a model; expected a scenario, which names a model";
        return Err(Problem::of_file(document.name(), message).into());
    }
    if document.has("rules") && !document.has("dt_ms") {
        let message = "this is a comparison of rules, for `apical compare`; expected a scenario";
        return Err(Problem::of_file(document.name(), message).into());
    }
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let attempt = |document: &Document, overrides: &[String]| {
        Attempt::new((document, &directory), model, overrides, registry)
    };
    let whole = attempt(&document, overrides);
    let mut problems = whole.problems.clone();
    let mut variants = Vec::new();
    // A variant is read without the others, so that the time is linear in their number.
    let alone = document.emptied("variants");
    let given = whole.scenario.iter().flat_map(|s| &s.variants);
    for (name, changes) in given.take(MOST_VARIANTS) {
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
        let variant = attempt(&alone, &[overrides, changes].concat());
        let path = format!("variants.{name}");
        let known = |p: &&Problem| {
            whole
                .problems
                .iter()
                .any(|k| k.message == p.message && k.path == p.path)
        };
        let own = variant.problems.iter().filter(|problem| !known(problem));
        problems.extend(own.map(|p| of_variant(p, &path, changes, &whole.scenario_document)));
        let loaded = variant.loaded(&directory).map(|mut loaded| {
            loaded.scenario.variants.clear();
            (name.clone(), loaded)
        });
        variants.extend(loaded);
    }
    let mut problems = Problems(problems);
    let model_name = whole.model.as_ref().map_or("", |m| m.document.name());
    problems.sort(&[document.name(), model_name]);
    if problems.errors() > 0 {
        return Err(problems);
    }
    let Some(loaded) = whole.loaded(&directory) else {
        return Err(problems);
    };
    Ok(LoadedScenario {
        variants,
        warnings: problems,
        ..loaded
    })
}

/// Loads a model alone. In `overrides`, `model.` before a path may be omitted.
///
/// # Errors
/// All problems of the file and of the overrides.
pub fn load_model(
    path: &Path,
    overrides: &[String],
    registry: &Registry,
) -> Result<LoadedModel, Problems> {
    let mut problems = Vec::new();
    let assignments: Vec<Assignment> = (assignments(overrides, &mut problems).into_iter())
        .map(|assignment| assignment.within("model").unwrap_or(assignment))
        .collect();
    let mut file = ModelFile::new(Document::read(path)?, path, &assignments, &mut problems);
    problems.extend(file.check(registry, None));
    let mut problems = Problems(problems);
    problems.sort(&[file.document.name()]);
    match file.model {
        Some(model) if problems.errors() == 0 => Ok(LoadedModel {
            model,
            synapses: file.files.synapses(),
            document: file.document,
            directory: file.directory,
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

/// A scenario and its model as far as they could be read, with their problems.
struct Attempt {
    scenario_document: Document,
    scenario: Option<Scenario>,
    model: Option<ModelFile>,
    /// `None` if there are errors.
    circuit: Option<Circuit>,
    problems: Vec<Problem>,
}

impl Attempt {
    fn new(
        (document, directory): (&Document, &Path),
        model: Option<&Path>,
        overrides: &[String],
        registry: &Registry,
    ) -> Self {
        let mut document = document.clone();
        let mut problems = Vec::new();
        let mut of_model = Vec::new();
        for assignment in assignments(overrides, &mut problems) {
            match assignment.within("model") {
                Some(assignment) => of_model.push(assignment),
                None => problems.extend(document.set::<Scenario>(&assignment).err()),
            }
        }
        let scenario = note(document.parse::<Scenario>(), &mut problems);
        // The path of the model may be readable even if the scenario is not.
        let named = match &scenario {
            Some(scenario) => Some(scenario.model.clone()),
            None => document.string_at("model").map(PathBuf::from),
        };
        let path = (model.map(Path::to_owned)).or_else(|| Some(directory.join(named?)));
        let mut model = path.and_then(|path| {
            let path = tidy(&path);
            match Document::read(&path) {
                Ok(text) => Some(ModelFile::new(text, &path, &of_model, &mut problems)),
                Err(problem) => {
                    problems.push(document.problem(Issue {
                        severity: Severity::Error,
                        path: "model".into(),
                        message: format!("{}: {}", path.display(), problem.message),
                    }));
                    None
                }
            }
        });
        if let Some(model) = &mut model {
            let dt_ms = scenario.as_ref().map(|s| s.dt_ms);
            let dt_ms = dt_ms.filter(|dt_ms| dt_ms.is_finite() && *dt_ms > 0.0);
            problems.extend(model.check(registry, dt_ms));
        }
        if let Some(scenario) = &scenario {
            let issues = check(
                scenario,
                model.as_ref().and_then(|m| m.model.as_ref()),
                registry,
            );
            problems.extend(issues.into_iter().map(|issue| document.problem(issue)));
        }
        let wrong = problems
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        // Only a circuit without errors has settling times and initial weights.
        let circuit = match (&scenario, &model, wrong) {
            (Some(scenario), Some(model), false) => model.lower(registry, scenario),
            _ => None,
        };
        if let (Some(scenario), Some(model), Some(circuit)) = (&scenario, &model, &circuit) {
            let clipped = clipped(circuit).into_iter();
            problems.extend(clipped.map(|issue| model.document.problem(issue)));
            let times = check_times(scenario, circuit).into_iter();
            problems.extend(times.map(|issue| document.problem(issue)));
            problems.extend(check_systems(circuit).err().map(|message| {
                let message = format!("the systems of this program: {message}");
                Problem::of_file(document.name(), message)
            }));
        }
        Self {
            circuit,
            scenario_document: document,
            scenario,
            model,
            problems,
        }
    }

    fn loaded(self, directory: &Path) -> Option<LoadedScenario> {
        let model = self.model?;
        Some(LoadedScenario {
            scenario: self.scenario?,
            model: model.model?,
            circuit: self.circuit?,
            scenario_document: self.scenario_document,
            model_document: model.document,
            directory: directory.to_owned(),
            model_directory: model.directory,
            variants: Vec::new(),
            warnings: Problems::default(),
        })
    }
}

/// A model's file and the model, if it can be read.
struct ModelFile {
    document: Document,
    directory: PathBuf,
    model: Option<Model>,
    files: Files,
}

impl ModelFile {
    fn new(
        mut document: Document,
        path: &Path,
        assignments: &[Assignment],
        problems: &mut Vec<Problem>,
    ) -> Self {
        for assignment in assignments {
            problems.extend(document.set::<Model>(assignment).err());
        }
        Self {
            model: note(document.parse::<Model>(), problems),
            document,
            directory: path.parent().unwrap_or(Path::new("")).to_owned(),
            files: Files::default(),
        }
    }

    /// The circuit of the model, which has been checked with the step of `scenario`.
    fn lower(&self, registry: &Registry, scenario: &Scenario) -> Option<Circuit> {
        let task = scenario.task.as_ref();
        let setup = Setup {
            dt_ms: scenario.dt_ms,
            trials: scenario.trials,
            seed: scenario.seed,
            presentation_ms: task.map_or(scenario.dt_ms, |task| task.presentation_ms),
            directory: &self.directory,
            engine: scenario.engine,
        };
        let model = self.model.as_ref()?;
        let mut circuit = lower_checked(model, registry, setup, &self.files);
        for population in &mut circuit.populations {
            let mut entries = scenario.timeline.iter();
            population.stores_all = entries.any(|entry| match entry {
                TimelineEntry::Neuron {
                    population: changed,
                    parameter,
                    ..
                } => *changed == *population.name && parameter.can_unsettle(),
                TimelineEntry::Current {
                    neurons,
                    compartment: Site::Soma,
                    ..
                } => neurons.population == *population.name,
                _ => false,
            });
        }
        Some(circuit)
    }

    fn check(&mut self, registry: &Registry, dt_ms: Option<f64>) -> Vec<Problem> {
        let Some(model) = &self.model else {
            return Vec::new();
        };
        let (issues, files) = model::check_with(model, registry, dt_ms, &self.directory);
        self.files = files;
        (issues.into_iter())
            .map(|issue| self.document.problem(issue))
            .collect()
    }
}

fn assignments(overrides: &[String], problems: &mut Vec<Problem>) -> Vec<Assignment> {
    (overrides.iter())
        .filter_map(|text| note(Assignment::parse(text), problems))
        .collect()
}

fn note<T>(outcome: Result<T, impl Into<Problems>>, problems: &mut Vec<Problem>) -> Option<T> {
    outcome
        .map_err(|wrong| problems.extend(wrong.into().0))
        .ok()
}

/// Problem of a variant that the scenario itself does not have, located at the variant.
fn of_variant(problem: &Problem, path: &str, changes: &[String], document: &Document) -> Problem {
    let change = changes.iter().position(|change| match &problem.place {
        Place::Override { assignment, .. } => assignment == change,
        _ => false,
    });
    let path = match change {
        Some(index) => format!("{path}[{index}]"),
        None => path.to_owned(),
    };
    let message = match problem.path.as_str() {
        "" => problem.message.clone(),
        inner => format!("{inner}: {}", problem.message),
    };
    document.problem(Issue {
        severity: problem.severity,
        path,
        message,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{load, load_model};
    use crate::description::Registry;

    fn shipped(path: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    #[test]
    fn overrides_and_variants_reach_scenario_and_model() {
        let path = shipped("scenarios/relaxation.ron");
        let set = ["task.epochs=3", "model.neurons.pyramidal.tau_b_ms=1"].map(String::from);
        let loaded = load(&path, &set, &Registry::default()).unwrap();
        assert_eq!(loaded.directory, shipped("scenarios"));
        assert_eq!(loaded.model_directory, shipped("models"));
        assert!(loaded.model_document.text().contains("tau_b_ms: 1,"));
        let names: Vec<&str> = loaded
            .variants
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["always_on", "good_window", "too_short"]);
        let lengths: Vec<f64> = (loaded.variants.iter())
            .map(|(_, variant)| {
                let task = variant.scenario.task.as_ref().unwrap();
                assert_eq!(task.epochs, 3);
                assert_eq!(variant.model.neurons["pyramidal"].tau_b_ms, 1.0);
                assert!(variant.scenario.variants.is_empty());
                task.presentation_ms
            })
            .collect();
        assert_eq!(lengths, [100.0, 100.0, 20.0]);
        assert_eq!(loaded.scenario.variants.len(), 3);
    }

    #[test]
    fn a_model_by_itself_takes_overrides_with_and_without_its_prefix() {
        let set = ["model.inputs.pixels.size=65", "neurons.readout.tau_b_ms=-1"].map(String::from);
        let path = shipped("models/digits.ron");
        let problems = load_model(&path, &set, &Registry::default()).unwrap_err();
        let paths: Vec<&str> = problems.0.iter().map(|p| p.path.as_str()).collect();
        assert_eq!(paths, ["neurons.readout.tau_b_ms", "inputs.pixels.shape"]);
    }

    #[test]
    fn a_model_in_the_place_of_a_scenario_is_told_so_in_one_line() {
        let problems = load(&shipped("models/digits.ron"), &[], &Registry::default());
        let text = problems.unwrap_err().to_string();
        assert!(text.contains("this is a model; expected a scenario") && text.ends_with("1 error"));
    }
}
