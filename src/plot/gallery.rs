//! All figures of a run, drawn from the files in its directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, ArrayView2};

use super::{
    Abscissa, Confusion, Course, Fields, Figure, Interval, LearningCurve, Line, Matrix, Measure,
    Membrane, Messages, Outcome, PlotError, Statistic, Statistics, Sweep, Trajectories,
};
use crate::connectivity::{Shape, WiringKind};
use crate::description::model::{Bias, Population, Projection};
use crate::description::scenario::Neurons;
use crate::neuron::{Compartment, Variable};
use crate::protocol::Window;
use crate::record::csv::numbers;
use crate::record::{RecordError, Series, TraceKey, history, statistics, traces, weights};
use crate::run::{Results, Summary};

/// Reasons why the figures of a run cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    /// A recording could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A figure could not be drawn or saved.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// Drawing was interrupted.
    #[error("stopped")]
    Stopped,
}

/// Result of drawing the figures of a run.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Paths of the figures, the most informative first.
    pub saved: Vec<PathBuf>,
    /// Reasons why other figures were not drawn, one line each.
    pub wrong: Vec<String>,
    /// Figures that were left out or not finished because of an interruption.
    pub left_out: Vec<&'static str>,
}

/// One step of drawing: the name of the figures, and the function that draws them.
type Step<'s, 'a> = (
    &'static str,
    &'s mut dyn FnMut(&mut Gallery<'a>) -> Result<(), GalleryError>,
);

/// Figures of a run that is being drawn.
struct Gallery<'a> {
    results: &'a Results,
    folder: PathBuf,
    drawn: Drawn,
    stop: &'a AtomicBool,
}

/// Draws the figures of a run into its folder `figures/`, until `stop` becomes true. `neurons` are
/// the neurons whose membranes are drawn; if empty, one neuron per population. A damaged file
/// prevents only the figures that need it.
///
/// # Errors
/// A folder that cannot be written.
pub fn gallery(
    results: &Results,
    neurons: &[Neurons],
    stop: &AtomicBool,
) -> Result<Drawn, PlotError> {
    let folder = results.directory.join("figures");
    if folder.is_symlink() {
        return Err(PlotError::Elsewhere {
            place: folder,
            found: "found a link to another place",
        });
    }
    let mut gallery = Gallery {
        results,
        folder,
        drawn: Drawn::default(),
        stop,
    };
    let steps: [Step<'_, '_>; 7] = [
        ("learning curve", &mut Gallery::learning_curve),
        ("confusion", &mut Gallery::confusion),
        ("projections", &mut Gallery::statistics),
        ("messages", &mut Gallery::messages),
        ("weights over time", &mut Gallery::trajectories),
        ("weight matrices", &mut Gallery::matrices),
        ("activity maps", &mut Gallery::maps),
    ];
    let all = steps.into_iter().filter(|_| neurons.is_empty());
    let membranes: Step<'_, '_> = ("membranes", &mut |gallery| gallery.membranes(neurons));
    for (what, draw) in all.chain([membranes]) {
        let outcome = gallery.goes_on().and_then(|()| draw(&mut gallery));
        gallery.note(what, outcome);
    }
    if gallery.drawn.left_out.is_empty() {
        let outcome = results.lost().map_err(GalleryError::Record);
        gallery.note("recordings", outcome);
    }
    Ok(gallery.drawn)
}

