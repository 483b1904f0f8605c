//! RON text as a tree of values with their places.
//!
//! Text that is not RON is converted as far as possible, so that a problem in one place does not
//! hide the places of the other values.

use std::ops::Range;

use super::token::{Kind, Token, tokens};

/// Deepest nesting that is followed, equal to the limit of the parser.
pub(super) const DEEPEST: usize = 128;

/// A value with its parts.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Range of the value in the text, including any `Some(` around it.
    pub span: Range<usize>,
    /// Name of the value in the struct or map that contains it.
    pub key: Option<Key>,
    /// Name before the bracket, as `csv` in `csv(path: "a")`.
    pub variant: Option<String>,
    /// The opening bracket and its byte index; absent for a plain value.
    pub bracket: Option<(char, usize)>,
    /// True if the closing bracket exists.
    pub closed: bool,
    /// Fields, entries or items.
    pub children: Vec<Node>,
}

/// Name of a field or an entry.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub span: Range<usize>,
    pub text: String,
}

impl Node {
    /// First value in `text`, and true if no other text follows.
    pub fn of(text: &str) -> (Option<Self>, bool) {
        let tokens = tokens(text);
        let mut builder = Builder {
            text,
            tokens: &tokens,
            at: 0,
        };
        builder.skip_attributes();
        let node = builder.peek(0).is_some().then(|| builder.entry(0));
        let whole = builder.peek(0).is_none();
        (node, whole)
    }

    /// Range from the key, if there is one, to the end of the value.
    pub fn extent(&self) -> Range<usize> {
        let start = self.key.as_ref().map_or(self.span.start, |k| k.span.start);
        start..self.span.end
    }

    /// Child with the key `name`.
    pub fn field(&self, name: &str) -> Option<&Self> {
        (self.children.iter()).find(|child| child.key.as_ref().is_some_and(|key| key.text == name))
    }

    /// Name of an item of a list: its `name`, or, as for projections, `FROM_to_TO`.
    pub fn item_name(&self, text: &str) -> Option<String> {
        let field = |name| self.field(name).and_then(|node| node.string(text));
        field("name").or_else(|| Some(format!("{}_to_{}", field("from")?, field("to")?)))
    }

    /// Content of a quoted text.
    pub fn string(&self, text: &str) -> Option<String> {
        ron::from_str(text.get(self.span.clone())?).ok()
    }

    /// Innermost node whose bracket is not closed, along the last children.
    pub fn unclosed(&self) -> Option<&Self> {
        let inner = self.children.last().and_then(Self::unclosed);
        inner.or((!self.closed).then_some(self))
    }

    /// Nodes that contain byte `at`, outermost first; of two neighbours, the one that starts there.
    pub fn around(&self, at: usize) -> Vec<&Self> {
        let mut chain = vec![self];
        let mut here = self;
        loop {
            let within = |child: &&Self| (child.extent().start..=child.span.end).contains(&at);
            let Some(child) = here.children.iter().rev().find(within) else {
                return chain;
            };
            chain.push(child);
            here = child;
        }
    }
}

