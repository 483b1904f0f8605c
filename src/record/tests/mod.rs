//! The whole way: what is recorded is what is read, in the same bytes, from a disk that is slow,
//! full or gone.

mod disk;
mod round_trip;

use super::{Batch, RecordError, Recorded, Recorder};

const ABOUT: [(&str, &str); 2] = [("scenario", "digits"), ("seed", "7")];

fn about() -> Vec<(&'static str, String)> {
    ABOUT.map(|(key, value)| (key, value.to_owned())).into()
}

fn record(mut recorder: Recorder, batches: &[Batch]) -> Result<Recorded, RecordError> {
    (batches.iter()).try_for_each(|batch| recorder.record(batch.clone()))?;
    recorder.finish()
}
