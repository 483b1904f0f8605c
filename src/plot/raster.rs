//! Images whose colours stand for numbers.

use super::error::PlotError;
use ndarray::{Array2, ArrayView2, s};
use plotters::style::RGBColor;
use resvg::tiny_skia::{ColorU8, Pixmap};

/// An opaque image, with rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Raster {
    pixels: Array2<[u8; 3]>,
}

impl Raster {
    /// Image with one pixel for each value.
    pub fn new<T>(values: ArrayView2<T>, colour: impl Fn(&T) -> RGBColor) -> Self {
        Self {
            pixels: values.map(|value| {
                let RGBColor(red, green, blue) = colour(value);
                [red, green, blue]
            }),
        }
    }

    /// PNG file of the image.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        let (rows, columns) = self.pixels.dim();
        let mut pixmap = u32::try_from(columns)
            .ok()
            .zip(u32::try_from(rows).ok())
            .and_then(|(columns, rows)| Pixmap::new(columns, rows))
            .ok_or_else(|| {
                PlotError::drawing("making an image", format!("{rows} x {columns} pixels"))
            })?;
        for (to, [red, green, blue]) in pixmap.pixels_mut().iter_mut().zip(&self.pixels) {
            *to = ColorU8::from_rgba(*red, *green, *blue, u8::MAX).premultiply();
        }
        pixmap
            .encode_png()
            .map_err(|error| PlotError::drawing("encoding an image", error))
    }
}

/// Means of the finite values in blocks of `block` (rows, columns); NaN for a block without any.
/// Blocks at the lower and right edges may be smaller.
pub(super) fn block_means(values: ArrayView2<f32>, block: (usize, usize)) -> Array2<f64> {
    let (rows, columns) = values.dim();
    let (high, wide) = (block.0.max(1), block.1.max(1));
    Array2::from_shape_fn((rows.div_ceil(high), columns.div_ceil(wide)), |(i, j)| {
        let (top, left) = (i * high, j * wide);
        let (sum, count) = values
            .slice(s![
                top..rows.min(top + high),
                left..columns.min(left + wide)
            ])
            .iter()
            .filter(|value| value.is_finite())
            .fold((0.0, 0u32), |(sum, count), &value| {
                (sum + f64::from(value), count + 1)
            });
        sum / f64::from(count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn block_means_leave_out_what_is_not_finite() {
        let nan = f32::NAN;
        let values = array![[1.0, 3.0, nan], [5.0, nan, nan], [2.0, 4.0, 8.0]];
        let means = block_means(values.view(), (2, 2));
        assert_eq!(means.dim(), (2, 2));
        assert_eq!(
            (means[[0, 0]], means[[1, 0]], means[[1, 1]]),
            (3.0, 3.0, 8.0)
        );
        assert!(means[[0, 1]].is_nan());
        assert_eq!(block_means(values.view(), (1, 1))[[2, 1]], 4.0);
    }

    #[test]
    fn pixels_are_kept_by_the_file() {
        let colours = array![[0u8, 10], [200, 255], [1, 2]];
        let png = Raster::new(colours.view(), |&v| RGBColor(v, 255 - v, 7))
            .png()
            .unwrap();
        let read = Pixmap::decode_png(&png).unwrap();
        assert_eq!((read.width(), read.height()), (2, 3));
        let pixel = read.pixel(0, 1).unwrap();
        assert_eq!((pixel.red(), pixel.green(), pixel.blue()), (200, 55, 7));
        assert!(
            Raster::new(Array2::<u8>::zeros((0, 3)).view(), |_| RGBColor(0, 0, 0))
                .png()
                .is_err()
        );
    }
}
