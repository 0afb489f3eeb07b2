//! The tables of what was measured.

use crate::measured::{QUESTIONS, SETS};
use crate::plot::{exponent, plot, points};
use crate::{Result, connect, measured};
use postgres::Client;
use std::fmt::Write as _;

/// Writes `scale.md` and `scale.svg` to a folder, and prints the first.
pub fn report(folder: &str) -> Result<()> {
    let mut client = connect()?;
    let mut out = String::new();
    costs(&mut client, &mut out)?;
    searches(&mut client, &mut out)?;
    hnsw(&mut client, &mut out)?;
    rest(&mut client, &mut out)?;
    std::fs::write(format!("{folder}/scale.md"), &out)?;
    std::fs::write(format!("{folder}/scale.svg"), plot(&mut client)?)?;
    println!("{out}");
    Ok(())
}

/// A number that was kept, rounded; a dash where there is none.
fn shown(client: &mut Client, set: &str, rows: i64, what: &str, digits: usize) -> Result<String> {
    let value = measured::kept(client, set, rows, what)?;
    Ok(value.map_or("–".to_owned(), |value| format!("{value:.digits$}")))
}

/// Mean, median and 95th percentile.
fn three(client: &mut Client, set: &str, rows: i64, what: &str) -> Result<String> {
    let mut parts = Vec::new();
    for part in ["mean", "p50", "p95"] {
        parts.push(shown(client, set, rows, &format!("{what}, {part}"), 2)?);
    }
    Ok(if parts[0] == "–" { "–".to_owned() } else { parts.join(" / ") })
}

fn costs(client: &mut Client, out: &mut String) -> Result<()> {
    out.push_str(
        "| set | rows | COPY, rows/s | build s | its memory, temporary files, MB | table, index MB | an insertion, µs | VACUUM s, a tenth deleted |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for set in SETS {
        for rows in measured::sizes(client, set)? {
            let mut cells = Vec::new();
            for (what, digits) in [("load, rows/s", 0), ("build s", 1)] {
                cells.push(shown(client, set, rows, what, digits)?);
            }
            for [a, b] in [["build, memory MB", "build, temporary MB"], ["table MB", "index MB"]] {
                let (a, b) = (shown(client, set, rows, a, 0)?, shown(client, set, rows, b, 0)?);
                cells.push(format!("{a}, {b}"));
            }
            for (what, digits) in [("an insertion, µs", 0), ("VACUUM s", 1)] {
                cells.push(shown(client, set, rows, what, digits)?);
            }
            writeln!(out, "| {set} | {rows} | {} |", cells.join(" | "))?;
        }
    }
    Ok(())
}

fn searches(client: &mut Client, out: &mut String) -> Result<()> {
    out.push_str(
        "\n| set | rows | search | rows found | pages | in memory, ms: mean / p50 / p95 | over *scan* | small buffers | nothing in memory |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for set in SETS {
        for rows in measured::sizes(client, set)? {
            for name in QUESTIONS {
                let found = shown(client, set, rows, &format!("{name}, rows found"), 1)?;
                let pages = shown(client, set, rows, &format!("{name}, pages"), 0)?;
                let warm = three(client, set, rows, name)?;
                let ours = measured::kept(client, set, rows, &format!("{name}, mean"))?;
                let scan = measured::kept(client, set, rows, &format!("{name}, scan"))?;
                let over = ours.zip(scan).map_or("–".to_owned(), |(ours, scan)| {
                    format!("{:.2} ({scan:.1} ms)", ours / scan)
                });
                let small = three(client, set, rows, &format!("{name}, small buffers"))?;
                let mut cold = three(client, set, rows, &format!("{name}, from disk"))?;
                if cold == "–" {
                    cold = three(client, set, rows, &format!("{name}, from the system's memory"))?;
                }
                writeln!(
                    out,
                    "| {set} | {rows} | {name} | {found} | {pages} | {warm} | {over} | {small} | {cold} |"
                )?;
            }
        }
    }
    out.push_str("\n| grows by this power of the rows | pages | ms in memory |\n|---|---|---|\n");
    for set in SETS {
        for name in QUESTIONS {
            let mut powers = Vec::new();
            for what in ["pages", "mean"] {
                let points = points(client, set, &format!("{name}, {what}"))?;
                powers.extend(exponent(&points).map(|power| format!("{power:.2}")));
            }
            if !powers.is_empty() {
                writeln!(out, "| {set}, {name} | {} |", powers.join(" | "))?;
            }
        }
    }
    Ok(())
}

fn hnsw(client: &mut Client, out: &mut String) -> Result<()> {
    out.push_str(
        "\n| fingerprints beside HNSW | `kdtree`, ms | HNSW (ef, recall), ms | over HNSW | build s: `kdtree` / HNSW | MB |\n\
         |---|---|---|---|---|---|\n",
    );
    for rows in measured::sizes(client, "hnsw")? {
        for name in &QUESTIONS[..3] {
            let mean = format!("{name}, mean");
            let ours = measured::kept(client, SETS[0], rows, &mean)?;
            let theirs = measured::kept(client, "hnsw", rows, &mean)?;
            let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
            let mut both = Vec::new();
            for (what, digits) in [("build s", 1), ("index MB", 0)] {
                let ours = shown(client, SETS[0], rows, what, digits)?;
                both.push(format!("{ours} / {}", shown(client, "hnsw", rows, what, digits)?));
            }
            writeln!(
                out,
                "| {rows} rows, {name} | {} | {} ({}, {}) | **{:.2}** | {} |",
                three(client, SETS[0], rows, name)?,
                three(client, "hnsw", rows, name)?,
                shown(client, "hnsw", rows, &format!("{name}, ef"), 0)?,
                shown(client, "hnsw", rows, &format!("{name}, recall"), 4)?,
                ours / theirs,
                both.join(" | ")
            )?;
        }
    }
    Ok(())
}

/// What the other steps kept: duplicates, and searches by a worker.
fn rest(client: &mut Client, out: &mut String) -> Result<()> {
    out.push_str("\n| step | rows | what | |\n|---|---|---|---|\n");
    let sought = "SELECT of, rows, what, value FROM measured
                  WHERE of IN ('duplicates', 'one search')
                  ORDER BY of, rows, place";
    for row in client.query(sought, &[])? {
        let (of, rows): (String, i64) = (row.get(0), row.get(1));
        let (what, value): (String, f64) = (row.get(2), row.get(3));
        writeln!(out, "| {of} | {rows} | {what} | {value:.2} |")?;
    }
    Ok(())
}
