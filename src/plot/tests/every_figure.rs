//! Properties of every figure.

use crate::plot::*;
use ndarray::{Array2, ArrayView2};
use proptest::collection::vec;
use proptest::prelude::*;
use resvg::tiny_skia::Pixmap;
use resvg::usvg;

/// Every figure of the module, with the same few numbers as data.
fn figures(
    title: &str,
    x: &[f64],
    y: &[f64],
    values: ArrayView2<f32>,
) -> Vec<Result<Figure, PlotError>> {
    let line = |name: &str| Line {
        name: name.to_owned(),
        x,
        y,
    };
    let title = || title.to_owned();
    let quantity = || "weight".to_owned();
    let unit = || "a.u.".to_owned();
    let window = |from_ms, until_ms| Interval {
        kind: "teacher".to_owned(),
        label: title(),
        from_ms,
        until_ms,
    };
    let ends = x.first().copied().zip(x.last().copied());
    let most = values.nrows().min(values.ncols());
    let counts = Array2::from_shape_fn((most, most), |(i, j)| values[[i, j]] as u64);
    vec![
        Membrane {
            title: title(),
            lines: vec![line("b"), line("I_a"), line("I_a other"), line(&title())],
            windows: ends
                .iter()
                .map(|&(from, until)| window(from, until))
                .collect(),
        }
        .draw(),
        Trajectories {
            title: title(),
            quantity: quantity(),
            unit: unit(),
            lines: (0..x.len()).map(|_| line(&title())).collect(),
        }
        .draw(),
        Statistics {
            title: title(),
            abscissa: Abscissa::Time,
            statistics: [
                Measure::Norm("W".to_owned()),
                Measure::Alignment,
                Measure::Angle,
            ]
            .map(|measure| Statistic {
                measure,
                heading: title(),
                lines: vec![
                    Course::alone(line("input")),
                    Course {
                        band: Some((y, x)),
                        stroke: Some(12),
                        ..Course::alone(line(&title()))
                    },
                ],
            })
            .to_vec(),
            notes: vec![title()],
        }
        .draw(),
        LearningCurve {
            title: title(),
            part: None,
            abscissa: Abscissa::Epoch,
            courses: vec![Course {
                band: Some((y, x)),
                ..Course::alone(line("training"))
            }],
            chosen: x.first().copied(),
            tests: y.iter().map(|&y| (title(), y)).collect(),
            notes: vec![title()],
        }
        .draw(),
        DotPlot {
            title: title(),
            quantity: quantity(),
            unit: unit(),
            groups: (0..y.len().min(9))
                .map(|index| Dots {
                    name: title(),
                    values: y[index..].to_vec(),
                    remark: title(),
                    stroke: None,
                })
                .collect(),
            notes: vec![title()],
        }
        .draw(),
        Messages {
            title: title(),
            rates: vec![line("input"), line(&title())],
            deltas: vec![line("teacher")],
            windows: (ends.iter())
                .map(|&(from, until)| window(from, until))
                .collect(),
        }
        .draw(),
        Growth {
            title: title(),
            count: "steps",
            quantity: (quantity(), unit()),
            axes: Axes::Logarithmic {
                promised: Some(1e-5),
            },
            panels: vec![
                (title(), vec![line("events"), line(&title())]),
                (String::new(), vec![line("dense")]),
            ],
        }
        .draw(),
        Sweep {
            title: title(),
            setting: title(),
            settings: y.iter().map(f64::to_string).collect(),
            outcomes: vec![Outcome {
                quantity: quantity(),
                unit: unit(),
                values: y.iter().map(|y| vec![*y, 2.0 * y]).collect(),
            }],
        }
        .draw(),
        Matrix {
            title: title(),
            quantity: quantity(),
            unit: unit(),
            values,
        }
        .draw(),
        Fields {
            title: title(),
            quantity: quantity(),
            unit: unit(),
            weights: values,
            shape: (1, values.ncols()),
            labels: Vec::new(),
        }
        .draw(),
        Confusion {
            title: title(),
            classes: &vec![title(); most],
            counts: counts.view(),
        }
        .draw(),
    ]
}

fn ordinary() -> (Vec<f64>, Vec<f64>, Array2<f32>) {
    let x: Vec<f64> = (1..=24).map(f64::from).collect();
    let y = x.iter().map(|x| 99.0 - 9.0 * (-x / 5.0).exp()).collect();
    let values = Array2::from_shape_fn((9, 30), |(i, j)| (i as f32 - 4.0) * (j as f32 - 15.0));
    (x, y, values)
}

