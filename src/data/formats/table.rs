//! Text tables (CSV): one sample per row, with its label in one of the columns.

use super::column::{Column, Delimiter, LabelColumn};
use super::rows::{Rows, cell, shown};
use crate::data::classes::{Classes, Collector, Labels};
use crate::data::dataset::Dataset;
use crate::data::error::{DataError, Place, counted, listed};
use crate::data::values::{Gathered, Values};
use csv::ByteRecord;
use std::path::Path;

/// Format of a table.
#[derive(Clone, Copy, Debug)]
pub(in crate::data) struct Format<'a> {
    pub label_column: &'a LabelColumn,
    /// True if the first row contains names.
    pub header: bool,
    pub delimiter: Option<&'a Delimiter>,
    /// Columns that are ignored.
    pub drop: &'a [Column],
    pub classes: Classes,
}

/// A table as stored in its file.
#[derive(Debug)]
pub(in crate::data) struct Table {
    /// Features, `[samples, features]`.
    pub inputs: Values,
    pub labels: Labels,
    /// Names of the features, if the table has a header.
    pub features: Option<Vec<String>>,
    /// Number of columns of the file, including ignored ones.
    columns: usize,
    /// Names of all columns, if the table has a header.
    names: Option<Vec<String>>,
}

/// Reads a table, plain or gzip.
///
/// Every column except the label and the ignored ones is a feature, in the order of the columns.
///
/// # Errors
/// [`DataError`] with row and column of a cell that is not a finite number or not a label, for rows
/// of different lengths, and for missing columns.
pub(in crate::data) fn read(path: &Path, format: &Format<'_>) -> Result<Table, DataError> {
    let mut rows = Rows::open(path, format.delimiter.map(|delimiter| delimiter.byte()))?;
    let mut record = ByteRecord::new();
    let mut names = None;
    let mut plan: Option<Plan> = None;
    if format.header
        && let Some(row) = rows.next(&mut record)?
    {
        let header: Vec<String> = record.iter().map(|name| cell(name).into()).collect();
        plan = Some(Plan::new(
            path,
            row,
            record.len(),
            Some(&header),
            format,
            &rows,
        )?);
        names = Some(header);
    }
    let mut values = Gathered::new();
    let mut labels = Collector::new(format.classes);
    let mut samples = 0;
    while let Some(row) = rows.next(&mut record)? {
        let plan = match &plan {
            Some(plan) => plan,
            None => plan.insert(Plan::new(path, row, record.len(), None, format, &rows)?),
        };
        let width = plan.roles.len();
        if record.len() != width {
            let found = counted(record.len(), "column");
            let expected = format!("{width}, as in the first row");
            return Err(DataError::content(path, Place::Row(row), found, expected));
        }
        let features = plan.features();
        values.reserve(features, 0, path)?;
        labels.reserve(1, path)?;
        let hint = match samples == 0 && !format.header {
            true => "; if this row holds names, header: true",
            false => "",
        };
        for (column, (bytes, role)) in record.iter().zip(&plan.roles).enumerate() {
            let text = cell(bytes);
            let outcome = match role {
                Role::LeftOut => Ok(()),
                Role::Label => labels.text(&text).map_err(|expected| {
                    let at_end = match text.is_empty() && column + 1 == width {
                        true => "; does each row end with a delimiter?",
                        false => "",
                    };
                    format!("{expected} (its column is `label_column`){at_end}")
                }),
                Role::Feature => match text.parse::<f64>() {
                    // The range is that of single precision, in which neurons receive values.
                    Ok(value) if (value as f32).is_finite() => {
                        values.push(value, path)?;
                        Ok(())
                    }
                    _ => {
                        let left = match hint.is_empty() && text.starts_with(char::is_alphabetic) {
                            true => "; drop leaves a column out",
                            false => "",
                        };
                        let hint = feature_hint(&text).unwrap_or(left);
                        Err(format!("a finite number{hint}"))
                    }
                },
            };
            outcome.map_err(|expected| {
                let column = column + 1;
                let place = Place::Cell { row, column };
                DataError::content(path, place, shown(&text), format!("{expected}{hint}"))
            })?;
        }
        samples += 1;
    }
    let Some(plan) = plan.filter(|_| samples > 0) else {
        let expected = "at least one row of numbers";
        return Err(DataError::content(path, Place::Whole, "no row", expected));
    };
    Ok(Table {
        inputs: values.shaped(path, (samples, plan.features()), false)?,
        labels: labels.finish(),
        features: (names.as_ref()).map(|names| plan.names(names)),
        columns: plan.roles.len(),
        names,
    })
}

