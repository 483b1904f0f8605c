//! Check of names: permitted characters, and uniqueness.

use std::collections::{BTreeMap, BTreeSet};

use crate::description::document::Issues;
use crate::description::model::{Bias, Model};
use crate::terminal::shortened;

/// Largest length of a name: names become file names.
const LONGEST: usize = 100;

/// Adds an error if `name` cannot be the name of a file, a column or a step of a path.
pub(crate) fn name(issues: &mut Issues, path: &str, name: &str) {
    if !is_name(name) {
        issues.error(
            path,
            format!(
                "{:?} is no name: expected a letter and then letters, digits, `_` or `-`, \
                 {LONGEST} at most",
                shortened(name, 60)
            ),
        );
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST && is_file_name(name)
}

/// True if a text read from a file may become part of a file name: a name, or the two names of a
/// projection with `_to_` between them.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    starts && name.chars().all(allowed) && name.len() <= 2 * LONGEST + "_to_".len()
}

/// Names that occur more than once.
fn duplicates(names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    (names.into_iter())
        .filter(|name| !seen.insert(name.clone()))
        .collect()
}

/// The items of a list with their paths: by name if it is unique, otherwise by index.
pub(super) fn paths<'a, T>(
    list: &'a str,
    items: &'a [T],
    name: impl Fn(&T) -> String + Copy + 'a,
) -> impl Iterator<Item = (String, &'a T)> {
    let twice = duplicates(items.iter().map(name));
    items.iter().enumerate().map(move |(index, item)| {
        let name = name(item);
        if is_name(&name) && !twice.contains(&name) {
            (format!("{list}.{name}"), item)
        } else {
            (format!("{list}[{index}]"), item)
        }
    })
}

/// Checks that inputs and populations have different names.
pub(super) fn populations(issues: &mut Issues, model: &Model) {
    let inputs = paths("inputs", &model.inputs, |i| i.name.clone()).map(|(p, i)| (p, &i.name));
    let populations = paths("populations", &model.populations, |p| p.name.clone());
    let populations = populations.map(|(path, population)| (path, &population.name));
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    for (path, given) in inputs.chain(populations) {
        name(issues, &format!("{path}.name"), given);
        if let Some(other) = first.get(given.as_str()) {
            let message = format!("`{given}` is the name of {other} already");
            issues.error(format!("{path}.name"), message);
        } else {
            first.insert(given, format!("`{path}`"));
        }
    }
}

/// Checks that projections and biases, called `POPULATION_bias`, have different names.
pub(super) fn projections(issues: &mut Issues, model: &Model) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for population in model.populations.iter().filter(|p| p.bias.is_some()) {
        let owner = format!("the bias of `{}`", population.name);
        first.insert(Bias::name(&population.name), owner);
    }
    for (path, projection) in paths("projections", &model.projections, |p| p.name()) {
        if let Some(given) = &projection.name {
            name(issues, &format!("{path}.name"), given);
        }
        let called = projection.name();
        if let Some(other) = first.get(&called) {
            let message = match projection.name {
                Some(_) => format!("`{called}` is the name of {other} already"),
                None => format!(
                    "without a `name` this projection is called `{called}`, as {other} is; \
                     give it a name"
                ),
            };
            issues.error(format!("{path}.name"), message);
        } else {
            first.insert(called, format!("`{path}`"));
        }
    }
}
