//! Small tables that grow one row at a time: metrics of epochs, entries of a timeline.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, WriterBuilder};

use super::error::{Kept, RecordError};
use super::sink::{FileSink, Sink};
use crate::files;

/// One cell of a row to be written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Written with the fewest digits that identify the number; NaN for a missing number.
    Number(f64),
    /// Quoted if necessary.
    Text(&'a str),
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Both forms are the shortest of their notation; counts have no decimal point.
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                write!(f, "{number}")
            }
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Writer of a table; a row is in the file when [`CsvTable::append`] returns, so that a run that is
/// killed keeps its rows.
pub struct CsvTable {
    path: PathBuf,
    sink: Box<dyn Sink>,
    columns: usize,
    rows: u64,
    /// Byte at which the last complete row ends.
    end: u64,
}

impl CsvTable {
    /// Creates the file at `path` with a line of names.
    ///
    /// # Errors
    /// [`RecordError::Exists`] if it exists already, [`RecordError::Write`].
    pub fn create(path: &Path, header: &[&str]) -> Result<Self, RecordError> {
        let sink = FileSink::create(path)
            .map_err(|error| RecordError::write(path, error, Kept::Nothing))?;
        Self::start(path, header, Box::new(sink))
    }

    fn start(path: &Path, header: &[&str], sink: Box<dyn Sink>) -> Result<Self, RecordError> {
        let mut table = Self {
            path: path.to_owned(),
            sink,
            columns: header.len(),
            rows: 0,
            end: 0,
        };
        let names: Vec<Cell> = header.iter().map(|name| Cell::Text(name)).collect();
        table.line(&names)?;
        Ok(table)
    }

    /// Adds one row.
    ///
    /// # Errors
    /// [`RecordError::Batch`] if the numbers of cells and columns differ, [`RecordError::Write`] if
    /// the row could not be written; the file then ends with the row before it.
    pub fn append(&mut self, cells: &[Cell]) -> Result<(), RecordError> {
        if cells.len() != self.columns {
            return Err(RecordError::Batch {
                what: format!("a row of {}", self.path.display()),
                values: cells.len(),
                expected: self.columns,
            });
        }
        self.line(cells)?;
        self.rows += 1;
        Ok(())
    }

    fn line(&mut self, cells: &[Cell]) -> Result<(), RecordError> {
        let written = encode(cells).and_then(|bytes| {
            self.sink.write_at(self.end, &bytes)?;
            Ok(bytes.len() as u64)
        });
        match written {
            Ok(length) => {
                self.end += length;
                Ok(())
            }
            Err(error) => {
                let kept = match self.sink.truncate(self.end) {
                    Ok(()) => Kept::Rows(self.rows),
                    Err(error) => Kept::Unclosed {
                        rows: self.rows,
                        reason: error.to_string(),
                    },
                };
                Err(RecordError::write(&self.path, error, kept))
            }
        }
    }
}

/// Text of a whole table with a line of names.
///
/// # Errors
/// [`RecordError::Batch`] for a row whose numbers of cells and columns differ.
pub fn text(header: &[&str], rows: &[Vec<Cell<'_>>]) -> Result<String, RecordError> {
    let names: Vec<Cell> = header.iter().map(|name| Cell::Text(name)).collect();
    let mut text = Vec::new();
    for row in std::iter::once(&names).chain(rows) {
        let line = encode(row).ok().filter(|_| row.len() == header.len());
        text.extend(line.ok_or_else(|| RecordError::Batch {
            what: "a row of a table".to_owned(),
            values: row.len(),
            expected: header.len(),
        })?);
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn encode(cells: &[Cell]) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(cells.iter().map(ToString::to_string))?;
    writer.into_inner().map_err(|error| error.into_error())
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// All cells are numbers, `NaN`, `inf` or `-inf`.
    Numbers(Vec<f64>),
    /// At least one cell is a text.
    Texts(Vec<String>),
}

/// Values of a column of numbers; none if there is no such column.
#[must_use]
pub fn numbers<'a>(table: &'a [(String, Column)], name: &str) -> Option<&'a [f64]> {
    match table.iter().find(|(known, _)| known == name)? {
        (_, Column::Numbers(numbers)) => Some(numbers),
        _ => None,
    }
}

