//! Reading of a comparison's file: a checked scenario for each rule, or all errors.

use std::path::Path;

use super::{Comparison, directory};
use crate::description::Registry;
use crate::description::document::{
    Assignment, Document, Issue, Issues, Place, Problem, Problems, Severity,
};
use crate::description::model::check_name;
use crate::description::scenario::{self, Scenario, load_with};
use crate::files::tidy;

/// A checked comparison.
#[derive(Clone, Debug)]
pub struct LoadedComparison {
    /// The comparison as written in its file.
    pub comparison: Comparison,
    /// Text of the file.
    pub document: Document,
    /// Scenario and model of each rule by its name, in the order of the file; the seed is the
    /// scenario's own.
    pub rules: Vec<(String, scenario::LoadedScenario)>,
    /// Changes by the command line for every rule.
    pub overrides: Vec<String>,
    /// Settings that are probably not as intended.
    pub warnings: Problems,
}

/// Loads a comparison with the scenario and the models that it names. `overrides` apply to every
/// rule, after the changes in the file.
///
/// # Errors
/// All errors in these files, in their changes and in the overrides.
pub fn load(
    path: &Path,
    overrides: &[String],
    registry: &Registry,
) -> Result<LoadedComparison, Problems> {
    let document = Document::read(path)?;
    let other = [
        ("dt_ms", "a scenario, for `apical run`"),
        ("neurons", "a model"),
    ];
    for (field, what) in other {
        if document.has(field) && !document.has("rules") {
            let message = format!(
                "this is {what}; expected a comparison, which has a `scenario` and `rules`"
            );
            return Err(Problem::of_file(document.name(), message).into());
        }
    }
    let comparison: Comparison = document.parse()?;
    let issues = check(&comparison).into_iter();
    let seeds = overrides.iter().filter(|text| is_seed(text));
    let seeds = seeds.map(|assignment| Problem {
        severity: Severity::Error,
        place: Place::of_override(assignment, &(0..assignment.len())),
        path: String::new(),
        message: SEEDS.to_owned(),
    });
    let mut reader = Reader {
        directory: path.parent().unwrap_or(Path::new("")),
        overrides,
        registry,
        problems: (issues.map(|issue| document.problem(issue)))
            .chain(seeds)
            .collect(),
        comparison: &comparison,
        document: &document,
    };
    let rules = reader.rules();
    let mut problems = Problems(reader.problems);
    problems.sort(&[document.name()]);
    if problems.errors() > 0 {
        return Err(problems);
    }
    Ok(LoadedComparison {
        rules,
        overrides: overrides.to_vec(),
        warnings: problems,
        comparison,
        document,
    })
}

/// Errors of a comparison alone, without its scenario.
fn check(comparison: &Comparison) -> Vec<Issue> {
    let mut issues = Issues::default();
    check_name(&mut issues, "name", &comparison.name);
    if comparison.rules.is_empty() {
        issues.error("rules", "expected one rule at least, found none");
    }
    for (name, entry) in &comparison.rules {
        let path = format!("rules.{name}");
        check_name(&mut issues, &path, name);
        if name == directory::FIGURES {
            let message = format!("`{name}` is where figures go; expected another name");
            issues.error(&path, message);
        }
        seedless(&mut issues, &format!("{path}.set"), &entry.set);
    }
    seedless(&mut issues, "set", &comparison.set);
    issues.into_vec()
}

/// Message for a change of the seed.
const SEEDS: &str = "every rule runs with each of `--seeds`; expected no change of `seed`";

fn seedless(issues: &mut Issues, path: &str, set: &[String]) {
    for (index, _) in set.iter().enumerate().filter(|(_, text)| is_seed(text)) {
        issues.error(format!("{path}[{index}]"), SEEDS);
    }
}

fn is_seed(text: &str) -> bool {
    Assignment::parse(text).is_ok_and(|assignment| assignment.path() == "seed")
}

/// Reason why a file is not a scenario with a task and without variants, if it is not.
fn incomparable(scenario: &Document) -> Option<&'static str> {
    if !scenario.has("dt_ms") {
        return Some("this is no scenario, which has a `dt_ms`; expected one with a `task`");
    }
    // As far as the text can be parsed; other errors are reported when it is loaded.
    let (task, variants) = match scenario.parse::<Scenario>() {
        Ok(scenario) => (scenario.task.is_some(), scenario.variants.len()),
        Err(_) => (scenario.has("task"), 0),
    };
    match (task, variants) {
        (false, _) => Some("it has no `task`, so nothing is learned; expected one with it"),
        (_, 1..) => Some("it has variants, which are runs of their own; expected one without"),
        _ => None,
    }
}

