//! A source of data: clouds of points on a circle, one for each class.

use apical::data::{Dataset, OwnSource};
use apical::math::random::stream;
use apical::parameter::Parameter;
use ndarray::Array2;
use rand_distr::{Distribution, Normal};

pub const BLOBS: OwnSource = OwnSource {
    name: "blobs",
    about: "clouds of points on a circle, one for each class",
    parameters: &[
        Parameter {
            name: "classes",
            default: 3.0,
            range: (2.0, 100.0),
            meaning: "number of classes",
        },
        Parameter {
            name: "spread",
            default: 0.2,
            range: (0.0, 10.0),
            meaning: "standard deviation of a cloud; the circle has radius 1",
        },
    ],
    load: |parameters, _| {
        let classes = parameters.get("classes") as usize;
        let labels: Vec<usize> = (0..40 * classes).map(|sample| sample % classes).collect();
        let mut random = stream(1, "blobs", 0);
        let noise = Normal::new(0.0, parameters.get("spread")).expect("a spread is in its range");
        let inputs = Array2::from_shape_fn((labels.len(), 2), |(sample, feature)| {
            let angle = labels[sample] as f32 / classes as f32 * std::f32::consts::TAU;
            [angle.cos(), angle.sin()][feature] + noise.sample(&mut random)
        });
        Ok((Dataset::new("blobs", inputs, labels, classes)?, None))
    },
};
