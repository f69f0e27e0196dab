//! Choices that look random and repeat from run to run.

/// A sequence of choices that belongs to a seed; splitmix64.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The sequence of `seed`.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `bound - 1`; 0 if there is none.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let roll = self.roll().checked_rem(u64::from(bound)).unwrap_or_default();
        u32::try_from(roll).unwrap_or_default()
    }

    /// One of `items`, each as likely as the others.
    #[expect(
        clippy::indexing_slicing,
        reason = "the index is a remainder of the length, which is not zero"
    )]
    pub(super) const fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        const { assert!(N > 0, "nothing to pick from") };
        #[expect(clippy::cast_possible_truncation, reason = "less than N, which is a usize")]
        let index = (self.roll() % N as u64) as usize;
        items[index]
    }

    /// An item by its share in a hundred; what the shares leave is for `rest`.
    pub(super) fn share<T: Copy>(&mut self, shares: &[(u32, T)], rest: T) -> T {
        let mut left = self.below(100);
        for (share, item) in shares {
            match left.checked_sub(*share) {
                Some(beyond) => left = beyond,
                None => return *item,
            }
        }
        rest
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_choices() {
        let sequence = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(sequence(1), sequence(1));
        assert_ne!(sequence(1), sequence(2));
    }

    #[test]
    fn every_item_comes_up() {
        let mut dice = Dice::new(3);
        let mut seen: Vec<_> = (0..100).map(|_| dice.pick(&["a", "b", "c"])).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn shares_are_kept() {
        let mut dice = Dice::new(4);
        let rare = (0..1_000).filter(|_| dice.share(&[(10, true)], false)).count();
        assert!((50..150).contains(&rare), "{rare}");
    }
}
