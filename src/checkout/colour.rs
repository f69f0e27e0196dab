//! The colour of a merchant.
//!
//! Invariant: whatever colour a merchant chose, text on it and marks in it reach the contrast of WCAG 2.2 AA (4.5 to 1), in the
//! light scheme and in the dark one. Computed in integers: luminance is counted in millionths.

use std::fmt;
use std::str::FromStr;

/// Contrast that text needs, in hundredths.
const ENOUGH: u64 = 450;
/// The lightest ground of the light scheme on which marks stand; others are darker by little, hence the margin in [`ACCENT`].
const LIGHT: Colour = Colour([0xff, 0xff, 0xff]);
/// The lightest ground of the dark scheme on which marks stand.
const DARK: Colour = Colour([0x1f, 0x23, 0x2b]);
/// Contrast of marks with [`LIGHT`] and [`DARK`], in hundredths: a little more than enough, for tinted grounds.
const ACCENT: u64 = 500;
/// Steps from a colour to black or white.
const STEPS: u16 = 32;

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour([u8; 3]);

/// Text that is not six hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written like #0b6e4f")]
pub struct NoColour;

impl FromStr for Colour {
    type Err = NoColour;

    /// Reads `#0b6e4f` or `0b6e4f`; nothing else, so that what is printed is a colour and never a piece of a style sheet.
    fn from_str(text: &str) -> Result<Self, NoColour> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let mut parts = [0; 3];
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoColour);
        }
        hex::decode_to_slice(digits, &mut parts).map_err(|_| NoColour)?;
        Ok(Self(parts))
    }
}

/// Six digits, without `#`.
impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The colour of merchants that chose none.
impl Default for Colour {
    fn default() -> Self {
        Self([0x1d, 0x4e, 0xd8])
    }
}

impl Colour {
    const BLACK: Self = Self([0x0b, 0x0d, 0x12]);
    const WHITE: Self = Self([0xff, 0xff, 0xff]);

