//! `kdtree_pairs` with background workers: the same pairs as without, each once, and workers that go
//! as soon as nobody asks for more.

use crate::database::Database;
use crate::deadline::eventually;
use crate::kdtree::{filled, load, photographs};
use crate::random::Random;
use postgres::error::SqlState;

/// Of so many rows an index has several parts.
const ROWS: usize = 60_000;
/// Within 1 are more pairs than wait in the queues of workers.
const PAIRS: &str = "SELECT * FROM kdtree_pairs('item_fp', 1)";

fn indexed(name: &str) -> Database {
    let mut database = filled(name, ROWS);
    for statement in ["CREATE INDEX item_fp ON item USING kdtree (fp)", "VACUUM ANALYZE item"] {
        database.client.batch_execute(statement).expect(statement);
    }
    database
}

fn set_workers(database: &mut Database, count: usize) {
    let set = format!("SET max_parallel_workers_per_gather = {count}");
    database.client.batch_execute(&set).expect("set");
}

/// The workers of walks in this database: all of them, or those that wait for somebody to take what
/// they have found.
fn workers(watcher: &mut Database, waiting: bool) -> Vec<i32> {
    let query = "SELECT pid FROM pg_stat_activity
                 WHERE backend_type = 'kdtree_pairs worker' AND datname = current_database()
                   AND (wait_event_type = 'IPC' OR NOT $1)";
    let rows = watcher.client.query(query, &[&waiting]).expect("a list");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Begins a cursor over the pairs and takes some of them, until workers wait for the others to be
/// asked for. Gives how many pairs were taken. Other tests may have all workers that there can be, for
/// a while.
fn begin_with_workers(database: &mut Database, watcher: &mut Database) -> usize {
    let mut taken = 0;
    eventually("workers that wait", || {
        taken = 0;
        let declare = format!("ROLLBACK; BEGIN; DECLARE pairs CURSOR FOR {PAIRS}");
        database.client.batch_execute(&declare).expect("a cursor");
        loop {
            let some = database.client.query("FETCH 1000 FROM pairs", &[]).expect("pairs").len();
            taken += some;
            if some == 0 || !workers(watcher, true).is_empty() {
                return some != 0;
            }
        }
    });
    taken
}

fn no_more_workers(watcher: &mut Database, after: &str) {
    eventually(&format!("the end of workers after {after}"), || workers(watcher, false).is_empty());
}

#[test]
fn workers_find_the_same_pairs_while_others_write() {
    let mut database = indexed("pairs_workers_same");
    let mut other = database.session_of("postgres");
    let versions = "UPDATE item SET id = id WHERE id % 10 = 0; DELETE FROM item WHERE id % 11 = 0";
    database.client.batch_execute(versions).expect("changed");
    set_workers(&mut database, 0);
    database
        .client
        .batch_execute(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TEMPORARY TABLE alone AS {PAIRS}"
        ))
        .expect("pairs");
    let count = "SELECT count(*) FROM alone";
    let count: i64 = database.client.query_one(count, &[]).expect("a count").get(0);
    assert!(count > 30_000, "{count} pairs");
    for workers in [2, 8] {
        // What the snapshot does not have moves what it has, from page to page.
        let begin = ROWS * (1 + workers);
        let writer = std::thread::spawn(move || {
            load(&mut other, begin..begin + 6_000, photographs, &mut Random(begin as u64));
            let change = "DELETE FROM item WHERE id % 13 = 0; VACUUM item";
            for change in change.split(';') {
                other.client.batch_execute(change).expect(change);
            }
            other
        });
        set_workers(&mut database, workers);
        let differ = format!(
            "WITH walked AS MATERIALIZED ({PAIRS})
             SELECT (SELECT count(*) FROM walked),
                    (SELECT count(*) FROM (TABLE walked EXCEPT ALL TABLE alone) AS more)"
        );
        let mut is_written = false;
        while !is_written {
            // Once at least, and once more behind the last change.
            is_written = writer.is_finished();
            let row = database.client.query_one(&differ, &[]).expect("pairs");
            assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (count, 0), "{workers}");
        }
        other = writer.join().expect("written");
    }
    database.client.batch_execute("COMMIT").expect("done");
    let check = "SELECT kdtree_check('item_fp') >= count(*) FROM item";
    assert_eq!(database.value(check).as_deref(), Some("t"));
}

