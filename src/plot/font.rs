//! The one typeface of all figures, part of the program: no font of the system is used.

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use resvg::usvg::fontdb;
use std::sync::{Arc, LazyLock};

/// Family name as in the font files.
pub(super) const FAMILY: &str = "DejaVu Sans";

/// Height of capitals and digits, in em.
pub(super) const CAP_HEIGHT: f64 = 0.729;

/// Ascent plus descent, in em, which plotters takes as the size of a font.
const LINE_HEIGHT: f64 = 2384.0 / 2048.0;

/// The fonts for the conversion of text to paths.
pub(super) static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut database = fontdb::Database::new();
    database.load_font_data(dejavu::sans::regular().to_vec());
    database.load_font_data(dejavu::sans::bold().to_vec());
    Arc::new(database)
});

/// True if plotters has loaded the fonts for its measurements.
static REGISTERED: LazyLock<bool> = LazyLock::new(|| {
    register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular()).is_ok()
        && register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold()).is_ok()
});

/// Width in pt of `text` set at `size` pt.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    // Measured at a thousand units per em, since plotters rounds to whole units.
    const UNITS: f64 = 1000.0;
    let style = if bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    let font = FontDesc::new(FontFamily::Name(FAMILY), UNITS * LINE_HEIGHT, style);
    let measured = REGISTERED.then(|| font.box_size(text).ok()).flatten();
    let units = measured.map_or_else(
        || 0.65 * UNITS * text.chars().count() as f64,
        |(width, _)| f64::from(width),
    );
    units / UNITS * size
}

/// `text` if it is at most `room` pt wide at `size` pt; otherwise the longest beginning that fits,
/// with an ellipsis; empty if nothing fits. Control characters become spaces.
pub(super) fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    // More than any page can hold; limits the cost of long texts.
    const MOST: usize = 400;
    let shown: Vec<char> = text.chars().take(MOST).map(printable).collect();
    let whole: String = shown.iter().collect();
    if shown.len() < MOST && width(&whole, size, bold) <= room {
        return whole;
    }
    let cut = |kept: &usize| {
        let start: String = shown.iter().take(*kept).collect();
        format!("{}…", start.trim_end())
    };
    // Widths grow with the number of characters: bisection.
    let (mut fits, mut fails) = (0, shown.len());
    while fails - fits > 1 {
        let middle = fits.midpoint(fails);
        if width(&cut(&middle), size, bold) <= room {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    match fits {
        0 => String::new(),
        kept => cut(&kept),
    }
}

/// `character`, or a space if it is not allowed in XML or would break a line.
pub(super) fn printable(character: char) -> char {
    match character {
        c if c.is_control() => ' ',
        '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}' => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::usvg;

    #[test]
    fn widths_are_those_of_the_drawn_text() {
        for text in ["0.25", "presynaptic neuron", "ΔW (×10⁻³ a.u.)", "−1"] {
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='9000' height='99'>\
                 <text x='5' y='50' font-family='{FAMILY}' font-size='100'>{text}</text></svg>"
            );
            let options = usvg::Options {
                fontdb: DATABASE.clone(),
                ..Default::default()
            };
            let tree = usvg::Tree::from_str(&svg, &options).unwrap();
            let drawn = f64::from(tree.root().bounding_box().width());
            let measured = width(text, 100.0, false);
            // The drawn text is narrower than the advance by the bearings at both ends.
            assert!(drawn <= measured + 2.0, "{text}: {drawn} and {measured}");
            assert!(drawn >= measured - 25.0, "{text}: {drawn} and {measured}");
        }
    }

    #[test]
    fn long_text_is_cut_to_fit() {
        assert_eq!(fitted("soma", 7.0, false, 100.0), "soma");
        assert_eq!(fitted("so\nma\u{0}", 7.0, false, 100.0), "so ma ");
        let cut = fitted(&"long name ".repeat(1000), 7.0, false, 60.0);
        assert!(cut.ends_with('…') && width(&cut, 7.0, false) <= 60.0);
        assert!(width(&cut, 7.0, false) > 45.0, "{cut}");
        assert_eq!(fitted("anything", 7.0, false, 1.0), "");
    }
}
