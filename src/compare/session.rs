//! Execution of the missing runs, several at once, each in its own threads.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crossbeam::channel;
use indexmap::IndexMap;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{CompareError, Directory, LoadedComparison, Outcome, RuleRows, State, Table};
use crate::data::{self, Source};
use crate::description::Registry;
use crate::description::document::Problems;
use crate::description::scenario::{self, data};
use crate::files;
use crate::machine::available_bytes;
use crate::run::{Job, Reporting, Summary, check_memory, needed_bytes, print_line, run};
use crate::terminal::{say, stderr, visible};

/// Settings of the execution of a comparison.
pub struct Session<'a> {
    /// Rules with their scenarios.
    pub loaded: &'a LoadedComparison,
    /// Seeds with which each rule runs.
    pub seeds: &'a [u64],
    /// Rules that are run; empty: all.
    pub only: &'a [String],
    /// Learning rules that models may use.
    pub registry: &'a Registry,
    /// Directory of data sets that are not part of the package.
    pub data: Option<&'a Path>,
    /// Number of simultaneous runs; absent: the number of threads, as far as they fit into memory.
    pub at_once: Option<usize>,
    /// Number of threads of all runs together.
    pub threads: usize,
    /// True if finished runs that are out of date are replaced.
    pub anew: bool,
    /// True if neither progress nor warnings are printed.
    pub quiet: bool,
    /// Becomes true when runs in progress must end in order and no other may start.
    pub stop: &'a AtomicBool,
}

/// Result of a comparison.
#[derive(Debug)]
pub struct Report {
    /// Every rule with every seed.
    pub table: Table,
    /// True if it was stopped before its end.
    pub interrupted: bool,
    /// Number of requested runs that are finished.
    pub finished: usize,
    /// Number of requested runs.
    pub asked: usize,
}

/// One rule with one seed.
struct PlannedRun {
    /// Row of the table: indices of rule and seed.
    row: (usize, usize),
    rule: String,
    scenario: scenario::LoadedScenario,
    state: State,
}

impl PlannedRun {
    fn name(&self) -> String {
        format!("{} seed {}", self.rule, self.scenario.scenario.seed)
    }
}

