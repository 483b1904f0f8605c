//! Messages along the projections of a circuit, over time.

use super::curve::{Curve, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::labels::Name;
use super::line::Line;
use super::stack::{Abscissa, Horizontal, Panel, Stack, extent_of_lines};
use super::strip::{Interval, shaded, strips};
use super::style::COLUMN_AND_HALF;
use super::ticks::extent;

/// Messages of each projection over time: rates, which travel up, in the upper panel, teaching
/// signals, which travel down, in the lower one. A panel without lines is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Messages<'a> {
    /// Written above the figure.
    pub title: String,
    /// Messages per ms of basal projections, over time in ms.
    pub rates: Vec<Line<'a>>,
    /// Messages per ms of apical projections, over time in ms.
    pub deltas: Vec<Line<'a>>,
    /// Stimuli and teachers with their times.
    pub windows: Vec<Interval>,
}

impl Messages<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if a line's values and times differ in number; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let mut panels = vec![panel("r", &self.rates, 0)?];
        if !self.deltas.is_empty() {
            panels.push(panel("δ", &self.deltas, self.rates.len())?);
        }
        if panels.len() > 1 && self.rates.is_empty() {
            panels.remove(0);
        }
        let strips = strips(&self.windows);
        let range = extent_of_lines(&[&self.rates[..], &self.deltas].concat());
        Stack {
            title: &self.title,
            width: COLUMN_AND_HALF,
            abscissa: Horizontal::Counted(Abscissa::Time),
            range,
            shaded: shaded(&strips, range),
            strips,
            panels,
            mark: None,
            notes: Vec::new(),
            // All lines end at 0, where their names would overlap.
            legend: true,
        }
        .draw()
    }
}

/// The panel of one signal; its first line has colour number `first`.
fn panel<'a>(signal: &str, lines: &[Line<'a>], first: usize) -> Result<Panel<'a>, PlotError> {
    const AIR: f64 = 0.05;
    let values = lines.iter().flat_map(|line| line.y).copied();
    let most = extent(values).map_or(0.0, |(_, most)| most);
    Ok(Panel {
        quantity: format!("messages of {signal}"),
        unit: "1/ms".to_owned(),
        height: 80.0,
        range: (most > 0.0).then_some((-AIR * most, (1.0 + AIR) * most)),
        curves: (lines.iter().enumerate())
            .map(|(index, line)| {
                let name = Name::Plain(line.name.clone());
                Curve::new(line, Some(name), distinct(first + index, 0.9))
            })
            .collect::<Result<_, _>>()?,
        ..Panel::default()
    })
}
