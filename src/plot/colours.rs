//! Colours that colour-blind readers can distinguish.

use plotters::style::RGBColor;

/// The palette of Okabe and Ito (2008), in the order in which lines use it: yellow is last, since
/// it is hard to see on white.
pub const OKABE_ITO: [RGBColor; 8] = [BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, BLACK, YELLOW];

pub(super) const BLACK: RGBColor = RGBColor(0, 0, 0);
pub(super) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(super) const SKY: RGBColor = RGBColor(86, 180, 233);
pub(super) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(super) const YELLOW: RGBColor = RGBColor(240, 228, 66);
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const VERMILLION: RGBColor = RGBColor(213, 94, 0);
pub(super) const PURPLE: RGBColor = RGBColor(204, 121, 167);

/// Colour of text and axes.
pub(super) const INK: RGBColor = RGBColor(32, 32, 32);
/// Colour of elements in the background: reference lines, notes.
pub(super) const FAINT: RGBColor = RGBColor(120, 120, 120);
/// Colour of a cell whose value is not finite.
pub(super) const MISSING: RGBColor = RGBColor(190, 190, 190);
/// Colour of the page.
pub(super) const WHITE: RGBColor = RGBColor(255, 255, 255);

/// Colour on a diverging scale: blue at -1, nearly white at 0, red-brown at 1.
///
/// The scale is a path through Oklab (Ottosson 2020) whose lightness depends on `|value|` alone, so
/// that values of opposite sign look equally strong, in colour and in grey. Values beyond +-1 have
/// the colours of the ends, NaN that of 0.
#[must_use]
pub fn diverging(value: f64) -> RGBColor {
    // Unit vectors of the hues 250 and 40 degrees in the plane (a, b) of Oklab.
    let (a, b) = if value < 0.0 {
        (-0.342_020, -0.939_693)
    } else {
        (0.766_044, 0.642_788)
    };
    let t = if value.is_nan() {
        0.0
    } else {
        value.abs().min(1.0)
    };
    let lightness = 0.985 - 0.585 * t;
    // Chroma rises, then falls slightly towards the end, within the gamut of a screen.
    let chroma = t * (0.235 - 0.115 * t);
    oklab(lightness, a * chroma, b * chroma)
}

/// Colour on a sequential scale: nearly white at 0, blue at 1; one side of [`diverging`].
#[must_use]
pub fn sequential(value: f64) -> RGBColor {
    diverging(-value.max(0.0))
}

/// True if dark text is easier to read than white text on `colour`.
pub(super) fn takes_dark_ink(colour: RGBColor) -> bool {
    luminance(colour) > 0.3
}

/// Relative luminance according to WCAG 2, 0 to 1.
fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// Conversion from Oklab to sRGB, clipped to the gamut.
fn oklab(lightness: f64, a: f64, b: f64) -> RGBColor {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let channel = |linear: f64| {
        let encoded = if linear <= 0.003_130_8 {
            12.92 * linear
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        };
        (encoded.clamp(0.0, 1.0) * 255.0).round() as u8
    };
    RGBColor(
        channel(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        channel(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        channel(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_take_the_palette_of_okabe_and_ito() {
        let mut ours = OKABE_ITO.map(|RGBColor(r, g, b)| format!("{r:02X}{g:02X}{b:02X}"));
        ours.sort_unstable();
        let mut published = [
            "000000", "E69F00", "56B4E9", "009E73", "F0E442", "0072B2", "D55E00", "CC79A7",
        ];
        published.sort_unstable();
        assert_eq!(ours, published);
    }

    #[test]
    fn the_diverging_scale_is_symmetric_in_lightness_and_neutral_at_zero() {
        let RGBColor(r, g, b) = diverging(0.0);
        assert!(r > 245 && r == g && g == b, "{r} {g} {b}");
        let lightness = |colour| luminance(colour).cbrt();
        for step in 0..=100 {
            let t = f64::from(step) / 100.0;
            let (low, high) = (lightness(diverging(-t)), lightness(diverging(t)));
            assert!((low - high).abs() < 0.04, "at {t}: {low} and {high}");
        }
        for step in 1..=100 {
            let t = f64::from(step) / 100.0;
            assert!(luminance(diverging(t)) < luminance(diverging(t - 0.01)));
            assert!(luminance(diverging(-t)) < luminance(diverging(0.01 - t)));
        }
        let (RGBColor(red, _, blue), RGBColor(red_low, _, blue_low)) =
            (diverging(1.0), diverging(-1.0));
        assert!(red > blue + 80 && blue_low > red_low + 80);
    }

    #[test]
    fn values_beyond_the_ends_take_the_ends() {
        assert_eq!(diverging(7.0), diverging(1.0));
        assert_eq!(diverging(f64::NEG_INFINITY), diverging(-1.0));
        assert_eq!(diverging(f64::NAN), diverging(0.0));
        assert_eq!(sequential(f64::NAN), sequential(0.0));
    }

    #[test]
    fn a_known_colour_passes_through_oklab() {
        // Ottosson's table: white is (1, 0, 0); pure sRGB red is (0.62796, 0.22486, 0.12585).
        assert_eq!(oklab(1.0, 0.0, 0.0), WHITE);
        assert_eq!(oklab(0.627_96, 0.224_86, 0.125_85), RGBColor(255, 0, 0));
    }
}
