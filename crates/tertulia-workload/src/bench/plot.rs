//! The figures as a picture: for each line with a floor, a bar of ours as long as its ratio to the floor.

use std::fmt::Write;

use super::report::{Goal, Line, Report, number};

const WIDTH: f64 = 760.0;
const LABELS: f64 = 300.0;
const LINE: f64 = 34.0;
const TOP: f64 = 46.0;

/// The picture, readable on light and dark.
pub(super) fn svg(report: &Report) -> String {
    let lines: Vec<&Line> = report.lines.iter().filter(|line| line.ratio().is_some()).collect();
    let height = TOP + LINE * lines.len() as f64 + 16.0;
    let longest = lines.iter().filter_map(|line| line.ratio()).fold(1.0, f64::max);
    let scale = (WIDTH - LABELS - 90.0) / longest;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<style>text{{fill:#333}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}}}</style>\n\
         <text x=\"8\" y=\"22\" font-weight=\"bold\">Tertulia beside the floor (1.0): median of {} pairs</text>\n",
        report.lines.iter().map(|line| line.ours.len()).max().unwrap_or(0)
    );
    for (at, line) in lines.iter().enumerate() {
        let y = TOP + LINE * at as f64;
        let ratio = line.ratio().unwrap_or(0.0);
        let color = if line.is_met() == Some(false) { "#c2703d" } else { "#3d8c6c" };
        let (length, middle) = (ratio * scale, y + 15.0);
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{middle}\">{} · {}</text>\n<rect x=\"{LABELS}\" y=\"{y}\" width=\"{length:.1}\" \
             height=\"20\" rx=\"3\" fill=\"{color}\"/>\n<text x=\"{:.1}\" y=\"{middle}\">{ratio:.2} ({} {})</text>",
            line.row,
            line.what,
            LABELS + length + 6.0,
            number(line.ours()),
            line.unit
        );
        if let Goal::RatioAtLeast(goal) = line.goal {
            let x = LABELS + goal * scale;
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{y}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"#888\"/>",
                y + 20.0
            );
        }
    }
    let floor = LABELS + scale;
    let _ = writeln!(
        svg,
        "<line x1=\"{floor:.1}\" y1=\"{}\" x2=\"{floor:.1}\" y2=\"{}\" stroke=\"#888\" stroke-dasharray=\"4 3\"/>\n</svg>",
        TOP - 8.0,
        height - 8.0
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::Figure;

    #[test]
    fn a_bar_for_each_line_with_a_floor() {
        let mut report = Report::new(2, false);
        let figure = |what: &str, floor| Figure {
            what: what.to_owned(),
            unit: "/s",
            ours: 3.0,
            floor,
            goal: Goal::RatioAtLeast(0.5),
        };
        report.add(4, vec![figure("with", Some(4.0)), figure("without", None)]);
        let svg = svg(&report);
        assert_eq!(svg.matches("<rect").count(), 1);
        assert!(svg.contains("4 · with") && svg.contains("0.75 (3.00 /s)") && !svg.contains("without"));
    }
}
