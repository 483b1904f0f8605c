//! Windows of an image: the geometry of convolutions, local fields and pools.

use super::Shape;

/// Windows that move over an image of `channels x height x width` senders. The window of the
/// receiver at row `y` and column `x` covers the rows `y stride - padding` to `y stride - padding +
/// kernel - 1`, and columns likewise; places outside the image have no neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Channels, height and width of the image.
    pub image: [usize; 3],
    /// Height and width of a window.
    pub kernel: [usize; 2],
    /// Distance between neighbouring windows, in rows and columns.
    pub stride: [usize; 2],
    /// Rows and columns of places without neurons around the image.
    pub padding: [usize; 2],
    /// Rows and columns of windows.
    pub places: [usize; 2],
}

/// Largest number of places of a window.
const MOST_TAPS: usize = 1 << 24;

impl Windows {
    /// Windows over an image of this shape.
    ///
    /// # Errors
    /// A description of the problem: a kernel or a stride of 0, a kernel that is too large, or padding
    /// as wide as the kernel.
    pub fn new(
        image: Shape,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Result<Self, String> {
        let image = image.image();
        let mut places = [0; 2];
        for (axis, name) in ["height", "width"].into_iter().enumerate() {
            let (length, kernel) = (image[axis + 1], kernel[axis]);
            let (stride, padding) = (stride[axis], padding[axis]);
            if kernel == 0 || stride == 0 {
                return Err(format!(
                    "the {name} of a kernel and its stride are at least 1; found {kernel} and {stride}"
                ));
            }
            if padding >= kernel {
                return Err(format!(
                    "a padding of {padding} with a kernel {name} of {kernel} makes windows without \
                     any sender; expected less padding than the kernel"
                ));
            }
            let padded = length.saturating_add(padding.saturating_mul(2));
            if kernel > padded {
                return Err(format!(
                    "a kernel {name} of {kernel} is larger than the image of the senders, {length} \
                     with a padding of {padding}; expected {padded} at most"
                ));
            }
            let longest = 2 * length - 1;
            if kernel > longest {
                return Err(format!(
                    "a kernel {name} of {kernel} has places that never lie in an image of {length}; \
                     expected {longest} at most"
                ));
            }
            places[axis] = (padded - kernel) / stride + 1;
        }
        let taps = image[0].saturating_mul(kernel[0]).saturating_mul(kernel[1]);
        if taps > MOST_TAPS {
            return Err(format!(
                "a kernel of {} x {} over {} channels has {taps} weights; expected {MOST_TAPS} at \
                 most",
                kernel[0], kernel[1], image[0]
            ));
        }
        Ok(Self {
            image,
            kernel,
            stride,
            padding,
            places,
        })
    }

    /// Number of senders.
    #[must_use]
    pub fn senders(&self) -> usize {
        self.image.iter().product()
    }

    /// Number of windows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.places[0] * self.places[1]
    }

    /// Number of places of a window over all channels.
    #[must_use]
    pub fn taps(&self) -> usize {
        self.image[0] * self.kernel[0] * self.kernel[1]
    }

    /// Row of the image, or column for `axis` 1, at `tap` of the window at `place`.
    #[inline(always)]
    #[must_use]
    pub fn along(&self, axis: usize, place: usize, tap: usize) -> Option<usize> {
        let at = (place * self.stride[axis] + tap).checked_sub(self.padding[axis])?;
        (at < self.image[axis + 1]).then_some(at)
    }

    /// Windows along an axis that cover a row (or column), with the tap of each.
    pub fn covering(&self, axis: usize, at: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
        let padded = at + self.padding[axis];
        let first = (padded + 1).saturating_sub(kernel).div_ceil(stride);
        let last = (padded / stride).min(self.places[axis] - 1);
        (first..=last).map(move |place| (place, padded - place * stride))
    }

