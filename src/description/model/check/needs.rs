//! Check of the properties that rules require of neurons and synapses.

use std::collections::BTreeSet;

use crate::description::Registry;
use crate::description::document::Issues;
use crate::description::model::{Model, Synapse};
use crate::neuron::Compartment;
use crate::neuron::soma::Units;
use crate::parameter::Parameters;
use crate::plasticity::Need;

/// Requirements of a synapse type at a compartment, with the name of its rule.
pub(crate) fn needs<'a>(
    synapse: &'a Synapse,
    compartment: Compartment,
    registry: &Registry,
) -> Option<(&'a str, Vec<Need>)> {
    let name = synapse.rule.as_deref()?;
    let rule = registry.rule(name)?;
    let parameters = Parameters::of(rule.parameters, &synapse.parameters);
    Some((name, rule.effect(compartment, &parameters).needs))
}

/// Receiving population, synapse type and compartment of all projections and biases.
pub(crate) fn afferents(model: &Model) -> impl Iterator<Item = (&str, &str, Compartment)> {
    let projections = (model.projections.iter())
        .filter_map(|p| Some((p.to.as_str(), p.synapse.as_deref()?, p.compartment)));
    let biases = model.populations.iter().filter_map(|p| {
        let bias = p.bias.as_ref()?;
        Some((p.name.as_str(), bias.synapse.as_str(), Compartment::Basal))
    });
    projections.chain(biases)
}

/// Adds a warning, once for each neuron type and synapse type, for a requirement that is not met.
pub(super) fn check(issues: &mut Issues, model: &Model, registry: &Registry) {
    let mut warned = BTreeSet::new();
    for (post, synapse, compartment) in afferents(model) {
        let post = model.populations.iter().find(|p| p.name == post);
        let neuron = post.and_then(|p| Some((&p.neuron, model.neurons.get(&p.neuron)?)));
        let Some((kind, (neuron_name, neuron))) = model.synapses.get(synapse).zip(neuron) else {
            continue;
        };
        let Some((rule, needs)) = needs(kind, compartment, registry) else {
            continue;
        };
        for need in needs {
            let unmet = match need {
                Need::Noise if neuron.noise.is_none() => Some((
                    format!("neurons.{neuron_name}"),
                    format!(
                        "`{rule}` learns by the noise of these neurons, and they have no `noise`"
                    ),
                )),
                Need::PotentialMismatch if neuron.mismatch != Units::Potential => Some((
                    format!("neurons.{neuron_name}.mismatch"),
                    format!("`{rule}` is defined for neurons with `mismatch: potential`"),
                )),
                Need::Norm if kind.norm.is_none() => Some((
                    format!("synapses.{synapse}"),
                    format!("weights grow without limit under `{rule}` without a `norm`"),
                )),
                Need::Relaxation if neuron.tau_s_ms == 0.0 || neuron.lambda == 0.0 => Some((
                    format!("neurons.{neuron_name}"),
                    format!(
                        "under `{rule}` the somata of neurons with apical input relax; expected \
                         `tau_s_ms` and `lambda` above 0"
                    ),
                )),
                // A missing update is an error of the synapse type; scenarios determine teachers.
                _ => None,
            };
            if let Some((path, message)) = unmet
                && warned.insert((path.clone(), message.clone()))
            {
                issues.warn(path, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::description::Registry;
    use crate::description::document::Severity;
    use crate::description::model::{Model, check};

    /// Paths of the warnings of a circuit whose neurons and synapses have these fields.
    fn warned(neuron: &str, synapse: &str) -> Vec<String> {
        let text = format!(
            r#"(
                name: "pair", neurons: {{"n": ({neuron})}}, inputs: [(name: "x", size: 2)],
                populations: [(name: "a", size: 2, neuron: "n")],
                synapses: {{"s": ({synapse}, eta: 0.1)}},
                projections: [(from: "x", to: "a", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(1))],
            )"#
        );
        warnings_of(&text)
    }

    fn warnings_of(text: &str) -> Vec<String> {
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let model: Model = options.from_str(text).unwrap();
        let issues = check(&model, &Registry::default(), Some(1.0), Path::new(""));
        let issues = issues.into_iter().map(|issue| match issue.severity {
            Severity::Warning => issue.path,
            Severity::Error => format!("error: {}", issue.path),
        });
        issues.collect()
    }

    /// The apical input of the output `b` needs nothing; that of `a` needs leaky somata.
    #[test]
    fn apical_input_under_predictive_coding_needs_somata_that_relax() {
        for (neuron, paths) in [
            ("tau_s_ms: 1, lambda: 1", vec![]),
            ("tau_s_ms: 1", vec!["neurons.n"]),
            ("lambda: 1", vec!["neurons.n"]),
        ] {
            let text = format!(
                r#"(
                    name: "pair", inputs: [(name: "x", size: 2)],
                    neurons: {{"n": (mismatch: potential, {neuron}), "out": (mismatch: potential)}},
                    populations: [
                        (name: "a", size: 2, neuron: "n"), (name: "b", size: 2, neuron: "out"),
                    ],
                    synapses: {{"s": (rule: "predictive_coding", eta: 0.1)}},
                    projections: [
                        (from: "x", to: "a", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(1)),
                        (from: "a", to: "b", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(1)),
                        (from: "b", to: "a", compartment: apical, delay_ms: 1, synapse: "s", weights: constant(1)),
                    ],
                )"#
            );
            assert_eq!(warnings_of(&text), paths, "{neuron}");
        }
    }

    #[test]
    fn each_need_that_is_not_met_is_told_once_and_none_that_is() {
        let update = "update: (every_ms: 5, optimiser: plain)";
        for (rule, neuron, synapse, path) in [
            (
                "node_perturbation",
                "noise: (std: 0.1, every_ms: 5)",
                "",
                "neurons.n",
            ),
            (
                "predictive_coding",
                "mismatch: potential",
                "",
                "neurons.n.mismatch",
            ),
            (
                "hebbian",
                "",
                &format!("norm: 1, {update}")[..],
                "synapses.s",
            ),
            ("change_gated_decay", "", update, "error: synapses.s.rule"),
        ] {
            let with = |synapse: &str| format!(r#"rule: "{rule}", {synapse}"#);
            let (full, bare) = (with(synapse), format!(r#"rule: "{rule}""#));
            let bare = if rule == "hebbian" {
                with(update)
            } else {
                bare
            };
            assert_eq!(
                warned(neuron, full.trim_end_matches(", ")),
                Vec::<String>::new(),
                "{rule}"
            );
            assert_eq!(warned("", &bare), [path], "{rule}");
        }
    }
}
