//! Resolved scenario and model, written so that the run can be repeated from their directory.

use std::path::{Path, PathBuf, absolute};

use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::Serialize;

use super::{Job, RunError};
use crate::connectivity::{InitialWeights, WiringKind};
use crate::data::Source;

/// Names and texts of `scenario.ron` and `model.ron`, with all defaults and overrides. Paths are
/// absolute except for that of the model, which is in the same directory as its scenario.
///
/// # Errors
/// [`RunError::Resolved`]
pub fn resolved(job: &Job<'_>) -> Result<[(&'static str, String); 2], RunError> {
    let mut scenario = job.scenario.clone();
    scenario.model = "model.ron".into();
    scenario.variants.clear();
    if let Some(task) = &mut scenario.task {
        let root = |path: &mut PathBuf| *path = rooted(job.directory, path);
        match &mut task.data {
            Source::Own { directory, .. } => {
                let given = directory.clone().unwrap_or_default();
                *directory = Some(rooted(job.directory, &given));
            }
            Source::Csv { path, test, .. } => [path].into_iter().chain(test).for_each(root),
            Source::Npy {
                inputs,
                labels,
                test_inputs,
                test_labels,
                ..
            } => ([inputs, labels]
                .into_iter()
                .chain(test_inputs)
                .chain(test_labels))
            .for_each(root),
            Source::Idx { directory, .. } | Source::Cifar10 { directory, .. } => {
                *directory = match directory {
                    Some(path) => Some(rooted(job.directory, path)),
                    None => job.data_directory.map(|path| rooted(Path::new(""), path)),
                };
            }
        }
    }
    let mut model = job.model.clone();
    let biases = model.populations.iter_mut().filter_map(|p| p.bias.as_mut());
    for projection in &mut model.projections {
        if let WiringKind::Pairs(path) = &mut projection.wiring {
            *path = rooted(job.model_directory, path);
        }
    }
    let weights = (model.projections.iter_mut()).filter_map(|p| p.weights.as_mut());
    for weights in weights.chain(biases.map(|bias| &mut bias.weights)) {
        if let InitialWeights::Npy(path) = weights {
            *path = rooted(job.model_directory, path);
        }
    }
    Ok([
        (
            "scenario.ron",
            text("scenario.ron", &scenario, scenario.seed)?,
        ),
        ("model.ron", text("model.ron", &model, scenario.seed)?),
    ])
}

fn rooted(directory: &Path, path: &Path) -> PathBuf {
    let path = directory.join(path);
    absolute(&path).unwrap_or(path)
}

fn text(name: &str, value: &impl Serialize, seed: u64) -> Result<String, RunError> {
    let style = PrettyConfig::new().extensions(Extensions::IMPLICIT_SOME);
    let body = (ron::ser::to_string_pretty(value, style)).map_err(|source| RunError::Resolved {
        name: name.to_owned(),
        source,
    })?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!(
        "// As it ran: Apical {version}, seed {seed}.\n{body}\n"
    ))
}
