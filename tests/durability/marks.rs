//! Marks of dead rows, which a search sets without WAL: recovery and a replica come to the pages
//! that the server had, and nobody looks for those rows again.

use crate::answers::{answer, assert_same};
use crate::cluster::{Cluster, Server};
use crate::deadline::eventually;
use crate::servers::{COMPARED, catch_up};
use postgres::Client;

const TABLE: &str = "
    CREATE TABLE marked (id int, fp fingerprint, sig signature(16));
    CREATE INDEX marked_fp ON marked USING kdtree (fp);
    CREATE INDEX marked_sig ON marked USING kdtree (sig)";

/// Searches of all rows, by each index and by each of its kinds of pages.
const SEARCHES: [(&str, &str); 3] = [
    ("marked_fp", "fp IS NOT NULL ORDER BY fp <-> sha256('')::fingerprint"),
    ("marked_sig", "sig IS NOT NULL ORDER BY sig <-> array_fill(0, ARRAY[16])::signature"),
    ("marked_fp", "fp IS NULL"),
];

/// Adds rows, every tenth of them without values.
fn insert(client: &mut Client, ids: std::ops::Range<i32>) {
    let insert = "INSERT INTO marked SELECT id, sha256(int4send(id))::fingerprint,
            array_fill((hashint4(id) / 1e9)::real, ARRAY[16])::signature
        FROM (SELECT i AS id FROM generate_series($1, $2::int) i) v WHERE id % 10 <> 0
        UNION ALL SELECT i, NULL, NULL FROM generate_series($1, $2) i WHERE i % 10 = 0";
    client.execute(insert, &[&ids.start, &(ids.end - 1)]).expect("inserted");
}

/// How many rows of its index a search has looked up in the table.
fn looked_up(client: &mut Client, (index, rows): (&str, &str)) -> i64 {
    let mut transaction = client.transaction().expect("a transaction");
    let settings = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
                    SET LOCAL enable_sort = off; SET LOCAL enable_indexonlyscan = off";
    transaction.batch_execute(settings).expect("set");
    let count = format!("SELECT pg_stat_get_xact_tuples_returned('{index}'::regclass)");
    let before: i64 = transaction.query_one(&count, &[]).expect("a count").get(0);
    let query = format!("SELECT id FROM marked WHERE {rows}");
    transaction.query(&query, &[]).expect("a search");
    let after: i64 = transaction.query_one(&count, &[]).expect("a count").get(0);
    after - before
}

/// Every search by its index gives what the table has.
fn answers_are_right(client: &mut Client) {
    for (index, rows) in SEARCHES {
        let query = format!("SELECT id, 0::float8 FROM marked WHERE {rows}");
        let [mut by_index, mut by_scan] = ["off", "on"].map(|seqscan| {
            let sort = format!("SET enable_seqscan = {seqscan}; SET enable_sort = {seqscan};");
            let index = if seqscan == "on" { "off" } else { "on" };
            let scans = format!("SET enable_indexscan = {index}; SET enable_bitmapscan = {index}");
            client.batch_execute(&(sort + &scans)).expect("set");
            answer(client, &query)
        });
        by_index.sort_unstable();
        by_scan.sort_unstable();
        assert_same(&by_index, &by_scan, index);
        client.batch_execute("RESET ALL").expect("reset");
    }
}

fn marks_do_no_harm(name: &str, options: &str) {
    let options = format!("{COMPARED} -c fsync=on -c autovacuum=off {options}");
    let cluster = Cluster::start(&Server::tested(), name, &options);
    let mut client = cluster.database("marks");
    client.batch_execute(TABLE).expect("a table");
    let replica = cluster.replica(&format!("{name}-replica"), "");
    insert(&mut client, 1..101);
    client.batch_execute("CHECKPOINT").expect("a checkpoint");
    insert(&mut client, 101..103);
    client.batch_execute("DELETE FROM marked WHERE id <= 100 AND id % 4 < 2").expect("deleted");
    let left = SEARCHES.map(|(_, rows)| -> i64 {
        let count = format!("SELECT count(*) FROM (SELECT id FROM marked WHERE {rows}) v");
        client.query_one(&count, &[]).expect("a count").get(0)
    });
    // The first search finds them dead, the next one passes by.
    for (search, left) in SEARCHES.into_iter().zip(left) {
        assert!(looked_up(&mut client, search) > left, "{search:?}");
        eventually("dead rows are looked up no more", || looked_up(&mut client, search) == left);
    }
    // The pages change, by insertions and by VACUUM, which takes some of the dead rows; the others
    // keep their marks.
    insert(&mut client, 103..105);
    for (search, left) in SEARCHES.into_iter().zip(left) {
        let added = if search.1.ends_with("NULL") { 0 } else { 2 };
        assert_eq!(looked_up(&mut client, search), left + added, "{search:?}");
    }
    insert(&mut client, 105..111);
    cluster.kill(true);
    cluster.start_again();

    let mut client = cluster.connect("marks");
    let check = "SELECT kdtree_check('marked_fp'), kdtree_check('marked_sig')";
    client.query(check, &[]).expect("sound");
    answers_are_right(&mut client);
    for search in SEARCHES {
        looked_up(&mut client, search);
    }
    // Rows of which the marks are known, or not, move on their pages.
    client.batch_execute("DELETE FROM marked WHERE id % 3 = 0").expect("deleted");
    client.batch_execute("VACUUM marked").expect("vacuumed");
    insert(&mut client, 200..3000);
    client.batch_execute("DELETE FROM marked WHERE id % 3 = 0").expect("deleted");
    for search in SEARCHES {
        looked_up(&mut client, search);
    }
    insert(&mut client, 3000..3100);
    client.batch_execute("VACUUM marked").expect("vacuumed");
    client.query(check, &[]).expect("sound");
    answers_are_right(&mut client);

    let mut standby = replica.connect("marks");
    catch_up(&mut client, &mut standby);
    answers_are_right(&mut standby);
}

#[test]
fn marks_of_dead_rows_are_no_part_of_what_recovery_compares() {
    marks_do_no_harm("marks", "");
}

#[test]
fn nor_are_they_without_full_pages_in_the_wal() {
    marks_do_no_harm("marks-bare", "-c full_page_writes=off");
}
