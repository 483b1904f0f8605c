//! The complete path: recorded values equal read values, in the same bytes, with a disk that is
//! slow, full or removed.

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
