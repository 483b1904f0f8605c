//! Check of probes: neurons, synapses and times.

use std::collections::BTreeSet;

use super::view::{Named, View, indices};
use crate::circuit::Engine;
use crate::connectivity::Shape;
use crate::description::document::{Allowed, Issues, unknown};
use crate::description::model::ModelGraph;
use crate::description::scenario::{Indices, Neurons, Probe, Statistic, Tail};
use crate::neuron::{Compartment, Variable};

pub(super) fn check(issues: &mut Issues, view: &View<'_>) {
    for (index, probe) in view.scenario.probes.iter().enumerate() {
        let path = format!("probes[{index}]");
        let (from_ms, until_ms, every_ms) = probe.times_ms();
        times(issues, view, &path, (every_ms, from_ms, until_ms));
        match probe {
            Probe::Traces {
                neurons,
                variables,
                trials,
                ..
            } => {
                traces(issues, view, &path, neurons, variables);
                // Zero trials are reported separately.
                let count = view.scenario.trials.max(1);
                let line = Shape::line(count);
                indices(issues, &format!("{path}.trials"), trials, line, "trials");
            }
            Probe::Weights {
                projection,
                post,
                pre,
                kernels,
                ..
            } => {
                let at = format!("{path}.projection");
                if let Some(found) = view.projection(issues, &at, projection) {
                    if found.synapse.is_none() {
                        issues.error(
                            at,
                            format!("`{projection}` is a pool, which has no weights"),
                        );
                    } else if let Some(kernels) = kernels {
                        of_kernels(issues, view, &path, (projection, kernels, post, pre));
                    }
                    for (side, chosen, name) in
                        [("post", post, Some(found.to)), ("pre", pre, found.from)]
                    {
                        let shape = name.map_or(Some(Shape::line(1)), |name| view.shape(name));
                        let what = format!("{side}synaptic neurons of `{projection}`");
                        if let Some(shape) = shape {
                            indices(issues, &format!("{path}.{side}"), chosen, shape, &what);
                        }
                    }
                }
            }
            Probe::Statistics {
                projections,
                statistics,
                ..
            } => check_statistics(issues, view, &path, projections, statistics),
        }
    }
    tail(issues, view);
}

/// Check of a probe of whole kernels.
fn of_kernels(
    issues: &mut Issues,
    view: &View<'_>,
    path: &str,
    (projection, kernels, post, pre): (&str, &Indices, &Indices, &Indices),
) {
    let path = format!("{path}.kernels");
    if (post, pre) != (&Indices::default(), &Indices::default()) {
        let message = "whole kernels have all their weights; expected no `post` and no `pre`";
        return issues.error(path, message);
    }
    let Some(model) = view.model else {
        return;
    };
    match model.kernel_channels(projection) {
        Some(channels) => {
            let what = format!("output channels of `{projection}`");
            indices(issues, &path, kernels, Shape::line(channels), &what);
        }
        None => issues.error(
            path,
            format!(
                "`{projection}` has no shared kernels; expected a convolution, or `post` and `pre`"
            ),
        ),
    }
}

/// Check of the recording of the end of the run: length and neurons.
fn tail(issues: &mut Issues, view: &View<'_>) {
    let Tail::Last { ms, neurons } = &view.scenario.tail else {
        return;
    };
    if let Some(ms) = *ms {
        issues.steps("tail.ms", ms, view.dt_ms);
    }
    for (index, chosen) in neurons.iter().flatten().enumerate() {
        let path = format!("tail.neurons[{index}]");
        if view.population(issues, &path, &chosen.population).is_some() {
            view.neurons(issues, &path, chosen);
        }
    }
}

/// Checks interval and window of a probe; times below 0 count from the end.
fn times(
    issues: &mut Issues,
    view: &View<'_>,
    path: &str,
    (every_ms, from_ms, until_ms): (Option<f64>, Option<f64>, Option<f64>),
) {
    if let Some(every_ms) = every_ms {
        issues.steps(format!("{path}.every_ms"), every_ms, view.dt_ms);
    }
    let mut finite = |name: &str, ms: Option<f64>| {
        ms.is_none_or(|ms| issues.number(format!("{path}.{name}"), ms, Allowed::Any))
    };
    if !(finite("from_ms", from_ms) && finite("until_ms", until_ms)) {
        return;
    }
    let from_end = |ms: f64| {
        if ms < 0.0 {
            view.end_ms.map(|end| (end + ms).max(0.0))
        } else {
            Some(ms)
        }
    };
    if let (Some(from), Some(until)) = (from_ms, until_ms) {
        let both_from_end = from < 0.0 && until < 0.0;
        let resolved = from_end(from).zip(from_end(until));
        let empty = match resolved {
            Some((from, until)) => from > until,
            None => both_from_end && from > until,
        };
        if empty {
            let message = format!("expected an end after the start at {from} ms, found {until} ms");
            issues.error(format!("{path}.until_ms"), message);
            return;
        }
    }
    if let Some((from, end)) = from_ms.zip(view.end_ms)
        && from > end
    {
        let message =
            format!("{from} ms is after the end of the run at {end} ms: nothing is observed");
        issues.warn(format!("{path}.from_ms"), message);
    }
}

