//! Numbers of bytes for people.

use std::fmt;

/// A number of bytes, written with a decimal prefix and three digits or more: `1.50 MB`.
#[derive(Clone, Copy, Debug)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PREFIXES: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
        if self.0 < 1000 {
            return write!(f, "{} B", self.0);
        }
        let (mut number, mut power) = (self.0 as f64 / 1e3, 0);
        while number >= 1e3 {
            number /= 1e3;
            power += 1;
        }
        write!(f, "{number:.2} {}B", PREFIXES[power])
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;

    #[test]
    fn bytes_have_decimal_prefixes() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (1_500_000, "1.50 MB"),
            (170_498_071, "170.50 MB"),
            (u64::MAX, "18.45 EB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown);
        }
    }
}
