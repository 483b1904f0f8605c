//! What happens to a circuit from outside, told to a simulation and to the recursion alike.

use apical::engine::Simulation;
use apical::event::{Event, Injection, Teacher};
use apical::neuron::{NeuronParameter, Site};
use ndarray::{Array1, Array2};

use super::Number;
use super::Reference;
use super::neuron;
use super::projection::confine_length;

/// Something that happens before a step.
#[derive(Clone, Debug)]
pub enum TimelineEntry {
    /// An input fires at these rates, trials x size.
    Rates(&'static str, Array2<f32>),
    /// A population has these targets, trials x size, with this strength in each trial.
    Teacher(&'static str, Array2<f32>, Vec<f32>),
    /// The teacher of a population has this strength in all trials.
    Strength(&'static str, f32),
    /// A current into each neuron of a population is switched on; the number names it.
    Inject(u64, &'static str, Site, Vec<f32>),
    /// The current of that number is switched off.
    Withdraw(u64),
    /// A parameter of a population becomes this.
    Neuron(&'static str, NeuronParameter, f64),
    /// A learning rate becomes this.
    Eta(&'static str, f32),
    /// All learning rates are multiplied by this.
    EtaScale(f32),
    /// The weights of a projection become these, post x pre.
    Weights(&'static str, Array2<f32>),
}

impl TimelineEntry {
    /// Enters it into the timeline of a simulation, before step `step`. Weights are set now.
    pub fn enter(&self, simulation: &mut Simulation, step: u64) {
        let event = match self.clone() {
            Self::Rates(name, rates) => Event::Rates(simulation.input(name).unwrap(), rates),
            Self::Teacher(name, target, strength) => {
                let teacher = Teacher { target, strength };
                Event::Teacher(simulation.pyramidal(name).unwrap(), teacher)
            }
            Self::Strength(name, strength) => {
                Event::Strength(simulation.pyramidal(name).unwrap(), strength)
            }
            Self::Inject(number, name, site, current) => {
                let injection = Injection {
                    population: simulation.pyramidal(name).unwrap(),
                    site,
                    current: Array1::from(current),
                };
                Event::Inject(number, injection)
            }
            Self::Withdraw(number) => Event::Withdraw(number),
            Self::Neuron(name, parameter, value) => {
                Event::Neuron(simulation.pyramidal(name).unwrap(), parameter, value)
            }
            Self::Eta(name, eta) => Event::Eta(simulation.projection(name).unwrap(), eta),
            Self::EtaScale(factor) => Event::EtaScale(factor),
            Self::Weights(name, weights) => {
                return simulation.set_weights(name, weights).unwrap();
            }
        };
        simulation.enter(step, event).unwrap();
    }
}

impl Reference {
    /// The same for the recursion.
    pub fn happen(&mut self, entry: &TimelineEntry) {
        let exact = |values: &Array2<f32>| values.iter().map(|x| f64::from(*x)).collect();
        match entry {
            TimelineEntry::Rates(name, rates) => {
                let n = self.population(name);
                let rates = rates.iter().map(|r| Number::exact(f64::from(*r)));
                self.populations[n].r = rates.collect();
            }
            TimelineEntry::Teacher(name, target, strength) => {
                let n = self.population(name);
                self.populations[n].teacher = Some(neuron::Teacher {
                    target: exact(target),
                    strength: strength.iter().map(|s| f64::from(*s)).collect(),
                });
            }
            TimelineEntry::Strength(name, strength) => {
                let n = self.population(name);
                let teacher = self.populations[n].teacher.as_mut();
                let teacher = teacher.expect("a teacher before its strength");
                teacher.strength.fill(f64::from(*strength));
            }
            TimelineEntry::Inject(number, name, site, current) => {
                let current = current.iter().map(|c| f64::from(*c)).collect();
                let injection = (self.population(name), *site, current);
                self.injections.insert(*number, injection);
            }
            TimelineEntry::Withdraw(number) => {
                self.injections.remove(number);
            }
            TimelineEntry::Neuron(name, parameter, value) => {
                let n = self.population(name);
                self.populations[n].set(*parameter, *value, self.dt_ms);
            }
            TimelineEntry::Eta(name, eta) => {
                let n = self.projection(name);
                if let Some(plasticity) = &mut self.projections[n].plasticity {
                    plasticity.eta = f64::from(*eta);
                }
            }
            TimelineEntry::EtaScale(factor) => self.eta_scale = f64::from(*factor),
            TimelineEntry::Weights(name, weights) => {
                let n = self.projection(name);
                let projection = &mut self.projections[n];
                projection.weights = (weights.iter())
                    .map(|w| Number::exact(f64::from(*w)))
                    .collect();
                if let Some(p) = &projection.plasticity {
                    if let Some((low, high)) = p.bounds {
                        for weight in &mut projection.weights {
                            *weight = Number::exact(weight.value.clamp(low, high));
                        }
                    }
                    if let Some(norm) = p.norm {
                        let sizes: Vec<f64> = projection.weights.iter().map(|w| w.size).collect();
                        let groups = projection.wires.groups(projection.shape.0);
                        confine_length(&mut projection.weights, &groups, norm, &sizes);
                    }
                }
            }
        }
    }
}
