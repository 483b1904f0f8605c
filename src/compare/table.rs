//! Table of the results of a comparison, as CSV and as text.

use std::fmt;

use super::CompareError;
use crate::record::csv::{Cell, text};
use crate::run::Summary;
use crate::terminal::visible;

/// Every rule with every seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name of the comparison.
    pub name: String,
    /// Purpose of the comparison.
    pub about: String,
    /// Changes by the command line for every rule.
    pub changes: Vec<String>,
    /// Rules in the order of the comparison's file.
    pub rules: Vec<RuleRows>,
    /// Finished runs that do not belong in this table, with the reason.
    pub apart: Vec<String>,
}

/// The runs of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleRows {
    /// Name of the rule.
    pub rule: String,
    /// Name of the scenario, whose data the runs learn.
    pub data: String,
    /// Seeds with their outcomes.
    pub rows: Vec<(u64, Outcome)>,
}

/// Outcome of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The run is missing or incomplete.
    Missing,
    /// The run is complete.
    Finished(Box<Summary>),
    /// The run failed.
    Failed {
        /// Reason of the failure.
        reason: String,
        /// Summary of the results until then.
        summary: Option<Box<Summary>>,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("not run"),
            Self::Failed { reason, .. } => write!(f, "failed: {reason}"),
            Self::Finished(summary) => {
                let accuracy = |name, accuracy: Option<f64>| {
                    accuracy.map(|accuracy| format!("{name} {:.2} %, ", 1e2 * accuracy))
                };
                let test = accuracy("test", summary.test_accuracy).unwrap_or_default();
                let validation = accuracy("validation", summary.validation_accuracy);
                let validation = validation.unwrap_or_default();
                write!(f, "{test}{validation}{:.1} s", summary.wall_seconds)
            }
        }
    }
}

/// Columns of `table.csv`.
const COLUMNS: [&str; 8] = [
    "rule",
    "data",
    "seed",
    "epochs",
    "validation_accuracy",
    "test_accuracy",
    "wall_seconds",
    "messages_sent",
];

impl Table {
    /// Sets the outcome of the run at (rule, seed), counted from 0.
    pub fn enter(&mut self, (rule, seed): (usize, usize), outcome: Outcome) {
        let rows = self.rules.get_mut(rule).map(|rule| &mut rule.rows);
        if let Some(row) = rows.and_then(|rows| rows.get_mut(seed)) {
            row.1 = outcome;
        }
    }

    /// A row for each run that has ended, including failed ones; `NaN` for missing values.
    /// Accuracies are from 0 to 1, the test accuracy with the weights of the epoch chosen by
    /// validation.
    ///
    /// # Errors
    /// [`CompareError::Record`], only if memory is exhausted.
    pub fn csv(&self) -> Result<String, CompareError> {
        let rows = self.rules.iter().flat_map(|rule| {
            let over = rule
                .rows
                .iter()
                .filter(|(_, outcome)| *outcome != Outcome::Missing);
            over.map(move |(seed, outcome)| {
                let (summary, finished) = match outcome {
                    Outcome::Finished(summary) => (Some(&**summary), true),
                    Outcome::Failed { summary, .. } => (summary.as_deref(), false),
                    Outcome::Missing => (None, false),
                };
                let number = |of: &dyn Fn(&Summary) -> Option<f64>| {
                    Cell::Number(summary.and_then(of).unwrap_or(f64::NAN))
                };
                let result = |of: &dyn Fn(&Summary) -> Option<f64>| {
                    number(&|summary| of(summary).filter(|_| finished))
                };
                vec![
                    Cell::Text(&rule.rule),
                    Cell::Text(&rule.data),
                    Cell::Number(*seed as f64),
                    number(&|summary| summary.epochs.map(|epochs| epochs as f64)),
                    result(&|summary| summary.validation_accuracy),
                    result(&|summary| summary.test_accuracy),
                    number(&|summary| Some(summary.wall_seconds)),
                    number(&|summary| summary.messages_sent.map(|sent| sent as f64)),
                ]
            })
        });
        Ok(text(&COLUMNS, &rows.collect::<Vec<_>>())?)
    }

