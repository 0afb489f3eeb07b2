//! The plot: pages and milliseconds against rows, all axes logarithmic.

use crate::measured::{QUESTIONS, SETS};
use crate::{Result, measured};
use postgres::Client;
use std::fmt::Write as _;

const WIDE: f64 = 300.0;
const HIGH: f64 = 300.0;
const BOTTOM: f64 = 350.0;
const COLOURS: [&str; 5] = ["#c0392b", "#e67e22", "#2980b9", "#16a085", "#8e44ad"];

/// A number by the size of the table.
pub fn points(client: &mut Client, set: &str, what: &str) -> Result<Vec<(f64, f64)>> {
    let mut points = Vec::new();
    for rows in measured::sizes(client, set)? {
        if let Some(value) = measured::kept(client, set, rows, what)? {
            points.push((rows as f64, value));
        }
    }
    Ok(points)
}

/// The power of the rows that a number grows by: a straight line through the logarithms, by
/// least squares.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 2 {
        return None;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|&(x, y)| (x.ln(), y.ln())).collect();
    let n = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), log| (x + log.0 / n, y + log.1 / n));
    let above: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
    let below: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
    Some(above / below)
}

/// As SVG.
pub fn plot(client: &mut Client) -> Result<String> {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1020\" height=\"390\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"1020\" height=\"390\" fill=\"white\"/>\n",
    );
    panel(client, &mut out, "pages", "pages read", 60.0, (1, 5))?;
    panel(client, &mut out, "mean", "mean ms, in memory", 430.0, (-1, 3))?;
    for (place, (name, colour)) in QUESTIONS.iter().zip(COLOURS).enumerate() {
        let mut powers = Vec::new();
        for what in ["pages", "mean"] {
            let points = points(client, SETS[0], &format!("{name}, {what}"))?;
            powers.push(exponent(&points).map_or("–".into(), |power| format!("{power:.2}")));
        }
        let (at, below) = (70 + 40 * place, 85 + 40 * place);
        writeln!(
            out,
            "<text x=\"760\" y=\"{at}\" fill=\"{colour}\">{name}</text>\
             <text x=\"760\" y=\"{below}\" fill=\"#666\">pages by rows^{}, ms by rows^{}</text>",
            powers[0], powers[1]
        )?;
    }
    out.push_str("</svg>\n");
    Ok(out)
}

/// One number against rows, between two powers of ten.
fn panel(
    client: &mut Client,
    out: &mut String,
    what: &str,
    title: &str,
    left: f64,
    (least, most): (i32, i32),
) -> Result<()> {
    let x = |rows: f64| left + (rows.log10() - 6.0) / 1.6 * WIDE;
    let y = |value: f64| {
        let part = (value.max(1e-3).log10() - f64::from(least)) / f64::from(most - least);
        BOTTOM - part * HIGH
    };
    writeln!(out, "<text x=\"{left}\" y=\"30\">{title}, of fingerprints</text>")?;
    for power in least..=most {
        let (value, at, right) = (10_f64.powi(power), y(10_f64.powi(power)), left + WIDE);
        writeln!(
            out,
            "<line x1=\"{left}\" x2=\"{right}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>",
            left - 4.0,
            at + 4.0
        )?;
    }
    for (name, colour) in QUESTIONS.iter().zip(COLOURS) {
        let points = points(client, SETS[0], &format!("{name}, {what}"))?;
        let line: Vec<String> =
            points.iter().map(|&(rows, value)| format!("{:.1},{:.1}", x(rows), y(value))).collect();
        writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            line.join(" ")
        )?;
        for &(rows, value) in &points {
            writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"368\" text-anchor=\"middle\">{:.0} M</text>",
                x(rows),
                y(value),
                x(rows),
                rows / 1e6
            )?;
        }
    }
    Ok(())
}
