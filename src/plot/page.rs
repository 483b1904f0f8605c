//! A page in points (1/72 inch), drawn with plotters.

use super::colours::FAINT;
use super::error::PlotError;
use super::figure::Figure;
use super::font;
use super::raster::Raster;
use super::style::{Anchor, Area, COLUMN, Lettering, Point, SMALL, Stroke, TITLE};
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
};
use std::fmt::Write;

/// Whole units of plotters per pt.
const UNITS: f64 = 20.0;
/// Factor by which the text of plotters is smaller than the given size.
const FONT_SIZE: f64 = 1.24;
/// Distance from the top of text to its baseline in plotters, in em.
const TOP_TO_BASELINE: f64 = 0.76;

/// Largest number of dashes of one line: each is an element of the SVG.
const MOST_DASHES: f64 = 5000.0;

/// Page of a figure.
pub(super) struct Page<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    images: Vec<(Area, Raster)>,
    pub width: f64,
    pub height: f64,
}

impl Page<'_> {
    /// Draws a page of `width` x `height` pt.
    pub fn draw(
        size: (f64, f64),
        content: impl FnOnce(&mut Page) -> Result<(), PlotError>,
    ) -> Result<Figure, PlotError> {
        let mut body = String::new();
        // Whole numbers of units, so that a unit is as wide as it is high.
        let units = (
            (size.0 * UNITS).ceil() as u32,
            (size.1 * UNITS).ceil() as u32,
        );
        let (width, height) = (f64::from(units.0) / UNITS, f64::from(units.1) / UNITS);
        let images = {
            let mut page = Page {
                area: SVGBackend::with_string(&mut body, units).into_drawing_area(),
                images: Vec::new(),
                width,
                height,
            };
            content(&mut page)?;
            page.area.present().map_err(failed)?;
            page.images
        };
        Figure::from_drawing(
            &document((width, height), units, &images, &body),
            &images
                .into_iter()
                .map(|(_, raster)| raster)
                .collect::<Vec<_>>(),
        )
    }

    pub fn line(
        &self,
        points: impl IntoIterator<Item = Point>,
        stroke: Stroke,
    ) -> Result<(), PlotError> {
        let points: Vec<Point> = points.into_iter().collect();
        let length: f64 = (points.windows(2))
            .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1))
            .sum();
        // Dashes are invisible on a line that oscillates very densely.
        let dash = (stroke.dash).filter(|(dash, gap)| length / (dash + gap) < MOST_DASHES);
        let points: Vec<_> = points.into_iter().map(units).collect();
        let style = ShapeStyle {
            color: stroke.colour.mix(stroke.opacity),
            filled: false,
            stroke_width: (stroke.width * UNITS) as u32,
        };
        match dash {
            None => self.area.draw(&PathElement::new(points, style)),
            Some((dash, gap)) => {
                let (dash, gap) = ((dash * UNITS) as i32, (gap * UNITS) as i32);
                self.area
                    .draw(&DashedPathElement::new(points, dash, gap, style))
            }
        }
        .map_err(failed)
    }

    pub fn fill(&self, area: Area, colour: RGBColor, opacity: f64) -> Result<(), PlotError> {
        let corners = [
            units((area.left, area.top)),
            units((area.right, area.bottom)),
        ];
        self.area
            .draw(&Rectangle::new(corners, colour.mix(opacity).filled()))
            .map_err(failed)
    }

    pub fn outline(&self, area: Area, stroke: Stroke) -> Result<(), PlotError> {
        let (left, top, right, bottom) = (area.left, area.top, area.right, area.bottom);
        // The path passes the first corner twice, so that it is joined like the others.
        let corners = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
            (right, top),
        ];
        self.line(corners, stroke)
    }

    pub fn polygon(
        &self,
        points: impl IntoIterator<Item = Point>,
        colour: RGBColor,
        opacity: f64,
    ) -> Result<(), PlotError> {
        let points: Vec<_> = points.into_iter().map(units).collect();
        self.area
            .draw(&Polygon::new(points, colour.mix(opacity).filled()))
            .map_err(failed)
    }

    pub fn disc(&self, centre: Point, radius: f64, colour: RGBColor) -> Result<(), PlotError> {
        let radius = (radius * UNITS) as i32;
        self.area
            .draw(&Circle::new(units(centre), radius, colour.filled()))
            .map_err(failed)
    }

    /// Writes `text` at `at`; characters that cannot be printed become spaces.
    pub fn text(&self, text: &str, at: Point, lettering: Lettering) -> Result<(), PlotError> {
        let text: String = text.chars().map(font::printable).collect();
        if text.trim().is_empty() {
            return Ok(());
        }
        let style = if lettering.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        // The middle of the capitals is at the point.
        let shift = (font::CAP_HEIGHT / 2.0 - TOP_TO_BASELINE) * lettering.size;
        let (transform, at) = if lettering.upward {
            (FontTransform::Rotate270, (at.0 + shift, at.1))
        } else {
            (FontTransform::None, (at.0, at.1 + shift))
        };
        let horizontal = match lettering.anchor {
            Anchor::Left => HPos::Left,
            Anchor::Centre => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let font = FontDesc::new(
            FontFamily::Name(font::FAMILY),
            lettering.size * UNITS * FONT_SIZE,
            style,
        )
        .transform(transform);
        let style = TextStyle::from(font)
            .color(&lettering.colour)
            .pos(Pos::new(horizontal, VPos::Top));
        self.area
            .draw(&Text::new(text, units(at), style))
            .map_err(failed)
    }

    /// Writes a symbol of the model with its left end at `at`: the word after an underscore is a
    /// subscript, further words are plain.
    pub fn symbol(&self, symbol: &str, at: Point, lettering: Lettering) -> Result<(), PlotError> {
        let (base, subscript, rest) = parts(symbol);
        self.text(base, at, lettering)?;
        let small = Lettering {
            size: SUBSCRIPT * lettering.size,
            ..lettering
        };
        let x = at.0 + font::width(base, lettering.size, lettering.bold) + 0.2;
        self.text(subscript, (x, at.1 + 0.32 * lettering.size), small)?;
        let x = x + font::width(subscript, small.size, false) + SPACE * lettering.size;
        self.text(rest, (x, at.1), lettering)
    }

    /// Puts `image` behind all other elements.
    pub fn image(&mut self, area: Area, image: Raster) {
        self.images.push((area, image));
    }

    /// Writes the title at the top left; returns the height at which the content below it begins.
    pub fn title(&self, title: &str) -> Result<f64, PlotError> {
        const LEFT: f64 = 6.0;
        let text = font::fitted(title, TITLE, true, self.width - 2.0 * LEFT);
        if text.trim().is_empty() {
            return Ok(title_height(title));
        }
        let lettering = Lettering {
            bold: true,
            ..Lettering::new(TITLE, Anchor::Left)
        };
        self.text(&text, (LEFT, 9.0), lettering)?;
        Ok(title_height(title))
    }

    /// Writes the notes in the lower left corner, the last at the bottom; see [`notes_height`].
    pub fn notes(&self, notes: &[String]) -> Result<(), PlotError> {
        notes.iter().rev().zip(0u32..).try_for_each(|(note, row)| {
            let text = font::fitted(note, SMALL, false, self.width - 12.0);
            let y = self.height - 5.0 - NOTE_HEIGHT * f64::from(row);
            let lettering = Lettering::new(SMALL, Anchor::Left).colour(FAINT);
            self.text(&text, (6.0, y), lettering)
        })
    }
}

