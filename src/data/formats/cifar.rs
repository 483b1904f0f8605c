//! The binary batches of CIFAR-10: labelled colour images, one record after the other.
//!
//! ```text
//! byte 0     label, 0 to 9
//! byte 1     1024 pixels of red, then 1024 of green, then 1024 of blue, each row by row
//! byte 3073  the next record
//! ```

use super::file::{Bytes, find};
use crate::data::dataset::Dataset;
use crate::data::error::{DataError, Place};
use crate::data::room;
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// Number of classes.
pub const CLASSES: usize = 10;
/// Values of an image: 3 colours of 32 rows of 32 pixels.
pub const PIXELS: usize = 3 * 32 * 32;
/// Bytes of a record: a label and an image.
const RECORD: usize = 1 + PIXELS;
/// Folders within a directory that are searched: that of `apical data get`, and those of the
/// unpacked archive.
const FOLDERS: [&str; 3] = ["cifar10", "cifar10/cifar-10-batches-bin", ARCHIVE_FOLDER];
/// Folder of the files within the archive.
pub const ARCHIVE_FOLDER: &str = "cifar-10-batches-bin";

const REMEDY: &str = "CIFAR-10, the binary version, is six files: data_batch_1.bin \
    to data_batch_5.bin and test_batch.bin. Get them with `apical data get cifar10`, and pass \
    --data DIR or set APICAL_DATA=DIR.";

/// Reads the images of all `names`, one file after the other, as `[images, 3072]`.
///
/// The files are searched in `directory`, plain or as `NAME.gz`, and in its folders used by `apical
/// data get` and by the archive.
///
/// # Errors
/// [`DataError`] if a file is missing, has no record or an incomplete one, or has a label above 9.
pub fn read(directory: Option<&Path>, names: &[PathBuf]) -> Result<Dataset, DataError> {
    // All files are located before any is read, since reading takes long.
    let folders = FOLDERS.map(Path::new);
    let paths = (names.iter())
        .map(|name| find(directory, &folders, name, REMEDY))
        .collect::<Result<Vec<_>, _>>()?;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for path in &paths {
        records(path, &mut pixels, &mut labels)?;
    }
    let origin = paths.first().map_or(Path::new("cifar10"), PathBuf::as_path);
    let inputs = Array2::from_shape_vec((labels.len(), PIXELS), pixels).map_err(|error| {
        let expected = "images of 3072 values";
        DataError::content(origin, Place::Whole, error.to_string(), expected)
    })?;
    Dataset::new(origin, inputs, labels, CLASSES)
}

