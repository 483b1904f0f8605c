//! What is compared: the RON schema of `scenarios/compare/*.ron`.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Learning rules side by side: one scenario, and what each rule changes in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Name of the comparison and of its directory.
    pub name: String,
    /// One or two sentences on what it shows.
    #[serde(default)]
    pub about: String,
    /// The scenario's file, relative to this one; it has a task.
    pub scenario: PathBuf,
    /// Changes for every rule, written as for `--set`.
    #[serde(default)]
    pub set: Vec<String>,
    /// The rules by name, in the order of table and figures.
    pub rules: IndexMap<String, Entry>,
}

/// One rule: how its runs differ from those of the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// A model of its own, relative to this file; absent: that of the scenario.
    pub model: Option<PathBuf>,
    /// Changes, written as for `--set`; they come after those for every rule.
    pub set: Vec<String>,
}
