//! The index gives the sequential scan's answer, nearest first and within a
//! sphere: over any data, built at once or grown row by row, before and after
//! deleting, inserting and VACUUM.

use crate::answers::{answer, assert_same, by_distance, text};
use crate::data::uniform;
use crate::database::Database;
use crate::random::{Draw as _, Random};
use std::io::Write;

const ROWS: usize = 20_000;

/// The access methods that a search is tested by.
const METHODS: [&str; 2] = ["gist", "kdtree"];

type Draw = fn(&mut Random) -> [f32; 16];

/// A hundred clusters, tight in some dimensions and flat in others.
fn clustered(random: &mut Random) -> [f32; 16] {
    let centre = random.below(100) as u64;
    let mut centre = Random(centre);
    std::array::from_fn(|i| {
        let spread = if i % 4 == 0 { 0.0 } else { 0.01 * i as f32 };
        centre.unit() as f32 + spread * random.unit() as f32
    })
}

/// Half of all rows equal, the rest of few values.
fn duplicates(random: &mut Random) -> [f32; 16] {
    if random.below(2) == 0 {
        return [0.25; 16];
    }
    std::array::from_fn(|_| random.below(2) as f32)
}

/// Any finite float4 and its far ends.
fn extremes(random: &mut Random) -> [f32; 16] {
    std::array::from_fn(|_| match random.below(8) {
        0 => f32::MAX,
        1 => f32::MIN,
        2 => 0.0,
        3 => -0.0,
        4 => f32::from_bits(1),
        _ => random.finite_bits(),
    })
}

fn load(database: &mut Database, ids: std::ops::Range<usize>, draw: Draw, random: &mut Random) {
    let mut copy = database.client.copy_in("COPY item FROM STDIN").expect("copy");
    for id in ids {
        writeln!(copy, "{id}\t{}", text(draw(random))).expect("row");
    }
    copy.finish().expect("copied");
}

fn compare(database: &mut Database, draw: Draw, random: &mut Random) {
    for limit in [1, 20, 20, 20, 100, 300, ROWS] {
        let query = format!(
            "SELECT id, sig <-> '{0}' FROM item ORDER BY sig <-> '{0}' LIMIT {limit}",
            text(draw(random))
        );
        database
            .client
            .batch_execute(
                "SET enable_seqscan = off; SET enable_sort = off; RESET enable_indexscan",
            )
            .expect("set");
        let plan = database.plan(&query);
        assert!(plan.contains("Index Scan using item_sig"), "{plan}");
        let by_index = answer(&mut database.client, &query);
        database
            .client
            .batch_execute("SET enable_indexscan = off; RESET enable_seqscan; RESET enable_sort")
            .expect("set");
        let plan = database.plan(&query);
        assert!(plan.contains("Seq Scan on item"), "{plan}");
        let by_scan = answer(&mut database.client, &query);

        assert_same(&by_index, &by_scan, &query);
    }
}

/// The same for all within a sphere, at radii that a distance equals and that
/// it misses by one bit: below means below.
fn compare_ranges(database: &mut Database, draw: Draw, random: &mut Random) {
    for place in [0, 3, 50, 700] {
        let center = text(draw(random));
        let at = format!("SELECT sig <-> '{center}' FROM item ORDER BY 1 OFFSET {place} LIMIT 1");
        let radius: f64 = database.client.query_one(&at, &[]).expect("a row").get(0);
        for radius in [radius, radius.next_up(), radius * 1.5] {
            let query = format!(
                "SELECT id, sig <-> '{center}' FROM item
                 WHERE sig <<->> sphere('{center}', {radius:e}) ORDER BY id"
            );
            let by_index = {
                let settings =
                    "SET enable_seqscan = off; RESET enable_indexscan; RESET enable_bitmapscan";
                database.client.batch_execute(settings).expect("set");
                let plan = database.plan(&query);
                assert!(plan.contains("Index Cond: (sig <<->>"), "{plan}");
                answer(&mut database.client, &query)
            };
            let settings =
                "SET enable_indexscan = off; SET enable_bitmapscan = off; RESET enable_seqscan";
            database.client.batch_execute(settings).expect("set");
            let plan = database.plan(&query);
            assert!(plan.contains("Seq Scan on item"), "{plan}");
            assert_eq!(by_index, answer(&mut database.client, &query), "{query}");
            let below = by_index.iter().all(|&(bits, _)| f64::from_bits(bits) < radius);
            assert!(below, "{query}");
        }
    }
    database.client.batch_execute("RESET enable_indexscan; RESET enable_bitmapscan").expect("set");
}

