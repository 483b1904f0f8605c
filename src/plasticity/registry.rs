//! The registry: which rules a model may name.

use super::rule::Rule;
use super::rules::{
    change_gated_decay, direct_feedback_alignment, dll, feedback_alignment, hebbian, kolen_pollack,
    local_losses, node_perturbation, predictive_coding, transport,
};

/// Name of the rule to begin with: the local one that learned best in comparisons, see
/// `docs/rules.md`.
pub const RECOMMENDED: &str = change_gated_decay::RULE.name;

/// The rules that a model may name.
pub struct Registry(Vec<Rule>);

impl Default for Registry {
    fn default() -> Self {
        Self(vec![
            dll::RULE,
            kolen_pollack::RULE,
            change_gated_decay::RULE,
            feedback_alignment::RULE,
            direct_feedback_alignment::RULE,
            transport::RULE,
            predictive_coding::RULE,
            local_losses::RULE,
            node_perturbation::RULE,
            hebbian::RULE,
        ])
    }
}

impl Registry {
    /// Adds a rule of the user's own; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.0.retain(|known| known.name != rule.name);
        self.0.push(rule);
        self
    }

    /// The rule of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.name == name)
    }

    /// All rules, in the order of their registration.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }
}
