//! Matrix products of the shapes that occur in a step, by the crate that the engine uses and by
//! the one inside `ndarray`, in turn, in one process. Best of many short runs, in GFlop/s.
//!
//! `cargo bench --bench products`

use std::time::Instant;

use apical::math::product;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, ShapeBuilder};

const ROUNDS: usize = 40;

/// Floating-point operations of a run: short enough to fall between interruptions.
const RUN: f64 = 3e7;

type View<'a> = ArrayView2<'a, f32>;
type Multiply = fn(View<'_>, View<'_>, ArrayViewMut2<'_, f32>);

const ENGINE: Multiply = |a, b, out| product::accumulate(1.0, a, b, out);
const ASSIGN: Multiply = |a, b, out| product::assign(1.0, a, b, out);
const NDARRAY: Multiply = |a, b, mut out| general_mat_mul(1.0, &a, &b, 1.0, &mut out);

/// Crate, threads and product.
const CANDIDATES: [(&str, usize, Multiply); 4] = [
    ("ndarray", 1, NDARRAY),
    ("gemm", 1, ENGINE),
    ("gemm", 2, ENGINE),
    ("assign", 1, ASSIGN),
];

fn matrix(rows: usize, columns: usize, fortran: bool) -> Array2<f32> {
    let value = |(i, j)| ((i * 31 + j * 17) % 13) as f32 * 1e-3;
    Array2::from_shape_fn((rows, columns).set_f(fortran), value)
}

fn main() {
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build();
    let pools = [1, 2].map(|n| pool(n).expect("threads can be started"));
    let mut table = Vec::new();
    for layout in ["column", "row"] {
        for trials in [128, 64, 1] {
            for (pre, post) in [(784, 1024), (1024, 512), (512, 256), (256, 10)] {
                let sent = matrix(trials, pre, false);
                let factors = matrix(trials, post, false);
                let mut weights = matrix(post, pre, layout == "column");
                let mut currents = matrix(trials, post, false);
                let operations = 2.0 * (trials * pre * post) as f64;
                let repeats = (RUN / operations).clamp(1.0, 2000.0) as usize;
                let mut best = [[f64::INFINITY; CANDIDATES.len()]; 2];
                for _ in 0..ROUNDS {
                    for (i, (_, threads, multiply)) in CANDIDATES.iter().enumerate() {
                        pools[threads - 1].install(|| {
                            let time = |best: &mut f64, run: &mut dyn FnMut()| {
                                let started = Instant::now();
                                (0..repeats).for_each(|_| run());
                                *best = best.min(started.elapsed().as_secs_f64() / repeats as f64);
                            };
                            time(&mut best[0][i], &mut || {
                                multiply(sent.view(), weights.t(), currents.view_mut());
                            });
                            time(&mut best[1][i], &mut || {
                                multiply(factors.t(), sent.view(), weights.view_mut());
                            });
                        });
                    }
                }
                for (kind, best) in ["currents", "outer"].into_iter().zip(best) {
                    let shape = format!("{kind}, {layout}-major, {trials} x {pre} -> {post}");
                    table.push((shape, best.map(|seconds| operations / seconds * 1e-9)));
                }
            }
        }
    }
    table.sort_by_key(|(shape, _)| shape.starts_with("outer"));
    let most = (table.iter().flat_map(|(_, speeds)| speeds)).fold(0.0, |a: f64, &b| a.max(b));
    print!("{:<44}", "GFlop/s");
    for (name, threads, _) in CANDIDATES {
        print!("{:>12}", format!("{name} ({threads})"));
    }
    println!("{:>10}", "of best");
    for (shape, speeds) in table {
        print!("{shape:<44}");
        speeds.iter().for_each(|speed| print!("{speed:>12.1}"));
        println!("{:>9.0}%", 100.0 * speeds[1] / most);
    }
}
