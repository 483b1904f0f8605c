//! How one quantity grows with another, such as time with the number of synapses.

use super::colours::{BLUE, VERMILLION};
use super::curve::{Curve, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::labels::Name;
use super::line::Line;
use super::stack::{Abscissa, Horizontal, Panel, Stack};
use super::style::{COLUMN, Stroke};
use super::ticks::padded_powers;

/// Scales of the axes of [`Growth`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axes {
    /// Both linear; the vertical axis starts at 0.
    Linear,
    /// Both logarithmic: a power of the count is a straight line.
    Logarithmic {
        /// Upper bound that the quantity must not exceed, drawn as a dashed line, if there is one.
        promised: Option<f64>,
    },
}

/// Lines with a dot for each measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth<'a> {
    /// Written above the figure.
    pub title: String,
    /// Name of what `x` of the lines counts.
    pub count: &'static str,
    /// Name and unit of `y`.
    pub quantity: (String, String),
    /// Linear or logarithmic.
    pub axes: Axes,
    /// Panels from the top: heading, and one line for each compared case.
    pub panels: Vec<(String, Vec<Line<'a>>)>,
}

impl Growth<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if a line's values and counts differ in number; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let panels = (self.panels.iter())
            .map(|(heading, lines)| self.panel(heading, lines))
            .collect::<Result<Vec<_>, PlotError>>()?;
        Stack {
            title: &self.title,
            width: COLUMN,
            abscissa: Horizontal::Counted(match self.axes {
                Axes::Linear => Abscissa::Count(self.count),
                Axes::Logarithmic { .. } => Abscissa::Powers(self.count),
            }),
            range: None,
            strips: Vec::new(),
            shaded: Vec::new(),
            legend: panels.len() > 1,
            panels,
            mark: None,
            notes: match self.axes {
                Axes::Logarithmic { promised: Some(_) } => {
                    vec!["Dashed: the largest that is promised.".into()]
                }
                _ => Vec::new(),
            },
        }
        .draw()
    }

    fn panel<'l>(&self, heading: &str, lines: &'l [Line]) -> Result<Panel<'l>, PlotError> {
        let curves = (lines.iter().enumerate())
            .map(|(index, line)| {
                let stroke = match index {
                    0 => Stroke::solid(BLUE, 1.0),
                    1 => Stroke::solid(VERMILLION, 1.0),
                    _ => distinct(index, 1.0),
                };
                let curve = Curve::new(line, Some(Name::Plain(line.name.clone())), stroke)?;
                Ok(Curve { dots: 1.5, ..curve })
            })
            .collect::<Result<Vec<_>, PlotError>>()?;
        let panel = Panel {
            heading: heading.to_owned(),
            quantity: self.quantity.0.clone(),
            unit: self.quantity.1.clone(),
            height: if self.panels.len() > 1 { 62.0 } else { 120.0 },
            ..Panel::default()
        };
        let most = (curves.iter().flat_map(Curve::values)).fold(f64::MIN_POSITIVE, f64::max);
        Ok(match self.axes {
            Axes::Linear => Panel {
                range: Some((0.0, 1.06 * most)),
                curves,
                ..panel
            },
            Axes::Logarithmic { promised } => Panel {
                logarithmic: true,
                references: promised.into_iter().collect(),
                range: Some(self.range_of_powers(promised)),
                curves,
                ..panel
            },
        })
    }
    /// Common range of all panels, so that they can be compared.
    fn range_of_powers(&self, promised: Option<f64>) -> (f64, f64) {
        const MARGIN: f64 = 0.06;
        let lines = self.panels.iter().flat_map(|(_, lines)| lines);
        let values = lines.flat_map(|line| line.y.iter().copied());
        padded_powers(values.chain(promised), MARGIN)
    }
}
