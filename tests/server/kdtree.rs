//! The access method `kdtree`, beyond what `knn` asks of it and GiST alike: fingerprints, kinds
//! of tables and commands, scans that stop and begin again, the planner, and its own check.

use crate::answers::{answer, assert_same};
use crate::database::Database;
use crate::deadline::eventually;
use crate::fingerprints::Fingerprints;
use crate::random::{Draw as _, Random};
use postgres::error::SqlState;
use postgres::{Client, IsolationLevel, Transaction};
use std::io::Write as _;

const ROWS: usize = 20_000;

pub type Draw = fn(&Fingerprints, &mut Random) -> [u8; 32];

/// As of photographs.
pub fn photographs(source: &Fingerprints, random: &mut Random) -> [u8; 32] {
    source.draw(random)
}

/// Half of them equal, the rest of few values.
fn duplicates(_: &Fingerprints, random: &mut Random) -> [u8; 32] {
    if random.below(2) == 0 { [7; 32] } else { std::array::from_fn(|_| random.below(2) as u8) }
}

/// Half of them equal, the rest as of photographs.
fn half_equal(source: &Fingerprints, random: &mut Random) -> [u8; 32] {
    if random.below(2) == 0 { [7; 32] } else { source.draw(random) }
}

/// Any bytes, and often the least and the largest.
fn extremes(_: &Fingerprints, random: &mut Random) -> [u8; 32] {
    let all = random.below(3);
    std::array::from_fn(|_| match (all, random.below(2)) {
        (0, _) => random.below(256) as u8,
        (_, 0) => 0,
        _ => 255,
    })
}

fn digits(values: [u8; 32]) -> String {
    values.map(|value| format!("{value:02x}")).concat()
}

pub fn load(database: &mut Database, ids: std::ops::Range<usize>, draw: Draw, random: &mut Random) {
    let source = Fingerprints::read();
    let mut copy = database.client.copy_in("COPY item FROM STDIN").expect("copy");
    for id in ids {
        if id % 100 == 0 {
            writeln!(copy, "{id}\t\\N").expect("row");
        } else {
            writeln!(copy, "{id}\t{}", digits(draw(&source, random))).expect("row");
        }
    }
    copy.finish().expect("copied");
}

/// A query by the index, then by reading the table: the same distances, and the same rows.
fn same_by_index_and_scan(database: &mut Database, query: &str, by: &str) {
    let settings = "SET enable_seqscan = off; SET enable_sort = off; RESET enable_indexscan;
                    RESET enable_bitmapscan";
    database.client.batch_execute(settings).expect("set");
    let plan = database.plan(query);
    assert!(plan.contains(by), "{query}\n{plan}");
    let by_index = answer(&mut database.client, query);
    let settings = "SET enable_indexscan = off; SET enable_bitmapscan = off; RESET enable_seqscan;
                    RESET enable_sort";
    database.client.batch_execute(settings).expect("set");
    let plan = database.plan(query);
    assert!(plan.contains("Seq Scan on item"), "{plan}");
    assert_same(&by_index, &answer(&mut database.client, query), query);
    database.client.batch_execute("RESET ALL").expect("reset");
}

fn compare(database: &mut Database, draw: Draw, random: &mut Random) {
    let source = Fingerprints::read();
    for limit in [1, 20, 20, 300, ROWS] {
        let center = digits(draw(&source, random));
        let ordered = format!("ORDER BY fp <-> '{center}' LIMIT {limit}");
        let select = format!("SELECT id, fp <-> '{center}' FROM item WHERE fp IS NOT NULL");
        let query = format!("{select} {ordered}");
        same_by_index_and_scan(database, &query, "Index Scan using item_fp");
        // Beside another condition, of which the index knows nothing.
        let query = format!("{select} AND id % 50 = 1 {ordered}");
        same_by_index_and_scan(database, &query, "Index Scan using item_fp");
        let at = format!("SELECT fp <-> '{center}' FROM item ORDER BY 1 OFFSET {limit} LIMIT 1");
        let radius: Option<f64> =
            database.client.query_one(&at, &[]).ok().and_then(|row| row.get(0));
        let radius = radius.unwrap_or(3.0);
        for radius in [radius, radius.next_up(), 1.3 * radius] {
            let inside = format!("fp <<->> sphere('{center}'::fingerprint, {radius:e})");
            let select = format!("SELECT id, fp <-> '{center}' FROM item WHERE {inside}");
            let query = format!("{select} ORDER BY id");
            same_by_index_and_scan(database, &query, "Index Cond: (fp <<->>");
            same_by_index_and_scan(database, &format!("{select} {ordered}"), "Order By: (fp <->");
        }
    }
}

fn index_equals_scan(name: &str, draw: Draw) {
    let mut random = Random(30_000);
    for grown in [false, true] {
        let mut database = Database::create(&format!("kdtree_{name}_{grown}"));
        let index = "CREATE INDEX item_fp ON item USING kdtree (fp)";
        database.client.batch_execute("CREATE TABLE item (id int, fp fingerprint)").expect("table");
        if grown {
            database.client.batch_execute(index).expect("index");
            load(&mut database, 0..ROWS, draw, &mut random);
        } else {
            load(&mut database, 0..ROWS, draw, &mut random);
            // Less memory than the rows need.
            database.client.batch_execute("SET maintenance_work_mem = '1MB'").expect("set");
            database.client.batch_execute(index).expect("index");
        }
        compare(&mut database, draw, &mut random);
        database.client.batch_execute("DELETE FROM item WHERE id % 2 = 0").expect("delete");
        load(&mut database, ROWS..ROWS + ROWS / 4, draw, &mut random);
        database.client.batch_execute("VACUUM item").expect("vacuum");
        load(&mut database, 2 * ROWS..2 * ROWS + ROWS / 4, draw, &mut random);
        compare(&mut database, draw, &mut random);
        check(&mut database, "item", "item_fp");
    }
}

/// The index is sound, and has all rows of the table.
fn check(database: &mut Database, table: &str, index: &str) {
    let query = format!("SELECT kdtree_check('{index}') >= count(*) FROM {table}");
    assert_eq!(database.value(&query).as_deref(), Some("t"), "{index}");
}

#[test]
fn photograph_like_data() {
    index_equals_scan("photographs", photographs);
}

#[test]
fn many_duplicates() {
    index_equals_scan("duplicates", duplicates);
}

#[test]
fn extreme_data() {
    index_equals_scan("extremes", extremes);
}

/// A table of so many rows, as of photographs.
pub fn filled(name: &str, rows: usize) -> Database {
    let mut database = Database::create(name);
    database.client.batch_execute("CREATE TABLE item (id int, fp fingerprint)").expect("table");
    load(&mut database, 0..rows, photographs, &mut Random(7));
    database
}

