//! Writing of one table to a file: row groups of fixed size, and reserved space for the footer.
//!
//! A Parquet file can be read only if its footer exists, at its end. To avoid that a full disk
//! costs complete row groups, space for the footer is reserved *before* a row group counts as
//! complete: zeros follow the last row group, and the footer or the next row group replaces them.
//!
//! ```text
//! PAR1 | row group | row group | zeros, at least as long as the footer of these two
//!                              ^ end
//! ```
//!
//! If a row group cannot be written, the footer of those before it is written at `end` and the file
//! is truncated behind it. If a file system writes in place (ext4, XFS, NTFS, APFS for a file
//! without snapshots), this needs no additional space.

use std::io;
use std::path::{Path, PathBuf};

use parquet::file::metadata::{KeyValue, RowGroupMetaData};

use super::columns::Rows;
use super::encode::{Encoder, MAGIC};
use super::error::{Kept, RecordError};
use super::sink::Sink;

/// Writer of one table.
pub(super) struct Table<R, S> {
    path: PathBuf,
    sink: S,
    encoder: Encoder,
    /// Rows of the incomplete row group.
    rows: R,
    buffered: usize,
    group_rows: usize,
    /// Complete row groups, and their total number of rows.
    groups: Vec<RowGroupMetaData>,
    complete: u64,
    /// Byte at which the last complete row group ends.
    end: u64,
    /// Upper bound of the length of the footer of the complete row groups, in bytes.
    footer_room: u64,
    /// Length of the file written so far, including zeros.
    written: u64,
    closed: bool,
}

impl<R: Rows, S: Sink> Table<R, S> {
    /// Starts the file; `sink` is an empty file at `path`.
    pub fn create(
        path: &Path,
        sink: S,
        metadata: Vec<KeyValue>,
        group_rows: usize,
    ) -> io::Result<Self> {
        let encoder = Encoder::new::<R>(metadata)?;
        let mut table = Self {
            path: path.to_owned(),
            sink,
            rows: R::default(),
            buffered: 0,
            group_rows,
            groups: Vec::new(),
            complete: 0,
            end: 0,
            footer_room: 0,
            written: 0,
            closed: false,
            encoder,
        };
        let room = table.encoder.footer(&[])?.len() as u64;
        table.append(MAGIC, room)?;
        Ok(table)
    }

    /// Adds the row that `row` appends; a full row group is written.
    ///
    /// After an error the table is closed with all complete row groups.
    pub fn push(&mut self, row: impl FnOnce(&mut R)) -> Result<(), RecordError> {
        row(&mut self.rows);
        self.buffered += 1;
        if self.buffered < self.group_rows {
            return Ok(());
        }
        self.flush().map_err(|error| self.recover(error))
    }

    /// Writes the remaining rows and the footer; returns the number of rows of the file.
    pub fn close(&mut self) -> Result<u64, RecordError> {
        if !self.closed {
            self.closed = true;
            let left = if self.buffered > 0 {
                self.flush()
            } else {
                Ok(())
            };
            left.and_then(|()| self.finish())
                .map_err(|error| self.recover(error))?;
        }
        Ok(self.complete)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn flush(&mut self) -> io::Result<()> {
        let (bytes, group) = self.encoder.group(&self.rows)?;
        // Two footers are longer than one for both row groups, as each contains the schema.
        let alone = self.encoder.footer(std::slice::from_ref(&group))?.len() as u64;
        self.append(&bytes, self.footer_room + alone)?;
        self.groups.push(group);
        self.complete += self.buffered as u64;
        self.rows.clear();
        self.buffered = 0;
        Ok(())
    }

    /// Writes `bytes` at the end and reserves space for a footer behind them; complete row groups
    /// stay unchanged.
    fn append(&mut self, bytes: &[u8], footer_room: u64) -> io::Result<()> {
        let end = self.end + bytes.len() as u64;
        self.sink.write_at(self.end, bytes)?;
        let from = self.written.max(end);
        let room = (end + footer_room).saturating_sub(from);
        self.sink.write_at(from, &vec![0; room as usize])?;
        self.written = from + room;
        self.end = end;
        self.footer_room = footer_room;
        Ok(())
    }

    /// Completes the file with the footer of the complete row groups.
    fn finish(&mut self) -> io::Result<()> {
        let footer = self.encoder.footer(&self.groups)?;
        self.sink.write_at(self.end, &footer)?;
        self.sink.truncate(self.end + footer.len() as u64)?;
        self.sink.sync()
    }

    fn recover(&mut self, cause: io::Error) -> RecordError {
        self.closed = true;
        let rows = self.complete;
        let kept = match self.finish() {
            Ok(()) => Kept::Rows(rows),
            Err(error) => Kept::Unclosed {
                rows,
                reason: error.to_string(),
            },
        };
        RecordError::write(&self.path, cause, kept)
    }
}
