//! From a scenario's timeline to events of the circuit.

use ndarray::{Array1, Array2};

use crate::event::{Event, Injection};
use crate::scenario::{Happening, Neurons, windows};
use crate::schedule::{Misfit, Simulation};
use crate::teaching::Teacher;

/// Enters the happenings of a scenario; what lies between steps acts at the next one.
///
/// # Errors
/// [`Misfit`] for a name or a shape that the circuit does not have.
pub fn enter(
    simulation: &mut Simulation,
    timeline: &[Happening],
    trials: usize,
    end_ms: f64,
) -> Result<(), Misfit> {
    let dt_ms = simulation.dt_ms();
    let step = |ms: f64| (ms / dt_ms - 1e-9).ceil().max(0.0) as u64;
    // The end of one window comes before the start of the next at the same time.
    let mut begins = Vec::new();
    let mut ends = Vec::new();
    for (number, happening) in timeline.iter().enumerate() {
        let all = windows(happening, end_ms);
        let ended = ends.len();
        match happening {
            Happening::Rates { input, values, .. } => {
                let entity = simulation.input(input)?;
                let rates = everywhere(simulation, input, values, trials);
                for (from, until) in &all {
                    begins.push((step(*from), Event::Rates(entity, rates.clone())));
                    ends.push((step(*until), Event::Rates(entity, &rates * 0.0)));
                }
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
            }
            Happening::Presentation { kind, .. } => {
                for (from, until) in &all {
                    begins.push((step(*from), Event::Presentation(*kind)));
                    ends.push((step(*until), Event::Presentation(0.0)));
                }
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
        // What has no end of its own is still on in the last state of the run.
        if is_endless(happening) {
            ends.truncate(ended);
        }
    }
    for (step, event) in ends.into_iter().chain(begins) {
        simulation.enter(step, event)?;
    }
    Ok(())
}

/// True if a window lasts to the end of the run, whatever that is.
fn is_endless(happening: &Happening) -> bool {
    matches!(
        happening,
        Happening::Rates { until_ms: None, .. }
            | Happening::Current { until_ms: None, .. }
            | Happening::Teacher { until_ms: None, .. }
            | Happening::Presentation { until_ms: None, .. }
    )
}

fn size(simulation: &Simulation, name: &str) -> usize {
    (simulation.populations().iter())
        .find(|p| *p.name == *name)
        .map_or(0, |p| p.size)
}

/// The same rates in every trial; a single one counts for every neuron.
pub(super) fn everywhere(
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

pub(super) fn injected(simulation: &Simulation, neurons: &Neurons, amplitude: f32) -> Array1<f32> {
    let size = size(simulation, &neurons.population);
    let mut current = Array1::zeros(size);
    for neuron in neurons.indices.among(size) {
        current[neuron] = amplitude;
    }
    current
}