#[test]
fn every_kind_of_table_and_every_way_to_make_an_index() {
    let mut database = filled("kdtree_tables", 5000);
    database
        .client
        .batch_execute(
            "CREATE UNLOGGED TABLE quick (LIKE item); CREATE TEMPORARY TABLE passing (LIKE item);
             CREATE INDEX quick_fp ON quick USING kdtree (fp);
             CREATE INDEX passing_fp ON passing USING kdtree (fp);
             INSERT INTO quick TABLE item; INSERT INTO passing TABLE item;
             CREATE TABLE parts (LIKE item) PARTITION BY HASH (id);
             CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
             CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
             CREATE INDEX parts_fp ON parts USING kdtree (fp) WITH (fillfactor = 70);
             INSERT INTO parts TABLE item; ANALYZE parts;
             CREATE INDEX item_full ON item USING kdtree (fp) WITH (fillfactor = 100);
             CREATE INDEX item_even ON item USING kdtree (fp) WHERE id % 2 = 0;
             CREATE INDEX item_of ON item USING kdtree ((CASE WHEN id % 3 = 0 THEN fp END))",
        )
        .expect("tables");
    database
        .client
        .batch_execute("CREATE INDEX CONCURRENTLY item_fp ON item USING kdtree (fp)")
        .expect("made");
    database.client.batch_execute("REINDEX INDEX CONCURRENTLY item_fp").expect("made anew");
    database.client.batch_execute("REINDEX TABLE quick; REINDEX TABLE passing").expect("made anew");
    database.client.batch_execute("VACUUM ANALYZE").expect("vacuumed");
    for (table, index) in [
        ("item", "item_fp"),
        ("item", "item_full"),
        ("item", "item_of"),
        ("item WHERE id % 2 = 0", "item_even"),
        ("quick", "quick_fp"),
        ("passing", "passing_fp"),
        ("parts_0", "parts_0_fp_idx"),
        ("parts_1", "parts_1_fp_idx"),
    ] {
        check(&mut database, table, index);
    }
    let nearest = |table: &str| {
        format!(
            "SELECT string_agg(d::text, ' ') FROM (SELECT fp <-> (SELECT fp FROM item WHERE id = 77) AS d
             FROM {table} WHERE fp IS NOT NULL ORDER BY 1 LIMIT 30) v"
        )
    };
    database.client.batch_execute("SET enable_indexscan = off").expect("set");
    let exact = database.value(&nearest("item"));
    database.client.batch_execute("RESET ALL; SET enable_seqscan = off").expect("set");
    for table in ["item", "quick", "passing", "parts"] {
        let plan = database.plan(&nearest(table));
        assert!(plan.contains("Order By: (fp <->"), "{table}: {plan}");
        assert_eq!(database.value(&nearest(table)), exact, "{table}");
    }
    let plan = database.plan(&nearest("parts"));
    assert!(plan.contains("Merge Append"), "{plan}");
}

#[test]
fn what_it_does_not_do_is_refused_in_words() {
    let mut database = filled("kdtree_refused", 100);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    database.client.batch_execute("CREATE INDEX item_id ON item (id)").expect("index");
    let unsupported = SqlState::FEATURE_NOT_SUPPORTED;
    for (statement, code, says) in [
        ("CLUSTER item USING item_fp", &unsupported, "does not support clustering"),
        ("CREATE UNIQUE INDEX ON item USING kdtree (fp)", &unsupported, "unique"),
        ("CREATE INDEX ON item USING kdtree (fp, fp)", &unsupported, "multicolumn"),
        ("CREATE INDEX ON item USING kdtree (fp) INCLUDE (id)", &unsupported, "included"),
        ("CREATE INDEX ON item USING kdtree (fp DESC)", &unsupported, "ASC/DESC"),
        (
            "CREATE INDEX ON item USING kdtree (id)",
            &SqlState::UNDEFINED_OBJECT,
            "no default operator class",
        ),
        (
            "CREATE INDEX ON item USING kdtree (fp) WITH (fillfactor = 20)",
            &SqlState::INVALID_PARAMETER_VALUE,
            "out of bounds",
        ),
        ("SELECT kdtree_check('item_id')", &SqlState::WRONG_OBJECT_TYPE, "kdtree"),
        ("SELECT kdtree_check('item')", &SqlState::WRONG_OBJECT_TYPE, "kdtree"),
        ("SELECT kdtree_pairs('item_id', 1)", &SqlState::WRONG_OBJECT_TYPE, "kdtree"),
        ("SELECT kdtree_pairs('item', 1)", &SqlState::WRONG_OBJECT_TYPE, "kdtree"),
        (
            "SELECT kdtree_pairs('item_fp', -1)",
            &SqlState::INVALID_PARAMETER_VALUE,
            "radius -1 is negative",
        ),
    ] {
        let error = database.error(statement);
        assert_eq!(error.code(), code, "{statement}: {}", error.message());
        assert!(error.message().contains(says), "{statement}: {}", error.message());
    }
}

/// The pairs of a table by one walk, then by a join: ids and distances.
fn same_pairs(database: &mut Database, of: &str, radius: f64) -> usize {
    let by_walk = format!(
        "SELECT least(a.id, b.id), greatest(a.id, b.id), distance
         FROM kdtree_pairs('item_{of}', {radius}) JOIN item a ON a.ctid = one
         JOIN item b ON b.ctid = other ORDER BY 1, 2"
    );
    let by_join = format!(
        "SELECT a.id, b.id, a.{of} <-> b.{of} FROM item a JOIN item b
         ON b.{of} <<->> sphere(a.{of}, {radius}) AND a.id < b.id ORDER BY 1, 2"
    );
    let [walked, joined] = [by_walk, by_join].map(|query| {
        let rows = database.client.query(&query, &[]).expect(&query);
        let pair = |row: &postgres::Row| {
            let (one, other): (i32, i32) = (row.get(0), row.get(1));
            (one, other, row.get::<_, f64>(2).to_bits())
        };
        rows.iter().map(pair).collect::<Vec<_>>()
    });
    assert_eq!(walked, joined, "{of} within {radius}");
    walked.len()
}

#[test]
fn pairs_are_those_of_a_join() {
    let mut database = Database::create("kdtree_pairs");
    database
        .client
        .batch_execute(
            "CREATE TABLE item (id int, tag int, fp fingerprint, sig signature(16)) WITH (fillfactor = 50);
             CREATE INDEX item_fp ON item USING kdtree (fp);
             CREATE INDEX item_sig ON item USING kdtree (sig)",
        )
        .expect("a table");
    let (source, mut random) = (Fingerprints::read(), Random(77));
    let mut copy = database.client.copy_in("COPY item FROM STDIN").expect("copy");
    // More than the search has in hand at a time.
    for id in 0..9000 {
        // One in ten is equal to another, and one in a hundred unknown.
        let fp = source.draw(&mut Random(random.below(90_000) as u64 % (8100 + id)));
        let numbers = fp.map(|number| f32::from(number / 16).to_string());
        match id % 100 {
            0 => writeln!(copy, "{id}\t0\t\\N\t\\N"),
            _ => writeln!(copy, "{id}\t0\t{}\t{}", digits(fp), numbers[..16].join(",")),
        }
        .expect("a row");
    }
    copy.finish().expect("copied");
    let compare = |database: &mut Database| {
        let mut found = 0;
        for (of, radii) in [("fp", [0.0, 1.2]), ("sig", [0.0, 3.0])] {
            for radius in radii {
                found += same_pairs(database, of, radius);
            }
        }
        assert!(found > 100, "{found} pairs");
    };
    compare(&mut database);
    // Versions that the index leads to by the first of them; rows that are gone; rows that have
    // another value now.
    for statement in [
        "UPDATE item SET tag = 1 WHERE id % 3 = 0; UPDATE item SET tag = 2 WHERE id % 6 = 0",
        "DELETE FROM item WHERE id % 7 = 0; UPDATE item SET fp = NULL WHERE id % 11 = 0",
        "UPDATE item SET fp = (SELECT fp FROM item WHERE id = 5), sig = NULL WHERE id % 130 = 0",
    ] {
        database.client.batch_execute(statement).expect(statement);
        compare(&mut database);
    }
    database.client.batch_execute("VACUUM item").expect("vacuumed");
    compare(&mut database);
    // What a statement began with, though somebody deletes all meanwhile.
    let mut other = database.session_of("postgres");
    let mut transaction = database.client.transaction().expect("a transaction");
    transaction
        .batch_execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
             DECLARE pairs CURSOR FOR SELECT kdtree_pairs('item_fp', 1.6)",
        )
        .expect("a cursor");
    let first = transaction.query("FETCH 10 FROM pairs", &[]).expect("some").len();
    other.client.batch_execute("DELETE FROM item").expect("deleted");
    let rest = transaction.query("FETCH ALL FROM pairs", &[]).expect("the rest").len();
    let count = "SELECT count(*) FROM kdtree_pairs('item_fp', 1.6)";
    let count: i64 = transaction.query_one(count, &[]).expect("a count").get(0);
    assert_eq!(count, (first + rest) as i64);
    transaction.commit().expect("committed");
    let count = "SELECT count(*) FROM kdtree_pairs('item_fp', 1.6)";
    assert_eq!(database.value(count).as_deref(), Some("0"));
}

