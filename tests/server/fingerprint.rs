//! `fingerprint` as a type among others: forms, casts, comparison, RLS, and pgvector.

use crate::database::Database;
use crate::fixture::fixture;
use postgres::error::SqlState;
use std::io::Read as _;

const ONE: &str = "'0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fff'::fingerprint";

#[test]
fn digits_bytes_and_numbers_go_there_and_back() {
    let mut database = Database::create("fingerprint_forms");
    let query = format!(
        "SELECT concat_ws(' ', f::text, f::text::fingerprint = f, upper(f::text)::fingerprint = f,
                 f::bytea = fingerprint_send(f), f::bytea::fingerprint = f,
                 f::smallint[]::fingerprint = f, (f::smallint[])[32], (f::real[])[32],
                 pg_column_size(f), octet_length(fingerprint_send(f)))
         FROM (SELECT {ONE} AS f) v"
    );
    assert_eq!(
        database.value(&query).as_deref(),
        Some(
            "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fff t t t t t 255 255 32 32"
        )
    );
    // Assigned in both directions; a text is no number.
    database
        .client
        .batch_execute(&format!(
            "CREATE TABLE a (f fingerprint, b bytea, s smallint[], r real[]);
             INSERT INTO a SELECT f, f, f, f FROM (SELECT {ONE} AS f) v;
             INSERT INTO a (f) SELECT b FROM a; INSERT INTO a (f) SELECT s FROM a WHERE s IS NOT NULL"
        ))
        .expect("assigned");
    assert_eq!(
        database.value("SELECT count(DISTINCT f) || ' ' || count(f) FROM a").as_deref(),
        Some("1 3")
    );
}

#[test]
fn copied_as_text_csv_and_binary_nothing_changes() {
    let mut database = Database::create("fingerprint_copy");
    database
        .client
        .batch_execute(
            "CREATE TABLE t (id int, f fingerprint);
             INSERT INTO t SELECT i, (sha256(int4send(i)))::fingerprint FROM generate_series(1, 1000) i;
             INSERT INTO t VALUES (0, NULL); CREATE TABLE u (LIKE t)",
        )
        .expect("rows");
    for format in ["text", "csv", "binary"] {
        let mut bytes = Vec::new();
        let out = format!("COPY t TO STDOUT (FORMAT {format})");
        database.client.copy_out(&out).expect("out").read_to_end(&mut bytes).expect("read");
        let mut copy =
            database.client.copy_in(&format!("COPY u FROM STDIN (FORMAT {format})")).expect("in");
        std::io::Write::write_all(&mut copy, &bytes).expect("written");
        copy.finish().expect("copied");
        let differ =
            "SELECT count(*)::text FROM t JOIN u USING (id) WHERE t.f IS DISTINCT FROM u.f";
        assert_eq!(database.value(differ).as_deref(), Some("0"), "{format}");
        database.client.batch_execute("TRUNCATE u").expect("empty");
    }
}

#[test]
fn what_is_no_fingerprint_says_why() {
    let mut database = Database::create("fingerprint_refused");
    for (expression, code, says) in [
        ("'01'::fingerprint", SqlState::INVALID_TEXT_REPRESENTATION, "2 characters instead of 64"),
        (
            "repeat('g', 64)::fingerprint",
            SqlState::INVALID_TEXT_REPRESENTATION,
            "no hexadecimal digit at byte 1",
        ),
        ("'\\x01'::bytea::fingerprint", SqlState::INVALID_BINARY_REPRESENTATION, "1 numbers"),
        ("'{1,2}'::smallint[]::fingerprint", SqlState::INVALID_BINARY_REPRESENTATION, "2 numbers"),
        (
            "array_fill(256::smallint, ARRAY[32])::fingerprint",
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            "number 1 is 256",
        ),
        (
            "array_fill(NULL::smallint, ARRAY[32])::fingerprint",
            SqlState::NULL_VALUE_NOT_ALLOWED,
            "number 1 is null",
        ),
        ("sphere(repeat('0', 64)::fingerprint, -1)", SqlState::INVALID_PARAMETER_VALUE, "negative"),
        ("'(00, 1)'::fingerprint_sphere", SqlState::INVALID_TEXT_REPRESENTATION, "2 characters"),
        (
            "'1'::fingerprint_sphere",
            SqlState::INVALID_TEXT_REPRESENTATION,
            "1 numbers instead of 2",
        ),
        (
            "turn_pattern(repeat('0 ', 4096)::pattern, 9)",
            SqlState::INVALID_PARAMETER_VALUE,
            "orientation: 9",
        ),
    ] {
        let error = database.error(&format!("SELECT {expression}"));
        assert_eq!(error.code(), &code, "{expression}: {}", error.message());
        assert!(error.message().contains(says), "{expression}: {}", error.message());
    }
}

