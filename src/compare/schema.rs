//! Content of a comparison: the RON schema of `scenarios/compare/*.ron`.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Comparison of learning rules: one scenario, and the changes of each rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Name of the comparison and of its directory.
    pub name: String,
    /// One or two sentences on its purpose.
    #[serde(default)]
    pub about: String,
    /// File of the scenario, relative to this one; it must have a task.
    pub scenario: PathBuf,
    /// Changes for every rule, written as for `--set`.
    #[serde(default)]
    pub set: Vec<String>,
    /// Rules by name, in the order of table and figures.
    pub rules: IndexMap<String, Entry>,
}

/// One rule: the differences of its runs from those of the other rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// Model of this rule, relative to this file; absent: that of the scenario.
    pub model: Option<PathBuf>,
    /// Changes, written as for `--set`; applied after those for every rule.
    pub set: Vec<String>,
}