#[test]
fn pairs_are_of_a_finished_index() {
    let mut database = filled("kdtree_pairs_finished", 300);
    let pairs = "SELECT count(*) FROM kdtree_pairs('item_fp', 2)";
    // Of a row that was changed in place the index leads to the new version alone.
    let mut transaction = database.client.transaction().expect("a transaction");
    transaction
        .batch_execute(
            "UPDATE item SET fp = NULL WHERE id % 2 = 0; CREATE INDEX item_fp ON item USING kdtree (fp)",
        )
        .expect("an index");
    let error = transaction.query(pairs, &[]).expect_err("too early");
    assert_eq!(error.code(), Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE));
    drop(transaction);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    assert!(database.value(pairs).is_some());
    // As CREATE INDEX CONCURRENTLY leaves one that was not to be.
    let failed = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'item_fp'::regclass";
    database.client.batch_execute(failed).expect("marked");
    assert_eq!(database.error(pairs).code(), &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
    database.client.batch_execute("REINDEX INDEX item_fp").expect("made anew");
    assert!(database.value(pairs).is_some());
}

/// Statements that would change an index or its table below a query that reads them.
const CHANGES: [&str; 8] = [
    "REINDEX INDEX item_fp",
    "REINDEX TABLE item",
    "TRUNCATE item",
    "DROP INDEX item_fp",
    "DROP TABLE item",
    "ALTER TABLE item ALTER COLUMN id TYPE bigint",
    "CLUSTER item USING item_id",
    "ALTER INDEX item_fp SET (fillfactor = 80); ALTER TABLE item SET UNLOGGED",
];

#[test]
fn pairs_keep_their_index_and_table_in_use() {
    let mut database = filled("kdtree_pairs_in_use", 6000);
    database
        .client
        .batch_execute(
            "CREATE INDEX item_fp ON item USING kdtree (fp); CREATE INDEX item_id ON item (id)",
        )
        .expect("indexes");
    let count = "SELECT count(*) FROM kdtree_pairs('item_fp', 1.8)";
    let count: i64 = database.client.query_one(count, &[]).expect("a count").get(0);
    assert!(count > 1000, "{count} pairs");
    let ways =
        ["SELECT (kdtree_pairs('item_fp', 1.8)).*", "SELECT * FROM kdtree_pairs('item_fp', 1.8)"];
    for (change, pairs) in CHANGES.iter().flat_map(|change| ways.map(|pairs| (*change, pairs))) {
        // Below a cursor, which goes on afterwards.
        let mut transaction = database.client.transaction().expect("a transaction");
        let declare = format!("DECLARE pairs CURSOR FOR {pairs}");
        transaction.batch_execute(&declare).expect("a cursor");
        let mut found: i64 =
            transaction.query("FETCH 40 FROM pairs", &[]).expect("some").len() as i64;
        let mut inner = transaction.transaction().expect("a savepoint");
        let error = inner.batch_execute(change).expect_err(change);
        assert_eq!(error.code(), Some(&SqlState::OBJECT_IN_USE), "{change}: {error:?}");
        inner.rollback().expect("rolled back");
        found += transaction.query("FETCH ALL FROM pairs", &[]).expect("the rest").len() as i64;
        assert_eq!(found, count, "{change}");
        // At its end nothing is in use any more, nor when it is closed before.
        let mut inner = transaction.transaction().expect("a savepoint");
        inner.batch_execute(change).expect(change);
        inner.rollback().expect("rolled back");
        transaction
            .batch_execute(&declare.replace("pairs CURSOR", "more CURSOR"))
            .expect("another");
        transaction.query("FETCH 40 FROM more", &[]).expect("some");
        transaction.batch_execute("CLOSE more").expect("closed");
        transaction.batch_execute(change).expect(change);
        transaction.rollback().expect("rolled back");

        // In a loop.
        let body = |inside: &str| {
            format!(
                "DO $$ DECLARE pair record; found bigint := 0; BEGIN
                     FOR pair IN {pairs} LOOP found := found + 1; {inside} END LOOP;
                     IF found <> {count} THEN RAISE 'found %', found; END IF;
                 END $$"
            )
        };
        let in_loop = body(&format!("IF found = 20 THEN {change}; END IF;"));
        assert_eq!(database.error(&in_loop).code(), &SqlState::OBJECT_IN_USE, "{change}");
        let caught = body(&format!(
            "IF found = 20 THEN BEGIN {change}; RAISE 'done'; EXCEPTION WHEN object_in_use THEN END; END IF;"
        ));
        database.client.batch_execute(&caught).expect("goes on");
    }
    // Another session waits.
    let mut other = database.session_of("postgres");
    other.client.batch_execute("SET lock_timeout = '100ms'").expect("set");
    let mut transaction = database.client.transaction().expect("a transaction");
    transaction.batch_execute(&format!("DECLARE pairs CURSOR FOR {}", ways[1])).expect("a cursor");
    transaction.query("FETCH 40 FROM pairs", &[]).expect("some");
    for change in ["VACUUM FULL item", "REINDEX INDEX item_fp", "TRUNCATE item"] {
        assert_eq!(other.error(change).code(), &SqlState::LOCK_NOT_AVAILABLE, "{change}");
    }
    transaction.commit().expect("committed");
    other.client.batch_execute("VACUUM FULL item").expect("free");
    check(&mut database, "item", "item_fp");
    assert!(database.warnings().is_empty());
}

/// Half of 20,000 rows are equal. Whoever asks for a few of their 50 million pairs gets these at once,
/// also where a function has all its rows made first otherwise.
#[test]
fn the_first_pairs_do_not_wait_for_the_others() {
    let mut database = Database::create("kdtree_pairs_first");
    database.client.batch_execute("CREATE TABLE item (id int, fp fingerprint)").expect("table");
    load(&mut database, 0..20_000, half_equal, &mut Random(26));
    for statement in ["CREATE INDEX item_fp ON item USING kdtree (fp)", "VACUUM ANALYZE item"] {
        database.client.batch_execute(statement).expect(statement);
    }
    for query in [
        "SELECT * FROM kdtree_pairs('item_fp', 0.5) LIMIT 1",
        "SELECT kdtree_pairs('item_fp', 0.5) LIMIT 1",
        "SELECT a.id, b.id FROM kdtree_pairs('item_fp', 0.5) JOIN item a ON a.ctid = one
         JOIN item b ON b.ctid = other WHERE distance < 0.25 LIMIT 5",
        "SELECT * FROM (VALUES ('item_fp'), ('item_fp')) AS i (name), kdtree_pairs(name::regclass, 0.5) LIMIT 1",
    ] {
        let plan = explained(&mut database, "ANALYZE, BUFFERS", query);
        // All of them are looked up in the table by twice as many reads.
        let read = plan[0]["Plan"]["Shared Hit Blocks"].as_u64().expect("a number");
        assert!(read < 10_000, "{query}: {read} reads\n{plan:#}");
        assert_eq!(plan[0]["Plan"]["Temp Written Blocks"].as_u64(), Some(0), "{query}");
    }
}

/// What a statement, or a loop's body, does to the table while it is at the pairs, is none of their
/// business: they are those of the snapshot that it began with.
#[test]
fn pairs_are_those_from_before_the_statement_that_reads_them() {
    let mut database = filled("kdtree_pairs_own", 3000);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    let count = "SELECT count(*)::int FROM kdtree_pairs('item_fp', 2)";
    let before: i32 = database.client.query_one(count, &[]).expect("a count").get(0);
    assert!(before > 300, "{before} pairs");
    let mut transaction = database.client.transaction().expect("a transaction");
    let insert =
        "INSERT INTO item SELECT 10000, fp FROM kdtree_pairs('item_fp', 2) JOIN item ON ctid = one";
    assert_eq!(transaction.execute(insert, &[]).expect(insert), before as u64);
    transaction.rollback().expect("rolled back");
    for change in [
        "DELETE FROM item WHERE ctid IN (pair.one, pair.other)",
        "INSERT INTO item SELECT 10000, fp FROM item WHERE ctid = pair.one",
        "UPDATE item SET id = -1 WHERE ctid = pair.one",
    ] {
        let in_loop = format!(
            "DO $$ DECLARE pair record; found int := 0; BEGIN
                 FOR pair IN SELECT * FROM kdtree_pairs('item_fp', 2) LOOP found := found + 1; {change}; END LOOP;
                 IF found <> {before} THEN RAISE 'found % of {before}', found; END IF;
                 RAISE check_violation;
             END $$"
        );
        // So that the next has the table as it was.
        assert_eq!(database.error(&in_loop).code(), &SqlState::CHECK_VIOLATION, "{change}");
    }
}

