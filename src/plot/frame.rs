//! A pair of thin axes, at the left and below, with ticks outside.

use super::colours::{FAINT, INK};
use super::error::PlotError;
use super::font;
use super::page::Page;
use super::style::{Anchor, Area, Lettering, Point, SMALL, Stroke, TEXT, THIN};
use super::ticks::Ticks;

/// Length of a tick, in pt.
pub(super) const TICK: f64 = 2.5;
/// Gap between a tick and its label, in pt.
pub(super) const TICK_GAP: f64 = 1.5;
/// Gap between the labels of ticks and the label of the axis, in pt.
const LABEL_GAP: f64 = 3.5;

/// Length in ms from which on times are written in seconds.
const LONG_MS: f64 = 5000.0;

/// One axis: its range in the unit of the data, its ticks and its label.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub range: (f64, f64),
    /// Positions of the ticks, in the unit of the data.
    pub at: Vec<f64>,
    pub ticks: Ticks,
    pub label: String,
    /// True if equal lengths are equal factors; the range is above 0.
    pub logarithmic: bool,
    /// Size of the labels of ticks, in pt.
    pub size: f64,
    /// True if the labels of ticks run upwards; for a horizontal axis only.
    pub upward: bool,
}

/// Distance between the lines of a label, in pt.
const LINE: f64 = TEXT * 1.2;

impl Axis {
    /// `range` as made by [`widened`](super::ticks::widened); at most `most` ticks.
    pub fn new(quantity: &str, unit: &str, range: (f64, f64), most: usize) -> Self {
        Self::from_ticks(quantity, unit, range, Ticks::new(range, most, false))
    }

    /// Axis with ticks at whole numbers only.
    pub fn integers(quantity: &str, range: (f64, f64), most: usize) -> Self {
        Self::from_ticks(quantity, "", range, Ticks::new(range, most, true))
    }

    /// Logarithmic axis; `range` as made by [`padded_powers`](super::ticks::padded_powers).
    pub fn powers(quantity: &str, unit: &str, range: (f64, f64), most: usize) -> Self {
        Self {
            logarithmic: true,
            ..Self::from_ticks(quantity, unit, range, Ticks::powers(range, most))
        }
    }

    /// Axis of time given in ms; long times are written in s.
    pub fn time(range: (f64, f64), most: usize) -> Self {
        if range.1 - range.0 < LONG_MS {
            return Self::new("time", "ms", range, most);
        }
        const MS_PER_S: f64 = 1000.0;
        let seconds = (range.0 / MS_PER_S, range.1 / MS_PER_S);
        let axis = Self::new("time", "s", seconds, most);
        Self {
            range,
            at: axis.at.iter().map(|at| at * MS_PER_S).collect(),
            ..axis
        }
    }

    /// Axis with a tick for each of `names`, at 0, 1, 2...
    pub fn settings(quantity: &str, names: &[String]) -> Self {
        const AIR: f64 = 0.3;
        let at: Vec<f64> = (0u32..).take(names.len()).map(f64::from).collect();
        let last = at.last().copied().unwrap_or_default();
        let ticks = Ticks {
            at,
            labels: names.to_vec(),
            power: 0,
            origin: None,
        };
        Self::from_ticks(quantity, "", (-AIR, last + AIR), ticks)
    }

    /// The axis with ticks at the given whole numbers instead, if there are any.
    pub fn with_ticks_at(mut self, at: &[i32]) -> Self {
        if !at.is_empty() {
            self.at = at.iter().copied().map(f64::from).collect();
            self.ticks.labels = at
                .iter()
                .map(|at| at.to_string().replace('-', "−"))
                .collect();
        }
        self
    }

    /// Axis of cells around the whole numbers from 0 on, with the name of every `every`-th cell,
    /// set at `size` pt and cut at `room` pt.
    pub fn cells(quantity: &str, names: &[String], (every, size, room): (usize, f64, f64)) -> Self {
        let named = || names.iter().zip(0u32..).step_by(every.max(1));
        let ticks = Ticks {
            at: named().map(|(_, index)| f64::from(index)).collect(),
            labels: named()
                .map(|(name, _)| font::fitted(name, size, false, room))
                .collect(),
            power: 0,
            origin: None,
        };
        let range = (-0.5, names.len().max(1) as f64 - 0.5);
        Self {
            size,
            ..Self::from_ticks(quantity, "", range, ticks)
        }
    }

    fn from_ticks(quantity: &str, unit: &str, range: (f64, f64), ticks: Ticks) -> Self {
        Self {
            range,
            at: ticks.at.clone(),
            label: ticks.axis_label(quantity, unit),
            ticks,
            logarithmic: false,
            size: TEXT,
            upward: false,
        }
    }

    /// Width of the widest label of a tick, in pt.
    pub fn widest(&self) -> f64 {
        self.ticks
            .labels
            .iter()
            .map(|label| font::width(label, self.size, false))
            .fold(0.0, f64::max)
    }

    /// Height below a frame for a horizontal axis and its label, in pt.
    pub fn room_below(&self) -> f64 {
        ROOM_BELOW + if self.upward { self.widest() } else { TEXT } - TEXT
    }

    /// Label in one line, or in two (quantity and unit) if it is longer than `room` pt.
    pub fn label_lines(&self, room: f64) -> Vec<String> {
        let fitted = |text: &str| font::fitted(text, TEXT, false, room);
        match self.label.rsplit_once(" (") {
            Some((quantity, unit)) if font::width(&self.label, TEXT, false) > room => {
                vec![fitted(quantity), fitted(&format!("({unit}"))]
            }
            _ => vec![fitted(&self.label)],
        }
    }

