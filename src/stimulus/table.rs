//! Text tables (CSV): one sample a row, its label in one of the columns.

use super::dataset::{Dataset, MOST_CLASSES, classes_of};
use super::error::{DataError, Place, quote};
use super::file::{RELATIVE_PATH, open};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::Path;

/// Which column of a table holds the label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelColumn {
    /// The last one.
    #[default]
    Last,
    /// The first one.
    First,
    /// The one with this index, counted from 0.
    Index(usize),
}

/// Reads a comma-separated table, plain or gzip; with `header`, the first row holds names.
///
/// Every other column is a feature, in the order of the columns. Labels are integers from 0.
///
/// # Errors
/// [`DataError`] with row and column of what is not a finite number or not a label, and for
/// rows of different lengths.
pub fn read(path: &Path, label_column: LabelColumn, header: bool) -> Result<Dataset, DataError> {
    // With "\n" as the only terminator, and one at the very end, the row of a record can be told
    // from where the reader stands after it. A "\r" before it is white space, which is trimmed.
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(header)
        // Rows of other lengths are let through, to be reported in this module's own words.
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(open(path, RELATIVE_PATH)?.chain(&b"\n"[..]));
    let (mut values, mut labels, mut columns) = (Vec::new(), Vec::new(), None);
    let mut record = csv::ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| unreadable(path, error))?
    {
        if record.len() == 1 && record[0].trim_ascii().is_empty() {
            continue;
        }
        let row = row_of(&record, reader.position().line());
        let first = columns.is_none();
        let width = *columns.get_or_insert(record.len());
        if record.len() != width {
            let found = format!("{} columns", record.len());
            let expected = format!("{width}, as in the first row");
            return Err(DataError::content(path, Place::Row(row), found, expected));
        }
        let label_at = label_index(path, row, label_column, width)?;
        for (column, bytes) in record.iter().enumerate() {
            // Spreadsheets mark UTF-8 at the start of a file.
            let bytes = match bytes.strip_prefix("\u{feff}".as_bytes()) {
                Some(unmarked) if first && column == 0 => unmarked,
                _ => bytes,
            };
            let text = String::from_utf8_lossy(bytes.trim_ascii());
            let wrong = |expected: &str| {
                let hint = if first && !header {
                    "; if this row holds names, header: true"
                } else {
                    ""
                };
                let column = column + 1;
                let place = Place::Cell { row, column };
                let expected = format!("{expected}{hint}");
                Err(DataError::content(path, place, quote(&text), expected))
            };
            if column == label_at {
                match text.parse::<usize>() {
                    Ok(label) if label < MOST_CLASSES => labels.push(label),
                    _ => {
                        return wrong(&format!(
                            "a label, an integer from 0 to {} (label_column says where it is)",
                            MOST_CLASSES - 1
                        ));
                    }
                }
            } else {
                match text.parse::<f32>() {
                    Ok(value) if value.is_finite() => values.push(value),
                    _ => return wrong("a finite number"),
                }
            }
        }
    }
    let features = columns.map_or(0, |columns| columns - 1);
    let (found, samples) = (values.len(), labels.len());
    let inputs = Array2::from_shape_vec((samples, features), values).map_err(|_| {
        let expected = format!("{samples} samples of {features}");
        DataError::content(path, Place::Whole, format!("{found} values"), expected)
    })?;
    if samples == 0 {
        let expected = "at least one row of numbers";
        return Err(DataError::content(path, Place::Whole, "no row", expected));
    }
    let classes = classes_of(&labels);
    Dataset::new(path, inputs, labels, classes)
}

fn label_index(
    path: &Path,
    row: u64,
    label_column: LabelColumn,
    columns: usize,
) -> Result<usize, DataError> {
    let wrong = |found, expected| Err(DataError::content(path, Place::Row(row), found, expected));
    if columns < 2 {
        let expected = "at least 2, a feature and the label, separated by commas";
        return wrong(format!("{columns} column"), expected.into());
    }
    match label_column {
        LabelColumn::First => Ok(0),
        LabelColumn::Last => Ok(columns - 1),
        LabelColumn::Index(index) if index < columns => Ok(index),
        LabelColumn::Index(index) => wrong(
            format!("{columns} columns and label_column: index({index})"),
            format!("an index from 0 to {}", columns - 1),
        ),
    }
}

