//! Conversion of a scenario's timeline to events of the circuit.

use ndarray::{Array1, Array2};

use crate::description::scenario::{Neurons, TimelineEntry};
use crate::engine::{CircuitError, Simulation};
use crate::event::{Event, Injection, Teacher, Windows};
use crate::math::Steps;

/// Enters the entries of a scenario. A time between two steps is rounded up to the later one, so a
/// window that begins and ends between the same two steps has no effect.
///
/// # Errors
/// [`CircuitError`] for a name or a shape that does not exist in the circuit.
pub fn enter(
    simulation: &mut Simulation,
    timeline: &[TimelineEntry],
    trials: usize,
    end_ms: f64,
) -> Result<(), CircuitError> {
    let dt_ms = simulation.dt_ms();
    let steps = Steps::of(dt_ms);
    for (number, entry) in timeline.iter().enumerate() {
        let in_steps = || Windows::new(entry.window_ms(end_ms), entry.period(), end_ms, dt_ms);
        match entry {
            TimelineEntry::Rates { input, values, .. } => {
                let entity = simulation.input(input)?;
                let rates = everywhere(simulation, input, values, trials);
                let silence = Array2::zeros(rates.raw_dim());
                let [begin, end] = [rates, silence].map(|rates| Event::Rates(entity, rates));
                enter_windows(simulation, is_endless(entry), in_steps(), (begin, end))?;
            }
            TimelineEntry::Current {
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
                let number = number as u64;
                let [begin, end] = [Event::Inject(number, injection), Event::Withdraw(number)];
                enter_windows(simulation, is_endless(entry), in_steps(), (begin, end))?;
            }
            TimelineEntry::Teacher {
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
                let [begin, end] = [
                    Event::Teacher(entity, teacher),
                    Event::Strength(entity, 0.0),
                ];
                enter_windows(simulation, is_endless(entry), in_steps(), (begin, end))?;
            }
            TimelineEntry::Presentation { kind, .. } => {
                let [begin, end] = [*kind, 0.0].map(Event::Presentation);
                enter_windows(simulation, is_endless(entry), in_steps(), (begin, end))?;
            }
            TimelineEntry::Neuron {
                population,
                parameter,
                at_ms,
                value,
            } => {
                let entity = simulation.pyramidal(population)?;
                simulation.enter_change(
                    steps.next(*at_ms),
                    Event::Neuron(entity, *parameter, *value),
                )?;
            }
            TimelineEntry::Eta {
                projection,
                at_ms,
                value,
            } => {
                let entity = simulation.projection(projection)?;
                simulation.enter_change(steps.next(*at_ms), Event::Eta(entity, *value))?;
            }
            TimelineEntry::EtaScale { at_ms, factor } => {
                simulation.enter_change(steps.next(*at_ms), Event::EtaScale(*factor))?;
            }
        }
    }
    Ok(())
}

/// Enters windows. A window without its own end is still on in the last state of the run.
fn enter_windows(
    simulation: &mut Simulation,
    is_endless: bool,
    mut windows: Windows,
    (begin, end): (Event, Event),
) -> Result<(), CircuitError> {
    if !is_endless {
        return simulation.enter_windows(windows, begin, end);
    }
    match windows.next() {
        Some((from, _)) => simulation.enter_change(from, begin),
        None => Ok(()),
    }
}

/// True if a window lasts to the end of the run.
fn is_endless(entry: &TimelineEntry) -> bool {
    matches!(
        entry,
        TimelineEntry::Rates { until_ms: None, .. }
            | TimelineEntry::Current { until_ms: None, .. }
            | TimelineEntry::Teacher { until_ms: None, .. }
            | TimelineEntry::Presentation { until_ms: None, .. }
    )
}

const CHECKED: &str = "the scenario has been checked";

/// Number of neurons of a population that the scenario names.
fn size(simulation: &Simulation, name: &str) -> usize {
    let circuit = simulation.circuit();
    let id = circuit.population(name);
    circuit.of(id.expect(CHECKED)).size
}

/// The same rates in every trial; a single value is used for all neurons.
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
    let circuit = simulation.circuit();
    let population = circuit.population(&neurons.population).expect(CHECKED);
    let shape = circuit.of(population).shape;
    let mut current = Array1::zeros(shape.size());
    for neuron in neurons.indices.of(shape) {
        current[neuron] = amplitude;
    }
    current
}
