//! **Apical** simulates pyramidal neurons that learn.
//!
//! Every neuron is an entity with a soma, a basal and an apical dendrite. Activity travels up,
//! teaching travels down and synapses change locally, all at the same time, all the time: there
//! is no forward phase and no backward phase anywhere.
//!
//! | module | subject |
//! |---|---|
//! | [`neuron`] | the three compartments and how their potentials move |
//! | [`math`] | times as whole steps; sums that keep what rounding would drop |
//! | [`circuit`] | populations, projections and trials, from a description to entities |
//! | [`event`] | what was sent and when it arrives |
//! | [`teaching`] | where teaching currents come from |
//! | [`plasticity`] | one file a rule; the registry |
//! | [`schedule`] | the only place that orders the stages of a step |
//! | [`document`] | model and scenario files as text: places, overrides, problems |
//! | [`model`] | what a circuit is: the RON schema of `models/` |
//! | [`stimulus`] | data sets, encodings, splits and the order of presentation |
//! | [`data_sets`] | getting public data sets, checked by SHA-256 |
//! | [`scenario`] | what happens to a circuit: the RON schema of `scenarios/` |
//! | [`plot`] | figures, from plain data to SVG and PNG |
//! | [`run`] | a scenario on its way: presentations, evaluation, results |
//! | [`record`] | recordings: from the simulation to Parquet and back; arrays, small tables |
//! | [`compare`] | learning rules side by side, over several seeds |
//! | [`mod@bench`] | what simulations cost |
//! | [`cli`] | the command line: one file a command |
//! | [`files`] | opening files to read |
//! | [`terminal`] | standard output and standard error |

pub mod bench;
pub mod circuit;
pub mod cli;
pub mod compare;
pub mod data_sets;
pub mod document;
pub mod event;
pub mod files;
pub mod math;
pub mod model;
pub mod neuron;
pub mod plasticity;
pub mod plot;
pub mod record;
pub mod run;
pub mod scenario;
pub mod schedule;
pub mod stimulus;
pub mod teaching;
pub mod terminal;

/// The code of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