    /// Calls a function with the sender and the tap of each place of a window in one channel.
    #[inline(always)]
    pub fn window(&self, [y, x]: [usize; 2], channel: usize, mut each: impl FnMut(usize, usize)) {
        let [_, height, width] = self.image;
        let [rows, columns] = self.kernel;
        for dy in 0..rows {
            let Some(row) = self.along(0, y, dy) else {
                continue;
            };
            for dx in 0..columns {
                if let Some(column) = self.along(1, x, dx) {
                    let tap = (channel * rows + dy) * columns + dx;
                    each((channel * height + row) * width + column, tap);
                }
            }
        }
    }

    /// Copies the values of one trial into patches, taps x windows; places outside the image are 0.
    pub(crate) fn unfold(&self, image: &[f32], patches: &mut [f32]) {
        let [channels, height, width] = self.image;
        let [rows, columns] = self.kernel;
        let [high, wide] = self.places;
        let mut to = patches.chunks_exact_mut(high * wide);
        for channel in 0..channels {
            let plane = &image[channel * height * width..(channel + 1) * height * width];
            for dy in 0..rows {
                for dx in 0..columns {
                    let to = to.next().expect("there is a row for each tap");
                    let within = self.within(dx);
                    for (y, to) in to.chunks_exact_mut(wide).enumerate() {
                        let Some(row) = self.along(0, y, dy) else {
                            to.fill(0.0);
                            continue;
                        };
                        if within.is_empty() {
                            to.fill(0.0);
                            continue;
                        }
                        let from = &plane[row * width..(row + 1) * width];
                        to[..within.start].fill(0.0);
                        to[within.end..].fill(0.0);
                        let first = within.start * self.stride[1] + dx - self.padding[1];
                        let inside = &mut to[within.clone()];
                        if self.stride[1] == 1 {
                            inside.copy_from_slice(&from[first..first + inside.len()]);
                        } else {
                            let from = from[first..].iter().step_by(self.stride[1]);
                            inside
                                .iter_mut()
                                .zip(from)
                                .for_each(|(to, from)| *to = *from);
                        }
                    }
                }
            }
        }
    }

    /// Adds patches, taps x windows, to the places of one trial's image that they cover.
    pub(crate) fn fold(&self, patches: &[f32], image: &mut [f32]) {
        let [channels, height, width] = self.image;
        let [rows, columns] = self.kernel;
        let [high, wide] = self.places;
        let mut from = patches.chunks_exact(high * wide);
        for channel in 0..channels {
            let plane = &mut image[channel * height * width..(channel + 1) * height * width];
            for dy in 0..rows {
                for dx in 0..columns {
                    let from = from.next().expect("there is a row for each tap");
                    let within = self.within(dx);
                    if within.is_empty() {
                        continue;
                    }
                    for (y, from) in from.chunks_exact(wide).enumerate() {
                        let Some(row) = self.along(0, y, dy) else {
                            continue;
                        };
                        let to = &mut plane[row * width..(row + 1) * width];
                        let first = within.start * self.stride[1] + dx - self.padding[1];
                        let inside = &from[within.clone()];
                        if self.stride[1] == 1 {
                            (to[first..first + inside.len()].iter_mut().zip(inside))
                                .for_each(|(to, from)| *to += from);
                        } else {
                            let to = to[first..].iter_mut().step_by(self.stride[1]);
                            to.zip(inside).for_each(|(to, from)| *to += from);
                        }
                    }
                }
            }
        }
    }

    /// Columns of windows whose tap `dx` is within the image.
    fn within(&self, dx: usize) -> std::ops::Range<usize> {
        let (stride, padding, wide) = (self.stride[1], self.padding[1], self.places[1]);
        let start = padding.saturating_sub(dx).div_ceil(stride).min(wide);
        // Columns x with x stride + dx - padding < width.
        let end = (self.image[2] + padding)
            .saturating_sub(dx)
            .div_ceil(stride);
        start..end.clamp(start, wide)
    }
}
