//! Runs under way: those that are due, several at once, each in threads of its own.

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
use crate::run::{Job, Reporting, Summary, check_memory, needed_bytes, run, tell};
use crate::terminal::{say, stderr, visible};

/// How a comparison is run.
pub struct Session<'a> {
    /// The rules with their scenarios.
    pub loaded: &'a LoadedComparison,
    /// Each rule runs with each of these.
    pub seeds: &'a [u64],
    /// Only these rules are run; none given: all.
    pub only: &'a [String],
    /// The rules that models may name.
    pub registry: &'a Registry,
    /// Where data sets are that are not shipped.
    pub data: Option<&'a Path>,
    /// Runs at once; absent: as many as there are threads, and as fit into memory.
    pub at_once: Option<usize>,
    /// Threads of all runs together.
    pub threads: usize,
    /// Whether finished runs that are not what would be run now are replaced.
    pub anew: bool,
    /// Whether to say nothing on the way.
    pub quiet: bool,
    /// Becomes true when the runs under way are to end in order and no other is to begin.
    pub stop: &'a AtomicBool,
}

/// What came of a comparison.
#[derive(Debug)]
pub struct Report {
    /// Every rule with every seed.
    pub table: Table,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// Of the runs that were asked for, how many are finished.
    pub finished: usize,
    /// How many were asked for.
    pub asked: usize,
}

/// One rule with one seed.
struct PlannedRun {
    /// Row of the table: rule, seed.
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
    /// Makes the runs that are due in `directory`; after each of them the table there is
    /// written anew. A run that fails stops no other: the table has its reason.
    ///
    /// # Errors
    /// Before any runs: finished runs that are out of date, unless they are to be replaced; data
    /// or memory that a run would not have. Then a table or a directory that cannot be written.
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
                        // Whoever listens does so until all have ended.
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
                    // Without a place for results there is no use in going on.
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

    /// The table as it stands, the runs that are still to be made, and how many are finished.
    fn planned(
        &self,
        directory: &Directory,
    ) -> Result<(Table, Vec<PlannedRun>, usize), CompareError> {
        let (mut due, mut finished) = (Vec::new(), 0);
        let (mut rules, mut apart) = (Vec::new(), Vec::new());
        for (name, loaded) in &self.loaded.rules {
            let mut rows = Vec::new();
            let runs = self.only.is_empty() || self.only.contains(name);
            // Then those that an earlier command has finished.
            let earlier = directory.seeds(name);
            let earlier = earlier.iter().filter(|seed| !self.seeds.contains(seed));
            let wanted = self.seeds.iter().map(|seed| (seed, true));
            for (&seed, wanted) in wanted.chain(earlier.map(|seed| (seed, false))) {
                let runs = runs && wanted;
                let mut scenario = loaded.clone();
                scenario.scenario.seed = seed;
                let state = directory.state(name, &self.job(&scenario, Reporting::Nothing))?;
                let outcome = match &state {
                    State::Finished(summary) => Outcome::Finished(summary.clone()),
                    State::Due(_) | State::Outdated(_) => Outcome::Missing,
                };
                // What is finished and is neither shown nor run is told.
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
        // Seed by seed, so that a comparison that is stopped has something of every rule.
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
            circuit: loaded.circuit(self.registry),
            directory: &loaded.directory,
            model_directory: &loaded.model_directory,
            data_directory: self.data,
            reporting,
            alone: false,
        }
    }

    /// Whether all data are there, are those that finished runs have learned, and every run fits
    /// into memory by itself; about how many bytes the largest takes, and warnings about the data.
    fn check(
        &self,
        due: &[PlannedRun],
        table: &Table,
        directory: &Directory,
    ) -> Result<(f64, Problems), CompareError> {
        let (mut largest, mut warnings) = (0.0f64, Problems::default());
        // Rules mostly share their data, which are then read once.
        let mut read: Option<(Source, data::LoadedData)> = None;
        for (name, loaded) in &self.loaded.rules {
            if !due.iter().any(|planned| planned.rule == *name) {
                continue;
            }
            check_memory(&loaded.scenario, &loaded.model)?;
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
            largest = largest.max(needed_bytes(&loaded.scenario, &loaded.model) + values);
            read = Some((task.data.clone(), found));
        }
        Ok((largest, warnings))
    }

    /// Whether all finished runs that have learned data of this `source` have learned these.
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
                // Runs of before sums were kept do not say what they learned.
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

    /// Number of runs at once.
    fn at_once(&self, due: usize, bytes: f64) -> Result<usize, CompareError> {
        let available = available_bytes().unwrap_or(f64::INFINITY);
        // One fits, or the check of memory would have said so.
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
            say(stderr(), &format!("{warnings}\n\n"));
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
        // The claim ends before the directory gets its name.
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

/// Runs that are out of date and why, in a line the seeds of a rule for which that is the same.
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

/// A run that failed, with what it has left.
fn failed(directory: &Directory, planned: &PlannedRun, error: &CompareError) -> Outcome {
    let place = directory.unfinished(&planned.rule, planned.scenario.scenario.seed);
    let text = files::text(&place.join("summary.json")).unwrap_or_default();
    Outcome::Failed {
        reason: error.to_string(),
        summary: serde_json::from_str(&text).ok().map(Box::new),
    }
}

/// How a comparison is told: a bar for each run and one for all at a terminal, lines elsewhere.
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
            // If the terminal is gone there is nobody to tell.
            (_, true) => drop(self.bars.println(visible(line))),
            (_, false) => tell(line),
        }
    }

    fn finish(&self) {
        self.all.finish_and_clear();
    }
}
