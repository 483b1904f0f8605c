//! Weights, or anything of one unit, over time.

use super::colours::{BLUE, FAINT};
use super::curve::{Curve, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::labels::Name;
use super::line::{Line, same_length};
use super::stack::{Abscissa, Horizontal, Panel, Stack};
use super::style::{COLUMN, COLUMN_AND_HALF, Stroke};
use std::borrow::Cow;

/// Most lines that are named and coloured.
const MOST_NAMED: usize = 20;

/// Lines over simulated time. Up to 20 are coloured and named; more are drawn thin and grey, with
/// their mean if all have the same times.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories<'a> {
    /// Written above the figure.
    pub title: String,
    /// What the lines are, as in `weight`.
    pub quantity: String,
    /// Its unit, as in `a.u.`; empty if it has none.
    pub unit: String,
    /// Values over time in ms.
    pub lines: Vec<Line<'a>>,
}

impl Trajectories<'_> {
    /// # Errors
    /// [`PlotError::Shape`] for a line with not as many values as times; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let few = self.lines.len() <= MOST_NAMED;
        let mut curves = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                if few {
                    let name = Name::Plain(line.name.clone());
                    return Curve::new(line, Some(name), distinct(index, 0.9));
                }
                let many = Stroke {
                    opacity: 0.35,
                    ..Stroke::solid(FAINT, 0.4)
                };
                Curve::new(line, None, many)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if !few {
            curves.extend(self.mean()?);
        }
        let width = if few && self.lines.len() > 8 {
            COLUMN_AND_HALF
        } else {
            COLUMN
        };
        Stack {
            title: &self.title,
            width,
            abscissa: Horizontal::Counted(Abscissa::Time),
            range: None,
            strips: Vec::new(),
            shaded: Vec::new(),
            panels: vec![Panel {
                quantity: self.quantity.clone(),
                unit: self.unit.clone(),
                height: 145.0,
                curves,
                ..Panel::default()
            }],
            mark: None,
            notes: Vec::new(),
            legend: false,
        }
        .draw()
    }

    /// The mean over lines of the finite values at each time.
    fn mean(&self) -> Result<Option<Curve<'_>>, PlotError> {
        let Some(first) = self.lines.first() else {
            return Ok(None);
        };
        if self.lines.iter().any(|line| line.x != first.x) {
            return Ok(None);
        }
        let mut sums = vec![(0.0, 0u32); first.x.len()];
        for line in &self.lines {
            same_length(&line.name, "values", first.x, line.y)?;
            for (sum, &value) in sums.iter_mut().zip(line.y) {
                if value.is_finite() {
                    *sum = (sum.0 + value, sum.1 + 1);
                }
            }
        }
        let name = Name::Plain(format!("mean of {}", self.lines.len()));
        Ok(Some(Curve {
            name: Some(name),
            x: Cow::Borrowed(first.x),
            y: sums
                .into_iter()
                .map(|(sum, count)| sum / f64::from(count))
                .collect(),
            band: None,
            stroke: Stroke::solid(BLUE, 1.25),
            dots: 0.0,
        }))
    }
}
