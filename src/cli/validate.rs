//! `apical validate`: reports all errors of model, scenario and comparison files, without running
//! them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{counted, say};
use crate::circuit::{Circuit, WeightsPlan};
use crate::compare;
use crate::data;
use crate::description::Registry;
use crate::description::document::{Document, Problem, Problems};
use crate::description::model::Model;
use crate::description::scenario::{self, LoadedScenario, Scenario, Task, check_data, read_data};
use crate::run::{Leaves, check_memory, needed_bytes, projection_bytes};
use crate::terminal::{Bytes, stdout};

/// Reports all errors of model, scenario and comparison files, without running them.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Scenarios, models or comparisons
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Change a value, for example `task.epochs=3` or `model.neurons.pyramidal.tau_b_ms=5`
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Directory of data sets outside the package
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Runs the command: prints one line for each valid file, and all problems of each other file.
///
/// The exit code is 1 if there is an error, and 0 if there are only warnings.
#[must_use]
pub fn run(arguments: &Arguments, registry: &Registry) -> ExitCode {
    let data = data::formats::file::data_dir(arguments.data.clone());
    let mut code = ExitCode::SUCCESS;
    for file in &arguments.files {
        match valid(file, &arguments.set, data.as_deref(), registry) {
            Ok(valid) => {
                let (summary, cost) = (valid.summary, valid.cost);
                let line = format!("{}: ok ({summary})\n{cost}", file.display());
                say(stdout(), &line);
                if !valid.warnings.0.is_empty() {
                    valid.warnings.say();
                }
            }
            Err(problems) => {
                problems.say();
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Description of a valid file.
struct Valid {
    /// Short description of its content.
    summary: String,
    /// Memory and output of a run of a scenario, in separate lines.
    cost: String,
    warnings: Problems,
}

/// Short description of a file's content, with warnings.
///
/// # Errors
/// All errors of the file.
pub fn validate(
    file: &Path,
    set: &[String],
    data: Option<&Path>,
    registry: &Registry,
) -> Result<(String, Problems), Problems> {
    valid(file, set, data, registry).map(|valid| (valid.summary, valid.warnings))
}

fn valid(
    file: &Path,
    set: &[String],
    data: Option<&Path>,
    registry: &Registry,
) -> Result<Valid, Problems> {
    let document = Document::read(file)?;
    // In a text that is broken near its start no field can be identified with certainty.
    let is = |fields: [&str; 2]| fields.iter().any(|field| document.has(field));
    let (is_scenario, is_model) = (is(["model", "dt_ms"]), is(["neurons", "populations"]));
    let is_comparison = is(["scenario", "rules"]);
    let unclear = !is_scenario && !is_model && !is_comparison;
    if is_comparison && !is_scenario {
        validate_comparison(compare::load(file, set, registry)?, data, registry)
    } else if is_scenario || unclear && document.mentions("dt_ms") {
        let loaded = scenario::load(file, set, registry)?;
        validate_scenario(loaded, data, registry)
    } else if is_model || unclear && document.mentions("populations") {
        let loaded = scenario::load_model(file, set, registry)?;
        Ok(Valid {
            summary: circuit(&loaded.model, loaded.synapses),
            cost: String::new(),
            warnings: loaded.warnings,
        })
    } else {
        let message = "this is neither a scenario, with `model` and `dt_ms`, nor a model, with \
                       `neurons` and `populations`, nor a comparison, with `scenario` and `rules`";
        Err(Problem::of_file(document.name(), message).into())
    }
}

/// Validates each rule as a separate scenario; a problem of several rules is reported once.
fn validate_comparison(
    loaded: compare::LoadedComparison,
    data: Option<&Path>,
    registry: &Registry,
) -> Result<Valid, Problems> {
    let (mut summary, mut cost) = (String::new(), String::new());
    let mut warnings = loaded.warnings;
    let number = counted(loaded.rules.len() as u64, "rule");
    for (rule, scenario) in loaded.rules {
        let found = match validate_scenario(scenario, data, registry) {
            Ok(valid) => {
                if summary.is_empty() {
                    summary = format!("{number}; {rule}: {}", valid.summary);
                    cost = valid.cost;
                }
                valid.warnings
            }
            Err(found) => found,
        };
        warnings.merge(found);
    }
    match warnings.errors() {
        0 => Ok(Valid {
            summary,
            cost,
            warnings,
        }),
        _ => Err(warnings),
    }
}

fn validate_scenario(
    loaded: LoadedScenario,
    data: Option<&Path>,
    registry: &Registry,
) -> Result<Valid, Problems> {
    let LoadedScenario {
        scenario,
        model,
        circuit: plan,
        scenario_document,
        directory,
        mut warnings,
        variants,
        ..
    } = loaded;
    // A scenario with variants runs only these.
    let alone = (variants.is_empty()).then_some((&scenario, &plan));
    let runs = variants
        .iter()
        .map(|(_, run)| (&run.scenario, &run.circuit));
    let mut runs = runs.chain(alone);
    if let Some(error) = runs.find_map(|(scenario, plan)| check_memory(scenario, plan).err()) {
        let problem = Problem::of_file(scenario_document.name(), error.to_string());
        warnings.0.push(problem);
        return Err(warnings);
    }
    let mut samples = None;
    if let Some(task) = &scenario.task {
        let issues = match read_data(task, &directory, data, registry) {
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
        (Some(task), _) => task_line(task, scenario.trials, samples),
        (None, Some(ms)) => format!("{ms} ms simulated"),
        (None, None) => String::new(),
    };
    let variants = match scenario.variants.len() {
        0 => String::new(),
        1 => "; 1 variant".into(),
        number => format!("; {number} variants"),
    };
    Ok(Valid {
        summary: format!("{}; {time}{variants}", circuit(&model, synapses(&plan))),
        cost: projections(&scenario, &model, &plan) + &cost(&scenario, &plan, samples),
        warnings,
    })
}

/// Memory and output of a run, in separate lines.
fn cost(scenario: &Scenario, plan: &Circuit, samples: Option<usize>) -> String {
    const MOST: usize = 20;
    let memory = Bytes(needed_bytes(scenario, plan) as u64);
    let length = match &scenario.task {
        None => scenario.duration_ms.map(|ms| (ms / scenario.dt_ms, 0.0)),
        Some(task) => samples.and_then(|samples| {
            let [train, ..] = task.split.counts(samples).ok()?;
            let presentations = train.div_ceil(scenario.trials.max(1)) as f64;
            let presentations = task.epochs as f64 * presentations;
            let steps = task.presentation_ms / scenario.dt_ms;
            Some((presentations * steps, presentations))
        }),
    };
    let mut text = format!("  memory: about {memory}, without data\n");
    let Some((steps, presentations)) = length else {
        return text;
    };
    let leaves = Leaves::of(scenario, plan, steps.round() as u64, presentations as u64);
    let rows = |rows: f64| counted(rows as u64, "row");
    let bytes = |bytes: f64| Bytes(bytes as u64);
    let each = match scenario.variants.len() {
        0 => String::new(),
        variants => format!(", for each of {variants} variants"),
    };
    text += &format!(
        "  leaves: {}, about {} and figures{each}\n",
        rows(leaves.rows()),
        bytes(leaves.bytes())
    );
    for left in leaves.0.iter().take(MOST) {
        let counted = left.rows.map(|number| format!("{}, ", rows(number)));
        text += &format!(
            "    {}: {}{}\n",
            left.what,
            counted.unwrap_or_default(),
            bytes(left.bytes)
        );
    }
    let more = leaves.0.len().saturating_sub(MOST);
    if more > 0 {
        text += &format!("    and {more} more\n");
    }
    text
}

fn circuit(model: &Model, synapses: f64) -> String {
    format!(
        "{}, {}, {}",
        counted(
            (model.inputs.len() + model.populations.len()) as u64,
            "population"
        ),
        counted(model.projections.len() as u64, "projection"),
        counted(synapses as u64, "synapse"),
    )
}

/// Number of connected pairs of all projections.
fn synapses(plan: &Circuit) -> f64 {
    let counts = plan.projections.iter().map(|p| plan.counts(p).synapses);
    counts.sum()
}

/// Shapes, wiring, synapses, weights and memory of each projection, in separate lines.
fn projections(scenario: &Scenario, model: &Model, plan: &Circuit) -> String {
    const MOST: usize = 40;
    let mut lines: Vec<[String; 5]> = Vec::new();
    for projection in plan.projections.iter().take(MOST) {
        let counts = plan.counts(projection);
        let (post, pre) = plan.arrangements(projection);
        let written = (model.projections.iter()).find(|p| p.name() == *projection.name);
        let wiring = match written {
            Some(written) if written.mask => "mask".to_owned(),
            Some(written) => written.wiring.name().to_owned(),
            None => "bias".to_owned(),
        };
        let weights = match projection.weights {
            WeightsPlan::Own(..) => counted(counts.weights as u64, "weight"),
            WeightsPlan::Tied(source) => {
                format!("those of {}", plan.projections[source.index()].name)
            }
        };
        let weights = match plan.has_own_weights(projection) {
            false if written.is_some_and(|p| p.synapse.is_none()) => "no weights".to_owned(),
            _ => weights,
        };
        lines.push([
            projection.name.to_string(),
            format!("{pre} to {post}, {wiring}"),
            counted(counts.synapses as u64, "synapse"),
            weights,
            Bytes(projection_bytes(scenario, plan, projection) as u64).to_string(),
        ]);
    }
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].len())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::from("  projections:\n");
    for [name, shapes, synapses, weights, bytes] in &lines {
        text += &format!(
            "    {name:0$}  {shapes:1$}  {synapses:>2$}  {weights:>3$}  {bytes:>4$}\n",
            widths[0], widths[1], widths[2], widths[3], widths[4]
        );
    }
    let more = plan.projections.len().saturating_sub(MOST);
    if more > 0 {
        text += &format!("    and {more} more\n");
    }
    text
}

/// Duration of a task, as far as it is known without the data.
fn task_line(task: &Task, trials: usize, samples: Option<usize>) -> String {
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
