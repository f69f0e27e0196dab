//! The one source of randomness: the operating system's.

use domain::IdGenerator;

/// Random ids, unguessable and distinct.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdGenerator for SystemIds {
    fn entropy(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        fill(&mut bytes);
        bytes
    }
}

/// Fills `bytes` with randomness fit for keys.
///
/// # Panics
/// When the operating system has none: going on would hand out guessable keys.
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the one source of randomness; without it we must stop"
)]
pub fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}

/// A number from 0 to 1,000 by chance, for what is to be spread and guarded by nothing.
#[must_use]
pub fn chance() -> u16 {
    let mut bytes = [0; 2];
    fill(&mut bytes);
    u16::from_be_bytes(bytes) % 1_001
}

/// Sixteen bytes by chance, for names that nobody else takes.
#[must_use]
pub fn name() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes
}