#[test]
fn spheres_have_a_text_and_a_binary_form() {
    let mut database = Database::create("fingerprint_spheres");
    let query = format!(
        "SELECT concat_ws(' ', s::text, s::text::fingerprint_sphere::text = s::text,
                          octet_length(fingerprint_sphere_send(s)), {ONE} <<->> s)
         FROM (SELECT sphere({ONE}, 1.5) AS s) v"
    );
    let digits = &ONE[1..65];
    assert_eq!(database.value(&query).as_deref(), Some(&*format!("({digits}, 1.5) t 40 t")));
    database
        .client
        .batch_execute(&format!(
            "CREATE TABLE t AS SELECT sphere({ONE}, 'Infinity') AS s; CREATE TABLE u (LIKE t)"
        ))
        .expect("tables");
    let mut bytes = Vec::new();
    let out = "COPY t TO STDOUT (FORMAT binary)";
    database.client.copy_out(out).expect("out").read_to_end(&mut bytes).expect("read");
    let mut copy = database.client.copy_in("COPY u FROM STDIN (FORMAT binary)").expect("in");
    std::io::Write::write_all(&mut copy, &bytes).expect("written");
    copy.finish().expect("copied");
    let same = "SELECT (t.s::text = u.s::text)::text FROM t, u";
    assert_eq!(database.value(same).as_deref(), Some("true"));
}

#[test]
fn equal_ones_are_found_by_every_index_and_join() {
    let mut database = Database::create("fingerprint_equal");
    database
        .client
        .batch_execute(
            "CREATE TABLE t (id int, f fingerprint);
             INSERT INTO t SELECT i, sha256(int4send(i % 500))::fingerprint
             FROM generate_series(1, 5000) i; ANALYZE t",
        )
        .expect("rows");
    assert_eq!(database.value("SELECT count(DISTINCT f)::text FROM t").as_deref(), Some("500"));
    for setting in ["enable_hashjoin", "enable_mergejoin", "enable_nestloop"] {
        let others = ["enable_hashjoin", "enable_mergejoin", "enable_nestloop"];
        for other in others {
            let value = if other == setting { "on" } else { "off" };
            database.client.batch_execute(&format!("SET {other} = {value}")).expect("set");
        }
        let query = "SELECT count(*)::text FROM t a JOIN t b USING (f)";
        assert_eq!(database.value(query).as_deref(), Some("50000"), "{setting}");
    }
    database.client.batch_execute("SET enable_seqscan = off").expect("set");
    for method in ["btree", "hash"] {
        let create = format!("CREATE INDEX by_{method} ON t USING {method} (f)");
        database.client.batch_execute(&create).expect("an index");
        let query = "SELECT count(*)::text FROM t WHERE f = sha256(int4send(7))::fingerprint";
        let plan = database.plan(query);
        assert!(plan.contains(&format!("by_{method}")), "{plan}");
        assert_eq!(database.value(query).as_deref(), Some("10"));
        database.client.batch_execute(&format!("DROP INDEX by_{method}")).expect("dropped");
    }
    let sorted = "SELECT bool_and(f >= before)::text FROM
        (SELECT f, lag(f) OVER (ORDER BY f) AS before FROM t) v";
    assert_eq!(database.value(sorted).as_deref(), Some("true"));
}

/// The nearest and all within a sphere by GiST, beside another column, and from the index
/// alone: as without an index.
#[test]
fn gist_gives_what_a_scan_gives() {
    let mut database = Database::create("fingerprint_gist");
    database
        .client
        .batch_execute(
            "CREATE EXTENSION btree_gist;
             CREATE TABLE t (id int, album int, f fingerprint);
             INSERT INTO t SELECT i, i % 10, (SELECT string_agg(
                 lpad(to_hex((128 + 3 * (hashint4(i * 41 + j) % 20)) & 255), 2, '0'), '' ORDER BY j)
                 FROM generate_series(1, 32) j)::fingerprint
             FROM generate_series(1, 20000) i;
             INSERT INTO t VALUES (0, 3, NULL);
             CREATE INDEX by_f ON t USING gist (f); CREATE INDEX by_both ON t USING gist (album, f)",
        )
        .expect("rows");
    database.client.batch_execute("VACUUM ANALYZE t").expect("vacuumed");
    let query = |id: i32| format!("(SELECT f FROM t WHERE id = {id} LIMIT 1)");
    for id in [1, 77, 19_999] {
        for (condition, index) in [("true", "by_"), ("album = 3", "by_both")] {
            let nearest = format!(
                "SELECT string_agg(d::text, ' ') FROM (SELECT f <-> {0} AS d FROM t WHERE {condition}
                 ORDER BY f <-> {0} LIMIT 50) v",
                query(id)
            );
            database
                .client
                .batch_execute("SET enable_seqscan = off; SET enable_sort = off")
                .expect("set");
            let plan = database.plan(&nearest);
            assert!(plan.contains(index), "{plan}");
            let by_index = database.value(&nearest);
            database
                .client
                .batch_execute(
                    "RESET ALL; SET enable_indexscan = off; SET enable_indexonlyscan = off",
                )
                .expect("set");
            assert_eq!(by_index, database.value(&nearest), "{id} {condition}");
            database.client.batch_execute("RESET ALL").expect("reset");
        }
        let radius = format!("(SELECT (f <-> {0}) FROM t ORDER BY 1 OFFSET 30 LIMIT 1)", query(id));
        let radius: String = database.value(&format!("SELECT {radius}::text")).expect("a distance");
        let within = format!(
            "SELECT count(*) || ' ' || md5(string_agg(f::text, '' ORDER BY f)) FROM t
             WHERE f <<->> sphere({}, {radius})",
            query(id)
        );
        database.client.batch_execute("SET enable_seqscan = off").expect("set");
        let plan = database.plan(&within);
        assert!(plan.contains("Index Cond"), "{plan}");
        let by_index = database.value(&within);
        database
            .client
            .batch_execute(
                "RESET ALL; SET enable_indexscan = off; SET enable_indexonlyscan = off;
                 SET enable_bitmapscan = off",
            )
            .expect("set");
        assert_eq!(by_index, database.value(&within), "{id}");
        database.client.batch_execute("RESET ALL").expect("reset");
    }
    let alone = "SELECT f FROM t ORDER BY f <-> (SELECT f FROM t WHERE id = 1 LIMIT 1) LIMIT 5";
    assert!(database.plan(alone).contains("Index Only Scan using by_"), "{}", database.plan(alone));
}

