//! Messages about unknown names, with the known name that was probably intended.

use std::collections::BTreeSet;

use crate::names::nearest;
use crate::terminal::{one_line, shortened};

/// Changed names of fields, rules, parameters and statistics: old and new.
const RENAMED: [(&str, &str); 5] = [
    ("consolidation", "update"),
    ("events", "messages"),
    ("mirrors", "reciprocal"),
    ("turnover", "change_gated_decay"),
    ("turnover", "gated_decay"),
];

/// Message that `found` is no `kind`, with the nearest of `known`, or all of them if none is near.
#[must_use]
pub fn unknown<'a>(kind: &str, found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen = BTreeSet::new();
    let known: Vec<&str> = known
        .into_iter()
        .filter(|name| seen.insert(*name))
        .collect();
    let renamed = RENAMED
        .iter()
        .find(|(before, now)| *before == found && known.contains(now));
    if let Some((before, now)) = renamed {
        return format!(
            "the {kind} {} is called {} now",
            quoted(before),
            quoted(now)
        );
    }
    let hint = match (nearest(found, &known), &known[..]) {
        (Some(name), _) => format!("did you mean {}?", quoted(name)),
        (None, []) => "there is none at all".to_owned(),
        (None, [only]) => format!("expected {}", quoted(only)),
        (None, _) => format!("expected one of {}", listed(&known)),
    };
    format!("there is no {kind} {}; {hint}", quoted(found))
}

/// Text of a user in backticks, on one line and shortened so that the message stays readable.
#[must_use]
pub fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    format!("`{}`", shortened(&one_line(text), MOST))
}

/// Names in backticks, at most the first twelve.
pub(super) fn listed(names: &[&str]) -> String {
    const MOST: usize = 12;
    let shown: Vec<String> = (names.iter().take(MOST)).map(|name| quoted(name)).collect();
    let more = names.len().saturating_sub(MOST);
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn a_name_that_has_changed_is_answered_with_its_new_one() {
        let fields = ["rule", "parameters", "update"];
        let told = unknown("field", "consolidation", fields);
        assert_eq!(told, "the field `consolidation` is called `update` now");
        // Where the new name is not allowed, the old one is treated as unknown.
        assert!(unknown("field", "consolidation", ["rule"]).starts_with("there is no field"));
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        let none: [&str; 0] = [];
        assert!(unknown("rule", "x", none).ends_with("there is none at all"));
        assert!(unknown("rule", "x", ["dll"]).ends_with("expected `dll`"));
        let all = unknown("rule", "x", ["dll", "transport"]);
        assert!(all.ends_with("expected one of `dll`, `transport`"), "{all}");
    }
}
