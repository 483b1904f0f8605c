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
//! | [`event`] | events from outside, messages under way and their arrival |
//! | [`connectivity`] | synapses between two populations |
//! | [`plasticity`] | how synapses change: one file per rule |
//! | [`data`] | data sets, encodings, splits and the order of presentation |
//! | [`description`] | models and scenarios as text, their check, the registry of parts, and `lower`: from a model to a circuit |
//! | [`circuit`] | a circuit as plain data, and its populations, projections and neurons as entities |
//! | [`engine`] | simulations and the stages of a step, ordered only here; states |
//! | [`protocol`] | stimuli, teachers and evaluation over time: tasks and free timelines |
//! | [`record`] | probes; recordings: from the simulation to Parquet and back; arrays, small tables |
//! | [`run`] | runs of a scenario: advancing, recording, results in a directory |
//! | [`inspect`] | one neuron of a simulation or a run: data and text |
//! | [`plot`] | figures, from plain data to SVG and PNG |
//! | [`compare`] | learning rules side by side, over several seeds |
//! | [`mod@bench`] | costs of simulations |
//! | [`cli`] | the command line: one file per command |
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