#[test]
fn a_policy_leaves_the_index_to_a_sphere() {
    let mut database = Database::create("fingerprint_policy");
    database
        .client
        .batch_execute(
            "CREATE TABLE t (id int, owner name, f fingerprint);
             INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'imgsmlr_rs_viewer' ELSE 'x' END,
                 sha256(int4send(i))::fingerprint FROM generate_series(1, 20000) i;
             CREATE INDEX by_f ON t USING gist (f); ANALYZE t;
             ALTER TABLE t ENABLE ROW LEVEL SECURITY;
             CREATE POLICY own ON t USING (owner = current_user);
             DROP ROLE IF EXISTS imgsmlr_rs_viewer; CREATE ROLE imgsmlr_rs_viewer LOGIN;
             GRANT SELECT ON t TO imgsmlr_rs_viewer",
        )
        .expect("a policy");
    {
        let mut viewer = database.session_of("imgsmlr_rs_viewer");
        let query = "SELECT id FROM t WHERE f <<->> sphere(sha256(int4send(6))::fingerprint, 0.1)";
        let plan = viewer.plan(query);
        assert!(plan.contains("by_f"), "{plan}");
        assert_eq!(viewer.column(query), [Some("6".to_owned())]);
        let others = query.replace("int4send(6)", "int4send(7)");
        assert_eq!(viewer.column(&others), []);
    }
    database
        .client
        .batch_execute("DROP OWNED BY imgsmlr_rs_viewer; DROP ROLE imgsmlr_rs_viewer")
        .expect("gone");
}

#[test]
fn a_file_has_the_fingerprint_of_its_pattern() {
    let mut database = Database::create("fingerprint_files");
    for name in ["exif_orientation6.jpg", "rgba8.png", "still.gif"] {
        let query = "SELECT (image2fingerprint($1) = pattern2fingerprint(image2pattern($1))
             AND image2fingerprint($1, false) = pattern2fingerprint(image2pattern($1, false))
             AND image2fingerprint($1, background => 'white')
                 = pattern2fingerprint(image2pattern($1, background => 'white')))::text";
        let same: String = database
            .client
            .query_one(query, &[&fixture(&format!("images/{name}"))])
            .expect(name)
            .get(0);
        assert_eq!(same, "true", "{name}");
    }
    // A quarter turn, by the pattern alone.
    let query = "SELECT (pattern2fingerprint(turn_pattern(image2pattern($1, false), 6)) <-> image2fingerprint($1) < 0.05)::text";
    let file = fixture("images/exif_orientation6.jpg");
    let same: String = database.client.query_one(query, &[&file]).expect("turned").get(0);
    assert_eq!(same, "true");
    let broken = fixture("images/truncated.png");
    let none: Option<String> = database
        .client
        .query_one("SELECT image2fingerprint($1)::text", &[&broken])
        .expect("a warning")
        .get(0);
    assert_eq!(none, None);
    assert_eq!(database.warnings().len(), 1);
}

/// By `real[]` to pgvector's `vector(32)`, whose index then finds nearly the same.
#[test]
fn pgvector_searches_fingerprints_too() {
    let mut database = Database::create("fingerprint_hnsw");
    if !database.offers("vector", "0.5") {
        return;
    }
    database
        .client
        .batch_execute(
            "CREATE EXTENSION vector;
             CREATE TABLE t (id int, f fingerprint);
             INSERT INTO t SELECT i, sha256(int4send(i))::fingerprint FROM generate_series(1, 2000) i;
             CREATE INDEX by_hnsw ON t USING hnsw ((f::real[]::vector(32)) vector_l2_ops);
             ANALYZE t; SET enable_seqscan = off",
        )
        .expect("an index");
    let query = "SELECT id FROM t ORDER BY f::real[]::vector(32) <->
        (SELECT f::real[]::vector(32) FROM t WHERE id = 77 LIMIT 1) LIMIT 3";
    assert!(database.plan(query).contains("by_hnsw"), "{}", database.plan(query));
    assert_eq!(database.column(query)[0].as_deref(), Some("77"));
}