struct Builder<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl Builder<'_> {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn kind(&self, ahead: usize) -> Option<Kind> {
        self.peek(ahead).map(|token| token.kind)
    }

    fn text(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or("")
    }

    /// Skips `#![enable(...)]`.
    fn skip_attributes(&mut self) {
        while (self.peek(0)).is_some_and(|token| self.text(&token.span).starts_with('#')) {
            while (self.kind(0)).is_some_and(|kind| kind != Kind::Close(']')) {
                self.at += 1;
            }
            self.at += 1;
        }
    }

    /// Reads a value and its key, if there is one.
    fn entry(&mut self, depth: usize) -> Node {
        let named = matches!(self.kind(0), Some(Kind::Word | Kind::String))
            && self.kind(1) == Some(Kind::Colon);
        let key = self.peek(0).filter(|_| named).map(|token| {
            let written = self.text(&token.span);
            let unquoted = match token.kind {
                Kind::String => ron::from_str(written).ok(),
                _ => None,
            };
            Key {
                span: token.span.clone(),
                text: unquoted.unwrap_or_else(|| written.to_owned()),
            }
        });
        if named {
            self.at += 2;
        }
        Node {
            key,
            ..self.value(depth)
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        let end = self.text.len();
        let start = self.peek(0).map_or(end, |token| token.span.start);
        let mut node = Node {
            span: start..start,
            ..Node::default()
        };
        let Some(token) = self.peek(0) else {
            return node;
        };
        match token.kind {
            // The value is missing.
            Kind::Close(_) | Kind::Comma | Kind::Colon => return node,
            Kind::Word | Kind::String => {
                node.span = token.span.clone();
                let named_group = token.kind == Kind::Word
                    && self.kind(1) == Some(Kind::Open('('))
                    && depth < DEEPEST;
                self.at += 1;
                if !named_group {
                    return node;
                }
                node.variant = Some(self.text(&node.span).to_owned());
            }
            Kind::Open(_) if depth < DEEPEST => {}
            Kind::Open(_) => {
                node.span = token.span.clone();
                self.at += 1;
                return node;
            }
        }
        self.group(&mut node, depth);
        if node.variant.as_deref() == Some("Some")
            && let [inner] = &mut node.children[..]
            && inner.key.is_none()
        {
            let inner = std::mem::take(inner);
            node = Node {
                span: node.span,
                closed: node.closed && inner.closed,
                ..inner
            };
        }
        node
    }

    /// Reads the content between an opening bracket and the closing one.
    fn group(&mut self, node: &mut Node, depth: usize) {
        let Some((Kind::Open(open), span)) = self.peek(0).map(|t| (t.kind, t.span.clone())) else {
            return;
        };
        self.at += 1;
        node.span.end = span.end;
        node.bracket = Some((open, span.start));
        node.closed = false;
        while let Some(token) = self.peek(0) {
            let end = token.span.end;
            match token.kind {
                Kind::Close(close) if closes(open, close) => {
                    self.at += 1;
                    node.span.end = end;
                    node.closed = true;
                    return;
                }
                Kind::Close(_) if depth > 0 => return,
                Kind::Close(_) | Kind::Comma | Kind::Colon => self.at += 1,
                _ => {
                    let child = self.entry(depth + 1);
                    node.span.end = child.span.end;
                    node.children.push(child);
                }
            }
        }
    }
}

/// An empty value at the start of the text.
impl Default for Node {
    fn default() -> Self {
        Self {
            span: 0..0,
            key: None,
            variant: None,
            bracket: None,
            closed: true,
            children: Vec::new(),
        }
    }
}

/// True if the brackets are of one kind.
pub(super) fn closes(open: char, close: char) -> bool {
    matches!((open, close), ('(', ')') | ('[', ']') | ('{', '}'))
}

#[cfg(test)]
mod tests {
    use super::Node;

    fn outline(node: &Node, text: &str) -> String {
        let key = node
            .key
            .as_ref()
            .map_or(String::new(), |key| format!("{}=", key.text));
        let name = node.variant.clone().unwrap_or_default();
        let children: Vec<String> = (node.children.iter()).map(|c| outline(c, text)).collect();
        match node.bracket {
            None => format!("{key}{}", &text[node.span.clone()]),
            Some((bracket, _)) => format!("{key}{name}{bracket}{}", children.join(" ")),
        }
    }

    #[test]
    fn values_are_found_with_their_names() {
        let text = r#"#![enable(implicit_some)] ( // (
            a: csv(path: "x)"), "b": Some((c: [1, -2.5])), d: {"k l": 'q'}, e: Some(4),)"#;
        let (node, whole) = Node::of(text);
        let node = node.unwrap();
        assert!(whole && node.closed);
        let expected = r#"(a=csv(path="x)" b=(c=[1 -2.5 d={k l='q' e=4"#;
        let expected = expected.replace("e=4", "e=Some(4)");
        assert_eq!(outline(&node, text), expected);
        let e = node.field("e").unwrap();
        assert_eq!(&text[e.span.clone()], "Some(4)");
    }

    #[test]
    fn broken_text_gives_what_can_be_made_out() {
        for text in [
            "(a: 1, b: (c: [2, d: 3)",
            "(a: 1 b: 2",
            "a",
            ")(",
            "(((",
            "(a:,b::)",
            "x(:",
        ] {
            let (node, _) = Node::of(text);
            assert!(node.is_some(), "{text}");
        }
        let (node, _) = Node::of("(a: 1, b: (c: [2), d: 3)");
        let node = node.unwrap();
        assert_eq!(node.field("d").map(|d| d.span.clone()), Some(22..23));
        assert_eq!(node.unclosed().map(|list| list.span.start), None);
        assert!(Node::of("").0.is_none());
    }

    #[test]
    fn nesting_beyond_any_use_is_no_danger() {
        for text in ["(", "a(", "[a: {", "Some("] {
            let (node, _) = Node::of(&text.repeat(100_000));
            assert!(node.is_some_and(|node| node.unclosed().is_some()));
        }
    }
}