#[test]
fn pairs_of_nothing_are_none() {
    let mut database = filled("kdtree_pairs_nulls", 300);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    for arguments in
        ["NULL, 4", "'item_fp', NULL", "NULL, NULL", "nullif('item_fp', 'item_fp')::regclass, 4"]
    {
        for query in ["SELECT kdtree_pairs({})", "SELECT * FROM kdtree_pairs({})"] {
            let query = query.replace("{}", arguments);
            assert_eq!(database.column(&query), Vec::<Option<String>>::new(), "{query}");
        }
    }
}

/// However a query ends, nothing stays open behind it, of which Postgres would warn.
#[test]
fn pairs_end_early_without_a_trace() {
    for (number, pairs) in
        ["SELECT kdtree_pairs('item_fp', 4)", "SELECT * FROM kdtree_pairs('item_fp', 4) AS v"]
            .into_iter()
            .enumerate()
    {
        pairs_end_early(number, pairs);
    }
}

fn pairs_end_early(number: usize, pairs: &str) {
    let mut database = filled(&format!("kdtree_pairs_early_{number}"), 3000);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    // The second pair of a statement fails.
    let failing = "SELECT 1 / (2 - n), pair FROM (SELECT row_number() OVER () AS n, pair FROM
                   (SELECT kdtree_pairs('item_fp', 4) AS pair OFFSET 0) p) q";
    let free = "REINDEX INDEX item_fp";
    for (statements, fails) in [
        (vec![format!("{pairs} LIMIT 3")], false),
        // One of two is at its end before the query is.
        (
            vec![
                "SELECT kdtree_pairs('item_fp', 0), kdtree_pairs('item_fp', 4) LIMIT 3".to_owned(),
            ],
            false,
        ),
        (vec![format!("SELECT EXISTS ({pairs})")], false),
        (vec![format!("SELECT * FROM generate_series(1, 3), LATERAL ({pairs} LIMIT 2) v")], false),
        (
            vec![format!(
                "SELECT (SELECT v FROM ({pairs} WHERE i > 0 LIMIT 1) v) FROM generate_series(1, 3) i"
            )],
            false,
        ),
        (vec![failing.to_owned()], true),
        (
            vec![
                format!("BEGIN; DECLARE c CURSOR WITH HOLD FOR {pairs}"),
                "FETCH 3 FROM c".to_owned(),
                "COMMIT".to_owned(),
                "FETCH 3 FROM c".to_owned(),
                "CLOSE c".to_owned(),
            ],
            false,
        ),
        (
            // In a savepoint that is taken back, and one that is not.
            vec![
                format!("BEGIN; SAVEPOINT a; DECLARE c CURSOR FOR {pairs}"),
                "FETCH 3 FROM c".to_owned(),
                "ROLLBACK TO a".to_owned(),
                format!("DECLARE c CURSOR FOR {pairs}"),
                "FETCH 3 FROM c".to_owned(),
                "RELEASE a".to_owned(),
                "FETCH 3 FROM c".to_owned(),
                "SAVEPOINT b".to_owned(),
                "FETCH 3 FROM c".to_owned(),
                "ROLLBACK TO b".to_owned(),
                "FETCH 3 FROM c".to_owned(),
                "COMMIT".to_owned(),
            ],
            false,
        ),
        (
            vec![
                "BEGIN".to_owned(),
                format!("DECLARE c CURSOR FOR {pairs}"),
                "FETCH 3 FROM c".to_owned(),
                "ROLLBACK".to_owned(),
            ],
            false,
        ),
        (
            // A loop that is left, and one whose body fails.
            vec![format!(
                "DO $$ DECLARE pair record; BEGIN
                         FOR pair IN {pairs} LOOP EXIT; END LOOP;
                         {free};
                         BEGIN
                             FOR pair IN {pairs} LOOP PERFORM 1 / 0; END LOOP;
                         EXCEPTION WHEN division_by_zero THEN END;
                         {free};
                         FOR pair IN SELECT * FROM kdtree_pairs('item_fp', 4) LOOP EXIT; END LOOP;
                         {free};
                     END $$"
            )],
            false,
        ),
        (
            // COMMIT has what is still to come kept.
            vec![format!(
                "DO $$ DECLARE pair record; found int := 0; BEGIN
                     FOR pair IN {pairs} LOOP
                         found := found + 1;
                         IF found = 20 THEN COMMIT; {free}; END IF;
                     END LOOP;
                     IF found <> (SELECT count(*) FROM kdtree_pairs('item_fp', 4)) THEN
                         RAISE 'found %', found;
                     END IF;
                 END $$"
            )],
            false,
        ),
    ] {
        // Until 17 Postgres begins any function in SQL that is not in FROM once more when the savepoint
        // that it began in is released, and lets go of nothing (docs/sql.md).
        let released = statements.iter().any(|statement| statement.starts_with("RELEASE"));
        if released && number == 0 && database.major_version() < 18 {
            continue;
        }
        for statement in &statements {
            let result = database.client.simple_query(statement);
            assert_eq!(result.is_err(), fails, "{statement}: {result:?}");
        }
        database.client.batch_execute(free).expect("nobody uses it");
        let warnings = database.warnings();
        assert!(warnings.is_empty(), "{statements:?}: {warnings:?}");
    }
}

/// What an error leaves of a scan is given back once.
#[test]
fn a_cursor_that_failed_is_closed_in_a_transaction_that_goes_on() {
    let mut database = filled("kdtree_failed_cursor", 3000);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    for statement in [
        "VACUUM ANALYZE item",
        "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off",
    ] {
        database.client.batch_execute(statement).expect(statement);
    }
    let pairs = "SELECT 1 / (2 - n) FROM (SELECT row_number() OVER () AS n FROM
                 (SELECT kdtree_pairs('item_fp', 4) OFFSET 0) p) q";
    let center = database.value("SELECT fp FROM item WHERE id = 77").expect("one");
    for (query, plan) in [
        (
            format!(
                "SELECT 1 / (CASE WHEN fp = '{center}' THEN 0 ELSE 1 END) FROM item
                     WHERE fp IS NOT NULL ORDER BY fp <-> '{center}'"
            ),
            "Index Only Scan using item_fp",
        ),
        (
            format!(
                "SELECT 1 / (CASE WHEN fp = '{center}' THEN 0 ELSE 1 END) FROM item
                     WHERE fp <<->> sphere('{center}'::fingerprint, 9)"
            ),
            "Index Only Scan using item_fp",
        ),
        (
            "SELECT 1 / (CASE WHEN fp IS NULL THEN 0 ELSE 1 END) FROM item WHERE fp IS NULL"
                .to_owned(),
            "Index Only Scan using item_fp",
        ),
        (pairs.to_owned(), "ProjectSet"),
    ] {
        assert!(database.plan(&query).contains(plan), "{}", database.plan(&query));
        for end in ["CLOSE c; COMMIT", "COMMIT", "ROLLBACK"] {
            let declare = format!("BEGIN; DECLARE c CURSOR FOR {query}; SAVEPOINT a");
            database.client.batch_execute(&declare).expect("a cursor");
            assert_eq!(database.error("FETCH ALL FROM c").code(), &SqlState::DIVISION_BY_ZERO);
            database.client.batch_execute("ROLLBACK TO a").expect("rolled back");
            for statement in end.split("; ") {
                database.client.batch_execute(statement).expect(statement);
            }
            database.client.batch_execute("REINDEX INDEX item_fp").expect("nobody uses it");
        }
    }
    let warnings = database.warnings();
    assert!(warnings.is_empty(), "{warnings:?}");
}

