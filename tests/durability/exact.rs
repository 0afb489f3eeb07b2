//! The index gives the sequential scan's answer, on whatever is in the table.

use crate::answers::{answer, assert_same, by_distance, text};
use crate::items::{INDEXES, Index};
use crate::random::{Draw as _, Random};
use postgres::{Client, GenericClient, IsolationLevel};

/// The scans a session may use.
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;
    SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = on";
const BY_SCAN: &str = "SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on;
    SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off";

/// What to look for: rows that are there, or are not.
fn center(random: &mut Random) -> String {
    text(crate::items::signature(random.below(10_000) as i32, random.below(3) as i32))
}

fn answer_by(
    client: &mut impl GenericClient,
    settings: &str,
    plan: &str,
    query: &str,
) -> Vec<(u64, i32)> {
    client.batch_execute(settings).expect("set");
    let rows = client.query(&format!("EXPLAIN (COSTS OFF) {query}"), &[]).expect("a plan");
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(found.iter().any(|line| line.contains(plan)), "{plan} expected: {found:#?}");
    answer(client, query)
}

/// Compares the answer to a search of `table` by an index of that name with that by a
/// sequential scan, within a transaction that sees one snapshot. Gives the latter.
pub fn compare_by(
    transaction: &mut impl GenericClient,
    index: &str,
    table: &str,
    query: &str,
) -> Vec<(u64, i32)> {
    let scan = format!("Scan using {index} on {table}");
    let by_index = answer_by(transaction, BY_INDEX, &scan, query);
    let by_scan = answer_by(transaction, BY_SCAN, &format!("Seq Scan on {table}"), query);
    assert_same(&by_index, &by_scan, query);
    by_scan
}

/// Compares so the nearest of what goes with `sig`, a signature. Gives the distance of the last.
pub fn compare_nearest(
    transaction: &mut impl GenericClient,
    index: &Index,
    sig: &str,
    limit: usize,
) -> Option<f64> {
    let nearest = compare_by(transaction, index.name, "item", &index.nearest(sig, limit));
    nearest.last().map(|&(bits, _)| f64::from_bits(bits))
}

/// The same for all within a sphere.
pub fn compare_within(transaction: &mut impl GenericClient, index: &Index, sig: &str, radius: f64) {
    let query = index.within(sig, radius);
    let [by_index, by_scan] =
        [(BY_INDEX, index.name), (BY_SCAN, "Seq Scan on item")].map(|(settings, plan)| {
            let mut answer = answer_by(transaction, settings, plan, &query);
            answer.sort_unstable();
            answer
        });
    assert_eq!(by_index, by_scan, "{query}");
}

/// Both, for small and large answers. Gives how many rows there are.
pub fn compare_index(
    transaction: &mut impl GenericClient,
    index: &Index,
    random: &mut Random,
) -> usize {
    let rows: i64 =
        transaction.query_one("SELECT count(*) FROM item", &[]).expect("a count").get(0);
    let rows = rows as usize;
    for limit in [1, 20, 20, 300, rows + 1] {
        let center = center(random);
        // A radius that one distance equals, and so misses.
        if let Some(radius) = compare_nearest(transaction, index, &center, limit) {
            compare_within(transaction, index, &center, radius);
        }
    }
    rows
}

/// The same for every index.
fn compare(transaction: &mut impl GenericClient, random: &mut Random) -> usize {
    let [rows, ..] = INDEXES.each_ref().map(|index| compare_index(transaction, index, random));
    rows
}

/// Has every index by `kdtree` check itself against the table; not on a standby, where nobody
/// may lock the table so.
pub fn check_kdtrees(client: &mut impl GenericClient) {
    let check = "SELECT kdtree_check(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
                 JOIN pg_am am ON am.oid = relam
                 WHERE indrelid = 'item'::regclass AND amname = 'kdtree' AND NOT pg_is_in_recovery()";
    client.query(check, &[]).expect("sound");
}

/// All of that in a transaction of its own. Gives how many rows there are.
pub fn index_equals_scan(client: &mut Client, random: &mut Random) -> usize {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let mut transaction = transaction.read_only(true).start().expect("a transaction");
    let rows = compare(&mut transaction, random);
    transaction.commit().expect("committed");
    check_kdtrees(client);
    rows
}

/// What twenty searches by each index answer, to compare with another server's.
pub fn answers(client: &mut Client) -> Vec<Vec<(u64, i32)>> {
    let mut random = Random(20);
    let mut transaction = client.transaction().expect("a transaction");
    let mut answers = Vec::new();
    for index in INDEXES.iter().cycle().take(20 * INDEXES.len()) {
        let query = index.nearest(&center(&mut random), 50);
        let scan = format!("Scan using {} on item", index.name);
        let answer = answer_by(&mut transaction, BY_INDEX, &scan, &query);
        answers.push(
            by_distance(&answer)
                .into_iter()
                .flat_map(|(distance, ids)| ids.into_iter().map(move |id| (distance, id)))
                .collect(),
        );
    }
    answers
}
