//! `apical inspect`: one neuron of a run from the inside.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::say;
use crate::description::document::unknown;
use crate::description::model::Neuron;
use crate::description::scenario::{Neurons, TimelineEntry};
use crate::math::Steps;
use crate::neuron::soma::Units;
use crate::neuron::{Compartment, Site, Variable};
use crate::protocol::Replay;
use crate::record::{Series, history};
use crate::run::Results;
use crate::terminal::stdout;

/// Looks into one neuron of a run.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The run's directory
    run: PathBuf,
    /// The neuron, such as `hidden1[17]`
    neuron: String,
    /// The trial, from 0
    #[arg(long, default_value_t = 0)]
    trial: usize,
    /// How many of the strongest synapses of each dendrite are shown
    #[arg(long, default_value_t = 5)]
    synapses: usize,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Contents of the inspection of a neuron.
#[derive(Debug, Serialize)]
struct Inspection {
    neuron: String,
    trial: usize,
    time_ms: f64,
    /// Present parameters, including changes by the timeline.
    parameters: Neuron,
    #[serde(rename = "I_b")]
    i_b: f32,
    b: f32,
    #[serde(rename = "I_a")]
    i_a: f32,
    a: f32,
    /// Injected somatic current in a.u.
    #[serde(rename = "I_s")]
    i_s: f32,
    s: f32,
    b_hat: f32,
    xi: f32,
    /// Noise of the neuron in a.u.; `None` if its type has none.
    noise: Option<f32>,
    r: f32,
    delta: f32,
    basal: Dendrite,
    apical: Dendrite,
    /// Recent values by variable.
    trace: Vec<Trace>,
}

/// Currents of a dendrite and their sources.
#[derive(Debug, Serialize)]
struct Dendrite {
    /// Sum over the synapses of each projection, in a.u.
    terms: Vec<(String, f32)>,
    /// Current injected by the timeline, in a.u.
    injected: f32,
    /// True if a teacher acts on this dendrite.
    taught: bool,
    /// Rest of the current in a.u.: that of the teacher, or without one, rounding of the sums and
    /// weight changes since the current was computed.
    rest: f32,
    /// Number of synapses.
    synapses: usize,
    /// Strongest synapses, by magnitude of the weight.
    strongest: Vec<Synapse>,
    /// True if a population has several projections to the dendrite, which have to be
    /// distinguished.
    #[serde(skip)]
    several_ways: bool,
}

#[derive(Debug, Serialize)]
struct Synapse {
    projection: String,
    /// Sending neuron; `None` for a bias.
    from: Option<String>,
    weight: f32,
    /// Value that has arrived from the sender: its rate or its teaching signal. With a delay or a
    /// threshold, it can differ from the present value of the sender.
    arrived: Option<f32>,
}

#[derive(Debug, Serialize)]
struct Trace {
    variable: &'static str,
    time_ms: Vec<f64>,
    value: Vec<f64>,
}