/// VACUUM waits for a page of rows without a value, too, as long as an index-only scan gives out its rows.
#[test]
fn an_index_only_scan_keeps_the_page_of_rows_without_a_value_in_hand() {
    let mut database = filled("kdtree_nulls_in_hand", 50);
    let make = "INSERT INTO item SELECT 1000 + n, NULL FROM generate_series(1, 300) AS n;
                CREATE INDEX item_fp ON item USING kdtree (fp);
                ALTER TABLE item SET (autovacuum_enabled = off)";
    database.client.batch_execute(make).expect("rows");
    database.client.batch_execute("VACUUM item").expect("all visible");
    // Gone before the scan begins, so that VACUUM may take them: for all snapshots, which a
    // transaction of another test holds back.
    let gone: i64 = database
        .client
        .query_one("WITH gone AS (DELETE FROM item WHERE id % 2 = 0) SELECT txid_current()", &[])
        .expect("deleted")
        .get(0);
    let oldest = "SELECT txid_snapshot_xmin(txid_current_snapshot())";
    eventually("nobody else may see the rows that are gone", || {
        database.client.query_one(oldest, &[]).expect("a snapshot").get::<_, i64>(0) > gone
    });
    let mut other = database.session_of("postgres");
    other.client.batch_execute("SET statement_timeout = '500ms'").expect("set");
    let by_index = "SET enable_seqscan = off; SET enable_bitmapscan = off";
    database.client.batch_execute(by_index).expect("set");
    let query = "SELECT fp FROM item";
    assert!(
        database.plan(query).contains("Index Only Scan using item_fp"),
        "{}",
        database.plan(query)
    );
    database
        .client
        .batch_execute(&format!("BEGIN; DECLARE c CURSOR FOR {query}"))
        .expect("a cursor");
    let mut found = Vec::new();
    while found.iter().filter(|row: &&Option<String>| row.is_none()).count() < 5 {
        found.extend(database.column("FETCH 1 FROM c"));
    }
    let error = other.error("VACUUM item");
    assert_eq!(error.code(), &SqlState::QUERY_CANCELED, "VACUUM did not wait: {error:?}");
    found.extend(database.column("FETCH ALL FROM c"));
    assert_eq!(found.len(), 175);
    database.client.batch_execute("COMMIT").expect("committed");
    other.client.batch_execute("RESET statement_timeout").expect("reset");
    other.client.batch_execute("VACUUM item").expect("free");
}

#[test]
fn a_check_tells_an_index_that_is_not_finished_from_one_that_lacks_a_row() {
    let mut database = filled("kdtree_check_finished", 300);
    let check = "SELECT kdtree_check('item_fp')";
    // Somebody who writes keeps it from being finished.
    let mut other = database.session_of("postgres");
    other.client.batch_execute("BEGIN; INSERT INTO item VALUES (1, NULL)").expect("a writer");
    database.client.batch_execute("SET statement_timeout = '500ms'").expect("set");
    let make = "CREATE INDEX CONCURRENTLY item_fp ON item USING kdtree (fp)";
    database.client.batch_execute(make).expect_err("waits for the writer");
    other.client.batch_execute("COMMIT").expect("committed");
    database.client.batch_execute("RESET statement_timeout").expect("reset");
    let error = database.error(check);
    assert_eq!(error.code(), &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, "{error:?}");
    assert!(error.message().contains("\"item_fp\" is not finished"), "{}", error.message());
    assert!(error.hint().unwrap_or_default().contains("REINDEX"), "{error:?}");
    let of_pairs = database.error("SELECT kdtree_pairs('item_fp', 1)");
    assert_eq!(of_pairs.message(), error.message());
    assert_eq!(of_pairs.hint(), error.hint());
    database.client.batch_execute("REINDEX INDEX item_fp").expect("made anew");
    assert_eq!(database.value(check).as_deref(), Some("301"));

    // A row of which the index is not told.
    for statement in [
        "UPDATE pg_index SET indisready = false WHERE indexrelid = 'item_fp'::regclass",
        "INSERT INTO item SELECT 1000, fp FROM item WHERE id = 5",
        "UPDATE pg_index SET indisready = true WHERE indexrelid = 'item_fp'::regclass",
    ] {
        database.client.batch_execute(statement).expect(statement);
    }
    let error = database.error(check);
    assert_eq!(error.code(), &SqlState::INDEX_CORRUPTED, "{error:?}");
    assert!(error.message().contains("it lacks row"), "{}", error.message());
    // Not of a transaction that does not see it, nor of one that has yet to commit it.
    database.client.batch_execute("DELETE FROM item WHERE id = 1000").expect("deleted");
    assert_eq!(database.value(check).as_deref(), Some("301"));
    let mut transaction = database.client.transaction().expect("a transaction");
    transaction.batch_execute("INSERT INTO item SELECT 2000, fp FROM item").expect("inserted");
    transaction.query_one(check, &[]).expect("sound");
    transaction.rollback().expect("rolled back");

    // A snapshot from before an index that leads to the newer version of a row alone.
    let old = other.client.build_transaction();
    let mut old = old.isolation_level(IsolationLevel::RepeatableRead).start().expect("begun");
    old.query("SELECT count(*) FROM pg_class", &[]).expect("a snapshot");
    database
        .client
        .batch_execute(
            "CREATE TABLE changed (id int, fp fingerprint) WITH (fillfactor = 50);
             INSERT INTO changed SELECT id, fp FROM item; UPDATE changed SET fp = NULL WHERE id % 2 = 0;
             CREATE INDEX changed_fp ON changed USING kdtree (fp)",
        )
        .expect("an index");
    let check = "SELECT kdtree_check('changed_fp')";
    let error = old.query(check, &[]).expect_err("too early");
    assert_eq!(error.code(), Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE), "{error:?}");
    old.rollback().expect("rolled back");
    assert!(database.value(check).is_some());
}

#[test]
fn an_index_whose_rows_are_elsewhere_is_refused_in_words() {
    let mut database = filled("kdtree_elsewhere", 1000);
    database
        .client
        .batch_execute(
            "CREATE TABLE \"Some parts\" (id int, fp fingerprint) PARTITION BY HASH (id);
             CREATE TABLE parts_0 PARTITION OF \"Some parts\" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
             CREATE TABLE parts_1 PARTITION OF \"Some parts\" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
             CREATE INDEX parts_fp ON \"Some parts\" USING kdtree (fp);
             INSERT INTO \"Some parts\" TABLE item;
             CREATE INDEX item_fp ON item USING kdtree (fp)",
        )
        .expect("partitions");
    // What stands behind a hint's first colon, to its full stop.
    let asked = |hint: Option<&str>| {
        let hint = hint.expect("a hint").to_owned();
        let (_, query) = hint.split_once(": ").expect("a query");
        query.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
    };
    let error = database.error("SELECT kdtree_check('parts_fp')");
    assert_eq!(error.code(), &SqlState::WRONG_OBJECT_TYPE);
    assert!(error.message().contains("in partitions"), "{}", error.message());
    let rows = format!("SELECT sum(kdtree_check) FROM ({}) v", asked(error.hint()));
    assert_eq!(database.value(&rows).as_deref(), Some("1000"), "{rows}");
    let error = database.error("SELECT kdtree_pairs('parts_fp', 1)");
    assert_eq!(error.code(), &SqlState::WRONG_OBJECT_TYPE);
    assert!(error.message().contains("in partitions"), "{}", error.message());
    let pairs = format!("SELECT count(distance) > 0 FROM ({}) v", asked(error.hint()));
    let pairs = pairs.replace("0.5", "4");
    assert_eq!(database.value(&pairs).as_deref(), Some("t"), "{pairs}");

    // As on a server with Citus, which notes there of which tables it keeps shards.
    database
        .client
        .batch_execute(
            "SET allow_system_table_mods = on;
             CREATE TABLE pg_catalog.pg_dist_partition (partkey text, logicalrelid regclass);
             INSERT INTO pg_catalog.pg_dist_partition VALUES ('id', 'item'), ('id', 'pg_class')",
        )
        .expect("a stand-in for Citus");
    let error = database.error("SELECT kdtree_check('item_fp')");
    assert_eq!(error.code(), &SqlState::WRONG_OBJECT_TYPE);
    assert!(error.message().contains("in shards of Citus"), "{}", error.message());
    let hint = error.hint().expect("a hint").to_owned();
    assert!(hint.contains("run_command_on_shards('public.item', "), "{hint}");
    let error = database.error("SELECT kdtree_pairs('item_fp', 1)");
    assert!(error.message().contains("in shards of Citus"), "{}", error.message());
    let of_pairs = error.hint().expect("a hint").to_owned();
    assert!(of_pairs.contains("AS MATERIALIZED (SELECT * FROM public.item)"), "{of_pairs}");
    // What is run on a shard, which Citus puts in for %s: a table that it keeps no shards of.
    database.client.batch_execute("DELETE FROM pg_catalog.pg_dist_partition").expect("a shard");
    let on_shard = hint.split("$$").nth(1).expect("a query").replace("%s", "public.item");
    assert_eq!(database.value(&on_shard).as_deref(), Some("1000"));
    assert!(database.value("SELECT count(*) FROM kdtree_pairs('item_fp', 1)").is_some());
}