    /// The colour of text on this one: white where it can be read, else near black.
    #[must_use]
    pub fn text(self) -> Self {
        let (white, black) = (self.contrast(Self::WHITE), self.contrast(Self::BLACK));
        if white >= ENOUGH || white >= black {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// The two styles of a page in this colour, for the light scheme and the dark one.
    #[must_use]
    pub fn stylesheet(self) -> String {
        let brand = self.ground();
        let (text, light, dark) = (
            brand.text(),
            self.towards(Self::BLACK, LIGHT),
            self.towards(Self::WHITE, DARK),
        );
        format!(
            ":root{{--brand:#{brand};--on-brand:#{text};--accent:#{light}}}\n             @media (prefers-color-scheme:dark){{:root{{--accent:#{dark}}}}}\n             @media print{{:root{{--accent:#{light}}}}}\n"
        )
    }

    /// This colour, or the nearest darker one that carries text: a few greys carry neither white nor our near black.
    fn ground(self) -> Self {
        (0..=STEPS)
            .map(|step| self.mixed(Self::BLACK, step))
            .find(|colour| colour.contrast(colour.text()) >= ENOUGH)
            .unwrap_or(Self::BLACK)
    }

    /// The first colour on the way to `end` that can be read on `ground`.
    fn towards(self, end: Self, ground: Self) -> Self {
        (0..=STEPS)
            .map(|step| self.mixed(end, step))
            .find(|colour| colour.contrast(ground) >= ACCENT)
            .unwrap_or(end)
    }

    /// `step` of [`STEPS`] on the way to `end`.
    fn mixed(self, end: Self, step: u16) -> Self {
        let mut mixed = self.0;
        for (part, end) in mixed.iter_mut().zip(end.0) {
            let sum = u16::from(*part) * (STEPS - step) + u16::from(end) * step;
            *part = u8::try_from(sum / STEPS).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// The contrast ratio of WCAG, in hundredths, rounded down.
    #[must_use]
    pub fn contrast(self, other: Self) -> u64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 50_000) * 100 / (a.min(b) + 50_000)
    }

    /// Relative luminance in millionths.
    fn luminance(self) -> u64 {
        let [red, green, blue] = self
            .0
            .map(|part| u64::from(LINEAR.get(usize::from(part)).copied().unwrap_or_default()));
        (red * 2_126 + green * 7_152 + blue * 722) / 10_000
    }
}

/// What each value of a channel gives in light, in millionths (WCAG 2.2, "relative luminance").
#[rustfmt::skip]
const LINEAR: [u32; 256] = [
    0, 304, 607, 911, 1214, 1518, 1821, 2125, 2428, 2732, 3035, 3347, 3677, 4025, 4391, 4777, 5182, 5605,
    6049, 6512, 6995, 7499, 8023, 8568, 9134, 9721, 10_330, 10_960, 11_612, 12_286, 12_983, 13_702, 14_444,
    15_209, 15_996, 16_807, 17_642, 18_500, 19_382, 20_289, 21_219, 22_174, 23_153, 24_158, 25_187, 26_241,
    27_321, 28_426, 29_557, 30_713, 31_896, 33_105, 34_340, 35_601, 36_889, 38_204, 39_546, 40_915, 42_311,
    43_735, 45_186, 46_665, 48_172, 49_707, 51_269, 52_861, 54_480, 56_128, 57_805, 59_511, 61_246, 63_010,
    64_803, 66_626, 68_478, 70_360, 72_272, 74_214, 76_185, 78_187, 80_220, 82_283, 84_376, 86_500, 88_656,
    90_842, 93_059, 95_307, 97_587, 99_899, 102_242, 104_616, 107_023, 109_462, 111_932, 114_435, 116_971,
    119_538, 122_139, 124_772, 127_438, 130_136, 132_868, 135_633, 138_432, 141_263, 144_128, 147_027,
    149_960, 152_926, 155_926, 158_961, 162_029, 165_132, 168_269, 171_441, 174_647, 177_888, 181_164,
    184_475, 187_821, 191_202, 194_618, 198_069, 201_556, 205_079, 208_637, 212_231, 215_861, 219_526,
    223_228, 226_966, 230_740, 234_551, 238_398, 242_281, 246_201, 250_158, 254_152, 258_183, 262_251,
    266_356, 270_498, 274_677, 278_894, 283_149, 287_441, 291_771, 296_138, 300_544, 304_987, 309_469,
    313_989, 318_547, 323_143, 327_778, 332_452, 337_164, 341_914, 346_704, 351_533, 356_400, 361_307,
    366_253, 371_238, 376_262, 381_326, 386_429, 391_572, 396_755, 401_978, 407_240, 412_543, 417_885,
    423_268, 428_690, 434_154, 439_657, 445_201, 450_786, 456_411, 462_077, 467_784, 473_531, 479_320,
    485_150, 491_021, 496_933, 502_886, 508_881, 514_918, 520_996, 527_115, 533_276, 539_479, 545_724,
    552_011, 558_340, 564_712, 571_125, 577_580, 584_078, 590_619, 597_202, 603_827, 610_496, 617_207,
    623_960, 630_757, 637_597, 644_480, 651_406, 658_375, 665_387, 672_443, 679_542, 686_685, 693_872,
    701_102, 708_376, 715_694, 723_055, 730_461, 737_910, 745_404, 752_942, 760_525, 768_151, 775_822,
    783_538, 791_298, 799_103, 806_952, 814_847, 822_786, 830_770, 838_799, 846_873, 854_993, 863_157,
    871_367, 879_622, 887_923, 896_269, 904_661, 913_099, 921_582, 930_111, 938_686, 947_307, 955_973,
    964_686, 973_445, 982_251, 991_102, 1_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The value of a property in a style sheet.
    fn value(sheet: &str, property: &str, place: usize) -> Colour {
        let text = sheet.split(property).nth(place + 1).unwrap();
        text.trim_start_matches(":#").get(..6).unwrap().parse().unwrap()
    }

    proptest! {
        #[test]
        fn text_on_any_colour_can_be_read(parts in any::<[u8; 3]>()) {
            let sheet = Colour(parts).stylesheet();
            let (brand, text) = (value(&sheet, "--brand", 0), value(&sheet, "--on-brand", 0));
            prop_assert!(brand.contrast(text) >= 450, "{}", sheet);
        }

        #[test]
        fn marks_in_any_colour_can_be_seen_in_both_schemes(parts in any::<[u8; 3]>()) {
            let sheet = Colour(parts).stylesheet();
            prop_assert!(value(&sheet, "--accent", 0).contrast(LIGHT) >= 450, "{}", sheet);
            prop_assert!(value(&sheet, "--accent", 1).contrast(DARK) >= 450, "{}", sheet);
        }

        #[test]
        fn no_other_text_is_a_colour(text in any::<String>()) {
            let plain = text.strip_prefix('#').unwrap_or(&text);
            let six = plain.len() == 6 && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
            prop_assert_eq!(text.parse::<Colour>().is_ok(), six);
        }
    }

    #[test]
    fn contrasts_are_those_of_the_recommendation() {
        let colour = |text: &str| text.parse::<Colour>().unwrap();
        assert_eq!(colour("#000000").contrast(colour("#ffffff")), 2_100);
        assert_eq!(colour("777777").contrast(colour("ffffff")), 447);
        assert_eq!(colour("767676").contrast(colour("ffffff")), 454);
        assert_eq!(colour("ff0000").contrast(colour("ffffff")), 399);
    }

    #[test]
    fn a_colour_that_carries_white_is_left_as_it_is() {
        let sheet = "#0b6e4f".parse::<Colour>().unwrap().stylesheet();
        assert!(
            sheet.starts_with(":root{--brand:#0b6e4f;--on-brand:#ffffff;--accent:#0b6e4f}"),
            "{sheet}"
        );
        assert_eq!("#FFD400".parse::<Colour>().unwrap().text(), Colour::BLACK);
    }
}
