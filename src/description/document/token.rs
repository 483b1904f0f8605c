//! Tokens of RON text, with their places. Every text can be split into tokens, without errors.

use std::ops::Range;

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `(`, `[` or `{`.
    Open(char),
    /// `)`, `]` or `}`.
    Close(char),
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// A quoted text.
    String,
    /// A name, a number, a character: any other text.
    Word,
}

/// A token and the range of its bytes in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

/// Tokens of `text` without white space and comments.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let _: Option<()> = each_token(text, |token| {
        tokens.push(token);
        None
    });
    tokens
}

/// Passes one token after the other to `stop` until it returns a value.
pub(super) fn each_token<T>(text: &str, mut stop: impl FnMut(Token) -> Option<T>) -> Option<T> {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = next(rest, first);
        if let Some(kind) = kind {
            let start = text.len() - rest.len();
            let span = start..start + length;
            if let Some(stopped) = stop(Token { kind, span }) {
                return Some(stopped);
            }
        }
        rest = rest.get(length..).unwrap_or("");
    }
    None
}

/// Kind and length in bytes of the first token of `text`; no kind for white space and comments.
fn next(text: &str, first: char) -> (Option<Kind>, usize) {
    if text.starts_with("//") {
        return (None, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (None, block_comment(text).unwrap_or(text.len()));
    }
    let kind = match first {
        '(' | '[' | '{' => Kind::Open(first),
        ')' | ']' | '}' => Kind::Close(first),
        ',' => Kind::Comma,
        ':' => Kind::Colon,
        _ if is_space(first) => return (None, first.len_utf8()),
        _ => {
            return match string(text) {
                Some(length) => (Some(Kind::String), length),
                None => (
                    Some(Kind::Word),
                    character(text).unwrap_or_else(|| word(text)),
                ),
            };
        }
    };
    (Some(kind), 1)
}

/// White space of RON, which includes two marks of writing direction.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}')
}

/// Length of a comment, which may be nested; none if it does not end.
fn block_comment(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// Start of a comment that does not end.
pub(super) fn open_comment(text: &str) -> Option<Range<usize>> {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("/*") && block_comment(rest).is_none() {
            let start = text.len() - rest.len();
            return Some(start..start + 2);
        }
        rest = rest.get(next(rest, first).1..).unwrap_or("");
    }
    None
}

/// Length of a quoted text, raw or not, if `text` starts with one.
fn string(text: &str) -> Option<usize> {
    let body = text.strip_prefix('b').unwrap_or(text);
    let prefix = text.len() - body.len();
    if let Some(inner) = body.strip_prefix('"') {
        let mut escaped = false;
        let end = inner.char_indices().find(|&(_, c)| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        return Some(end.map_or(text.len(), |(at, _)| prefix + 1 + at + 1));
    }
    let hashes = body.strip_prefix('r')?;
    let inner = hashes.trim_start_matches('#');
    let count = hashes.len() - inner.len();
    let inner = inner.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(count));
    let start = text.len() - inner.len();
    Some((inner.find(&end)).map_or(text.len(), |at| start + at + end.len()))
}

/// Length of a character in single quotes, if `text` starts with one.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('b').unwrap_or(text);
    let inner = body.strip_prefix('\'')?;
    let escaped = inner.starts_with('\\');
    let end = (inner.char_indices().skip(if escaped { 2 } else { 1 })).find(|&(_, c)| c == '\'')?;
    let short = !inner.get(..end.0)?.contains('\n') && end.0 <= 12;
    short.then(|| text.len() - inner.len() + end.0 + 1)
}

/// Length in bytes of a name, a number or any other text; at least one character.
fn word(text: &str) -> usize {
    let ends = |&(at, c): &(usize, char)| {
        at > 0
            && (is_space(c)
                || "()[]{},:\"".contains(c)
                || (c == '/'
                    && text
                        .get(at..)
                        .is_some_and(|t| t.starts_with("//") || t.starts_with("/*"))))
    };
    (text.char_indices().find(ends)).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::tokens;

    fn texts(text: &str) -> Vec<&str> {
        (tokens(text).into_iter())
            .map(|token| &text[token.span])
            .collect()
    }

    #[test]
    fn comments_and_quotes_hide_what_is_in_them() {
        for (text, expected) in [
            (
                "(a: 1.5, // b: (\n c)",
                vec!["(", "a", ":", "1.5", ",", "c", ")"],
            ),
            ("a /* ( /* [ */ ) */ b", vec!["a", "b"]),
            (
                r#"["\"(", 'x', '(', '\'', b"]"]"#,
                vec![
                    "[", r#""\"(""#, ",", "'x'", ",", "'('", ",", r"'\''", ",", r#"b"]""#, "]",
                ],
            ),
            (
                r###"r#"a")"# r"\" x"###,
                vec![r###"r#"a")"#"###, r#"r"\""#, "x"],
            ),
            ("-1e-3/* c */2//", vec!["-1e-3", "2"]),
            ("\"open (", vec!["\"open ("]),
            ("it's é(", vec!["it's", "é", "("]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }
}
