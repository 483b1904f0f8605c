//! Single values by group: a row of dots for each, with their mean.

use super::colours::{FAINT, INK, WHITE};
use super::curve::distinct;
use super::error::PlotError;
use super::figure::Figure;
use super::font;
use super::frame::{Axis, Frame, ROOM_BELOW, TICK, TICK_GAP};
use super::page::{Page, notes_height, title_height};
use super::stack::left_out;
use super::style::{Anchor, Area, COLUMN, COLUMN_AND_HALF, Lettering, Stroke, TEXT, THIN};
use super::ticks::{extent, padded, usable, without_stragglers};

/// The values of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Dots {
    /// What the group is.
    pub name: String,
    /// Its values, a dot each.
    pub values: Vec<f64>,
    /// Written at the right end of its row; may be empty.
    pub remark: String,
    /// Which of the strokes that lines are told apart by has its colour; absent: as its place
    /// says.
    pub stroke: Option<usize>,
}

/// Groups of values on one horizontal axis, a row each, the first above. Dots of a group are set
/// a little apart from above to below, in their order; the bar is their mean. Groups that lie far
/// below all others are beyond the axis, and an arrow and a note say so.
#[derive(Clone, Debug, PartialEq)]
pub struct DotPlot {
    /// Written above the figure.
    pub title: String,
    /// What the values are.
    pub quantity: String,
    /// Their unit, which may be empty.
    pub unit: String,
    /// Rows from above.
    pub groups: Vec<Dots>,
    /// Written below the figure.
    pub notes: Vec<String>,
}

/// Height of a row.
const ROW: f64 = 13.0;

impl DotPlot {
    /// # Errors
    /// [`PlotError::Drawing`]
    pub fn draw(&self) -> Result<Figure, PlotError> {
        const SHARE_OF_TEXT: f64 = 0.35;
        const MARGIN: f64 = 6.0;
        let widest = |texts: &dyn Fn(&Dots) -> &str| {
            let widths = (self.groups.iter()).map(|group| font::width(texts(group), TEXT, false));
            widths.fold(0.0, f64::max)
        };
        let (names, remarks) = (widest(&|group| &group.name), widest(&|group| &group.remark));
        let width = match names + remarks > COLUMN / 2.0 {
            true => COLUMN_AND_HALF,
            false => COLUMN,
        };
        let (names, remarks) = (
            names.min(SHARE_OF_TEXT * width),
            remarks.min(SHARE_OF_TEXT * width),
        );
        let values = || self.groups.iter().flat_map(|group| &group.values).copied();
        let mut notes = self.notes.clone();
        notes.extend(left_out(values().filter(|value| !usable(*value)).count()));

        let (low, high) = self.range();
        if values().any(|value| usable(value) && value < low) {
            notes.push("Triangles point to what lies left of the axis.".to_owned());
        }

        let top = title_height(&self.title);
        let area = Area {
            left: MARGIN + names + TICK + TICK_GAP,
            top,
            right: width - remarks - 2.0 * MARGIN,
            bottom: top + ROW * self.groups.len().max(1) as f64,
        };
        let labels: Vec<String> = (self.groups.iter())
            .map(|group| font::fitted(&group.name, TEXT, false, names + 0.1))
            .collect();
        let rows = Axis::settings("", &labels);
        let last = self.groups.len().max(1) as f64 - 0.5;
        let frame = Frame {
            area,
            x: Axis::new(
                &self.quantity,
                &self.unit,
                (low, high),
                (area.width() / 30.0) as usize,
            ),
            // The first row is above.
            y: Axis {
                range: (last, -0.5),
                ..rows
            },
        };
        let height = area.bottom + ROOM_BELOW + 4.0 + notes_height(&notes);
        Page::draw((width, height), |page| {
            page.title(&self.title)?;
            for (index, group) in self.groups.iter().enumerate() {
                row(page, &frame, index, group, (width - MARGIN, remarks))?;
            }
            if self.groups.is_empty() {
                frame.no_data(page)?;
            }
            frame.spines(page)?;
            frame.x_ticks(page, true)?;
            frame.x_label(page)?;
            page.notes(&notes)
        })
    }

    /// Range of the horizontal axis.
    fn range(&self) -> (f64, f64) {
        const FINE: f64 = 0.01;
        let mean = |group: &Dots| {
            let (sum, count) = usable_values(group).fold((0.0, 0), |(s, n), v| (s + v, n + 1));
            sum / f64::from(count)
        };
        let means = || self.groups.iter().map(mean);
        let largest = means()
            .filter(|mean| usable(*mean))
            .fold(0.0, |m: f64, v| m.max(v.abs()));
        let worst = without_stragglers(means(), FINE * largest).map(|means| means.0);
        let kept = self
            .groups
            .iter()
            .filter(|group| worst.is_none_or(|worst| mean(group) >= worst));
        padded(extent(kept.flat_map(usable_values)), 0.06)
    }
}

fn usable_values(group: &Dots) -> impl Iterator<Item = f64> {
    group.values.iter().copied().filter(|value| usable(*value))
}

fn row(
    page: &Page,
    frame: &Frame,
    index: usize,
    group: &Dots,
    (right, room): (f64, f64),
) -> Result<(), PlotError> {
    const DOT: f64 = 1.5;
    /// Part of a row that the dots take.
    const SPREAD: f64 = 0.55;
    /// Part of a row that the mean takes.
    const BAR: f64 = 0.8;
    let y = frame.y_at(index as f64);
    let Area {
        left, right: end, ..
    } = frame.area;
    let guide = Stroke {
        opacity: 0.35,
        ..Stroke::solid(FAINT, THIN / 2.0)
    };
    page.line([(left, y), (end, y)], guide)?;
    let Stroke { colour, dash, .. } = distinct(group.stroke.unwrap_or(index), 1.0);
    let values = || usable_values(group);
    let count = values().count();
    let inside = |x: &f64| *x >= left;
    let mean = frame.x_at(values().sum::<f64>() / count as f64);
    if count > 0 && inside(&mean) {
        let half = BAR * ROW / 2.0;
        page.line(
            [(mean, y - half), (mean, y + half)],
            Stroke::solid(INK, 1.0),
        )?;
    }
    for (place, value) in values().enumerate() {
        let share = (place as f64 + 0.5) / count as f64 - 0.5;
        let y = y + SPREAD * ROW * share;
        let x = frame.x_at(value);
        if inside(&x) {
            page.disc((x, y), DOT, colour)?;
            // What is dashed as a line is hollow as a dot.
            if dash.is_some() {
                page.disc((x, y), DOT / 2.0, WHITE)?;
            }
        }
    }
    if values().any(|value| !inside(&frame.x_at(value))) {
        let (tip, foot) = (left + 2.0, left + 2.0 + 2.0 * DOT);
        page.polygon([(tip, y), (foot, y - DOT), (foot, y + DOT)], colour, 1.0)?;
    }
    let remark = font::fitted(&group.remark, TEXT, false, room + 0.1);
    page.text(&remark, (right, y), Lettering::new(TEXT, Anchor::Right))
}