    /// A line for each rule: means over its finished runs, with standard deviations, and their
    /// number; below it the reasons of failures.
    #[must_use]
    pub fn markdown(&self) -> String {
        let run = self.rules.iter().filter(|rule| rule.has_run());
        let lines: Vec<[String; 9]> = run.map(RuleRows::line).collect();
        let names = [
            "rule",
            "test accuracy (%)",
            "validation (%)",
            "seeds",
            "epochs",
            "time (s)",
            "messages sent",
            "of dense (%)",
            "failed",
        ]
        .map(str::to_owned);
        let width = |column: usize| {
            let cells = lines.iter().chain([&names]);
            cells
                .map(|line| line[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: [usize; 9] = std::array::from_fn(width);
        let written = |line: &[String; 9]| {
            let cells = line.iter().zip(widths).enumerate();
            let cells = cells.map(|(column, (cell, width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = widths
            .iter()
            .enumerate()
            .map(|(column, width)| match column {
                0 => "-".repeat(width + 2),
                _ => format!("{}:", "-".repeat(width + 1)),
            });
        let rule = format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
        let mut text = format!("# {}\n\n", self.name);
        if !self.about.is_empty() {
            text += &format!("{}\n\n", self.about);
        }
        text += &(written(&names) + &rule);
        text.extend(lines.iter().map(written));
        text += "\nMean ± standard deviation over seeds; test accuracy with the weights of the epoch \
                 that validation chose.\n";
        text += &format!("Apical {}", env!("CARGO_PKG_VERSION"));
        for change in &self.changes {
            text += &format!(", `{change}`");
        }
        text += ".\n";
        let not_run = self.rules.iter().filter(|rule| !rule.has_run());
        let not_run: Vec<&str> = not_run.map(|rule| &*rule.rule).collect();
        if !not_run.is_empty() {
            text += &format!("\nNot run: {}.\n", not_run.join(", "));
        }
        for line in &self.apart {
            text += &format!("\nNot in this table: {line}.\n");
        }
        let failures = self.failures();
        if !failures.is_empty() {
            text += "\nFailed:\n\n";
        }
        for failure in failures {
            text += &format!("* {}\n", failure.replace('\n', "\n  "));
        }
        // Reasons and descriptions may contain control sequences of a terminal.
        visible(&text).into_owned()
    }

    /// Failed runs, each with its reason.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let of_rule = |rule: &RuleRows| {
            let failed = rule
                .rows
                .iter()
                .filter_map(|(seed, outcome)| match outcome {
                    Outcome::Failed { reason, .. } => {
                        Some(format!("{}, seed {seed}: {reason}", rule.rule))
                    }
                    _ => None,
                });
            failed.collect::<Vec<_>>()
        };
        self.rules.iter().flat_map(of_rule).collect()
    }
}

impl RuleRows {
    /// Finished runs of the rule.
    pub fn finished(&self) -> impl Iterator<Item = (u64, &Summary)> {
        self.rows
            .iter()
            .filter_map(|(seed, outcome)| match outcome {
                Outcome::Finished(summary) => Some((*seed, &**summary)),
                _ => None,
            })
    }

    /// True if any run of the rule has ended.
    pub(super) fn has_run(&self) -> bool {
        (self.rows.iter()).any(|(_, outcome)| *outcome != Outcome::Missing)
    }

    fn line(&self) -> [String; 9] {
        let values = |of: &dyn Fn(&Summary) -> Option<f64>| -> Vec<f64> {
            self.finished()
                .filter_map(|(_, summary)| of(summary))
                .collect()
        };
        let mean = |of: &dyn Fn(&Summary) -> Option<f64>, decimals: usize| {
            let mean = Spread::of(&values(of)).map(|spread| spread.mean);
            mean.map_or("–".to_owned(), |mean| format!("{mean:.decimals$}"))
        };
        let percent = |of: &dyn Fn(&Summary) -> Option<f64>| {
            Spread::of(&values(&|summary| Some(1e2 * of(summary)?)))
                .map_or("–".to_owned(), |spread| spread.to_string())
        };
        let all = self.rows.len();
        let finished = self.finished().count();
        let failed = (self.rows.iter())
            .filter(|(_, outcome)| matches!(outcome, Outcome::Failed { .. }))
            .count();
        let sent = values(&|summary| summary.messages_sent.map(|sent| sent as f64));
        [
            self.rule.clone(),
            percent(&|summary| summary.test_accuracy),
            percent(&|summary| summary.validation_accuracy),
            match finished == all {
                true => format!("{all}"),
                false => format!("{finished} of {all}"),
            },
            mean(&|summary| summary.epochs.map(|epochs| epochs as f64), 0),
            mean(&|summary| Some(summary.wall_seconds), 1),
            Spread::of(&sent).map_or("–".to_owned(), |spread| format!("{:.3e}", spread.mean)),
            mean(&|summary| Some(1e2 * summary.messages()?), 2),
            failed.to_string(),
        ]
    }
}

/// Mean and standard deviation of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub mean: f64,
    /// Computed with n - 1 in the denominator; absent for a single value.
    pub deviation: Option<f64>,
}

impl Spread {
    /// Mean and deviation; absent without values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (!values.is_empty()).then(|| Self {
            mean,
            deviation: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        })
    }
}

/// Text with two decimals.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.deviation {
            Some(deviation) => write!(f, "{:.2} ± {deviation:.2}", self.mean),
            None => write!(f, "{:.2}", self.mean),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, RuleRows, Spread, Table};
    use crate::run::Summary;

    fn finished(test: f64, sent: Option<u64>) -> Outcome {
        Outcome::Finished(Box::new(Summary {
            test_accuracy: Some(test),
            validation_accuracy: Some(0.5),
            epochs: Some(3),
            wall_seconds: 2.5,
            messages_sent: sent,
            messages_of_dense: sent.map(|sent| 4 * sent),
            ..Summary::default()
        }))
    }

    fn table() -> Table {
        let rule = |rule: &str, rows: Vec<(u64, Outcome)>| RuleRows {
            rule: rule.to_owned(),
            data: "digits".to_owned(),
            rows,
        };
        let failed = Outcome::Failed {
            reason: "first line\nsecond line".to_owned(),
            summary: Some(Box::new(Summary {
                epochs: Some(1),
                validation_accuracy: Some(0.25),
                wall_seconds: 1.0,
                ..Summary::default()
            })),
        };
        Table {
            name: "rules".to_owned(),
            about: "What they do.".to_owned(),
            changes: vec!["task.epochs=3".to_owned()],
            rules: vec![
                rule(
                    "dll",
                    vec![
                        (1, finished(0.90, Some(1_000_000))),
                        (2, finished(0.92, Some(2_000_000))),
                        (5, finished(0.97, Some(3_000_000))),
                    ],
                ),
                rule(
                    "hebbian",
                    vec![(1, finished(0.5, None)), (2, failed), (5, Outcome::Missing)],
                ),
                rule("none", vec![(1, Outcome::Missing)]),
            ],
            apart: vec!["none seed 2 is finished, but by Apical 0.0.1, and this is 1".to_owned()],
        }
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        // 2, 4, 4, 4, 5, 5, 7, 9: sum of squared deviations 32 around the mean 5.
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!(spread.mean, 5.0);
        assert!((spread.deviation.unwrap() - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(&[3.0]).unwrap().deviation, None);
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn every_run_that_is_over_has_a_row() {
        insta::assert_snapshot!(table().csv().unwrap(), @r"
        rule,data,seed,epochs,validation_accuracy,test_accuracy,wall_seconds,messages_sent
        dll,digits,1,3,0.5,0.9,2.5,1000000
        dll,digits,2,3,0.5,0.92,2.5,2000000
        dll,digits,5,3,0.5,0.97,2.5,3000000
        hebbian,digits,1,3,0.5,0.5,2.5,NaN
        hebbian,digits,2,1,NaN,NaN,1,NaN
        ");
    }

    #[test]
    fn every_rule_has_a_line_for_people() {
        insta::assert_snapshot!(table().markdown(), @r"
        # rules

        What they do.

        | rule    | test accuracy (%) | validation (%) |  seeds | epochs | time (s) | messages sent | of dense (%) | failed |
        |---------|------------------:|---------------:|-------:|-------:|---------:|--------------:|-------------:|-------:|
        | dll     |      93.00 ± 3.61 |   50.00 ± 0.00 |      3 |      3 |      2.5 |       2.000e6 |        25.00 |      0 |
        | hebbian |             50.00 |          50.00 | 1 of 3 |      3 |      2.5 |             – |            – |      1 |

        Mean ± standard deviation over seeds; test accuracy with the weights of the epoch that validation chose.
        Apical 0.1.0, `task.epochs=3`.

        Not run: none.

        Not in this table: none seed 2 is finished, but by Apical 0.0.1, and this is 1.

        Failed:

        * hebbian, seed 2: first line
          second line
        ");
    }
}
