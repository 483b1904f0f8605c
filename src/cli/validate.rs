//! `apical validate`: says everything that is wrong with model, scenario and comparison files, and
//! runs nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{counted, say};
use crate::compare;
use crate::document::{Document, Problem, Problems};
use crate::model::Model;
use crate::plasticity::Registry;
use crate::scenario::{self, Loaded, Task, check_data, read_data};
use crate::stimulus;
use crate::terminal::{stderr, stdout};

/// Says everything that is wrong with model, scenario and comparison files, and runs nothing.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Scenarios, models or comparisons
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Changes a value, as in `task.epochs=3` or `model.neurons.pyramidal.tau_b_ms=5`
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Directory of data sets that are not shipped
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Runs the command: a line for each file that is well, all problems of each that is not.
///
/// The exit code is 1 if there is an error; warnings alone are none.
#[must_use]
pub fn run(arguments: &Arguments, registry: &Registry) -> ExitCode {
    let data = stimulus::file::data_dir(arguments.data.clone());
    let mut code = ExitCode::SUCCESS;
    for file in &arguments.files {
        match validate(file, &arguments.set, data.as_deref(), registry) {
            Ok((summary, warnings)) => {
                let line = format!("{}: ok ({summary})\n", file.display());
                say(stdout(), &line);
                if !warnings.0.is_empty() {
                    say(stderr(), &format!("{warnings}\n"));
                }
            }
            Err(problems) => {
                say(stderr(), &format!("{problems}\n"));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// What a file holds in few words, and warnings.
///
/// # Errors
/// Everything that is wrong with it.
pub fn validate(
    file: &Path,
    set: &[String],
    data: Option<&Path>,
    registry: &Registry,
) -> Result<(String, Problems), Problems> {
    let document = Document::read(file)?;
    // Of a text that is broken near its start no field can be told for sure.
    let is = |fields: [&str; 2]| fields.iter().any(|field| document.has(field));
    let (is_scenario, is_model) = (is(["model", "dt_ms"]), is(["neurons", "populations"]));
    let is_comparison = is(["scenario", "rules"]);
    let unclear = !is_scenario && !is_model && !is_comparison;
    if is_comparison && !is_scenario {
        validate_comparison(compare::load(file, set, registry)?, data)
    } else if is_scenario || unclear && document.mentions("dt_ms") {
        let loaded = scenario::load(file, set, registry)?;
        validate_scenario(loaded, data)
    } else if is_model || unclear && document.mentions("populations") {
        let loaded = scenario::load_model(file, set, registry)?;
        Ok((circuit(&loaded.model), loaded.warnings))
    } else {
        let message = "this is neither a scenario, with `model` and `dt_ms`, nor a model, with \
                       `neurons` and `populations`, nor a comparison, with `scenario` and `rules`";
        Err(Problem::of_file(document.name(), message).into())
    }
}

/// Each rule as a scenario of its own; what is said of several is said once.
fn validate_comparison(
    loaded: compare::Loaded,
    data: Option<&Path>,
) -> Result<(String, Problems), Problems> {
    let mut summary = String::new();
    let mut warnings = loaded.warnings;
    let number = counted(loaded.rules.len() as u64, "rule");
    for (rule, scenario) in loaded.rules {
        let found = match validate_scenario(scenario, data) {
            Ok((of_rule, found)) => {
                if summary.is_empty() {
                    summary = format!("{number}; {rule}: {of_rule}");
                }
                found
            }
            Err(found) => found,
        };
        for problem in found.0 {
            if !warnings.0.contains(&problem) {
                warnings.0.push(problem);
            }
        }
    }
    match warnings.errors() {
        0 => Ok((summary, warnings)),
        _ => Err(warnings),
    }
}

fn validate_scenario(loaded: Loaded, data: Option<&Path>) -> Result<(String, Problems), Problems> {
    let Loaded {
        scenario,
        model,
        scenario_document,
        directory,
        mut warnings,
        ..
    } = loaded;
    let mut samples = None;
    if let Some(task) = &scenario.task {
        let issues = match read_data(task, &directory, data) {
            Ok(data) => {
                samples = Some(data.train.samples());
                check_data(&scenario, &model, &data)
            }
            Err(issue) => vec![issue],
        };
        let found = issues.into_iter().map(|i| scenario_document.problem(i));
        warnings.0.extend(found);
        if warnings.errors() > 0 {
            return Err(warnings);
        }
    }
    let time = match (&scenario.task, scenario.duration_ms) {
        (Some(task), _) => lesson(task, scenario.trials, samples),
        (None, Some(ms)) => format!("{ms} ms simulated"),
        (None, None) => String::new(),
    };
    let variants = match scenario.variants.len() {
        0 => String::new(),
        1 => "; 1 variant".into(),
        number => format!("; {number} variants"),
    };
    Ok((format!("{}; {time}{variants}", circuit(&model)), warnings))
}

fn circuit(model: &Model) -> String {
    let sizes: Vec<(&str, usize)> = (model.inputs.iter().map(|i| (i.name.as_str(), i.size)))
        .chain(model.populations.iter().map(|p| (p.name.as_str(), p.size)))
        .collect();
    let size = |name: &str| sizes.iter().find(|s| s.0 == name).map_or(0, |s| s.1 as u64);
    let projected = (model.projections.iter()).map(|p| size(&p.from).saturating_mul(size(&p.to)));
    let biases = model.populations.iter().filter(|p| p.bias.is_some());
    let synapses = projected
        .chain(biases.map(|p| p.size as u64))
        .fold(0u64, u64::saturating_add);
    format!(
        "{}, {}, {}",
        counted(sizes.len() as u64, "population"),
        counted(model.projections.len() as u64, "projection"),
        counted(synapses, "synapse"),
    )
}

/// How long a task takes, as far as that can be told without its data.
fn lesson(task: &Task, trials: usize, samples: Option<usize>) -> String {
    let epochs = counted(task.epochs, "epoch");
    let length = task.presentation_ms;
    let counts = samples.and_then(|samples| task.split.counts(samples).ok());
    match counts {
        None => format!("{epochs} of presentations of {length} ms"),
        Some([train, ..]) => {
            let presentations = train.div_ceil(trials.max(1)) as u64;
            let seconds = task.epochs as f64 * presentations as f64 * length / 1e3;
            let presentations = counted(presentations, "presentation");
            format!("{epochs} of {presentations} of {length} ms = {seconds:.1} s simulated")
        }
    }
}
