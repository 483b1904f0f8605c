//! The command line: one file per command.

pub mod bench;
pub mod compare;
pub mod data;
pub mod inspect;
pub mod list;
pub mod plot;
pub mod run;
pub mod validate;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};

use crate::description::Registry;
use crate::description::document::Problems;
use crate::terminal::{self, Stream, one_line, say, shortened, stderr, visible};

/// Exit code of a process that ended because of Ctrl-C, as usual in shells.
const INTERRUPTED: u8 = 130;
/// Exit code for invalid arguments, as in `clap`.
const USAGE: u8 = 2;

/// Simulator of pyramidal neurons that learn
#[derive(Parser)]
#[command(name = "apical", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario; write recordings and figures
    Run(run::Arguments),
    /// Compare learning rules; write a table and figures
    Compare(compare::Arguments),
    /// Report all errors of model, scenario and comparison files, without running them
    Validate(validate::Arguments),
    /// Show the state of one neuron of a run
    Inspect(inspect::Arguments),
    /// Draw the figures of a run
    Plot(plot::Arguments),
    /// List names that models may use: the rules of plasticity
    List(list::Arguments),
    /// Get public data sets
    Data(data::Arguments),
    /// Measure the costs of simulations
    Bench(bench::Arguments),
}

/// The complete command with the parts of a registry: another program can add its own parts and use
/// all others.
#[must_use]
pub fn main(registry: Registry) -> ExitCode {
    let code = match Cli::try_parse() {
        Ok(cli) => command(cli.command, registry),
        Err(error) => {
            // Help is printed to standard output, errors to standard error.
            let (to, code) = match error.use_stderr() {
                true => (Stream::Error, ExitCode::from(USAGE)),
                false => (Stream::Output, ExitCode::SUCCESS),
            };
            match to {
                Stream::Output => terminal::note(to, error.print()),
                Stream::Error => say(to, &repeated(error).render().to_string()),
            }
            code
        }
    };
    match terminal::failure() {
        None => code,
        Some(failure) => {
            say(stderr(), &format!("error: {failure}\n"));
            ExitCode::FAILURE
        }
    }
}

/// The error with every argument that `clap` repeats on one line, shortened and escaped.
fn repeated(mut error: clap::Error) -> clap::Error {
    const MOST: usize = 200;
    // Escaped here, since `clap` removes escape sequences when it makes plain text.
    let shown = |text: &str| shortened(&one_line(&visible(text)), MOST).into_owned();
    let context: Vec<(ContextKind, ContextValue)> = (error.context())
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(shown(text)))),
            ContextValue::Strings(texts) => {
                let texts = texts.iter().map(|text| shown(text));
                Some((kind, ContextValue::Strings(texts.collect())))
            }
            // Tips also repeat arguments.
            ContextValue::StyledStrs(texts) => {
                let texts = texts.iter().map(|text| shown(&text.to_string()).into());
                Some((kind, ContextValue::StyledStrs(texts.collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in context {
        error.insert(kind, value);
    }
    error
}

fn command(command: Command, registry: Registry) -> ExitCode {
    let outcome = match command {
        Command::Run(arguments) => run::run(&arguments, registry),
        Command::Compare(arguments) => compare::run(&arguments, registry),
        Command::Validate(arguments) => return validate::run(&arguments, &registry),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Plot(arguments) => plot::run(&arguments),
        Command::List(arguments) => return list::run(&arguments, &registry),
        Command::Data(arguments) => data::run(&arguments),
        Command::Bench(arguments) => {
            bench::run(&arguments).map_err(|error| error as Box<dyn Error>)
        }
    };
    outcome.unwrap_or_else(|error| {
        say(stderr(), &format!("error: {error}\n"));
        ExitCode::FAILURE
    })
}

/// The first Ctrl-C prints `line` and ends the work in order, the second at once. Signals within
/// half a second count as one, since `timeout` and schedulers signal process and group.
fn stop_on_interrupt(line: &'static str) -> Result<Arc<AtomicBool>, ctrlc::Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    let mut first: Option<Instant> = None;
    ctrlc::set_handler(move || {
        if let Some(first) = first {
            if first.elapsed() > Duration::from_millis(500) {
                std::process::exit(INTERRUPTED.into());
            }
            return;
        }
        first = Some(Instant::now());
        asked.store(true, Ordering::Relaxed);
        say(stderr(), &format!("\n{line}\n"));
    })?;
    Ok(stop)
}

/// Number of threads of the process: the given one, or one per core.
///
/// # Errors
/// More threads than are useful: four per core, or 64 on a small machine.
fn threads(asked: Option<u16>) -> Result<usize, String> {
    const ALWAYS: usize = 64;
    let processors = available_parallelism().map_or(1, usize::from);
    let most = ALWAYS.max(4 * processors);
    match asked.map(usize::from) {
        None => Ok(processors),
        Some(asked) if asked <= most => Ok(asked),
        Some(asked) => Err(format!(
            "--threads {asked}: expected 1 to {most}; this machine has {}",
            counted(processors as u64, "processor")
        )),
    }
}

/// Starts the threads for all parallel work of the process.
///
/// # Errors
/// Those of [`threads`], and a limit of the operating system.
fn start_threads(asked: Option<u16>) -> Result<(), Box<dyn Error + Send + Sync>> {
    if asked.is_some() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads(asked)?);
        pool.build_global()
            .map_err(|error| format!("--threads: {error}"))?;
    }
    Ok(())
}

/// Prints the problems; returns the exit code of a failure.
fn refused(problems: &Problems) -> ExitCode {
    problems.say();
    ExitCode::FAILURE
}

/// A number with its noun, in groups of three digits.
fn counted(number: u64, noun: &str) -> String {
    let digits = number.to_string();
    let grouped: String = (digits.chars().enumerate())
        .flat_map(|(index, digit)| {
            let left = digits.len() - index;
            let space = (index > 0 && left.is_multiple_of(3)).then_some(' ');
            space.into_iter().chain([digit])
        })
        .collect();
    let plural = if number == 1 { "" } else { "s" };
    format!("{grouped} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(counted(1, "synapse"), "1 synapse");
        assert_eq!(counted(999, "synapse"), "999 synapses");
        assert_eq!(counted(30_410, "synapse"), "30 410 synapses");
        assert_eq!(counted(1_234_567, "synapse"), "1 234 567 synapses");
    }
}
