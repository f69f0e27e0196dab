//! A payment link as a square that phones read.

use fast_qr::{ECL, QRBuilder};
use std::fmt::Write;

/// White modules around the code, without which readers do not find it (ISO/IEC 18004: four).
const QUIET: usize = 4;

/// A QR code as the parts of an SVG: one path in a square.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    /// Length of a side in modules, the white border counted.
    pub side: usize,
    /// The dark modules, as the `d` of a path.
    pub path: String,
}

/// A link that is too long for any QR code: above two thousand characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is too long for a QR code")]
pub struct TooLong;

impl QrCode {
    /// The code of `link`. A sixth of it may be soiled and it still reads.
    ///
    /// # Errors
    /// When the link is too long.
    pub fn of(link: &str) -> Result<Self, TooLong> {
        let code = QRBuilder::new(link).ecl(ECL::M).build().map_err(|_| TooLong)?;
        let mut path = String::new();
        for (row, modules) in code.data.chunks(code.size).take(code.size).enumerate() {
            for (column, _) in modules.iter().enumerate().filter(|(_, module)| module.value()) {
                write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET).map_err(|_| TooLong)?;
            }
        }
        Ok(Self {
            side: code.size + 2 * QUIET,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_square_with_three_corners() {
        let code = QrCode::of("https://pay.example/l/plink_01JXQ").unwrap();
        assert_eq!((code.side - 2 * QUIET - 17) % 4, 0);
        let far = code.side - QUIET - 1;
        for corner in [(QUIET, QUIET), (far, QUIET), (QUIET, far)] {
            assert!(
                code.path.contains(&format!("M{} {}h", corner.0, corner.1)),
                "{corner:?}"
            );
        }
        assert!(!code.path.contains(&format!("M{QUIET} 0h")));
        assert_eq!(QrCode::of(&"x".repeat(4_000)), Err(TooLong));
    }
}