const NOTE_HEIGHT: f64 = 7.5;
const SUBSCRIPT: f64 = 0.75;
/// Space between the words of a symbol, in em.
const SPACE: f64 = 0.35;

/// Height of the notes at the bottom, including the lower margin, in pt.
pub(super) fn notes_height(notes: &[String]) -> f64 {
    match notes.len() {
        0 => 5.0,
        count => 5.0 + NOTE_HEIGHT * count as f64,
    }
}

/// Height of the title at the top, including the upper margin, in pt.
pub(super) fn title_height(title: &str) -> f64 {
    if title.trim().is_empty() { 8.0 } else { 20.0 }
}

/// Width in pt of a page for `content` pt and as much of the title as fits into a column.
pub(super) fn width_for(content: f64, title: &str) -> f64 {
    let title = font::width(&font::fitted(title, TITLE, true, COLUMN), TITLE, true);
    content.max((title + 12.0).min(COLUMN))
}

/// Width in pt of a [symbol](Page::symbol).
pub(super) fn symbol_width(symbol: &str, size: f64) -> f64 {
    let (base, subscript, rest) = parts(symbol);
    let space = if rest.is_empty() { 0.0 } else { SPACE };
    font::width(base, size, false)
        + 0.2
        + font::width(subscript, SUBSCRIPT * size, false)
        + space * size
        + font::width(rest, size, false)
}

/// Base, subscript and further words.
fn parts(symbol: &str) -> (&str, &str, &str) {
    let (symbol, rest) = symbol.split_once(' ').unwrap_or((symbol, ""));
    let (base, subscript) = symbol.split_once('_').unwrap_or((symbol, ""));
    (base, subscript, rest)
}

fn units((x, y): Point) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn failed(error: impl ToString) -> PlotError {
    PlotError::drawing("drawing with plotters", error)
}

/// The document of plotters with its size in points, a white ground, and below all other elements
/// the images, which plotters cannot scale.
fn document(
    (width, height): (f64, f64),
    units: (u32, u32),
    images: &[(Area, Raster)],
    body: &str,
) -> String {
    let mut document = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {} {}\" stroke-linejoin=\"round\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n",
        units.0, units.1
    );
    for (index, (area, _)) in images.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            document,
            "<image href=\"{index}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\"/>",
            area.left * UNITS,
            area.top * UNITS,
            area.width() * UNITS,
            area.height() * UNITS,
        );
    }
    document.push_str(body.split_once('\n').map_or("", |(_, shapes)| shapes));
    document
}
