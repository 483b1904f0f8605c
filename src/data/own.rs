//! Sources of data of the user's own.

use std::path::Path;

use super::source::LoadedData;
use super::{DataError, Dataset};
use crate::parameter::{Parameter, Parameters};

/// A source of data that a program adds: `data: own(name: "blobs", parameters: {"classes": 3})`.
#[derive(Clone, Copy, Debug)]
pub struct OwnSource {
    /// Name in scenario files.
    pub name: &'static str,
    /// One line on what it is.
    pub about: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// The training part and, if there is one, a test part of its own; relative paths start at the
    /// directory of the scenario.
    pub load: fn(&Parameters, &Path) -> Result<OwnParts, DataError>,
}

/// A training part, and a test part if there is one.
pub type OwnParts = (Dataset, Option<Dataset>);

impl OwnSource {
    /// Its data, with classes named by their numbers.
    pub(super) fn data(
        &self,
        parameters: &Parameters,
        base_dir: &Path,
    ) -> Result<LoadedData, DataError> {
        let (train, test) = (self.load)(parameters, base_dir)?;
        let shape = |part: &Dataset| (part.features(), part.classes);
        if let Some(test) = test.as_ref().filter(|test| shape(test) != shape(&train)) {
            let told = |part: &Dataset| {
                format!("{} features and {} classes", part.features(), part.classes)
            };
            let found = format!("a test part of {}", told(test));
            return Err(DataError::setting(self.name, &found, told(&train)));
        }
        Ok(LoadedData {
            classes: (0..train.classes).map(|class| class.to_string()).collect(),
            features: None,
            train,
            test,
        })
    }
}
