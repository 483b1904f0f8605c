//! Classification: epochs of presentations of labelled samples, each with a teacher.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use super::evaluation::{Evaluation, Weights, confusion, most_active};
use super::{Epoch, Protocol, ProtocolError, Question, Report, Segment, Window};
use crate::circuit::{Circuit, charging};
use crate::data::{Encoded, Encoder, LoadedData, Order, Split};
use crate::description::scenario::{PresentationSteps, Probe, Scenario, Task, TimelineEntry};
use crate::engine::Simulation;
use crate::event::{Event, PopulationId, Teacher};
use crate::math::Steps;

/// A part of a data set.
pub struct Part {
    /// All samples of the source, encoded.
    pub data: Arc<Encoded>,
    /// Indices of the samples of this part.
    pub samples: Vec<usize>,
}

impl Part {
    /// Classes of the samples at these positions in the part.
    pub fn labels<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        (positions.iter()).map(|&position| self.data.labels[self.samples[position]])
    }

    /// Input rates of the samples at these positions, positions x features.
    #[must_use]
    pub fn stimuli(&self, positions: &[usize]) -> Array2<f32> {
        let samples: Vec<usize> = positions.iter().map(|&p| self.samples[p]).collect();
        self.data.inputs.select(Axis(0), &samples)
    }
}

/// Names of classes and features, and the encoding.
pub struct Legend {
    /// Names of the classes, `[classes]`.
    pub classes: Vec<String>,
    /// Names of the features, `[features]`; `None` if they have no names.
    pub features: Option<Vec<String>>,
    /// The encoding, fitted to the training part.
    pub encoder: Encoder,
}

impl Legend {
    /// Name of a class.
    #[must_use]
    pub fn class(&self, class: usize) -> String {
        let name = self.classes.get(class).cloned();
        name.unwrap_or_else(|| class.to_string())
    }
}

/// Position in the task between two segments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassificationCursor {
    /// Number of completed epochs.
    epoch: u64,
    /// Number of completed presentations of the epoch.
    presentation: usize,
    /// True if the answers of the present presentation have been read.
    asked: bool,
    /// Number of correct answers in the epoch; `None` if the teacher starts before settling.
    right: Option<usize>,
    /// Number of samples shown in the epoch.
    shown: usize,
}

/// One presentation of an epoch.
struct Presentation {
    /// Completed fraction of the run, which determines the learning rate.
    done: f64,
    /// Positions in the training part, one per trial.
    positions: Vec<usize>,
}

/// Learning to classify: repeated presentation of the training part in an order specific to each
/// epoch, a teacher in each presentation, and validation after each epoch.
pub struct ClassificationProtocol {
    task: Task,
    seed: u64,
    trials: usize,
    /// Times of the steps.
    grid: Steps,
    steps: PresentationSteps,
    /// Samples for learning.
    pub train: Part,
    /// Samples for the selection of the epoch.
    pub validation: Part,
    /// Samples for a single test at the end.
    pub test: Part,
    classes: usize,
    /// Names of classes and features.
    pub legend: Legend,
    evaluation: Evaluation,
    /// Trials of which traces are recorded.
    recorded: BTreeSet<usize>,
    cursor: ClassificationCursor,
    /// Presentations of the present epoch, and the first one of the next epoch.
    presentations: Vec<Presentation>,
    following: Option<Presentation>,
}