fn traces(
    issues: &mut Issues,
    view: &View<'_>,
    path: &str,
    neurons: &[Neurons],
    variables: &[Variable],
) {
    if neurons.is_empty() {
        issues.error(
            format!("{path}.neurons"),
            "expected neurons such as \"hidden1[0..8]\", found none",
        );
    }
    if variables.is_empty() {
        let known: Vec<&str> = Variable::ALL.iter().map(|v| v.symbol()).collect();
        let message = format!("expected some of {}, found none", known.join(", "));
        issues.error(format!("{path}.variables"), message);
    }
    // The default is all variables, which means those that exist.
    let other = variables.iter().find(|v| **v != Variable::RATE);
    let other = other.filter(|_| variables != Variable::ALL);
    for (index, chosen) in neurons.iter().enumerate() {
        let at = format!("{path}.neurons[{index}]");
        let is_input = view.neurons(issues, &at, chosen);
        if let (Some(true), Some(variable)) = (is_input, other) {
            issues.error(
                at,
                format!(
                    "`{}` is an input, which has no `{variable}` but only `r`; expected a probe of \
                     its own with `variables: [r]`",
                    chosen.population
                ),
            );
        }
        if is_input == Some(false) {
            let known = view.variables(&chosen.population);
            let unknown_one = variables.iter().position(|v| !known.contains(&v.symbol()));
            if let Some(at) = unknown_one {
                let kind = format!("variable of `{}` called", chosen.population);
                let message = unknown(&kind, variables[at].symbol(), known);
                issues.error(format!("{path}.variables[{at}]"), message);
            }
        }
    }
}

fn check_statistics(
    issues: &mut Issues,
    view: &View<'_>,
    path: &str,
    projections: &[String],
    statistics: &[Statistic],
) {
    let at = format!("{path}.statistics");
    if statistics.is_empty() {
        issues.error(
            &at,
            "expected some of norm, alignment, gradient_angle, messages, found none",
        );
    }
    if statistics.contains(&Statistic::GradientAngle) && view.scenario.task.is_none() {
        issues.error(
            &at,
            "`gradient_angle` is the angle to the gradient of a task's loss; expected a scenario \
             with a `task`",
        );
    }
    if statistics.contains(&Statistic::Messages) && view.scenario.engine == Engine::Dense {
        let message = "`messages` are counted by the event engine; with `engine: dense` every neuron \
                       sends in every step, and nothing is recorded";
        issues.warn(&at, message);
    }
    let all = view.projections();
    let mut named = Vec::new();
    for (index, name) in projections.iter().enumerate() {
        let at = format!("{path}.projections[{index}]");
        if let Some(found) = view.projection(issues, &at, name) {
            named.push((at, found));
        }
    }
    let upstream = Upstream::of(view);
    let defined = |statistic, projection: &Named<'_>| match &upstream {
        Some(upstream) if statistic == Statistic::GradientAngle => {
            defined(statistic, projection, &all).and_then(|()| upstream.has_gradient(projection))
        }
        _ => defined(statistic, projection, &all),
    };
    for &statistic in statistics {
        for (at, projection) in &named {
            if let Err(message) = defined(statistic, projection) {
                issues.error(at, message);
            }
        }
        // Projections for which the statistic is undefined are distinguished from ambiguous ones.
        let ambiguous = |p: &&Named<'_>| {
            statistic == Statistic::Alignment
                && p.compartment == Compartment::Apical
                && p.reciprocal.is_none()
                && all.iter().filter(|back| back.runs_back(p)).count() > 1
        };
        if projections.is_empty() {
            for projection in all.iter().filter(ambiguous) {
                if let Err(message) = defined(statistic, projection) {
                    issues.error(&at, message);
                }
            }
        }
        let outcomes: Vec<_> = all.iter().map(|p| defined(statistic, p)).collect();
        let any = outcomes.iter().any(Result::is_ok);
        if projections.is_empty() && view.model.is_some() && !any {
            let loops = upstream
                .as_ref()
                .and_then(|upstream| upstream.circle.as_ref());
            let because = match loops {
                Some(circle) if statistic == Statistic::GradientAngle => format!(": {circle}"),
                _ => String::new(),
            };
            let message = format!(
                "there is no projection for which {} is defined{because}; nothing is recorded",
                words(statistic)
            );
            issues.warn(&at, message);
        }
    }
}

/// Upstream circuit of a task's output.
struct Upstream<'a> {
    output: &'a str,
    populations: BTreeSet<&'a str>,
    /// Reason why no gradient exists, if basal projections form a cycle there.
    circle: Option<String>,
    /// Synapse types with constant weights.
    unruled: BTreeSet<&'a str>,
}

