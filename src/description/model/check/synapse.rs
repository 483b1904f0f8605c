//! Check of synapse types: rule, parameters, rates, weight update.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::needs::needs;
use crate::description::Registry;
use crate::description::document::{Allowed, Issues, unknown};
use crate::description::model::{Synapse, Update};
use crate::neuron::Compartment;
use crate::parameter::Parameter;
use crate::plasticity::{Need, Optimiser};

pub(super) fn check(
    issues: &mut Issues,
    path: &str,
    synapse: &Synapse,
    registry: &Registry,
    dt_ms: Option<f64>,
) {
    match &synapse.rule {
        None => without_rule(issues, path, synapse),
        Some(name) => match registry.rule(name) {
            Some(rule) => parameters(
                issues,
                (path, &format!("rule `{}`", rule.name)),
                rule.parameters,
                &synapse.parameters,
            ),
            None => {
                let message = unknown("rule", name, registry.rules().map(|rule| rule.name));
                issues.error(format!("{path}.rule"), message);
            }
        },
    }
    issues.number(format!("{path}.eta"), synapse.eta, Allowed::AtLeast(0.0));
    let decay = format!("{path}.decay_per_ms");
    issues.number(decay, synapse.decay_per_ms, Allowed::AtLeast(0.0));
    if let Some((low, high)) = synapse.bounds
        && (low.partial_cmp(&high).is_none_or(Ordering::is_gt)
            || low == f32::INFINITY
            || high == f32::NEG_INFINITY)
    {
        issues.error(
            format!("{path}.bounds"),
            format!("expected the smallest and then the largest weight, found ({low}, {high})"),
        );
    }
    if let (Some(_), Some((low, high))) = (synapse.sign, synapse.limits())
        && low > high
    {
        let message = "no weight has this sign within `bounds`; expected bounds that include 0";
        issues.error(format!("{path}.sign"), message);
    }
    if let Some(norm) = synapse.norm {
        issues.number(format!("{path}.norm"), norm, Allowed::Above(0.0));
    }
    if synapse.norm.is_some() && synapse.limits().is_some() {
        let message = match synapse.bounds {
            Some(_) => {
                "bounds and a length cannot both be kept; expected one of `norm` and `bounds`"
            }
            None => "a sign and a length cannot both be kept; expected one of `norm` and `sign`",
        };
        issues.error(format!("{path}.norm"), message);
    }
    let rule = synapse.rule.as_deref().and_then(|name| registry.rule(name));
    let both = [Compartment::Basal, Compartment::Apical];
    let needs_update = (both.into_iter())
        .filter_map(|compartment| needs(synapse, compartment, registry))
        .any(|(_, needs)| needs.contains(&Need::Update));
    for (name, given) in [("norm", synapse.norm.is_some()), ("rule", needs_update)] {
        if given && rule.is_some() && synapse.update.is_none() {
            let what = match (name, &synapse.rule) {
                ("rule", Some(rule)) => format!("`{rule}` changes weights"),
                _ => "weights are scaled to this length".to_owned(),
            };
            issues.error(
                format!("{path}.{name}"),
                format!("{what} at weight updates; expected an `update`"),
            );
        }
    }
    if let Some(update) = &synapse.update {
        let path = format!("{path}.update");
        check_update(issues, &path, update, dt_ms);
    }
}

/// Without a rule, weights are constant and settings of their change have no effect.
fn without_rule(issues: &mut Issues, path: &str, synapse: &Synapse) {
    for (name, given) in [
        ("parameters", !synapse.parameters.is_empty()),
        ("eta", synapse.eta != 0.0),
        ("decay_per_ms", synapse.decay_per_ms != 0.0),
        ("bounds", synapse.bounds.is_some()),
        ("sign", synapse.sign.is_some()),
        ("norm", synapse.norm.is_some()),
        ("update", synapse.update.is_some()),
    ] {
        if given {
            issues.warn(
                format!("{path}.{name}"),
                "this has no effect: without a `rule` the weights stay as they are",
            );
        }
    }
}

/// Checks the given parameters of `(path, owner)` against the declared ones.
pub(super) fn parameters(
    issues: &mut Issues,
    (path, owner): (&str, &str),
    declared: &[Parameter],
    given: &BTreeMap<String, f64>,
) {
    for (name, &value) in given {
        let path = format!("{path}.parameters.{name}");
        match declared.iter().find(|p| p.name == name) {
            None => {
                let kind = format!("parameter of the {owner} called");
                let known = declared.iter().map(|p| p.name);
                issues.error(path, unknown(&kind, name, known));
            }
            Some(parameter) => {
                let (least, most) = parameter.range;
                issues.number(path, value, Allowed::Within(least, most));
            }
        }
    }
}

fn check_update(issues: &mut Issues, path: &str, update: &Update, dt_ms: Option<f64>) {
    if let Some(every_ms) = update.every_ms {
        issues.steps(format!("{path}.every_ms"), every_ms, dt_ms);
    }
    let offset = format!("{path}.offset_ms");
    issues.steps_or_none(offset, update.offset_ms, dt_ms);
    let path = format!("{path}.optimiser");
    let fraction = Allowed::Below(0.0, 1.0);
    match update.optimiser {
        Optimiser::Plain => {}
        Optimiser::Momentum { momentum } => {
            issues.number(format!("{path}.momentum.momentum"), momentum, fraction);
        }
        Optimiser::Adam {
            beta1,
            beta2,
            epsilon,
        } => {
            issues.number(format!("{path}.beta1"), beta1, fraction);
            issues.number(format!("{path}.beta2"), beta2, fraction);
            issues.number(format!("{path}.epsilon"), epsilon, Allowed::Above(0.0));
        }
    }
}
