//! How long to wait before the next try: full jitter, so that thousands who were cut off together do not come back
//! together.

use rand::Rng;

/// The bound of the first wait, in ms.
pub const FIRST_MS: u64 = 500;
/// The bound that waits grow to, in ms.
pub const LAST_MS: u64 = 30_000;

/// The bound of the wait after so many tries that failed, in ms.
pub fn bound_ms(tries: u32) -> u64 {
    FIRST_MS.checked_shl(tries).filter(|bound| *bound >> tries == FIRST_MS).unwrap_or(LAST_MS).min(LAST_MS)
}

/// A random wait between 0 and the bound, in ms.
pub fn full_jitter_ms(tries: u32, random: &mut impl Rng) -> u64 {
    random.random_range(0..=bound_ms(tries))
}

/// A random wait between half the bound and the bound: for retries on a connection that works, in ms.
pub fn pause_ms(tries: u32, random: &mut impl Rng) -> u64 {
    let bound = bound_ms(tries);
    random.random_range(bound / 2..=bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_last() {
        let bounds: Vec<u64> = [0, 1, 2, 5, 6, 40, 64, 200].into_iter().map(bound_ms).collect();
        assert_eq!(bounds, [500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    }
}
