//! Figures of all pairs, their medians, the table and the JSON.

use std::{fmt::Write, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;

/// What one pair measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub what: String,
    pub unit: &'static str,
    pub ours: f64,
    /// None where only an absolute figure is meant.
    pub floor: Option<f64>,
    pub goal: Goal,
}

/// When a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goal {
    /// Ours divided by the floor is at least this.
    RatioAtLeast(f64),
    /// Ours is at most this, in the figure's unit.
    AtMost(f64),
    /// It is only shown.
    None,
}

/// A figure over all pairs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Line {
    pub row: u32,
    pub what: String,
    pub unit: &'static str,
    pub ours: Vec<f64>,
    pub floor: Vec<f64>,
    pub goal: Goal,
}

/// All figures.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    pub lines: Vec<Line>,
    pub cores: usize,
    /// Sizes were small: the figures say nothing.
    pub is_quick: bool,
}

impl Line {
    pub fn ours(&self) -> f64 {
        median(&self.ours)
    }

    pub fn floor(&self) -> Option<f64> {
        (!self.floor.is_empty()).then(|| median(&self.floor))
    }

    /// The median of the pairs' ratios.
    pub fn ratio(&self) -> Option<f64> {
        let ratios: Vec<f64> = self.ours.iter().zip(&self.floor).map(|(ours, floor)| ours / floor).collect();
        (!ratios.is_empty()).then(|| median(&ratios))
    }

    pub fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::RatioAtLeast(goal) => self.ratio().map(|ratio| ratio >= goal),
            Goal::AtMost(goal) => Some(self.ours() <= goal),
            Goal::None => None,
        }
    }
}

impl Report {
    pub fn new(cores: usize, is_quick: bool) -> Self {
        Self { lines: Vec::new(), cores, is_quick }
    }

    /// Adds a pair's figures to their lines.
    pub fn add(&mut self, row: u32, figures: Vec<Figure>) {
        for figure in figures {
            let at = self.lines.iter().position(|line| line.row == row && line.what == figure.what);
            let at = at.unwrap_or_else(|| {
                let Figure { what, unit, goal, .. } = figure.clone();
                self.lines.push(Line { row, what, unit, ours: Vec::new(), floor: Vec::new(), goal });
                self.lines.len() - 1
            });
            self.lines[at].ours.push(figure.ours);
            self.lines[at].floor.extend(figure.floor);
        }
    }

    /// The table, in Markdown.
    pub fn table(&self) -> String {
        let mut text = String::new();
        if self.is_quick {
            text.push_str("Small sizes: these figures only show that the benchmark works.\n\n");
        }
        text.push_str("| row | what | ours | floor | ours / floor | goal | met |\n");
        text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
        for line in &self.lines {
            let floor =
                line.floor().map_or("-".to_owned(), |floor| format!("{} {}", number(floor), line.unit));
            let ratio = line.ratio().map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            let goal = match line.goal {
                Goal::RatioAtLeast(goal) => format!("≥ {goal} x floor"),
                Goal::AtMost(goal) => format!("≤ {} {}", number(goal), line.unit),
                Goal::None => "-".to_owned(),
            };
            let met = line.is_met().map_or("-", |met| if met { "yes" } else { "no" });
            let ours = format!("{} {}", number(line.ours()), line.unit);
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {} | {} | {ours} | {floor} | {ratio} | {goal} | {met} |",
                line.row, line.what
            );
        }
        text
    }

    pub fn write_json(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

/// Three digits that matter, and thousands apart.
pub(super) fn number(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    if number < 10.0 {
        return format!("{number:.2}");
    }
    if number < 100.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(ours: f64, floor: f64) -> Figure {
        let (what, goal) = ("messages".to_owned(), Goal::RatioAtLeast(0.5));
        Figure { what, unit: "/s", ours, floor: Some(floor), goal }
    }

    #[test]
    fn the_median_of_ratios_counts_not_the_ratio_of_medians() {
        let mut report = Report::new(2, false);
        for (ours, floor) in [(10.0, 100.0), (60.0, 100.0), (90.0, 120.0)] {
            report.add(8, vec![figure(ours, floor)]);
        }
        assert_eq!(report.lines.len(), 1);
        assert_eq!(report.lines[0].ratio(), Some(0.6));
        assert_eq!(report.lines[0].is_met(), Some(true));
        assert!(report.table().contains("| 8 | messages | 60.0 /s | 100 /s | 0.60 | ≥ 0.5 x floor | yes |"));
    }

    #[test]
    fn numbers_for_people() {
        let numbers = [0.456, 12.34, 123.4, 46_800.4, 1_234_567.0].map(number);
        assert_eq!(numbers, ["0.46", "12.3", "123", "46 800", "1 234 567"]);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
    }
}
