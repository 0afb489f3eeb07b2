//! Rows that are dead, and that somebody keeps VACUUM from taking away: an index that was made beside
//! writers lacks them, and is sound.

use crate::cluster::{Cluster, Server};
use crate::deadline::eventually;
use crate::servers::catch_up;
use postgres::Client;
use postgres::error::SqlState;

const TABLE: &str = "CREATE TABLE item (id int, fp fingerprint)";

/// Deletes rows, and has an index made, and made anew, while they are held back; gives what is wrong
/// by the index' own check.
fn make_and_check(client: &mut Client) -> Vec<String> {
    let insert = "INSERT INTO item SELECT i, sha256(int4send(i))::fingerprint
                  FROM generate_series(1, 500) i";
    client.batch_execute(insert).expect("rows");
    let mut wrong = Vec::new();
    for (delete, make) in [
        ("id % 3 = 0", "CREATE INDEX CONCURRENTLY item_fp ON item USING kdtree (fp)"),
        ("id % 3 = 1", "REINDEX INDEX CONCURRENTLY item_fp"),
    ] {
        client.batch_execute(&format!("DELETE FROM item WHERE {delete}")).expect("deleted");
        client.batch_execute(make).expect(make);
        if let Err(error) = client.query("SELECT kdtree_check('item_fp')", &[]) {
            wrong.push(format!("{make}: {error:?}"));
        }
    }
    // One that was made alone has them, too: they are held back.
    client.batch_execute("CREATE INDEX alone ON item USING kdtree (fp)").expect("an index");
    let dead = "SELECT kdtree_check('alone') - count(*) FROM item";
    let dead: i64 = client.query_one(dead, &[]).expect("sound").get(0);
    assert!(dead > 300, "{dead} dead rows");
    client.batch_execute("DROP TABLE item").expect("dropped");
    client.batch_execute(TABLE).expect("a table");
    wrong
}

/// A snapshot on a standby that lasts, and waits until its primary knows of it by `known`.
fn hold_by_standby(standby: &mut Client, primary: &mut Client, known: &str) {
    let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_database";
    standby.batch_execute(snapshot).expect("a snapshot");
    eventually(known, || {
        let known = format!("SELECT count(*) > 0 FROM {known}");
        primary.query_one(&known, &[]).expect("whether").get(0)
    });
}

#[test]
fn an_index_made_beside_writers_is_sound_whoever_holds_dead_rows_back() {
    let options = "-c autovacuum=off -c max_prepared_transactions=2";
    let cluster = Cluster::start(&Server::tested(), "held", options);
    let mut client = cluster.database("held");
    client.batch_execute(TABLE).expect("a table");
    let mut wrong = Vec::new();

    // A transaction with a number, and no snapshot.
    let mut other = cluster.connect("held");
    other.batch_execute("BEGIN; SELECT txid_current()").expect("a number");
    wrong.push(make_and_check(&mut client));
    other.batch_execute("PREPARE TRANSACTION 'held'").expect("prepared");
    wrong.push(make_and_check(&mut client));
    other.batch_execute("ROLLBACK PREPARED 'held'").expect("gone");

    // A standby that says what it reads, and then its slot alone.
    let slot = "SELECT pg_create_physical_replication_slot('held')";
    client.query(slot, &[]).expect("a slot");
    let feedback = "-c max_prepared_transactions=2 -c max_standby_streaming_delay=-1 -c hot_standby_feedback=on \
                    -c wal_receiver_status_interval=1";
    let replica = cluster.replica("held-replica", feedback);
    let mut standby = replica.connect("held");
    let known = "pg_stat_replication WHERE backend_xmin IS NOT NULL";
    hold_by_standby(&mut standby, &mut client, known);
    wrong.push(make_and_check(&mut client));
    let by_slot = "COMMIT; ALTER SYSTEM SET primary_slot_name = 'held'";
    for statement in by_slot.split("; ") {
        standby.batch_execute(statement).expect(statement);
    }
    drop(standby);
    replica.stop("fast");
    replica.start_again();
    let mut standby = replica.connect("held");
    let known = "pg_replication_slots WHERE xmin IS NOT NULL";
    hold_by_standby(&mut standby, &mut client, known);
    drop(standby);
    replica.stop("fast");
    wrong.push(make_and_check(&mut client));

    assert!(wrong.iter().all(Vec::is_empty), "{wrong:#?}");
}

#[test]
fn a_standby_says_what_it_does_not_have() {
    let cluster = Cluster::start(&Server::tested(), "standby", "");
    let mut client = cluster.database("standby");
    client
        .batch_execute(
            "CREATE UNLOGGED TABLE quick (fp fingerprint);
             INSERT INTO quick SELECT sha256(int4send(i))::fingerprint FROM generate_series(1, 9) i;
             CREATE INDEX quick_fp ON quick USING kdtree (fp);
             CREATE TABLE item (fp fingerprint); INSERT INTO item TABLE quick;
             CREATE INDEX item_fp ON item USING kdtree (fp)",
        )
        .expect("tables");
    let replica = cluster.replica("standby-replica", "");
    let mut standby = replica.connect("standby");
    catch_up(&mut client, &mut standby);
    for (query, says) in [
        ("SELECT kdtree_pairs('quick_fp', 1)", "a standby has no rows of it"),
        ("SELECT kdtree_check('quick_fp')", "cannot run on a standby"),
        ("SELECT kdtree_check('item_fp')", "cannot run on a standby"),
    ] {
        let error = standby.batch_execute(query).expect_err(query);
        let error = error.as_db_error().unwrap_or_else(|| panic!("{query}: {error:?}"));
        assert_eq!(error.code(), &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, "{error:?}");
        assert!(error.message().contains(says), "{query}: {}", error.message());
        assert!(error.hint().unwrap_or_default().contains("primary"), "{error:?}");
    }
    standby.query("SELECT kdtree_pairs('item_fp', 1)", &[]).expect("pairs");
    let check = "SELECT kdtree_check('item_fp') + kdtree_check('quick_fp')";
    let rows: i64 = client.query_one(check, &[]).expect("sound").get(0);
    assert_eq!(rows, 18);
}
