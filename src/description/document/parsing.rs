//! Errors of the parser in plain words, with the value concerned.

use std::collections::BTreeSet;
use std::ops::Range;

use ron::error::{Error, Position, SpannedError};

use super::document::marked;
use super::path::path_of;
use super::token::open_comment;
use super::tree::{Key, Node};
use super::unknown::{quoted, unknown};
use crate::terminal::shortened;

/// A fault of a text.
pub(super) struct Finding {
    /// Range of the wrong bytes.
    pub span: Range<usize>,
    /// Path of the value that contains them.
    pub path: String,
    /// Description of the fault and of a correct value.
    pub message: String,
}

/// Finding for an error of the parser in `text`, whose tree of values is `tree`.
pub(super) fn finding(error: &SpannedError, tree: &Node, text: &str) -> Finding {
    let start = offset(text, error.span.start);
    let end = offset(text, error.span.end);
    let at = |span: Range<usize>, chain: &[&Node], message: String| Finding {
        span,
        path: path_of(chain, text),
        message,
    };
    let around_end = tree.around(end);
    let value = around_end.last().copied().unwrap_or(tree);
    // Nodes with brackets that contain `end`, without those that close there.
    let within = |node: &&&Node| node.bracket.is_some() && (end < node.span.end || !node.closed);
    let groups: Vec<&Node> = around_end.iter().filter(within).copied().collect();
    let group = groups.last().copied().unwrap_or(tree);
    match &error.code {
        Error::NoSuchStructField {
            expected, found, ..
        } => {
            let message = unknown("field", found, expected.iter().copied());
            at(start..end, parents(&tree.around(start), start), message)
        }
        Error::DuplicateStructField { field, .. } => {
            let message = format!("{} is given twice; expected it once", quoted(field));
            at(start..end, parents(&tree.around(start), start), message)
        }
        Error::MissingStructField { field, .. } => {
            let message = format!("`{field}` is missing");
            at(marked(group, text), &groups, message)
        }
        Error::ExpectedDifferentLength { .. } => {
            let message = expected(&error.code, group, text);
            at(marked(group, text), &groups, message)
        }
        Error::NoSuchEnumVariant {
            expected, found, ..
        } => {
            let message = unknown("choice", found, expected.iter().copied());
            at(start..end, &around_end, message)
        }
        Error::TrailingCharacters => {
            let message = format!(
                "there is text after the last closing bracket; expected nothing, found {}",
                quote(text.get(end.saturating_sub(1)..).unwrap_or(""))
            );
            at(start..end, &[], message)
        }
        Error::ExpectedDifferentStructName { found, .. } => {
            let message = format!(
                "expected fields in round brackets `(name: ...)`, found {}",
                quoted(found)
            );
            let from = text
                .get(..end)
                .and_then(|before| before.rfind(found.as_str()));
            let span = from.map_or(start..end, |from| from..from + found.len());
            at(span, &groups, message)
        }
        Error::UnclosedBlockComment => {
            let open = open_comment(text).unwrap_or(start..end);
            at(open, &[], "this comment does not end; expected `*/`".into())
        }
        code => syntax(code, (start, end), tree, text).unwrap_or_else(|| {
            let key = value.key.as_ref().filter(|key| key.span.contains(&end));
            if let Some(key) = key {
                let message = expected_key(code, text.get(key.span.clone()).unwrap_or(""));
                return at(
                    key.span.clone(),
                    parents(&around_end, key.span.start),
                    message,
                );
            }
            // A value without a name is identified by the value that contains it.
            let bare = value.key.is_none() && group.bracket.is_some_and(|(open, _)| open == '(');
            let chain = if bare {
                parents(&around_end, value.span.start)
            } else {
                &around_end
            };
            let message = match bare && wants_name(code) {
                true => nameless(value, text),
                false => expected(code, value, text),
            };
            at(marked(value, text), chain, message)
        }),
    }
}

/// Message for a value without a name where a name is required.
fn nameless(value: &Node, text: &str) -> String {
    let before = text.get(..value.span.start).unwrap_or("");
    let is_digit = |c: char| c.is_ascii_digit();
    let decimal_comma = (before.strip_suffix(',')).is_some_and(|before| before.ends_with(is_digit))
        && text
            .get(value.span.clone())
            .is_some_and(|t| t.starts_with(is_digit));
    let hint = match decimal_comma {
        true => "; decimals are written with a point, as in `1.5`",
        false => "",
    };
    let found = describe(value, text);
    format!("expected a name, a colon and a value, found {found}{hint}")
}