#[test]
fn the_same_data_give_the_same_bytes_on_any_thread() {
    let (x, y, values) = ordinary();
    let draw = || -> Vec<Figure> {
        let drawn = figures("digits", &x, &y, values.view());
        drawn.into_iter().map(Result::unwrap).collect()
    };
    let here = draw();
    let there: Vec<Vec<Figure>> = std::thread::scope(|scope| {
        let threads = [scope.spawn(draw), scope.spawn(draw)];
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    assert!(there.iter().all(|figures| *figures == here));
}

#[test]
fn text_is_paths_and_pixels_are_300_an_inch() {
    let (x, y, values) = ordinary();
    for figure in figures("W < 1 & \"Θ\"", &x, &y, values.view()) {
        let figure = figure.unwrap();
        assert!(figure.svg().contains("<path") && !figure.svg().contains("<text"));
        assert!(!figure.svg().contains("font"), "a font is asked for");
        let tree = usvg::Tree::from_str(figure.svg(), &usvg::Options::default()).unwrap();
        let pixels = Pixmap::decode_png(figure.png()).unwrap();
        let inches = f64::from(tree.size().width()) / 96.0;
        assert!((f64::from(pixels.width()) - 300.0 * inches).abs() <= 0.5);
        let corner = pixels.pixel(0, 0).unwrap();
        assert_eq!(
            [corner.red(), corner.green(), corner.blue(), corner.alpha()],
            [255; 4]
        );
    }
}

#[test]
fn the_svg_shows_exactly_what_the_png_shows() {
    let (x, y, values) = ordinary();
    for figure in figures("digits", &x, &y, values.view()) {
        let figure = figure.unwrap();
        // An SVG without text needs no font, so the set of fonts is empty.
        let tree = usvg::Tree::from_str(figure.svg(), &usvg::Options::default()).unwrap();
        let png = Pixmap::decode_png(figure.png()).unwrap();
        let mut svg = Pixmap::new(png.width(), png.height()).unwrap();
        let scale = resvg::tiny_skia::Transform::from_scale(3.125, 3.125);
        svg.fill(resvg::tiny_skia::Color::WHITE);
        resvg::render(&tree, scale, &mut svg.as_mut());
        assert!(svg.data() == png.data());
    }
}

/// More lines, points, gaps, dashes and windows than elements that an SVG can hold.
#[test]
fn a_figure_of_very_much_data_is_drawn() {
    let trajectories = |lines| {
        let figure = Trajectories {
            title: String::new(),
            quantity: "weight".to_owned(),
            unit: "a.u.".to_owned(),
            lines,
        };
        figure.draw().unwrap()
    };
    let line = |x, y| Line {
        name: "w".to_owned(),
        x,
        y,
    };
    let ends = [[0.0, 1.0], [0.0, -1.0]];
    let many: Vec<Line> = (0..500_000).map(|n| line(&ends[0], &ends[n % 2])).collect();
    let elements = |figure: &Figure| figure.svg().matches("<path").count();
    assert!(elements(&trajectories(many)) < 1_000);

    let x: Vec<f64> = (0..300_000).map(f64::from).collect();
    let noise: Vec<f64> = (0..300_000)
        .map(|n| f64::from(n % 1009 * 7919 % 1009))
        .collect();
    let gaps: Vec<f64> = (0..300_000)
        .map(|n| {
            if n % 3 == 2 {
                f64::NAN
            } else {
                f64::from(n % 5)
            }
        })
        .collect();
    // Some of 20 lines are dashed and some dotted.
    let dashed = trajectories((0..20).map(|_| line(&x, &noise)).collect());
    assert!(elements(&dashed) < 1_000);
    assert!(elements(&trajectories(vec![line(&x, &gaps)])) < 10_000);

    let window = |n: &f64| Interval {
        kind: "stimulus".to_owned(),
        label: String::new(),
        from_ms: *n,
        until_ms: n + 0.5,
    };
    let membrane = Membrane {
        title: String::new(),
        lines: vec![line(&x, &noise)],
        windows: x.iter().map(window).collect(),
    };
    assert!(elements(&membrane.draw().unwrap()) < 10_000);
}

#[test]
fn lengths_that_differ_are_named() {
    let lines = vec![Line {
        name: "b".to_owned(),
        x: &[0.0, 1.0, 2.0],
        y: &[0.0, 1.0],
    }];
    let membrane = Membrane {
        title: String::new(),
        lines,
        windows: Vec::new(),
    };
    let error = membrane.draw().unwrap_err().to_string();
    assert!(
        error.contains("line `b`: found 2 values, expected 3"),
        "{error}"
    );

    let weights = Array2::zeros((3, 10));
    let fields = Fields {
        title: String::new(),
        quantity: String::new(),
        unit: String::new(),
        weights: weights.view(),
        shape: (3, 4),
        labels: Vec::new(),
    };
    let error = fields.draw().unwrap_err().to_string();
    assert!(
        error.contains("found 3 x 4, expected rows x columns = 10"),
        "{error}"
    );
}

#[test]
fn a_figure_is_saved_whole_and_a_failure_names_the_file() {
    let (x, y, values) = ordinary();
    let drawn = figures("digits", &x, &y, values.view());
    let figure = drawn.into_iter().next().unwrap().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let [svg, png] = figure.save(directory.path(), "membrane").unwrap();
    assert_eq!(std::fs::read_to_string(svg).unwrap(), figure.svg());
    assert_eq!(std::fs::read(png).unwrap(), figure.png());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);

    // A file is in the place of the directory.
    let nowhere = directory.path().join("membrane.svg/missing");
    let error = figure.save(&nowhere, "membrane").unwrap_err().to_string();
    assert!(
        error.contains("membrane.svg/missing/membrane.svg: cannot be written"),
        "{error}"
    );
}

/// Any number, with frequent special values.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1.0..1.0,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(0.0),
        Just(1e-12),
        Just(1e9),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE / 8.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]
    #[test]
    fn no_data_and_no_name_keep_a_figure_from_being_drawn(
        points in vec((number(), number()), 0..30),
        (rows, columns) in (0usize..4, 0usize..40),
        cell in any::<f32>(),
        title in any::<String>(),
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        let values = Array2::from_shape_fn((rows, columns), |(i, j)| {
            y.get(i * columns + j).map_or(cell, |y| *y as f32)
        });
        for figure in figures(&title, &x, &y, values.view()) {
            prop_assert!(figure.is_ok(), "{}", figure.unwrap_err());
        }
    }
}
