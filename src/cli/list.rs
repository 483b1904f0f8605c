//! `apical list`: names that models may use.

use std::process::ExitCode;

use super::say;
use crate::description::Registry;
use crate::neuron::Compartment;
use crate::plasticity::Rule;
use crate::plasticity::rules::RECOMMENDED;
use crate::terminal::stdout;

/// Lists names that models may use.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Kind of names
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// Rules of plasticity, with the criteria of biological plausibility that each meets
    Rules,
}

/// Runs the command.
#[must_use]
pub fn run(arguments: &Arguments, registry: &Registry) -> ExitCode {
    let What::Rules = arguments.what;
    say(stdout(), &rules(registry));
    ExitCode::SUCCESS
}

/// The table of rules.
///
/// Criteria and changes at each dendrite are computed from the rules, with their default
/// parameters: these changes are the complete definition of a rule.
#[must_use]
pub fn rules(registry: &Registry) -> String {
    let mut rows = vec![["rule", "C1", "C2", "C3", "basal", "apical", ""].map(str::to_owned)];
    rows.extend(registry.rules().map(row));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:width$}  "))
            .collect();
        text += &format!("{}\n", line.trim_end());
    }
    text += "\n\
        C1  no weight symmetry: no synapse reads the weight of another\n\
        C2  local: a synapse changes by variables at its site and a scalar common to all synapses\n\
        C3  no phases: the same equations at all times, whatever is presented\n\
        +   met in this engine, - not met; with the default parameters\n";
    if registry.rule(RECOMMENDED).is_some() {
        text += &format!("\n{RECOMMENDED} is recommended to begin with, see docs/rules.md\n");
    }
    for rule in registry.rules().filter(|rule| !rule.parameters.is_empty()) {
        text += &format!("\nparameters of {}\n", rule.name);
        for p in rule.parameters {
            text += &format!("    {} = {}  {}\n", p.name, p.default, p.meaning);
        }
    }
    text
}

fn row(rule: &Rule) -> [String; 7] {
    let at = |compartment| rule.kind(compartment).to_owned();
    let mark = |met: bool| if met { "+" } else { "-" }.to_owned();
    let criteria = rule.criteria();
    [
        rule.name.to_owned(),
        mark(criteria.no_weight_symmetry),
        mark(criteria.local),
        mark(criteria.no_phases),
        at(Compartment::Basal),
        at(Compartment::Apical),
        rule.about.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::rules;
    use crate::description::Registry;
    use crate::plasticity::{BasalKernel, BasalSite, Change, Modulator, Rule, ThirdFactor};

    #[test]
    fn the_table_of_rules() {
        insta::assert_snapshot!(rules(&Registry::default()));
    }

    #[test]
    fn criteria_of_an_added_rule_follow_from_its_changes() {
        struct Hebb;
        impl BasalKernel for Hebb {
            fn factor(&self, site: BasalSite) -> f32 {
                site.rate
            }
        }
        let rule = Rule {
            name: "two_kinds",
            about: "learns one kind of presentation and unlearns another",
            parameters: &[],
            basal: |_| {
                let third = ThirdFactor {
                    modulator: Modulator::Presentation,
                    trace_ms: 0.0,
                };
                Change::modulated_basal(Hebb, third)
            },
            apical: |_| Change::transported(),
        };
        let criteria = rule.criteria();
        assert!(!criteria.no_weight_symmetry && !criteria.local && !criteria.no_phases);
        let table = rules(&Registry::default().with_rule(rule));
        let line = table.lines().find(|line| line.starts_with("two_kinds"));
        let line = line.unwrap_or_default();
        assert!(
            line.contains("-   -   -   local x presentation  transported"),
            "{line}"
        );
    }
}