/// Hint on the probable cause for a text that is not a finite number.
fn feature_hint(text: &str) -> Option<&'static str> {
    let comma = text.replacen(',', ".", 1);
    if text.contains(',') && comma.parse::<f64>().is_ok() {
        Some("; decimals are written with a point")
    } else if text.parse::<f64>().is_ok_and(f64::is_nan) {
        Some("; a sample with a gap cannot be shown")
    } else if text.contains([';', '\t', '|']) {
        Some("; `delimiter` is the character between cells")
    } else {
        None
    }
}

/// Role of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Feature,
    Label,
    LeftOut,
}

/// Role of each column.
struct Plan {
    roles: Vec<Role>,
}

impl Plan {
    fn new(
        path: &Path,
        row: u64,
        columns: usize,
        names: Option<&[String]>,
        format: &Format<'_>,
        rows: &Rows,
    ) -> Result<Self, DataError> {
        let wrong = |found: String, expected: String| {
            Err(DataError::content(path, Place::Row(row), found, expected))
        };
        if columns < 2 {
            let delimiter = match rows.delimiter() {
                ',' => "commas".to_owned(),
                ' ' => "spaces".to_owned(),
                other => format!("{other:?}"),
            };
            let expected = format!(
                "at least 2, a feature and the label, separated by {delimiter} (`delimiter` is the \
                 character between cells)"
            );
            return wrong(counted(columns, "column"), expected);
        }
        let index = |field: &str, column: &Column| {
            (column.index(columns, names)).map_err(|(found, expected)| {
                DataError::content(
                    path,
                    Place::Row(row),
                    format!("{found} in {field}"),
                    expected,
                )
            })
        };
        let mut roles = vec![Role::Feature; columns];
        for column in format.drop {
            roles[index("drop", column)?] = Role::LeftOut;
        }
        let label = match format.label_column {
            LabelColumn::First => 0,
            LabelColumn::Last => columns - 1,
            LabelColumn::Index(at) => index("label_column", &Column::Index(*at))?,
            LabelColumn::Name(name) => index("label_column", &Column::Name(name.clone()))?,
        };
        if roles[label] == Role::LeftOut {
            let found = format!("the label in column {}, which drop leaves out", label + 1);
            return wrong(found, "another label_column".into());
        }
        roles[label] = Role::Label;
        let plan = Self { roles };
        if plan.features() == 0 {
            let found = "no feature beside the label and the columns of drop";
            return wrong(found.into(), "at least one".into());
        }
        Ok(plan)
    }

    fn features(&self) -> usize {
        let features = self.roles.iter().filter(|role| **role == Role::Feature);
        features.count()
    }

    fn names(&self, names: &[String]) -> Vec<String> {
        (names.iter().zip(&self.roles))
            .filter(|(_, role)| **role == Role::Feature)
            .map(|(name, _)| name.clone())
            .collect()
    }
}

impl Table {
    /// Checks that `test` has the same columns as this table.
    ///
    /// # Errors
    /// [`DataError::Content`] naming both files.
    pub fn agrees(&self, own: &Path, test: &Self, file: &Path) -> Result<(), DataError> {
        let wrong = |found: String, expected: String| {
            let expected = format!("{expected}, as in {}", own.display());
            Err(DataError::content(file, Place::Whole, found, expected))
        };
        if self.columns != test.columns {
            return wrong(counted(test.columns, "column"), self.columns.to_string());
        }
        let names = self.names.iter().flatten().zip(test.names.iter().flatten());
        let other = names.enumerate().find(|(_, (a, b))| a != b);
        match other {
            None => Ok(()),
            Some((column, (wanted, found))) => wrong(
                format!("the name {} of column {}", shown(found), column + 1),
                shown(wanted),
            ),
        }
    }
}