/// Runs the command.
///
/// # Errors
/// A directory that is not a run, a neuron or a trial that does not exist, a damaged file.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let results = Results::open(&arguments.run)?;
    let inspection = inspect(&results, arguments)?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&inspection)?;
        say(stdout(), &format!("{text}\n"));
    } else {
        say(stdout(), &inspection.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

fn inspect(results: &Results, arguments: &Arguments) -> Result<Inspection, Box<dyn Error>> {
    let wanted: Neurons = arguments.neuron.parse()?;
    let name = &wanted.population;
    if results.model.inputs.iter().any(|input| input.name == *name) {
        let text = format!("`{name}` is an input: its neurons have a rate and no compartments");
        return Err(text.into());
    }
    let known = results.model.populations.iter().map(|p| p.name.as_str());
    let population =
        (results.population(name)).ok_or_else(|| unknown("population", name, known))?;
    let index = match wanted.indices.among(population.size)[..] {
        [index] if wanted.indices.largest() == Some(index) => index,
        _ => {
            let last = population.size.saturating_sub(1);
            let text = format!(
                "{}: expected one neuron, `{name}[0]` to `{name}[{last}]`",
                arguments.neuron
            );
            return Err(text.into());
        }
    };
    let (trial, trials) = (arguments.trial, results.summary.trials);
    if trial >= trials {
        return Err(format!(
            "--trial {trial}: expected 0 to {}",
            trials.saturating_sub(1)
        )
        .into());
    }
    let state = (results.state(name)?)
        .ok_or_else(|| format!("{}: the run left no state", results.directory.display()))?;
    let now = |variable: Variable| {
        let row = Variable::ALL.iter().position(|v| *v == variable)?;
        state.get((row, trial, index)).copied()
    };
    let read = |variable| now(variable).ok_or_else(|| format!("state/{name}.npy: no {variable}"));
    let (s, xi) = (
        read(Variable::SOMATIC_POTENTIAL)?,
        read(Variable::MISMATCH)?,
    );
    let place = Place {
        results,
        outside: Outside::of(results, name),
        name,
        index,
        trial,
        most: arguments.synapses,
    };
    let (i_b, i_a) = (
        read(Variable::BASAL_CURRENT)?,
        read(Variable::APICAL_CURRENT)?,
    );
    Ok(Inspection {
        neuron: format!("{name}[{index}]"),
        trial,
        time_ms: results.summary.simulated_ms,
        parameters: place.outside.parameters.clone(),
        i_b,
        b: read(Variable::BASAL_POTENTIAL)?,
        i_a,
        a: read(Variable::APICAL_POTENTIAL)?,
        i_s: place.outside.injected(Site::Soma, index) + place.own(Site::Soma)?.unwrap_or(0.0),
        s,
        b_hat: s - xi,
        xi,
        noise: (results.noise(name)?).and_then(|noise| noise.get((trial, index)).copied()),
        r: read(Variable::RATE)?,
        delta: read(Variable::DELTA)?,
        basal: place.dendrite(Compartment::Basal, i_b)?,
        apical: place.dendrite(Compartment::Apical, i_a)?,
        trace: place.trace()?,
    })
}

/// Inputs from outside to a population in the last step.
struct Outside {
    parameters: Neuron,
    /// Compartment, and current of each neuron in a.u.
    currents: Vec<(Site, Vec<f32>)>,
    taught: bool,
}

impl Outside {
    fn of(results: &Results, name: &str) -> Self {
        let Results {
            scenario,
            model,
            summary,
            ..
        } = results;
        let replay = Replay::new(&scenario.timeline, scenario.dt_ms);
        // Entries at the end of the run have not yet had an effect.
        let step = summary.steps.saturating_sub(1);
        let size = results.population(name).map_or(0, |p| p.size);
        let mut outside = Self {
            parameters: (replay.parameters(model, name, step)).unwrap_or_default(),
            currents: Vec::new(),
            taught: scenario.task.as_ref().is_some_and(|task| {
                let steps = Steps::of(scenario.dt_ms);
                let within = step % steps.next(task.presentation_ms).max(1);
                let teaches = task.teacher.strength != 0.0 && summary.steps > 0;
                let on = (summary.teacher_ms)
                    .is_some_and(|(on, off)| (steps.next(on)..steps.next(off)).contains(&within));
                teaches && on && task.taught().any(|taught| taught == name)
            }),
        };
        for entry in replay.holding(step).filter(|_| summary.steps > 0) {
            match entry {
                TimelineEntry::Current {
                    neurons,
                    compartment,
                    amplitude,
                    ..
                } if neurons.population == name => {
                    let mut current = vec![0.0; size];
                    for neuron in neurons.indices.among(size) {
                        current[neuron] = *amplitude;
                    }
                    outside.currents.push((*compartment, current));
                }
                TimelineEntry::Teacher {
                    population,
                    strength,
                    ..
                } => outside.taught |= population == name && *strength != 0.0,
                _ => {}
            }
        }
        outside
    }

    fn injected(&self, site: Site, index: usize) -> f32 {
        let here = self.currents.iter().filter(|(other, _)| *other == site);
        here.filter_map(|(_, current)| current.get(index)).sum()
    }
}

/// Location of the inspected neuron.
struct Place<'a> {
    results: &'a Results,
    outside: Outside,
    name: &'a str,
    index: usize,
    trial: usize,
    most: usize,
}

impl Place<'_> {
    fn dendrite(&self, compartment: Compartment, current: f32) -> Result<Dendrite, Box<dyn Error>> {
        let model = &self.results.model;
        let mut projections: Vec<(String, Option<&str>)> = (model.projections.iter())
            .filter(|p| p.to == self.name && p.compartment == compartment)
            .map(|p| (p.name(), Some(p.from.as_str())))
            .collect();
        if compartment == Compartment::Basal {
            projections.push((format!("{}_bias", self.name), None));
        }
        let variable = match compartment {
            Compartment::Basal => Variable::RATE,
            Compartment::Apical => Variable::DELTA,
        };
        let site = match compartment {
            Compartment::Basal => Site::Basal,
            Compartment::Apical => Site::Apical,
        };
        let injected = self.outside.injected(site, self.index);
        let mut dendrite = Dendrite {
            terms: Vec::new(),
            injected,
            taught: self.outside.taught && compartment == Compartment::Apical,
            rest: current - injected,
            synapses: 0,
            strongest: Vec::new(),
            several_ways: (1..projections.len())
                .any(|n| projections[..n].iter().any(|p| p.1 == projections[n].1)),
        };
        if let Some(own) = self.own(site)? {
            let model = self.outside.parameters.model.as_deref().unwrap_or_default();
            dendrite.terms.push((format!("model {model}"), own));
            dendrite.rest -= own;
        }
        for (projection, from) in projections {
            let term = self.results.term(&projection)?;
            if let Some(&term) = term.as_ref().and_then(|t| t.get((self.trial, self.index))) {
                dendrite.terms.push((projection.clone(), term));
                dendrite.rest -= term;
            }
            let Some(weights) = self.results.weights(&projection)? else {
                continue;
            };
            let arrived = match from {
                Some(from) => self.arrived(&projection, from, variable)?,
                None => Some(vec![1.0]),
            };
            if self.index >= weights.nrows() {
                continue;
            }
            dendrite.synapses += weights.ncols();
            (dendrite.strongest).extend(weights.row(self.index).iter().enumerate().map(
                |(pre, &weight)| Synapse {
                    projection: projection.clone(),
                    from: from.map(|from| format!("{from}[{pre}]")),
                    weight,
                    arrived: (arrived.as_ref()).and_then(|arrived| arrived.get(pre).copied()),
                },
            ));
        }
        (dendrite.strongest).sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        dendrite.strongest.truncate(self.most);
        Ok(dendrite)
    }

    /// Current of the own equation of the neuron's model into a compartment in a.u.; none without
    /// such a model.
    fn own(&self, site: Site) -> Result<Option<f32>, Box<dyn Error>> {
        let own = self.results.own(self.name)?;
        let at = (site as usize, self.trial, self.index);
        Ok(own.and_then(|own| own.get(at).copied()))
    }

    /// Values that have arrived in this trial from all neurons of a population.
    fn arrived(
        &self,
        projection: &str,
        from: &str,
        variable: Variable,
    ) -> Result<Option<Vec<f32>>, Box<dyn Error>> {
        if let Some(arrived) = self.results.arrived(projection)? {
            let inside = self.trial < arrived.nrows();
            return Ok(inside.then(|| arrived.row(self.trial).to_vec()));
        }
        // For runs of earlier versions, the values sent are used.
        let Some(state) = self.results.state(from)? else {
            return Ok(None);
        };
        // An input has only its rate.
        let row = match state.dim().0 {
            1 => 0,
            _ => (Variable::ALL.iter().position(|v| *v == variable)).unwrap_or_default(),
        };
        let inside = row < state.dim().0 && self.trial < state.dim().1;
        Ok(inside.then(|| state.slice(ndarray::s![row, self.trial, ..]).to_vec()))
    }

    /// Last recorded time course of the neuron.
    fn trace(&self) -> Result<Vec<Trace>, Box<dyn Error>> {
        let (trial, index) = (self.trial as u32, self.index as u32);
        let keep = |population: &str, t, neuron, _: &str| {
            population == self.name && t == trial && neuron == index
        };
        let series = history(&self.results.directory, keep, &AtomicBool::new(false))?;
        self.results.lost()?;
        // A stopped run has no tail recording, so times count from its last sample.
        let ends = series.values().filter_map(|series| series.time_ms.last());
        let end_ms = ends.copied().fold(f64::NEG_INFINITY, f64::max);
        let from_ms = end_ms - self.results.scenario.tail_ms();
        let trace = |variable: &Variable| {
            let (_, all) = (series.iter()).find(|(key, _)| key.variable == variable.symbol())?;
            let Series { time_ms, value } = all;
            let first = time_ms.partition_point(|t| *t < from_ms);
            Some(Trace {
                variable: variable.symbol(),
                time_ms: time_ms.get(first..)?.to_vec(),
                value: value.get(first..)?.to_vec(),
            })
        };
        let recorded = series.keys().map(|key| Variable::named(&key.variable));
        let others: BTreeSet<Variable> = recorded
            .filter(|variable| !Variable::ALL.contains(variable))
            .collect();
        Ok(Variable::ALL
            .iter()
            .chain(&others)
            .filter_map(trace)
            .collect())
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = &self.parameters;
        let transfer = match &p.model {
            Some(model) => format!("{}, model {model}", p.transfer),
            None => p.transfer.to_string(),
        };
        writeln!(
            f,
            "{} in trial {} at {} ms   {transfer}, tau_b {} ms, tau_a {} ms, tau_s {} ms, g_a {}, lambda {}",
            self.neuron,
            self.trial,
            self.time_ms,
            p.tau_b_ms,
            p.tau_a_ms,
            p.tau_s_ms,
            p.g_a,
            p.lambda
        )?;
        if let Some(noise) = &p.noise {
            let (std, every_ms) = (noise.std, noise.every_ms);
            writeln!(
                f,
                "noise of standard deviation {std}, drawn every {every_ms} ms"
            )?;
        }
        writeln!(f)?;
        writeln!(f, "basal dendrite    tau_b db/dt = -b + I_b")?;
        self.basal.terms(f, "I_b", self.i_b)?;
        writeln!(f, "  {:<6}{:>9}\n", "b", short(self.b))?;
        writeln!(f, "apical dendrite   tau_a da/dt = -a + I_a")?;
        self.apical.terms(f, "I_a", self.i_a)?;
        writeln!(f, "  {:<6}{:>9}\n", "a", short(self.a))?;
        let current = match self.i_s {
            0.0 => "",
            _ => " + I_s",
        };
        writeln!(
            f,
            "soma              s = b_hat + xi,  xi from g_a a{current}"
        )?;
        write!(
            f,
            "  {:<6}{:>9}  =  b_hat {}  xi {}",
            "s",
            short(self.s),
            short(self.b_hat),
            short(self.xi)
        )?;
        match self.i_s {
            0.0 => writeln!(f, "\n")?,
            i_s => writeln!(f, "\n  {:<6}{:>9}  injected\n", "I_s", short(i_s))?,
        }
        let units = match p.mismatch {
            Units::Rate => "delta = f'(b) xi",
            Units::Potential => "delta = xi",
        };
        let n = self.noise.map_or("", |_| "n + ");
        writeln!(
            f,
            "output            r = f(b + {n}lambda (s - b)),  {units}"
        )?;
        if let Some(noise) = self.noise {
            writeln!(f, "  {:<6}{:>9}  noise", "n", short(noise))?;
        }
        writeln!(f, "  {:<6}{:>9}  sent up", "r", short(self.r))?;
        writeln!(f, "  {:<6}{:>9}  sent down", "delta", short(self.delta))?;
        self.basal.strongest(f, "basal", "r")?;
        self.apical.strongest(f, "apical", "delta")?;
        let Some(first) = self.trace.first().filter(|trace| !trace.value.is_empty()) else {
            return writeln!(
                f,
                "\nno history of this neuron in this trial; `tail` and `probes` of a scenario name the \
                 neurons that have one"
            );
        };
        let (from, to) = (first.time_ms.first(), first.time_ms.last());
        let (from, to) = (
            from.copied().unwrap_or_default(),
            to.copied().unwrap_or_default(),
        );
        writeln!(f, "\nrecorded last, {from} to {to} ms")?;
        for trace in &self.trace {
            let (low, high) = extent(&trace.value);
            let line = sparkline(&trace.value, (low, high));
            writeln!(
                f,
                "  {:<6}{line}  {} .. {}",
                trace.variable,
                short(low),
                short(high)
            )?;
        }
        Ok(())
    }
}

