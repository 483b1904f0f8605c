//! The pixels of a figure correspond to its data.

use crate::plot::*;
use plotters::style::RGBColor;
use resvg::tiny_skia::Pixmap;

#[test]
fn rising_lines_rise_and_falling_lines_fall() {
    // A falling line and a rising one: the colour of each must be found in its own corner.
    let (x, rising, falling) = ([0.0, 1.0], [0.0, 1.0], [1.0, 0.0]);
    let line = |name: &str, y| Line {
        name: name.to_owned(),
        x: &x,
        y,
    };
    let figure = Trajectories {
        title: String::new(),
        quantity: "weight".to_owned(),
        unit: "a.u.".to_owned(),
        lines: vec![line("up", &rising[..]), line("down", &falling[..])],
    }
    .draw()
    .unwrap();
    let pixels = Pixmap::decode_png(figure.png()).unwrap();
    let rows_of = |colour: RGBColor, from: f64, until: f64| -> Vec<u32> {
        let columns = |share: f64| (share * f64::from(pixels.width())) as u32;
        let wanted = [colour.0, colour.1, colour.2];
        (0..pixels.height())
            .filter(|&y| {
                (columns(from)..columns(until)).any(|x| {
                    let pixel = pixels.pixel(x, y).unwrap();
                    [pixel.red(), pixel.green(), pixel.blue()] == wanted
                })
            })
            .collect()
    };
    let up_left = rows_of(OKABE_ITO[0], 0.15, 0.35);
    let up_right = rows_of(OKABE_ITO[0], 0.6, 0.8);
    let down_right = rows_of(OKABE_ITO[1], 0.6, 0.8);
    assert!(up_right.last() < up_left.first(), "rows count downwards");
    assert!(up_right.last() < down_right.first());
}

/// Centre of the pixels that satisfy a condition, as shares of the width and height of the image.
fn centre_of(figure: &Figure, wanted: impl Fn([u8; 3]) -> bool) -> (f64, f64) {
    let pixels = Pixmap::decode_png(figure.png()).unwrap();
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let found: Vec<(usize, usize)> = pixels
        .pixels()
        .iter()
        .enumerate()
        .filter(|(_, pixel)| wanted([pixel.red(), pixel.green(), pixel.blue()]))
        .map(|(index, _)| (index % width, index / width))
        .collect();
    let mean = |sum: usize, side: usize| sum as f64 / (found.len() * side) as f64;
    (
        mean(found.iter().map(|at| at.0).sum(), width),
        mean(found.iter().map(|at| at.1).sum(), height),
    )
}

#[test]
fn rows_of_images_count_downwards_and_columns_to_the_right() {
    // Only the cell in the first row and the last column differs from 0.
    let values = ndarray::array![[0.0f32, 0.8], [0.0, 0.0]];
    let limit = |&[r, g, b]: &[u8; 3]| RGBColor(r, g, b) == diverging(1.0);
    let matrix = Matrix {
        title: String::new(),
        quantity: "weight".to_owned(),
        unit: "a.u.".to_owned(),
        values: values.view(),
    };
    let (x, y) = centre_of(&matrix.draw().unwrap(), |pixel| limit(&pixel));
    assert!(
        (0.4..0.7).contains(&x) && (0.1..0.4).contains(&y),
        "{x} {y}"
    );

    let weights = ndarray::array![[0.0f32, 0.0, 0.8, 0.0]];
    let fields = Fields {
        title: String::new(),
        quantity: "weight".to_owned(),
        unit: "a.u.".to_owned(),
        weights: weights.view(),
        shape: (2, 2),
        labels: Vec::new(),
    };
    let (x, y) = centre_of(&fields.draw().unwrap(), |pixel| limit(&pixel));
    assert!(
        (0.1..0.4).contains(&x) && (0.4..0.9).contains(&y),
        "{x} {y}"
    );

    // Class 0 is always answered as class 1; class 1 has no samples.
    let counts = ndarray::array![[0u64, 5], [0, 0]];
    let confusion = Confusion {
        title: String::new(),
        classes: &["0", "1"].map(str::to_owned),
        counts: counts.view(),
    };
    let always = sequential(1.0);
    let (x, y) = centre_of(&confusion.draw().unwrap(), |[r, g, b]| {
        RGBColor(r, g, b) == always
    });
    assert!(
        (0.4..0.8).contains(&x) && (0.1..0.5).contains(&y),
        "{x} {y}"
    );
}