/// Draws several runs of one scenario side by side into `folder`: validation accuracy, and, if the
/// runs differ in the threshold, results over the threshold.
///
/// # Errors
/// A damaged recording, or a folder that cannot be written.
pub fn comparison(
    title: &str,
    runs: &[(String, Results)],
    folder: &Path,
) -> Result<Vec<PathBuf>, GalleryError> {
    let mut columns = Vec::new();
    for (name, results) in runs {
        let table = results.table("metrics.csv")?;
        let validation = numbers(&table, "validation_accuracy").map(percent);
        if let (Some(epoch), Some(validation)) = (numbers(&table, "epoch"), validation) {
            columns.push((name, epoch.to_vec(), validation));
        }
    }
    let curve = LearningCurve {
        title: title.to_owned(),
        part: Some("validation".to_owned()),
        abscissa: Abscissa::Epoch,
        courses: (columns.iter())
            .map(|(name, epoch, validation)| course(name, epoch, validation))
            .collect(),
        chosen: None,
        // Several runs leave no room for a line each; the summaries hold the numbers.
        tests: Vec::new(),
        notes: Vec::new(),
    };
    let mut saved = Vec::new();
    if !curve.courses.is_empty() {
        saved.extend(curve.draw()?.save(folder, "learning_curves")?);
    }
    if let Some(sweep) = thresholds(title, runs) {
        saved.extend(sweep.draw()?.save(folder, "thresholds")?);
    }
    Ok(saved)
}

/// Messages, test accuracy and time over thresholds, if there are several: mean and range over runs
/// with the same threshold and different seeds.
fn thresholds(title: &str, runs: &[(String, Results)]) -> Option<Sweep> {
    let mut levels: BTreeMap<u32, Vec<&Summary>> = BTreeMap::new();
    for (_, results) in runs {
        let threshold = results.model.common_threshold()?;
        results.summary.messages()?;
        // Thresholds are not negative, so the order of their bits is the order of their values.
        let level = levels.entry(threshold.to_bits()).or_default();
        level.push(&results.summary);
    }
    let outcome = |quantity: &str, unit: &str, of: &dyn Fn(&Summary) -> Option<f64>| Outcome {
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        values: (levels.values())
            .map(|level| level.iter().filter_map(|summary| of(summary)).collect())
            .collect(),
    };
    let outcomes = [
        outcome("messages of dense", "%", &|s| Some(1e2 * s.messages()?)),
        outcome("test accuracy", "%", &|s| Some(1e2 * s.test_accuracy?)),
        outcome("processor time", "s", &|s| s.cpu_seconds),
    ];
    (levels.len() > 1).then(|| Sweep {
        title: title.to_owned(),
        setting: "threshold".to_owned(),
        settings: (levels.keys())
            .map(|bits| f32::from_bits(*bits).to_string())
            .collect(),
        outcomes: (outcomes.into_iter())
            .filter(|outcome| outcome.values.iter().any(|values| !values.is_empty()))
            .collect(),
    })
}

/// Names of projection and statistic, and its values over time.
type Recorded = ((String, String), Series);

