//! What was measured, kept in the database from one step to the next.

use crate::Result;
use crate::latency::Latency;
use postgres::Client;

/// The sets, and the questions that are asked of each.
pub const SETS: [&str; 3] = ["fingerprints", "signatures", "uniform"];
pub const QUESTIONS: [&str; 5] = [
    "top 1 of changed copies",
    "top 20 of changed copies",
    "top 20 of others",
    "near-duplicates of copies",
    "sphere of 1 around copies",
];

/// Keeps a number, and shows it.
pub fn keep(client: &mut Client, set: &str, rows: i64, what: &str, value: f64) -> Result<()> {
    eprintln!("  {set}, {rows} rows, {what}: {value:.3}");
    client.execute(
        "INSERT INTO measured VALUES ($1, $2, $3, $4)
         ON CONFLICT (of, rows, what) DO UPDATE SET value = excluded.value",
        &[&set, &rows, &what, &value],
    )?;
    Ok(())
}

/// Keeps what searches took, in milliseconds.
pub fn keep_latency(
    client: &mut Client,
    set: &str,
    rows: i64,
    what: &str,
    ms: Latency,
) -> Result<()> {
    for (part, value) in [("mean", ms.mean), ("p50", ms.p50), ("p95", ms.p95)] {
        keep(client, set, rows, &format!("{what}, {part}"), value)?;
    }
    Ok(())
}

/// A number that was kept.
pub fn kept(client: &mut Client, set: &str, rows: i64, what: &str) -> Result<Option<f64>> {
    let sought = "SELECT value FROM measured WHERE of = $1 AND rows = $2 AND what = $3";
    let row = client.query_opt(sought, &[&set, &rows, &what])?;
    Ok(row.map(|row| row.get(0)))
}

/// How many rows a table had at each size.
pub fn sizes(client: &mut Client, set: &str) -> Result<Vec<i64>> {
    let sought = "SELECT DISTINCT rows FROM measured WHERE of = $1 AND what = 'build s' ORDER BY 1";
    Ok(client.query(sought, &[&set])?.iter().map(|row| row.get(0)).collect())
}

/// How many rows the table has now: its largest size.
pub fn size(client: &mut Client, set: &str) -> Result<i64> {
    sizes(client, set)?.last().copied().ok_or_else(|| format!("{set} has not grown").into())
}
