//! A simulation in memory as a source: its present state.

use super::error::InspectError;
use super::inspection::Trace;
use super::source::{Afferent, Place, Source};
use crate::circuit::{NeuronParameters, PopulationPlan, Wiring};
use crate::connectivity::Shape;
use crate::description::model::{Neuron, Noise};
use crate::engine::Simulation;
use crate::event::{Injections, Teacher};
use crate::neuron::{Compartment, Site, Variable};

impl Source for Simulation {
    fn inputs(&self) -> Vec<(String, Shape)> {
        let circuit = self.circuit();
        let inputs = circuit.populations.iter().filter(|p| p.neurons.is_none());
        inputs
            .map(|input| (input.name.to_string(), input.shape))
            .collect()
    }

    fn populations(&self) -> Vec<(String, Shape)> {
        let circuit = self.circuit();
        let pyramidal = circuit.populations.iter().filter(|p| p.neurons.is_some());
        let named = |p: &PopulationPlan| (p.name.to_string(), p.shape);
        pyramidal.map(named).collect()
    }

    fn trials(&self) -> usize {
        self.circuit().trials
    }

    fn time_ms(&self) -> f64 {
        Simulation::time_ms(self)
    }

    fn parameters(&self, population: &str) -> Neuron {
        let circuit = self.circuit();
        let present = circuit.population(population).and_then(|id| {
            let entity = self.world().resource::<Wiring>().population(id);
            let parameters = self.world().get::<NeuronParameters>(entity)?;
            Some((parameters, circuit.of(id).own.as_ref()))
        });
        let Some((present, own)) = present else {
            return Neuron::default();
        };
        let [tau_b_ms, tau_a_ms, tau_s_ms] = present.tau_ms;
        Neuron {
            tau_b_ms,
            tau_a_ms,
            tau_s_ms,
            g_a: present.g_a,
            lambda: present.lambda,
            transfer: present.transfer.into(),
            mismatch: present.mismatch,
            noise: present.noise.map(|(std, every)| Noise {
                std,
                every_ms: circuit.steps().ms(every),
            }),
            model: own.map(|own| own.name.clone()),
            parameters: own.map(|own| own.parameters.clone()).unwrap_or_default(),
        }
    }

    fn afferents(&self, population: &str, compartment: Compartment) -> Vec<Afferent> {
        let circuit = self.circuit();
        let post = circuit.population(population);
        (circuit.projections.iter())
            .filter(|p| Some(p.post) == post && p.compartment == compartment)
            .map(|p| Afferent {
                name: p.name.to_string(),
                from: p.pre.map(|pre| circuit.of(pre).name.to_string()),
                compartment,
            })
            .collect()
    }

    fn injected(&self, place: &Place, site: Site) -> f32 {
        let population = self.circuit().population(&place.population);
        let here = (self.world().resource::<Injections>().0.values())
            .filter(|i| Some(i.population) == population && i.site == site);
        here.filter_map(|i| i.current.get(place.index)).sum()
    }

    fn is_taught(&self, place: &Place) -> bool {
        let teacher = self.circuit().population(&place.population).and_then(|id| {
            let entity = self.world().resource::<Wiring>().population(id);
            self.world().get::<Teacher>(entity)
        });
        let strength = teacher.and_then(|teacher| teacher.strength.get(place.trial));
        strength.is_some_and(|strength| *strength != 0.0)
    }

    fn variables(
        &mut self,
        place: &Place,
    ) -> Result<Option<[f32; Variable::ALL.len()]>, InspectError> {
        let neuron = [place.index as u32];
        let values: Option<Vec<f32>> = (Variable::ALL.iter())
            .map(|variable| {
                let sample = self.sample(&place.population, *variable, place.trial, &neuron)?;
                sample.first().copied()
            })
            .collect();
        Ok(values.and_then(|values| values.try_into().ok()))
    }

    fn noise(&mut self, place: &Place) -> Result<Option<f32>, InspectError> {
        let all = Simulation::noise(self);
        let noise = all.get(&*place.population);
        Ok(noise.and_then(|noise| noise.get((place.trial, place.index)).copied()))
    }

    fn own(&mut self, place: &Place, site: Site) -> Result<Option<f32>, InspectError> {
        let all = self.own_currents();
        let own = all.get(&*place.population);
        let at = (site as usize, place.trial, place.index);
        Ok(own.and_then(|own| own.get(at).copied()))
    }

    fn term(&mut self, place: &Place, afferent: &Afferent) -> Result<Option<f32>, InspectError> {
        let term = Simulation::term(self, &afferent.name);
        Ok(term.and_then(|term| term.get((place.trial, place.index)).copied()))
    }

    fn weights(
        &mut self,
        place: &Place,
        afferent: &Afferent,
    ) -> Result<Option<Vec<(u32, f32)>>, InspectError> {
        let Some(connectivity) = self.connectivity(&afferent.name) else {
            return Ok(None);
        };
        let afferents = connectivity.afferents(place.index).into_iter();
        let senders: Vec<u32> = afferents
            .filter_map(|(sender, at)| at.map(|_| sender))
            .collect();
        let pairs: Vec<(u32, u32)> = senders
            .iter()
            .map(|pre| (place.index as u32, *pre))
            .collect();
        let weights = self.synapses(&afferent.name, &pairs);
        Ok(weights.map(|weights| senders.into_iter().zip(weights).collect()))
    }

    fn arrived(
        &mut self,
        place: &Place,
        afferent: &Afferent,
    ) -> Result<Option<Vec<f32>>, InspectError> {
        let arrived = self.arrived_by(&afferent.name);
        Ok(arrived.map(|arrived| arrived.row(place.trial).to_vec()))
    }

    /// Empty: a simulation has no recording.
    fn trace(&mut self, _: &Place) -> Result<Vec<Trace>, InspectError> {
        Ok(Vec::new())
    }
}