impl Gallery<'_> {
    fn save(&mut self, figure: &Figure, name: &str) -> Result<(), GalleryError> {
        self.drawn.saved.extend(figure.save(&self.folder, name)?);
        self.goes_on()
    }

    fn goes_on(&self) -> Result<(), GalleryError> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(GalleryError::Stopped),
            false => Ok(()),
        }
    }

    /// Records an error once, as several figures may need the same file.
    fn note(&mut self, what: &'static str, outcome: Result<(), GalleryError>) {
        let Drawn {
            wrong, left_out, ..
        } = &mut self.drawn;
        match outcome {
            Ok(()) => {}
            Err(GalleryError::Stopped | GalleryError::Record(RecordError::Stopped { .. })) => {
                left_out.push(what);
            }
            Err(error) => {
                let error = error.to_string();
                if !wrong.contains(&error) {
                    wrong.push(error);
                }
            }
        }
    }

    fn title(&self, what: &str) -> String {
        let summary = &self.results.summary;
        format!("{} (seed {}): {what}", summary.scenario, summary.seed)
    }

    fn learning_curve(&mut self) -> Result<(), GalleryError> {
        if self.results.scenario.task.is_none() {
            return Ok(());
        }
        let columns = ["epoch", "train_accuracy", "validation_accuracy"];
        let table = self.results.numbers("metrics.csv", &columns, true)?;
        let epoch = numbers(&table, "epoch").unwrap_or_default();
        let courses = [
            ("train", "train_accuracy"),
            ("validation", "validation_accuracy"),
        ];
        let courses: Vec<_> = (courses.into_iter())
            .filter_map(|(name, column)| Some((name, percent(numbers(&table, column)?))))
            .filter(|(_, values)| values.iter().any(|value| value.is_finite()))
            .collect();
        let summary = &self.results.summary;
        let test = summary.test_accuracy.map(|a| ("test".to_owned(), a * 1e2));
        let figure = LearningCurve {
            title: self.title("learning"),
            part: None,
            abscissa: Abscissa::Epoch,
            courses: (courses.iter())
                .map(|(name, values)| course(name, epoch, values))
                .collect(),
            chosen: summary.chosen_epoch.map(|epoch| epoch as f64),
            tests: test.into_iter().collect(),
            notes: Vec::new(),
        };
        self.save(&figure.draw()?, "learning_curve")
    }

    fn confusion(&mut self) -> Result<(), GalleryError> {
        let Some((names, counts)) = self.results.confusion()? else {
            return Ok(());
        };
        let figure = Confusion {
            title: self.title("test"),
            classes: &names,
            counts: counts.view(),
        };
        self.save(&figure.draw()?, "confusion")
    }

    /// Statistics of projections in the order of the model; those that are not in the model
    /// (biases) come last.
    fn recorded(&self) -> Result<Vec<Recorded>, GalleryError> {
        let Some(path) = self.results.file("projections.parquet") else {
            return Ok(Vec::new());
        };
        let mut recorded: Vec<_> = statistics(&path)?.into_iter().collect();
        let projections = &self.results.model.projections;
        recorded.sort_by_key(|((projection, _), _)| {
            let position = projections.iter().position(|p| p.name() == *projection);
            position.unwrap_or(projections.len())
        });
        Ok(recorded)
    }

    fn is_apical(&self, projection: &str) -> bool {
        (self.results.model.projections.iter())
            .any(|p| p.compartment == Compartment::Apical && p.name() == projection)
    }

    /// Draws the messages in the first time interval in which they were counted.
    fn messages(&mut self) -> Result<(), GalleryError> {
        let recorded = self.recorded()?;
        let counted = || {
            recorded
                .iter()
                .filter(|((_, known), _)| known == "messages")
        };
        let Some(&stretch) = stretches(counted().map(|(_, series)| series)).first() else {
            return Ok(());
        };
        let sent: Vec<(&str, Series)> = counted()
            .map(|((projection, _), series)| (projection.as_str(), per_ms(series, stretch)))
            .collect();
        let lines = |apical| {
            (sent.iter())
                .filter(|(projection, _)| self.is_apical(projection) == apical)
                .map(|(projection, series)| line(projection, series))
                .collect()
        };
        let figure = Messages {
            title: self.title("messages sent"),
            rates: lines(false),
            deltas: lines(true),
            windows: self.timing(stretch)?,
        };
        let figure = figure.draw()?;
        self.save(&figure, "messages")
    }

    /// Timeline entries that act within a time interval.
    fn windows(
        &self,
        stretch: (f64, f64),
        keep: impl Fn(&Window) -> bool,
    ) -> Result<Vec<Interval>, GalleryError> {
        let windows = self.results.windows()?;
        Ok((windows.into_iter())
            .filter(|w| w.until_ms > stretch.0 && w.from_ms < stretch.1)
            .filter(keep)
            .map(|w| Interval {
                kind: w.kind,
                label: w.label,
                from_ms: w.from_ms.max(stretch.0),
                until_ms: w.until_ms.min(stretch.1),
            })
            .collect())
    }

    /// Times of stimuli and teachers within a time interval. Labels are removed if trials had
    /// different stimuli.
    fn timing(&self, stretch: (f64, f64)) -> Result<Vec<Interval>, GalleryError> {
        let timing = |w: &Window| {
            let kinds = ["stimulus", "teacher", "presentation"];
            kinds.contains(&w.kind.as_str()) && w.trial.unwrap_or_default() == 0
        };
        let mut windows = self.windows(stretch, timing)?;
        if self.results.summary.trials > 1 && self.results.scenario.task.is_some() {
            for window in &mut windows {
                window.label.clear();
            }
        }
        Ok(windows)
    }

    /// Timeline entries that act on one neuron within a time interval.
    fn acting(
        &self,
        (population, neuron, trial): (&str, u32, u32),
        stretch: (f64, f64),
    ) -> Result<Vec<Interval>, GalleryError> {
        let found = self.results.population(population);
        let shape = found.map_or(Shape::line(0), Population::arrangement);
        let model = &self.results.model;
        let leads_here = |projection: &str| {
            let mut known = model.projections.iter();
            known.any(|p| p.to == population && p.name() == projection)
                || projection == Bias::name(population)
        };
        let acts = |w: &Window| {
            let concerned = w
                .label
                .rsplit_once(' ')
                .map_or("", |(concerned, _)| concerned);
            let here = match w.kind.as_str() {
                "current" => concerned.parse().is_ok_and(|neurons: Neurons| {
                    neurons.population == population
                        && neurons.indices.contains(neuron as usize, shape)
                }),
                "neuron" => concerned.split(' ').next() == Some(population),
                "eta" => concerned == "all x" || leads_here(concerned),
                _ => true,
            };
            here && w.trial.is_none_or(|only| only == trial as usize)
        };
        let mut windows = self.windows(stretch, acts)?;
        for window in &mut windows {
            // The title of the figure contains the names of the population and the neuron.
            let label = match window.kind.as_str() {
                "neuron" => window.label.split_once(' '),
                "current" => window.label.rsplit_once(' '),
                _ => None,
            };
            if let Some((_, label)) = label {
                window.label = label.to_owned();
            }
        }
        Ok(windows)
    }

    /// Time at which the run ended and weights and state were stored, in words.
    fn end(&self) -> String {
        let Summary {
            epochs,
            interrupted,
            simulated_ms,
            ..
        } = &self.results.summary;
        match epochs {
            Some(epochs) if !interrupted => format!("after epoch {epochs}"),
            _ => format!("at {simulated_ms} ms"),
        }
    }

    fn statistics(&mut self) -> Result<(), GalleryError> {
        let recorded = self.recorded()?;
        let panel = |statistic: &str, measure: Measure, keep: &dyn Fn(&str) -> bool| Statistic {
            measure,
            heading: String::new(),
            lines: (recorded.iter())
                .filter(|((projection, known), _)| known == statistic && keep(projection))
                .map(|((projection, _), series)| Course::alone(line(projection, series)))
                .collect(),
        };
        let panels = [
            panel("gradient_angle", Measure::Angle, &|_| true),
            panel("alignment", Measure::Alignment, &|_| true),
            panel("norm", Measure::Norm("W".into()), &|name| {
                !self.is_apical(name)
            }),
            panel("norm", Measure::Norm("Θ".into()), &|name| {
                self.is_apical(name)
            }),
        ];
        let figure = Statistics {
            title: self.title("projections"),
            abscissa: Abscissa::Time,
            statistics: (panels.into_iter())
                .filter(|panel| !panel.lines.is_empty())
                .collect(),
            notes: Vec::new(),
        };
        if figure.statistics.is_empty() {
            return Ok(());
        }
        let figure = figure.draw()?;
        self.save(&figure, "projections")
    }

    fn trajectories(&mut self) -> Result<(), GalleryError> {
        let Some(path) = self.results.file("weights.parquet") else {
            return Ok(());
        };
        let mut projections: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        let recorded = weights(&path, self.stop)?;
        for ((projection, post, pre), series) in &recorded {
            let label = format!("{pre}→{post}");
            projections
                .entry(projection)
                .or_default()
                .push((label, series));
        }
        for (projection, synapses) in projections {
            let lines = synapses.iter().map(|(label, series)| line(label, series));
            let figure = Trajectories {
                title: self.title(projection),
                quantity: "weight".into(),
                unit: "a.u.".into(),
                lines: lines.collect(),
            };
            self.save(&figure.draw()?, &format!("weights_{projection}"))?;
        }
        Ok(())
    }

    fn matrices(&mut self) -> Result<(), GalleryError> {
        // A small matrix is easier to read as numbers.
        const FEWEST: usize = 16;
        /// Largest matrix of a structure, with the pairs that are not connected.
        const MOST: usize = 1 << 22;
        for projection in &self.results.model.projections {
            let name = projection.name();
            let weights = match self.results.weights(&name) {
                Ok(weights) => weights,
                Err(error) => {
                    self.note("weight matrices", Err(error.into()));
                    continue;
                }
            };
            // Tied weights would be drawn twice.
            let stored = self.results.file(&format!("weights/{name}.npy")).is_some();
            let Some(weights) = weights.filter(|_| stored) else {
                continue;
            };
            if weights.len() < FEWEST {
                continue;
            }
            let connectivity = match self.results.connectivity(&name) {
                Ok(connectivity) => connectivity.expect("there are weights"),
                Err(error) => {
                    self.note("weight matrices", Err(error.into()));
                    continue;
                }
            };
            if let Some(kernel) = self.kernel(projection) {
                self.fields(("kernels", &name), weights.view(), kernel)?;
                continue;
            }
            let (post, pre) = connectivity.shape();
            if !connectivity.is_all_to_all() && post * pre > MOST {
                continue;
            }
            let weights = connectivity.matrix(&weights);
            let figure = Matrix {
                title: self.title(&format!("{name} {}", self.end())),
                quantity: "weight".into(),
                unit: "a.u.".into(),
                values: weights.view(),
            };
            let figure = figure.draw()?;
            self.save(&figure, &format!("matrix_{name}"))?;
            let shape = self.results.model.arrangement(&projection.from);
            if let Some(shape) = shape.filter(|shape| shape.lengths().len() > 1) {
                self.fields(("fields", &name), weights.view(), shape)?;
            }
        }
        Ok(())
    }

    /// Channels, height and width of the kernels of a convolution, or of the reciprocal one.
    fn kernel(&self, projection: &Projection) -> Option<Shape> {
        let source = match projection.wiring {
            WiringKind::Reciprocal => self.results.model.reciprocal(projection)?,
            _ => projection,
        };
        let WiringKind::Convolution { kernel, .. } = source.wiring else {
            return None;
        };
        let [channels, ..] = self.results.model.arrangement(&source.from)?.image();
        Shape::new(&[channels, kernel.0[0], kernel.0[1]])
    }

    /// Receptive fields of neurons, or kernels of channels, by the first word of the file's name.
    fn fields(
        &mut self,
        (what, name): (&str, &str),
        weights: ArrayView2<'_, f32>,
        shape: Shape,
    ) -> Result<(), GalleryError> {
        let (channels, tiled, image) = tiled(weights, shape);
        let text = match (what, channels) {
            ("kernels", 1) => format!("kernels of {name}"),
            ("kernels", _) => format!("kernels of {name}, {channels} channels each"),
            (_, 1) => format!("receptive fields of {name} {}", self.end()),
            _ => format!("fields of {name}, {channels} channels each"),
        };
        let figure = Fields {
            title: self.title(&text),
            quantity: "weight".into(),
            unit: "a.u.".into(),
            weights: tiled.view(),
            shape: image,
            labels: Vec::new(),
        };
        self.save(&figure.draw()?, &format!("{what}_{name}"))
    }

    /// Rates of all neurons of a population with rows and columns whenever they have changed, as
    /// images, if a recording has all of them.
    fn maps(&mut self) -> Result<(), GalleryError> {
        /// Largest population, and largest number of images.
        const MOST: (usize, usize) = (1 << 14, 16);
        let shape = |name: &str| {
            let shape = self.results.model.arrangement(name)?;
            (shape.lengths().len() > 1 && shape.size() <= MOST.0).then_some(shape)
        };
        let keep = |population: &str, _, _, variable: &str| {
            variable == Variable::RATE.symbol() && shape(population).is_some()
        };
        let path = self.results.file("traces.parquet");
        let Some(path) = path else {
            return Ok(());
        };
        let recorded = traces(&path, keep)?;
        let mut populations: BTreeMap<(&str, u32), Vec<&Series>> = BTreeMap::new();
        for (key, series) in &recorded {
            let population = (key.population.as_str(), key.trial);
            populations.entry(population).or_default().push(series);
        }
        let mut figures = Vec::new();
        for ((population, trial), neurons) in populations {
            let shape = shape(population).expect("others are not kept");
            let times = &neurons[0].time_ms;
            let is_whole = neurons.iter().all(|series| series.time_ms == *times);
            if neurons.len() != shape.size() || !is_whole {
                continue;
            }
            // The first times of different rates.
            let differ = |a: usize, b: usize| neurons.iter().any(|s| s.value[a] != s.value[b]);
            let mut chosen: Vec<usize> = Vec::new();
            for n in 0..times.len() {
                let is_new = chosen.last().is_none_or(|last| differ(*last, n));
                if is_new && chosen.len() < MOST.1 {
                    chosen.push(n);
                }
            }
            let count = chosen.len();
            let values = Array2::from_shape_fn((count, neurons.len()), |(n, neuron)| {
                neurons[neuron].value[chosen[n]] as f32
            });
            let (_, tiled, image) = tiled(values.view(), shape);
            let in_trial = match self.results.summary.trials {
                1 => String::new(),
                _ => format!(", trial {trial}"),
            };
            let figure = Fields {
                title: self.title(&format!("{population}{in_trial}")),
                quantity: "rate r".into(),
                unit: "a.u.".into(),
                weights: tiled.view(),
                shape: image,
                labels: chosen.iter().map(|n| format!("{} ms", times[*n])).collect(),
            };
            figures.push((figure.draw()?, format!("maps_{population}_trial{trial}")));
        }
        for (figure, name) in figures {
            self.save(&figure, &name)?;
        }
        Ok(())
    }

    fn membranes(&mut self, neurons: &[Neurons]) -> Result<(), GalleryError> {
        let shape = |name: &str| self.results.population(name).map(Population::arrangement);
        let keep = |population: &str, _, neuron: u32, _: &str| {
            let Some(shape) = shape(population) else {
                return false;
            };
            let mut chosen = neurons.iter().filter(|n| n.population == population);
            match neurons.is_empty() {
                true => neuron == 0,
                false => chosen.any(|n| n.indices.contains(neuron as usize, shape)),
            }
        };
        let recorded = history(&self.results.directory, keep, self.stop)?;
        let mut units: BTreeMap<_, Vec<(&TraceKey, &Series)>> = BTreeMap::new();
        for (key, series) in &recorded {
            let unit = (key.population.as_str(), key.neuron, key.trial);
            units.entry(unit).or_default().push((key, series));
        }
        for ((population, neuron, trial), variables) in units {
            let stretches = stretches(variables.iter().map(|(_, series)| *series));
            let shown: Vec<(&str, (f64, f64))> = match stretches[..] {
                [] => Vec::new(),
                [all] => vec![("", all)],
                [first, .., last] => vec![("_begin", first), ("_end", last)],
            };
            let label = shape(population).map(|shape| shape.label(neuron as usize));
            let label = label.unwrap_or_default();
            let in_trial = match self.results.summary.trials {
                1 => String::new(),
                _ => format!(", trial {trial}"),
            };
            for (suffix, stretch) in shown {
                let figure = Membrane {
                    title: self.title(&format!("{population}{label}{in_trial}")),
                    lines: (variables.iter())
                        .map(|(key, series)| within(&key.variable, series, stretch))
                        .collect(),
                    windows: self.acting((population, neuron, trial), stretch)?,
                };
                let other = if trial == 0 {
                    String::new()
                } else {
                    format!("_trial{trial}")
                };
                let name = format!("membrane_{population}_{neuron}{other}{suffix}");
                self.save(&figure.draw()?, &name)?;
            }
        }
        Ok(())
    }
}

