//! Text of a file: reading, parsing, and finding a value in it.

use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ron::error::Error;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use super::assignment::origin;
use super::issue::Issue;
use super::parsing;
use super::path::{descend, steps};
use super::pieces::{Origin, Pieces};
use super::problem::{Excerpt, Place, Problem, Problems};
use super::token::{Kind, each_token};
use super::tree::{DEEPEST, Node};
use crate::files;

/// Largest size of a file in bytes, about a thousand times that of usual files.
const LARGEST: u64 = 1 << 22;

/// Text of a RON file, including overrides of the command line.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) name: String,
    /// Text of the file, shared by changed copies.
    original: Arc<str>,
    /// Text with the overrides.
    pub(super) text: String,
    pub(super) pieces: Pieces,
    pub(super) overrides: Vec<String>,
    /// Tree of the values that can be recognised in the text, made at its first use.
    tree: OnceLock<Option<Arc<Node>>>,
}

/// The first deviation of a text from a schema.
pub(super) struct Fault {
    /// Problem as reported.
    pub problem: Problem,
    /// Range of the wrong bytes.
    pub span: Range<usize>,
    /// Error of the parser; absent for an entry given twice that the parser accepts.
    pub error: Option<Error>,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that is missing, a directory, not readable, larger than 4 MiB, not UTF-8, or with
    /// brackets nested more deeply than in any schema.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let wrong = |message: String| Problem::of_file(&name, message);
        if path.is_dir() {
            return Err(wrong("this is a directory; expected a file".into()));
        }
        let mut bytes = Vec::new();
        let read =
            files::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            return Err(wrong(match error.kind() {
                ErrorKind::NotFound => "there is no such file".into(),
                _ => format!("it cannot be read: {error}"),
            }));
        }
        if bytes.len() as u64 > LARGEST {
            let most = LARGEST >> 20;
            return Err(wrong(format!(
                "it is larger than {most} MiB; expected a text file such as those in `scenarios`"
            )));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let document = Self::from_text(name, text);
                match too_deep(&document.text) {
                    None => Ok(document),
                    Some(at) => Err(Problem::error(
                        document.place(&(at..at + 1)),
                        "",
                        format!("the brackets are nested too deeply; expected {DEEPEST} at most"),
                    )),
                }
            }
            Err(error) => Err(wrong(format!(
                "byte {} is not UTF-8; expected a text file",
                error.utf8_error().valid_up_to()
            ))),
        }
    }

    /// Document from a given text; `name` is the name of the file in messages.
    #[must_use]
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text: String = text.into();
        // Some editors write a byte order mark at the start.
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        Self {
            name: name.into(),
            pieces: Pieces::of_file(text.len()),
            original: text.as_str().into(),
            text,
            overrides: Vec::new(),
            tree: OnceLock::new(),
        }
    }

    /// Name of the file as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Text with the overrides.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Value of the text according to the schema `T`.
    ///
    /// # Errors
    /// All deviations from the schema, and entries that are given twice; for the limits see
    /// `repair`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Problems> {
        (self.attempt()).map_err(|_| Problems(self.faults::<T>()))
    }

    /// Value of the text, or its first deviation from the schema.
    pub(super) fn attempt<T: DeserializeOwned>(&self) -> Result<T, Box<Fault>> {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        let parsed = options.from_str(&self.text);
        let nothing = Node::default();
        let tree = self.tree().unwrap_or(&nothing);
        let (finding, error) = match parsed {
            Ok(value) => match parsing::twice(tree, &self.text) {
                None => return Ok(value),
                Some(finding) => (finding, None),
            },
            Err(error) => (parsing::finding(&error, tree, &self.text), Some(error.code)),
        };
        let place = self.place(&finding.span);
        Err(Box::new(Fault {
            problem: Problem::error(place, finding.path, finding.message),
            span: finding.span,
            error,
        }))
    }

    /// Copy with `text` in place of `range`, as if by the override `given`.
    pub(super) fn replaced(&self, range: Range<usize>, text: &str, given: &str) -> Self {
        let mut changed = Self {
            name: self.name.clone(),
            original: self.original.clone(),
            text: String::new(),
            pieces: self.pieces.clone(),
            overrides: self.overrides.clone(),
            tree: OnceLock::new(),
        };
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let (before, after) = (part(0..range.start), part(range.end..self.text.len()));
        changed.text = [before, text, after].concat();
        let number = changed.overrides.len();
        changed.pieces.replace(range, text.len(), number);
        changed.overrides.push(given.to_owned());
        changed
    }

    /// Place of the value at `path`, such as `populations.hidden1.size` or `timeline[2].values`.
    ///
    /// Items of a list have an index or a name. If the value is absent (it has a default or is
    /// missing), the place of the nearest value around it. None for an empty text.
    #[must_use]
    pub fn locate(&self, path: &str) -> Option<Place> {
        let tree = self.tree()?;
        let steps = steps(path).unwrap_or_default();
        let (node, _) = descend(tree, &steps, &self.text);
        Some(self.place(&marked(node, &self.text)))
    }

    /// Problem of an issue, with its place.
    #[must_use]
    pub fn problem(&self, issue: Issue) -> Problem {
        let whole = || Place::File {
            name: self.name.clone(),
        };
        Problem {
            severity: issue.severity,
            place: self.locate(&issue.path).unwrap_or_else(whole),
            path: issue.path,
            message: issue.message,
        }
    }

    /// Quoted text at `path`, even if the rest of the document is broken.
    #[must_use]
    pub fn string_at(&self, path: &str) -> Option<String> {
        let tree = self.tree()?;
        let steps = steps(path)?;
        let (node, taken) = descend(tree, &steps, &self.text);
        (taken == steps.len()).then(|| node.string(&self.text))?
    }

    /// True if the outermost struct has a field of this name.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        (self.tree()).is_some_and(|tree| tree.field(field).is_some())
    }

    /// Copy without the content of the brackets of a field of the outermost struct.
    #[must_use]
    pub(crate) fn emptied(&self, field: &str) -> Self {
        let node = self.tree().and_then(|tree| tree.field(field));
        match node.and_then(|node| Some((node.bracket?.1 + 1, node.span.end - 1, node.closed))) {
            Some((from, until, true)) if from <= until => self.replaced(from..until, "", ""),
            _ => self.clone(),
        }
    }

    /// Tree of the values in the text; absent for an empty text.
    pub(super) fn tree(&self) -> Option<&Node> {
        let tree = || Node::of(&self.text).0.map(Arc::new);
        self.tree.get_or_init(tree).as_deref()
    }

    /// True if the text contains these words anywhere.
    #[must_use]
    pub fn mentions(&self, words: &str) -> bool {
        self.text.contains(words)
    }

    /// Place of some bytes of the text, limited to one line and one origin.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        match self.pieces.origin(span.start) {
            (Origin::Override(number), piece) => {
                let given = self.overrides.get(number).map_or("", String::as_str);
                let inserted = self.text.get(piece.clone()).unwrap_or_default();
                let span = span.start - piece.start..span.end - piece.start;
                Place::of_override(given, &origin(given, inserted, &span))
            }
            (Origin::File(start), piece) => {
                let end = start + span.len().min(piece.end.saturating_sub(span.start));
                let before = self.original.get(..start).unwrap_or(&self.original);
                let line_start = before.rfind('\n').map_or(0, |at| at + 1);
                let line = self.original.get(line_start..).unwrap_or("");
                let line = line.split('\n').next().unwrap_or("").trim_end();
                let start = (start - line_start).min(line.len());
                let end = (end - line_start).clamp(start, line.len());
                Place::Text {
                    name: self.name.clone(),
                    line: before.matches('\n').count() + 1,
                    column: before.get(line_start..).unwrap_or("").chars().count() + 1,
                    excerpt: Excerpt::of(line, &(start..end)).into(),
                }
            }
        }
    }
}

