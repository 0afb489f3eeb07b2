//! The table and the plot.

use crate::measure::Measured;
use std::fmt::Write as _;

/// A row for each method and set, as Markdown.
pub fn table(all: &[Measured]) -> String {
    let mut out = String::from(
        "| set | rows | method | build s | MB | pages top 1 / 10 / 20 | recall | ms: mean / p50 / p95 | two clients |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for m in all {
        let (seconds, size) = m.build.map_or((String::new(), String::new()), |(seconds, size)| {
            (format!("{seconds:.1}"), format!("{size:.0}"))
        });
        let [one, two] =
            m.latency.map(|ms| format!("{:.2} / {:.2} / {:.2}", ms.mean, ms.p50, ms.p95));
        let breadth = m.breadth.map(|ef| format!(", ef {ef}")).unwrap_or_default();
        let [a, b, c] = m.pages.map(|pages| format!("{pages:.0}"));
        let _ = writeln!(
            out,
            "| {} | {} | {}{breadth} | {seconds} | {size} | {a} / {b} / {c} | {:.4} | {one} | {two} |",
            m.set, m.rows, m.method, m.recall
        );
    }
    out
}

/// Pages and latency against rows, both axes logarithmic, photo-like set.
pub fn plot(all: &[Measured]) -> String {
    const COLOURS: [&str; 8] =
        ["#c0392b", "#16a085", "#e67e22", "#7f8c8d", "#2980b9", "#8e44ad", "#34495e", "#27ae60"];
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"980\" height=\"420\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"980\" height=\"420\" fill=\"white\"/>\n",
    );
    type Value = fn(&Measured) -> f64;
    let panels: [(&str, Value, f64, (f64, f64)); 2] = [
        ("pages read, top 20", |m| m.pages[2], 60.0, (1.0, 5.0)),
        ("mean latency in ms, top 20", |m| m.latency[0].mean, 420.0, (-1.0, 3.0)),
    ];
    for (title, value, left, (least, most)) in panels {
        let x = |rows: f64| left + (rows.log10() - 4.8) / 1.9 * 270.0;
        let y = |value: f64| 370.0 - (value.max(1e-3).log10() - least) / (most - least) * 320.0;
        let _ = writeln!(out, "<text x=\"{left}\" y=\"30\">{title}, photo-like</text>");
        for power in least as i32..=most as i32 {
            let (value, at) = (10_f64.powi(power), y(10_f64.powi(power)));
            let _ = writeln!(
                out,
                "<line x1=\"{left}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>",
                left + 270.0,
                left - 4.0,
                at + 4.0
            );
        }
        let mut names: Vec<&str> = Vec::new();
        for m in all.iter().filter(|m| m.set == "photo") {
            let name = m.method;
            let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            let points: Vec<String> = all
                .iter()
                .filter(|other| other.set == "photo" && other.method == name)
                .map(|other| format!("{:.1},{:.1}", x(other.rows as f64), y(value(other))))
                .collect();
            let colour = COLOURS[place % COLOURS.len()];
            let _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                points.join(" ")
            );
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"388\" text-anchor=\"middle\">{}</text>",
                x(m.rows as f64),
                y(value(m)),
                x(m.rows as f64),
                m.rows
            );
        }
        for (place, name) in names.iter().enumerate() {
            let _ = writeln!(
                out,
                "<text x=\"720\" y=\"{}\" fill=\"{}\">{name}</text>",
                60 + 20 * place,
                COLOURS[place % COLOURS.len()]
            );
        }
    }
    out.push_str("</svg>\n");
    out
}
