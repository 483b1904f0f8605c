//! Check of the largest weights that learning can reach, relative to the fan-in.

use std::collections::BTreeSet;

use super::Files;
use crate::description::Registry;
use crate::description::document::Issues;
use crate::description::model::{Bias, Model};
use crate::neuron::Compartment;
use crate::parameter::Parameters;
use crate::plasticity::Kind;

/// Largest weights that a circuit usually needs, in units of weights of unit gain: `1 / sqrt(n)` for `n`
/// synapses of a neuron.
const NEEDED: f64 = 3.0;

/// Adds a warning, once for each limit of a synapse type, if the gated decay of its rule or its
/// `bounds` confine plastic weights to less than [`NEEDED`] times the size of unit gain.
pub(super) fn check(issues: &mut Issues, model: &Model, registry: &Registry, files: &Files) {
    let mut warned = BTreeSet::new();
    let mut warn = |path: String, message: String| {
        if warned.insert(path.clone()) {
            issues.warn(path, message);
        }
    };
    for (projection, synapse, compartment) in plastic(model) {
        let Some(kind) = model.synapses.get(synapse) else {
            continue;
        };
        let Some(rule) = kind.rule.as_deref().and_then(|rule| registry.rule(rule)) else {
            continue;
        };
        let parameters = Parameters::of(rule.parameters, &kind.parameters);
        let effect = rule.effect(compartment, &parameters);
        let fan_in = files.fan_in(model, &projection);
        if !matches!(effect.kind, Kind::Local(..)) || fan_in == 0.0 {
            continue;
        }
        let unit = 1.0 / fan_in.sqrt();
        let asked = format!(
            "weights of unit gain are {unit:.2} for {} synapses of a neuron, and learning often \
             needs {NEEDED} times that",
            (fan_in * 10.0).round() / 10.0
        );
        let decay = f64::from(effect.gated_decay);
        if decay * NEEDED > 1.0 {
            let most = unit / decay;
            warn(
                format!("synapses.{synapse}.parameters.gated_decay"),
                format!(
                    "no weight of `{projection}` can exceed {most:.2}: {asked}; expected {:.2} or less",
                    1.0 / NEEDED
                ),
            );
        }
        // The only synapse of a neuron has the unit of its signal, which `bounds` can be meant for.
        let bounds = kind.bounds.filter(|_| fan_in > 1.0);
        if let Some(most) = bounds.map(|(low, high)| low.abs().max(high.abs()))
            && f64::from(most) < NEEDED * unit
        {
            warn(
                format!("synapses.{synapse}.bounds"),
                format!("no weight of `{projection}` can exceed {most}: {asked}"),
            );
        }
    }
}

/// Name, synapse type and compartment of all projections and biases.
fn plastic(model: &Model) -> impl Iterator<Item = (String, &str, Compartment)> {
    let projections = (model.projections.iter())
        .filter_map(|p| Some((p.name(), p.synapse.as_deref()?, p.compartment)));
    let biases = model.populations.iter().filter_map(|p| {
        let bias = p.bias.as_ref()?;
        let name = Bias::name(&p.name);
        Some((name, bias.synapse.as_str(), Compartment::Basal))
    });
    projections.chain(biases)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::description::Registry;
    use crate::description::model::{Model, check};

    /// Warnings of a population with 16 synapses of this type for each neuron.
    fn warned(synapse: &str) -> Vec<String> {
        let text = format!(
            r#"(
                name: "pair", neurons: {{"n": ()}}, inputs: [(name: "x", size: 16)],
                populations: [(name: "a", size: 2, neuron: "n")],
                synapses: {{"s": ({synapse}, eta: 0.1, update: (every_ms: 5, optimiser: adam()))}},
                projections: [(from: "x", to: "a", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(0))],
            )"#
        );
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let model: Model = options.from_str(&text).unwrap();
        let issues = check(&model, &Registry::default(), Some(1.0), Path::new(""));
        (issues.into_iter())
            .map(|issue| format!("{}: {}", issue.path, issue.message))
            .collect()
    }

    #[test]
    fn weights_confined_below_what_their_number_asks_for_are_reported() {
        let gated = |decay: f64| {
            format!(r#"rule: "change_gated_decay", parameters: {{"gated_decay": {decay}}}"#)
        };
        for fine in [
            gated(0.03),
            gated(0.33),
            r#"rule: "dll", bounds: (-0.75, 0.1)"#.into(),
        ] {
            assert_eq!(warned(&fine), Vec::<String>::new());
        }
        // 1 / (0.5 x 4) and 1 / 4.
        let [warning] = &warned(&gated(0.5))[..] else {
            panic!("one warning")
        };
        assert!(
            warning.starts_with("synapses.s.parameters.gated_decay: no weight of `x_to_a`")
                && warning.contains("exceed 0.50: weights of unit gain are 0.25 for 16 synapses"),
            "{warning}"
        );
        let [warning] = &warned(r#"rule: "dll", bounds: (-0.7, 0.1)"#)[..] else {
            panic!("one warning")
        };
        assert!(warning.contains("exceed 0.7: "), "{warning}");
    }
}
