//! How many tests ran, read from what each runner prints.

use std::ops::Add;

/// Tests that passed and that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed, and stages that broke without naming a failed test.
    pub failed: u32,
}

impl Counts {
    /// A stage that is one test.
    pub fn one(passed: bool) -> Self {
        Self { passed: u32::from(passed), failed: u32::from(!passed) }
    }

    /// Counts that agree with the runner's exit code: a runner that failed without a failed test is one failure, and so is
    /// one that ran nothing at all, unless a filter explains it.
    pub fn agreeing(self, success: bool, may_be_empty: bool) -> Self {
        let broke = !success && self.failed == 0;
        let empty = success && self == Self::default() && !may_be_empty;
        Self { failed: self.failed + u32::from(broke || empty), ..self }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

/// Every `test result: ok. 3 passed; 0 failed; …` of a `cargo test`, added up.
pub fn cargo(output: &str) -> Counts {
    let results = output.lines().filter(|line| line.starts_with("test result: "));
    results
        .map(|line| Counts { passed: number_before(line, "passed"), failed: number_before(line, "failed") })
        .fold(Counts::default(), Add::add)
}

/// The line `Tests  1 failed | 3 passed (4)` of vitest.
pub fn vitest(output: &str) -> Counts {
    let line = output.lines().map(str::trim).rfind(|line| line.starts_with("Tests ")).unwrap_or("");
    Counts { passed: number_before(line, "passed"), failed: number_before(line, "failed") }
}

/// The last line that is `N passed, N failed`.
pub fn closing_line(output: &str) -> Counts {
    let closes = |line: &str| {
        let (passed, failed) = line.trim().split_once(" passed, ")?;
        Some(Counts { passed: passed.parse().ok()?, failed: failed.strip_suffix(" failed")?.parse().ok()? })
    };
    output.lines().rev().find_map(closes).unwrap_or_default()
}

/// The number that stands before the first `word` of the line; 0 when there is none.
fn number_before(line: &str, word: &str) -> u32 {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pair = words.windows(2).find(|pair| pair[1].trim_end_matches(';') == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_are_added_up() {
        let output = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n\
                      test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured\n";
        assert_eq!(cargo(output), Counts { passed: 13, failed: 2 });
    }

    #[test]
    fn vitest_is_read_with_and_without_failures() {
        let good = " Test Files  2 passed (2)\n      Tests  12 passed (12)\n";
        let bad = " Test Files  1 failed | 2 passed (3)\n      Tests  3 failed | 12 passed (15)\n";
        assert_eq!(vitest(good), Counts { passed: 12, failed: 0 });
        assert_eq!(vitest(bad), Counts { passed: 12, failed: 3 });
    }

    #[test]
    fn the_last_closing_line_counts() {
        let output = "1 passed, 1 failed\nfailing: x\n7 passed, 0 failed\n";
        assert_eq!(closing_line(output), Counts { passed: 7, failed: 0 });
        assert_eq!(closing_line("nothing"), Counts::default());
    }

    #[test]
    fn counts_agree_with_the_exit_code() {
        let good = Counts { passed: 4, failed: 0 };
        assert_eq!(good.agreeing(true, false), good);
        assert_eq!(good.agreeing(false, false), Counts { passed: 4, failed: 1 });
        assert_eq!(Counts::default().agreeing(true, false).failed, 1);
        assert_eq!(Counts::default().agreeing(true, true).failed, 0);
        assert_eq!(Counts { passed: 1, failed: 2 }.agreeing(false, false).failed, 2);
    }
}