impl Dendrite {
    fn terms(&self, f: &mut fmt::Formatter<'_>, symbol: &str, current: f32) -> fmt::Result {
        write!(f, "  {symbol:<6}{:>9}", short(current))?;
        let mut sum = String::new();
        for (projection, term) in &self.terms {
            write!(sum, "  {projection} {}", short(*term))?;
        }
        if self.injected != 0.0 {
            write!(sum, "  injected {}", short(self.injected))?;
        }
        // Rounding of the sums is not a separate current.
        let scale = (self.terms.iter())
            .fold(current.abs().max(self.injected.abs()), |m, (_, t)| {
                m.max(t.abs())
            });
        if self.taught {
            write!(sum, "  teacher {}", short(self.rest))?;
        } else if self.rest.abs() > 1e-3 * scale {
            write!(sum, "  weights changed since {}", short(self.rest))?;
        }
        writeln!(f, "{}{sum}", if sum.is_empty() { "" } else { "  =" })
    }

    fn strongest(&self, f: &mut fmt::Formatter<'_>, name: &str, sent: &str) -> fmt::Result {
        if self.strongest.is_empty() {
            return writeln!(f, "\nno {name} synapses");
        }
        let (shown, all) = (self.strongest.len(), self.synapses);
        writeln!(f, "\nstrongest {name} synapses ({shown} of {all})")?;
        writeln!(
            f,
            "  {:<24}{:>9}{sent:>10}{:>10}",
            "from", "weight", "product"
        )?;
        for synapse in &self.strongest {
            let from = synapse.from.as_deref().unwrap_or("bias");
            let from = match self.several_ways {
                true => format!("{from} {}", synapse.projection),
                false => from.to_owned(),
            };
            write!(f, "  {from:<24}{:>+9.4}", synapse.weight)?;
            match synapse.arrived {
                Some(arrived) => {
                    let product = short(arrived * synapse.weight);
                    writeln!(f, "{:>10}{product:>10}", short(arrived))?;
                }
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// Four decimals, or scientific notation for values below 1e-3.
fn short(value: impl Into<f64>) -> String {
    // Removes the sign of -0.
    let value: f64 = value.into() + 0.0;
    if value != 0.0 && value.abs() < 1e-3 {
        format!("{value:+.1e}")
    } else {
        format!("{value:+.4}")
    }
}

fn extent(values: &[f64]) -> (f64, f64) {
    (values.iter()).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
        (low.min(v), high.max(v))
    })
}

/// A line of up to 60 block characters, scaled from the lowest to the highest value.
fn sparkline(values: &[f64], (low, high): (f64, f64)) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const WIDTH: usize = 60;
    let width = values.len().min(WIDTH);
    (0..width)
        .map(|column| {
            let range = column * values.len() / width..(column + 1) * values.len() / width;
            let mean = values[range.clone()].iter().sum::<f64>() / range.len() as f64;
            let height = if high > low {
                (mean - low) / (high - low)
            } else {
                0.0
            };
            BLOCKS[((height * 8.0) as usize).min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn a_sparkline_rises_with_its_values_and_is_flat_for_a_constant() {
        let ramp: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(sparkline(&ramp, (0.0, 7.0)), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[3.0; 3], (3.0, 3.0)), "▁▁▁");
        assert_eq!(sparkline(&[1.0; 1000], (0.0, 1.0)).chars().count(), 60);
        assert_eq!(sparkline(&[], (0.0, 1.0)), "");
    }
}