#[test]
fn many_lines_have_their_mean_and_values_that_are_not_finite_a_note() {
    let x = [0.0, 1.0];
    let (low, high) = ([-1.0, -1.0], [1.0, 3.0]);
    let trajectories = |extra: &'static [f64; 2]| {
        let ys = (0..30).map(|index| if index % 2 == 0 { &low } else { &high });
        let lines = ys.chain([extra]).map(|y| Line {
            name: "w".to_owned(),
            x: &x,
            y: &y[..],
        });
        Trajectories {
            title: String::new(),
            quantity: "weight".to_owned(),
            unit: "a.u.".to_owned(),
            lines: lines.collect(),
        }
        .draw()
        .unwrap()
    };
    let whole = trajectories(&[0.0, 1.0]);
    let blue = OKABE_ITO[0];
    let (_, y) = centre_of(&whole, |[r, g, b]| RGBColor(r, g, b) == blue);
    // The mean extends from 0 to 1, slightly below the middle of the axis from -1 to 3.
    let png = Pixmap::decode_png(whole.png()).unwrap();
    let middle = (8.0 + 145.0 / 2.0) / 72.0 * 300.0 / f64::from(png.height());
    assert!(y > middle && y < middle + 0.15, "{y} and {middle}");

    let noted = Pixmap::decode_png(trajectories(&[f64::NAN, 1.0]).png()).unwrap();
    assert!(noted.height() > png.height());
}

#[test]
fn dots_are_at_their_values_and_what_lies_far_below_is_pointed_to() {
    let group = |values: &[f64]| Dots {
        name: "a".to_owned(),
        values: values.to_vec(),
        remark: "b".to_owned(),
        stroke: None,
    };
    let plot = |last: &[f64]| {
        let figure = DotPlot {
            title: String::new(),
            quantity: "accuracy".to_owned(),
            unit: "%".to_owned(),
            groups: vec![
                group(&[90.0, 92.0]),
                group(&[98.0, 96.0]),
                group(&[91.0, 95.0]),
                group(last),
            ],
            notes: Vec::new(),
        };
        figure.draw().unwrap()
    };
    let at = |figure: &Figure, index: usize| {
        centre_of(figure, |[r, g, b]| RGBColor(r, g, b) == OKABE_ITO[index])
    };
    let near = plot(&[94.0]);
    let (first, second, third, fourth) = (at(&near, 0), at(&near, 1), at(&near, 2), at(&near, 3));
    // The means are 91, 97, 93 and 94, from top to bottom.
    assert!(first.0 < third.0 && third.0 < fourth.0 && fourth.0 < second.0);
    assert!(first.1 < second.1 && second.1 < third.1 && third.1 < fourth.1);
    let share = (third.0 - first.0) / (second.0 - first.0);
    assert!((share - 1.0 / 3.0).abs() < 0.01, "{share}");

    // A value of 10 does not move the others, and a note is added.
    let far = plot(&[10.0]);
    assert!((at(&far, 0).0 - first.0).abs() < 0.01 && (at(&far, 1).0 - second.0).abs() < 0.01);
    assert!(at(&far, 3).0 < at(&far, 0).0);
    let height = |figure: &Figure| Pixmap::decode_png(figure.png()).unwrap().height();
    assert!(height(&far) > height(&near));
}

#[test]
fn no_dot_hides_another_or_the_mean() {
    let draw = |values: &[f64]| {
        let figure = DotPlot {
            title: String::new(),
            quantity: "accuracy".to_owned(),
            unit: "%".to_owned(),
            groups: vec![
                Dots {
                    name: "rule".to_owned(),
                    values: values.to_vec(),
                    remark: String::new(),
                    stroke: None,
                },
                // The axis is the same for all values of the first.
                Dots {
                    name: "other".to_owned(),
                    values: vec![50.0, 100.0],
                    remark: String::new(),
                    stroke: Some(1),
                },
            ],
            notes: Vec::new(),
        };
        figure.draw().unwrap()
    };
    let count = |figure: &Figure, colour: RGBColor| {
        let pixels = Pixmap::decode_png(figure.png()).unwrap();
        let wanted = [colour.0, colour.1, colour.2];
        let is =
            |p: &&resvg::tiny_skia::PremultipliedColorU8| [p.red(), p.green(), p.blue()] == wanted;
        pixels.pixels().iter().filter(is).count() as f64
    };
    let one = count(&draw(&[75.0]), OKABE_ITO[0]);
    for number in [2usize, 5, 9] {
        let dots = count(&draw(&vec![75.0; number]), OKABE_ITO[0]);
        assert!(
            dots > 0.95 * one * number as f64,
            "{number}: {dots} of {one} each"
        );
    }
    // The bar of the mean is complete, with or without dots behind it.
    let ink = RGBColor(32, 32, 32);
    let bare = count(&draw(&[74.0, 76.0]), ink);
    let covered = count(&draw(&[75.0; 3]), ink);
    assert!(covered > 0.95 * bare, "{covered} of {bare}");
}
