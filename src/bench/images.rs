//! Images of 28 x 28 pixels: MNIST if available, otherwise enlarged digits of this package.

use std::path::Path;

use ndarray::{Array2, Axis};

use crate::data::formats::table;
use crate::data::{Classes, DataError, Encoding, Source};

/// Mean and deviation of the pixels of MNIST.
const MNIST: Encoding = Encoding::Standardize {
    mean: 33.3285,
    std: 78.5655,
};

/// Standardised images and their classes.
pub struct Images {
    /// Images x 784 rates.
    pub inputs: Array2<f32>,
    /// Class of each image.
    pub labels: Vec<usize>,
    /// Name of the data.
    pub name: &'static str,
}

impl Images {
    /// Training images of MNIST in `directory`; without a directory, the 1797 digits of 8 x 8
    /// pixels in `scenarios/data`, enlarged.
    ///
    /// # Errors
    /// [`DataError`] for a missing or damaged file.
    pub fn load(directory: Option<&Path>, scenarios: &Path) -> Result<Self, DataError> {
        let Some(directory) = directory else {
            return Self::enlarged(scenarios);
        };
        let source = Source::Idx {
            directory: None,
            folder: Some("mnist".into()),
            images: "train-images-idx3-ubyte".into(),
            labels: "train-labels-idx1-ubyte".into(),
            test_images: None,
            test_labels: None,
            classes: Classes::default(),
        };
        let data = source.load(Path::new(""), Some(directory))?.train;
        Ok(Self {
            inputs: MNIST.encode(data.inputs)?,
            labels: data.labels,
            name: "MNIST",
        })
    }

    fn enlarged(scenarios: &Path) -> Result<Self, DataError> {
        let data = table::plain(&scenarios.join("data/digits.csv.gz"))?;
        let mut inputs = Array2::<f32>::zeros((data.samples(), 784));
        let raw = Encoding::default().encode(data.inputs)?;
        for (mut large, small) in inputs.rows_mut().into_iter().zip(raw.rows()) {
            for row in 0..24 {
                for column in 0..24 {
                    // Each pixel becomes three by three, with an empty margin as in MNIST.
                    let pixel = small[row / 3 * 8 + column / 3];
                    large[(row + 2) * 28 + column + 2] = pixel * (255.0 / 16.0);
                }
            }
        }
        Ok(Self {
            inputs: MNIST.encode(inputs)?,
            labels: data.labels,
            name: "enlarged digits",
        })
    }

    /// Inputs and targets of batch `n`, trials x 784 and trials x 10, with label smoothing 0.1.
    #[must_use]
    pub fn batch(&self, n: usize, trials: usize) -> (Array2<f32>, Array2<f32>) {
        let all = self.labels.len();
        let chosen: Vec<usize> = (0..trials).map(|t| (n * trials + t) % all).collect();
        let targets = Array2::from_shape_fn((trials, 10), |(t, class)| {
            0.01 + 0.9 * f32::from(self.labels[chosen[t]] == class)
        });
        (self.inputs.select(Axis(0), &chosen), targets)
    }
}