/// Time intervals without long gaps between samples, over all series together.
fn stretches<'a>(series: impl Iterator<Item = &'a Series>) -> Vec<(f64, f64)> {
    let mut times: Vec<f64> = series.flat_map(|s| s.time_ms.iter().copied()).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let long = 10.0 * gaps.get(gaps.len() / 2).copied().unwrap_or(f64::INFINITY);
    (times.chunk_by(|a, b| b - a < long))
        .filter_map(|stretch| Some((*stretch.first()?, *stretch.last()?)))
        .collect()
}

/// Part of a series within a time interval.
fn within<'a>(name: &str, series: &'a Series, (from, until): (f64, f64)) -> Line<'a> {
    let first = series.time_ms.partition_point(|t| *t < from);
    let after = series.time_ms.partition_point(|t| *t <= until);
    Line {
        name: name.to_owned(),
        x: series.time_ms.get(first..after).unwrap_or_default(),
        y: series.value.get(first..after).unwrap_or_default(),
    }
}

/// Growth of a count per ms between consecutive samples within a time interval.
fn per_ms(count: &Series, stretch: (f64, f64)) -> Series {
    let counted = within("", count, stretch);
    let pairs = || (counted.x.windows(2)).zip(counted.y.windows(2));
    Series {
        time_ms: pairs().map(|(t, _)| t[1]).collect(),
        value: pairs()
            .map(|(t, n)| (n[1] - n[0]) / (t[1] - t[0]))
            .collect(),
    }
}

