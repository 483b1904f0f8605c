//! Rows of a text table, one after the other: byte order mark, delimiter, and limits on their
//! length.

use super::file::{Opened, RELATIVE_PATH, open};
use crate::data::error::{DataError, Place, quote};
use csv::ByteRecord;
use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Largest number of columns of a table.
pub(super) const MOST_COLUMNS: usize = 1 << 20;
/// Largest number of bytes of a row: 32 per column for the largest number of columns.
const LONGEST_ROW: usize = 32 * MOST_COLUMNS;
/// Number of bytes that the reader of rows reads at a time.
const BUFFER: usize = 8 * 1024;
/// Delimiters that are recognised automatically, if the first row has no comma.
const OTHERS: [u8; 4] = *b";\t| ";

/// Rows of a table, read from front to back.
pub(super) struct Rows {
    path: PathBuf,
    reader: csv::Reader<Limited>,
    delimiter: u8,
    count: Rc<Count>,
}

impl Rows {
    /// Opens `path`, plain or gzip. Without a `delimiter` it is the comma, or the only other one in
    /// a first row without a comma.
    ///
    /// # Errors
    /// [`DataError`] if the file cannot be opened or has another text encoding.
    pub fn open(path: &Path, delimiter: Option<u8>) -> Result<Self, DataError> {
        let Opened { mut reader, .. } = open(path, RELATIVE_PATH)?;
        let mut start = Vec::new();
        let head = (reader.by_ref().take(1 << 16)).read_to_end(&mut start);
        head.map_err(|source| DataError::Read {
            file: path.to_owned(),
            offset: start.len() as u64,
            source,
        })?;
        // Spreadsheet programs write a byte order mark at the start of UTF-8 files.
        let marked = start.starts_with("\u{feff}".as_bytes());
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            let expected = "text in UTF-8";
            return Err(DataError::content(
                path,
                Place::Offset(0),
                "UTF-16",
                expected,
            ));
        }
        let mut start = Cursor::new(start);
        start.set_position(if marked { 3 } else { 0 });
        let text = &start.get_ref()[start.position() as usize..];
        let delimiter = delimiter.unwrap_or_else(|| found(text));
        let count = Rc::new(Count::default());
        let limited = Limited {
            // With "\n" as the only terminator, and one at the very end, the line of the reader
            // after a record determines the row of the record. A "\r" before it is white space,
            // which is trimmed.
            inner: Box::new(start.chain(reader).chain(&b"\n"[..])),
            delimiter,
            count: count.clone(),
        };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            // Rows of other lengths are accepted here and reported by this module.
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(limited);
        Ok(Self {
            path: path.to_owned(),
            reader,
            delimiter,
            count,
        })
    }

    /// Delimiter of the cells.
    pub fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// Reads the next row that is not blank into `record`; returns its line in the file, counted
    /// from 1, or nothing at the end.
    ///
    /// # Errors
    /// [`DataError`] if the file cannot be read or the row is too long.
    pub fn next(&mut self, record: &mut ByteRecord) -> Result<Option<u64>, DataError> {
        loop {
            self.count.bytes.set(0);
            self.count.delimiters.set(0);
            let read = self.reader.read_byte_record(record);
            if !read.map_err(|error| self.unreadable(error))? {
                return Ok(None);
            }
            if record.len() > MOST_COLUMNS {
                return Err(self.too_long(Long::Columns));
            }
            if self.delimiter == b' ' {
                // Consecutive spaces count as one delimiter.
                *record = record
                    .iter()
                    .filter(|cell| !cell.trim_ascii().is_empty())
                    .collect();
                if record.is_empty() {
                    continue;
                }
            }
            if record.len() > 1 || !record[0].trim_ascii().is_empty() {
                return Ok(Some(row_of(record, self.reader.position().line())));
            }
        }
    }

    fn unreadable(&self, error: csv::Error) -> DataError {
        let offset = self.reader.position().byte();
        let source = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            other => io::Error::other(format!("{other:?}")),
        };
        match source.downcast::<Long>() {
            Ok(long) => self.too_long(long),
            Err(source) => DataError::Read {
                file: self.path.clone(),
                offset,
                source,
            },
        }
    }

    fn too_long(&self, long: Long) -> DataError {
        let (found, expected) = match long {
            Long::Columns => (
                format!("more than {MOST_COLUMNS} columns"),
                format!("at most {MOST_COLUMNS} in a row, one a feature and one for the label"),
            ),
            Long::Bytes => (
                format!("a row of more than {} MiB", LONGEST_ROW >> 20),
                "shorter rows; a quote that never closes makes one of all that follow".into(),
            ),
        };
        let row = self.reader.position().line();
        DataError::content(&self.path, Place::Row(row), found, expected)
    }
}

/// Reason why a row is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
enum Long {
    #[error("too many columns")]
    Columns,
    #[error("too many bytes")]
    Bytes,
}

/// Numbers of bytes and delimiters since the previous row, accurate to one buffer.
#[derive(Default)]
struct Count {
    bytes: Cell<usize>,
    delimiters: Cell<usize>,
}

