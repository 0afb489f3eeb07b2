//! The index on photo-like signatures: what the planner makes of it, and how
//! it ages. Pages are counted, time is not: see `make bench`.

use crate::data::{Photos, Random};
use crate::database::Database;
use crate::deadline::eventually;
use std::io::Write;

fn load(database: &mut Database, table: &str, ids: std::ops::Range<usize>, seed: u64) {
    let photos = Photos::read();
    let mut random = Random(seed);
    let mut copy = database.client.copy_in(&format!("COPY {table} FROM STDIN")).expect("copy");
    for id in ids {
        let row = photos.draw(&mut random).map(|value| value.to_string()).join(",");
        writeln!(copy, "{id}\t{row}").expect("row");
    }
    copy.finish().expect("copied");
}

/// VACUUM until no deleted row is left: the first may meet a session of the server's own
/// that might still see them.
fn vacuum(database: &mut Database, table: &str) {
    let all_visible = format!(
        "SELECT (relallvisible = relpages)::text FROM pg_class WHERE oid = '{table}'::regclass"
    );
    eventually("VACUUM has met all rows that were deleted", || {
        database.client.batch_execute(&format!("VACUUM {table}")).expect("vacuum");
        database.value(&all_visible).as_deref() == Some("true")
    });
}

/// Pages of index `name` that `query` reads.
fn pages_read(database: &mut Database, name: &str, query: &str) -> i64 {
    let count = format!("SELECT pg_stat_get_xact_blocks_fetched('{name}'::regclass)");
    let mut transaction = database.client.transaction().expect("begin");
    transaction
        .batch_execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        .expect("set");
    let before: i64 = transaction.query_one(&count, &[]).expect("count").get(0);
    transaction.query(query, &[]).expect(query);
    let after: i64 = transaction.query_one(&count, &[]).expect("count").get(0);
    transaction.rollback().expect("rollback");
    after - before
}

#[test]
fn an_index_that_lives_reads_little_more_than_a_fresh_one() {
    const ROWS: usize = 40_000;
    let mut database = Database::create("photos_ageing");
    database.client.batch_execute("CREATE TABLE live (id int, sig signature)").expect("table");
    load(&mut database, "live", 0..ROWS, 1);
    database.client.batch_execute("CREATE INDEX live_sig ON live USING gist (sig)").expect("index");
    load(&mut database, "live", ROWS..2 * ROWS, 3);
    database.client.batch_execute("DELETE FROM live WHERE id % 3 = 0").expect("delete");
    vacuum(&mut database, "live");
    database
        .client
        .batch_execute(
            "CREATE TABLE fresh AS SELECT * FROM live;
             CREATE INDEX fresh_sig ON fresh USING gist (sig);",
        )
        .expect("fresh");

    let photos = Photos::read();
    let mut random = Random(2);
    let (mut live, mut fresh) = (0, 0);
    for _ in 0..100 {
        let center = photos.draw(&mut random).map(|value| value.to_string()).join(",");
        for limit in [1, 20] {
            let query = |table: &str| {
                format!("SELECT id FROM {table} ORDER BY sig <-> '{center}' LIMIT {limit}")
            };
            live += pages_read(&mut database, "live_sig", &query("live"));
            fresh += pages_read(&mut database, "fresh_sig", &query("fresh"));
        }
    }
    println!("pages read: {live} of the index that lived, {fresh} of a fresh one");
    assert!(fresh > 0 && live as f64 <= 1.6 * fresh as f64, "{live} pages, fresh {fresh}");
}

#[test]
fn the_planner_joins_near_duplicates_through_the_index_by_itself() {
    let mut database = Database::create("photos_self_join");
    database.client.batch_execute("CREATE TABLE img (id int, sig signature)").expect("table");
    load(&mut database, "img", 0..100_000, 1);
    database.client.batch_execute("CREATE INDEX img_sig ON img USING gist (sig)").expect("index");
    database.client.batch_execute("ANALYZE img").expect("analyze");

    let one = "SELECT id FROM img WHERE sig <<->> sphere((SELECT sig FROM img WHERE id = 5), 0.3)";
    let plan = database.plan(one);
    assert!(plan.contains("on img_sig") || plan.contains("using img_sig"), "{plan}");

    let join = "SELECT a.id, b.id FROM img a JOIN img b
        ON b.sig <<->> sphere(a.sig, 0.3) AND a.id < b.id";
    let plan = database.plan(join);
    assert!(plan.contains("Nested Loop"), "{plan}");
    assert!(plan.contains("Index Cond: (sig <<->> sphere(a.sig"), "{plan}");

    // On a slice, the join gives what comparing all pairs gives.
    let slice = "WHERE a.id < 300";
    let pairs = database.column(&format!("SELECT count(*) FROM ({join} {slice}) pairs"));
    let all = "SELECT count(*) FROM img a JOIN img b ON a.sig <-> b.sig < 0.3 AND a.id < b.id";
    assert_eq!(pairs, database.column(&format!("{all} {slice}")));
    assert_ne!(pairs[0].as_deref(), Some("0"));
}
