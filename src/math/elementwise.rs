//! Elementwise work in pieces, on several threads if that is faster.
//!
//! Pieces depend on lengths alone, so results are the same bytes for any number of threads.

use multiversion::multiversion;
use rayon::prelude::*;

use super::threads;

/// Number of values per piece, which one thread processes at a time.
const PIECE: usize = 1 << 14;

/// Applies `work` to pieces of `out` and `from`, which have equal length.
pub fn each(out: &mut [f32], from: &[f32], work: impl Fn(&mut [f32], &[f32]) + Send + Sync) {
    if out.len() < threads::VALUES {
        return work(out, from);
    }
    let pieces = out.par_chunks_mut(PIECE).zip(from.par_chunks(PIECE));
    pieces.for_each(|(out, from)| work(out, from));
}

/// Applies `work` to pieces of `out` and their start indices; true if any call returned true.
pub fn fill(out: &mut [f32], work: impl Fn(usize, &mut [f32]) -> bool + Send + Sync) -> bool {
    if out.len() < threads::VALUES {
        return work(0, out);
    }
    let pieces = out.par_chunks_mut(PIECE).enumerate();
    let flags = pieces.map(|(n, out)| work(n * PIECE, out));
    flags.reduce(|| false, |a, b| a | b)
}

/// Results of `work` for pieces of `a` and `b`, which have equal length, merged in order.
pub fn survey<T: Send + Default>(
    a: &[f32],
    b: &[f32],
    work: impl Fn(&[f32], &[f32]) -> T + Send + Sync,
    merge: impl Fn(T, T) -> T + Send + Sync,
) -> T {
    if a.len() < threads::VALUES {
        return work(a, b);
    }
    let pieces = a.par_chunks(PIECE).zip(b.par_chunks(PIECE));
    pieces.map(|(a, b)| work(a, b)).reduce(T::default, merge)
}

/// As [`survey`], for pieces of `out`, which `work` changes, and of `from`.
pub fn change<T: Send + Default>(
    out: &mut [f32],
    from: &[f32],
    work: impl Fn(&mut [f32], &[f32]) -> T + Send + Sync,
    merge: impl Fn(T, T) -> T + Send + Sync,
) -> T {
    if out.len() < threads::VALUES {
        return work(out, from);
    }
    let pieces = out.par_chunks_mut(PIECE).zip(from.par_chunks(PIECE));
    pieces
        .map(|(out, from)| work(out, from))
        .reduce(T::default, merge)
}

/// Applies `work` to each element of `out`, in double precision, and of `from`; equal lengths.
pub fn both(out: &mut [f64], from: &[f32], work: impl Fn(&mut f64, f32) + Send + Sync) {
    let piece = |out: &mut [f64], from: &[f32]| {
        out.iter_mut()
            .zip(from)
            .for_each(|(out, from)| work(out, *from));
    };
    if out.len() < threads::VALUES {
        return piece(out, from);
    }
    let pieces = out.par_chunks_mut(PIECE).zip(from.par_chunks(PIECE));
    pieces.for_each(|(out, from)| piece(out, from));
}

/// Largest magnitude; NaN if any value is NaN.
///
/// Magnitudes are compared by their bits, which have the same order: unlike comparisons of numbers,
/// such a loop is vectorised.
#[multiversion(targets("x86_64+avx2"))]
pub fn largest(a: &[f32]) -> f32 {
    f32::from_bits(a.iter().fold(0, |most, a| most.max(a.abs().to_bits())))
}
