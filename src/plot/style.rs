//! Basic types of drawing: sizes in pt, areas, strokes and lettering.

use super::colours::INK;
use plotters::style::RGBColor;

/// Width of one column of a journal, 89 mm, in pt.
pub(super) const COLUMN: f64 = 252.0;
/// Width between one and two columns, 130 mm, in pt.
pub(super) const COLUMN_AND_HALF: f64 = 368.0;
/// Width of two columns, 183 mm, in pt.
pub(super) const BOTH_COLUMNS: f64 = 519.0;

/// Size of most text, in pt.
pub(super) const TEXT: f64 = 6.5;
/// Size of titles, in pt.
pub(super) const TITLE: f64 = 8.0;
/// Size of notes and small numbers, in pt.
pub(super) const SMALL: f64 = 5.5;
/// Width of axes, in pt.
pub(super) const THIN: f64 = 0.5;

/// A position on the page: pt from the left, pt from the top.
pub(super) type Point = (f64, f64);

/// A part of the page, in pt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn centre(&self) -> Point {
        (
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        )
    }
}

/// How a line is drawn; `dash` is dash and gap in pt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub colour: RGBColor,
    pub opacity: f64,
    pub width: f64,
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    pub const fn solid(colour: RGBColor, width: f64) -> Self {
        Self {
            colour,
            opacity: 1.0,
            width,
            dash: None,
        }
    }

    pub const fn dashed(colour: RGBColor, width: f64, dash: (f64, f64)) -> Self {
        Self {
            colour,
            opacity: 1.0,
            width,
            dash: Some(dash),
        }
    }
}

/// Part of a text that lies at the given point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Left,
    Centre,
    Right,
}

/// Style of a text. The text is vertically centred at the given point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lettering {
    pub size: f64,
    pub colour: RGBColor,
    pub bold: bool,
    pub anchor: Anchor,
    /// True if the text runs upwards.
    pub upward: bool,
}

impl Lettering {
    pub const fn new(size: f64, anchor: Anchor) -> Self {
        Self {
            size,
            colour: INK,
            bold: false,
            anchor,
            upward: false,
        }
    }

    pub const fn colour(self, colour: RGBColor) -> Self {
        Self { colour, ..self }
    }

    pub const fn upward(self) -> Self {
        Self {
            upward: true,
            ..self
        }
    }
}
