//! Choice of seeds.

use std::str::FromStr;

use crate::description::document::quoted;

/// Seeds in the given order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(Vec<u64>);

/// Largest number of seeds: far more than needed for a standard deviation.
const MOST: u64 = 1000;

impl Seeds {
    /// Seeds, at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }
}

/// A single number is a count, for the seeds from 1 on; with a comma it is a list: `3,5,7`, or `3,`
/// for one seed. A range `3-5` is 3, 4 and 5, also in a list.
impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |found: &str| {
            format!(
                "found {}; expected a number of seeds from 1 to {MOST}, such as `4`, or a \
                 list of seeds, such as `3,5,7` or `3-7`",
                quoted(found)
            )
        };
        if !text.contains([',', '-']) {
            return match text.trim().parse() {
                Ok(count @ 1..=MOST) => Ok(Self((1..=count).collect())),
                _ => Err(wrong(text)),
            };
        }
        let mut seeds = Vec::new();
        for part in text.strip_suffix(',').unwrap_or(text).split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong(part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last || last - first >= MOST {
                return Err(wrong(part));
            }
            for seed in first..=last {
                if seeds.contains(&seed) {
                    return Err(format!("seed {seed} is given twice; expected it once"));
                }
                seeds.push(seed);
            }
        }
        Ok(Self(seeds))
    }
}

#[cfg(test)]
mod tests {
    use super::Seeds;

    #[test]
    fn a_number_counts_and_a_list_names() {
        for (text, expected) in [
            ("3", vec![1, 2, 3]),
            ("3,5,7", vec![3, 5, 7]),
            ("9, 0", vec![9, 0]),
            ("3,", vec![3]),
            ("3-5", vec![3, 4, 5]),
            ("1, 7-8", vec![1, 7, 8]),
        ] {
            let seeds: Seeds = text.parse().unwrap();
            assert_eq!(seeds.as_slice(), expected, "{text}");
        }
        for (text, part) in [
            ("0", "found `0`"),
            ("1001", "found `1001`"),
            ("", "found ``"),
            ("-1", "found `-1`"),
            ("1..3", "found `1..3`"),
            ("1,x", "found `x`"),
            (",", "found ``"),
            ("3,5,3", "seed 3 is given twice"),
            ("3-5,4", "seed 4 is given twice"),
            ("5-3", "found `5-3`"),
            ("1-9999", "found `1-9999`"),
        ] {
            let error = text.parse::<Seeds>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