impl<'a> Upstream<'a> {
    fn of(view: &View<'a>) -> Option<Self> {
        let (task, model) = (view.scenario.task.as_ref()?, view.model?);
        // Its existence is checked with the task.
        (model.populations.iter()).find(|population| population.name == task.output)?;
        let nodes = ModelGraph::of(model, Compartment::Basal);
        let graph = &nodes.graph;
        let reaching = graph.reaching(nodes.node(&task.output)?);
        let counts = |node: &usize| reaching.get(*node).copied().unwrap_or_default();
        let groups = graph.groups();
        let mut circles = groups
            .iter()
            .filter(|g| graph.is_loop(g) && g.iter().all(counts));
        let circle = circles.next().map(|group| {
            let names: Vec<String> = (group.iter())
                .map(|node| format!("`{}`", nodes.name(*node)))
                .collect();
            format!(
                "basal projections run in a circle at {}, so that the gradient depends on the past",
                names.join(", ")
            )
        });
        let upstream = groups.iter().flatten().filter(|node| counts(node));
        Some(Self {
            output: &task.output,
            populations: upstream.map(|node| nodes.name(*node)).collect(),
            circle,
            unruled: (model.synapses.iter())
                .filter(|(_, synapse)| synapse.rule.is_none())
                .map(|(name, _)| name.as_str())
                .collect(),
        })
    }

    fn has_gradient(&self, projection: &Named<'_>) -> Result<(), String> {
        let name = &projection.name;
        if let Some(circle) = &self.circle {
            return Err(format!(
                "`gradient_angle` is not defined for `{name}`: {circle}"
            ));
        }
        if let Some(synapse) = projection
            .synapse
            .filter(|name| self.unruled.contains(name))
        {
            return Err(format!(
                "`gradient_angle` is not defined for `{name}`: synapses of type `{synapse}` have \
                 no rule, so they do not change"
            ));
        }
        if self.populations.contains(projection.to) {
            return Ok(());
        }
        Err(format!(
            "`gradient_angle` is not defined for `{name}`: no basal projections lead from `{}` to \
             the output `{}`, so the loss does not depend on it",
            projection.to, self.output
        ))
    }
}

fn words(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Norm => "`norm`",
        Statistic::Alignment => "`alignment`",
        Statistic::GradientAngle => "`gradient_angle`",
        Statistic::Messages => "`messages`",
    }
}

fn defined(statistic: Statistic, projection: &Named<'_>, all: &[Named<'_>]) -> Result<(), String> {
    let name = &projection.name;
    if projection.synapse.is_none() && statistic != Statistic::Messages {
        let statistic = words(statistic);
        return Err(format!(
            "{statistic} is about weights; `{name}` is a pool, which has none"
        ));
    }
    match (statistic, projection.compartment) {
        (Statistic::Norm, _) | (Statistic::GradientAngle, Compartment::Basal) => Ok(()),
        (Statistic::Messages, _) => (projection.from.map(|_| ())).ok_or_else(|| {
            format!("`messages` counts values sent; `{name}` is a bias, which sends none")
        }),
        (Statistic::GradientAngle, Compartment::Apical) => Err(format!(
            "`gradient_angle` is defined for basal projections; `{name}` is apical"
        )),
        (Statistic::Alignment, Compartment::Basal) => Err(format!(
            "`alignment` is defined for apical projections; `{name}` is basal"
        )),
        (Statistic::Alignment, Compartment::Apical) => {
            let (from, to) = (projection.from.unwrap_or_default(), projection.to);
            let back: Vec<_> = (all.iter().filter(|back| back.runs_back(projection))).collect();
            let is_other = |way: &&&Named<'_>| {
                projection.reciprocal.is_none_or(|name| way.name == name)
                    && !(way.is_all_to_all && projection.is_all_to_all)
            };
            let other = back
                .iter()
                .find(is_other)
                .filter(|_| !projection.is_reciprocal);
            let ways: Vec<String> = back.iter().map(|way| format!("`{}`", way.name)).collect();
            match (&ways[..], projection.reciprocal) {
                ([_], _) | ([_, ..], Some(_)) => match other {
                    None => Ok(()),
                    Some(way) => Err(format!(
                        "`alignment` compares pairs of neurons, and those of `{name}` are not those \
                         of `{}`; expected `wiring: reciprocal` of `{name}`",
                        way.name
                    )),
                },
                ([], _) => Err(format!(
                    "`alignment` compares `{name}` with the way up; expected a basal projection \
                     from `{to}` to `{from}`, found none"
                )),
                ([..], None) => Err(format!(
                    "`alignment` compares `{name}` with one way up, and from `{to}` to `{from}` \
                     there are {}; expected a choice by `reciprocal` of the projection",
                    ways.join(", ")
                )),
            }
        }
    }
}
