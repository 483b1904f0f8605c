//! What is done to every neuron and every synapse alike: transfer functions over a slice against
//! the standard library's, weight update against `Zip` of `ndarray`. In turn, in one process; best
//! of many short runs, in ns for one value.
//!
//! `cargo bench --bench transfer`

use std::hint::black_box;
use std::time::Instant;

use apical::math::columns;
use apical::neuron::Transfer;
use apical::plasticity::{Optimiser, WeightUpdater};
use ndarray::{Array2, Zip};

const VALUES: usize = 8192;
const ROUNDS: usize = 400;

fn time(best: &mut f64, potentials: &[f32], values: &mut [f32], f: &mut dyn FnMut(&mut [f32])) {
    values.copy_from_slice(potentials);
    let started = Instant::now();
    f(black_box(values));
    *best = best.min(started.elapsed().as_secs_f64() * 1e9 / VALUES as f64);
}

fn std_softmax(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for u in &mut *values {
        *u = (*u - largest).exp();
        sum += *u;
    }
    values.iter_mut().for_each(|u| *u /= sum);
}

/// Adam by `Zip`, with coefficients of a late weight update.
fn zip_adam([w, e, m, v]: &mut [Array2<f32>; 4]) {
    Zip::from(w).and(&*e).and(m).and(v).for_each(|w, &e, m, v| {
        let g = e * 0.05;
        *m += 0.1 * (g - *m);
        *v += 0.001 * (g * g - *v);
        *w += 1e-3 * *m / (v.sqrt() + 1e-8);
    });
    e.fill(0.0);
}

/// Columns are weight updates of this many synapses each.
fn update(shape: (usize, usize), rounds: usize) {
    let adam = Optimiser::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };
    let momentum = Optimiser::Momentum { momentum: 0.9 };
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build();
    let pools = [1, 2].map(|n| pool(n).expect("threads can be started"));
    let mut zipped = [0.1, 0.0, 0.01, 0.01].map(|x| Array2::from_elem(shape, x));
    let (mut weights, mut carry) = (zipped[0].clone(), zipped[1].clone() * 0.0);
    let mut ours =
        [Optimiser::Plain, momentum, adam].map(|o| WeightUpdater::new(shape, (20, 0, 1.0), o));
    let mut best = [[f64::INFINITY; 2]; 4];
    for _ in 0..rounds {
        let mut time = |row: usize, threads: usize, f: &mut (dyn FnMut() + Send)| {
            let seconds = pools[threads - 1].install(|| {
                let started = Instant::now();
                f();
                started.elapsed().as_secs_f64()
            });
            let ns = seconds * 1e9 / (shape.0 * shape.1) as f64;
            best[row][threads - 1] = best[row][threads - 1].min(ns);
        };
        for threads in [1, 2] {
            for (row, updater) in ours.iter_mut().enumerate() {
                updater.gather().matrix.fill(0.01);
                time(row, threads, &mut || {
                    let changing = columns::Changing {
                        matrix: &mut weights,
                        carry: &mut carry,
                    };
                    updater.apply(changing, 1e-3);
                });
            }
        }
        zipped[1].fill(0.01);
        time(3, 1, &mut || zip_adam(&mut zipped));
    }
    println!(
        "\nns for one of {} synapses, best of {rounds}",
        shape.0 * shape.1
    );
    println!(
        "{:<18}{:>10}{:>10}",
        "weight update", "1 thread", "2 threads"
    );
    for (name, [one, two]) in ["plain", "momentum", "Adam", "Adam by Zip"]
        .iter()
        .zip(best)
    {
        println!("{name:<18}{one:>10.2}{two:>10.2}");
    }
}

fn main() {
    let potentials: Vec<f32> = (0..VALUES)
        .map(|i| ((i * 7919) % VALUES) as f32 * (8.0 / VALUES as f32) - 4.0)
        .collect();
    let mut values = potentials.clone();
    println!("ns for one value, best of {ROUNDS} runs over {VALUES} values in turn");
    println!("{:<10}{:>8}{:>8}{:>8}", "transfer", "std", "here", "ratio");
    type Std = fn(&mut [f32]);
    let cases: [(Transfer, Std); 4] = [
        (Transfer::Tanh, |v| v.iter_mut().for_each(|u| *u = u.tanh())),
        (Transfer::Logistic, |v| {
            v.iter_mut().for_each(|u| *u = 1.0 / (1.0 + (-*u).exp()));
        }),
        (Transfer::Softmax, |v| {
            v.chunks_exact_mut(10).for_each(std_softmax);
        }),
        (Transfer::Relu, |v| {
            v.iter_mut().for_each(|u| *u = u.max(0.0));
        }),
    ];
    for (transfer, standard) in cases {
        let (mut std, mut here) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            time(&mut std, &potentials, &mut values, &mut { standard });
            time(&mut here, &potentials, &mut values, &mut |v| {
                transfer.rates(v, 10);
            });
        }
        let name = format!("{transfer:?}").to_lowercase();
        println!("{name:<10}{std:>8.2}{here:>8.2}{:>8.2}", std / here);
    }
    let (mut slopes, mut deltas) = (f64::INFINITY, vec![0.0; VALUES]);
    for _ in 0..ROUNDS {
        time(&mut slopes, &potentials, &mut values, &mut |v| {
            Transfer::Tanh.teach(v, &potentials, &mut deltas);
        });
    }
    println!("{:<18}{slopes:>8.2}", "delta of tanh");
    update((1024, 2048), 40);
    update((128, 128), 2000);
}
