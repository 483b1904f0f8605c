//! Whether a circuit fits into memory, reckoned before it is built: a process that takes more than
//! there is would be ended without a word.

use super::RunError;
use crate::circuit::Engine;
use crate::model::{Model, Optimiser};
use crate::scenario::{Happening, Scenario, windows};

/// Bytes of a number of a neuron or a synapse.
const NUMBER: f64 = 4.0;
/// Numbers of a neuron: its components, and as much again for what is read of them.
const A_NEURON: f64 = 32.0;
/// Numbers of an axon: what was sent, what is under way, and a spare.
const AN_AXON: f64 = 3.0;
/// Numbers of a neuron for each projection that ends on it: its current, and with plasticity a
/// factor and two integrals.
const A_TERMINAL: f64 = 4.0;

/// About how many bytes the circuit of a scenario takes.
#[must_use]
pub fn needed_bytes(scenario: &Scenario, model: &Model) -> f64 {
    let sizes = || {
        let inputs = model.inputs.iter().map(|i| (&i.name, i.size as f64));
        inputs.chain(model.populations.iter().map(|p| (&p.name, p.size as f64)))
    };
    let size = |name: &str| {
        sizes()
            .find(|(known, _)| *known == name)
            .map_or(0.0, |s| s.1)
    };
    let trials = scenario.trials as f64;
    // With a task there is a frozen copy of the circuit, and weights are kept twice besides.
    let (circuits, kept) = if scenario.task.is_some() {
        (2.0, 2.0)
    } else {
        (1.0, 1.0)
    };
    let delays = model.projections.iter().map(|p| p.delay_ms);
    let longest = (delays.fold(0.0, f64::max) / scenario.dt_ms).max(1.0);
    let neurons: f64 = sizes().map(|(_, size)| size * trials).sum();
    let state = match scenario.engine {
        // Delay lines keep every value for as long as it travels.
        Engine::Dense => neurons * (A_NEURON + 2.0 * longest),
        // Axons keep what was sent, projections what they hold, make of it and integrate.
        Engine::Events => {
            let held = model.projections.iter();
            let held = held.map(|p| size(&p.from) + A_TERMINAL * size(&p.to));
            neurons * (A_NEURON + 2.0 * AN_AXON) + trials * held.sum::<f64>()
        }
    };
    let state = state * circuits;
    let copies = |synapse: &str| {
        let consolidation = model
            .synapses
            .get(synapse)
            .and_then(|s| s.consolidation.as_ref());
        let consolidated =
            consolidation.map_or(0.0, |consolidation| match consolidation.optimiser {
                Optimiser::Plain => 1.0,
                Optimiser::Momentum { .. } => 2.0,
                Optimiser::Adam { .. } => 3.0,
            });
        circuits + kept + consolidated
    };
    let synapses: f64 = (model.projections.iter())
        .map(|p| size(&p.from) * size(&p.to) * copies(&p.synapse))
        .sum();
    let happenings = scenario.timeline.iter().map(|happening| {
        let width = match happening {
            Happening::Rates { input, .. } => 2.0 * size(input),
            Happening::Teacher { population, .. } => size(population),
            _ => 0.0,
        };
        let end_ms = scenario.duration_ms.unwrap_or_default();
        windows(happening, end_ms).len() as f64 * width * trials
    });
    NUMBER * (state + synapses + happenings.sum::<f64>())
}

/// Refuses a scenario that needs more memory than there is, or than a large machine has where the
/// system does not tell.
///
/// # Errors
/// [`RunError::Memory`]
pub fn check_memory(scenario: &Scenario, model: &Model) -> Result<(), RunError> {
    const LARGE: f64 = 1e12;
    let needed = needed_bytes(scenario, model);
    let available = available_bytes().unwrap_or(LARGE);
    if needed <= available {
        return Ok(());
    }
    Err(RunError::Memory {
        needed_gb: needed / 1e9,
        available_gb: available / 1e9,
    })
}

/// Memory that a process can have now, on Linux.
#[must_use]
pub fn available_bytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = (text.lines()).find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check_memory, needed_bytes};
    use crate::plasticity::Registry;
    use crate::scenario::{Loaded, load};

    fn digits(set: &[&str]) -> Loaded {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/digits.ron");
        let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
        load(&path, &set, &Registry::default()).unwrap()
    }

    #[test]
    fn the_event_engine_holds_more_for_each_trial() {
        for (trials, more) in [(1, 0.0), (32, 2e5)] {
            let bytes = ["dense", "events"].map(|engine| {
                let set = [format!("engine={engine}"), format!("trials={trials}")];
                let loaded = digits(&[&set[0], &set[1]]);
                needed_bytes(&loaded.scenario, &loaded.model)
            });
            assert!(bytes[1] > bytes[0] + more, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_shipped_fits_and_what_would_be_killed_is_refused() {
        let small = digits(&[]);
        let bytes = needed_bytes(&small.scenario, &small.model);
        // A run was seen to take 25 MB, program and data included.
        assert!((1e6..25e6).contains(&bytes), "{bytes}");
        assert!(check_memory(&small.scenario, &small.model).is_ok());
        for set in [
            vec![
                "model.populations.hidden1.size=16000000",
                "model.populations.hidden2.size=16000000",
            ],
            vec![
                "engine=dense",
                "model.projections.pixels_to_hidden1.delay_ms=100000000",
                "task.presentation_ms=200000000",
                "trials=65536",
            ],
        ] {
            let large = digits(&set);
            let error = check_memory(&large.scenario, &large.model);
            assert!(error.unwrap_err().to_string().contains("memory"), "{set:?}");
        }
    }
}
