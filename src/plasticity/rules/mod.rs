//! Learning rules, one file each.

pub mod change_gated_decay;
pub mod direct_feedback_alignment;
pub mod dll;
pub mod feedback_alignment;
pub mod hebbian;
pub mod kolen_pollack;
pub mod local_losses;
pub mod node_perturbation;
pub mod predictive_coding;
pub mod transport;

use super::rule::Rule;

/// Name of the rule to begin with: the local one that learned best in comparisons, see
/// `docs/rules.md`.
pub const RECOMMENDED: &str = change_gated_decay::RULE.name;

/// The rules that are shipped.
pub const ALL: [Rule; 10] = [
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
];
