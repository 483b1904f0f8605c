//! **Apical** simulates pyramidal neurons that learn.
//!
//! Every neuron is an entity with a soma, a basal and an apical dendrite. Activity travels up,
//! teaching travels down and synapses change locally, all at the same time, all the time: there
//! is no forward phase and no backward phase anywhere.
//!
//! | module | subject |
//! |---|---|
//! | [`math`] | matrix products, columns, random streams, times as whole steps |
//! | [`neuron`] | the compartments of a neuron and how their potentials move |
//! | [`event`] | what happens from outside, what was sent and when it arrives |
//! | [`connectivity`] | synapses between two populations |
//! | [`plasticity`] | how synapses change: one file a rule; the registry |
//! | [`data`] | data sets, encodings, splits and the order of presentation |
//! | [`description`] | models and scenarios as text, checked |
//! | [`circuit`] | populations, projections and trials as entities |
//! | [`engine`] | the only place that orders the stages of a step |
//! | [`protocol`] | what is shown, taught and asked, and when |
//! | [`record`] | recordings: from the simulation to Parquet and back; arrays, small tables |
//! | [`run`] | a scenario on its way: presentations, evaluation, results |
//! | [`inspect`] | one neuron of a simulation or a run: data and text |
//! | [`plot`] | figures, from plain data to SVG and PNG |
//! | [`compare`] | learning rules side by side, over several seeds |
//! | [`mod@bench`] | what simulations cost |
//! | [`cli`] | the command line: one file a command |
//! | [`parameter`] | parameters with names, defaults and ranges |
//! | [`names`] | the known name nearest to an unknown one |
//! | [`files`], [`machine`], [`terminal`] | files, memory and the terminal of the machine |
//!
//! Without the default features there remain `math` to `protocol`, `inspect` and `parameter` to
//! `terminal`: enough to load a model, to lower it to a circuit, to simulate it and to inspect its
//! neurons. The feature `record` has `record`, `run` and the inspection of runs, `plot` has `plot`,
//! `fetch` has `data::fetch`, `cli` has all.

// The table links to modules of every feature.
#![cfg_attr(not(feature = "cli"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "cli")]
pub mod bench;
pub mod circuit;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod compare;
pub mod connectivity;
pub mod data;
pub mod description;
pub mod engine;
pub mod event;
pub mod files;
pub mod inspect;
pub mod machine;
pub mod math;
pub mod names;
pub mod neuron;
pub mod parameter;
pub mod plasticity;
#[cfg(feature = "plot")]
pub mod plot;
pub mod protocol;
#[cfg(feature = "record")]
pub mod record;
#[cfg(feature = "record")]
pub mod run;
pub mod terminal;

/// The code of the README, as a test.
#[cfg(all(doctest, feature = "cli"))]
#[doc = include_str!("../README.md")]
struct Readme;
