//! Receptive fields: the weights onto each neuron, in the shape of its input.

use super::colour_bar::{self, Symmetric};
use super::colours::FAINT;
use super::error::PlotError;
use super::figure::Figure;
use super::page::{Page, notes_height, title_height, width_for};
use super::raster::{Raster, block_means};
use super::stack::left_out;
use super::style::{Anchor, Area, BOTH_COLUMNS, COLUMN, Lettering, SMALL, Stroke, THIN};
use ndarray::{ArrayView2, s};

/// Largest number of fields in a figure.
const MOST_FIELDS: usize = 256;
/// Largest number of weights in a figure with each one visible: 100 fields of 28 x 28 pixels.
const MOST_WEIGHTS: usize = 80_000;
/// Largest number of pixels of one field along each side.
const MOST_PIXELS: usize = 128;

/// The receptive fields of a population, one image a neuron, all on one symmetric scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields<'a> {
    /// Written above the figure.
    pub title: String,
    /// Name of the quantity, for example `weight`.
    pub quantity: String,
    /// Unit, for example `a.u.`; empty if there is none.
    pub unit: String,
    /// `[neurons, rows x columns]`; the first neurons, if there are too many for one figure.
    pub weights: ArrayView2<'a, f32>,
    /// Number of rows and columns of the input, which starts at its upper left corner.
    pub shape: (usize, usize),
    /// Text above each field; the numbers of the neurons if empty.
    pub labels: Vec<String>,
}

/// Positions of the fields.
struct Grid {
    columns: usize,
    /// Width and height of one field in pt.
    field: (f64, f64),
    rows: usize,
}

const BETWEEN: f64 = 3.0;
/// Height above a field for the number of its neuron, in pt.
const NUMBER: f64 = 7.0;

impl Grid {
    fn new(count: usize, shape: (usize, usize), width: f64) -> Self {
        let aspect = (shape.0.max(1) as f64 / shape.1.max(1) as f64).clamp(0.1, 10.0);
        // The grid is about square; a field is `aspect` times as high as wide.
        let columns =
            ((count.max(1) as f64 * aspect).sqrt().ceil() as usize).clamp(1, count.max(1));
        const LARGEST: f64 = 60.0;
        let gaps = BETWEEN * (columns - 1) as f64;
        let wide = ((width - gaps) / columns as f64).min(LARGEST);
        Self {
            columns,
            field: (wide, (wide * aspect).min(3.0 * LARGEST)),
            rows: count.max(1).div_ceil(columns),
        }
    }

    fn place(&self, index: usize, left: f64, top: f64) -> Area {
        let (column, row) = (index % self.columns, index / self.columns);
        let left = left + column as f64 * (self.field.0 + BETWEEN);
        let top = top + row as f64 * (self.field.1 + NUMBER + 1.0) + NUMBER;
        Area {
            left,
            top,
            right: left + self.field.0,
            bottom: top + self.field.1,
        }
    }
}

impl Fields<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if a neuron has not rows x columns weights; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let (neurons, inputs) = self.weights.dim();
        let (rows, columns) = self.shape;
        if rows.checked_mul(columns) != Some(inputs) {
            return Err(PlotError::Shape {
                part: "shape of the receptive fields".to_owned(),
                found: format!("{rows} x {columns}"),
                expected: format!("rows x columns = {inputs}, the weights of a neuron"),
            });
        }
        let fitting = MOST_WEIGHTS.checked_div(inputs);
        let count = fitting.map_or(0, |fitting| neurons.min(fitting.clamp(1, MOST_FIELDS)));
        let shown = self.weights.slice(s![..count, ..]);
        let scale = Symmetric::of(shown.iter().map(|&weight| f64::from(weight)));
        let notes: Vec<String> = (count < neurons)
            .then(|| format!("The first {count} of {neurons} neurons are shown."))
            .into_iter()
            .chain(scale.note())
            .chain(left_out(shown.iter().filter(|w| !w.is_finite()).count()))
            .collect();

        const LEFT: f64 = 6.0;
        let page_width = if count > 36 {
            BOTH_COLUMNS * 0.71
        } else {
            COLUMN
        };
        let bar_room = colour_bar::room_right(&scale.axis(&self.quantity, &self.unit, 100.0));
        let grid = Grid::new(count, self.shape, page_width - LEFT - bar_room - 5.0);
        let top = title_height(&self.title) - 2.0;
        let whole = Area {
            left: LEFT,
            top: grid.place(0, LEFT, top).top,
            right: grid.place(grid.columns - 1, LEFT, top).right,
            bottom: grid.place(grid.columns * (grid.rows - 1), LEFT, top).bottom,
        };
        // A bar as high as many rows of fields would be too dominant.
        let beside = Area {
            bottom: whole.top + whole.height().clamp(40.0, 230.0),
            ..whole
        };
        let bar = scale.axis(&self.quantity, &self.unit, beside.height());
        let bottom = whole.bottom.max(beside.bottom + 8.0);
        let width = width_for(
            whole.right + colour_bar::room_right(&bar) + 5.0,
            &self.title,
        );
        Page::draw((width, bottom + 4.0 + notes_height(&notes)), |page| {
            page.title(&self.title)?;
            let number = Lettering::new(SMALL, Anchor::Left).colour(FAINT);
            for (index, weights) in shown.outer_iter().enumerate() {
                let area = grid.place(index, LEFT, top);
                // A copy, since the rows of the given view need not be contiguous.
                let field = weights
                    .to_owned()
                    .into_shape_with_order(self.shape)
                    .map_err(|error| PlotError::drawing("shaping a field", error))?;
                page.image(area, image(field.view(), &scale));
                let label = self.labels.get(index).cloned();
                page.text(
                    &label.unwrap_or_else(|| index.to_string()),
                    (area.left, area.top - NUMBER / 2.0),
                    number,
                )?;
                page.outline(area, Stroke::solid(FAINT, THIN / 2.0))?;
            }
            if count == 0 {
                page.text(
                    "no data",
                    whole.centre(),
                    Lettering::new(SMALL, Anchor::Centre),
                )?;
            }
            colour_bar::draw(page, beside, &bar, |value| scale.colour(value))?;
            page.notes(&notes)
        })
    }
}

fn image(field: ArrayView2<f32>, scale: &Symmetric) -> Raster {
    let (rows, columns) = field.dim();
    let block = (rows.div_ceil(MOST_PIXELS), columns.div_ceil(MOST_PIXELS));
    Raster::new(block_means(field, block).view(), |&value| {
        scale.colour(value)
    })
}