    /// Position of `value` along the axis, 0 at its start and 1 at its end.
    fn fraction(&self, value: f64) -> f64 {
        let place = |value: f64| match self.logarithmic {
            // A value that is not above 0 lies far below the axis.
            true => value.max(f64::MIN_POSITIVE).log10(),
            false => value,
        };
        let (low, high) = (place(self.range.0), place(self.range.1));
        (place(value) - low) / (high - low)
    }

    fn marks(&self) -> impl Iterator<Item = (f64, &String)> {
        self.at.iter().copied().zip(&self.ticks.labels)
    }
}

/// An area with two axes.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub area: Area,
    pub x: Axis,
    pub y: Axis,
}

/// Width to the left of a frame in pt for a vertical axis, given the width of its widest tick label
/// and the number of lines of its label.
pub(super) fn room_left(widest: f64, lines: usize) -> f64 {
    let more = LINE * lines.saturating_sub(1) as f64;
    5.0 + TEXT + more + LABEL_GAP + widest + TICK_GAP + TICK
}

/// Height below a frame for a horizontal axis and its label, in pt.
pub(super) const ROOM_BELOW: f64 = TICK + TICK_GAP + TEXT + LABEL_GAP + TEXT;

impl Frame {
    /// Position of a pair of values on the page; outside the area if outside the ranges.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (self.x_at(x), self.y_at(y))
    }

    pub fn x_at(&self, x: f64) -> f64 {
        self.area.left + self.x.fraction(x) * self.area.width()
    }

    pub fn y_at(&self, y: f64) -> f64 {
        self.area.bottom - self.y.fraction(y) * self.area.height()
    }

    /// Part of the area between two values of the horizontal axis, if there is any.
    pub fn between(&self, from: f64, until: f64) -> Option<Area> {
        let left = self.x_at(from.max(self.x.range.0));
        let right = self.x_at(until.min(self.x.range.1));
        (left < right).then_some(Area {
            left,
            right,
            ..self.area
        })
    }

    /// Draws both axes as one line, with the ticks of the vertical axis.
    pub fn spines(&self, page: &Page) -> Result<(), PlotError> {
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.area;
        let thin = Stroke::solid(INK, THIN);
        page.line([(left, top), (left, bottom), (right, bottom)], thin)?;
        self.y_ticks(page)
    }

    /// Draws the ticks of both axes with labels, without the axes; the vertical axis counts
    /// downwards, as do the rows of an image.
    pub fn ticks_outside(&self, page: &Page) -> Result<(), PlotError> {
        let mut counting_down = self.clone();
        counting_down.y.range = (self.y.range.1, self.y.range.0);
        counting_down.y_ticks(page)?;
        self.x_ticks(page, true)
    }

    fn y_ticks(&self, page: &Page) -> Result<(), PlotError> {
        let left = self.area.left;
        self.y.marks().try_for_each(|(value, label)| {
            let y = self.y_at(value);
            page.line([(left - TICK, y), (left, y)], Stroke::solid(INK, THIN))?;
            let lettering = Lettering::new(self.y.size, Anchor::Right);
            page.text(label, (left - TICK - TICK_GAP, y), lettering)
        })
    }

    /// Draws the ticks of the horizontal axis, with or without labels.
    pub fn x_ticks(&self, page: &Page, labelled: bool) -> Result<(), PlotError> {
        let bottom = self.area.bottom;
        self.x.marks().try_for_each(|(value, label)| {
            let x = self.x_at(value);
            page.line([(x, bottom), (x, bottom + TICK)], Stroke::solid(INK, THIN))?;
            if !labelled {
                return Ok(());
            }
            let top = bottom + TICK + TICK_GAP;
            let size = self.x.size;
            if self.x.upward {
                let lettering = Lettering::new(size, Anchor::Right).upward();
                return page.text(label, (x, top), lettering);
            }
            let lettering = Lettering::new(size, Anchor::Centre);
            page.text(label, (x, top + TEXT / 2.0), lettering)
        })
    }

    /// Draws the label of the horizontal axis, below its ticks.
    pub fn x_label(&self, page: &Page) -> Result<(), PlotError> {
        let y = self.area.bottom + self.x.room_below() - TEXT / 2.0;
        let label = font::fitted(&self.x.label, TEXT, false, page.width - 12.0);
        let at = (self.area.centre().0, y);
        page.text(&label, at, Lettering::new(TEXT, Anchor::Centre))
    }

    /// Draws the label of the vertical axis, upwards, at the left edge, in at most `room` pt.
    pub fn y_label(&self, page: &Page, room: f64) -> Result<(), PlotError> {
        let lettering = Lettering::new(TEXT, Anchor::Centre).upward();
        let lines = self.y.label_lines(room);
        lines.iter().zip(0u32..).try_for_each(|(line, index)| {
            let x = 5.0 + TEXT / 2.0 + LINE * f64::from(index);
            page.text(line, (x, self.area.centre().1), lettering)
        })
    }

    /// Writes in the middle that there are no data.
    pub fn no_data(&self, page: &Page) -> Result<(), PlotError> {
        let lettering = Lettering::new(SMALL, Anchor::Centre).colour(FAINT);
        page.text("no data", self.area.centre(), lettering)
    }
}
