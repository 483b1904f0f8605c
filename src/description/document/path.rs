//! Paths to values: `populations.hidden1.size`, `projections[2].delay_ms`.

use super::tree::Node;

/// Largest number of steps of a path: twice that of any schema.
const MOST: usize = 12;

/// A step from a value to one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To a field, to an entry of a map, or to the item with this name.
    Name(String),
    /// To an item, counted from 0.
    Index(usize),
}

/// Steps of `path`; none if it is not a valid path.
pub(super) fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, mut indices) = part.split_at_checked(part.find('[').unwrap_or(part.len()))?;
        if name.is_empty() || name.trim() != name || name.contains(|c| "()]{},:\"'".contains(c)) {
            return None;
        }
        steps.push(Step::Name(name.to_owned()));
        while !indices.is_empty() {
            let (index, rest) = indices.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Index(index.trim().parse().ok()?));
            indices = rest;
        }
    }
    (steps.len() <= MOST).then_some(steps)
}

/// Follows `steps` from `node` as far as values exist: the last value and the number of steps.
///
/// The name of an enum's variant may be a step or be omitted: `task.data.csv.path` and
/// `task.data.path` are equivalent.
pub(super) fn descend<'a>(node: &'a Node, steps: &[Step], text: &str) -> (&'a Node, usize) {
    let Some((step, rest)) = steps.split_first() else {
        return (node, 0);
    };
    let inside = child(node, step, text);
    let same = is_variant(node, step, text).then_some(node);
    (inside.into_iter().chain(same))
        .map(|next| {
            let (reached, taken) = descend(next, rest, text);
            (reached, taken + 1)
        })
        .reduce(|first, second| if second.1 > first.1 { second } else { first })
        .unwrap_or((node, 0))
}

fn child<'a>(node: &'a Node, step: &Step, text: &str) -> Option<&'a Node> {
    match step {
        Step::Index(index) => node.children.get(*index).filter(|item| item.key.is_none()),
        Step::Name(name) => node.field(name).or_else(|| {
            (node.children.iter())
                .filter(|item| item.key.is_none())
                .find(|item| item.item_name(text).as_ref() == Some(name))
        }),
    }
}

fn is_variant(node: &Node, step: &Step, text: &str) -> bool {
    let Step::Name(name) = step else {
        return false;
    };
    match &node.variant {
        Some(variant) => variant == name,
        None => node.bracket.is_none() && text.get(node.span.clone()) == Some(name),
    }
}

/// Path of the last node of `chain`; each node is part of the one before it.
pub(super) fn path_of(chain: &[&Node], text: &str) -> String {
    let mut path = String::new();
    for (parent, node) in chain.iter().zip(chain.iter().skip(1)) {
        let name = match &node.key {
            Some(key) => Some(key.text.clone()),
            None => node.item_name(text).filter(|name| is_plain(name)),
        };
        match name {
            Some(name) if path.is_empty() => path = name,
            Some(name) => path = format!("{path}.{name}"),
            None => {
                let index = parent.children.iter().position(|c| std::ptr::eq(c, *node));
                path = format!("{path}[{}]", index.unwrap_or(0));
            }
        }
    }
    path
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::{descend, path_of, steps};
    use crate::description::document::tree::Node;

    const TEXT: &str = r#"(task: (data: csv(path: "p"), optimiser: momentum(momentum: 0.9)),
        lists: [(name: "one", x: 1), (from: "a", to: "b", x: 2), plain], m: {"k": (y: [7, 8])})"#;

    #[test]
    fn a_path_leads_to_its_value_and_back() {
        let (node, _) = Node::of(TEXT);
        let node = node.unwrap();
        for (path, expected) in [
            ("task.data.path", "\"p\""),
            ("task.data.csv.path", "\"p\""),
            ("task.optimiser.momentum", "0.9"),
            ("task.optimiser.momentum.momentum", "0.9"),
            ("lists.one.x", "1"),
            ("lists[0].x", "1"),
            ("lists.a_to_b.x", "2"),
            ("lists[2]", "plain"),
            ("m.k.y[1]", "8"),
        ] {
            let steps = steps(path).unwrap();
            let (found, taken) = descend(&node, &steps, TEXT);
            assert_eq!(
                (&TEXT[found.span.clone()], taken),
                (expected, steps.len()),
                "{path}"
            );
            let back = path_of(&node.around(found.span.start), TEXT);
            let again = descend(&node, &super::steps(&back).unwrap(), TEXT).0;
            assert_eq!(again.span, found.span, "{path}: {back}");
        }
        for (path, reached) in [
            ("task.nothing.at_all", 1),
            ("lists[3]", 1),
            ("lists.two", 1),
            ("x", 0),
        ] {
            assert_eq!(
                descend(&node, &steps(path).unwrap(), TEXT).1,
                reached,
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_no_path_is_none() {
        for path in [
            "", ".", "a.", ".a", "a[", "a[x]", "a[1", "a[1]b", "a .b", "a]", "[1]",
        ] {
            assert_eq!(steps(path), None, "{path}");
        }
        assert_eq!(steps(&"a.".repeat(100)), None);
    }
}
