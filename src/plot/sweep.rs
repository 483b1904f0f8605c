//! Results of runs that differ in one setting.

use super::colours::BLUE;
use super::curve::Curve;
use super::error::PlotError;
use super::figure::Figure;
use super::line::Line;
use super::stack::{Horizontal, Panel, Stack};
use super::style::{COLUMN, Stroke};
use super::ticks::usable;

/// One result of all runs: for each setting the values of its runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Name of the quantity.
    pub quantity: String,
    /// Unit; may be empty.
    pub unit: String,
    /// Values of the runs, one list per setting.
    pub values: Vec<Vec<f64>>,
}

/// Results over a setting, one panel each: the mean over runs as dots, with a band from the smallest
/// to the greatest value. Settings are at equal distances.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Written above the figure.
    pub title: String,
    /// Name of the setting.
    pub setting: String,
    /// Values of the setting, as written below the panels.
    pub settings: Vec<String>,
    /// Panels from the top.
    pub outcomes: Vec<Outcome>,
}

impl Sweep {
    /// # Errors
    /// [`PlotError::Shape`] if the numbers of lists of a result and of settings differ;
    /// [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        const DOT: f64 = 1.6;
        let x: Vec<f64> = (0u32..).take(self.settings.len()).map(f64::from).collect();
        let spreads: Vec<Spread> = self.outcomes.iter().map(Spread::of).collect();
        let panels = (self.outcomes.iter().zip(&spreads))
            .map(|(outcome, spread)| {
                let line = Line {
                    name: outcome.quantity.clone(),
                    x: &x,
                    y: &spread.mean,
                };
                let curve = Curve::new(&line, None, Stroke::solid(BLUE, 1.0))?;
                let mut curve = curve.with_band(&spread.least, &spread.greatest)?;
                curve.dots = DOT;
                Ok(Panel {
                    quantity: outcome.quantity.clone(),
                    unit: outcome.unit.clone(),
                    height: 62.0,
                    curves: vec![curve],
                    ..Panel::default()
                })
            })
            .collect::<Result<Vec<_>, PlotError>>()?;
        Stack {
            title: &self.title,
            width: COLUMN,
            abscissa: Horizontal::Settings(&self.setting, &self.settings),
            range: None,
            strips: Vec::new(),
            shaded: Vec::new(),
            panels,
            mark: None,
            notes: Vec::new(),
            legend: false,
        }
        .draw()
    }
}

/// Mean, least and greatest of the usable values of each list; NaN for an empty list.
#[derive(Default)]
struct Spread {
    mean: Vec<f64>,
    least: Vec<f64>,
    greatest: Vec<f64>,
}

impl Spread {
    fn of(outcome: &Outcome) -> Self {
        let mut spread = Self::default();
        for list in &outcome.values {
            let list: Vec<f64> = list.iter().copied().filter(|v| usable(*v)).collect();
            let over = |fold: fn(f64, f64) -> f64| list.iter().copied().reduce(fold);
            let sum = over(|a, b| a + b);
            let mean = sum.map(|sum| sum / list.len() as f64);
            spread.mean.push(mean.unwrap_or(f64::NAN));
            spread.least.push(over(f64::min).unwrap_or(f64::NAN));
            spread.greatest.push(over(f64::max).unwrap_or(f64::NAN));
        }
        spread
    }
}
