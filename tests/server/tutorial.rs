//! The published tutorial: 25 signatures, their 20 nearest to number 5.

use crate::database::Database;
use crate::fixture_text::fixture_text;

const PUBLISHED: [(i32, f64); 20] = [
    (5, 0.0),
    (1, 0.924211),
    (2, 1.169316),
    (9, 1.260451),
    (7, 1.262939),
    (3, 1.360126),
    (4, 1.492741),
    (25, 1.568372),
    (10, 1.625527),
    (8, 1.725044),
    (6, 1.735578),
    (11, 1.907203),
    (13, 2.077021),
    (22, 2.190388),
    (16, 2.191473),
    (17, 2.210842),
    (24, 2.471026),
    (15, 2.552122),
    (12, 2.624973),
    (20, 2.671644),
];

fn with_signatures(name: &str) -> Database {
    let mut database = Database::create(name);
    let tables = "CREATE TABLE img_raw (id int PRIMARY KEY, info text, ts timestamp, raw bytea);
         CREATE TABLE img_vec (id int PRIMARY KEY REFERENCES img_raw(id), patt pattern, sig signature);
         CREATE INDEX ON img_vec USING gist (sig);";
    database.client.batch_execute(tables).expect("tables");
    for line in fixture_text("signatures.tsv").lines() {
        let (id, signature) = line.split_once('\t').expect("id, signature");
        let insert = format!(
            "INSERT INTO img_raw VALUES ({id}, 'jpeg', now(), '');
             INSERT INTO img_vec VALUES ({id}, NULL, '{signature}')"
        );
        database.client.batch_execute(&insert).expect(line);
    }
    database
}

#[test]
fn published_order_and_distances_through_the_index() {
    let mut database = with_signatures("tutorial_order");
    database.client.batch_execute("SET enable_seqscan = off").expect("set");
    let query = "SELECT id, sig <-> (SELECT sig FROM img_vec WHERE id = 5) AS distance
         FROM img_vec ORDER BY sig <-> (SELECT sig FROM img_vec WHERE id = 5) LIMIT 20";
    let plan = database.plan(query);
    assert!(plan.contains("Index Scan using img_vec_sig_idx"), "{plan}");
    assert!(plan.contains("Order By: (sig <->"), "{plan}");
    let rows = database.client.query(query, &[]).expect("answer");
    assert_eq!(rows.len(), PUBLISHED.len());
    for (row, (id, distance)) in rows.iter().zip(PUBLISHED) {
        assert_eq!(row.get::<_, i32>(0), id);
        assert!((row.get::<_, f64>(1) - distance).abs() < 0.000_001, "{id}");
    }
}

#[test]
fn text_prints_what_was_read() {
    let mut database = with_signatures("tutorial_text");
    let mut rows = 0;
    for line in fixture_text("signatures.tsv").lines() {
        let (id, signature) = line.split_once('\t').expect("id, signature");
        let query = format!("SELECT sig::text FROM img_vec WHERE id = {id}");
        assert_eq!(database.value(&query).as_deref(), Some(signature));
        rows += 1;
    }
    assert_eq!(rows, 25);
}

/// The tutorial's last step. PostgreSQL 18's wheel brings pgvector; without it
/// only the cast of the text to an array can be shown.
#[test]
fn pgvector_reads_the_text_and_agrees() {
    let mut database = with_signatures("tutorial_pgvector");
    let array = "SELECT count(*) FROM img_vec
         WHERE array_length(replace(replace(sig::text, '(', '{'), ')', '}')::float[], 1) = 16";
    assert_eq!(database.value(array).as_deref(), Some("25"));
    if !database.offers("vector", "0.1") {
        return;
    }
    database
        .client
        .batch_execute(
            "CREATE EXTENSION vector;
             ALTER TABLE img_vec ADD COLUMN embedding vector;
             UPDATE img_vec SET embedding =
                 replace(replace(sig::text, '(', '{'), ')', '}')::float[]::vector;",
        )
        .expect("pgvector beside imgsmlr_rs");
    let mut nearest = |operator: &str| -> Vec<i32> {
        let query = format!(
            "SELECT id FROM img_vec
             ORDER BY embedding {operator} (SELECT embedding FROM img_vec WHERE id = 5) LIMIT 20"
        );
        let rows = database.client.query(&query, &[]).expect(operator);
        rows.iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(nearest("<->"), PUBLISHED.map(|(id, _)| id));
    let (by_product, by_angle) = (nearest("<#>"), nearest("<=>"));

    let apart = "SELECT max(abs((a.embedding <-> b.embedding) - (a.sig <-> b.sig))) FROM img_vec a, img_vec b";
    let apart: f64 = database.client.query_one(apart, &[]).expect("distances").get(0);
    assert!(apart < 1e-5, "{apart}");

    // The other two, by their definitions.
    let rows = database.client.query("SELECT id, sig::float8[] FROM img_vec", &[]).expect("rows");
    let all: Vec<(i32, Vec<f64>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (_, query) = all.iter().find(|(id, _)| *id == 5).expect("the fifth");
    let ordered = |distance: &dyn Fn(&[f64]) -> f64| -> Vec<i32> {
        let mut ordered: Vec<(f64, i32)> =
            all.iter().map(|(id, sig)| (distance(sig), *id)).collect();
        ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
        ordered.into_iter().take(20).map(|(_, id)| id).collect()
    };
    assert_eq!(by_product, ordered(&|sig| -product(sig, query)));
    assert_eq!(by_angle, ordered(&|sig| -product(sig, query) / product(sig, sig).sqrt()));
}

/// The two-stage search of the tutorial, on pictures.
#[test]
fn two_stages_search_runs_as_it_stands() {
    let mut database = with_signatures("tutorial_two_stages");
    let fill = "UPDATE img_vec SET patt = ('(' || repeat('0.5, ', 4000) || repeat(id || ' ', 96) || ')')::pattern";
    database.client.batch_execute(fill).expect("patterns");
    let query = "SELECT * FROM (
           SELECT t1.id, t2.info, patt <-> (SELECT patt FROM img_vec WHERE id = 5) AS distance
           FROM img_vec t1 JOIN img_raw t2 USING (id)
           WHERE t1.id <> 5
           ORDER BY sig <-> (SELECT sig FROM img_vec WHERE id = 5)
           LIMIT 20) t
         ORDER BY distance LIMIT 10";
    database.client.batch_execute("SET enable_seqscan = off; SET enable_sort = off").expect("set");
    let plan = database.plan(query);
    assert!(plan.contains("Order By: (sig <->"), "{plan}");
    let ids: Vec<String> = database.column(query).into_iter().flatten().collect();
    assert_eq!(ids.len(), 10);
    // Patterns differ by how far the ids are apart.
    assert!(ids[..2].contains(&"4".to_owned()) && ids[..2].contains(&"6".to_owned()), "{ids:?}");
}