/// Reads a table whose label is in the last column, without a header.
///
/// # Errors
/// As [`Source::load`](crate::data::Source::load).
pub fn plain(path: &Path) -> Result<Dataset, DataError> {
    let table = read(path, &Format::default())?;
    let assigned = crate::data::classes::assign(Classes::Auto, (path, table.labels), None)?;
    Dataset::new(path, table.inputs, assigned.train, assigned.names.len())
}

impl Default for Format<'_> {
    fn default() -> Self {
        Self {
            label_column: &LabelColumn::Last,
            header: false,
            delimiter: None,
            drop: &[],
            classes: Classes::Auto,
        }
    }
}

/// Names of columns for a message.
pub(super) fn known(names: &[String]) -> String {
    listed(names.iter().map(|name| shown(name)))
}

#[cfg(test)]
mod tests {
    use super::super::column::{Column, Delimiter, LabelColumn};
    use super::super::file::tests::gzip;
    use super::{Format, Table, plain, read};
    use crate::data::DataError;
    use crate::data::classes::Labels;
    use ndarray::array;
    use std::path::Path;

    fn table(bytes: impl AsRef<[u8]>, format: &Format<'_>) -> Result<Table, DataError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        read(&path, format)
    }

    #[test]
    fn the_shipped_digits_are_what_their_source_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/data/digits.csv.gz");
        let digits = plain(&path).unwrap();
        assert_eq!(digits.inputs.dim(), (1797, 64));
        assert_eq!(digits.classes, 10);
        // As published with the data set.
        let published = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
        assert_eq!(digits.class_counts(), published);
        assert!(
            digits
                .inputs
                .iter()
                .all(|x| (0.0..=16.0).contains(&x) && x.fract() == 0.0)
        );
        assert_eq!(digits.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn the_label_may_be_in_any_column() {
        let name = LabelColumn::Name("label".into());
        for (column, text) in [
            (&LabelColumn::Last, "a,b,label\n1.5, -2,0\n\n3,4e1,1\n"),
            (&LabelColumn::First, "label,a,b\r\n0,1.5,-2\r\n1,3,40"),
            (&LabelColumn::Index(1), "a,label,b\n1.5,0,-2\n3,1,40\n"),
            (&name, "\u{feff}a,label,b\n1.5,0,-2\n3,1,40\n"),
            (&name, "\u{feff}\"label\";a;b\n0;1.5;-2\n1.0;3;40\n"),
        ] {
            for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
                let format = Format {
                    label_column: column,
                    header: true,
                    ..Format::default()
                };
                let data = table(bytes, &format).unwrap();
                assert_eq!(data.inputs, array![[1.5, -2.0], [3.0, 40.0]].into());
                assert_eq!(data.labels, Labels::Numbers(vec![0, 1]));
                assert_eq!(data.features.unwrap(), ["a", "b"]);
            }
        }
    }