impl Session<'_> {
    /// Executes the missing runs in `directory` and rewrites its table after each of them. A run
    /// that fails does not stop others: the table contains its reason.
    ///
    /// # Errors
    /// Before any run: finished runs that are out of date, unless they are to be replaced; missing
    /// data or memory. Later: a table or a directory that cannot be written.
    pub fn run(&self, directory: &Directory) -> Result<Report, CompareError> {
        let (mut table, due, finished) = self.planned(directory)?;
        let (bytes, warnings) = self.check(&due, &table, directory)?;
        let at_once = self.at_once(due.len(), bytes)?;
        directory.record(&self.loaded.document)?;
        self.write(directory, &table)?;
        let pools = (0..at_once)
            .map(|_| {
                let threads = (self.threads / at_once).max(1);
                ThreadPoolBuilder::new().num_threads(threads).build()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let progress = Progress::new(self, finished, due.len());
        self.announce(&due, &warnings, &progress);
        let asked = finished + due.len();
        let (mut over, mut succeeded, mut outcome) = (0, finished, Ok(()));
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let (ended, ends) = channel::unbounded();
            for pool in &pools {
                let (ended, due, next, bars) = (ended.clone(), &due, &next, &progress.bars);
                scope.spawn(move || {
                    while !self.stop.load(Ordering::Relaxed) {
                        let Some(planned) = due.get(next.fetch_add(1, Ordering::Relaxed)) else {
                            break;
                        };
                        let result = self.execute(planned, directory, pool, bars);
                        // The receiver exists until all runs have ended.
                        let _ = ended.send((planned, result));
                    }
                });
            }
            drop(ended);
            for (planned, result) in ends {
                let result = match result {
                    Ok(summary) if summary.interrupted => continue,
                    Ok(summary) => Outcome::Finished(Box::new(summary)),
                    Err(error) => failed(directory, planned, &error),
                };
                over += 1;
                succeeded += usize::from(matches!(result, Outcome::Finished(_)));
                progress.ended(&planned.name(), &result);
                table.enter(planned.row, result);
                if outcome.is_ok() {
                    outcome = self.write(directory, &table);
                    // Without a place for results it is useless to continue.
                    self.stop.fetch_or(outcome.is_err(), Ordering::Relaxed);
                }
            }
        });
        progress.finish();
        outcome?;
        Ok(Report {
            table,
            interrupted: over < due.len(),
            finished: succeeded,
            asked,
        })
    }

    /// The present table, the runs that are still missing, and the number of finished ones.
    fn planned(
        &self,
        directory: &Directory,
    ) -> Result<(Table, Vec<PlannedRun>, usize), CompareError> {
        let (mut due, mut finished) = (Vec::new(), 0);
        let (mut rules, mut apart) = (Vec::new(), Vec::new());
        for (name, loaded) in &self.loaded.rules {
            let mut rows = Vec::new();
            let runs = self.only.is_empty() || self.only.contains(name);
            // These seeds are followed by those that an earlier command has finished.
            let earlier = directory.seeds(name);
            let earlier = earlier.iter().filter(|seed| !self.seeds.contains(seed));
            let wanted = self.seeds.iter().map(|seed| (seed, true));
            for (&seed, wanted) in wanted.chain(earlier.map(|seed| (seed, false))) {
                let runs = runs && wanted;
                let scenario = loaded.with_seed(seed);
                let state = directory.state(name, &self.job(&scenario, Reporting::Nothing))?;
                let outcome = match &state {
                    State::Finished(summary) => Outcome::Finished(summary.clone()),
                    State::Due(_) | State::Outdated(_) => Outcome::Missing,
                };
                // Finished runs that are neither in the table nor run again are listed below it.
                if let State::Outdated(why) = &state
                    && !runs
                {
                    apart.push((name.as_str(), seed, why.clone()));
                }
                if !wanted && outcome == Outcome::Missing {
                    continue;
                }
                finished += usize::from(runs && outcome != Outcome::Missing);
                if runs && outcome == Outcome::Missing {
                    due.push(PlannedRun {
                        row: (rules.len(), rows.len()),
                        rule: name.clone(),
                        scenario,
                        state,
                    });
                }
                rows.push((seed, outcome));
            }
            rules.push(RuleRows {
                rule: name.clone(),
                data: loaded.scenario.name.clone(),
                rows,
            });
        }
        let stale = outdated(due.iter().filter_map(|planned| match &planned.state {
            State::Outdated(why) => Some((&*planned.rule, planned.scenario.scenario.seed, &**why)),
            _ => None,
        }));
        if !stale.is_empty() && !self.anew {
            return Err(CompareError::Outdated {
                directory: directory.path().to_owned(),
                runs: stale,
            });
        }
        // Seed by seed, so that a comparison that is stopped has some results of every rule.
        due.sort_by_key(|planned| (planned.row.1, planned.row.0));
        let table = Table {
            name: self.loaded.comparison.name.clone(),
            about: self.loaded.comparison.about.clone(),
            changes: self.loaded.overrides.clone(),
            rules,
            apart: outdated(apart.iter().map(|(rule, seed, why)| (*rule, *seed, &**why))),
        };
        Ok((table, due, finished))
    }

    fn job<'a>(
        &'a self,
        loaded: &'a scenario::LoadedScenario,
        reporting: Reporting<'a>,
    ) -> Job<'a> {
        Job {
            scenario: &loaded.scenario,
            model: &loaded.model,
            circuit: loaded.circuit.clone(),
            directory: &loaded.directory,
            model_directory: &loaded.model_directory,
            data_directory: self.data,
            reporting,
            alone: false,
        }
    }

    /// Checks that all data exist and are those of finished runs, and that each run fits into
    /// memory. Approximate memory of the largest run in bytes, and warnings about the data.
    fn check(
        &self,
        due: &[PlannedRun],
        table: &Table,
        directory: &Directory,
    ) -> Result<(f64, Problems), CompareError> {
        let (mut largest, mut warnings) = (0.0f64, Problems::default());
        // Most rules have the same data, which are then read once.
        let mut read: Option<(Source, data::LoadedData)> = None;
        for (name, loaded) in &self.loaded.rules {
            if !due.iter().any(|planned| planned.rule == *name) {
                continue;
            }
            check_memory(&loaded.scenario, &loaded.circuit)?;
            let Some(task) = &loaded.scenario.task else {
                continue;
            };
            let known = (read.take()).filter(|(source, _)| *source == task.data);
            let found = match known {
                Some((_, known)) => {
                    let found = scenario::fitting(loaded, &known).map_err(CompareError::Data)?;
                    warnings.merge(found);
                    known
                }
                None => match data(loaded, self.data, self.registry).map_err(CompareError::Data)? {
                    Some((found, odd)) => {
                        warnings.merge(odd);
                        self.same(&task.data, &found, table, directory)?;
                        found
                    }
                    None => continue,
                },
            };
            let test = found.test.as_ref().map_or(0, |test| test.inputs.bytes());
            let values = (found.train.inputs.bytes() + test) as f64;
            largest = largest.max(needed_bytes(&loaded.scenario, &loaded.circuit) + values);
            read = Some((task.data.clone(), found));
        }
        Ok((largest, warnings))
    }

    /// Checks that all finished runs with this `source` learned these data.
    fn same(
        &self,
        source: &Source,
        data: &data::LoadedData,
        table: &Table,
        directory: &Directory,
    ) -> Result<(), CompareError> {
        let now = data.sha256();
        for ((name, loaded), rows) in self.loaded.rules.iter().zip(&table.rules) {
            if (loaded.scenario.task.as_ref()).is_none_or(|task| task.data != *source) {
                continue;
            }
            for (seed, summary) in rows.finished() {
                // Runs of older versions have no checksum of their data.
                if let Some(then) = &summary.data_sha256
                    && *then != now
                {
                    return Err(CompareError::OtherData {
                        directory: directory.path().to_owned(),
                        planned: format!("{name} seed {seed}"),
                        then: then.clone(),
                        now,
                    });
                }
            }
        }
        Ok(())
    }

    /// Number of simultaneous runs.
    fn at_once(&self, due: usize, bytes: f64) -> Result<usize, CompareError> {
        let available = available_bytes().unwrap_or(f64::INFINITY);
        // At least one fits, according to the check of memory.
        let fit = ((available / bytes.max(1.0)) as usize).max(1);
        match self.at_once.map(|wanted| wanted.min(due)) {
            None => Ok(self.threads.min(due).min(fit)),
            Some(wanted) if wanted <= fit => Ok(wanted),
            Some(wanted) => Err(CompareError::Memory {
                wanted,
                fit,
                needed_gb: bytes / 1e9,
                available_gb: available / 1e9,
            }),
        }
    }

    fn announce(&self, due: &[PlannedRun], warnings: &Problems, progress: &Progress) {
        if !self.quiet && !warnings.0.is_empty() {
            warnings.say();
            say(stderr(), "\n");
        }
        for planned in due {
            if let State::Due(Some(why)) | State::Outdated(why) = &planned.state {
                progress.say(&format!("{} is made anew: {why}", planned.name()));
            }
        }
    }

    fn execute(
        &self,
        planned: &PlannedRun,
        directory: &Directory,
        pool: &ThreadPool,
        bars: &MultiProgress,
    ) -> Result<Summary, CompareError> {
        let (rule, seed) = (&planned.rule, planned.scenario.scenario.seed);
        let place = directory.begin(rule, seed)?;
        let data = data(&planned.scenario, self.data, self.registry).map_err(CompareError::Data)?;
        let data = data.map(|(data, _)| data);
        let name = planned.name();
        let reporting = match self.quiet {
            true => Reporting::Nothing,
            false => Reporting::Among { name: &name, bars },
        };
        let job = self.job(&planned.scenario, reporting);
        let summary = pool.install(|| run(&job, data, &place, self.stop))?;
        // The claim ends before the directory is renamed.
        drop(place);
        if !summary.interrupted {
            directory.finish(rule, seed)?;
        }
        Ok(summary)
    }

    fn write(&self, directory: &Directory, table: &Table) -> Result<(), CompareError> {
        directory.write("table.csv", &table.csv()?)?;
        directory.write("table.md", &table.markdown())?;
        Ok(())
    }
}