fn serializable(client: &mut Client) -> Transaction<'_> {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::Serializable);
    transaction.start().expect("begun")
}

#[test]
fn pairs_are_serializable() {
    let mut database = filled("kdtree_pairs_serializable", 300);
    let setup =
        "CREATE INDEX item_fp ON item USING kdtree (fp); CREATE TABLE report (pairs bigint)";
    database.client.batch_execute(setup).expect("an index");
    let mut other = database.session_of("postgres");
    // One counts pairs and writes; the other reads that, and makes a pair: in no order is it as
    // if they had come one after the other.
    let mut counts = serializable(&mut database.client);
    let mut makes = serializable(&mut other.client);
    let count = "INSERT INTO report SELECT count(*) FROM kdtree_pairs('item_fp', 0.1)";
    let results = [
        makes.batch_execute("SELECT count(*) FROM report"),
        counts.batch_execute(count),
        makes.batch_execute("INSERT INTO item SELECT 1000, fp FROM item WHERE id = 1"),
        counts.commit(),
        makes.commit(),
    ];
    let codes: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()?.code()).collect();
    assert!(codes.contains(&&SqlState::T_R_SERIALIZATION_FAILURE), "{codes:?}");
}

#[test]
fn pairs_are_told_to_who_may_read_them() {
    let mut database = filled("kdtree_pairs_privileges", 300);
    database
        .client
        .batch_execute(
            "CREATE INDEX item_fp ON item USING kdtree (fp); DROP ROLE IF EXISTS imgsmlr_rs_pairs;
             CREATE ROLE imgsmlr_rs_pairs; SET ROLE imgsmlr_rs_pairs",
        )
        .expect("a role");
    let pairs = "SELECT count(*) FROM kdtree_pairs('item_fp', 2)";
    assert_eq!(database.error(pairs).code(), &SqlState::INSUFFICIENT_PRIVILEGE);
    let grant =
        "RESET ROLE; GRANT SELECT (id) ON item TO imgsmlr_rs_pairs; SET ROLE imgsmlr_rs_pairs";
    database.client.batch_execute(grant).expect("granted");
    assert_eq!(database.error(pairs).code(), &SqlState::INSUFFICIENT_PRIVILEGE);
    let grant =
        "RESET ROLE; GRANT SELECT (fp) ON item TO imgsmlr_rs_pairs; SET ROLE imgsmlr_rs_pairs";
    database.client.batch_execute(grant).expect("granted");
    assert!(database.value(pairs).is_some());
    let hide = "RESET ROLE; ALTER TABLE item ENABLE ROW LEVEL SECURITY; SET ROLE imgsmlr_rs_pairs";
    database.client.batch_execute(hide).expect("hidden");
    let error = database.error(pairs);
    assert!(error.message().contains("row-level security"), "{}", error.message());
    let drop = "RESET ROLE; REVOKE ALL ON item FROM imgsmlr_rs_pairs; REVOKE ALL (id, fp) ON item
                FROM imgsmlr_rs_pairs; DROP ROLE imgsmlr_rs_pairs";
    database.client.batch_execute(drop).expect("dropped");
}

#[test]
fn its_operator_classes_are_valid_and_others_are_told_why_not() {
    let mut database = Database::create("kdtree_classes");
    let query = "SELECT bool_and(amvalidate(c.oid)) || ' ' || count(*) FROM pg_opclass c
                 JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'kdtree'";
    assert_eq!(database.value(query).as_deref(), Some("true 2"));
    database
        .client
        .batch_execute(
            "CREATE OPERATOR CLASS lame FOR TYPE fingerprint USING kdtree AS
                OPERATOR 2 <<->> (fingerprint, fingerprint_sphere)",
        )
        .expect("a class");
    let query = "SELECT amvalidate(oid)::text FROM pg_opclass WHERE opcname = 'lame'";
    assert_eq!(database.value(query).as_deref(), Some("false"));
}

#[test]
fn cursors_stop_go_back_and_go_on() {
    let mut database = filled("kdtree_cursors", 3000);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    database.client.batch_execute("SET enable_seqscan = off; SET enable_sort = off").expect("set");
    let query = "SELECT id FROM item WHERE fp IS NOT NULL ORDER BY fp <-> (SELECT fp FROM item i WHERE i.id = 5)";
    let all = database.column(query);
    database
        .client
        .batch_execute(&format!("BEGIN; DECLARE c SCROLL CURSOR FOR {query}"))
        .expect("a cursor");
    assert_eq!(database.column("FETCH 200 FROM c"), all[..200]);
    let mut back = all[100..199].to_vec();
    back.reverse();
    assert_eq!(database.column("FETCH BACKWARD 99 FROM c"), back);
    assert_eq!(database.column("FETCH ABSOLUTE 2500 FROM c"), all[2499..2500]);
    assert_eq!(database.column("FETCH ALL FROM c"), all[2500..]);
    database.client.batch_execute("COMMIT").expect("done");
    // A cursor that can only go on, in turns with another and with changes of the table.
    database
        .client
        .batch_execute(&format!(
            "BEGIN; DECLARE a NO SCROLL CURSOR FOR {query}; DECLARE b NO SCROLL CURSOR FOR {query}"
        ))
        .expect("cursors");
    let mut both = [Vec::new(), Vec::new()];
    for round in 0..40 {
        for (cursor, rows) in ["a", "b"].iter().zip(&mut both) {
            rows.extend(database.column(&format!("FETCH {} FROM {cursor}", 1 + round * 4)));
        }
        let insert =
            "INSERT INTO item SELECT 100000 + id, fp FROM item WHERE id % 40 = 3 AND id < 3000";
        database.client.batch_execute(insert).expect("inserted");
    }
    assert_eq!(both[0], all);
    assert_eq!(both[1], all);
    database.client.batch_execute("COMMIT").expect("done");
    check(&mut database, "item", "item_fp");
}

