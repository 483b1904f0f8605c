//! Figures of the results of a comparison: each rule has the same colour in all of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::table::Spread;
use super::{CompareError, Directory, Outcome, RuleRows, Table, directory};
use crate::neuron::Compartment;
use crate::plot::{
    Abscissa, Course, DotPlot, Dots, Figure, GalleryError, LearningCurve, Line, Measure, PlotError,
    Statistic, Statistics,
};
use crate::record::csv::numbers;
use crate::record::{Series, statistics};
use crate::run::Results;

/// Draws the finished runs of a comparison into its folder `figures/` and returns the paths; no
/// figures without a finished run.
///
/// # Errors
/// A run that cannot be read back, a folder that cannot be written.
pub fn figures(table: &Table, directory: &Directory) -> Result<Vec<PathBuf>, CompareError> {
    // The colour of a rule does not depend on which other rules have been run.
    let rules = (table.rules.iter().enumerate())
        .filter(|(_, rows)| rows.has_run())
        .map(|(index, rows)| Rule::read(index, rows, directory))
        .collect::<Result<Vec<_>, _>>()?;
    if rules.iter().all(|rule| rule.runs.is_empty()) {
        return Ok(Vec::new());
    }
    let shown = rules.iter().filter(|rule| !rule.runs.is_empty());
    let banded = shown.count() <= MOST_BANDS;
    let gallery = Gallery {
        table,
        notes: vec![note(&rules, banded)],
        rules,
        banded,
    };
    let folder = directory.path().join(directory::FIGURES);
    let mut saved = Vec::new();
    let mut place = |name: &str, figure: Option<Result<Figure, PlotError>>| {
        let Some(figure) = figure else {
            return discard(&folder, name);
        };
        let figure = figure.map_err(GalleryError::from)?;
        let paths = figure.save(&folder, name);
        saved.extend(paths.map_err(GalleryError::from)?);
        Ok::<_, CompareError>(())
    };
    place("learning_curves", gallery.learning_curves())?;
    place("accuracy", Some(gallery.accuracy()))?;
    for (name, statistic, measure, compartment) in [
        (
            "gradient_angle",
            "gradient_angle",
            Measure::Angle,
            Compartment::Basal,
        ),
        (
            "alignment",
            "alignment",
            Measure::Alignment,
            Compartment::Apical,
        ),
        (
            "feedback_norm",
            "norm",
            Measure::Norm("Θ".to_owned()),
            Compartment::Apical,
        ),
    ] {
        let title = match name {
            "gradient_angle" => "update and exact gradient",
            "alignment" => "alignment of feedback",
            _ => "norm of feedback",
        };
        let figure = gallery.projections(title, statistic, &measure, compartment);
        place(name, figure)?;
    }
    Ok(saved)
}

