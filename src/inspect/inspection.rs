//! The data of an inspection.

use serde::Serialize;

use crate::description::model::Neuron;

/// Contents of the inspection of a neuron, at one time of one trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// Population and index, such as `hidden1[17]`.
    pub neuron: String,
    /// Trial, from 0.
    pub trial: usize,
    /// Time in ms.
    pub time_ms: f64,
    /// Present parameters, including changes by the timeline.
    pub parameters: Neuron,
    /// Basal current in a.u.
    #[serde(rename = "I_b")]
    pub i_b: f32,
    /// Basal potential in a.u.
    pub b: f32,
    /// Apical current in a.u., including the teaching current.
    #[serde(rename = "I_a")]
    pub i_a: f32,
    /// Apical potential in a.u.
    pub a: f32,
    /// Somatic current in a.u.: injected by the timeline, or of the neuron model.
    #[serde(rename = "I_s")]
    pub i_s: f32,
    /// Somatic potential in a.u.
    pub s: f32,
    /// Basal prediction of the somatic potential in a.u.
    pub b_hat: f32,
    /// Mismatch `s - b_hat` in a.u.
    pub xi: f32,
    /// Noise of the neuron in a.u.; `None` if its type has none.
    pub noise: Option<f32>,
    /// Rate, sent to basal dendrites.
    pub r: f32,
    /// Teaching signal, sent to apical dendrites.
    pub delta: f32,
    /// The basal dendrite.
    pub basal: Dendrite,
    /// The apical dendrite.
    pub apical: Dendrite,
    /// Recent values by variable; empty without a recording of the neuron.
    pub trace: Vec<Trace>,
}

/// Currents of a dendrite and their sources.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dendrite {
    /// Current of the neuron model, then the sum over the synapses of each projection, with names;
    /// in a.u.
    pub terms: Vec<(String, f32)>,
    /// Current injected by the timeline, in a.u.
    pub injected: f32,
    /// True if a teacher acts on this dendrite.
    pub taught: bool,
    /// Rest of the current in a.u.: that of the teacher, or without one, rounding of the sums and
    /// weight changes since the current was computed.
    pub rest: f32,
    /// Number of synapses.
    pub synapses: usize,
    /// Strongest synapses, by magnitude of the weight.
    pub strongest: Vec<Synapse>,
    /// True if a population has several projections to the dendrite, which have to be
    /// distinguished.
    #[serde(skip)]
    pub several_ways: bool,
}

/// A synapse on a dendrite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Synapse {
    /// Name of the projection.
    pub projection: String,
    /// Sending neuron, such as `pixels[12]`; `None` for a bias.
    pub from: Option<String>,
    /// Weight, dimensionless.
    pub weight: f32,
    /// Value that has arrived from the sender: its rate or its teaching signal. With a delay or a
    /// threshold, it can differ from the present value of the sender. `None` if it is unknown.
    pub arrived: Option<f32>,
}

/// Recorded time course of a variable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Symbol of the variable.
    pub variable: &'static str,
    /// Times in ms.
    pub time_ms: Vec<f64>,
    /// Values at these times.
    pub value: Vec<f64>,
}
