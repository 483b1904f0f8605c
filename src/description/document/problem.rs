//! A problem with its place, as printed.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::issue::Severity;
use crate::terminal::{colours, one_line, say, say_coloured, shortened, stderr, visible};

/// Largest number of characters of a name or a path in a message.
const LONGEST_NAME: usize = 300;
/// Largest number of characters of a message.
const LONGEST_MESSAGE: usize = 1000;
/// Largest number of characters of an excerpt on each side of the mark; the renderer cuts further.
const LONGEST_SIDE: usize = 250;
/// Largest number of characters of a mark.
const LONGEST_MARK: usize = 70;

/// A line with a mark. Of a long line it has the text around the mark alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Text in which control characters are visible.
    text: String,
    /// Bytes of the text that are marked.
    marked: Range<usize>,
}

impl Excerpt {
    /// Excerpt of a line in which the bytes `marked` are marked, or the beginning of these.
    pub(super) fn of(line: &str, marked: &Range<usize>) -> Self {
        let part = |range: Range<usize>| line.get(range).unwrap_or_default();
        let shown = |text: &str| visible(text).replace('\n', "\\n");
        let beginning = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let before = part(0..marked.start);
        let from = before.char_indices().rev().nth(LONGEST_SIDE - 1);
        let before = shown(part(from.map_or(0, |(at, _)| at)..marked.start));
        let mark = beginning(part(marked.clone()), LONGEST_MARK);
        let after = part(marked.start + mark.len()..line.len());
        let (mark, after) = (shown(&mark), shown(&beginning(after, LONGEST_SIDE)));
        Self {
            marked: before.len()..before.len() + mark.len(),
            text: [before, mark, after].concat(),
        }
    }

    /// The marked part.
    #[must_use]
    pub fn marked(&self) -> &str {
        &self.text[self.marked.clone()]
    }
}

/// Place of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file as a whole.
    File {
        /// Name of the file as given.
        name: String,
    },
    /// A part of a line of a file.
    Text {
        /// Name of the file as given.
        name: String,
        /// Line, counted from 1.
        line: usize,
        /// First character of the part, counted from 1.
        column: usize,
        /// The line with the part marked.
        excerpt: Box<Excerpt>,
    },
    /// An override of the command line.
    Override {
        /// `PATH=VALUE` as given.
        assignment: String,
        /// The override with the wrong part marked.
        excerpt: Box<Excerpt>,
    },
}

impl Place {
    /// An override of the command line in which the bytes `marked` are wrong.
    pub(crate) fn of_override(assignment: &str, marked: &Range<usize>) -> Self {
        const OPTION: &str = "--set ";
        let marked = OPTION.len() + marked.start..OPTION.len() + marked.end;
        Self::Override {
            excerpt: Excerpt::of(&[OPTION, assignment].concat(), &marked).into(),
            assignment: assignment.to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| shortened(&one_line(&visible(name)), LONGEST_NAME).into_owned();
        match self {
            Self::File { name } => f.write_str(&shown(name)),
            Self::Text {
                name, line, column, ..
            } => write!(f, "{}:{line}:{column}", shown(name)),
            Self::Override { .. } => f.write_str("--set"),
        }
    }
}

/// A fault of a file or an override.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// Severity.
    pub severity: Severity,
    /// Place of the fault.
    pub place: Place,
    /// Path of the value, such as `task.input`; empty for the file as a whole.
    pub path: String,
    /// Description of the fault and of a correct value.
    pub message: String,
}

impl Problem {
    /// A problem that is an error.
    pub(super) fn error(place: Place, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            path: path.into(),
            message: message.into(),
        }
    }

    /// An error about the file `name` as a whole.
    #[must_use]
    pub fn of_file(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::error(Place::File { name: name.into() }, "", message)
    }

    fn rendered(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let path = match self.path.as_str() {
            "" => String::new(),
            path => format!("{}: ", shortened(&visible(path), LONGEST_NAME)),
        };
        let message = visible(&self.message);
        let message = shortened(&message, LONGEST_MESSAGE);
        // The place stands in the title, so that a problem is one line for who searches the output.
        let title = level.primary_title(format!("{}: {path}{message}", self.place));
        let (excerpt, line) = match &self.place {
            Place::File { .. } => return renderer.render(&[Group::with_title(title)]),
            Place::Text { excerpt, line, .. } => (excerpt, Some(*line)),
            Place::Override { excerpt, .. } => (excerpt, None),
        };
        let snippet = Snippet::source(&excerpt.text)
            .line_start(line.unwrap_or(1))
            .line_numbering(line.is_some())
            .annotation(AnnotationKind::Primary.span(excerpt.marked.clone()));
        renderer.render(&[title.element(snippet)])
    }
}

/// ```text
/// error: scenarios/digits.ron:14:16: task.input: there is no input `pixel`; did you mean `pixels`?
///    |
/// 14 |         input: "pixel",
///    |                ^^^^^^^
/// ```
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered(&Renderer::plain()))
    }
}