/// Removes a figure of an earlier command for which no run exists any more, as it would not fit the
/// table.
fn discard(folder: &Path, name: &str) -> Result<(), CompareError> {
    for extension in ["svg", "png"] {
        let path = folder.join(name).with_extension(extension);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(CompareError::file(&path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Largest number of rules whose bands can be distinguished.
const MOST_BANDS: usize = 6;

/// Note that explains the lines, and the bands if there are any.
fn note(rules: &[Rule<'_>], banded: bool) -> String {
    let seeds = || (rules.iter()).flat_map(|rule| rule.rows.finished().map(|(seed, _)| seed));
    if let Some(only) = seeds().next()
        && seeds().all(|seed| seed == only)
    {
        return format!("Seed {only}.");
    }
    let numbers = rules.iter().map(|rule| rule.runs.len());
    let numbers: Vec<usize> = numbers.filter(|number| *number > 0).collect();
    let seeds = match (numbers.iter().min(), numbers.iter().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (_, most) => most.map_or_else(String::new, usize::to_string),
    };
    let bands = match banded {
        true => "; bands: smallest to largest value",
        false => "",
    };
    format!("Lines: mean over {seeds} seeds{bands}.")
}

/// A rule with its finished runs.
struct Rule<'a> {
    rows: &'a RuleRows,
    stroke: usize,
    runs: Vec<PlannedRun>,
}

/// Recordings of a finished run.
struct PlannedRun {
    results: Results,
    /// Length of an epoch in ms; unlike the data of an epoch, it may differ between rules.
    epoch_ms: f64,
    /// Epochs, and validation accuracy after each of them.
    validation: [Vec<f64>; 2],
    statistics: BTreeMap<(String, String), Series>,
}

impl<'a> Rule<'a> {
    fn read(index: usize, rows: &'a RuleRows, directory: &Directory) -> Result<Self, CompareError> {
        // The last of the eight colours, yellow, is hard to see.
        const COLOURS: usize = 7;
        let planned = |seed| {
            let results = Results::open(&directory.run(&rows.rule, seed))?;
            let recorded = results.file("projections.parquet");
            let recorded = recorded.map(|path| statistics(&path)).transpose()?;
            let metrics = results.table("metrics.csv")?;
            let [epoch, time_ms, validation] = ["epoch", "time_ms", "validation_accuracy"]
                .map(|name| numbers(&metrics, name).unwrap_or_default());
            let last = epoch.last().zip(time_ms.last());
            Ok(PlannedRun {
                results,
                epoch_ms: last.map_or(f64::NAN, |(epoch, time_ms)| time_ms / epoch),
                validation: [epoch, validation].map(<[f64]>::to_vec),
                statistics: recorded.unwrap_or_default(),
            })
        };
        Ok(Self {
            stroke: index + index / COLOURS,
            runs: (rows.finished())
                .map(|(seed, _)| planned(seed))
                .collect::<Result<_, CompareError>>()?,
            rows,
        })
    }

    /// Projections onto a compartment, in the order of the model.
    fn projections(&self, compartment: Compartment) -> impl Iterator<Item = String> {
        let model = self.runs.first().map(|planned| &planned.results.model);
        let projections = model.into_iter().flat_map(|model| &model.projections);
        projections
            .filter(move |projection| projection.compartment == compartment)
            .map(|projection| projection.name())
    }

    /// A statistic of a projection over the seeds in which it was recorded.
    fn statistic(&self, projection: &str, statistic: &str) -> Band {
        let key = (projection.to_owned(), statistic.to_owned());
        let series = self.runs.iter().filter_map(|planned| {
            let series = planned.statistics.get(&key)?;
            let epochs = series.time_ms.iter().map(|time| time / planned.epoch_ms);
            Some((epochs.collect::<Vec<_>>(), &series.value))
        });
        let series: Vec<_> = series.collect();
        Band::of(series.iter().map(|(x, y)| (&x[..], &y[..])))
    }

    /// Validation accuracy in % over epochs.
    fn validation(&self) -> Band {
        let mut band = Band::of((self.runs.iter()).map(|planned| {
            let [epoch, accuracy] = &planned.validation;
            (&epoch[..], &accuracy[..])
        }));
        band.scale(|accuracy| 1e2 * accuracy);
        band
    }

    fn course<'b>(&self, band: &'b Band, banded: bool) -> Course<'b> {
        Course {
            line: Line {
                name: self.rows.rule.clone(),
                x: &band.x,
                y: &band.mean,
            },
            band: banded.then_some((&band.least, &band.greatest)),
            stroke: Some(self.stroke),
        }
    }
}

/// A quantity over epochs for several seeds: mean, least and greatest at each epoch that occurs for
/// any of them.
#[derive(Debug, Default, PartialEq)]
struct Band {
    x: Vec<f64>,
    mean: Vec<f64>,
    least: Vec<f64>,
    greatest: Vec<f64>,
}

impl Band {
    fn of<'a>(lines: impl Iterator<Item = (&'a [f64], &'a [f64])>) -> Self {
        // Epochs are not negative, so the order of their bits is the order of their values.
        let mut places: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for (x, y) in lines.flat_map(|(x, y)| x.iter().zip(y)) {
            if y.is_finite() {
                places.entry(x.to_bits()).or_default().push(*y);
            }
        }
        let mut band = Self::default();
        for (x, values) in &places {
            band.x.push(f64::from_bits(*x));
            band.mean
                .push(values.iter().sum::<f64>() / values.len() as f64);
            (band.least).push(values.iter().copied().fold(f64::INFINITY, f64::min));
            (band.greatest).push(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        }
        band
    }

    /// Converts all values.
    fn scale(&mut self, shown: fn(f64) -> f64) {
        let values = [&mut self.mean, &mut self.least, &mut self.greatest];
        (values.into_iter().flatten()).for_each(|value| *value = shown(*value));
    }
}

/// True if some of these values, all above 0, are so large that smaller ones would be unreadable on
/// a linear axis.
fn far_apart<'a>(bands: impl Iterator<Item = &'a (&'a Rule<'a>, Band)>) -> bool {
    const FAR: f64 = 20.0;
    let values: Vec<f64> = bands.flat_map(|(_, band)| band.least.clone()).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    least > 0.0 && values.iter().any(|value| *value > FAR * least)
}

/// Figures of a comparison that is being drawn.
struct Gallery<'a> {
    table: &'a Table,
    rules: Vec<Rule<'a>>,
    notes: Vec<String>,
    /// True if lines have bands.
    banded: bool,
}