fn index_equals_scan(name: &str, draw: Draw) {
    let mut random = Random(20_000);
    for (method, grown) in METHODS.into_iter().flat_map(|m| [(m, false), (m, true)]) {
        let mut database = Database::create(&format!("knn_{name}_{method}_{grown}"));
        let index = &format!("CREATE INDEX item_sig ON item USING {method} (sig)");
        database.client.batch_execute("CREATE TABLE item (id int, sig signature)").expect("table");
        if grown {
            database.client.batch_execute(index).expect("index");
            load(&mut database, 0..ROWS, draw, &mut random);
        } else {
            load(&mut database, 0..ROWS, draw, &mut random);
            database.client.batch_execute(index).expect("index");
        }
        compare(&mut database, draw, &mut random);
        compare_ranges(&mut database, draw, &mut random);

        database.client.batch_execute("DELETE FROM item WHERE id % 2 = 0").expect("delete");
        compare(&mut database, draw, &mut random);
        compare_ranges(&mut database, draw, &mut random);
        load(&mut database, ROWS..ROWS + ROWS / 4, draw, &mut random);
        database.client.batch_execute("VACUUM item").expect("vacuum");
        load(&mut database, 2 * ROWS..2 * ROWS + ROWS / 4, draw, &mut random);
        compare(&mut database, draw, &mut random);
        compare_ranges(&mut database, draw, &mut random);
        let count = database.value("SELECT count(*) FROM item").expect("count");
        assert_eq!(count, ROWS.to_string());
        if method == "kdtree" {
            let rows = database.value("SELECT kdtree_check('item_sig') >= count(*) FROM item");
            assert_eq!(rows.as_deref(), Some("t"));
        }
    }
}

#[test]
fn uniform_data() {
    index_equals_scan("uniform", uniform);
}

#[test]
fn clustered_data() {
    index_equals_scan("clustered", clustered);
}

#[test]
fn many_duplicates() {
    index_equals_scan("duplicates", duplicates);
}

#[test]
fn extreme_data() {
    index_equals_scan("extremes", extremes);
}

#[test]
fn nulls_come_last_and_an_empty_index_answers_nothing() {
    for method in METHODS {
        nulls_come_last(&mut Database::create(&format!("knn_nulls_{method}")), method);
    }
}

fn nulls_come_last(database: &mut Database, method: &str) {
    database
        .client
        .batch_execute(&format!(
            "CREATE TABLE item (id int, sig signature);
             CREATE INDEX item_sig ON item USING {method} (sig);
             SET enable_seqscan = off; SET enable_sort = off;",
        ))
        .expect("table");
    let zero = text([0.0; 16]);
    let query = format!("SELECT id FROM item ORDER BY sig <-> '{zero}'");
    assert!(database.column(&query).is_empty());
    database
        .client
        .batch_execute(&format!(
            "INSERT INTO item SELECT i, NULL FROM generate_series(1, 300) i;
             INSERT INTO item VALUES (0, '{zero}')"
        ))
        .expect("rows");
    let ids = database.column(&query);
    assert_eq!((ids.len(), ids[0].as_deref()), (301, Some("0")));
    let unknown = "SELECT count(*) FROM (SELECT id FROM item ORDER BY sig <-> NULL) t";
    assert_eq!(database.value(unknown).as_deref(), Some("301"));
}

#[test]
fn an_index_only_scan_gives_the_signatures_back() {
    let mut database = Database::create("knn_index_only");
    let mut random = Random(5);
    database.client.batch_execute("CREATE TABLE item (id int, sig signature)").expect("table");
    load(&mut database, 0..2000, uniform, &mut random);
    database
        .client
        .batch_execute(
            "CREATE INDEX item_sig ON item USING gist (sig) INCLUDE (id);
             SET enable_seqscan = off; SET enable_sort = off;",
        )
        .expect("index");
    database.client.batch_execute("VACUUM ANALYZE item").expect("vacuum");
    let query = format!(
        "SELECT id, sig::text FROM item ORDER BY sig <-> '{}' LIMIT 50",
        text(uniform(&mut random))
    );
    let plan = database.plan(&query);
    assert!(plan.contains("Index Only Scan using item_sig"), "{plan}");
    let check = format!(
        "SELECT count(*) FROM ({query}) a JOIN item b USING (id) WHERE a.sig = b.sig::text"
    );
    assert_eq!(database.value(&check).as_deref(), Some("50"));
}

