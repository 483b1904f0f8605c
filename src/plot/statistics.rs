//! Statistics of the projections of a circuit over time, a panel for each.

use super::curve::{Course, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::stack::{Abscissa, Horizontal, Panel, Stack};
use super::style::{COLUMN, COLUMN_AND_HALF, Stroke};
use super::ticks::extent;

/// Quantity of a panel of [`Statistics`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Norm of a matrix, given by its symbol, in a.u.
    Norm(String),
    /// Cosine between `W` and the transpose of `Theta`, -1 to 1.
    Alignment,
    /// Angle between the circuit's update and the exact gradient, in degrees; descent if below 90.
    Angle,
    /// Any other quantity.
    Other {
        /// Name of the quantity.
        quantity: String,
        /// Unit; may be empty.
        unit: String,
    },
}

/// One statistic of several projections.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistic<'a> {
    /// Quantity of the panel.
    pub measure: Measure,
    /// Heading above the panel; empty if the names of the lines are sufficient.
    pub heading: String,
    /// One line per projection, over time in ms or over epochs.
    pub lines: Vec<Course<'a>>,
}

/// Statistics over time, one panel each; lines of one name have one colour in all panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics<'a> {
    /// Written above the figure.
    pub title: String,
    /// Quantity of `x` of the lines.
    pub abscissa: Abscissa,
    /// Panels from the top.
    pub statistics: Vec<Statistic<'a>>,
    /// Written below the figure.
    pub notes: Vec<String>,
}

impl Statistics<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if a line's values and times differ in number; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        const MOST_IN_COLUMN: usize = 7;
        let mut names: Vec<&str> = Vec::new();
        for course in self.statistics.iter().flat_map(|s| &s.lines) {
            if !names.contains(&course.line.name.as_str()) {
                names.push(&course.line.name);
            }
        }
        let stroke = |course: &Course| -> Stroke {
            let place = || names.iter().position(|known| *known == course.line.name);
            distinct(course.stroke.or_else(place).unwrap_or(0), 1.0)
        };
        // Panels of the same measure have the same range, where it depends on the data.
        let shared = |measure: &Measure| {
            let alike = self.statistics.iter().filter(|s| s.measure == *measure);
            extent(
                alike
                    .flat_map(|s| &s.lines)
                    .flat_map(|course| course.line.y)
                    .copied(),
            )
        };
        let mut panels = self
            .statistics
            .iter()
            .map(|statistic| {
                let curves = statistic
                    .lines
                    .iter()
                    .map(|course| course.curve(stroke(course)))
                    .collect::<Result<_, _>>()?;
                Ok(Panel {
                    curves,
                    heading: statistic.heading.clone(),
                    ..statistic.measure.panel(shared(&statistic.measure))
                })
            })
            .collect::<Result<Vec<_>, PlotError>>()?;
        if panels.is_empty() {
            panels.push(Measure::Alignment.panel(None));
        }
        Stack {
            title: &self.title,
            width: match names.len() {
                ..=MOST_IN_COLUMN => COLUMN,
                _ => COLUMN_AND_HALF,
            },
            abscissa: Horizontal::Counted(self.abscissa),
            range: None,
            strips: Vec::new(),
            shaded: Vec::new(),
            panels,
            mark: None,
            notes: self.notes.clone(),
            // The names are the same in all panels, so one legend is enough.
            legend: true,
        }
        .draw()
    }
}

impl Measure {
    /// An empty panel with the axis of this measure for values within `extent`: the whole range if
    /// the values need it, otherwise the part from slightly beyond the neutral value (cosine 0, 90
    /// degrees) to the best one (1, 0 degrees). Bands may be clipped, lines are not.
    fn panel(&self, extent: Option<(f64, f64)>) -> Panel<'static> {
        const ACUTE: f64 = 95.0;
        const OBTUSE: f64 = 120.0;
        // Leaves room for the full width of a line at the end of the axis.
        const ALIGNED: f64 = 1.04;
        const OPPOSED: f64 = -0.1;
        let (low, high) = extent.unwrap_or_default();
        let panel = |quantity: &str, unit: &str, range, reference: Option<f64>| Panel {
            quantity: quantity.to_owned(),
            unit: unit.to_owned(),
            height: 62.0,
            range,
            ticks: Vec::new(),
            references: reference.into_iter().collect(),
            ..Panel::default()
        };
        match self {
            Self::Norm(symbol) => panel(&format!("|{symbol}|"), "a.u.", None, None),
            Self::Alignment => {
                let least = if low < OPPOSED { -1.0 } else { OPPOSED };
                panel("cos(W, Θᵀ)", "", Some((least, ALIGNED)), Some(0.0))
            }
            Self::Angle => {
                let (most, ticks) = match high {
                    ..=ACUTE => (ACUTE, vec![0, 30, 60, 90]),
                    ..=OBTUSE => (OBTUSE, vec![0, 30, 60, 90, 120]),
                    _ => (180.0, vec![0, 45, 90, 135, 180]),
                };
                let range = Some((-0.04 * most, most));
                Panel {
                    ticks,
                    ..panel("angle to gradient", "°", range, Some(90.0))
                }
            }
            Self::Other { quantity, unit } => panel(quantity, unit, None, None),
        }
    }
}