fn records(path: &Path, pixels: &mut Vec<f32>, labels: &mut Vec<usize>) -> Result<(), DataError> {
    let mut bytes = Bytes::open(path, REMEDY)?;
    let mut record = [0; RECORD];
    for index in 0.. {
        let filled = bytes.fill(&mut record)?;
        if filled == 0 && index > 0 {
            break;
        }
        if filled < RECORD {
            let expected = match filled {
                0 => format!("records of {RECORD} bytes: a label and {PIXELS} pixels"),
                _ => format!("{RECORD} bytes of record {index}, of which {filled} are there"),
            };
            let place = Place::Offset((index * RECORD + filled) as u64);
            return Err(DataError::content(
                path,
                place,
                "the end of the file",
                expected,
            ));
        }
        let label = usize::from(record[0]);
        if label >= CLASSES {
            return Err(DataError::content(
                path,
                Place::Offset((index * RECORD) as u64),
                format!("the label {label} of record {index}"),
                format!("0 to {}", CLASSES - 1),
            ));
        }
        labels.push(label);
        // Number of images in all batches; five batches take 614 MB.
        room::reserve(pixels, PIXELS, (50_000 * PIXELS) as u64, path)?;
        pixels.extend(record[1..].iter().map(|&pixel| f32::from(pixel)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::gzip;
    use super::{ARCHIVE_FOLDER, RECORD, read};
    use crate::data::Encoding;
    use ndarray::s;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// A record of three planes with one value each, except at the first pixel.
    fn record(label: u8, planes: [u8; 3]) -> Vec<u8> {
        let plane = |value: u8| [vec![value + 1], vec![value; 1023]].concat();
        [vec![label], planes.map(plane).concat()].concat()
    }

    fn names<const N: usize>(names: [&str; N]) -> [PathBuf; N] {
        names.map(PathBuf::from)
    }

    #[test]
    fn records_are_a_label_and_three_planes_one_file_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let two = [record(3, [10, 20, 30]), record(9, [40, 50, 60])].concat();
        fs::write(dir.path().join("a.bin"), two).unwrap();
        fs::write(dir.path().join("b.bin.gz"), gzip(&record(0, [70, 80, 90]))).unwrap();
        let data = read(Some(dir.path()), &names(["a.bin", "b.bin"])).unwrap();
        assert_eq!(
            (data.samples(), data.features(), data.classes),
            (3, 3072, 10)
        );
        assert_eq!(data.labels, [3, 9, 0]);
        let inputs = Encoding::default().encode(data.inputs).unwrap();
        for (image, planes) in [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
            .iter()
            .enumerate()
        {
            for (plane, value) in planes.iter().enumerate() {
                let first = plane * 1024;
                let seen = inputs.slice(s![image, first..first + 1024]);
                assert_eq!(seen[0], *value as f32 + 1.0);
                assert!(seen.iter().skip(1).all(|&pixel| pixel == *value as f32));
            }
        }
    }

    #[test]
    fn the_folders_of_the_archive_and_of_the_download_are_looked_into() {
        for folder in [
            "",
            "cifar10",
            ARCHIVE_FOLDER,
            "cifar10/cifar-10-batches-bin",
        ] {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("a.bin"), record(5, [0, 0, 0])).unwrap();
            assert_eq!(
                read(Some(dir.path()), &names(["a.bin"])).unwrap().labels,
                [5]
            );
        }
    }

    #[test]
    fn every_violation_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let two = [record(3, [1, 2, 3]), record(9, [4, 5, 6])].concat();
        let mut wrong = two.clone();
        wrong[RECORD] = 10;
        let long = [&two[..], &[7]].concat();
        let mut said = Vec::new();
        for bytes in [&[][..], &two[..RECORD - 1], &two[..=RECORD], &long, &wrong] {
            fs::write(dir.path().join("a.bin"), bytes).unwrap();
            said.push(read(Some(dir.path()), &names(["a.bin"])).unwrap_err());
        }
        let packed = gzip(&two);
        fs::write(dir.path().join("a.bin"), &packed[..packed.len() - 9]).unwrap();
        said.push(read(Some(dir.path()), &names(["a.bin"])).unwrap_err());
        said.push(read(Some(dir.path()), &names(["b.bin"])).unwrap_err());
        said.push(read(None, &names(["b.bin"])).unwrap_err());
        said.push(read(Some(dir.path()), &[]).unwrap_err());
        let said: Vec<String> = said.iter().map(|error| error.to_string()).collect();
        let here = format!("{}/", dir.path().display());
        insta::assert_snapshot!(said.join("\n").replace(&here, ""), @r"
        a.bin, byte 0: found the end of the file, expected records of 3073 bytes: a label and 3072 pixels
        a.bin, byte 3072: found the end of the file, expected 3073 bytes of record 0, of which 3072 are there
        a.bin, byte 3074: found the end of the file, expected 3073 bytes of record 1, of which 1 are there
        a.bin, byte 6147: found the end of the file, expected 3073 bytes of record 2, of which 1 are there
        a.bin, byte 3073: found the label 10 of record 1, expected 0 to 9
        a.bin, byte 6146: cannot be read: incomplete deflate stream; expected a readable file, plain or complete gzip
        b.bin: no such file; looked for cifar10/b.bin, cifar10/cifar-10-batches-bin/b.bin, cifar-10-batches-bin/b.bin and b.bin, plain or .gz. CIFAR-10, the binary version, is six files: data_batch_1.bin to data_batch_5.bin and test_batch.bin. Get them with `apical data get cifar10`, and pass --data DIR or set APICAL_DATA=DIR.
        b.bin: no such file; looked for it nowhere, since no directory is given. CIFAR-10, the binary version, is six files: data_batch_1.bin to data_batch_5.bin and test_batch.bin. Get them with `apical data get cifar10`, and pass --data DIR or set APICAL_DATA=DIR.
        cifar10: found 0 samples of 3072 features, expected at least one of both
        ");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(records in 0usize..3, label: u8, tail: Vec<u8>) {
            let dir = tempfile::tempdir().unwrap();
            let bytes = [record(label, [1, 2, 3]).repeat(records), tail].concat();
            fs::write(dir.path().join("a.bin"), bytes).unwrap();
            let _ = read(Some(dir.path()), &[Path::new("a.bin").to_owned()]);
        }
    }
}