impl Gallery<'_> {
    fn title(&self, what: &str) -> String {
        format!("{}: {what}", self.table.name)
    }

    /// Validation accuracy over epochs, if there is a validation part.
    fn learning_curves(&self) -> Option<Result<Figure, PlotError>> {
        let bands: Vec<_> = (self.rules.iter())
            .map(|rule| (rule, rule.validation()))
            .collect();
        let courses = bands.iter().filter(|(_, band)| !band.x.is_empty());
        let courses: Vec<Course> =
            (courses.map(|(rule, band)| rule.course(band, self.banded))).collect();
        if courses.is_empty() {
            return None;
        }
        let figure = LearningCurve {
            title: self.title("learning"),
            part: Some("validation".to_owned()),
            abscissa: Abscissa::Epoch,
            courses,
            chosen: None,
            tests: Vec::new(),
            notes: self.notes.clone(),
        };
        Some(figure.draw())
    }

    /// Test accuracy of every finished run.
    fn accuracy(&self) -> Result<Figure, PlotError> {
        let group = |rule: &Rule| {
            let values: Vec<f64> = (rule.rows.finished())
                .filter_map(|(_, summary)| Some(1e2 * summary.test_accuracy?))
                .collect();
            let failed = (rule.rows.rows.iter())
                .any(|(_, outcome)| matches!(outcome, Outcome::Failed { .. }));
            Dots {
                name: rule.rows.rule.clone(),
                remark: match Spread::of(&values) {
                    Some(spread) => spread.to_string(),
                    None if failed => "failed".to_owned(),
                    None => "no test".to_owned(),
                },
                values,
                stroke: Some(rule.stroke),
            }
        };
        DotPlot {
            title: self.title("test accuracy"),
            quantity: "test accuracy".to_owned(),
            unit: "%".to_owned(),
            groups: self.rules.iter().map(group).collect(),
            notes: vec!["Dots: seeds; bars: mean; ± standard deviation.".to_owned()],
        }
        .draw()
    }

    /// A statistic over epochs, with a panel for each projection onto a compartment for which any
    /// rule has recorded it; none if no rule has.
    fn projections(
        &self,
        title: &str,
        statistic: &str,
        measure: &Measure,
        compartment: Compartment,
    ) -> Option<Result<Figure, PlotError>> {
        let mut names: Vec<String> = Vec::new();
        for name in (self.rules.iter()).flat_map(|rule| rule.projections(compartment)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut panels: Vec<(String, Vec<(&Rule, Band)>)> = (names.into_iter())
            .map(|name| {
                let bands = self.rules.iter();
                let bands = bands.map(|rule| (rule, rule.statistic(&name, statistic)));
                let bands = bands.filter(|(_, band)| !band.x.is_empty()).collect();
                (name, bands)
            })
            .filter(|(_, bands): &(_, Vec<_>)| !bands.is_empty())
            .collect();
        if panels.is_empty() {
            return None;
        }
        // If one norm is much larger than others, all are shown as logarithms.
        let mut measure = measure.clone();
        if let Measure::Norm(symbol) = &measure
            && far_apart(panels.iter().flat_map(|(_, bands)| bands))
        {
            measure = Measure::Other {
                quantity: format!("log₁₀ |{symbol}|"),
                unit: "a.u.".to_owned(),
            };
            for (_, band) in panels.iter_mut().flat_map(|(_, bands)| bands) {
                // All values are above 0.
                band.scale(f64::log10);
            }
        }
        let figure = Statistics {
            title: self.title(title),
            abscissa: Abscissa::Epoch,
            statistics: (panels.iter())
                .map(|(name, bands)| Statistic {
                    measure: measure.clone(),
                    heading: name.replace("_to_", " → "),
                    lines: (bands.iter())
                        .map(|(rule, band)| rule.course(band, self.banded))
                        .collect(),
                })
                .collect(),
            notes: self.notes.clone(),
        };
        Some(figure.draw())
    }
}

#[cfg(test)]
mod tests {
    use super::Band;

    #[test]
    fn a_band_has_every_place_that_any_seed_has() {
        let lines: [(&[f64], &[f64]); 3] = [
            (&[0.0, 2.0, 10.0], &[1.0, 2.0, f64::NAN]),
            (&[0.0, 10.0], &[3.0, 4.0]),
            (&[], &[]),
        ];
        let band = Band::of(lines.into_iter());
        assert_eq!(band.x, [0.0, 2.0, 10.0]);
        assert_eq!(band.mean, [2.0, 2.0, 4.0]);
        assert_eq!(band.least, [1.0, 2.0, 4.0]);
        assert_eq!(band.greatest, [3.0, 2.0, 4.0]);
    }
}
