//! From a scenario's timeline to events of the circuit, and to windows for figures.

use ndarray::{Array1, Array2};

use crate::event::{Event, Injection};
use crate::scenario::{Happening, Neurons, windows};
use crate::schedule::{Misfit, Simulation};
use crate::teaching::Teacher;

/// A stretch of time in which something came from outside; a row of `timeline.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// `stimulus`, `teacher`, `current` or `presentation`.
    pub kind: String,
    /// What it was.
    pub label: String,
    /// Start in ms.
    pub from_ms: f64,
    /// End in ms.
    pub until_ms: f64,
}

/// Enters the happenings of a scenario; what lies between steps acts at the next one.
///
/// # Errors
/// [`Misfit`] for a name or a shape that the circuit does not have.
pub fn enter(
    simulation: &mut Simulation,
    timeline: &[Happening],
    trials: usize,
    end_ms: f64,
) -> Result<Vec<Window>, Misfit> {
    let dt_ms = simulation.dt_ms();
    let step = |ms: f64| (ms / dt_ms - 1e-9).ceil().max(0.0) as u64;
    let mut shown = Vec::new();
    // The end of one window comes before the start of the next at the same time.
    let mut begins = Vec::new();
    let mut ends = Vec::new();
    for (number, happening) in timeline.iter().enumerate() {
        let all = windows(happening, end_ms);
        let mut show = |kind: &str, label: &str| {
            shown.extend(all.iter().map(|&(from_ms, until_ms)| Window {
                kind: kind.to_owned(),
                label: label.to_owned(),
                from_ms,
                until_ms,
            }));
        };
        match happening {
            Happening::Rates { input, values, .. } => {
                let entity = simulation.input(input)?;
                let rates = everywhere(simulation, input, values, trials);
                for (from, until) in &all {
                    begins.push((step(*from), Event::Rates(entity, rates.clone())));
                    ends.push((step(*until), Event::Rates(entity, &rates * 0.0)));
                }
                show("stimulus", input);
            }
            Happening::Current {
                neurons,
                compartment,
                amplitude,
                ..
            } => {
                let injection = Injection {
                    population: simulation.pyramidal(&neurons.population)?,
                    site: *compartment,
                    current: injected(simulation, neurons, *amplitude),
                };
                for (from, until) in &all {
                    begins.push((step(*from), Event::Inject(number as u64, injection.clone())));
                    ends.push((step(*until), Event::Withdraw(number as u64)));
                }
                show("current", &format!("{neurons} {compartment}"));
            }
            Happening::Teacher {
                population,
                target,
                strength,
                ..
            } => {
                let entity = simulation.pyramidal(population)?;
                let teacher = Teacher {
                    target: everywhere(simulation, population, target, trials),
                    strength: vec![*strength; trials],
                };
                for (from, until) in &all {
                    begins.push((step(*from), Event::Teacher(entity, teacher.clone())));
                    ends.push((step(*until), Event::Strength(entity, 0.0)));
                }
                show("teacher", population);
            }
            Happening::Presentation { kind, .. } => {
                for (from, until) in &all {
                    begins.push((step(*from), Event::Presentation(*kind)));
                    ends.push((step(*until), Event::Presentation(0.0)));
                }
                show("presentation", &kind.to_string());
            }
            Happening::Neuron {
                population,
                parameter,
                at_ms,
                value,
            } => {
                let entity = simulation.pyramidal(population)?;
                begins.push((step(*at_ms), Event::Neuron(entity, *parameter, *value)));
            }
            Happening::Eta {
                projection,
                at_ms,
                value,
            } => {
                let entity = simulation.projection(projection)?;
                begins.push((step(*at_ms), Event::Eta(entity, *value)));
            }
            Happening::EtaScale { at_ms, factor } => {
                begins.push((step(*at_ms), Event::EtaScale(*factor)));
            }
        }
    }
    for (step, event) in ends.into_iter().chain(begins) {
        simulation.enter(step, event)?;
    }
    Ok(shown)
}

fn size(simulation: &Simulation, name: &str) -> usize {
    (simulation.populations().iter())
        .find(|p| *p.name == *name)
        .map_or(0, |p| p.size)
}

/// The same rates in every trial; a single one counts for every neuron.
fn everywhere(
    simulation: &Simulation,
    population: &str,
    values: &[f32],
    trials: usize,
) -> Array2<f32> {
    let width = match values {
        [_] => size(simulation, population),
        _ => values.len(),
    };
    Array2::from_shape_fn((trials, width), |(_, neuron)| {
        values[neuron.min(values.len() - 1)]
    })
}

fn injected(simulation: &Simulation, neurons: &Neurons, amplitude: f32) -> Array1<f32> {
    let size = size(simulation, &neurons.population);
    let mut current = Array1::zeros(size);
    for neuron in neurons.indices.among(size) {
        current[neuron] = amplitude;
    }
    current
}