    #[test]
    fn columns_are_left_out_by_name_or_index() {
        let text = "id,species,length,note\n7,cat,1.5,x y\n8,dog,2,\n";
        let drop = [Column::Name("id".into()), Column::Index(3)];
        let species = LabelColumn::Name("species".into());
        let format = Format {
            label_column: &species,
            header: true,
            drop: &drop,
            ..Format::default()
        };
        let data = table(text, &format).unwrap();
        assert_eq!(data.inputs, array![[1.5], [2.0]].into());
        assert_eq!(data.features.as_deref(), Some(&["length".to_owned()][..]));
        let Labels::Texts { names, .. } = data.labels else {
            panic!("{:?}", data.labels)
        };
        assert!(names.iter().eq(["cat", "dog"]));
        let wrong = |drop: &[Column], says: &str| {
            let format = Format { drop, ..format };
            let error = table(text, &format).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        wrong(
            &["idd".into()],
            "row 1: found no column \"idd\" in drop, expected one of \"id\", \"species\", \
             \"length\" and \"note\"",
        );
        wrong(
            &[4.into()],
            "found column 4 of 4 in drop, expected an index from 0 to 3",
        );
        wrong(&["species".into()], "which drop leaves out");
        wrong(&[0.into(), 2.into(), 3.into()], "found no feature beside");
        let twice = table(
            "a,a,y\n1,2,0\n",
            &Format {
                drop: &["a".into()],
                label_column: &LabelColumn::Last,
                ..format
            },
        );
        assert!(twice.unwrap_err().to_string().contains("2 columns \"a\""));
        let format = Format {
            header: false,
            ..format
        };
        let error = table(text, &format).unwrap_err().to_string();
        assert!(
            error.contains("names of columns need header: true"),
            "{error}"
        );
    }

    #[test]
    fn a_delimiter_that_is_named_is_taken() {
        let semicolon = Delimiter::new(';').unwrap();
        let format = Format {
            delimiter: Some(&semicolon),
            ..Format::default()
        };
        assert_eq!(
            table("1;2;0\n", &format).unwrap().inputs,
            array![[1.0, 2.0]].into()
        );
        let text = table("1,5;2,5;0\n", &format).unwrap_err().to_string();
        assert!(
            text.contains("found \"1,5\", expected a finite number; decimals"),
            "{text}"
        );
        let text = table("1,2,0\n", &format).unwrap_err().to_string();
        assert!(
            text.contains("found 1 column, expected at least 2"),
            "{text}"
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_row_and_column() {
        for (text, says) in [
            ("", "found no row"),
            ("1,2,0\n1,0\n", "row 2: found 2 columns, expected 3"),
            ("1,2,0\n1\n", "row 2: found 1 column, expected 3"),
            ("1,2,0\n1,NaN,0\n", "row 2, column 2: found \"NaN\""),
            ("1,2,0\n1,-inf,0\n", "row 2, column 2: found \"-inf\""),
            ("1,2,0\n1,1e39,0\n", "row 2, column 2: found \"1e39\""),
            ("1,2,0\n\n\n1,x,0\n", "row 4, column 2: found \"x\""),
            (
                "1,2,0\r\n1,2,0\r\n1,x,0\r\n",
                "row 3, column 2: found \"x\"",
            ),
            (
                "\u{feff}1,2,0\n1,,0\n",
                "row 2, column 2: found an empty cell",
            ),
            ("1,2,0\n1,2,1.5\n", "row 2, column 3: found \"1.5\""),
            ("1,2,0\n1,2,-1\n", "row 2, column 3: found \"-1\""),
            (
                "1,2,0\n1,2,cat\n",
                "a label, a whole number from 0 to 65535, as before",
            ),
            ("1,2,0,\n", "does each row end with a delimiter?"),
            ("1,2,99999999\n", "a whole number from 0 to 65535"),
            (
                "a,b,label\n1,2,0\n",
                "if this row holds names, header: true",
            ),
            ("1;2,0\n", "`delimiter` is the character"),
            ("1\n", "row 1: found 1 column, expected at least 2"),
            ("1,2,\"0\n3,4,1\n", "row 1, column 3: found \"0\\n3,4,1"),
        ] {
            let error = table(text, &Format::default()).unwrap_err();
            assert!(error.to_string().contains(says), "{text:?}: {error}");
        }
        let with = |label_column: &LabelColumn, header: bool, bytes: &[u8]| {
            let format = Format {
                label_column,
                header,
                ..Format::default()
            };
            table(bytes, &format).unwrap_err().to_string()
        };
        let error = with(&LabelColumn::Index(2), false, b"1,2\n");
        assert!(error.contains("an index from 0 to 1"), "{error}");
        let error = with(&LabelColumn::First, false, b"1,\xff\xfe\n");
        assert!(error.contains("row 1, column 2: found"), "{error}");
        let error = with(&LabelColumn::Last, true, b"a,b\n");
        assert!(error.contains("found no row"), "{error}");
    }

    #[test]
    fn a_truncated_gzip_table_is_an_error() {
        let whole = gzip(b"1,2,0\n3,4,1\n");
        let error = table(&whole[..whole.len() - 3], &Format::default());
        assert!(matches!(error, Err(DataError::Read { .. })));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            bytes in "[0-9,;\"\r\n .ex-]{0,40}", header: bool, index in 0usize..4, drop in 0usize..4,
        ) {
            let format = Format {
                label_column: &LabelColumn::Index(index),
                header,
                drop: &[drop.into()],
                ..Format::default()
            };
            let _ = table(&bytes, &format);
        }
    }
}
