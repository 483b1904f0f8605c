//! A simulation whose probes are recorded while it advances.

use std::sync::atomic::{AtomicBool, Ordering};

use super::RunError;
use crate::engine::Simulation;
use crate::protocol::Segment;
use crate::record::{Observer, Recorded, Recorder};

/// A simulation with its probes and their recorder.
pub struct Observed<'a> {
    /// The simulation.
    pub simulation: Simulation,
    observer: Observer,
    recorder: Recorder,
    stop: &'a AtomicBool,
}

impl<'a> Observed<'a> {
    /// A simulation at the start of a run, which ends in an orderly way when `stop` becomes true.
    #[must_use]
    pub fn new(
        simulation: Simulation,
        observer: Observer,
        recorder: Recorder,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            simulation,
            observer,
            recorder,
            stop,
        }
    }

    /// Records the due samples of the present state.
    ///
    /// # Errors
    /// [`RunError::Record`]
    pub fn observe(&mut self) -> Result<(), RunError> {
        (self.observer).observe(&mut self.simulation, &mut self.recorder)?;
        Ok(())
    }

    /// Advances through a segment.
    ///
    /// # Errors
    /// [`RunError::Stopped`], [`RunError::Runaway`], [`RunError::Layout`], [`RunError::Record`].
    pub fn run(&mut self, segment: &Segment) -> Result<(), RunError> {
        let Self {
            observer,
            simulation,
            ..
        } = self;
        observer.begin(simulation, &segment.presentation);
        while self.simulation.steps() < segment.steps.end {
            self.advance(segment.steps.end)?;
        }
        let Self {
            observer,
            simulation,
            recorder,
            ..
        } = self;
        if let Some(question) = &segment.question {
            observer.compute_gradient(simulation, &question.output, &question.target);
        }
        if segment.steps.end == segment.presentation.end {
            observer.end(simulation, recorder)?;
        }
        Ok(())
    }

    /// Advances to step `limit`, or to the next step with a sample or an event.
    fn advance(&mut self, limit: u64) -> Result<(), RunError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(RunError::Stopped);
        }
        let next = self.observer.next(self.simulation.steps()).unwrap_or(limit);
        self.simulation.advance(limit.min(next));
        if let Some(runaway) = self.simulation.runaway() {
            return Err(runaway.clone().into());
        }
        if let Some(misplaced) = self.simulation.misplaced() {
            return Err(misplaced.clone().into());
        }
        self.observe()
    }

    /// Ends the recordings and returns the simulation and the recorded files.
    pub fn finish(self) -> (Simulation, Result<Recorded, RunError>) {
        let recorded = self.recorder.finish().map_err(RunError::from);
        (self.simulation, recorded)
    }
}