#[test]
fn a_join_searches_anew_for_each_row() {
    let mut database = filled("kdtree_join", 3000);
    database
        .client
        .batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp); ANALYZE item")
        .expect("index");
    let lateral = "SELECT string_agg(n.d::text, ' ' ORDER BY a.id, n.d) FROM item a,
        LATERAL (SELECT b.fp <-> a.fp AS d FROM item b ORDER BY b.fp <-> a.fp LIMIT 5) n
        WHERE a.id < 200";
    let pairs = "SELECT count(*) || ' ' || sum(a.id * b.id) FROM item a JOIN item b
        ON b.fp <<->> sphere(a.fp, 2) AND a.id < b.id WHERE a.id < 500";
    for query in [lateral, pairs] {
        database
            .client
            .batch_execute("SET enable_seqscan = off; SET enable_sort = off")
            .expect("set");
        let plan = database.plan(query);
        assert!(plan.contains("item_fp"), "{plan}");
        let by_index = database.value(query);
        let off = "RESET ALL; SET enable_indexscan = off; SET enable_bitmapscan = off;
                   SET enable_indexonlyscan = off";
        database.client.batch_execute(off).expect("set");
        assert_eq!(by_index, database.value(query));
        database.client.batch_execute("RESET ALL").expect("reset");
    }
}

/// The plan of a query, with what else is asked for.
fn explained(database: &mut Database, options: &str, query: &str) -> serde_json::Value {
    let explain = format!("EXPLAIN ({options}, FORMAT JSON) {query}");
    let plan = database.value(&explain).expect("a plan");
    serde_json::from_str(&plan).expect("JSON")
}

/// How many rows the planner expects of a query.
fn expected(database: &mut Database, query: &str) -> f64 {
    let plan = explained(database, "COSTS", query);
    plan[0]["Plan"]["Plan Rows"].as_f64().expect("a number")
}

/// From a thousand rows on, rather than reading the table or the index by GiST; and rows that
/// are expected within a sphere are of the number that there are.
#[test]
fn the_planner_takes_it_and_knows_how_many_rows_a_sphere_has() {
    let mut database = filled("kdtree_planner", 1000);
    database
        .client
        .batch_execute(
            "CREATE INDEX by_gist ON item USING gist (fp); CREATE INDEX by_kdtree ON item USING kdtree (fp)",
        )
        .expect("indexes");
    database.client.batch_execute("VACUUM ANALYZE item").expect("analyzed");
    let center = "(SELECT fp FROM item WHERE id = 77)";
    for rows in [1000, ROWS] {
        if rows > 1000 {
            load(&mut database, 1000..rows, photographs, &mut Random(8));
            database.client.batch_execute("VACUUM ANALYZE item").expect("analyzed");
        }
        for query in [
            format!("SELECT id FROM item ORDER BY fp <-> {center} LIMIT 1"),
            format!("SELECT id FROM item ORDER BY fp <-> {center} LIMIT 20"),
            format!("SELECT id FROM item WHERE fp <<->> sphere({center}, 1)"),
            format!(
                "SELECT id FROM item WHERE fp <<->> sphere({center}, 1) ORDER BY fp <-> {center}"
            ),
        ] {
            let plan = database.plan(&query);
            assert!(plan.contains("by_kdtree"), "{rows} rows: {query}\n{plan}");
        }
    }
    let center: String = database.value("SELECT fp::text FROM item WHERE id = 77").expect("one");
    for (radius, factor) in [(9.0, 1.5), (7.0, 3.0), (5.5, 6.0), (4.0, 12.0)] {
        let query =
            format!("SELECT FROM item WHERE fp <<->> sphere('{center}'::fingerprint, {radius})");
        let real: f64 = database
            .value(&query.replace("SELECT", "SELECT count(*)"))
            .and_then(|count| count.parse().ok())
            .expect("a count");
        let told = expected(&mut database, &query);
        assert!(
            told <= real.max(1.0) * factor && told * factor >= real,
            "{radius}: {told} of {real}"
        );
        // With a parameter for a centre, and in a join, the radius is what is known.
        database
            .client
            .batch_execute(&format!(
                "DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan;
                 PREPARE p(fingerprint) AS SELECT FROM item WHERE fp <<->> sphere($1, {radius})"
            ))
            .expect("prepared");
        let pairs = format!("SELECT FROM item a JOIN item b ON b.fp <<->> sphere(a.fp, {radius})");
        let count = "SELECT count(*) FROM (SELECT fp FROM item WHERE id % 100 = 1) a
                     JOIN item b ON b.fp <<->> sphere(a.fp, RADIUS)";
        let real: f64 = database
            .value(&count.replace("RADIUS", &radius.to_string()))
            .and_then(|count| count.parse().ok())
            .expect("a count");
        let mean = real / (ROWS as f64 / 100.0);
        let told = expected(&mut database, &format!("EXECUTE p('{center}')"));
        assert!(told <= mean.max(1.0) * 8.0 && told * 8.0 >= mean, "{radius}: {told} of {mean}");
        let told = expected(&mut database, &pairs) / ROWS as f64;
        assert!(told <= mean.max(1.0) * 8.0 && told * 8.0 >= mean, "{radius}: {told} of {mean}");
    }
    // More rows are expected within a larger sphere, and all of them in the largest.
    let all =
        format!("SELECT FROM item WHERE fp <<->> sphere('{center}'::fingerprint, 'Infinity')");
    assert!(expected(&mut database, &all) > 0.98 * ROWS as f64);
}

/// 10,000 equal rows are a hundred million pairs with each other, and ten million with a thousand of another
/// table, of either type and from either side.
#[test]
fn the_planner_knows_how_many_pairs_equal_rows_make() {
    let mut database = Database::create("kdtree_planner_equal");
    database.client.batch_execute("CREATE TABLE item (id int, fp fingerprint)").expect("table");
    load(&mut database, 0..20_000, half_equal, &mut Random(26));
    let numbers =
        "(SELECT array_agg(get_byte(fp::bytea, n) / 64.0) FROM generate_series(0, 15) AS n)";
    for statement in [
        &format!("ALTER TABLE item ADD sig signature; UPDATE item SET sig = {numbers}::float8[]::signature WHERE fp IS NOT NULL"),
        // Of the same common value a tenth of the rows, of one that is far from it half of them, and of
        // one that is near to it a fifth.
        "CREATE TABLE other AS SELECT id,
             CASE WHEN id % 10 = 0 THEN decode(repeat('07', 32), 'hex')::fingerprint
                  WHEN id % 10 < 6 THEN decode(repeat('f0', 32), 'hex')::fingerprint
                  WHEN id % 10 < 8 THEN decode(repeat('07', 31) || '08', 'hex')::fingerprint ELSE fp END AS fp
         FROM item WHERE id < 10000",
        "CREATE INDEX ON item USING kdtree (fp); CREATE INDEX ON item USING kdtree (sig)",
        "ANALYZE item; ANALYZE other",
    ] {
        database.client.batch_execute(statement).expect(statement);
    }
    let of = |condition: &str| format!("SELECT FROM item a JOIN item b ON {condition}");
    for (query, real) in [
        (of("b.fp <<->> sphere(a.fp, 0.5)"), 1e8_f64),
        (of("b.sig <<->> sphere(a.sig, 0.01)"), 1e8),
        (of("b.fp <<->> sphere(a.fp, 0.5) AND a.id < b.id"), 0.5e8),
        (of("b.fp <<->> sphere(a.fp, 0)"), 0.0),
        // With the tenth, and with that and the fifth.
        ("SELECT FROM item a JOIN other b ON b.fp <<->> sphere(a.fp, 1e-9)".to_owned(), 1e7),
        ("SELECT FROM other a JOIN item b ON b.fp <<->> sphere(a.fp, 1)".to_owned(), 3e7),
    ] {
        let told = expected(&mut database, &query);
        assert!(told <= real.max(1.0) * 3.0 && told * 3.0 >= real, "{query}: {told} of {real}");
    }
    // And how many each search finds that such a join is made of.
    database.client.batch_execute("SET enable_seqscan = off").expect("set");
    let search = "SELECT FROM other a JOIN item b ON b.fp <<->> sphere(a.fp, 1)";
    let plan = explained(&mut database, "COSTS", search);
    let inner = &plan[0]["Plan"]["Plans"][1];
    assert_eq!(inner["Index Name"], "item_fp_idx", "{plan:#}");
    let told = inner["Plan Rows"].as_f64().expect("a number");
    assert!((1000.0..=9000.0).contains(&told), "{told} of 3000");
}

