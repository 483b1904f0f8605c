//! Inspection of one neuron: its currents with their sources, its potentials and outputs, and its
//! strongest synapses.
//!
//! [`neuron`] makes an [`Inspection`] of the values of a [`Source`]. A
//! [`Simulation`](crate::engine::Simulation) in memory is a source; with the feature `record`, so
//! are the results of a run. `Inspection` is plain data, which `Display` renders as text and
//! `serde` as JSON.
//!
//! ```
//! use apical::circuit::Engine;
//! use apical::description::model::Model;
//! use apical::description::{Registry, Setup, lower};
//! use apical::engine::Simulation;
//! use apical::inspect;
//!
//! let model: Model = ron::from_str(r#"(
//!     name: "pair",
//!     neurons: {"pyramidal": (tau_b_ms: 10.0, transfer: linear)},
//!     inputs: [(name: "in", size: 1)],
//!     populations: [(name: "cell", size: 1, neuron: "pyramidal")],
//!     synapses: {"fixed": ()},
//!     projections: [(
//!         from: "in", to: "cell", compartment: basal, delay_ms: 1.0,
//!         synapse: "fixed", weights: constant(0.5),
//!     )],
//! )"#)?;
//! let setup = Setup { dt_ms: 0.1, trials: 1, seed: 1, presentation_ms: 1.0,
//!     directory: "".as_ref(), engine: Engine::Events };
//! let mut simulation = Simulation::new(lower(&model, &Registry::default(), setup)?);
//! simulation.set_input("in", ndarray::array![[3.0]].view())?;
//! simulation.advance_to(100);
//! // The neuron with index 0 in trial 0, with at most 5 synapses of each dendrite.
//! let cell = inspect::neuron(&mut simulation, "cell[0]", 0, 5)?;
//! assert_eq!(cell.parameters.tau_b_ms, 10.0);
//! assert_eq!(cell.basal.terms, [("in_to_cell".to_owned(), 1.5)]);
//! assert!(cell.to_string().contains("basal dendrite    tau_b db/dt = -b + I_b"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `inspection` | the data |
//! | `source` | where values come from |
//! | `assemble` | from the values of a source to an inspection |
//! | `of_simulation`, `of_run` | a simulation in memory and the results of a run as sources |
//! | `text` | an inspection as text |
//! | `error` | reasons why a neuron cannot be inspected |

mod assemble;
mod error;
mod inspection;
#[cfg(feature = "record")]
mod of_run;
mod of_simulation;
mod source;
mod text;

pub use assemble::neuron;
pub use error::InspectError;
pub use inspection::{Dendrite, Inspection, Synapse, Trace};
pub use source::{Afferent, Place, Source};
