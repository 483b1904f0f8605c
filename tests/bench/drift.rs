//! Errors of circuits that learn for 1e7 steps, in both engines.
//!
//! `cargo bench --bench drift`, a table; with `-- --figure FILE` a picture of it as well (PNG).

#[path = "../drift/circuits.rs"]
mod circuits;
#[path = "../common/mod.rs"]
mod common;
#[path = "../reference/mod.rs"]
mod reference;

use std::{env, fs};

use apical::circuit::Engine;
use apical::plot::{Axes, Growth, Line};
use circuits::{ALWAYS, AT_A_CLOCK, WITH_MOMENTUM, currents, readout};

/// Steps after which errors are measured.
const MILESTONES: [u64; 7] = [
    10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000,
];

/// Its name, and its errors after the milestones.
type Circuit = (&'static str, fn(Engine) -> Vec<f64>);

const CIRCUITS: [Circuit; 4] = [
    ("currents, weights change in every step", |engine| {
        currents(engine, ALWAYS, &MILESTONES)
    }),
    ("currents, weights change every 13 steps", |engine| {
        currents(engine, AT_A_CLOCK, &MILESTONES)
    }),
    ("weights that change in every step", |engine| {
        readout(engine, "", &MILESTONES)
    }),
    ("weights with momentum, every 7 steps", |engine| {
        readout(engine, WITH_MOMENTUM, &MILESTONES)
    }),
];

const ENGINES: [(&str, Engine); 2] = [("events", Engine::Events), ("dense", Engine::Dense)];

fn main() {
    let mut arguments = env::args().skip_while(|argument| argument != "--figure");
    let file = arguments.next().map(|_| {
        let file = arguments.next();
        file.expect("--figure: a file, such as docs/figures/drift.png")
    });
    println!(
        "largest error: of currents as a part of the sum of the magnitudes of their terms, of \
         weights as a part of their root mean square"
    );
    print!("{:<42}{:<8}", "circuit", "engine");
    MILESTONES
        .iter()
        .for_each(|steps| print!("{:>9}", format!("{:e}", *steps as f64)));
    println!();
    let mut measured = Vec::new();
    for (name, errors) in CIRCUITS {
        let engines = ENGINES.map(|(engine, which)| {
            let errors = errors(which);
            print!("{name:<42}{engine:<8}");
            errors.iter().for_each(|error| print!("{error:>9.1e}"));
            println!();
            (engine, errors)
        });
        measured.push((name, engines));
    }
    let Some(file) = file else { return };
    let steps = MILESTONES.map(|steps| steps as f64);
    let figure = Growth {
        title: "Errors do not grow with the number of steps".to_owned(),
        count: "steps",
        quantity: ("relative error".to_owned(), String::new()),
        axes: Axes::Logarithmic {
            promised: Some(reference::PROMISED),
        },
        panels: (measured.iter())
            .map(|(name, engines)| {
                let lines = engines.iter().map(|(engine, errors)| Line {
                    name: (*engine).to_owned(),
                    x: &steps,
                    y: errors,
                });
                ((*name).to_owned(), lines.collect())
            })
            .collect(),
    };
    let figure = figure.draw().expect("a figure");
    fs::write(&file, figure.png()).unwrap_or_else(|error| panic!("{file}: {error}"));
}
