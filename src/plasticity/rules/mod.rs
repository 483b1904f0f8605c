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