fn line<'a>(name: &str, series: &'a Series) -> Line<'a> {
    Line {
        name: name.to_owned(),
        x: &series.time_ms,
        y: &series.value,
    }
}

fn course<'a>(name: &str, epoch: &'a [f64], values: &'a [f64]) -> Course<'a> {
    Course::alone(Line {
        name: name.to_owned(),
        x: epoch,
        y: values,
    })
}

fn percent(fractions: &[f64]) -> Vec<f64> {
    fractions.iter().map(|fraction| fraction * 1e2).collect()
}

/// Number of channels, weights with the channels of each neuron side by side in about a square, and
/// numbers of rows and columns of the whole image. Places without a channel have weights of 0.
fn tiled(weights: ArrayView2<'_, f32>, shape: Shape) -> (usize, Array2<f32>, (usize, usize)) {
    let [channels, height, width] = shape.image();
    let across = match channels {
        0..=4 => channels,
        _ => (channels as f64).sqrt().ceil() as usize,
    };
    let (rows, columns) = (channels.div_ceil(across.max(1)) * height, across * width);
    let mut tiled = Array2::zeros((weights.nrows(), rows * columns));
    for (mut to, from) in tiled.rows_mut().into_iter().zip(weights.rows()) {
        for (index, weight) in from.iter().enumerate() {
            let (channel, place) = (index / (height * width), index % (height * width));
            let row = channel / across * height + place / width;
            let column = channel % across * width + place % width;
            to[row * columns + column] = *weight;
        }
    }
    (channels, tiled, (rows, columns))
}
