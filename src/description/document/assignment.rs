//! Overrides of the command line: `--set task.epochs=3`.

use std::ops::Range;

use serde::de::DeserializeOwned;

use super::document::Document;
use super::parsing::describe;
use super::path::{Step, descend, path_of, steps};
use super::problem::{Place, Problem};
use super::tree::Node;
use super::unknown::unknown;

/// Largest number of steps that are added for a value: more than in any schema.
const MOST_ADDED: usize = 4;

/// `PATH=VALUE` of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    given: String,
    path: String,
    value: String,
}

impl Assignment {
    /// Splits `PATH=VALUE`.
    ///
    /// # Errors
    /// A text without `=`, or without a path before it.
    pub fn parse(given: &str) -> Result<Self, Problem> {
        let wrong = |message: &str| Err(problem(given, "", message));
        let Some((path, value)) = given.split_once('=') else {
            return wrong("expected PATH=VALUE, such as `task.epochs=3`");
        };
        let (path, value) = (path.trim(), value.trim());
        if steps(path).is_none() {
            return wrong(
                "expected a path before `=`, such as `task.epochs`, `projections[2].delay_ms` or \
                 `model.neurons.pyramidal.tau_b_ms`",
            );
        }
        Ok(Self {
            given: given.to_owned(),
            path: path.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Path before the `=`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Assignment within the file called `name`, if the path starts with `name.`.
    #[must_use]
    pub fn within(&self, name: &str) -> Option<Self> {
        let path = self.path.strip_prefix(name)?.strip_prefix('.')?;
        Some(Self {
            path: path.to_owned(),
            ..self.clone()
        })
    }
}

/// A problem of the path before the `=`; of the whole text if there is no path.
fn problem(given: &str, path: &str, message: &str) -> Problem {
    let end = match given.split_once('=') {
        Some((path, _)) if !path.trim().is_empty() => path.trim_end().len(),
        _ => given.len(),
    };
    let place = Place::of_override(given, &(0..end));
    Problem::error(place, path, message)
}

/// Bytes of the override `given` from which the bytes `span` of the text `inserted` for it were
/// made: in the value, else a name of the path; the whole value if neither can be identified.
pub(super) fn origin(given: &str, inserted: &str, span: &Range<usize>) -> Range<usize> {
    let Some((path, value)) = given.split_once('=') else {
        return 0..given.len();
    };
    let start = given.len() - value.trim_start().len();
    let end = start + value.trim().len();
    if let Some(from) = inserted.rfind(value.trim())
        && span.start >= from
    {
        let at = (start + span.start - from).min(end);
        return at..(at + span.len()).min(end);
    }
    let name = inserted.get(span.clone()).unwrap_or_default();
    match path.rfind(name) {
        Some(at) if !name.is_empty() => at..at + name.len(),
        _ => start..end,
    }
}

impl Document {
    /// Changes the value at a path, or adds it with the missing structs and maps around it.
    ///
    /// `T` is the schema: a value has several readings, such as `tanh` and `"tanh"`, and the first
    /// one that fits the schema is used. The text as a whole is checked by [`parse`](Self::parse),
    /// whose errors name the override if the fault is there.
    ///
    /// # Errors
    /// A path that leads to a missing part, which cannot be added.
    pub fn set<T: DeserializeOwned>(&mut self, assignment: &Assignment) -> Result<(), Problem> {
        let Assignment { given, path, value } = assignment;
        let steps = steps(path).unwrap_or_default();
        let nothing = Node::default();
        let tree = self.tree().unwrap_or(&nothing);
        let (node, taken) = descend(tree, &steps, &self.text);
        let missing = steps.get(taken..).unwrap_or_default();
        if let Some([Step::Name(list), Step::Index(index)]) = missing
            .windows(2)
            .find(|pair| matches!(pair, [_, Step::Index(_)]))
        {
            let message = format!("there is no list `{list}`, so there is no item {index}");
            return Err(problem(given, "", &message));
        }
        let absent = self.text.get(node.span.clone()) == Some("None");
        if missing.len() > MOST_ADDED {
            let message = "too many of its steps lead to nothing that is there";
            return Err(problem(given, "", message));
        }
        // A field of a missing entry, in a map keyed by names of the model: a misspelt name.
        if let ([Step::Name(name), _, ..], Some(('{', _))) = (missing, node.bracket) {
            let names = node.children.iter().filter_map(|child| child.key.as_ref());
            let message = unknown("entry", name, names.map(|key| key.text.as_str()));
            let at = path_of(&tree.around(node.extent().start), &self.text);
            return Err(problem(given, &at, &message));
        }
        let (range, wrap) = match (missing.first(), node.bracket) {
            (None, _) => (node.span.clone(), Wrap::None),
            (Some(_), None) if absent => (node.span.clone(), Wrap::Bracket),
            (Some(Step::Name(_)), Some((bracket @ ('(' | '{'), at)))
                if node.children.iter().all(|child| child.key.is_some()) =>
            {
                (at + 1..at + 1, Wrap::Entry(bracket))
            }
            (Some(step), _) => {
                let at = path_of(&tree.around(node.extent().start), &self.text);
                let message = nothing_there(node, step, &self.text);
                return Err(problem(given, &at, &message));
            }
        };
        let readings: Vec<String> = values(value)
            .iter()
            .flat_map(|value| texts(missing, value, wrap))
            .collect();
        let fits = |changed: &Self| match changed.attempt::<T>() {
            Ok(_) => true,
            Err(fault) => match fault.problem.place {
                Place::Override { assignment, .. } => assignment != *given,
                _ => true,
            },
        };
        let mut candidates =
            (readings.iter()).map(|text| self.replaced(range.clone(), text, given));
        let first = candidates.next();
        let chosen = match first {
            Some(first) if !fits(&first) => candidates.find(fits).or(Some(first)),
            first => first,
        };
        if let Some(chosen) = chosen {
            *self = chosen;
        }
        Ok(())
    }
}

/// Text around a value that is added.
#[derive(Clone, Copy)]
enum Wrap {
    /// None: the value replaces another one.
    None,
    /// Brackets around the value.
    Bracket,
    /// Name of the value, in an existing struct or map with this bracket.
    Entry(char),
}

/// The value as written, if it is a single value, and as a quoted text.
fn values(value: &str) -> Vec<String> {
    let quoted = format!("{value:?}");
    let probe = format!("[{value}]");
    match Node::of(&probe) {
        (Some(list), true) if is_one(&list, value.len()) => vec![value.to_owned(), quoted],
        _ => vec![quoted],
    }
}

/// True if the list holds one complete value of that length and nothing else.
fn is_one(list: &Node, length: usize) -> bool {
    let [only] = &list.children[..] else {
        return false;
    };
    only.key.is_none() && only.span == (1..1 + length) && list.unclosed().is_none()
}

/// Texts to insert for a value at the end of `missing` steps; for a missing part, a struct is tried
/// before a map.
fn texts(missing: &[Step], value: &str, wrap: Wrap) -> Vec<String> {
    let Some((first, rest)) = missing.split_first() else {
        return vec![value.to_owned()];
    };
    let inner = texts(rest, value, Wrap::Bracket);
    let Step::Name(name) = first else {
        return Vec::new();
    };
    let entry = |bracket: char, inner: &String| match bracket {
        '{' => format!("{name:?}: {inner}"),
        _ => format!("{name}: {inner}"),
    };
    (inner.iter())
        .flat_map(|inner| match wrap {
            Wrap::None => vec![inner.clone()],
            Wrap::Entry(bracket) => vec![format!("{}, ", entry(bracket, inner))],
            Wrap::Bracket => vec![
                format!("({})", entry('(', inner)),
                format!("{{{}}}", entry('{', inner)),
            ],
        })
        .collect()
}

/// Message for a path that leads to a missing part.
fn nothing_there(node: &Node, step: &Step, text: &str) -> String {
    let is_list = node.bracket.is_some_and(|(bracket, _)| bracket == '[');
    match step {
        Step::Name(name) if is_list => {
            let names: Vec<String> = (node.children.iter())
                .filter_map(|item| item.item_name(text))
                .collect();
            unknown("item", name, names.iter().map(String::as_str))
        }
        Step::Index(index) if is_list => {
            let items = node.children.len();
            format!("there is no item {index}; the list has {items}, counted from 0")
        }
        Step::Name(name) => format!("{} has no field `{name}`", describe(node, text)),
        Step::Index(index) => format!(
            "{} is no list, so there is no item {index}",
            describe(node, text)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::Assignment;
    use crate::connectivity::Shape;
    use crate::description::document::{Document, Place};
    use crate::description::model::Model;
    use crate::description::scenario::{EtaSchedule, Scenario};
    use crate::plasticity::Optimiser;

    const SCENARIO: &str = r#"(name: "x", model: "m.ron", dt_ms: 1.0, // (
        task: (data: csv(path: "a.csv"), split: counts(train: 1), input: "i", output: "o",
            epochs: 1, presentation_ms: 9.0))"#;
    const MODEL: &str = r#"(name: "x", neurons: {"n": ()}, inputs: [(name: "i", size: 1)],
        populations: [], projections: [(from: "i", to: "o", compartment: basal, delay_ms: 1.0,
            synapse: "s", weights: constant(0.0))])"#;

    fn scenario(assignments: &[&str]) -> Result<Scenario, String> {
        let mut document = Document::from_text("file", SCENARIO);
        for text in assignments {
            let assignment = Assignment::parse(text).map_err(|e| e.to_string())?;
            let done = document.set::<Scenario>(&assignment);
            done.map_err(|e| e.to_string())?;
        }
        document.parse().map_err(|e| e.to_string())
    }

    #[test]
    fn a_field_of_an_entry_that_is_not_there_is_a_misspelt_name() {
        let mut document = Document::from_text("file", MODEL);
        let mut set = |text: &str| {
            let assignment = Assignment::parse(text).map_err(|e| e.to_string())?;
            let done = document.set::<Model>(&assignment);
            done.map_err(|problem| problem.to_string())
        };
        set("neurons.n.lambda=1").unwrap();
        let wrong = set("neurons.m.lambda=1").unwrap_err();
        let what = "there is no entry `m`; expected `n`";
        assert!(wrong.contains(what), "{wrong}");
        // A new entry is given as a whole.
        set("neurons.m=(lambda: 0.5)").unwrap();
        set("neurons.m.lambda=1").unwrap();
    }

    #[test]
    fn values_are_replaced_and_added_with_what_they_need_around_them() {
        let changed = scenario(&[
            "task.epochs=3",
            "task.teacher.latency_ms=5",
            "task.teacher.strength=0.5",
            "task.data.path=b c.csv",
            "task.data.header = true",
            "task.input=pixels",
            "task.eta_schedule=linear(end: 0.5)",
            "task.eta_schedule.end=0.25",
            "model=../models/other.ron",
            "variants.fast=[\"task.epochs=1\"]",
            "variants.slow=[]",
            "about=",
            "name=it's // \"quoted\"",
            "seed=7 // lucky",
        ]);
        let error = changed.unwrap_err();
        assert!(error.contains("error: --set: seed: expected"), "{error}");
        assert!(
            error.contains("| --set seed=7 // lucky\n |            ^^^^^^^^^^"),
            "{error}"
        );
        let changed = scenario(&[
            "task.epochs=3",
            "task.teacher.latency_ms=5",
            "task.teacher.strength=0.5",
            "task.data.path=b c.csv",
            "task.data.header = true",
            "task.input=pixels",
            "task.eta_schedule=linear(end: 0.5)",
            "task.eta_schedule.end=0.25",
            "model=../models/other.ron",
            "variants.fast=[\"task.epochs=1\"]",
            "variants.slow=[]",
            "about=",
            "name=it's // \"quoted\"",
        ]);
        let changed = changed.unwrap();
        let task = changed.task.as_ref().unwrap();
        assert_eq!((task.epochs, task.input.as_str()), (3, "pixels"));
        assert_eq!(task.teacher.latency_ms, Some(5.0));
        assert_eq!(task.teacher.strength, 0.5);
        assert_eq!(
            task.eta_schedule,
            EtaSchedule::Linear {
                start: 1.0,
                end: 0.25
            }
        );
        let data = format!("{:?}", task.data);
        assert!(
            data.contains("b c.csv") && data.contains("header: true"),
            "{data}"
        );
        assert_eq!(changed.model.to_str(), Some("../models/other.ron"));
        assert_eq!(
            changed.variants.keys().collect::<Vec<_>>(),
            ["fast", "slow"]
        );
        assert_eq!(changed.name, "it's // \"quoted\"");
    }

    #[test]
    fn maps_and_items_by_name_are_within_reach() {
        let mut document = Document::from_text("file", MODEL);
        for text in [
            "model.neurons.n.tau_b_ms=5",
            "model.neurons.other=(transfer: relu)",
            "model.projections.i_to_o.delay_ms=2",
            "model.projections[0].name=first",
            "model.synapses.s.update.optimiser=plain",
            "model.synapses.s.parameters.s=-1",
            "model.inputs.i.shape=(1, 1)",
        ] {
            let assignment = Assignment::parse(text).unwrap();
            assert_eq!(assignment.within("task"), None);
            (document.set::<Model>(&assignment.within("model").unwrap())).unwrap();
        }
        let model: Model = document.parse().unwrap();
        assert_eq!(model.neurons["n"].tau_b_ms, 5.0);
        assert_eq!(model.neurons.len(), 2);
        assert_eq!(model.projections[0].delay_ms, 2.0);
        assert_eq!(model.projections[0].name(), "first");
        assert_eq!(model.inputs[0].shape, Shape::new(&[1, 1]));
        let synapse = &model.synapses["s"];
        assert_eq!(synapse.parameters["s"], -1.0);
        let optimiser = synapse.update.as_ref().map(|c| c.optimiser);
        assert_eq!(optimiser, Some(Optimiser::Plain));
    }

    #[test]
    fn what_cannot_be_set_is_named_as_the_place() {
        for (text, says) in [
            (
                "task.epoch=3",
                "error: --set: task: there is no field `epoch`; did you mean `epochs`?",
            ),
            (
                "tsk.epochs=3",
                "there is no field `tsk`; did you mean `task`?",
            ),
            (
                "task.epochs=(3",
                "task.epochs: expected a whole number, found `\"(3\"`",
            ),
            (
                "task.epochs=3, input: 4",
                "task.epochs: expected a whole number",
            ),
            (
                "task.epochs=",
                "task.epochs: expected a whole number, found `\"\"`",
            ),
            ("task.epochs.x=3", "task.epochs: `1` has no field `x`"),
            ("timeline[0].at_ms=3", "there is no list `timeline`"),
            ("task", "expected PATH=VALUE"),
            ("=3", "expected a path before `=`"),
            ("a.b.c.d.e=3", "too many"),
        ] {
            let error = scenario(&[text]).unwrap_err();
            assert!(
                error.contains(&format!("| --set {text}\n")) && error.contains(says),
                "{error}"
            );
        }
    }

    #[test]
    fn of_an_override_the_wrong_part_is_marked() {
        for (text, marked) in [
            ("task.epoch=3", "epoch"),
            ("tsk.epochs=3", "tsk"),
            ("task.epochs= (3", "(3"),
            ("task.epochs=", ""),
            ("task.epochs.x=3", "task.epochs.x"),
            ("task", "task"),
            ("=3", "=3"),
            ("task.split=counts(train: 1, test: 1, tst: 1)", "tst"),
            ("task.split=counts(train: 1.5)", "1.5"),
        ] {
            let mut document = Document::from_text("file", SCENARIO);
            let problem = match Assignment::parse(text) {
                Err(problem) => problem,
                Ok(assignment) => match document.set::<Scenario>(&assignment) {
                    Err(problem) => problem,
                    Ok(()) => document.parse::<Scenario>().unwrap_err().0.remove(0),
                },
            };
            match problem.place {
                Place::Override { excerpt, .. } => assert_eq!(excerpt.marked(), marked, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
