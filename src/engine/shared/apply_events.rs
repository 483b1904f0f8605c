//! Application of the timeline's due events.

use bevy_ecs::prelude::*;

use super::write;
use crate::circuit::{
    Clock, EtaScale, LAID_OUT, NeuronId, NeuronParameters, Plasticity, Population, Wiring, table,
};
use crate::event::{Event, Injections, Teacher, Timeline};
use crate::neuron::{apical, basal, soma};
use crate::plasticity::Neuromodulator;

type Carries = (
    &'static mut basal::Carry,
    &'static mut apical::Carry,
    &'static mut soma::PredictionCarry,
    &'static mut soma::MismatchCarry,
);

/// Rates of inputs.
type Inputs<'w, 's> = Query<'w, 's, (&'static NeuronId, &'static mut soma::Rate)>;

/// Carries of pyramidal neurons.
type Leaky<'w, 's> = Query<'w, 's, (&'static NeuronId, Carries)>;

/// Applies the due events of the timeline to the state.
pub fn apply_events(
    (clock, wiring): (Res<Clock>, Res<Wiring>),
    mut timeline: ResMut<Timeline>,
    (mut scale, mut neuromodulator): (ResMut<EtaScale>, ResMut<Neuromodulator>),
    mut injections: ResMut<Injections>,
    mut populations: Query<(&Population, Option<(&mut Teacher, &mut NeuronParameters)>)>,
    mut plasticities: Query<&mut Plasticity>,
    (mut inputs, mut carries): (Inputs<'_, '_>, Leaky<'_, '_>),
) {
    for event in timeline.due(clock.step) {
        match event {
            Event::Rates(id, rates) => {
                let entity = wiring.population(id);
                if let Ok((population, _)) = populations.get(entity) {
                    let column = table(inputs.contiguous_iter_mut(), population);
                    let mut column = column.expect(LAID_OUT);
                    let column = &mut write(&mut column)[population.rows.clone()];
                    (column.iter_mut().zip(&rates)).for_each(|(to, from)| *to = *from);
                }
            }
            Event::Teacher(id, teacher) => {
                let entity = wiring.population(id);
                if let Ok((_, Some((mut present, _)))) = populations.get_mut(entity) {
                    *present = teacher;
                }
            }
            Event::Strength(id, strength) => {
                let entity = wiring.population(id);
                if let Ok((_, Some((mut teacher, _)))) = populations.get_mut(entity) {
                    teacher.strength.fill(strength);
                }
            }
            Event::Inject(number, injection) => {
                injections.0.insert(number, injection);
            }
            Event::Withdraw(number) => {
                injections.0.remove(&number);
            }
            Event::Neuron(id, parameter, value) => {
                let entity = wiring.population(id);
                if let Ok((_, Some((_, mut parameters)))) = populations.get_mut(entity) {
                    parameters.set(parameter, value, clock.dt_ms);
                }
                // Without a leak, a compartment needs no carry.
                if let Ok((population, _)) = populations.get(entity)
                    && !population.is_settled
                {
                    let columns = table(carries.contiguous_iter_mut(), population);
                    let (mut b, mut a, mut b_hat, mut xi) = columns.expect(LAID_OUT);
                    let rows = population.rows.clone();
                    write(&mut b)[rows.clone()].fill(0.0);
                    write(&mut a)[rows.clone()].fill(0.0);
                    write(&mut b_hat)[rows.clone()].fill(0.0);
                    write(&mut xi)[rows].fill(0.0);
                }
            }
            Event::Eta(id, eta) => {
                let entity = wiring.projection(id);
                if let Ok(mut plasticity) = plasticities.get_mut(entity) {
                    plasticity.eta = eta;
                }
            }
            Event::EtaScale(factor) => scale.0 = factor,
            Event::Presentation(kind) => neuromodulator.presentation = kind,
        }
    }
}