/// Position of the first bracket that is nested more deeply than in any schema.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    each_token(text, |token| {
        match token.kind {
            Kind::Open(_) => depth += 1,
            Kind::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > DEEPEST).then_some(token.span.start)
    })
}

/// Bytes to mark for a node: its value, or its name if the value has several lines.
pub(super) fn marked(node: &Node, text: &str) -> Range<usize> {
    let long = text
        .get(node.span.clone())
        .is_some_and(|t| t.contains('\n'));
    match &node.key {
        Some(key) if long => key.span.clone(),
        _ => node.span.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::Document;
    use crate::description::document::{Assignment, Place};
    use crate::description::model::Model;
    use crate::description::scenario::Scenario;

    const TEXT: &str = "// é\n(\n  name: \"x\",\n  list: [(name: \"a\", size: 1),\n    (name: \"b\", size: 22)],\n)";

    #[test]
    fn a_value_is_found_by_line_and_column() {
        let document = Document::from_text("file", TEXT);
        let place = |path: &str| match document.locate(path) {
            Some(Place::Text {
                line,
                column,
                excerpt,
                ..
            }) => (line, column, excerpt.marked().to_owned()),
            other => panic!("{other:?}"),
        };
        let at = |line, column, marked: &str| (line, column, marked.to_owned());
        assert_eq!(place("name"), at(3, 9, "\"x\""));
        assert_eq!(place("list.b.size"), at(5, 23, "22"));
        assert_eq!(place("list[1].size"), at(5, 23, "22"));
        // An absent value is located where it would be: in the item, in the list, in the file.
        assert_eq!(place("list[1].neuron"), at(5, 5, "(name: \"b\", size: 22)"));
        assert_eq!(place("list[7]"), at(4, 3, "list"));
        assert_eq!(place("nothing"), at(2, 1, "("));
        assert_eq!(Document::from_text("file", "// empty").locate("a"), None);
    }

    #[test]
    fn files_that_are_no_text_say_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.ron");
        let message = |path: &Path| Document::read(path).unwrap_err().message;
        assert!(message(&path).contains("no such file"));
        assert!(message(dir.path()).contains("directory"));
        std::fs::write(&path, b"(name: \"\xff\")").unwrap();
        assert!(message(&path).contains("byte 8 is not UTF-8"));
        std::fs::write(&path, "(".repeat((1 << 22) + 1)).unwrap();
        assert!(message(&path).contains("4 MiB"));
        std::fs::write(&path, "\u{feff}(a: 1)").unwrap();
        assert_eq!(Document::read(&path).unwrap().text(), "(a: 1)");
    }

    proptest! {
        #[test]
        fn no_mutation_of_a_file_makes_it_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![
                any::<u8>(),
                prop::sample::select(b"()[]{},:\"'/*\\#rb0.-e\n".to_vec()),
            ], 0u8..3), 1..12),
            path in "[a-z]{1,4}(\\.[a-z_]{1,6}|\\[[0-9]\\]){0,3}",
            value in ".{0,8}",
            known in prop::sample::select(vec!["task.epochs", "task.data.path", "task.split.train", "probes[0].every_ms"]),
        ) {
            for file in ["scenarios/digits.ron", "models/digits.ron"] {
                let path_of_file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
                let mut bytes = std::fs::read(path_of_file).unwrap();
                for (index, byte, kind) in &changes {
                    let at = index.index(bytes.len());
                    match kind {
                        0 => bytes[at] = *byte,
                        1 => bytes.insert(at, *byte),
                        _ => drop(bytes.remove(at)),
                    }
                }
                let mut document = Document::from_text(file, String::from_utf8_lossy(&bytes));
                for path in [&path[..], known] {
                    let _ = document.locate(path);
                    let _ = document.parse::<Scenario>().map_err(|e| e.to_string());
                    let _ = document.parse::<Model>().map_err(|e| e.to_string());
                    if let Ok(assignment) = Assignment::parse(&format!("{path}={value}")) {
                        let _ = document.set::<Scenario>(&assignment).map_err(|e| e.to_string());
                    }
                }
                let _ = document.parse::<Scenario>().map_err(|e| e.to_string());
            }
        }
    }
}
