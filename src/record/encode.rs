//! Conversion of rows to the bytes of a Parquet file, in memory: row groups and footers.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::{ColumnPath, SchemaDescPtr, SchemaDescriptor};

use super::columns::Rows;

/// First bytes of a Parquet file.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// Encoder of one table.
///
/// The bytes depend on the rows only, not on time, threads or hash seeds (dictionaries keep the
/// order of first appearance).
pub(super) struct Encoder {
    schema: SchemaDescPtr,
    properties: WriterPropertiesPtr,
    metadata: Vec<KeyValue>,
    /// Bytes not yet taken; counts all bytes so far, as a footer contains their positions.
    bytes: TrackedWrite<Vec<u8>>,
    groups: i32,
}

impl Encoder {
    /// Encoder of a file that contains only [`MAGIC`].
    pub fn new<R: Rows>(metadata: Vec<KeyValue>) -> io::Result<Self> {
        // Values seldom repeat, so a dictionary of them would be useless.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_column_dictionary_enabled(ColumnPath::from("value"), false)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let mut encoder = Self {
            schema: Arc::new(SchemaDescriptor::new(R::schema()?)),
            properties: Arc::new(properties),
            metadata,
            bytes: TrackedWrite::new(Vec::new()),
            groups: 0,
        };
        encoder.bytes.write_all(MAGIC)?;
        encoder.take()?;
        Ok(encoder)
    }

    /// Bytes of the next row group, and its description in a footer.
    pub fn group<R: Rows>(&mut self, rows: &R) -> io::Result<(Vec<u8>, RowGroupMetaData)> {
        let mut group = SerializedRowGroupWriter::new(
            Arc::clone(&self.schema),
            Arc::clone(&self.properties),
            &mut self.bytes,
            self.groups,
            None,
        );
        rows.write(&mut group)?;
        let described = Arc::unwrap_or_clone(group.close()?);
        self.groups = (self.groups.checked_add(1))
            .ok_or_else(|| ParquetError::General("more than 2^31 row groups".to_owned()))?;
        Ok((self.take()?, described))
    }

    /// Bytes of the end of a file that contains `groups`.
    pub fn footer(&self, groups: &[RowGroupMetaData]) -> io::Result<Vec<u8>> {
        let file = FileMetaData::new(
            self.properties.writer_version().as_num(),
            groups.iter().map(RowGroupMetaData::num_rows).sum(),
            Some(self.properties.created_by().to_owned()),
            Some(self.metadata.clone()),
            Arc::clone(&self.schema),
            None,
        );
        let all = ParquetMetaDataBuilder::new(file)
            .set_row_groups(groups.to_vec())
            .build();
        let mut bytes = Vec::new();
        ParquetMetaDataWriter::new(&mut bytes, &all).finish()?;
        Ok(bytes)
    }

    fn take(&mut self) -> io::Result<Vec<u8>> {
        self.bytes.flush()?;
        Ok(std::mem::take(self.bytes.inner_mut()))
    }
}
