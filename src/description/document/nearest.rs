//! Unknown names, and the known name that was probably intended.

use std::collections::BTreeSet;

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

/// The most similar name (the first of several), if it is similar enough.
pub(super) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    // Names are shorter, and the time of a comparison grows with the product of the lengths.
    const LONGEST: usize = 200;
    if found.len() > LONGEST {
        return None;
    }
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let found = plain(found);
    let allowed = 1 + found.chars().count() / 4;
    (known.iter())
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(&found, &plain(name)), *name))
        .filter(|(distance, name)| {
            // A name of one letter is near to any other: only its case may differ.
            *distance <= allowed
                && *distance < name.chars().count().min(found.chars().count()).max(1)
        })
        .reduce(|best, next| if next.0 < best.0 { next } else { best })
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{nearest, unknown};

    #[test]
    fn a_name_that_has_changed_is_answered_with_its_new_one() {
        let fields = ["rule", "parameters", "update"];
        let told = unknown("field", "consolidation", fields);
        assert_eq!(told, "the field `consolidation` is called `update` now");
        // Where the new name is not allowed, the old one is treated as unknown.
        assert!(unknown("field", "consolidation", ["rule"]).starts_with("there is no field"));
    }

    #[test]
    fn the_nearest_name_is_a_slip_away_or_there_is_none() {
        let known = ["tanh", "logistic", "relu", "linear", "softmax"];
        for (found, expected) in [
            ("tanhh", Some("tanh")),
            ("Tanh", Some("tanh")),
            ("thna", Some("tanh")),
            ("tahn", Some("tanh")),
            ("soft-max", Some("softmax")),
            ("sigmoid", None),
            ("gain", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, &known), expected, "{found}");
        }
        assert_eq!(nearest("q", &["b", "a"]), None);
        assert_eq!(
            nearest("hidden", &["pixels", "hidden1", "hidden2"]),
            Some("hidden1")
        );
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
