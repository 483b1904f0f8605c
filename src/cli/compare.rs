//! `apical compare`: comparison of learning rules over several seeds.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{INTERRUPTED, counted, refused, say, stop_on_interrupt, threads};
use crate::compare::{CompareError, Directory, Seeds, Session, figures, load};
use crate::data::formats::file::data_dir;
use crate::description::Registry;
use crate::description::document::unknown;
use crate::terminal::{stderr, stdout};

/// Compares learning rules; writes a table and figures.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// File of the comparison
    comparison: PathBuf,
    /// Number of seeds, from 1 on, or a list of seeds, such as `3,5,7`, `3-7`, or `3,` for one
    #[arg(
        long,
        value_name = "SEEDS",
        default_value = "4",
        allow_hyphen_values = true
    )]
    seeds: Seeds,
    /// Change a value for every rule, for example `task.epochs=3`
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Run only these rules; finished runs of other rules stay in the table
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<String>,
    /// Directory of the results; finished runs in it are not repeated [default: runs/compare/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Directory of data sets outside the package [default: the variable APICAL_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Simultaneous runs (a rule with a seed) [default: one per thread, as far as memory allows]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    at_once: Option<u16>,
    /// Former name of `--at-once`.
    #[arg(long, value_name = "N", hide = true, value_parser = former_name)]
    cells: Option<u16>,
    /// Threads of all runs together; results do not depend on their number [default: one per core]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    threads: Option<u16>,
    /// Repeat and replace finished runs that are out of date
    #[arg(long)]
    anew: bool,
    /// Print errors only
    #[arg(long)]
    quiet: bool,
}

/// Runs the command. The exit code is 1 if a run failed, 130 after Ctrl-C.
///
/// # Errors
/// Before any run: all errors of the comparison, its scenario, models and data. Later: errors that
/// prevent it from continuing.
pub fn run(arguments: &Arguments, registry: Registry) -> Result<ExitCode, Box<dyn Error>> {
    let threads = threads(arguments.threads)?;
    let loaded = match load(&arguments.comparison, &arguments.set, &registry) {
        Ok(loaded) => loaded,
        Err(problems) => return Ok(refused(&problems)),
    };
    if !arguments.quiet && !loaded.warnings.0.is_empty() {
        loaded.warnings.say();
        say(stderr(), "\n");
    }
    let name = &loaded.comparison.name;
    let only: Vec<String> = (arguments.only.iter())
        .map(|rule| rule.trim().to_owned())
        .collect();
    for rule in &only {
        if rule.is_empty() {
            return Err("--only: a name is empty; expected rules with commas between".into());
        }
        let known = || loaded.comparison.rules.keys().map(String::as_str);
        if !known().any(|known| known == rule) {
            return Err(format!("--only {rule}: {}", unknown("rule", rule, known())).into());
        }
    }
    let out = (arguments.out.clone()).unwrap_or_else(|| Path::new("runs/compare").join(name));
    let directory = Directory::open(&out, &loaded.document, name)?;
    let stop = stop_on_interrupt("stopping the runs under way")?;
    let data = data_dir(arguments.data.clone());
    let session = Session {
        loaded: &loaded,
        seeds: arguments.seeds.as_slice(),
        only: &only,
        registry: &registry,
        data: data.as_deref(),
        at_once: arguments.at_once.map(usize::from),
        threads,
        anew: arguments.anew,
        quiet: arguments.quiet,
        stop: &stop,
    };
    let report = match session.run(&directory) {
        Err(CompareError::Data(problems)) => return Ok(refused(&problems)),
        report => report?,
    };
    // Drawing is not stopped by Ctrl-C; a second one ends the process.
    let drawn = figures(&report.table, &directory)?;
    if !arguments.quiet {
        say(stdout(), &format!("\n{}\n", report.table.markdown()));
        say(stdout(), &format!("results in {}\n", out.display()));
        for path in drawn {
            if path.extension().is_some_and(|extension| extension == "png") {
                say(stdout(), &format!("  {}\n", path.display()));
            }
        }
    }
    if report.interrupted {
        let text = format!(
            "stopped with {} of {} runs finished; the same command keeps these and runs the \
             others from their beginning\n",
            report.finished, report.asked
        );
        say(stderr(), &text);
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let failures = report.table.failures();
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let runs = counted(failures.len() as u64, "run");
    say(stderr(), &format!("error: {runs} failed\n"));
    for failure in failures {
        say(
            stderr(),
            &format!("  {}\n", failure.replace('\n', "\n    ")),
        );
    }
    Ok(ExitCode::FAILURE)
}

/// The error for `--cells`.
fn former_name(_: &str) -> Result<u16, String> {
    Err("it is called `--at-once` now".to_owned())
}
