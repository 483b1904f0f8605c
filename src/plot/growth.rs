//! How one quantity grows with another, such as time with the number of synapses.

use super::colours::{BLUE, VERMILLION};
use super::curve::{Curve, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::labels::Name;
use super::line::Line;
use super::stack::{Abscissa, Horizontal, Panel, Stack};
use super::style::{COLUMN, Stroke};

/// Lines with a dot for each measurement; the vertical axis begins at 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth<'a> {
    /// Written above the figure.
    pub title: String,
    /// What `x` of the lines counts.
    pub count: &'static str,
    /// What `y` is, and its unit.
    pub quantity: (String, String),
    /// One line for each that is compared.
    pub lines: Vec<Line<'a>>,
}

impl Growth<'_> {
    /// # Errors
    /// [`PlotError::Shape`] for a line with not as many values as counts; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let curves = (self.lines.iter().enumerate())
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
        let most = (curves.iter().flat_map(Curve::values)).fold(f64::MIN_POSITIVE, f64::max);
        Stack {
            title: &self.title,
            width: COLUMN,
            abscissa: Horizontal::Counted(Abscissa::Count(self.count)),
            range: None,
            strips: Vec::new(),
            shaded: Vec::new(),
            panels: vec![Panel {
                quantity: self.quantity.0.clone(),
                unit: self.quantity.1.clone(),
                height: 120.0,
                range: Some((0.0, 1.06 * most)),
                curves,
                ..Panel::default()
            }],
            mark: None,
            notes: Vec::new(),
            legend: false,
        }
        .draw()
    }
}
