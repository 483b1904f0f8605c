//! How many senders make one product over everybody cheaper than columns one by one.
//!
//! `cargo bench --bench senders`

use std::time::Instant;

use apical::math::{columns, product};
use ndarray::{Array2, ShapeBuilder};

const ROUNDS: usize = 30;

fn best(mut work: impl FnMut()) -> f64 {
    let time = |_| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(time).fold(f64::INFINITY, f64::min)
}

fn main() {
    println!(
        "ns a synapse and trial, best of {ROUNDS}; the ratio is how many columns cost one product"
    );
    println!(
        "{:<24}{:>9}{:>9}{:>8}",
        "trials x pre -> post", "columns", "product", "ratio"
    );
    for (trials, pre, post) in [
        (128, 784, 1024),
        (64, 784, 1024),
        (64, 512, 256),
        (8, 784, 1024),
    ] {
        let matrix = Array2::from_elem((post, pre).f(), 0.1f32);
        let held = Array2::from_elem((trials, pre), 0.5f32);
        let mut current = Array2::zeros((trials, post));
        // One sender in sixteen of each trial, spread over all.
        let sends: Vec<_> = (0..trials)
            .flat_map(|trial| {
                (0..pre / 16).map(move |n| columns::Send {
                    trial,
                    sender: (n * 16 + trial) % pre,
                    old: 0.0,
                    change: 0.01,
                })
            })
            .collect();
        let weights = columns::Intercepts {
            scale: 1.0,
            matrix: &matrix,
            carry: None,
        };
        let mut sum = Array2::zeros((trials, post));
        let one_by_one = best(|| columns::read(&sends, weights, &mut sum));
        let at_once = best(|| {
            product::assign(1.0, held.view(), matrix.t(), current.view_mut());
        });
        let of_columns = one_by_one * 1e9 / (sends.len() * post) as f64;
        let of_product = at_once * 1e9 / (trials * pre * post) as f64;
        println!(
            "{:<24}{of_columns:>9.3}{of_product:>9.3}{:>8.1}",
            format!("{trials} x {pre} -> {post}"),
            of_columns / of_product
        );
    }
}