/// Some of the nearest are searched for. All of them are sorted, as a search gives them out one by one,
/// and looks at each page again in every round.
#[test]
fn the_planner_searches_for_some_and_sorts_all() {
    let mut database = filled("kdtree_planner_all", 300);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    let center = "(SELECT fp FROM item i WHERE i.id = 77)";
    let (by_index, by_sort) = ("Order By: (fp <->", "Sort Key: ((item.fp <->");
    for rows in [300, 5000, 40_000] {
        if rows > 300 {
            let before: i64 = database
                .client
                .query_one("SELECT count(*) FROM item", &[])
                .expect("a count")
                .get(0);
            load(&mut database, before as usize..rows, photographs, &mut Random(9));
        }
        database.client.batch_execute("VACUUM ANALYZE item").expect("analyzed");
        let ordered = format!("FROM item ORDER BY fp <-> {center}");
        let mut queries = vec![
            (format!("SELECT id {ordered}"), by_sort),
            (format!("SELECT * {ordered}"), by_sort),
            // By the index alone.
            (format!("SELECT fp {ordered}"), by_sort),
            (format!("SELECT id, row_number() OVER (ORDER BY fp <-> {center}) FROM item"), by_sort),
            (format!("SELECT id {ordered} LIMIT 20"), by_index),
            (format!("SELECT fp {ordered} LIMIT 20"), by_index),
        ];
        for limit in [1000, 4000].into_iter().filter(|limit| rows > 4 * limit) {
            queries.push((format!("SELECT id {ordered} LIMIT {limit}"), by_index));
            queries.push((format!("SELECT id {ordered} LIMIT 20 OFFSET {limit}"), by_index));
            queries.push((format!("SELECT id, fp {ordered} LIMIT {limit}"), by_index));
        }
        for (query, by) in queries {
            let plan = database.plan(&query);
            assert!(plan.contains(by), "{rows} rows: {query}\n{plan}");
        }
    }
    // Among others, of which there are few or many.
    for (condition, limit, by) in [("id < 20000", 20, by_index), ("id < 50", 40, by_sort)] {
        let query =
            format!("SELECT id FROM item WHERE {condition} ORDER BY fp <-> {center} LIMIT {limit}");
        let plan = database.plan(&query);
        assert!(plan.contains(by), "{query}\n{plan}");
    }
    // Who may stop at any time begins with a tenth of them.
    database
        .client
        .batch_execute(
            "SET plan_cache_mode = force_generic_plan;
             PREPARE nearest(fingerprint, int) AS SELECT id FROM item ORDER BY fp <-> $1 LIMIT $2",
        )
        .expect("prepared");
    for query in [
        "EXECUTE nearest(NULL, 20)".to_owned(),
        format!("DECLARE c CURSOR FOR SELECT id FROM item ORDER BY fp <-> {center}"),
    ] {
        let plan = database.plan(&query);
        assert!(plan.contains(by_index), "{query}\n{plan}");
    }
}

/// Rows that a scan found dead are passed by from then on.
#[test]
fn dead_rows_are_found_dead_once() {
    let mut database = filled("kdtree_dead", 5000);
    database
        .client
        .batch_execute(
            "ALTER TABLE item SET (autovacuum_enabled = off);
             CREATE INDEX item_fp ON item USING kdtree (fp);
             SET enable_seqscan = off; SET enable_sort = off;
             CREATE TABLE asked AS SELECT fp FROM item WHERE id = 77",
        )
        .expect("index");
    database.client.batch_execute("VACUUM ANALYZE item").expect("vacuumed");
    let query = "SELECT id FROM item ORDER BY fp <-> (SELECT fp FROM asked) LIMIT 10";
    let delete = "DELETE FROM item WHERE id IN
        (SELECT id FROM item ORDER BY fp <-> (SELECT fp FROM asked) LIMIT 100)";
    database.client.batch_execute(delete).expect("deleted");
    let mut read = || -> i64 {
        let mut transaction = database.client.transaction().expect("a transaction");
        let count = "SELECT pg_stat_get_xact_tuples_returned('item_fp'::regclass)";
        let before: i64 = transaction.query_one(count, &[]).expect("a count").get(0);
        transaction.query(query, &[]).expect("a search");
        let after: i64 = transaction.query_one(count, &[]).expect("a count").get(0);
        after - before
    };
    let first = read();
    // That they are dead to all is known when their deletion is on disk, and no snapshot is left
    // that was there before: of other tests, too, which take minutes under valgrind.
    let least = (0..3000)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            read()
        })
        .find(|&rows| rows == 10);
    assert!(first >= 110, "{first}");
    assert_eq!(least, Some(10));
}

/// Rows come and go: after a while they come to pages that others left. A transaction anywhere
/// on the server may keep pages from being used again, so this is asked again and again.
#[test]
fn pages_of_deleted_rows_are_used_again() {
    let mut database = filled("kdtree_reuse", 0);
    database
        .client
        .batch_execute(
            "ALTER TABLE item SET (autovacuum_enabled = off);
             CREATE INDEX item_fp ON item USING kdtree (fp)",
        )
        .expect("index");
    let mut random = Random(9);
    let mut sizes: Vec<i64> = Vec::new();
    let grows_no_more = (0..60).any(|_| {
        load(&mut database, 0..4000, photographs, &mut random);
        let size = "SELECT pg_relation_size('item_fp')";
        sizes.push(database.client.query_one(size, &[]).expect("a size").get(0));
        // The first VACUUM takes pages out of the tree; they are free to the second when
        // no transaction is left that may be on its way to them.
        for statement in ["DELETE FROM item", "VACUUM item", "SELECT txid_current()", "VACUUM item"]
        {
            database.client.batch_execute(statement).expect(statement);
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        matches!(sizes[..], [.., before, last] if last <= before)
    });
    assert!(grows_no_more, "{sizes:?}");
    load(&mut database, 0..4000, photographs, &mut random);
    check(&mut database, "item", "item_fp");
}

/// Among writers that delete, insert and vacuum, a reader's answers are those of its snapshot.
#[test]
fn readers_see_their_snapshot_among_writers() {
    let mut database = filled("kdtree_writers", 8000);
    database.client.batch_execute("CREATE INDEX item_fp ON item USING kdtree (fp)").expect("index");
    let source = Fingerprints::read();
    let done = std::sync::atomic::AtomicBool::new(false);
    let mut writers: Vec<Database> = (0..2).map(|_| database.session_of("postgres")).collect();
    std::thread::scope(|scope| {
        for (number, writer) in writers.iter_mut().enumerate() {
            let done = &done;
            scope.spawn(move || {
                let mut random = Random(100 + number as u64);
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let at = random.below(8000);
                    let statement = match random.below(12) {
                        0 => "VACUUM item".to_owned(),
                        1..4 => format!("DELETE FROM item WHERE id % 8000 = {at}"),
                        _ => format!(
                            "INSERT INTO item SELECT {at}, fp FROM item WHERE id BETWEEN {at} AND {at} + 5"
                        ),
                    };
                    writer.client.batch_execute(&statement).expect("written");
                }
            });
        }
        let mut random = Random(10);
        for _ in 0..60 {
            let center = digits(source.draw(&mut random));
            let mut transaction = database.client.transaction().expect("a transaction");
            transaction
                .batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                .expect("set");
            let query = format!(
                "SELECT id, fp <-> '{center}' FROM item WHERE fp IS NOT NULL
                 ORDER BY fp <-> '{center}' LIMIT 50"
            );
            let mut ask = |settings: &str| {
                transaction.batch_execute(settings).expect("set");
                answer(&mut transaction, &query)
            };
            let by_index = ask("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off");
            let by_scan = ask(
                "SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on",
            );
            transaction.commit().expect("done");
            assert_same(&by_index, &by_scan, &query);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    check(&mut database, "item", "item_fp");
}
