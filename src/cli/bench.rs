//! `apical bench`: costs of simulations, as one table.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{say, start_threads};
use crate::bench::{Bench, Images, ROWS, Row, growth};
use crate::data::formats::file::data_dir;
use crate::description::document::unknown;
use crate::terminal::{stderr, stdout};

/// Measures the costs of simulations.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Only these rows: steps, leaky, accuracy, epoch, online, recurrent, sparse, cnn_mnist, cnn_cifar10, entities
    rows: Vec<String>,
    /// Directory of MNIST's files [default: the variable APICAL_DATA; if unset, digits enlarged]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Also write the rows as JSON: a list of name, value, goal, met
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw time over neurons, synapses, trials, steps, depth, image size, channels and in-degree
    /// into this directory, and measure no rows unless some are named
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Measure only 1/N of the usual work, for a quick result
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    shorter: u16,
}

/// Runs the command.
///
/// # Errors
/// An unknown row, damaged data, a file that cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let known = || ROWS.iter().map(|(name, _)| *name);
    for name in &arguments.rows {
        if !known().any(|row| row == name) {
            return Err(unknown("row", name, known()).into());
        }
    }
    start_threads(arguments.threads)?;
    let scenarios = PathBuf::from("scenarios");
    let images = Images::load(data_dir(arguments.data.clone()).as_deref(), &scenarios)?;
    let bench = Bench {
        images,
        shorter: arguments.shorter.into(),
    };
    say(
        stderr(),
        &format!(
            "{} threads, images: {}; ratios are medians of turns\n",
            rayon::current_num_threads(),
            bench.images.name
        ),
    );
    let mut all = Vec::new();
    let all_rows = arguments.rows.is_empty() && arguments.figures.is_none();
    for (name, measure) in ROWS {
        if !all_rows && !arguments.rows.iter().any(|row| row == name) {
            continue;
        }
        // Inside the pool, so that parallel work starts without a switch of threads.
        let rows = rayon::scope(|_| measure(&bench))?;
        rows.iter().for_each(|row| say(stdout(), &report(row)));
        all.extend(rows);
    }
    if let Some(directory) = &arguments.figures {
        for path in rayon::scope(|_| growth(&bench.images, directory))? {
            say(stdout(), &format!("{}\n", path.display()));
        }
    }
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&all)?;
        fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report(row: &Row) -> String {
    let met = match row.met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "",
    };
    let goal = row.goal.as_deref().unwrap_or_default();
    format!(
        "{:<46}{:>10.3}  {goal:<8}{met:<8}\n    {}\n",
        row.name, row.value, row.about
    )
}