impl ClassificationProtocol {
    /// Prepares the task of `scenario`, if it has one, with its `data`.
    ///
    /// # Errors
    /// [`ProtocolError`]
    pub fn new(
        scenario: &Scenario,
        circuit: &Circuit,
        data: Option<LoadedData>,
    ) -> Result<Option<Self>, ProtocolError> {
        let (Some(task), Some(loaded)) = (scenario.task.clone(), data) else {
            return Ok(None);
        };
        let train = loaded.train;
        let classes = train.classes;
        let split = Split::stratified(&train.labels, train.classes, &task.split, scenario.seed)?;
        let encoder = task.encoding.fit(&train.inputs, &split.train);
        let data = Arc::new(train.encode(&encoder)?);
        let part = |samples| Part {
            data: data.clone(),
            samples,
        };
        // If a source has its own test part, all of it is used.
        let test = match loaded.test {
            None => part(split.test),
            Some(test) => Part {
                samples: (0..test.samples()).collect(),
                data: Arc::new(test.encode(&encoder)?),
            },
        };
        let steps = PresentationSteps::of(&task, circuit);
        if steps.on >= steps.off {
            return Err(ProtocolError::NoTimeToTeach {
                presentation_ms: task.presentation_ms,
                on_ms: circuit.steps().ms(steps.on),
                off_ms: circuit.steps().ms(steps.off),
            });
        }
        // Answers are read after settling, even if presentations are shorter during learning.
        let held = (circuit.steps()).next(charged(&scenario.timeline, circuit, &task));
        let answer = (steps.length.max(steps.settled)).max(held);
        let ends = (task.input.as_str(), task.output.as_str());
        let evaluation = Evaluation::new(circuit, &scenario.timeline, ends, answer);
        let mut protocol = Self {
            grid: circuit.steps(),
            steps,
            evaluation,
            recorded: recorded(scenario),
            seed: scenario.seed,
            trials: scenario.trials,
            train: part(split.train),
            validation: part(split.validation),
            test,
            classes,
            legend: Legend {
                classes: loaded.classes,
                features: loaded.features,
                encoder,
            },
            task,
            cursor: ClassificationCursor::default(),
            presentations: Vec::new(),
            following: None,
        };
        protocol.resume(ClassificationCursor {
            right: Some(0),
            ..ClassificationCursor::default()
        });
        Ok(Some(protocol))
    }

    /// Number of epochs.
    #[must_use]
    pub fn epochs(&self) -> u64 {
        self.task.epochs
    }

    /// Start and end of the teacher in ms after the stimulus.
    #[must_use]
    pub fn teacher_ms(&self) -> (f64, f64) {
        (self.grid.ms(self.steps.on), self.grid.ms(self.steps.off))
    }

    /// Number of presentations per epoch.
    fn presentations(&self) -> u64 {
        self.train.samples.len().div_ceil(self.trials) as u64
    }

    /// Common factor of all learning rates after the fraction `done` of the run.
    fn eta_factor(&self, done: f64) -> f32 {
        self.task.eta_schedule.factor(done)
    }

    /// The presentations of an epoch: the training part in an order specific to the epoch. The last
    /// presentation is completed with the first samples of the epoch.
    fn epoch(&self, epoch: u64) -> Vec<Presentation> {
        if epoch >= self.task.epochs {
            return Vec::new();
        }
        let order = Order {
            seed: self.seed,
            samples: self.train.samples.len(),
        };
        let order = order.epoch(epoch);
        let count = self.presentations() as usize;
        (0..count)
            .map(|n| Presentation {
                done: (epoch as f64 + n as f64 / count as f64) / self.task.epochs as f64,
                positions: (0..self.trials)
                    .map(|trial| order[(n * self.trials + trial) % order.len()])
                    .collect(),
            })
            .collect()
    }

    /// Enters the stimuli of a presentation that begins at step `start`.
    fn show(
        &self,
        presentation: &Presentation,
        simulation: &mut Simulation,
        start: u64,
    ) -> Result<(), ProtocolError> {
        let input = simulation.input(&self.task.input)?;
        let stimuli = self.train.stimuli(&presentation.positions);
        simulation.enter(start, Event::Rates(input, stimuli))?;
        Ok(())
    }

    /// Enters learning rate and teachers of the presentation that begins now, and the stimuli of
    /// the next one, which take effect at its end.
    fn present(&self, simulation: &mut Simulation) -> Result<(), ProtocolError> {
        let presentation = &self.presentations[self.cursor.presentation];
        let start = simulation.steps();
        let teacher = Teacher {
            target: self.targets(&presentation.positions),
            strength: vec![self.task.teacher.strength; self.trials],
        };
        simulation.enter(start, Event::EtaScale(self.eta_factor(presentation.done)))?;
        let next = self.presentations.get(self.cursor.presentation + 1);
        if let Some(next) = next.or(self.following.as_ref()) {
            self.show(next, simulation, start + self.steps.length)?;
        }
        for population in self.task.taught() {
            let population = simulation.pyramidal(population)?;
            let (on, off) = (start + self.steps.on, start + self.steps.off);
            simulation.enter(on, Event::Teacher(population, teacher.clone()))?;
            simulation.enter(off, Event::Strength(population, 0.0))?;
        }
        Ok(())
    }

