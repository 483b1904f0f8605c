//! The writer thread: conversion of batches to rows of tables, and handling of errors.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crossbeam::channel::Receiver;
use parquet::data_type::ByteArray;
use parquet::file::metadata::KeyValue;

use super::batch::Batch;
use super::columns::{Projections, Rows, TAIL, Traces, Weights};
use super::error::{Kept, RecordError};
use super::recorder::{Recorded, RecordedFile};
use super::sink::Sink;
use super::table::Table;

/// Tables, each created with its first row.
pub(super) struct Tables<S> {
    files: Files<S>,
    traces: Option<Table<Traces, S>>,
    tail: Option<Table<Traces, S>>,
    weights: Option<Table<Weights, S>>,
    projections: Option<Table<Projections, S>>,
}

type Open<S> = dyn FnMut(&Path) -> io::Result<S> + Send;

/// Settings for new files.
struct Files<S> {
    directory: PathBuf,
    metadata: Vec<KeyValue>,
    group_rows: usize,
    open: Box<Open<S>>,
}

impl<S: Sink> Tables<S> {
    pub fn new(
        directory: &Path,
        metadata: &[(&str, String)],
        group_rows: usize,
        open: impl FnMut(&Path) -> io::Result<S> + Send + 'static,
    ) -> Self {
        let pair = |(key, value): &(&str, String)| KeyValue::new((*key).to_owned(), value.clone());
        Self {
            files: Files {
                directory: directory.to_owned(),
                metadata: metadata.iter().map(pair).collect(),
                group_rows,
                open: Box::new(open),
            },
            traces: None,
            tail: None,
            weights: None,
            projections: None,
        }
    }

    /// Writes all batches until the channel ends or an error occurs; then closes every file.
    ///
    /// Returning drops `batches`, which signals a failure to the sender.
    pub fn record(mut self, batches: Receiver<Batch>) -> Result<Recorded, RecordError> {
        let failure = batches.iter().try_for_each(|batch| self.append(batch));
        let closed = [
            close(&mut self.traces),
            close(&mut self.tail),
            close(&mut self.weights),
            close(&mut self.projections),
        ];
        let mut errors: Vec<RecordError> = failure.err().into_iter().collect();
        let mut files = Recorded::new();
        for outcome in closed.into_iter().flatten() {
            match outcome {
                Ok(file) => files.push(file),
                Err(error) => errors.push(error),
            }
        }
        RecordError::several(errors).map(|()| files)
    }

    fn append(&mut self, batch: Batch) -> Result<(), RecordError> {
        match batch {
            Batch::Traces { values, .. }
            | Batch::Tail { values, .. }
            | Batch::Weights { values, .. }
                if values.is_empty() =>
            {
                Ok(())
            }
            Batch::Traces {
                time_ms,
                trial,
                population,
                neurons,
                variable,
                values,
            } => {
                let table = self.files.table(&mut self.traces, Traces::FILE)?;
                traces(
                    table,
                    (time_ms, trial, &population, variable),
                    &neurons,
                    values,
                )
            }
            Batch::Tail {
                time_ms,
                trial,
                population,
                neurons,
                variable,
                values,
            } => {
                let table = self.files.table(&mut self.tail, TAIL)?;
                traces(
                    table,
                    (time_ms, trial, &population, variable),
                    &neurons,
                    values,
                )
            }
            Batch::Weights {
                time_ms,
                projection,
                synapses,
                values,
            } => {
                let table = self.files.table(&mut self.weights, Weights::FILE)?;
                let projection = ByteArray::from(&*projection);
                (synapses.iter().zip(values)).try_for_each(|(&(post, pre), value)| {
                    let (post, pre) = (post.cast_signed(), pre.cast_signed());
                    table.push(|rows| rows.push(time_ms, projection.clone(), post, pre, value))
                })
            }
            Batch::Statistic {
                time_ms,
                projection,
                statistic,
                value,
            } => {
                let table = self.files.table(&mut self.projections, Projections::FILE)?;
                table
                    .push(|rows| rows.push(time_ms, (&*projection).into(), statistic.into(), value))
            }
        }
    }
}

impl<S: Sink> Files<S> {
    /// Table in `slot`, created with this name at its first row.
    fn table<'a, R: Rows>(
        &mut self,
        slot: &'a mut Option<Table<R, S>>,
        name: &str,
    ) -> Result<&'a mut Table<R, S>, RecordError> {
        let table = match slot.take() {
            Some(table) => table,
            None => self.create(name)?,
        };
        Ok(slot.insert(table))
    }

    fn create<R: Rows>(&mut self, name: &str) -> Result<Table<R, S>, RecordError> {
        let path = self.directory.join(name);
        let failed = |error| RecordError::write(&path, error, Kept::Nothing);
        let sink = (self.open)(&path).map_err(failed)?;
        Table::create(&path, sink, self.metadata.clone(), self.group_rows).map_err(|error| {
            // A file without space for an empty footer is useless.
            let _ = fs::remove_file(&path);
            failed(error)
        })
    }
}

/// Adds a row for each of `neurons`.
fn traces<S: Sink>(
    table: &mut Table<Traces, S>,
    (time_ms, trial, population, variable): (f64, u32, &str, &str),
    neurons: &[u32],
    values: Vec<f32>,
) -> Result<(), RecordError> {
    let (population, variable) = (ByteArray::from(population), ByteArray::from(variable));
    neurons.iter().zip(values).try_for_each(|(neuron, value)| {
        table.push(|rows| {
            rows.push(
                time_ms,
                trial.cast_signed(),
                population.clone(),
                neuron.cast_signed(),
                variable.clone(),
                value,
            );
        })
    })
}

fn close<R: Rows, S: Sink>(
    table: &mut Option<Table<R, S>>,
) -> Option<Result<RecordedFile, RecordError>> {
    let table = table.as_mut()?;
    Some(table.close().map(|rows| RecordedFile {
        path: table.path().to_owned(),
        rows,
    }))
}
