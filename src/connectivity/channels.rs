//! Bias of a population with channels: one weight for all neurons of a channel.

use std::sync::Arc;

use super::Shape;
use super::structure::{Bundle, Numbers, Structure};

/// Synapses from one unit onto all neurons, with one weight for each channel.
#[derive(Clone, Debug)]
pub struct PerChannel {
    channels: usize,
    /// Neurons of each channel.
    each: usize,
    is_reversed: bool,
}

impl PerChannel {
    /// A bias of a population of this shape.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        let [channels, height, width] = shape.image();
        Self {
            channels,
            each: height * width,
            is_reversed: false,
        }
    }
}

impl Structure for PerChannel {
    fn shape(&self) -> (usize, usize) {
        let neurons = self.channels * self.each;
        match self.is_reversed {
            false => (neurons, 1),
            true => (1, neurons),
        }
    }

    fn parameters(&self) -> (usize, usize) {
        (self.channels, 1)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn bundles(&self, sender: usize, visit: &mut dyn FnMut(Bundle<'_>)) {
        let of = |first: usize, channel: usize, len: usize| Bundle {
            neurons: Numbers::Progression { first, step: 1 },
            parameters: Numbers::Progression {
                first: channel,
                step: 0,
            },
            len,
        };
        match self.is_reversed {
            true => visit(of(0, sender / self.each, 1)),
            false => (0..self.channels)
                .for_each(|channel| visit(of(channel * self.each, channel, self.each))),
        }
    }

    fn reversed(&self) -> Arc<dyn Structure> {
        Arc::new(Self {
            is_reversed: !self.is_reversed,
            ..self.clone()
        })
    }
}
