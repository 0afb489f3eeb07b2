//! `signature` and `pattern` as types among others: casts, comparison, groups.

use crate::database::Database;
use crate::memory::{kilobytes, limit, unlimit};
use postgres::error::SqlState;

/// Signatures of whole numbers, one of them twice, and −0 beside 0.
fn rows(name: &str) -> Database {
    let mut database = Database::create(name);
    database
        .client
        .batch_execute(
            "CREATE TABLE t (id int, sig signature(16));
             INSERT INTO t SELECT i, array_fill((i % 50)::real, ARRAY[16])::signature
             FROM generate_series(1, 200) i;
             INSERT INTO t VALUES (0, array_fill('-0'::real, ARRAY[16])::signature);
             ANALYZE t",
        )
        .expect("rows");
    database
}

#[test]
fn casts_go_there_and_back() {
    let mut database = Database::create("types_casts");
    let numbers = "{0.1,-2,3e-38,4,5,6,7,8,9,10,11,12,13,14,15,3.4e38}";
    for form in ["real[]", "float8[]"] {
        let query = format!("SELECT '{numbers}'::{form}::signature::real[]::text");
        assert_eq!(
            database.value(&query).as_deref(),
            Some("{0.1,-2,3e-38,4,5,6,7,8,9,10,11,12,13,14,15,3.4e+38}")
        );
    }
    let query = format!(
        "SELECT (sig::jsonb::signature = sig AND sig::float8[]::signature = sig
                 AND (sig::jsonb ->> 0) = '0.1')::text
         FROM (SELECT '{numbers}'::real[]::signature AS sig) v"
    );
    assert_eq!(database.value(&query).as_deref(), Some("true"));
    let query = "SELECT (p::real[])[2]::text || ' ' || cardinality(p::real[])
                 FROM (SELECT ('1 2 ' || repeat('0 ', 4094))::pattern AS p) v";
    assert_eq!(database.value(query).as_deref(), Some("2 4096"));

    // Assigned to arrays, but not turned into one unasked.
    database
        .client
        .batch_execute(&format!(
            "CREATE TABLE a (r real[], d float8[]);
             INSERT INTO a SELECT sig, sig FROM (SELECT '{numbers}'::real[]::signature AS sig) v"
        ))
        .expect("assigned");
    database
        .client
        .batch_execute(
            "CREATE TABLE s (id int, sig signature(16));
             INSERT INTO s SELECT 1, r FROM a; INSERT INTO s SELECT 2, d FROM a",
        )
        .expect("assigned back");
    let query = "SELECT bool_and(sig::real[] = r)::text FROM s, a";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let error = database.error("SELECT r = sig FROM a, s");
    assert_eq!(error.code(), &SqlState::UNDEFINED_FUNCTION);
}

#[test]
fn arrays_that_are_no_signature_are_refused() {
    let mut database = Database::create("types_bad_casts");
    let fifteen = "1,".repeat(15);
    for (array, code) in [
        ("'{}'::real[]".to_owned(), SqlState::DATA_EXCEPTION),
        ("'{1,2}'::real[]".to_owned(), SqlState::DATA_EXCEPTION),
        (format!("'{{{fifteen}1,1}}'::float8[]"), SqlState::DATA_EXCEPTION),
        (format!("'{{{fifteen}NULL}}'::real[]"), SqlState::NULL_VALUE_NOT_ALLOWED),
        (format!("'{{{fifteen}NaN}}'::real[]"), SqlState::NUMERIC_VALUE_OUT_OF_RANGE),
        (format!("'{{{fifteen}Infinity}}'::float8[]"), SqlState::NUMERIC_VALUE_OUT_OF_RANGE),
        (format!("'{{{fifteen}3.5e38}}'::float8[]"), SqlState::NUMERIC_VALUE_OUT_OF_RANGE),
        ("'{\"a\": 1}'::jsonb".to_owned(), SqlState::DATA_EXCEPTION),
        ("'[1, 2]'::jsonb".to_owned(), SqlState::DATA_EXCEPTION),
        (format!("'[{fifteen}\"x\"]'::jsonb"), SqlState::NULL_VALUE_NOT_ALLOWED),
        (format!("'[{fifteen}1e300]'::jsonb"), SqlState::NUMERIC_VALUE_OUT_OF_RANGE),
    ] {
        let error = database.error(&format!("SELECT {array}::signature"));
        assert_eq!(error.code(), &code, "{array}: {}", error.message());
        assert!(
            error.message().contains("no signature") || error.message().contains("array of 16")
        );
    }
}