    /// Number of correct answers in the present presentation, just before the teacher; `None` if
    /// the teacher starts before activity has settled.
    fn right(&self, simulation: &mut Simulation) -> Option<usize> {
        let answers = most_active(simulation, &self.task.output);
        let presentation = &self.presentations[self.cursor.presentation];
        let labels = self.train.labels(&presentation.positions);
        let right = (answers.into_iter().zip(labels)).filter(|(a, l)| a == l);
        let right = right.count();
        (self.steps.on >= self.steps.settled).then_some(right)
    }

    fn windows(&self, start: u64, positions: &[usize], dt_ms: f64) -> Vec<Window> {
        let PresentationSteps {
            on, off, length, ..
        } = self.steps;
        let labels: Vec<usize> = self.train.labels(positions).collect();
        let trials = (self.recorded.iter()).filter_map(|trial| Some((*trial, labels.get(*trial)?)));
        let rows = trials.flat_map(|(trial, label)| {
            [("stimulus", 0, length), ("teacher", on, off)].map(|(kind, from, until)| Window {
                kind: kind.to_owned(),
                label: self.legend.class(*label),
                from_ms: Steps::of(dt_ms).ms(start + from),
                until_ms: Steps::of(dt_ms).ms(start + until),
                trial: Some(trial),
            })
        });
        rows.collect()
    }

    fn targets(&self, positions: &[usize]) -> Array2<f32> {
        let smoothing = self.task.teacher.label_smoothing;
        let spread = smoothing / self.classes as f32;
        let mut targets = Array2::from_elem((positions.len(), self.classes), spread);
        for (mut row, label) in targets
            .rows_mut()
            .into_iter()
            .zip(self.train.labels(positions))
        {
            row[label] += 1.0 - smoothing;
        }
        targets
    }

    /// Ends an epoch: accuracies, and a row of the metrics.
    fn end_of_epoch(&mut self, simulation: &Simulation) -> Result<Report, ProtocolError> {
        let weights = own_weights(simulation);
        let part = ("validation", &self.validation);
        let replayed = self.replayed(simulation.steps());
        let answers = self.evaluation.answers(part, &weights, replayed)?;
        let validation = super::accuracy(&confusion(&self.validation, &answers, self.classes));
        let (right, shown) = (self.cursor.right, self.cursor.shown);
        let train = right.map(|right| right as f64 / shown.max(1) as f64);
        let epoch = self.cursor.epoch + 1;
        let eta_factor = (self.presentations.last()).map_or(1.0, |p| self.eta_factor(p.done));
        Ok(Report {
            metrics: Some(vec![
                epoch as f64,
                simulation.time_ms(),
                train.unwrap_or(f64::NAN),
                validation.unwrap_or(f64::NAN),
                f64::from(eta_factor),
            ]),
            epoch: Some(Epoch {
                epoch,
                train,
                validation,
            }),
            ..Report::default()
        })
    }

    /// Answers to the test part, `[samples of the part]`, with the weights of step `learned` of
    /// learning, and numbers of samples, true class x answer.
    ///
    /// # Errors
    /// As [`Evaluation::answers`].
    pub fn test(
        &mut self,
        weights: &Weights,
        learned: u64,
    ) -> Result<(Vec<usize>, Array2<u32>), ProtocolError> {
        let replayed = self.replayed(learned);
        let answers = self
            .evaluation
            .answers(("test", &self.test), weights, replayed)?;
        let counts = confusion(&self.test, &answers, self.classes);
        Ok((answers, counts))
    }

    /// Steps of learning whose timeline entries are repeated for validation and test: the last
    /// presentation before step `learned`, until the answers during learning are read, just before
    /// the teacher; the whole presentation if the teacher starts before activity has settled.
    /// Entries active at the end of these steps remain active.
    fn replayed(&self, learned: u64) -> Range<u64> {
        let PresentationSteps {
            on,
            length,
            settled,
            ..
        } = self.steps;
        let start = learned.saturating_sub(length);
        start..start + if on >= settled { on } else { length }
    }
}