/// State while a comparison is read.
struct Reader<'a> {
    comparison: &'a Comparison,
    document: &'a Document,
    directory: &'a Path,
    overrides: &'a [String],
    registry: &'a Registry,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Scenario and model of each rule that can be loaded.
    fn rules(&mut self) -> Vec<(String, scenario::LoadedScenario)> {
        let path = tidy(&self.directory.join(&self.comparison.scenario));
        match Document::read(&path) {
            Err(problem) => {
                self.unfit("scenario", &path, &problem.message);
                return Vec::new();
            }
            Ok(scenario) => {
                if let Some(message) = incomparable(&scenario) {
                    self.unfit("scenario", &path, message);
                    return Vec::new();
                }
            }
        }
        let shared = [&self.comparison.set, self.overrides].concat();
        let known = match scenario::load(&path, &shared, self.registry) {
            Err(problems) => problems.0,
            Ok(base) => base.warnings.0,
        };
        let found: Vec<Problem> = (known.iter()).map(|p| self.of_file(p, None)).collect();
        self.problems.extend(found);
        let rules = self.comparison.rules.keys();
        rules
            .filter_map(|name| Some((name.clone(), self.rule(name, &path, &known)?)))
            .collect()
    }

    /// Loads one rule; reports only problems that the scenario alone does not have.
    fn rule(
        &mut self,
        name: &str,
        path: &Path,
        known: &[Problem],
    ) -> Option<scenario::LoadedScenario> {
        let entry = self.comparison.rules.get(name)?;
        let model = (entry.model.as_ref()).map(|model| tidy(&self.directory.join(model)));
        if let Some(model) = &model
            && let Err(problem) = Document::read(model)
        {
            self.unfit(&format!("rules.{name}.model"), model, &problem.message);
            return None;
        }
        let set = [&self.comparison.set, &entry.set, self.overrides].concat();
        let (problems, loaded) = match load_with(path, model.as_deref(), &set, self.registry) {
            Ok(mut loaded) => (std::mem::take(&mut loaded.warnings), Some(loaded)),
            Err(problems) => (problems, None),
        };
        for problem in problems.0.iter().filter(|problem| !known.contains(problem)) {
            let found = self.of_file(problem, Some(name));
            // Several rules may name the same model.
            if !self.problems.contains(&found) {
                self.problems.push(found);
            }
        }
        loaded
    }

    /// Adds an error of a file that is named at `path`.
    fn unfit(&mut self, path: &str, file: &Path, message: &str) {
        self.problems.push(self.document.problem(Issue {
            severity: Severity::Error,
            path: path.to_owned(),
            message: format!("{}: {message}", file.display()),
        }));
    }

    /// A problem of a scenario, moved to its cause in this file: a change for every rule, a change
    /// of one rule, or the rule itself. A problem in a separate file stays there.
    fn of_file(&self, problem: &Problem, rule: Option<&str>) -> Problem {
        let position = |set: &[String]| match &problem.place {
            Place::Override { assignment, .. } => set.iter().position(|text| text == assignment),
            _ => None,
        };
        let entry = rule.and_then(|name| Some((name, self.comparison.rules.get(name)?)));
        let own = entry.and_then(|(name, entry)| {
            let index = position(&entry.set)?;
            Some(format!("rules.{name}.set[{index}]"))
        });
        let shared = || position(&self.comparison.set).map(|index| format!("set[{index}]"));
        let file = match &problem.place {
            Place::File { name } | Place::Text { name, .. } => Some(name.as_str()),
            Place::Override { .. } => None,
        };
        let model = entry.and_then(|(_, entry)| entry.model.as_ref());
        let model = model.map(|model| tidy(&self.directory.join(model)).display().to_string());
        let in_own_model = file.is_some() && file == model.as_deref();
        let path = match own.or_else(shared) {
            Some(path) => path,
            // From the command line, or not specific to this rule.
            None if rule.is_none() || file.is_none() || in_own_model => return problem.clone(),
            None => format!("rules.{}", rule.unwrap_or_default()),
        };
        let of_rule = rule.filter(|_| path.starts_with("set["));
        let of_rule = of_rule.map(|name| format!("with `{name}`: "));
        let inner = match problem.path.as_str() {
            "" => String::new(),
            inner => format!("{inner}: "),
        };
        let message = format!("{}{inner}{}", of_rule.unwrap_or_default(), problem.message);
        self.document.problem(Issue {
            severity: problem.severity,
            path,
            message,
        })
    }
}
