//! Columns of the tables, in memory and in Parquet.

use std::any::type_name;
use std::fmt::Write as _;

use parquet::basic::{LogicalType, Repetition};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArrayType, DataType, DoubleType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::reader::RowGroupReader;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::pages::Pages;

/// Rows of one table, column by column.
pub(super) trait Rows: Default + Send {
    /// Name of the file in the directory of a run.
    const FILE: &'static str;
    /// Schema of the table in Parquet.
    fn schema() -> Result<TypePtr, ParquetError>;
    /// Removes all rows and keeps the allocated memory.
    fn clear(&mut self);
    /// Encodes all rows as one row group.
    fn write(&self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), ParquetError>;
    /// Decodes one row group.
    fn read(group: &dyn RowGroupReader) -> Result<Self, ParquetError>;
}

/// Content of a column, with its type in Parquet.
pub(super) trait Kind {
    type Physical: DataType;
    /// Interpretation of the physical type by a reader.
    fn logical() -> Option<LogicalType> {
        None
    }
}

/// Elements of a column of this kind in memory.
pub(super) type Stored<K> = <<K as Kind>::Physical as DataType>::T;

/// 64-bit floating point.
pub(super) struct Float64;
/// 32-bit floating point.
pub(super) struct Float32;
/// Unsigned 32-bit integers, whose bits Parquet stores as signed ones.
pub(super) struct Unsigned;
/// Text, stored with a dictionary.
pub(super) struct Text;

impl Kind for Float64 {
    type Physical = DoubleType;
}
impl Kind for Float32 {
    type Physical = FloatType;
}
impl Kind for Unsigned {
    type Physical = Int32Type;
    fn logical() -> Option<LogicalType> {
        Some(LogicalType::integer(32, false))
    }
}
impl Kind for Text {
    type Physical = ByteArrayType;
    fn logical() -> Option<LogicalType> {
        Some(LogicalType::String)
    }
}

macro_rules! table {
    ($(#[$doc:meta])* $table:ident, $file:literal, $($column:ident: $kind:ty),+) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $table {
            $($column: Vec<Stored<$kind>>,)+
        }

        impl $table {
            pub fn push(&mut self, $($column: Stored<$kind>),+) {
                $(self.$column.push($column);)+
            }

            /// The rows in order.
            pub fn rows(&self) -> impl Iterator<Item = ($(&Stored<$kind>),+)> {
                (0..).map_while(|row| Some(($(self.$column.get(row)?),+)))
            }
        }

        impl Rows for $table {
            const FILE: &'static str = $file;

            fn schema() -> Result<TypePtr, ParquetError> {
                let columns = vec![$(column::<$kind>(stringify!($column))?),+];
                Ok(Type::group_type_builder("schema").with_fields(columns).build()?.into())
            }

            fn clear(&mut self) {
                $(self.$column.clear();)+
            }

            fn write(
                &self,
                group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
            ) -> Result<(), ParquetError> {
                $(encode::<$kind>(group, &self.$column)?;)+
                Ok(())
            }

            fn read(group: &dyn RowGroupReader) -> Result<Self, ParquetError> {
                let mut columns = 0..;
                Ok(Self { $($column: decode::<$kind>(group, columns.next())?,)+ })
            }
        }
    };
}

table! {
    /// Variables of compartments over time.
    Traces, "traces.parquet",
    time_ms: Float64, trial: Unsigned, population: Text, neuron: Unsigned, variable: Text, value: Float32
}
table! {
    /// Single synapses over time.
    Weights, "weights.parquet",
    time_ms: Float64, projection: Text, post: Unsigned, pre: Unsigned, value: Float32
}
table! {
    /// Statistics of whole projections over time.
    Projections, "projections.parquet",
    time_ms: Float64, projection: Text, statistic: Text, value: Float64
}

/// Name of a second file of traces, for the end of a run, including neurons without a probe.
pub(super) const TAIL: &str = "tail.parquet";

fn column<K: Kind>(name: &str) -> Result<TypePtr, ParquetError> {
    let column = Type::primitive_type_builder(name, K::Physical::get_physical_type())
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(K::logical())
        .build()?;
    Ok(column.into())
}

fn encode<K: Kind>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[Stored<K>],
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General(format!("no column of {}", type_name::<K>()));
    let mut column = group.next_column()?.ok_or_else(missing)?;
    let writer = K::Physical::get_column_writer_mut(column.untyped()).ok_or_else(missing)?;
    writer.write_batch(values, None, None)?;
    column.close()
}

fn decode<K: Kind>(
    group: &dyn RowGroupReader,
    column: Option<usize>,
) -> Result<Vec<Stored<K>>, ParquetError> {
    let missing = || ParquetError::General(format!("no column of {}", type_name::<K>()));
    let column = column.filter(|column| *column < group.num_columns());
    let column = column.ok_or_else(missing)?;
    let rows = usize::try_from(group.metadata().num_rows())?;
    let pages = group.get_column_page_reader(column)?;
    let pages = Pages::new(pages, K::Physical::get_physical_type(), rows);
    let description = group.metadata().schema_descr().column(column);
    let mut reader = ColumnReaderImpl::<K::Physical>::new(description, Box::new(pages));
    let mut values = Vec::new();
    while values.len() < rows {
        let (more, ..) = reader.read_records(rows - values.len(), None, None, &mut values)?;
        if more == 0 {
            let found = format!("{} values in a column of {rows} rows", values.len());
            return Err(ParquetError::EOF(found));
        }
    }
    Ok(values)
}

/// Names and types of columns in words; equal for equal tables.
pub(super) fn describe(schema: &SchemaDescriptor) -> String {
    let mut text = String::new();
    for column in schema.columns() {
        let separator = if text.is_empty() { "" } else { ", " };
        let (path, physical) = (column.path().string(), column.physical_type());
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{path} {physical}");
        if let Some(logical) = column.logical_type_ref() {
            let _ = match logical {
                LogicalType::String => write!(text, " (text)"),
                LogicalType::Integer(int) if !int.is_signed => write!(text, " (unsigned)"),
                other => write!(text, " ({other:?})"),
            };
        }
        if column.max_def_level() > 0 {
            text.push_str(" (may be null)");
        }
    }
    text
}
