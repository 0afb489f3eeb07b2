//! All pairs of near-duplicates.

use crate::{Result, Row, load};
use postgres::Client;
use std::time::Instant;

/// All pairs nearer than a radius, through the index, against comparing a
/// tenth of the rows with each other, times a hundred.
pub fn self_join(client: &mut Client, rows: &[Row]) -> Result<String> {
    load(client, rows)?;
    client
        .batch_execute("CREATE INDEX nearest ON signatures USING gist (sig); ANALYZE signatures")?;
    let join = |radius: f64| {
        format!(
            "SELECT count(*) FROM signatures a JOIN signatures b
             ON b.sig <<->> sphere(a.sig, {radius}) AND a.id < b.id"
        )
    };
    // The radius that yields about as many pairs as there are rows.
    let (mut low, mut high) = (0.0, 2.0);
    let mut pairs: i64 = 0;
    let mut radius = 0.3;
    for _ in 0..12 {
        pairs = client.query_one(&join(radius), &[])?.get(0);
        eprintln!("  radius {radius:.4}: {pairs} pairs");
        let ratio = pairs as f64 / rows.len() as f64;
        if (0.95..1.05).contains(&ratio) {
            break;
        }
        if ratio < 1.0 {
            low = radius
        } else {
            high = radius
        }
        radius = (low + high) / 2.0;
    }
    let start = Instant::now();
    client.query_one(&join(radius), &[])?;
    let by_index = start.elapsed().as_secs_f64();
    let tenth = rows.len() / 10;
    let sequential = format!(
        "SELECT count(*) FROM signatures a JOIN signatures b
         ON a.sig <-> b.sig < {radius} AND a.id < b.id WHERE a.id < {tenth} AND b.id < {tenth}"
    );
    let start = Instant::now();
    client.query_one(&sequential, &[])?;
    let by_scan = 100.0 * start.elapsed().as_secs_f64();
    Ok(format!(
        "Near-duplicate self-join, {} photo-like rows, radius {radius:.4}, {pairs} pairs: {by_index:.2} s through the \
         index, {by_scan:.0} s by a nested sequential join (a tenth of the rows, times a hundred): 1/{:.0}.",
        rows.len(),
        by_scan / by_index
    ))
}
