//! Memory for data, checked before it is allocated.

use super::error::DataError;
use crate::machine::available_bytes;
use std::path::Path;

/// Largest size in bytes that is not checked.
const SMALL: u64 = 1 << 20;

/// Checks that `bytes` of memory are free for the data of `path`.
///
/// # Errors
/// [`DataError::Memory`]
pub(super) fn check(path: &Path, bytes: u64) -> Result<(), DataError> {
    if bytes <= SMALL {
        return Ok(());
    }
    match available_bytes() {
        Some(available) if bytes as f64 > available => Err(short(path, bytes, Some(available))),
        _ => Ok(()),
    }
}

/// Reserves memory for `more` items; `likely` is the expected final number of items.
///
/// Capacity grows by doubling, at first up to the likely number. Lack of memory is an error, also
/// under a memory limit of the process.
///
/// # Errors
/// [`DataError::Memory`]
pub(super) fn reserve<T>(
    items: &mut Vec<T>,
    more: usize,
    likely: u64,
    path: &Path,
) -> Result<(), DataError> {
    let (length, capacity) = (items.len(), items.capacity());
    if capacity - length >= more {
        return Ok(());
    }
    let least = length.saturating_add(more);
    let doubled = capacity.saturating_mul(2);
    let likely = usize::try_from(likely).unwrap_or(usize::MAX);
    let wanted = match doubled > likely && likely >= least {
        true => likely,
        false => doubled.max(least),
    };
    let bytes = (wanted as u64).saturating_mul(size_of::<T>() as u64);
    check(path, bytes - (capacity * size_of::<T>()) as u64)?;
    (items.try_reserve_exact(wanted - length)).map_err(|_| short(path, bytes, None))
}

/// Collects `count` items.
///
/// # Errors
/// [`DataError::Memory`], and those of the items.
pub(super) fn collect<T>(
    path: &Path,
    count: usize,
    items: impl Iterator<Item = Result<T, DataError>>,
) -> Result<Vec<T>, DataError> {
    let mut collected = Vec::new();
    reserve(&mut collected, count, count as u64, path)?;
    for item in items {
        collected.push(item?);
    }
    Ok(collected)
}

fn short(path: &Path, bytes: u64, available: Option<f64>) -> DataError {
    DataError::Memory {
        file: path.to_owned(),
        needed_mb: bytes as f64 / 1e6,
        available_mb: available.map(|available| available / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::{check, collect, reserve};
    use std::path::Path;

    const FILE: &str = "a.npy";

    #[test]
    fn room_is_made_by_doubling_and_not_beyond_what_is_likely() {
        let mut items: Vec<u64> = Vec::new();
        let mut sizes = Vec::new();
        for _ in 0..100 {
            reserve(&mut items, 1, 100, Path::new(FILE)).unwrap();
            items.push(0);
            sizes.push(items.capacity());
        }
        sizes.dedup();
        assert_eq!(sizes, [1, 2, 4, 8, 16, 32, 64, 100]);
        reserve(&mut items, 30, 100, Path::new(FILE)).unwrap();
        assert_eq!(items.capacity(), 200);
    }

    #[test]
    fn more_than_any_machine_has_is_an_error() {
        let text = check(Path::new(FILE), u64::MAX).unwrap_err().to_string();
        assert!(
            text.starts_with("a.npy: its data take more than "),
            "{text}"
        );
        let none = std::iter::empty();
        assert!(collect::<f32>(Path::new(FILE), usize::MAX / 8, none).is_err());
    }
}