#[test]
fn workers_go_with_whoever_asked() {
    let mut database = indexed("pairs_workers_go");
    let mut watcher = database.session_of("postgres");
    let all: i64 = {
        set_workers(&mut database, 0);
        let count = format!("SELECT count(*) FROM ({PAIRS}) AS pair");
        database.client.query_one(&count, &[]).expect("a count").get(0)
    };
    assert!(workers(&mut watcher, false).is_empty());
    set_workers(&mut database, 2);

    let taken = begin_with_workers(&mut database, &mut watcher);
    let rest = database.client.query("FETCH ALL FROM pairs", &[]).expect("the rest").len();
    assert_eq!((taken + rest) as i64, all);
    no_more_workers(&mut watcher, "the last pair");

    begin_with_workers(&mut database, &mut watcher);
    database.client.batch_execute("CLOSE pairs").expect("closed");
    no_more_workers(&mut watcher, "CLOSE");

    begin_with_workers(&mut database, &mut watcher);
    database.error("SELECT 1 / 0");
    no_more_workers(&mut watcher, "an error");

    // They outlive a savepoint that a part of the pairs was fetched behind, as the cursor does.
    let taken = begin_with_workers(&mut database, &mut watcher);
    let savepoint = "SAVEPOINT here; FETCH 500 FROM pairs; ROLLBACK TO here";
    database.client.batch_execute(savepoint).expect("rolled back");
    let rest = database.client.query("FETCH ALL FROM pairs", &[]).expect("the rest").len();
    assert_eq!((taken + 500 + rest) as i64, all);

    let mut gone = database.session_of("postgres");
    set_workers(&mut gone, 2);
    begin_with_workers(&mut gone, &mut watcher);
    let backend = gone.backend();
    watcher.client.execute("SELECT pg_terminate_backend($1)", &[&backend]).expect("ended");
    no_more_workers(&mut watcher, "the end of the backend");
    eventually("a closed connection", || gone.client.simple_query("SELECT 1").is_err());
    std::mem::forget(gone);

    // No worker is asked for where a few pages will do.
    let few = format!("{PAIRS} LIMIT 10");
    assert_eq!(database.client.query(&few, &[]).expect("a few").len(), 10);
    assert!(workers(&mut watcher, false).is_empty());
    database.client.batch_execute("ROLLBACK").expect("done");
}

#[test]
fn a_worker_that_is_ended_is_missed() {
    let mut database = indexed("pairs_workers_lost");
    let mut watcher = database.session_of("postgres");
    begin_with_workers(&mut database, &mut watcher);
    for pid in workers(&mut watcher, true) {
        watcher.client.execute("SELECT pg_terminate_backend($1)", &[&pid]).expect("ended");
    }
    let error = database.error("FETCH ALL FROM pairs");
    assert_eq!(error.code(), &SqlState::OPERATOR_INTERVENTION, "{error}");
    no_more_workers(&mut watcher, "their end");
    database.client.batch_execute("ROLLBACK").expect("goes on");
}

/// A transaction that has locked the index, or has an index that nobody else sees, does without.
#[test]
fn what_others_may_not_see_is_gone_through_alone() {
    let mut database = indexed("pairs_workers_alone");
    let count = format!("SELECT count(*)::text FROM ({PAIRS}) AS pair");
    let expected = database.value(&count);
    for change in [
        "REINDEX INDEX item_fp",
        "TRUNCATE item; INSERT INTO item TABLE kept",
        "DROP INDEX item_fp; CREATE INDEX item_fp ON item USING kdtree (fp)",
        "ALTER TABLE item RENAME TO other; CREATE TEMPORARY TABLE item AS TABLE kept; \
         ALTER INDEX item_fp RENAME TO other_fp; CREATE INDEX item_fp ON item USING kdtree (fp)",
    ] {
        let begin = format!("BEGIN; CREATE TEMPORARY TABLE kept AS TABLE item; {change}");
        database.client.batch_execute(&begin).expect(change);
        assert_eq!(database.value(&count), expected, "{change}");
        database.client.batch_execute("ROLLBACK").expect("as before");
    }
    assert_eq!(database.value(&count), expected);
}
