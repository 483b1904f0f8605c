//! The results of a run as a source: the state at its end.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use ndarray::{Array2, s};

use super::error::InspectError;
use super::inspection::Trace;
use super::source::{Afferent, Place, Source};
use crate::connectivity::Shape;
use crate::description::model::{Bias, Neuron};
use crate::description::scenario::TimelineEntry;
use crate::math::Steps;
use crate::neuron::{Compartment, Site, Variable};
use crate::protocol::Replay;
use crate::record::{Series, history};
use crate::run::Results;

/// The last step, and the timeline. Entries at the end of the run have not yet had an effect.
fn last(results: &Results) -> (Option<u64>, Replay) {
    let replay = Replay::new(&results.scenario.timeline, results.scenario.dt_ms);
    (results.summary.steps.checked_sub(1), replay)
}

fn row(matrix: &Array2<f32>, row: usize) -> Option<Vec<f32>> {
    (row < matrix.nrows()).then(|| matrix.row(row).to_vec())
}

impl Source for Results {
    fn inputs(&self) -> Vec<(String, Shape)> {
        (self.model.inputs.iter())
            .map(|input| (input.name.clone(), input.arrangement()))
            .collect()
    }

    fn populations(&self) -> Vec<(String, Shape)> {
        (self.model.populations.iter())
            .map(|population| (population.name.clone(), population.arrangement()))
            .collect()
    }

    fn trials(&self) -> usize {
        self.summary.trials
    }

    fn time_ms(&self) -> f64 {
        self.summary.simulated_ms
    }

    fn parameters(&self, population: &str) -> Neuron {
        let (step, replay) = last(self);
        let parameters = replay.parameters(&self.model, population, step.unwrap_or_default());
        parameters.unwrap_or_default()
    }

    fn afferents(&self, population: &str, compartment: Compartment) -> Vec<Afferent> {
        let biased = (self.population(population))
            .filter(|found| found.bias.is_some() && compartment == Compartment::Basal);
        let bias = biased.map(|found| (Bias::name(&found.name), None));
        (self.model.projections.iter())
            .filter(|p| p.to == population && p.compartment == compartment)
            .map(|p| (p.name(), Some(p.from.clone())))
            .chain(bias)
            .map(|(name, from)| Afferent {
                name,
                from,
                compartment,
            })
            .collect()
    }

    fn injected(&self, place: &Place, site: Site) -> f32 {
        let (Some(step), replay) = last(self) else {
            return 0.0;
        };
        let currents = replay.holding(step).filter_map(|entry| match entry {
            TimelineEntry::Current {
                neurons,
                compartment,
                amplitude,
                ..
            } if neurons.population == place.population && *compartment == site => {
                let shape = self.population(&place.population)?.arrangement();
                Some(match neurons.indices.contains(place.index, shape) {
                    true => *amplitude,
                    false => 0.0,
                })
            }
            _ => None,
        });
        currents.sum()
    }

    fn is_taught(&self, place: &Place) -> bool {
        let (Some(step), replay) = last(self) else {
            return false;
        };
        let by_task = self.scenario.task.as_ref().is_some_and(|task| {
            let steps = Steps::of(self.scenario.dt_ms);
            let within = step % steps.next(task.presentation_ms).max(1);
            let on = (self.summary.teacher_ms)
                .is_some_and(|(on, off)| (steps.next(on)..steps.next(off)).contains(&within));
            let taught = task.taught().any(|taught| taught == place.population);
            task.teacher.strength != 0.0 && on && taught
        });
        by_task
            || replay.holding(step).any(|entry| match entry {
                TimelineEntry::Teacher {
                    population,
                    strength,
                    ..
                } => *population == place.population && *strength != 0.0,
                _ => false,
            })
    }

    fn variables(
        &mut self,
        place: &Place,
    ) -> Result<Option<[f32; Variable::ALL.len()]>, InspectError> {
        let Some(state) = self.state(&place.population)? else {
            return Ok(None);
        };
        let values = state.slice(s![.., place.trial, place.index]).to_vec();
        Ok(values.try_into().ok())
    }

    fn noise(&mut self, place: &Place) -> Result<Option<f32>, InspectError> {
        let noise = Results::noise(self, &place.population)?;
        Ok(noise.and_then(|noise| noise.get((place.trial, place.index)).copied()))
    }

    fn own(&mut self, place: &Place, site: Site) -> Result<Option<f32>, InspectError> {
        let own = Results::own(self, &place.population)?;
        let at = (site as usize, place.trial, place.index);
        Ok(own.and_then(|own| own.get(at).copied()))
    }

    fn term(&mut self, place: &Place, afferent: &Afferent) -> Result<Option<f32>, InspectError> {
        let term = Results::term(self, &afferent.name)?;
        Ok(term.and_then(|term| term.get((place.trial, place.index)).copied()))
    }

    fn weights(
        &mut self,
        place: &Place,
        afferent: &Afferent,
    ) -> Result<Option<Vec<(u32, f32)>>, InspectError> {
        let (Some(weights), Some(connectivity)) = (
            Results::weights(self, &afferent.name)?,
            self.connectivity(&afferent.name)?,
        ) else {
            return Ok(None);
        };
        let afferents = connectivity.afferents(place.index).into_iter();
        let weighted = |(sender, at): (u32, Option<[usize; 2]>)| Some((sender, weights[at?]));
        Ok(Some(afferents.filter_map(weighted).collect()))
    }

    fn arrived(
        &mut self,
        place: &Place,
        afferent: &Afferent,
    ) -> Result<Option<Vec<f32>>, InspectError> {
        if let Some(arrived) = Results::arrived(self, &afferent.name)? {
            return Ok(row(&arrived, place.trial));
        }
        // For runs of earlier versions, the values sent are used.
        let Some(from) = &afferent.from else {
            return Ok(None);
        };
        let Some(state) = self.state(from)? else {
            return Ok(None);
        };
        let variable = match afferent.compartment {
            Compartment::Basal => Variable::RATE,
            Compartment::Apical => Variable::DELTA,
        };
        // An input has only its rate.
        let of_neurons = Variable::ALL.iter().position(|known| *known == variable);
        let sent = match state.dim().0 {
            1 => 0,
            _ => of_neurons.unwrap_or_default(),
        };
        Ok(Some(state.slice(s![sent, place.trial, ..]).to_vec()))
    }

    fn trace(&mut self, place: &Place) -> Result<Vec<Trace>, InspectError> {
        let (trial, index) = (place.trial as u32, place.index as u32);
        let keep = |population: &str, t, neuron, _: &str| {
            population == place.population && t == trial && neuron == index
        };
        let series = history(&self.directory, keep, &AtomicBool::new(false))?;
        self.lost()?;
        // A stopped run has no tail recording, so times count from its last sample.
        let ends = series.values().filter_map(|series| series.time_ms.last());
        let end_ms = ends.copied().fold(f64::NEG_INFINITY, f64::max);
        let from_ms = end_ms - self.scenario.tail_ms();
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
        // In the order of the equations, variables of a neuron model after them.
        let recorded = series.keys().map(|key| Variable::named(&key.variable));
        let variables: BTreeSet<Variable> = recorded.collect();
        Ok(variables.iter().filter_map(trace).collect())
    }
}
