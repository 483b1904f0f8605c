//! How far a simulation is from the recursion.

use apical::schedule::{Simulation, Variable};

use super::{Number, PROMISED, Reference};

/// The largest distance seen, in natural magnitudes, and where it was.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Distance, at most [`PROMISED`] if all is well.
    pub worst: f64,
    /// What was there, and when.
    pub at: String,
    /// How many values have been compared.
    pub compared: u64,
}

impl Verdict {
    /// True if nothing is further off than promised and something has been compared.
    pub fn holds(&self) -> bool {
        self.worst <= PROMISED && self.compared > 0
    }

    /// Compares one value.
    pub fn see(&mut self, got: f32, want: Number, at: impl FnOnce() -> String) {
        self.compared += 1;
        let distance = want.distance(got);
        if distance > self.worst {
            self.worst = distance;
            let Number { value, size } = want;
            self.at = format!(
                "{}: {got:e}, right is {value:e} of a size of {size:e}",
                at()
            );
        }
    }

    /// Compares everything that can be read from a simulation: every variable of every neuron,
    /// every weight alone and among all, every eligibility.
    pub fn look(&mut self, simulation: &mut Simulation, reference: &Reference) {
        assert_eq!(simulation.steps(), reference.step);
        let step = reference.step;
        for population in &reference.populations {
            let (name, is_input) = (&population.name, population.parameters.is_none());
            for variable in Variable::ALL {
                if is_input && variable != Variable::Rate {
                    continue;
                }
                let got = simulation.read(name, variable).expect("a variable");
                let want = population.variable(variable);
                assert_eq!(got.len(), want.len());
                for (n, (got, want)) in got.iter().zip(want).enumerate() {
                    let (trial, neuron) = (n / population.size, n % population.size);
                    self.see(*got, want, || {
                        format!("{variable} of {name}[{neuron}], trial {trial}, step {step}")
                    });
                }
            }
        }
        for projection in &reference.projections {
            let name = &projection.name;
            let all = simulation.weights(name).expect("weights");
            let pairs: Vec<(u32, u32)> = all.indexed_iter().map(|(at, _)| pair(at)).collect();
            let alone = simulation.synapses(name, &pairs).expect("single weights");
            for ((at, got), alone) in all.indexed_iter().zip(alone) {
                let weight = match projection.transported {
                    Some(other) => {
                        let other = &reference.projections[other];
                        other.weights[at.1 * other.shape.1 + at.0]
                    }
                    None => projection.weights[at.0 * projection.shape.1 + at.1],
                };
                let place = |how: &str| format!("weight {at:?} of {name}{how}, step {step}");
                self.see(*got, weight.judged(), || place(""));
                self.see(alone, weight.judged(), || place(" read alone"));
            }
            let update = (projection.plasticity.as_ref()).and_then(|p| p.update.as_ref());
            let Some(update) = update else {
                continue;
            };
            let got = simulation.eligibility(name).expect("eligibilities");
            assert_eq!(got.len(), update.eligibility.len());
            for ((at, got), want) in got.indexed_iter().zip(&update.eligibility) {
                self.see(*got, *want, || {
                    format!("eligibility {at:?} of {name}, step {step}")
                });
            }
        }
    }
}

fn pair((post, pre): (usize, usize)) -> (u32, u32) {
    (post as u32, pre as u32)
}
