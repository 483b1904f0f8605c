//! Names: the known name that was probably intended by an unknown one.

/// The most similar name (the first of several), if it is similar enough.
#[must_use]
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
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
    use super::nearest;

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
}