/// Problems, sorted by place.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Number of errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Adds those of `others` that are not included yet.
    pub fn merge(&mut self, others: Self) {
        for problem in others.0 {
            if !self.0.contains(&problem) {
                self.0.push(problem);
            }
        }
    }

    /// Number of warnings.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        (self.0.iter()).filter(|p| p.severity == severity).count()
    }

    /// Writes the problems, their number and a line end to standard error; in colours to a terminal.
    pub fn say(&self) {
        match colours(stderr()) {
            true => say_coloured(stderr(), &format!("{}\n", self.coloured())),
            false => say(stderr(), &format!("{self}\n")),
        }
    }

    /// The problems and their number, with escape sequences of colours.
    fn coloured(&self) -> String {
        self.rendered(&Renderer::styled())
    }

    fn rendered(&self, renderer: &Renderer) -> String {
        let problems = self
            .0
            .iter()
            .map(|problem| problem.rendered(renderer) + "\n\n");
        let count = |number: usize, what: &str| match number {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{number} {what}s")),
        };
        let counts = [
            count(self.errors(), "error"),
            count(self.warnings(), "warning"),
        ];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        problems.chain([counts.join(", ")]).collect()
    }

    /// Sorts by place: overrides first, then the files of `names`, then other files.
    pub(crate) fn sort(&mut self, names: &[&str]) {
        let rank = |name: &str| names.iter().position(|n| *n == name).unwrap_or(names.len());
        self.0.sort_by_key(|problem| match &problem.place {
            Place::Override { .. } => (0, 0, 0, 0),
            Place::File { name } => (1, rank(name), 0, 0),
            Place::Text {
                name, line, column, ..
            } => (1, rank(name), *line, *column),
        });
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered(&Renderer::plain()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Excerpt, Place, Problem, Problems};

    fn shown(line: &str, wrong: &str) -> String {
        let at = line.find(wrong).unwrap();
        let excerpt = Excerpt::of(line, &(at..at + wrong.len())).into();
        let place = Place::Text {
            name: "file".into(),
            line: 12,
            column: line[..at].chars().count() + 1,
            excerpt,
        };
        Problem::error(place, "a.b", "wrong").to_string()
    }

    #[test]
    fn the_mark_is_below_the_marked_part() {
        for (line, wrong, below) in [
            ("a: xyz,", "xyz", "12 | a: xyz,\n   |    ^^^"),
            ("\ta: xyz,", "xyz", "12 |     a: xyz,\n   |        ^^^"),
            ("名: \"層\",", "\"層\"", "12 | 名: \"層\",\n   |     ^^^^"),
            (
                "a\u{1b}[31m: b\0c",
                "b\0c",
                "12 | a\\u{1b}[31m: b\\u{0}c\n   |              ^^^^^^^",
            ),
            ("a: ", "", "12 | a: \n   | ^"),
        ] {
            let text = format!(
                "error: file:12:{}: a.b: wrong\n   |\n{below}",
                line[..line.find(wrong).unwrap()].chars().count() + 1
            );
            assert_eq!(shown(line, wrong), text);
        }
    }

    #[test]
    fn of_a_long_line_the_marked_part_is_shown() {
        for (before, wrong, after) in [(300, 3, 300), (300, 3, 0), (0, 3, 300), (300, 500, 9)] {
            let [before, wrong, after] =
                [(before, "-"), (wrong, "x"), (after, "-")].map(|(n, text)| text.repeat(n));
            let text = shown(&[&*before, &wrong, &after].concat(), &wrong);
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines.iter().all(|line| line.len() <= 140), "{text}");
            let at = lines[3].find('^').unwrap();
            let marked = lines[3].trim_end().len();
            assert_eq!(lines[2][at..marked], wrong[..marked - at], "{text}");
            assert!(marked - at >= 3);
            assert_ne!(&lines[2][at - 1..at], "x");
        }
    }

    #[test]
    fn of_a_long_message_both_ends_are_shown() {
        let (name, message) = ("n".repeat(5000), "m\u{1b}".repeat(5000));
        let text = Problem::of_file(name, format!("{message}!")).to_string();
        assert!(text.len() < 1400 && text.ends_with('!'), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    proptest! {
        #[test]
        fn every_line_can_be_shown(
            parts in prop::array::uniform3("(?s).{0,300}"),
            repeat in prop::array::uniform3(1usize..20),
        ) {
            let [before, wrong, after] = [0, 1, 2].map(|part| parts[part].repeat(repeat[part]));
            let line = [&*before, &wrong, &after].concat();
            let excerpt = Excerpt::of(&line, &(before.len()..before.len() + wrong.len())).into();
            let place = Place::Text { name: line.clone(), line: 3, column: 7, excerpt };
            let problems = Problems::from(Problem::error(place, line.clone(), line));
            let hidden = |c: char| c.is_control() && c != '\n';
            prop_assert!(!problems.to_string().contains(hidden));
            prop_assert_eq!(problems.coloured().matches(hidden).count(), problems.coloured().matches("\u{1b}[").count());
        }
    }
}
