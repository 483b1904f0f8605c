//! A program with parts of its own: the whole command `apical`, and six parts more.
//!
//! ```sh
//! cargo run --release --example extending -- run SCENARIO
//! ```

mod adapting;
mod blobs;
mod correlation;
mod shunt;
mod softplus;

use std::process::ExitCode;

use apical::description::Registry;

/// The shipped parts and those of the program.
pub fn registry() -> Registry {
    Registry::default()
        .with_neuron(adapting::ADAPTING)
        .with_transfer(&softplus::Softplus)
        .with_source(blobs::BLOBS)
        .with_rule(correlation::CORRELATION)
        .with_systems(shunt::add)
}

fn main() -> ExitCode {
    apical::cli::main(registry())
}