/// Row of `record` if the reader stands in line `next` after it.
///
/// The position of a record itself is before any blank lines above it. Only a quote that never
/// closes takes the last terminator with it, and then that position is the better one.
fn row_of(record: &csv::ByteRecord, next: u64) -> u64 {
    let before = record.position().map_or(1, csv::Position::line);
    let inside = record.as_slice().iter().filter(|&&byte| byte == b'\n');
    before.max(next.saturating_sub(1 + inside.count() as u64))
}

fn unreadable(path: &Path, error: csv::Error) -> DataError {
    let offset = error.position().map_or(0, csv::Position::byte);
    DataError::Read {
        file: path.to_owned(),
        offset,
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::gzip;
    use super::{LabelColumn, read};
    use crate::stimulus::{DataError, Dataset};
    use ndarray::array;
    use std::path::Path;

    fn table(
        bytes: impl AsRef<[u8]>,
        column: LabelColumn,
        header: bool,
    ) -> Result<Dataset, DataError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        read(&path, column, header)
    }

    #[test]
    fn the_shipped_digits_are_what_their_source_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/data/digits.csv.gz");
        let digits = read(&path, LabelColumn::Last, false).unwrap();
        assert_eq!(digits.inputs.dim(), (1797, 64));
        assert_eq!(digits.classes, 10);
        // As published with the data set.
        let published = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
        assert_eq!(digits.class_counts(), published);
        assert!(
            digits
                .inputs
                .iter()
                .all(|&x| (0.0..=16.0).contains(&x) && x.fract() == 0.0)
        );
        assert_eq!(digits.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn the_label_may_be_in_any_column() {
        for (column, text) in [
            (LabelColumn::Last, "a,b,label\n1.5, -2,0\n\n3,4e1,1\n"),
            (LabelColumn::First, "label,a,b\r\n0,1.5,-2\r\n1,3,40"),
            (LabelColumn::Index(1), "a,label,b\n1.5,0,-2\n3,1,40\n"),
        ] {
            for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
                let data = table(bytes, column, true).unwrap();
                assert_eq!(data.inputs, array![[1.5, -2.0], [3.0, 40.0]]);
                assert_eq!((data.labels, data.classes), (vec![0, 1], 2));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_row_and_column() {
        for (text, says) in [
            ("", "found no row"),
            ("1,2,0\n1,0\n", "row 2: found 2 columns, expected 3"),
            ("1,2,0\n1,NaN,0\n", "row 2, column 2: found \"NaN\""),
            ("1,2,0\n1,1e39,0\n", "row 2, column 2: found \"1e39\""),
            ("1,2,0\n\n\n1,x,0\n", "row 4, column 2: found \"x\""),
            (
                "1,2,0\r\n1,2,0\r\n1,x,0\r\n",
                "row 3, column 2: found \"x\"",
            ),
            ("\u{feff}1,2,0\n1,,0\n", "row 2, column 2: found \"\""),
            ("1,2,0\n1,2,1.5\n", "row 2, column 3: found \"1.5\""),
            ("1,2,0\n1,2,-1\n", "row 2, column 3: found \"-1\""),
            ("1,2,99999999\n", "an integer from 0 to 65535"),
            (
                "a,b,label\n1,2,0\n",
                "if this row holds names, header: true",
            ),
            ("1;2;0\n", "separated by commas"),
            ("1,2,\"0\n3,4,1\n", "row 1, column 3: found \"0\\n3,4,1"),
        ] {
            let error = table(text, LabelColumn::Last, false).unwrap_err();
            assert!(error.to_string().contains(says), "{text:?}: {error}");
        }
        let error = table("1,2\n", LabelColumn::Index(2), false).unwrap_err();
        assert!(error.to_string().contains("an index from 0 to 1"));
        let error = table(b"1,\xff\xfe\n", LabelColumn::First, false).unwrap_err();
        assert!(
            error.to_string().contains("row 1, column 2: found"),
            "{error}"
        );
        let error = table("a,b\n", LabelColumn::Last, true).unwrap_err();
        assert!(error.to_string().contains("found no row"));
    }

    #[test]
    fn a_truncated_gzip_table_is_an_error() {
        let whole = gzip(b"1,2,0\n3,4,1\n");
        let error = table(&whole[..whole.len() - 3], LabelColumn::Last, false);
        assert!(matches!(error, Err(DataError::Read { .. })));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in "[0-9,\"\r\n .ex-]{0,40}", header: bool, index in 0usize..4) {
            let _ = table(&bytes, LabelColumn::Index(index), header);
        }
    }
}