#[test]
fn a_large_jsonb_is_read_where_it_lies() {
    let mut database = Database::create("types_large_jsonb");
    database
        .client
        .batch_execute(
            "CREATE TABLE j (id int, json jsonb);
             INSERT INTO j SELECT id, ('[' || repeat(part || ',', 500000) || '1]')::jsonb
             FROM (VALUES (1, '1e3'), (2, '[]'), (3, '\"\\u0041\"')) AS v(id, part);
             SELECT array_fill(1::real, ARRAY[16])::signature",
        )
        .expect("three of them");
    let backend = database.backend();
    database.client.query_one("SELECT sum(jsonb_array_length(json)) FROM j", &[]).expect("read");
    // Room for one, but not for another form of it.
    limit(backend, kilobytes(backend, "VmSize") + (16 << 10));
    for (id, code) in [
        (1, SqlState::DATA_EXCEPTION),
        (2, SqlState::NULL_VALUE_NOT_ALLOWED),
        (3, SqlState::NULL_VALUE_NOT_ALLOWED),
    ] {
        let error = database.error(&format!("SELECT json::signature FROM j WHERE id = {id}"));
        assert_eq!(error.code(), &code, "{id}: {}", error.message());
    }
    unlimit(backend);
    assert_eq!(database.backend(), backend);
}

#[test]
fn equal_signatures_group_join_and_are_unique() {
    let mut database = rows("types_equal");
    let query = "SELECT count(DISTINCT sig) || ' ' || count(*) FROM t";
    assert_eq!(database.value(query).as_deref(), Some("50 201"));
    let query = "SELECT count(*)::text FROM (SELECT sig FROM t GROUP BY sig HAVING count(*) = 5) v";
    assert_eq!(database.value(query).as_deref(), Some("1"), "zero and minus zero are one");
    for (off, name) in [
        ("enable_mergejoin, enable_nestloop", "Hash Join"),
        ("enable_hashjoin, enable_nestloop", "Merge Join"),
    ] {
        for setting in off.split(", ") {
            database.client.batch_execute(&format!("SET {setting} = off")).expect("set");
        }
        let join = "SELECT count(*)::text FROM t a JOIN t b USING (sig)";
        let plan = database.plan(join);
        assert!(plan.contains(name), "{plan}");
        // 49 values four times, and zero five times.
        assert_eq!(database.value(join).as_deref(), Some("809"));
        database.client.batch_execute("RESET ALL").expect("reset");
    }
    let error = database.error("CREATE UNIQUE INDEX ON t (sig)");
    assert_eq!(error.code(), &SqlState::UNIQUE_VIOLATION);
    database
        .client
        .batch_execute("DELETE FROM t WHERE id > 49; CREATE UNIQUE INDEX ON t (sig)")
        .expect("unique now");
    let error = database.error("INSERT INTO t SELECT 99, sig FROM t WHERE id = 7");
    assert_eq!(error.code(), &SqlState::UNIQUE_VIOLATION);
}

#[test]
fn the_order_is_that_of_the_numbers() {
    let mut database = rows("types_order");
    database
        .client
        .batch_execute("CREATE INDEX ON t (sig); CREATE INDEX ON t USING hash (sig)")
        .expect("indexes");
    let query = "SELECT bool_and(before <= sig AND NOT before > sig)::text
                 FROM (SELECT lag(sig) OVER (ORDER BY sig) AS before, sig FROM t) v
                 WHERE before IS NOT NULL";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let query = "SELECT string_agg((a.sig < b.sig)::int::text || (a.sig <= b.sig)::int::text ||
                     (a.sig = b.sig)::int::text || (a.sig <> b.sig)::int::text ||
                     (a.sig >= b.sig)::int::text || (a.sig > b.sig)::int::text, ' ' ORDER BY b.id)
                 FROM t a, t b WHERE a.id = 2 AND b.id IN (1, 2, 3)";
    assert_eq!(database.value(query).as_deref(), Some("000111 011010 110100"));
    database
        .client
        .batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        .expect("set");
    let query =
        "SELECT count(*)::text FROM t WHERE sig = array_fill(7::real, ARRAY[16])::signature";
    assert!(database.plan(query).contains("Index"), "{}", database.plan(query));
    assert_eq!(database.value(query).as_deref(), Some("4"));
}

#[test]
fn equal_patterns_are_equal() {
    let mut database = Database::create("types_patterns");
    let query = "SELECT (a = b)::text || (a <> c)::text || (a = c)::text
                 FROM (SELECT repeat('1 ', 4096)::pattern AS a, repeat('1,', 4096)::pattern AS b,
                              ('2 ' || repeat('1 ', 4095))::pattern AS c) v";
    assert_eq!(database.value(query).as_deref(), Some("truetruefalse"));
}

