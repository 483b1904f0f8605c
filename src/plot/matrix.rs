//! The weights of a projection as an image.

use super::colour_bar::{self, Symmetric};
use super::colours::INK;
use super::error::PlotError;
use super::figure::Figure;
use super::frame::{Axis, Frame, ROOM_BELOW, room_left};
use super::page::{Page, notes_height, title_height, width_for};
use super::raster::{Raster, block_means};
use super::stack::left_out;
use super::style::{Area, COLUMN, Stroke, THIN};
use ndarray::ArrayView2;

/// Largest number of pixels of the image along each side.
const MOST_PIXELS: usize = 512;

/// A weight matrix, negative weights in blue and positive ones in red.
///
/// A matrix larger than the image is drawn as means over blocks, and a note states this.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<'a> {
    /// Written above the figure.
    pub title: String,
    /// Name of the quantity, for example `weight`.
    pub quantity: String,
    /// Unit, for example `a.u.`; empty if there is none.
    pub unit: String,
    /// Values, `[post, pre]`; the first postsynaptic neuron is at the top.
    pub values: ArrayView2<'a, f32>,
}

impl Matrix<'_> {
    /// # Errors
    /// [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let (rows, columns) = self.values.dim();
        let block = (
            rows.div_ceil(MOST_PIXELS).max(1),
            columns.div_ceil(MOST_PIXELS).max(1),
        );
        let means = block_means(self.values, block);
        let scale = Symmetric::of(means.iter().copied());
        let averaged = (block != (1, 1)).then(|| {
            let sizes = format!("{} × {}", block.0, block.1);
            format!("Each pixel is the mean of {sizes} values (post × pre).")
        });
        let notes: Vec<String> = averaged
            .into_iter()
            .chain(scale.note())
            .chain(left_out(
                self.values.iter().filter(|v| !v.is_finite()).count(),
            ))
            .collect();

        let y = index_axis("postsynaptic neuron", rows, 6);
        let left = room_left(y.widest(), 1);
        let widest = COLUMN - left - 5.0 - colour_bar::room_right(&scale.axis("", "", 100.0));
        // Cells are square unless the image would be too narrow.
        let shape = rows as f64 / columns.max(1) as f64;
        let high = (widest * shape).clamp(68.0, 180.0);
        let wide = if shape > 0.0 {
            (high / shape).clamp(56.0, widest)
        } else {
            widest
        };
        let top = title_height(&self.title) + 2.0;
        let area = Area {
            left,
            top,
            right: left + wide,
            bottom: top + high,
        };
        let x = index_axis("presynaptic neuron", columns, (wide / 28.0) as usize);
        let frame = Frame { area, x, y };
        let bar = scale.axis(&self.quantity, &self.unit, high);
        let width = width_for(area.right + colour_bar::room_right(&bar) + 5.0, &self.title);
        let height = area.bottom + ROOM_BELOW + 4.0 + notes_height(&notes);

        Page::draw((width, height), |page| {
            page.title(&self.title)?;
            if means.is_empty() {
                frame.no_data(page)?;
            } else {
                page.image(
                    area,
                    Raster::new(means.view(), |&value| scale.colour(value)),
                );
            }
            frame.ticks_outside(page)?;
            page.outline(area, Stroke::solid(INK, THIN))?;
            frame.x_label(page)?;
            frame.y_label(page, high + 6.0)?;
            colour_bar::draw(page, area, &bar, |value| scale.colour(value))?;
            page.notes(&notes)
        })
    }
}

/// Axis of `count` cells numbered from 0, with ticks at their centres.
fn index_axis(quantity: &str, count: usize, most: usize) -> Axis {
    Axis::integers(quantity, (-0.5, count.max(1) as f64 - 0.5), most)
}