/// Message for a wrong name of a field or an entry.
fn expected_key(code: &Error, found: &str) -> String {
    let wanted = match code {
        Error::ExpectedString => "a name in quotes",
        _ if found.starts_with('"') => "a name without quotes",
        _ => "a name of letters, digits and `_`",
    };
    format!("expected {wanted}, found {}", quoted(found))
}

/// True if a name was expected.
fn wants_name(code: &Error) -> bool {
    matches!(
        code,
        Error::ExpectedIdentifier
            | Error::InvalidIdentifier(_)
            | Error::SuggestRawIdentifier(_)
            | Error::UnexpectedChar(_)
    )
}

/// Errors of brackets, commas and quotes, which the parser notices after the place of their cause.
fn syntax(code: &Error, (start, end): (usize, usize), tree: &Node, text: &str) -> Option<Finding> {
    let between = matches!(
        code,
        Error::Eof
            | Error::ExpectedComma
            | Error::ExpectedStringEnd
            | Error::ExpectedMapColon
            | Error::ExpectedMapEnd
            | Error::ExpectedArrayEnd
            | Error::ExpectedStructLikeEnd
            | Error::ExpectedOptionEnd
    );
    // A closing bracket of another kind in place of the name of an entry.
    let closing = || {
        let rest = text.get(start..).unwrap_or("").trim_start();
        rest.starts_with([')', ']', '}']) && tree.unclosed().is_some()
    };
    if !(between || matches!(code, Error::ExpectedString) && closing()) {
        return None;
    }
    let chain = tree.around(start);
    let here = chain.last().copied().unwrap_or(tree);
    let inside_word = here.bracket.is_none()
        && here.span.contains(&start)
        && start > here.span.start
        && here.key.as_ref().is_none_or(|key| start > key.span.end);
    if let Some(open) = swallowed(tree, text, end) {
        return Some(Finding {
            span: open..open + 1,
            path: String::new(),
            message: "this text does not end on its line; expected a closing `\"`".into(),
        });
    }
    if matches!(code, Error::ExpectedMapColon) {
        let name = text.get(..start).unwrap_or("").trim_end();
        let word = name.rsplit(|c: char| c.is_whitespace() || "({[,".contains(c));
        let from = name.len() - word.map(str::len).next().unwrap_or(0);
        return Some(Finding {
            span: from..name.len(),
            path: path_of(parents(&chain, from), text),
            message: "expected `:` and a value after this name".into(),
        });
    }
    if inside_word {
        return Some(Finding {
            span: here.span.clone(),
            path: path_of(&chain, text),
            message: broken_number(here, text),
        });
    }
    if let Some(open) = tree.unclosed() {
        let (bracket, at) = open.bracket?;
        return Some(Finding {
            span: at..at + 1,
            path: path_of(&tree.around(open.extent().start), text),
            message: format!("this `{bracket}` is not closed"),
        });
    }
    let found = text.get(start..).unwrap_or("").trim_start();
    let at = text.len() - found.len();
    let word = found.split(|c: char| c.is_whitespace() || ":,()[]{}".contains(c));
    let length = word.map(str::len).next().unwrap_or(0).max(1);
    let found = found.get(..length).unwrap_or("");
    Some(Finding {
        span: at..at + length,
        path: path_of(parents(&chain, at), text),
        message: match code {
            Error::ExpectedStructLikeEnd => {
                format!(
                    "expected `)`, found {}: there are too many values",
                    quoted(found)
                )
            }
            Error::Eof => "the text ends too early".into(),
            _ => format!("expected a comma before {}", quoted(found)),
        },
    })
}

/// Message for a number that continues where it should end.
fn broken_number(value: &Node, text: &str) -> String {
    let written = text.get(value.span.clone()).unwrap_or("");
    let found = describe(value, text);
    // A number with decimals ends too early only if a whole number is expected.
    if written.replace('_', "").parse::<f64>().is_ok() {
        return format!("expected a whole number, found {found}");
    }
    let unit = written.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let is_unit = unit.len() < written.len() && unit.chars().all(char::is_alphabetic);
    let hint = match is_unit {
        true => "; it is written without its unit, which is in the name of the field",
        false => "",
    };
    format!("expected a number, found {found}{hint}")
}

/// Start of a quoted text before `end` that contains a line break: its closing quote is missing.
fn swallowed(node: &Node, text: &str, end: usize) -> Option<usize> {
    if node.span.start > end {
        return None;
    }
    if node.bracket.is_none() {
        let own = text.get(node.span.clone())?;
        let broken = own.starts_with('"') && own.contains('\n') && node.span.end + 1 >= end;
        return broken.then_some(node.span.start);
    }
    (node.children.iter()).find_map(|child| swallowed(child, text, end))
}