/// Runs that are out of date, one line per rule and reason with all its seeds.
fn outdated<'a>(runs: impl Iterator<Item = (&'a str, u64, &'a str)>) -> Vec<String> {
    let mut seeds: IndexMap<(&str, &str), Vec<u64>> = IndexMap::new();
    for (rule, seed, why) in runs {
        seeds.entry((rule, why)).or_default().push(seed);
    }
    let line = |((rule, why), seeds): ((&str, &str), Vec<u64>)| match &seeds[..] {
        [seed] => format!("{rule} seed {seed} is finished, but {why}"),
        seeds => {
            let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
            format!("{rule} seeds {} are finished, but {why}", seeds.join(", "))
        }
    };
    seeds.into_iter().map(line).collect()
}

/// Outcome of a run that failed, with its remaining results.
fn failed(directory: &Directory, planned: &PlannedRun, error: &CompareError) -> Outcome {
    let place = directory.unfinished(&planned.rule, planned.scenario.scenario.seed);
    let text = files::text(&place.join("summary.json")).unwrap_or_default();
    Outcome::Failed {
        reason: error.to_string(),
        summary: serde_json::from_str(&text).ok().map(Box::new),
    }
}

/// Output of progress: in a terminal a bar for each run and one for all, elsewhere lines.
struct Progress {
    bars: MultiProgress,
    all: ProgressBar,
    quiet: bool,
    terminal: bool,
}

impl Progress {
    fn new(session: &Session<'_>, finished: usize, due: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bars = MultiProgress::new();
        let all = ProgressBar::new((finished + due) as u64);
        let all = match session.quiet || !terminal {
            true => all,
            false => bars.add(all),
        };
        let template = "{prefix} {bar:24} {pos} of {len} runs  {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            all.set_style(style);
        }
        all.set_prefix(session.loaded.comparison.name.clone());
        all.set_position(finished as u64);
        let progress = Self {
            bars,
            all,
            quiet: session.quiet,
            terminal,
        };
        if finished > 0 {
            progress.say(&format!("{finished} finished before, {due} to run"));
        }
        progress
    }

    fn ended(&self, name: &str, outcome: &Outcome) {
        self.all.inc(1);
        let (done, all) = (self.all.position(), self.all.length().unwrap_or_default());
        self.say(&format!("[{done}/{all}] {name}: {outcome}"));
    }

    fn say(&self, line: &str) {
        match (self.quiet, self.terminal) {
            (true, _) => {}
            // An error is ignored, as its cause is a closed terminal.
            (_, true) => drop(self.bars.println(visible(line))),
            (_, false) => print_line(line),
        }
    }

    fn finish(&self) {
        self.all.finish_and_clear();
    }
}
