//! pgvector's HNSW on our type, by the companion extension `imgsmlr_rs_hnsw`.

use crate::data::{Photos, Random};
use crate::database::Database;
use std::collections::HashSet;
use std::io::Write as _;

/// Whether the server has pgvector, at least of this version.
fn has_pgvector(database: &mut Database, least: &str) -> bool {
    let there = database.offers("vector", least);
    if !there {
        println!("no pgvector {least} on this server: nothing to test");
    }
    there
}

/// 5,000 photo-like rows and 40 queries.
fn load(database: &mut Database) {
    database
        .client
        .batch_execute("CREATE TABLE t (id int, sig signature(16)); CREATE TABLE q (LIKE t)")
        .expect("tables");
    let photos = Photos::read();
    for (table, count, seed) in [("t", 5000, 1), ("q", 40, 2)] {
        let mut random = Random(seed);
        let copy = format!("COPY {table} FROM STDIN");
        let mut copy = database.client.copy_in(&copy).expect("copy");
        for id in 0..count {
            let row = photos.draw(&mut random).map(|value| value.to_string()).join(",");
            writeln!(copy, "{id}\t({row})").expect("a row");
        }
        copy.finish().expect("copied");
    }
    database.client.batch_execute("ANALYZE").expect("analyze");
}

/// The ids of the ten nearest of each query.
fn answers(database: &mut Database, plan: &str) -> Vec<HashSet<i32>> {
    let search = "SELECT id FROM t ORDER BY sig <-> (SELECT sig FROM q WHERE id = $1) LIMIT 10";
    let lines = database.plan(&search.replace("$1", "0"));
    assert!(lines.contains(plan), "{lines}");
    let statement = database.client.prepare(search).expect("search");
    (0..40)
        .map(|id| {
            let rows = database.client.query(&statement, &[&id]).expect("ten");
            rows.iter().map(|row| row.get(0)).collect()
        })
        .collect()
}

/// pgvector has HNSW from 0.5 on.
#[test]
fn hnsw_serves_the_native_type() {
    let mut database = Database::create("hnsw");
    if !has_pgvector(&mut database, "0.5") {
        return;
    }
    load(&mut database);
    let exact = answers(&mut database, "Seq Scan on t");
    database
        .client
        .batch_execute(
            "CREATE EXTENSION imgsmlr_rs_hnsw CASCADE;
             CREATE INDEX by_hnsw ON t USING hnsw (sig signature_hnsw_ops);
             SET enable_seqscan = off",
        )
        .expect("an HNSW index");
    let found = answers(&mut database, "Index Scan using by_hnsw on t");
    let hits: usize = exact.iter().zip(&found).map(|(a, b)| a.intersection(b).count()).sum();
    println!("recall {}", hits as f64 / 400.0);
    assert!(hits >= 390, "{hits} of 400");

    // A modifier is needed: without it HNSW does not know the dimensions.
    let error = database.error(
        "CREATE TABLE bare (sig signature);
                                CREATE INDEX ON bare USING hnsw (sig signature_hnsw_ops)",
    );
    assert!(error.message().contains("dimensions"), "{}", error.message());
    database
        .client
        .batch_execute(
            "CREATE TABLE bare (sig signature); INSERT INTO bare SELECT sig FROM q;
             CREATE INDEX bare_gist ON bare USING gist (sig)",
        )
        .expect("a column without a modifier");
    let files = "SELECT pg_relation_filenode('bare') || ' ' || pg_relation_filenode('bare_gist')";
    let before = database.value(files);
    let alter = "ALTER TABLE bare ALTER sig TYPE signature(16)";
    database.client.batch_execute(alter).expect("a modifier");
    assert_eq!(database.value(files), before, "rewritten");
    let create = "CREATE INDEX ON bare USING hnsw (sig signature_hnsw_ops)";
    database.client.batch_execute(create).expect("an index");

    // Rows that come later, and those that go.
    database
        .client
        .batch_execute("DELETE FROM t WHERE id % 2 = 0; INSERT INTO t SELECT id + 9000, sig FROM q")
        .expect("changes");
    database.client.batch_execute("VACUUM t").expect("vacuum");
    let found = answers(&mut database, "Index Scan using by_hnsw on t");
    assert!(found.iter().enumerate().all(|(id, ids)| ids.contains(&(id as i32 + 9000))));
    assert!(found.iter().flatten().all(|id| *id >= 9000 || id % 2 == 1));
}

#[test]
fn a_signature_is_a_vector_where_pgvector_is() {
    let mut database = Database::create("hnsw_vector");
    if !has_pgvector(&mut database, "0.5") {
        return;
    }
    load(&mut database);
    // In schemas that no search path names, one with a blank in it.
    database
        .client
        .batch_execute(
            "CREATE SCHEMA \"other place\";
             CREATE EXTENSION vector SCHEMA \"other place\";
             ALTER EXTENSION imgsmlr_rs SET SCHEMA \"other place\";
             CREATE EXTENSION imgsmlr_rs_hnsw;
             SET search_path = public, \"other place\"",
        )
        .expect("anywhere");
    let query = "SELECT bool_and(abs((a.sig <-> b.sig) - (a.sig::vector(16) <-> b.sig::vector)) < 1e-5)::text
                 FROM q a, q b";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    database
        .client
        .batch_execute(
            "CREATE TABLE v (v vector(16)); CREATE TABLE s (id int, sig signature(16));
             INSERT INTO v SELECT sig FROM q; INSERT INTO s SELECT 0, v FROM v",
        )
        .expect("assigned there and back");
    let query = "SELECT (count(*) = 40)::text FROM s WHERE sig IN (SELECT sig FROM q)";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let error = database.error("SELECT '[1,2,3]'::vector::signature");
    assert!(error.message().contains("3 numbers instead of 16"), "{}", error.message());
    let error = database.error("SELECT count(sig::vector(3)) FROM q");
    assert!(error.message().contains("dimensions"), "{}", error.message());
}

/// pgvector has HNSW for bits from 0.7 on.
#[test]
fn hnsw_over_hashes_by_hamming_distance() {
    let mut database = Database::create("hnsw_phash");
    if !has_pgvector(&mut database, "0.7") {
        return;
    }
    database
        .client
        .batch_execute(
            "CREATE EXTENSION vector;
             CREATE TABLE p (id int, patt pattern);
             INSERT INTO p SELECT i, (SELECT string_agg((hashint4(i * 5000 + j) / 2147483648.0)::text, ' ')
                                      FROM generate_series(1, 4096) j)::pattern
             FROM generate_series(1, 300) i;
             CREATE INDEX by_hash ON p USING hnsw ((pattern2phash(patt)::bit(64)) bit_hamming_ops);
             SET enable_seqscan = off",
        )
        .expect("an index of hashes");
    let search = "SELECT id::text FROM p
                  ORDER BY pattern2phash(patt)::bit(64) <~> (SELECT pattern2phash(patt)::bit(64) FROM p WHERE id = 42)
                  LIMIT 1";
    let plan = database.plan(search);
    assert!(plan.contains("Index Scan using by_hash"), "{plan}");
    assert_eq!(database.value(search).as_deref(), Some("42"));
}
