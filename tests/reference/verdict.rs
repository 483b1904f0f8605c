//! How far a simulation is from the recursion.

use apical::engine::Simulation;

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
            let name = &population.name;
            for &variable in population.variables() {
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
            if projection.wires.pool.is_some() || projection.wires.is_mean {
                assert_eq!(simulation.weights(name), None);
                continue;
            }
            let all = simulation.weights(name).expect("weights");
            let wanted = reference.weights(projection);
            assert_eq!(all.len(), wanted.len());
            for ((at, got), want) in all.indexed_iter().zip(&wanted) {
                self.see(*got, *want, || {
                    format!("weight {at:?} of {name}, step {step}")
                });
            }
            let pairs: Vec<(u32, u32)> = (projection.wires.pairs.iter())
                .map(|(post, pre, _)| (*post as u32, *pre as u32))
                .collect();
            let alone = simulation.synapses(name, &pairs).expect("single weights");
            for ((pair, got), (.., n)) in pairs.iter().zip(alone).zip(&projection.wires.pairs) {
                self.see(got, wanted[*n], || {
                    format!("weight of {pair:?} of {name} read alone, step {step}")
                });
            }
            let Some(wanted) = projection.eligibility() else {
                continue;
            };
            let got = simulation.eligibility(name).expect("eligibilities");
            assert_eq!(got.len(), wanted.len());
            for ((at, got), want) in got.indexed_iter().zip(wanted) {
                self.see(*got, want, || {
                    format!("eligibility {at:?} of {name}, step {step}")
                });
            }
        }
    }

    /// Compares another recursion with `reference`: potentials, weights and eligibilities.
    pub fn look_at_recursion(&mut self, other: &Reference, reference: &Reference) {
        let step = reference.step;
        for (got, want) in other.populations.iter().zip(&reference.populations) {
            for &variable in want.variables() {
                let pairs = got
                    .variable(variable)
                    .into_iter()
                    .zip(want.variable(variable));
                for (got, wanted) in pairs {
                    let name = &want.name;
                    self.see(got.value as f32, wanted, || {
                        format!("{variable} of {name}, step {step}")
                    });
                }
            }
        }
        for (theirs, ours) in other.projections.iter().zip(&reference.projections) {
            let name = &ours.name;
            let pairs = other
                .weights(theirs)
                .into_iter()
                .zip(reference.weights(ours));
            for (got, want) in pairs {
                self.see(got.value as f32, want, || {
                    format!("a weight of {name}, step {step}")
                });
            }
            let pairs = theirs.eligibility().into_iter().zip(ours.eligibility());
            for (got, want) in pairs.flat_map(|(got, want)| got.into_iter().zip(want)) {
                self.see(got.value as f32, want, || {
                    format!("an eligibility of {name}, step {step}")
                });
            }
        }
    }
}