/// 200 of them, of which 50 differ in the last number, and −0 beside 0.
#[test]
fn patterns_have_an_order_and_group_by_it() {
    let mut database = Database::create("types_pattern_order");
    database
        .client
        .batch_execute(
            "CREATE TABLE t (id int, patt pattern);
             INSERT INTO t SELECT i, (repeat('1 ', 4095) || i % 50)::pattern FROM generate_series(1, 200) i;
             INSERT INTO t VALUES (0, (repeat('1 ', 4095) || '-0')::pattern),
                                  (201, ('-1 ' || repeat('9 ', 4095))::pattern);
             ANALYZE t",
        )
        .expect("rows");
    let class = "SELECT count(*)::text FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
                 WHERE opcintype = 'pattern'::regtype AND opcdefault AND amname IN ('btree', 'hash')
                 AND amvalidate(c.oid)";
    assert_eq!(database.value(class).as_deref(), Some("2"));
    let first =
        "SELECT string_agg(id::text, ' ') FROM (SELECT id FROM t ORDER BY patt, id LIMIT 7) v";
    assert_eq!(database.value(first).as_deref(), Some("201 0 50 100 150 200 1"));
    let last =
        "SELECT string_agg(id::text, ' ') FROM (SELECT id FROM t ORDER BY patt DESC, id LIMIT 5) v";
    assert_eq!(database.value(last).as_deref(), Some("49 99 149 199 48"));
    for settings in ["SET enable_hashagg = off; SET enable_hashjoin = off", "SET enable_sort = off"]
    {
        database.client.batch_execute(settings).expect("set");
        for (query, answer) in [
            ("SELECT count(DISTINCT patt)::text FROM t", "51"),
            ("SELECT count(*)::text FROM (SELECT DISTINCT patt FROM t) v", "51"),
            (
                "SELECT max(n) || ' ' || count(*) FROM (SELECT count(*) n FROM t GROUP BY patt) v",
                "5 51",
            ),
            ("SELECT count(*)::text FROM (SELECT patt FROM t UNION SELECT patt FROM t) v", "51"),
            // 49 groups of four, one of five, and one alone.
            ("SELECT count(*)::text FROM t a JOIN t b ON a.patt = b.patt", "810"),
        ] {
            assert_eq!(database.value(query).as_deref(), Some(answer), "{settings}: {query}");
        }
        database.client.batch_execute("RESET ALL").expect("reset");
    }
    database
        .client
        .batch_execute("SET enable_hashjoin = off; SET enable_nestloop = off")
        .expect("set");
    let join = "SELECT count(*) FROM t a JOIN t b ON a.patt = b.patt";
    assert!(database.plan(join).contains("Merge Join"), "{}", database.plan(join));
    let query = "SELECT string_agg((a.patt < b.patt)::int::text || (a.patt <= b.patt)::int::text ||
                     (a.patt = b.patt)::int::text || (a.patt <> b.patt)::int::text ||
                     (a.patt >= b.patt)::int::text || (a.patt > b.patt)::int::text, ' ' ORDER BY b.id)
                 FROM t a, t b WHERE a.id = 2 AND b.id IN (1, 2, 3)";
    assert_eq!(database.value(query).as_deref(), Some("000111 011010 110100"));
}

#[test]
fn avg_is_the_centre_in_parallel_too() {
    let mut database = rows("types_avg");
    let query = "SELECT avg(sig)::real[] = array_fill((SELECT avg(i % 50)::real
                 FROM generate_series(1, 200) i), ARRAY[16]) FROM t WHERE id > 0";
    assert_eq!(database.value(query).as_deref(), Some("t"));
    assert_eq!(database.value("SELECT avg(sig)::text FROM t WHERE false"), None);
    assert_eq!(database.value("SELECT avg(NULL::signature)::text FROM t"), None);
    let one = database.value("SELECT avg(sig)::text FROM t");
    database
        .client
        .batch_execute(
            "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
             SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2",
        )
        .expect("set");
    let plan = database.plan("SELECT avg(sig) FROM t");
    assert!(plan.contains("Partial Aggregate"), "{plan}");
    assert_eq!(database.value("SELECT avg(sig)::text FROM t"), one);
    // Centres of groups, and a moving one.
    let query = "SELECT count(*)::text FROM (SELECT avg(sig) FROM t GROUP BY id % 7) v";
    assert_eq!(database.value(query).as_deref(), Some("7"));
    let query = "SELECT count(a)::text FROM (SELECT avg(sig) OVER (ORDER BY id ROWS 3 PRECEDING) AS a FROM t) v";
    assert_eq!(database.value(query).as_deref(), Some("201"));
}