/// Reads a table with a line of names; returns names and columns, in order.
///
/// # Errors
/// [`RecordError::Read`] if the file cannot be read, [`RecordError::Content`] if some rows differ
/// in length from the first line.
pub fn read(path: &Path) -> Result<Vec<(String, Column)>, RecordError> {
    const EXPECTED: &str = "a CSV table whose first line names the columns";
    let damaged = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => RecordError::read(path, error, EXPECTED),
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.map_or(0, |position| position.line());
            let expected = format!("{expected_len}, one for each name in the first line");
            RecordError::content(path, format!("line {line}: {len} cells"), expected)
        }
        other => RecordError::content(path, format!("{other:?}"), EXPECTED),
    };
    let file = files::open(path).map_err(|error| RecordError::read(path, error, EXPECTED))?;
    let mut reader = ReaderBuilder::new().from_reader(file);
    let names = reader.headers().map_err(damaged)?.clone();
    let mut columns = vec![Vec::new(); names.len()];
    for record in reader.records() {
        let record = record.map_err(damaged)?;
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.push(cell.to_owned());
        }
    }
    let column = |texts: Vec<String>| {
        let numbers: Result<Vec<f64>, _> = texts.iter().map(|text| text.parse()).collect();
        numbers.map_or(Column::Texts(texts), Column::Numbers)
    };
    Ok((names.iter().map(str::to_owned))
        .zip(columns.into_iter().map(column))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Cell, Column, CsvTable, read};
    use crate::record::sink::Sink;
    use crate::record::{Kept, RecordError};
    use std::fs;
    use std::io;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    #[test]
    fn numbers_and_texts_come_back_exactly() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.csv");
        let numbers = [
            0.1,
            1.0 / 3.0,
            -0.0,
            3.0,
            1e300,
            -5e-324,
            123_456_789_012_345_680.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        let texts = [
            "a",
            "b,c",
            "d \"e\"",
            "two\nlines",
            "",
            " ünï ",
            "1",
            "-",
            "#",
        ];
        let mut table = CsvTable::create(&path, &["number", "a, text"]).unwrap();
        for (number, text) in numbers.iter().zip(texts) {
            table.append(&[(*number).into(), text.into()]).unwrap();
        }
        table.append(&[Cell::Number(f64::NAN), "".into()]).unwrap();
        let columns = read(&path).unwrap();
        let [
            (first, Column::Numbers(read)),
            (second, Column::Texts(words)),
        ] = &columns[..]
        else {
            panic!("{columns:?}")
        };
        assert_eq!((&first[..], &second[..]), ("number", "a, text"));
        let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read[..9]), bits(&numbers));
        assert!(read[9].is_nan());
        assert_eq!(words[..9], texts);
    }

    #[test]
    fn a_row_is_in_the_file_at_once_and_short() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.csv");
        let mut table = CsvTable::create(&path, &["epoch", "accuracy"]).unwrap();
        table.append(&[2.0.into(), 0.1.into()]).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "epoch,accuracy\n2,0.1\n"
        );
        let error = table.append(&[1.0.into()]).unwrap_err().to_string();
        assert!(
            error.ends_with("metrics.csv: found 1 values, expected 2"),
            "{error}"
        );
        let exists = CsvTable::create(&path, &["epoch"]).err().unwrap();
        assert!(matches!(exists, RecordError::Exists { .. }));
    }

    struct Disk(Arc<Mutex<Vec<u8>>>, usize);
    impl Sink for Disk {
        fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            let mut disk = self.0.lock().unwrap();
            assert_eq!(disk.len() as u64, offset);
            let fit = bytes.len().min(self.1 - disk.len());
            disk.extend(&bytes[..fit]);
            (fit == bytes.len())
                .then_some(())
                .ok_or(io::ErrorKind::StorageFull.into())
        }
        fn truncate(&mut self, length: u64) -> io::Result<()> {
            self.0.lock().unwrap().truncate(length as usize);
            Ok(())
        }
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_leaves_whole_rows() {
        let bytes = Arc::default();
        let disk = Disk(Arc::clone(&bytes), 10);
        let mut table = CsvTable::start(Path::new("m.csv"), &["a"], Box::new(disk)).unwrap();
        table.append(&[1.5.into()]).unwrap();
        let error = table.append(&[0.125.into()]).unwrap_err();
        assert!(
            matches!(
                error,
                RecordError::Write {
                    kept: Kept::Rows(1),
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(*bytes.lock().unwrap(), b"a\n1.5\n");
    }

    #[test]
    fn what_is_not_such_a_table_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.csv");
        assert!(matches!(read(&path), Err(RecordError::Read { .. })));
        for (bytes, says) in [
            (
                &b"a,b\n1,2\n3\n"[..],
                "m.csv: found line 3: 1 cells; expected 2, one for each",
            ),
            (b"a,b\n1,\xff\n", "m.csv: found "),
        ] {
            fs::write(&path, bytes).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
