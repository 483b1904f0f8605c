//! One line of a panel: its values, its style and how it is drawn.

use super::colours::{INK, OKABE_ITO};
use super::error::PlotError;
use super::frame::Frame;
use super::labels::Name;
use super::line::{Line, clipped_polygon, paths, same_length};
use super::page::Page;
use super::style::{Area, Stroke};
use super::ticks::usable;
use std::borrow::Cow;

/// One line, or the mean of several lines with their range.
#[derive(Clone, Debug, PartialEq)]
pub struct Course<'a> {
    /// Values over epochs or time.
    pub line: Line<'a>,
    /// Least and greatest values of the lines whose mean is drawn, for example over seeds.
    pub band: Option<(&'a [f64], &'a [f64])>,
    /// Index of the stroke (colour and dashes), so that several figures can use the same one;
    /// absent: the position among the lines.
    pub stroke: Option<usize>,
}

impl<'a> Course<'a> {
    /// One line without a band.
    #[must_use]
    pub fn alone(line: Line<'a>) -> Self {
        Self {
            line,
            band: None,
            stroke: None,
        }
    }

    /// Curve with name and band.
    pub(super) fn curve(&self, stroke: Stroke) -> Result<Curve<'a>, PlotError> {
        let name = Name::Plain(self.line.name.clone());
        let curve = Curve::new(&self.line, Some(name), stroke)?;
        match self.band {
            Some((low, high)) => curve.with_band(low, high),
            None => Ok(curve),
        }
    }
}

/// A line and how it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Curve<'a> {
    /// Absent if the line has no name in the figure.
    pub name: Option<Name>,
    pub x: Cow<'a, [f64]>,
    pub y: Cow<'a, [f64]>,
    /// Least and greatest values of the lines whose mean is drawn.
    pub band: Option<(&'a [f64], &'a [f64])>,
    pub stroke: Stroke,
    /// Radius of a dot at every point, in pt; 0 for none.
    pub dots: f64,
}

impl<'a> Curve<'a> {
    pub fn new(line: &Line<'a>, name: Option<Name>, stroke: Stroke) -> Result<Self, PlotError> {
        line.check()?;
        Ok(Self {
            name,
            x: Cow::Borrowed(line.x),
            y: Cow::Borrowed(line.y),
            band: None,
            stroke,
            dots: 0.0,
        })
    }

    pub fn values(&self) -> impl Iterator<Item = f64> {
        let band = self.band.into_iter().flat_map(|(low, high)| [low, high]);
        let values = self.y.iter().chain(band.flatten()).copied();
        values.filter(|&value| usable(value))
    }

    /// Last point that can be drawn.
    pub fn last(&self) -> Option<(f64, f64)> {
        let points = self.x.iter().copied().zip(self.y.iter().copied());
        points.rev().find(|&(x, y)| usable(x) && usable(y))
    }

    /// # Errors
    /// [`PlotError::Shape`] if the numbers of values of the band and of the line differ.
    pub fn with_band(self, low: &'a [f64], high: &'a [f64]) -> Result<Self, PlotError> {
        let part = match &self.name {
            Some(Name::Plain(name) | Name::Symbol(name)) => format!("band of line `{name}`"),
            None => "band".to_owned(),
        };
        same_length(&part, "lower bounds", &self.x, low)?;
        same_length(&part, "upper bounds", &self.x, high)?;
        let band = Some((low, high));
        Ok(Self { band, ..self })
    }
}

/// Stroke of the `index`-th line, different from those of the lines before it.
pub(super) fn distinct(index: usize, width: f64) -> Stroke {
    let count = OKABE_ITO.len();
    let colour = OKABE_ITO.get(index % count).copied().unwrap_or(INK);
    match index / count % 3 {
        0 => Stroke::solid(colour, width),
        1 => Stroke::dashed(colour, width, (3.5, 1.5)),
        _ => Stroke::dashed(colour, width, (1.0, 1.5)),
    }
}

/// The band of a curve, if it has one, with this opacity.
pub(super) fn band(
    page: &Page,
    frame: &Frame,
    curve: &Curve,
    opacity: f64,
) -> Result<(), PlotError> {
    let Some((low, high)) = curve.band else {
        return Ok(());
    };
    let Area { top, bottom, .. } = frame.area;
    let edges: Vec<_> = curve
        .x
        .iter()
        .zip(low.iter().zip(high))
        .filter(|&(&x, (&low, &high))| usable(x) && usable(low) && usable(high))
        .map(|(&x, (&low, &high))| (frame.at(x, low), frame.at(x, high)))
        .collect();
    let there = edges.iter().map(|(low, _)| *low);
    let back = edges.iter().rev().map(|(_, high)| *high);
    let visible = clipped_polygon(there.chain(back).collect(), top, bottom);
    if visible.len() < 3 {
        return Ok(());
    }
    page.polygon(visible, curve.stroke.colour, opacity)
}

/// The line of a curve, its lone points and its dots.
pub(super) fn line(page: &Page, frame: &Frame, curve: &Curve) -> Result<(), PlotError> {
    const LONE: f64 = 1.2;
    for path in paths(&curve.x, &curve.y, frame) {
        match path.as_slice() {
            // A point without neighbours would be invisible as a line.
            [point] if curve.dots == 0.0 => page.disc(*point, LONE, curve.stroke.colour)?,
            _ => page.line(path, curve.stroke)?,
        }
    }
    if curve.dots == 0.0 {
        return Ok(());
    }
    let Area { top, bottom, .. } = frame.area;
    let points = curve.x.iter().zip(curve.y.iter());
    points
        .filter(|&(&x, &y)| usable(x) && usable(y))
        .map(|(&x, &y)| frame.at(x, y))
        .filter(|(_, y)| (top - 0.1..=bottom + 0.1).contains(y))
        .try_for_each(|point| page.disc(point, curve.dots, curve.stroke.colour))
}
