//! A table in partitions answers as one table does, in one process and in several.

use crate::data::{Photos, Random};
use crate::database::Database;
use crate::deadline::eventually;
use std::io::Write as _;

const ROWS: usize = 20_000;

/// A file of `examples/scale_out`.
pub fn example(name: &str) -> String {
    let path = format!("{}/examples/scale_out/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect(&path)
}

/// Loads photo-like rows into `table`, the same for the same number.
pub fn load(database: &mut Database, table: &str, rows: usize) {
    let (photos, mut random) = (Photos::read(), Random(1));
    let mut copy = database.client.copy_in(&format!("COPY {table} FROM STDIN")).expect("copy");
    for id in 0..rows {
        let numbers = photos.draw(&mut random).map(|value| value.to_string()).join(",");
        writeln!(copy, "{id}\t{numbers}").expect("row");
    }
    copy.finish().expect("copied");
}

/// Photo-like signatures to search by.
pub fn queries(count: usize) -> Vec<String> {
    let (photos, mut random) = (Photos::read(), Random(2));
    let draw = |_| photos.draw(&mut random).map(|value| value.to_string()).join(",");
    (0..count).map(draw).collect()
}

/// Rows as (distance bits, id), ties by id.
pub fn answer(database: &mut Database, query: &str) -> Vec<(u64, i32)> {
    let rows = database.client.query(query, &[]).expect(query);
    let mut answer: Vec<(u64, i32)> =
        rows.iter().map(|row| (row.get::<_, f64>(1).to_bits(), row.get(0))).collect();
    answer.sort_unstable();
    answer
}

/// The nearest of `table`, the plain way.
pub fn nearest(table: &str, to: &str, top: usize) -> String {
    format!("SELECT id, sig <-> '{to}' FROM {table} ORDER BY sig <-> '{to}' LIMIT {top}")
}

/// How foreign tables are scanned beside each other, with a distance among the columns:
/// PostgreSQL 14 does not yet ask them at once.
pub fn foreign_scan(database: &mut Database) -> &'static str {
    if database.major_version() == 14 { "->  Foreign Scan" } else { "->  Async Foreign Scan" }
}

/// The same rows in one table, `single`, and in `picture`, by `partitions.sql`.
fn partitioned(name: &str) -> Database {
    let mut database = Database::create(name);
    database.client.batch_execute(&example("partitions.sql")).expect("partitions");
    database.client.batch_execute("CREATE TABLE single (id int, sig signature)").expect("table");
    for table in ["single", "picture"] {
        load(&mut database, table, ROWS);
    }
    database
        .client
        .batch_execute("CREATE INDEX single_sig ON single USING gist (sig); ANALYZE")
        .expect("index");
    database
}

#[test]
fn partitions_answer_as_one_table_by_a_merge_of_index_scans() {
    let mut database = partitioned("partitions_merge");
    for query in queries(20) {
        let search = nearest("picture", &query, 20);
        let plan = database.plan(&search);
        assert!(plan.contains("Merge Append"), "{plan}");
        assert_eq!(plan.matches("Index Scan using picture_").count(), 2, "{plan}");
        assert_eq!(plan.matches("Order By: (sig <-> ").count(), 2, "{plan}");
        let expected = answer(&mut database, &nearest("single", &query, 20));
        assert_eq!(answer(&mut database, &search), expected, "{query}");
    }
}

#[test]
fn a_sphere_is_looked_up_in_every_partition() {
    let mut database = partitioned("partitions_sphere");
    let mut found = 0;
    for query in queries(20) {
        let within = |table: &str| {
            format!(
                "SELECT id, sig <-> '{query}' FROM {table} WHERE sig <<->> sphere('{query}', 0.5)"
            )
        };
        let plan = database.plan(&within("picture"));
        assert_eq!(plan.matches("Index Cond: (sig <<->> ").count(), 2, "{plan}");
        let expected = answer(&mut database, &within("single"));
        found += expected.len();
        assert_eq!(answer(&mut database, &within("picture")), expected, "{query}");
    }
    assert!(found > 20, "{found} rows within a sphere");
}

#[test]
fn one_search_asks_all_partitions_at_once_over_connections() {
    let mut database = partitioned("partitions_connections");
    database.client.batch_execute(&example("all_cores.sql")).expect("all_cores.sql");
    let scan = foreign_scan(&mut database);
    for query in queries(20) {
        let search = format!("SELECT * FROM nearest('{query}', 20)");
        let plan = database.plan(&search);
        assert_eq!(plan.matches(scan).count(), 2, "{plan}");
        let expected = answer(&mut database, &nearest("single", &query, 20));
        assert_eq!(answer(&mut database, &search), expected, "{query}");
    }
}

#[test]
fn one_search_runs_in_a_worker_for_each_partition() {
    let mut database = partitioned("partitions_workers");
    database.client.batch_execute(&example("workers.sql")).expect("workers.sql");
    // Only settings that are there by default, whatever the server's configuration.
    database
        .client
        .batch_execute("SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 1000")
        .expect("settings");
    for query in queries(20) {
        let search = format!("SELECT * FROM nearest_by_workers('{query}', 20)");
        let plan = database.plan(&search);
        assert!(plan.contains("Parallel Append"), "{plan}");
        assert_eq!(plan.matches("Function Scan on nearest_in").count(), 2, "{plan}");
        let expected = answer(&mut database, &nearest("single", &query, 20));
        assert_eq!(answer(&mut database, &search), expected, "{query}");
    }
    // Not by the leader alone, when it leaves the work to others.
    database.client.batch_execute("SET parallel_leader_participation = off").expect("setting");
    let ran = format!(
        "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF) SELECT * FROM nearest_by_workers('{}', 20)",
        queries(1)[0]
    );
    // All of the server's processes may be busy with other tests.
    eventually("two workers run the search", || {
        let ran = database.column(&ran).into_iter().flatten().collect::<Vec<_>>().join("\n");
        ran.contains("Workers Launched: 2") && ran.contains("Worker 0:")
    });
}