impl Protocol for ClassificationProtocol {
    type Cursor = ClassificationCursor;

    fn cursor(&self) -> ClassificationCursor {
        self.cursor.clone()
    }

    fn resume(&mut self, cursor: ClassificationCursor) {
        self.presentations = self.epoch(cursor.epoch);
        self.following = self.epoch(cursor.epoch + 1).into_iter().next();
        self.cursor = cursor;
    }

    fn steps(&self) -> u64 {
        self.task.epochs * self.presentations() * self.steps.length
    }

    fn columns(&self) -> Vec<String> {
        let names = [
            "epoch",
            "time_ms",
            "train_accuracy",
            "validation_accuracy",
            "eta_factor",
        ];
        names.map(str::to_owned).to_vec()
    }

    fn prepare(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError> {
        if let Some(first) = self.presentations.first() {
            self.show(first, simulation, 0)?;
        }
        Ok(Report::default())
    }

    fn begin(&mut self, simulation: &mut Simulation) -> Result<Option<Segment>, ProtocolError> {
        let Some(presentation) = self.presentations.get(self.cursor.presentation) else {
            return Ok(None);
        };
        let now = simulation.steps();
        if self.cursor.asked {
            let start = now - self.steps.on;
            let end = start + self.steps.length;
            return Ok(Some(Segment {
                steps: now..end,
                presentation: start..end,
                question: None,
            }));
        }
        let question = Question {
            output: self.task.output.clone(),
            target: self.targets(&presentation.positions),
        };
        self.present(simulation)?;
        Ok(Some(Segment {
            steps: now..now + self.steps.on,
            presentation: now..now + self.steps.length,
            question: Some(question),
        }))
    }

    fn end(&mut self, simulation: &mut Simulation) -> Result<Report, ProtocolError> {
        if !self.cursor.asked {
            let right = self.right(simulation);
            self.cursor.right = self.cursor.right.zip(right).map(|(sum, more)| sum + more);
            self.cursor.asked = true;
            return Ok(Report::default());
        }
        let positions = &self.presentations[self.cursor.presentation].positions;
        let start = simulation.steps() - self.steps.length;
        let windows = self.windows(start, positions, simulation.dt_ms());
        self.cursor.shown += positions.len();
        self.cursor.presentation += 1;
        self.cursor.asked = false;
        if self.cursor.presentation < self.presentations.len() {
            return Ok(Report {
                windows,
                ..Report::default()
            });
        }
        let report = self.end_of_epoch(simulation)?;
        self.resume(ClassificationCursor {
            epoch: self.cursor.epoch + 1,
            right: Some(0),
            ..ClassificationCursor::default()
        });
        Ok(Report { windows, ..report })
    }
}

/// Weights of all projections that are neither tied nor pools.
#[must_use]
pub fn own_weights(simulation: &Simulation) -> Weights {
    (simulation.projections().into_iter())
        .filter(|p| p.has_own_weights)
        .filter_map(|p| Some((p.name.clone(), simulation.weights(&p.name)?)))
        .collect::<BTreeMap<_, _>>()
}

/// Trials of which a scenario records traces, including the first.
fn recorded(scenario: &Scenario) -> BTreeSet<usize> {
    let trials = scenario.probes.iter().flat_map(|probe| match probe {
        Probe::Traces { trials, .. } => trials.among(scenario.trials),
        Probe::Weights { .. } | Probe::Statistics { .. } => Vec::new(),
    });
    trials.chain([0]).collect()
}

/// Time in ms until the output populations have settled to currents and teachers of the timeline.
fn charged(timeline: &[TimelineEntry], circuit: &Circuit, task: &Task) -> f64 {
    let taught = task.taught_in(circuit);
    let populations = timeline.iter().filter_map(|entry| match entry {
        TimelineEntry::Current { neurons, .. } => Some(&neurons.population),
        TimelineEntry::Teacher { population, .. } => Some(population),
        _ => None,
    });
    let populations: BTreeSet<PopulationId> = populations
        .filter_map(|name| circuit.population(name))
        .collect();
    let times = (populations.into_iter()).map(|population| charging(circuit, population, &taught));
    times.fold(0.0, f64::max)
}