/// Message for a wrong `value`.
fn expected(code: &Error, value: &Node, text: &str) -> String {
    let found = describe(value, text);
    let wanted = match code {
        Error::ExpectedFloat | Error::FloatUnderscore => "a number",
        Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } => "a whole number",
        Error::IntegerOutOfBounds if found.starts_with("`-") => "a whole number, 0 or more",
        Error::IntegerOutOfBounds => "a smaller number",
        Error::UnderscoreAtBeginning => "a number that starts with a digit",
        Error::ExpectedBoolean => "`true` or `false`",
        Error::ExpectedString => "a text in quotes",
        Error::ExpectedArray => "a list in square brackets `[...]`",
        Error::ExpectedMap => "named entries in curly brackets `{\"name\": ...}`",
        Error::ExpectedNamedStructLike(_) => "fields in round brackets `(name: ...)`",
        Error::ExpectedStructLike if is_name(value, text) => {
            return format!("{found} needs what belongs to it in round brackets");
        }
        Error::ExpectedStructLike => "values in round brackets `(...)`",
        code if wants_name(code) && found.starts_with("`\"") => "a name without quotes",
        code if wants_name(code) => "a name",
        Error::InvalidEscape(_) => {
            return format!("{found} has an unknown escape in it; a backslash is written `\\\\`");
        }
        Error::ExceededRecursionLimit => return "the brackets are nested too deeply".into(),
        Error::InvalidValueForType { expected, found } => {
            return format!("expected {expected}, found {found}");
        }
        Error::ExpectedDifferentLength { expected, found } => {
            let expected = (expected.strip_prefix("a tuple of size "))
                .map_or_else(|| expected.clone(), |size| format!("{size} values"));
            return format!("expected {expected}, found {found}");
        }
        Error::Message(message) => return message.clone(),
        other => return format!("this cannot be read: {}", lower(&other.to_string())),
    };
    format!("expected {wanted}, found {found}")
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

fn is_name(value: &Node, text: &str) -> bool {
    let written = text.get(value.span.clone()).unwrap_or("");
    value.bracket.is_none() && written.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Short description of a value, in backticks if it is short.
pub(super) fn describe(value: &Node, text: &str) -> String {
    let written = text.get(value.span.clone()).unwrap_or("");
    match (value.bracket, &value.variant) {
        _ if written.is_empty() => "nothing".into(),
        _ if written.chars().count() <= 24 && !written.contains('\n') => format!("`{written}`"),
        (None, _) => quote(written),
        (Some(_), Some(variant)) => format!("`{}(...)`", shortened(variant, 60)),
        (Some(('[', _)), None) => "a list `[...]`".into(),
        (Some(('{', _)), None) => "entries `{...}`".into(),
        (Some(_), None) => "fields `(...)`".into(),
    }
}

/// First characters in backticks.
fn quote(written: &str) -> String {
    let line = written.trim().lines().next().unwrap_or("");
    let start: String = line.chars().take(24).collect();
    match start.len() == written.trim().len() {
        true => format!("`{start}`"),
        false => format!("`{start}...`"),
    }
}

/// Nodes that contain the key or the value at `at`, without that value.
fn parents<'a, 'b>(chain: &'b [&'a Node], at: usize) -> &'b [&'a Node] {
    match chain.split_last() {
        Some((last, rest)) if !rest.is_empty() && last.extent().start == at => rest,
        _ => chain,
    }
}

/// Finding for an entry or field that is given twice.
pub(super) fn twice(tree: &Node, text: &str) -> Option<Finding> {
    let key = repeated(tree)?;
    let chain = tree.around(key.span.start);
    Some(Finding {
        span: key.span.clone(),
        path: path_of(parents(&chain, key.span.start), text),
        message: format!("{} is given twice; expected it once", quoted(&key.text)),
    })
}

fn repeated(tree: &Node) -> Option<&Key> {
    let mut seen = BTreeSet::new();
    let again = (tree.children.iter())
        .filter_map(|child| child.key.as_ref())
        .find(|key| !seen.insert(&key.text));
    again.or_else(|| tree.children.iter().find_map(repeated))
}

/// Byte index of a line and column, both counted from 1.
fn offset(text: &str, position: Position) -> usize {
    let before: usize = (text.split_inclusive('\n'))
        .take(position.line.saturating_sub(1))
        .map(str::len)
        .sum();
    let line = text.get(before..).unwrap_or("");
    let column = (line.char_indices()).nth(position.col.saturating_sub(1));
    column.map_or(text.len(), |(at, _)| before + at)
}
