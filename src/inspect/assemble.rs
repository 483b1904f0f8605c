//! From the values of a source to an inspection.

use super::error::InspectError;
use super::inspection::{Dendrite, Inspection, Synapse};
use super::source::{Place, Source};
use crate::connectivity::Shape;
use crate::description::scenario::Neurons;
use crate::neuron::{Compartment, Site};

/// Inspection of one neuron, such as `hidden1[17]`, in a trial from 0 on, with at most `most` of
/// the strongest synapses of each dendrite.
///
/// # Errors
/// [`InspectError`]: a neuron or a trial that does not exist, a file that cannot be read.
pub fn neuron(
    source: &mut impl Source,
    neuron: &str,
    trial: usize,
    most: usize,
) -> Result<Inspection, InspectError> {
    let (place, shape) = place(source, neuron, trial)?;
    let neuron = format!("{}{}", place.population, shape.label(place.index));
    let values = source.variables(&place)?;
    let [i_b, b, i_a, a, s, xi, r, delta] =
        values.ok_or_else(|| InspectError::NoValues(neuron.clone()))?;
    let own = source.own(&place, Site::Soma)?.unwrap_or(0.0);
    Ok(Inspection {
        neuron,
        trial,
        time_ms: source.time_ms(),
        parameters: source.parameters(&place.population),
        i_b,
        b,
        i_a,
        a,
        i_s: source.injected(&place, Site::Soma) + own,
        s,
        b_hat: s - xi,
        xi,
        noise: source.noise(&place)?,
        r,
        delta,
        basal: dendrite(source, &place, Compartment::Basal, (i_b, most))?,
        apical: dendrite(source, &place, Compartment::Apical, (i_a, most))?,
        trace: source.trace(&place)?,
    })
}

/// The neuron that a text denotes, and the shape of its population.
fn place(source: &impl Source, neuron: &str, trial: usize) -> Result<(Place, Shape), InspectError> {
    let Neurons {
        population,
        indices,
    } = neuron.parse()?;
    if source.inputs().iter().any(|(name, _)| *name == population) {
        return Err(InspectError::Input(population));
    }
    let known = source.populations();
    let Some(&(_, shape)) = known.iter().find(|(name, _)| *name == population) else {
        return Err(InspectError::Population {
            name: population,
            known: known.into_iter().map(|(name, _)| name).collect(),
        });
    };
    let what = format!("neurons of `{population}`");
    let index = match indices.of(shape)[..] {
        [index] if indices.largest().is_some() && indices.misfit(shape, &what).is_none() => index,
        _ => {
            let last = shape.label(shape.size().saturating_sub(1));
            return Err(InspectError::OneNeuron {
                neurons: neuron.to_owned(),
                first: format!("{population}{}", shape.label(0)),
                last: format!("{population}{last}"),
            });
        }
    };
    let trials = source.trials();
    if trial >= trials {
        let last = trials.saturating_sub(1);
        return Err(InspectError::Trial { trial, last });
    }
    let place = Place {
        population,
        index,
        trial,
    };
    Ok((place, shape))
}

/// A dendrite with its `current` in a.u. and at most `most` synapses.
fn dendrite(
    source: &mut impl Source,
    place: &Place,
    compartment: Compartment,
    (current, most): (f32, usize),
) -> Result<Dendrite, InspectError> {
    let site = match compartment {
        Compartment::Basal => Site::Basal,
        Compartment::Apical => Site::Apical,
    };
    let mut afferents = source.afferents(&place.population, compartment);
    // By name, a bias last.
    afferents.sort_by(|x, y| (x.from.is_none(), &x.name).cmp(&(y.from.is_none(), &y.name)));
    let shapes: Vec<_> = source
        .inputs()
        .into_iter()
        .chain(source.populations())
        .collect();
    let injected = source.injected(place, site);
    let mut dendrite = Dendrite {
        terms: Vec::new(),
        injected,
        taught: compartment == Compartment::Apical && source.is_taught(place),
        rest: current - injected,
        synapses: 0,
        strongest: Vec::new(),
        several_ways: (1..afferents.len())
            .any(|n| (afferents[..n].iter()).any(|other| other.from == afferents[n].from)),
    };
    if let Some(own) = source.own(place, site)? {
        let model = source.parameters(&place.population).model;
        let name = format!("model {}", model.unwrap_or_default());
        dendrite.terms.push((name, own));
        dendrite.rest -= own;
    }
    for afferent in &afferents {
        if let Some(term) = source.term(place, afferent)? {
            dendrite.terms.push((afferent.name.clone(), term));
            dendrite.rest -= term;
        }
        let Some(weights) = source.weights(place, afferent)? else {
            continue;
        };
        let arrived = match afferent.from {
            Some(_) => source.arrived(place, afferent)?,
            None => Some(vec![1.0]),
        };
        dendrite.synapses += weights.len();
        let sender = afferent.from.as_ref().map(|from| {
            let mut all = shapes.iter();
            let found = all.find(|(name, _)| name == from);
            (
                from,
                found.map_or(Shape::line(weights.len()), |(_, shape)| *shape),
            )
        });
        let synapses = weights.iter().map(|&(pre, weight)| Synapse {
            projection: afferent.name.clone(),
            from: sender.map(|(from, shape)| format!("{from}{}", shape.label(pre as usize))),
            weight,
            arrived: (arrived.as_ref()).and_then(|arrived| arrived.get(pre as usize).copied()),
        });
        dendrite.strongest.extend(synapses);
    }
    (dendrite.strongest).sort_by(|x, y| y.weight.abs().total_cmp(&x.weight.abs()));
    dendrite.strongest.truncate(most);
    Ok(dendrite)
}
