//! Panels above one another with one horizontal axis: the base of all figures with lines.

use super::colours::FAINT;
use super::curve::{Curve, band, line};
use super::error::PlotError;
use super::figure::Figure;
use super::font;
use super::frame::{Axis, Frame, ROOM_BELOW, room_left};
use super::labels::{LINE_SPACING, Legend, Name, direct, room_right};
use super::line::{Line, unusable};
use super::page::{Page, notes_height, title_height};
use super::strip::{self, Strip};
use super::style::{Anchor, Area, Lettering, SMALL, Stroke, TEXT, THIN};
use super::ticks::{extent, padded, padded_powers, union, widened};
use plotters::style::{RGBColor, WHITE};

/// Quantity of the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abscissa {
    /// Simulated time in ms.
    Time,
    /// Epochs of training.
    Epoch,
    /// Any other count, for example `synapses`.
    Count(&'static str),
    /// A count on a logarithmic axis.
    Powers(&'static str),
}

/// Content of the horizontal axis.
#[derive(Clone, Copy, Debug)]
pub(super) enum Horizontal<'a> {
    /// A count.
    Counted(Abscissa),
    /// Name of a setting, and names of its values at 0, 1, 2...
    Settings(&'a str, &'a [String]),
}

/// One pair of axes.
#[derive(Clone, Debug, Default)]
pub(super) struct Panel<'a> {
    /// Heading above the panel; may be empty.
    pub heading: String,
    pub quantity: String,
    pub unit: String,
    pub height: f64,
    /// Fixed range; absent: that of the data, with a margin.
    pub range: Option<(f64, f64)>,
    /// True if equal heights are equal factors.
    pub logarithmic: bool,
    /// Ticks at these whole numbers; empty: at multiples of round numbers.
    pub ticks: Vec<i32>,
    /// Values marked by a dashed line.
    pub references: Vec<f64>,
    pub curves: Vec<Curve<'a>>,
}

impl Panel<'_> {
    fn axis(&self) -> Axis {
        const MARGIN: f64 = 0.06;
        let values = || self.curves.iter().flat_map(Curve::values);
        let most = ((self.height / 10.0) as usize).clamp(3, 7);
        if self.logarithmic {
            let shown = values().chain(self.references.iter().copied());
            let range = (self.range).unwrap_or_else(|| padded_powers(shown, MARGIN));
            return Axis::powers(&self.quantity, &self.unit, range, most);
        }
        let range = (self.range).unwrap_or_else(|| padded(extent(values()), MARGIN));
        Axis::new(&self.quantity, &self.unit, range, most).with_ticks_at(&self.ticks)
    }

    /// Largest length of the label of the vertical axis, in pt.
    fn label_room(&self) -> f64 {
        self.height + BETWEEN_PANELS - 3.0
    }

    /// Height of the heading above the axes, in pt.
    fn heading_height(&self) -> f64 {
        if self.heading.is_empty() {
            0.0
        } else {
            HEADING
        }
    }

    fn named(&self) -> impl Iterator<Item = (&Name, Stroke, Option<(f64, f64)>)> {
        self.curves.iter().filter_map(|curve| {
            let name = curve.name.as_ref()?;
            Some((name, curve.stroke, curve.last()))
        })
    }
}

/// A figure made of panels.
#[derive(Clone, Debug)]
pub(super) struct Stack<'a> {
    pub title: &'a str,
    pub width: f64,
    pub abscissa: Horizontal<'a>,
    /// Range of the horizontal axis; absent: that of the lines.
    pub range: Option<(f64, f64)>,
    pub strips: Vec<Strip>,
    /// Time intervals shaded in every panel.
    pub shaded: Vec<(f64, f64, RGBColor)>,
    pub panels: Vec<Panel<'a>>,
    /// Value marked by a vertical line, and the text at the line.
    pub mark: Option<(f64, String)>,
    pub notes: Vec<String>,
    /// True if names are always in a legend above, even if they fit at the ends of the lines.
    pub legend: bool,
}

const BETWEEN_PANELS: f64 = 9.0;
const HEADING: f64 = 10.0;