/// By `kdtree`, which has one column: in order, within a sphere, and without either.
#[test]
fn an_index_only_scan_of_one_column() {
    let mut database = Database::create("knn_index_only_kdtree");
    let mut random = Random(6);
    database.client.batch_execute("CREATE TABLE item (id int, sig signature)").expect("table");
    load(&mut database, 0..3000, uniform, &mut random);
    database
        .client
        .batch_execute(
            "INSERT INTO item SELECT -i, NULL FROM generate_series(1, 2000) i;
             CREATE INDEX item_sig ON item USING kdtree (sig)",
        )
        .expect("index");
    database.client.batch_execute("VACUUM ANALYZE item").expect("vacuumed");
    let center = text(uniform(&mut random));
    for rest in [
        format!("ORDER BY sig <-> '{center}'"),
        format!("ORDER BY sig <-> '{center}' LIMIT 50"),
        format!("WHERE sig <<->> sphere('{center}', 11) ORDER BY sig <-> '{center}'"),
        format!("WHERE sig <<->> sphere('{center}', 11)"),
        "WHERE sig IS NULL".to_owned(),
        "WHERE sig IS NOT NULL".to_owned(),
        String::new(),
    ] {
        let query = format!("SELECT sig::text FROM item {rest}");
        let mut answers = ["seqscan", "indexonlyscan"].map(|scan| {
            let settings = format!(
                "SET enable_seqscan = off; SET enable_sort = off; SET enable_indexscan = off;
                 SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SET enable_{scan} = on"
            );
            database.client.batch_execute(&settings).expect("set");
            if scan == "seqscan" {
                database.client.batch_execute("SET enable_sort = on").expect("set");
            } else {
                database.client.batch_execute("SET enable_indexscan = on").expect("set");
                let plan = database.plan(&query);
                assert!(plan.contains("Index Only Scan using item_sig"), "{plan}");
            }
            database.column(&query)
        });
        // Rows without a value are equally far from everything.
        if !rest.contains("ORDER BY") {
            answers.iter_mut().for_each(|answer| answer.sort_unstable());
        }
        let [by_scan, by_index] = answers;
        assert_eq!(by_index, by_scan, "{query}");
    }
}

#[test]
fn two_columns_and_a_search_within_a_sphere() {
    let mut database = Database::create("knn_two_columns");
    let mut random = Random(8);
    database
        .client
        .batch_execute(
            "CREATE TABLE item (id int, sig signature);
             CREATE TABLE pair (id int, a signature, b signature);
             CREATE INDEX pair_ab ON pair USING gist (a, b) INCLUDE (id);",
        )
        .expect("tables");
    load(&mut database, 0..3000, clustered, &mut random);
    database
        .client
        .batch_execute(
            "INSERT INTO pair SELECT x.id, x.sig, y.sig
             FROM item x JOIN item y ON y.id = (x.id * 7 + 1) % 3000",
        )
        .expect("rows");
    let (a, b) = (text(clustered(&mut random)), text(clustered(&mut random)));
    let query = format!(
        "SELECT id, b <-> '{b}' FROM pair WHERE a <<->> sphere('{a}', 2.1) ORDER BY b <-> '{b}'"
    );
    database
        .client
        .batch_execute(
            "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off",
        )
        .expect("set");
    let plan = database.plan(&query);
    assert!(plan.contains("using pair_ab") && plan.contains("Order By: (b <->"), "{plan}");
    let by_index = answer(&mut database.client, &query);
    database
        .client
        .batch_execute("RESET ALL; SET enable_indexscan = off; SET enable_indexonlyscan = off")
        .expect("set");
    let by_scan = answer(&mut database.client, &query);
    assert!(by_index.len() > 100, "{}", by_index.len());
    assert_eq!(by_distance(&by_index), by_distance(&by_scan));
    assert_eq!(by_index.len(), by_scan.len());
}
