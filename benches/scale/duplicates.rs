//! All pairs of near-duplicates of a whole table, by one statement, and the groups that they make.

use crate::source::{Change, Source};
use crate::{Result, connect, measured};
use postgres::Client;
use std::io::Write as _;
use std::time::Instant;

const SET: &str = "fingerprints";
/// One row in so many has copies planted: two, so that groups are of three.
const PLANTED: i64 = 1000;
/// With more rows the join takes the better part of an hour.
const JOINED: i64 = 1_000_000;
/// The longest way to one group: a chain of so many pairs, whose ids are in no order.
const CHAIN: i64 = 1_000_000;
/// Copies have numbers from here on, and from twice that.
const FIRST: i64 = 1 << 41;

/// An example's statements, for this table.
fn example(text: &str) -> String {
    text.replace("picture_fp_idx", "fingerprints_own")
        .replace("picture", SET)
        .replace("fp", "own")
        .replace("CREATE TABLE", "CREATE TEMPORARY TABLE")
}

fn seconds(client: &mut Client, statements: &str) -> Result<f64> {
    let start = Instant::now();
    client.batch_execute(statements)?;
    Ok(start.elapsed().as_secs_f64())
}

fn count(client: &mut Client, query: &str) -> Result<i64> {
    Ok(client.query_one(query, &[])?.get(0))
}

/// Seconds that the groups of a chain take.
fn chain(groups: &str) -> Result<f64> {
    let mut client = connect()?;
    client.batch_execute(&format!(
        "SELECT setseed(0.5);
         CREATE TEMPORARY TABLE link AS
         SELECT id, row_number() OVER (ORDER BY random()) AS place FROM generate_series(0, {CHAIN}) AS id;
         CREATE TEMPORARY TABLE pair AS
         SELECT least(a.id, b.id) AS one, greatest(a.id, b.id) AS other
         FROM link a JOIN link b ON b.place = a.place + 1 ORDER BY random()"
    ))?;
    let taken = seconds(&mut client, groups)?;
    assert_eq!(count(&mut client, "SELECT count(DISTINCT leader) FROM duplicate")?, 1);
    Ok(taken)
}

/// Plants copies, finds all pairs and groups, and takes the copies away again.
pub fn duplicates() -> Result<()> {
    let (mut client, mut keep, source) = (connect()?, connect()?, Source::of(SET)?);
    let rows = measured::size(&mut client, SET)?;
    let mut keep = |what, value| measured::keep(&mut keep, "duplicates", rows, what, value);
    let mut copy = client.copy_in(&format!("COPY {SET} FROM STDIN"))?;
    for original in (0..rows).step_by(PLANTED as usize) {
        // Both are of the original, each changed in its own way.
        for (number, seed) in [(FIRST, 0), (2 * FIRST, 1 << 50)] {
            let changed = source.copy_by(original as u64, Change::Small, seed);
            writeln!(copy, "{}\t{changed}", number + original)?;
        }
    }
    copy.finish()?;
    client.batch_execute(&format!("VACUUM ANALYZE {SET}"))?;
    let pairs = example(include_str!("../../examples/duplicates/pairs.sql"));
    client.batch_execute("SET max_parallel_workers_per_gather = 0")?;
    keep("all pairs by one process, s", seconds(&mut client, &pairs)?)?;
    client.batch_execute("DROP TABLE pair; SET max_parallel_workers_per_gather = 2")?;
    keep("all pairs, s", seconds(&mut client, &pairs)?)?;
    keep("pairs", count(&mut client, "SELECT count(*) FROM pair")? as f64)?;
    let planted = format!(
        "SELECT count(*) FROM pair WHERE one < {FIRST} AND other IN (one + {FIRST}, one + {})",
        2 * FIRST
    );
    let planted = count(&mut client, &planted)?;
    assert_eq!(planted, 2 * rows / PLANTED, "planted pairs that were found");
    keep("planted pairs, all found", planted as f64)?;

    let groups = example(include_str!("../../examples/duplicates/groups.sql"));
    keep("groups, s", seconds(&mut client, &groups)?)?;
    keep("groups", count(&mut client, "SELECT count(DISTINCT leader) FROM duplicate")? as f64)?;
    let whole = format!(
        "SELECT count(*) FROM duplicate a JOIN duplicate b ON b.id = a.id + {FIRST}
         JOIN duplicate c ON c.id = a.id + {} WHERE a.leader = b.leader AND b.leader = c.leader",
        2 * FIRST
    );
    assert_eq!(count(&mut client, &whole)?, rows / PLANTED, "planted groups that are whole");

    keep("groups of a chain, s", chain(&groups)?)?;

    if rows <= JOINED {
        client.batch_execute("ALTER TABLE pair RENAME TO walked")?;
        let join = example(include_str!("../../examples/duplicates/join.sql"));
        keep("all pairs by a join, s", seconds(&mut client, &join)?)?;
        let others = "SELECT count(*) FROM (
             (TABLE walked EXCEPT TABLE pair) UNION ALL (TABLE pair EXCEPT TABLE walked)) AS only_one";
        assert_eq!(count(&mut client, others)?, 0, "pairs that only one of both found");
    }

    client.execute(&format!("DELETE FROM {SET} WHERE id >= {FIRST}"), &[])?;
    client.batch_execute(&format!("VACUUM {SET}"))?;
    Ok(())
}