impl Stack<'_> {
    pub fn draw(mut self) -> Result<Figure, PlotError> {
        const SHARE_OF_NAMES: f64 = 0.3;
        self.note_unusable();
        let y_axes: Vec<Axis> = self.panels.iter().map(Panel::axis).collect();
        let strip_names = strip::room_left(&self.strips);
        let lines = self.panels.iter().zip(&y_axes);
        let lines = lines.map(|(panel, axis)| axis.label_lines(panel.label_room()).len());
        let widest = y_axes.iter().map(Axis::widest).fold(0.0, f64::max);
        let left = room_left(widest, lines.max().unwrap_or(1)).max(strip_names);

        let at_ends = !self.legend && self.names_fit();
        let room = if at_ends {
            let names = self.panels.iter().flat_map(Panel::named);
            room_right(names.map(|(name, ..)| name), SHARE_OF_NAMES * self.width)
        } else {
            0.0
        };
        let right = self.width - room.max(6.0) - 5.0;
        let legend = Legend::new(&self.legend_entries(at_ends), right - left);
        let legend_height = match legend.height {
            0.0 => 0.0,
            height => height + 4.0,
        };

        let x_axis = self.x_axis(right - left);
        let mut bottom = title_height(self.title) + legend_height + strip::height(&self.strips);
        let frames: Vec<Frame> = self
            .panels
            .iter()
            .zip(y_axes)
            .map(|(panel, y)| {
                let top = bottom + panel.heading_height();
                bottom = top + panel.height + BETWEEN_PANELS;
                let area = Area {
                    left,
                    top,
                    right,
                    bottom: top + panel.height,
                };
                Frame {
                    area,
                    x: x_axis.clone(),
                    y,
                }
            })
            .collect();
        let height = bottom - BETWEEN_PANELS + ROOM_BELOW + 4.0 + notes_height(&self.notes);

        Page::draw((self.width, height), |page| {
            let top = page.title(self.title)?;
            legend.draw(page, (left, top - 2.0))?;
            if let Some(first) = frames.first() {
                strip::draw(page, &self.strips, first, top + legend_height)?;
            }
            for (index, (panel, frame)) in self.panels.iter().zip(&frames).enumerate() {
                let last = index + 1 == frames.len();
                self.panel(page, panel, frame, last)?;
                if at_ends {
                    let Area {
                        top, bottom, right, ..
                    } = frame.area;
                    let ends: Vec<_> = panel
                        .named()
                        .filter_map(|(name, stroke, end)| {
                            let (x, y) = end?;
                            let at = (frame.x_at(x), frame.y_at(y).clamp(top, bottom));
                            Some((name, stroke, at))
                        })
                        .collect();
                    direct(page, right, (top, bottom), room, &ends)?;
                }
            }
            self.vertical_mark(page, &frames)?;
            page.notes(&self.notes)
        })
    }

    fn panel(
        &self,
        page: &Page,
        panel: &Panel,
        frame: &Frame,
        last: bool,
    ) -> Result<(), PlotError> {
        const SHADE: f64 = 0.13;
        // Narrower ones are invisible, but there may be many.
        const NARROWEST: f64 = 0.1;
        const MOST_BANDS: usize = 3;
        for &(from, until, colour) in &self.shaded {
            let area = frame.between(from, until);
            if let Some(area) = area.filter(|area| area.width() >= NARROWEST) {
                let area = strip::apart(area);
                // Covers shading that is already there.
                page.fill(area, WHITE, 1.0)?;
                page.fill(area, colour, SHADE)?;
            }
        }
        let Area {
            left,
            right,
            top,
            bottom,
        } = frame.area;
        for &value in &panel.references {
            let y = frame.y_at(value);
            if (top..=bottom).contains(&y) {
                let dashed = Stroke::dashed(FAINT, THIN, (2.0, 2.0));
                page.line([(left, y), (right, y)], dashed)?;
            }
        }
        let heading = font::fitted(&panel.heading, TEXT, false, page.width - left - 6.0);
        let lettering = Lettering::new(TEXT, Anchor::Left);
        page.text(&heading, (left, top - HEADING / 2.0), lettering)?;
        // Many overlapping bands would hide each other's colours.
        let opacity = match panel.curves.iter().filter(|c| c.band.is_some()).count() {
            ..=MOST_BANDS => 0.18,
            _ => 0.1,
        };
        panel
            .curves
            .iter()
            .try_for_each(|curve| band(page, frame, curve, opacity))?;
        panel
            .curves
            .iter()
            .try_for_each(|curve| line(page, frame, curve))?;
        if panel.curves.iter().all(|curve| curve.last().is_none()) {
            frame.no_data(page)?;
        }
        frame.spines(page)?;
        frame.x_ticks(page, last)?;
        frame.y_label(page, panel.label_room())?;
        if last { frame.x_label(page) } else { Ok(()) }
    }

    fn x_axis(&self, width: f64) -> Axis {
        let xs = || {
            let curves = self.panels.iter().flat_map(|panel| &panel.curves);
            curves.flat_map(|curve| curve.x.iter().copied())
        };
        let range = self
            .range
            .or_else(|| extent(xs()))
            .or_else(|| strip::extent_of(&self.strips));
        let room = |label: f64| (width / label) as usize;
        match self.abscissa {
            Horizontal::Counted(Abscissa::Count(what)) => {
                Axis::new(what, "", widened(range), room(30.0))
            }
            Horizontal::Counted(Abscissa::Powers(what)) => {
                const AIR: f64 = 0.02;
                Axis::powers(what, "", padded_powers(xs(), AIR), room(20.0))
            }
            Horizontal::Counted(Abscissa::Time) => Axis::time(widened(range), room(30.0)),
            Horizontal::Counted(Abscissa::Epoch) => {
                let (low, high) = widened(range);
                // A margin of at most half an epoch, so that the first and last dots are complete.
                let air = (0.03 * (high - low)).min(0.5);
                Axis::integers("epoch", (low - air, high + air), room(20.0).min(11))
            }
            Horizontal::Settings(setting, names) => Axis::settings(setting, names),
        }
    }

    fn names_fit(&self) -> bool {
        self.panels
            .iter()
            .all(|panel| panel.named().count() as f64 * LINE_SPACING <= panel.height + LINE_SPACING)
    }

    fn legend_entries(&self, at_ends: bool) -> Vec<(&Name, Stroke)> {
        let mut entries: Vec<(&Name, Stroke)> = Vec::new();
        for (name, stroke, _) in self.panels.iter().flat_map(Panel::named) {
            if !at_ends && entries.iter().all(|(known, _)| *known != name) {
                entries.push((name, stroke));
            }
        }
        entries
    }

    fn vertical_mark(&self, page: &Page, frames: &[Frame]) -> Result<(), PlotError> {
        let (Some((value, text)), Some(first), Some(last)) =
            (&self.mark, frames.first(), frames.last())
        else {
            return Ok(());
        };
        let (low, high) = first.x.range;
        if !(low..=high).contains(value) {
            return Ok(());
        }
        let x = first.x_at(*value);
        let dashed = Stroke::dashed(FAINT, THIN, (1.0, 1.5));
        page.line([(x, first.area.top), (x, last.area.bottom)], dashed)?;
        // At the bottom, on the side with more room: curves of accuracy leave the bottom free.
        let (anchor, x) = if x > first.area.centre().0 {
            (Anchor::Right, x - 2.5)
        } else {
            (Anchor::Left, x + 2.5)
        };
        let lettering = Lettering::new(SMALL, anchor).colour(FAINT);
        let text = font::fitted(text, SMALL, false, last.area.width() / 2.0);
        page.text(&text, (x, last.area.bottom - SMALL), lettering)
    }

    fn note_unusable(&mut self) {
        let curves = self.panels.iter().flat_map(|panel| &panel.curves);
        let count: usize = curves.map(|curve| unusable(&curve.x, &curve.y)).sum();
        self.notes.extend(left_out(count));
    }
}

/// Note on the number of values that are not drawn.
pub(super) fn left_out(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 value is not finite and is left out.".to_owned()),
        count => Some(format!("{count} values are not finite and are left out.")),
    }
}

/// Range of all x of the lines.
pub(super) fn extent_of_lines(lines: &[Line]) -> Option<(f64, f64)> {
    lines
        .iter()
        .map(|line| extent(line.x.iter().copied()))
        .fold(None, union)
}