/// A reader that returns an error within a row that is too long, before memory is allocated for it.
struct Limited {
    inner: Box<dyn Read>,
    delimiter: u8,
    count: Rc<Count>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let here = buffer[..read]
            .iter()
            .filter(|&&byte| byte == self.delimiter);
        let delimiters = self.count.delimiters.get() + here.count();
        let bytes = self.count.bytes.get() + read;
        self.count.delimiters.set(delimiters);
        self.count.bytes.set(bytes);
        if delimiters > MOST_COLUMNS + BUFFER {
            return Err(io::Error::other(Long::Columns));
        }
        if bytes > LONGEST_ROW + BUFFER {
            return Err(io::Error::other(Long::Bytes));
        }
        Ok(read)
    }
}

/// Delimiter of a table that starts with `text`.
fn found(text: &[u8]) -> u8 {
    let lines = text.split(|&byte| byte == b'\n');
    let mut rows = lines
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let mut quoted = false;
    let mut seen = [false; OTHERS.len()];
    for &byte in rows.next().unwrap_or_default() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => return b',',
            byte if !quoted => {
                for (seen, other) in seen.iter_mut().zip(OTHERS) {
                    *seen |= byte == other;
                }
            }
            _ => {}
        }
    }
    // Spaces also occur beside other delimiters.
    let [others @ .., _] = seen;
    let mut candidates = (OTHERS.into_iter().zip(seen)).filter(|(_, seen)| *seen);
    match (
        candidates.next(),
        others.into_iter().filter(|&seen| seen).count(),
    ) {
        (Some((only, _)), 0 | 1) => only,
        _ => b',',
    }
}

/// Row of `record` if the reader is in line `next` after it.
///
/// The position of a record is before any blank lines above it. Only a quote that is never closed
/// includes the last terminator; then that position is the correct one.
fn row_of(record: &ByteRecord, next: u64) -> u64 {
    let before = record.position().map_or(1, csv::Position::line);
    let inside = record.as_slice().iter().filter(|&&byte| byte == b'\n');
    before.max(next.saturating_sub(1 + inside.count() as u64))
}

/// Text of a cell, without white space around it.
pub(super) fn cell(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes.trim_ascii())
}

/// Text of a cell for a message.
pub(super) fn shown(text: &str) -> String {
    match text {
        "" => "an empty cell".into(),
        text => quote(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::gzip;
    use super::{LONGEST_ROW, MOST_COLUMNS, Rows, cell, found};
    use crate::data::DataError;
    use csv::ByteRecord;

    fn rows(bytes: &[u8], delimiter: Option<u8>) -> Result<Vec<(u64, Vec<String>)>, DataError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        let mut rows = Rows::open(&path, delimiter)?;
        let (mut record, mut all) = (ByteRecord::new(), Vec::new());
        while let Some(row) = rows.next(&mut record)? {
            all.push((row, record.iter().map(|bytes| cell(bytes).into()).collect()));
        }
        Ok(all)
    }

    #[test]
    fn a_mark_at_the_start_is_no_part_of_the_first_cell_quoted_or_not_packed_or_not() {
        let wanted = [(1, vec!["a".to_owned(), "b".to_owned()])];
        for text in [
            "\u{feff}a,b\n",
            "\u{feff}\"a\",\"b\"\r\n",
            "\u{feff}\"a\",b",
        ] {
            assert_eq!(rows(text.as_bytes(), None).unwrap(), wanted, "{text:?}");
            assert_eq!(rows(&gzip(text.as_bytes()), None).unwrap(), wanted);
        }
        let error = rows(b"\xff\xfea\0,\0", None).unwrap_err().to_string();
        assert!(
            error.ends_with("byte 0: found UTF-16, expected text in UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn a_delimiter_is_found_if_only_one_can_be_meant() {
        for (text, delimiter) in [
            ("1,2\n", b','),
            ("\n  \n1;2\n", b';'),
            ("1\t2 \n", b'\t'),
            ("a b; c\n", b';'),
            ("1|2\n", b'|'),
            (" 1   2\n", b' '),
            ("1,5;2,5\n", b','),
            ("1;2|3\n", b','),
            ("\"1,5\";\"2,5\"\n", b';'),
            ("\"a b\"\n", b','),
            ("1\n1;2\n", b','),
            ("", b','),
        ] {
            assert_eq!(found(text.as_bytes()), delimiter, "{text:?}");
        }
    }

    #[test]
    fn any_number_of_spaces_separates_two_cells() {
        let seen = rows(b"  1.0   2 0\r\n\n 3 4    1  \n", None).unwrap();
        let cells = |texts: [&str; 3]| texts.map(str::to_owned).to_vec();
        assert_eq!(
            seen,
            [(1, cells(["1.0", "2", "0"])), (3, cells(["3", "4", "1"]))]
        );
    }

    #[test]
    fn a_row_without_an_end_is_an_error_before_it_takes_memory() {
        let wide = gzip(&b"0,".repeat(MOST_COLUMNS + 3 * super::BUFFER));
        let text = rows(&wide, None).unwrap_err().to_string();
        assert!(
            text.contains("row 1: found more than 1048576 columns"),
            "{text}"
        );
        let just = [&b"0,".repeat(MOST_COLUMNS)[..], b"0\n"].concat();
        assert!(rows(&just, None).is_err());
        assert_eq!(rows(&just[2..], None).unwrap()[0].1.len(), MOST_COLUMNS);
        let open = [
            &b"1,2\n1,\""[..],
            &vec![b'x'; LONGEST_ROW + 3 * super::BUFFER],
        ]
        .concat();
        let text = rows(&gzip(&open), None).unwrap_err().to_string();
        assert!(text.contains("found a row of more than 32 MiB"), "{text}");
    }
}
