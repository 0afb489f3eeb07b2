//! Nothing of the extension takes up objects that someone put into the search path:
//! not its scripts, and not its functions.

use crate::data::{Random, uniform};
use crate::database::Database;
use postgres::error::SqlState;

/// Makes functions that fail when called, one for each list of arguments.
fn traps(signatures: &[(&str, &str, &str)]) -> String {
    signatures
        .iter()
        .map(|(name, arguments, result)| {
            format!(
                "CREATE FUNCTION evil.{name}({arguments}) RETURNS {result} LANGUAGE plpgsql IMMUTABLE AS
                 'BEGIN RAISE EXCEPTION ''trapped in {name}''; END';"
            )
        })
        .collect()
}

/// A schema with types, functions, operators and casts of the names that the scripts and
/// PostgreSQL use.
fn hostile_schema() -> String {
    let types = "
        CREATE SCHEMA evil;
        CREATE TYPE evil.signature AS (x int);
        CREATE TYPE evil.pattern AS (x int);
        CREATE TYPE evil.signature_sphere AS (x int);
        CREATE TYPE evil.signature_box AS (x int);
        CREATE TYPE evil.vector AS (x int);
        CREATE DOMAIN evil.bytea AS pg_catalog.bytea;
        CREATE DOMAIN evil.float8 AS pg_catalog.float8;
        CREATE DOMAIN evil.oid AS pg_catalog.oid;
        CREATE DOMAIN evil.jsonb AS pg_catalog.jsonb;
        CREATE DOMAIN evil.text AS pg_catalog.text;
        CREATE TYPE evil.cstring AS (x int);
        CREATE TYPE evil.internal AS (x int);";
    let functions = traps(&[
        ("jpeg2pattern", "pg_catalog.bytea", "evil.pattern"),
        ("image2pattern", "pg_catalog.bytea", "evil.pattern"),
        ("image2pattern", "pg_catalog.bytea, boolean", "evil.pattern"),
        ("pattern2signature", "evil.pattern", "evil.signature"),
        ("signature_eq", "evil.signature, evil.signature", "boolean"),
        ("signature_distance", "evil.signature, evil.signature", "pg_catalog.float8"),
        ("signature_to_vector", "evil.signature, integer, boolean", "evil.vector"),
        ("vector", "evil.vector, integer, boolean", "evil.vector"),
        ("avg", "evil.signature", "evil.signature"),
        ("kdtree_pairs_walk", "pg_catalog.regclass, pg_catalog.float8", "pg_catalog.tid"),
        ("quote_ident", "pg_catalog.text", "pg_catalog.text"),
        ("format", "pg_catalog.text, pg_catalog.text, pg_catalog.text", "pg_catalog.text"),
        ("float_ops", "pg_catalog.float8, pg_catalog.float8", "boolean"),
        ("eq_name", "pg_catalog.name, pg_catalog.text", "boolean"),
        ("eq_name", "pg_catalog.name, pg_catalog.name", "boolean"),
        ("eq_oid", "pg_catalog.oid, pg_catalog.oid", "boolean"),
        ("lt_float8", "pg_catalog.float8, pg_catalog.float8", "boolean"),
    ]);
    let operators = "
        CREATE OPERATOR evil.= (FUNCTION = evil.eq_name, LEFTARG = pg_catalog.name, RIGHTARG = pg_catalog.text);
        CREATE OPERATOR evil.= (FUNCTION = evil.eq_name, LEFTARG = pg_catalog.name, RIGHTARG = pg_catalog.name);
        CREATE OPERATOR evil.= (FUNCTION = evil.eq_oid, LEFTARG = pg_catalog.oid, RIGHTARG = pg_catalog.oid);
        CREATE OPERATOR evil.< (FUNCTION = evil.lt_float8, LEFTARG = pg_catalog.float8, RIGHTARG = pg_catalog.float8);
        CREATE OPERATOR evil.<-> (FUNCTION = evil.signature_distance,
                                  LEFTARG = evil.signature, RIGHTARG = evil.signature);
        CREATE CAST (evil.vector AS evil.signature) WITH INOUT AS IMPLICIT;";
    format!("{types}{functions}{operators}")
}

/// More of them, once the extension's types are there to make them for.
fn hostile_to_its_types() -> String {
    let functions = traps(&[
        ("signature_eq", "public.signature, public.signature", "boolean"),
        ("signature_cmp", "public.signature, public.signature", "integer"),
        ("signature_hash", "public.signature", "integer"),
        ("signature_distance", "public.signature, public.signature", "pg_catalog.float8"),
        ("pattern_distance", "public.pattern, public.pattern", "pg_catalog.float8"),
        ("signature_in_sphere", "public.signature, public.signature_sphere", "boolean"),
        ("signature_to_real", "public.signature", "real[]"),
        ("signature_to_vector", "public.signature, integer, boolean", "evil.vector"),
        ("pattern2signature", "public.pattern", "public.signature"),
    ]);
    let operators = "
        CREATE OPERATOR evil.= (FUNCTION = evil.signature_eq,
                                LEFTARG = public.signature, RIGHTARG = public.signature);
        CREATE OPERATOR evil.<-> (FUNCTION = evil.signature_distance,
                                  LEFTARG = public.signature, RIGHTARG = public.signature);
        CREATE OPERATOR evil.<-> (FUNCTION = evil.pattern_distance,
                                  LEFTARG = public.pattern, RIGHTARG = public.pattern);
        CREATE OPERATOR evil.<<->> (FUNCTION = evil.signature_in_sphere,
                                    LEFTARG = public.signature, RIGHTARG = public.signature_sphere);";
    format!("{functions}{operators}")
}

const EVIL_FIRST: &str = "SET search_path = evil, pg_catalog, public";

/// What outside the hostile schema is made of something inside.
fn captured(database: &mut Database) -> Vec<Option<String>> {
    database.column(
        "SELECT pg_catalog.pg_describe_object(classid, objid, objsubid) || ' of ' ||
                pg_catalog.pg_describe_object(refclassid, refobjid, refobjsubid)
         FROM pg_catalog.pg_depend
         WHERE (pg_catalog.pg_identify_object(refclassid, refobjid, refobjsubid)).identity LIKE '%evil%'
         AND (pg_catalog.pg_identify_object(classid, objid, objsubid)).identity NOT LIKE '%evil%'",
    )
}

/// An empty database with the hostile schema, and that schema first.
fn hostile_database(name: &str) -> Database {
    let mut database = Database::create(name);
    database.client.batch_execute("DROP EXTENSION imgsmlr_rs").expect("dropped");
    database.client.batch_execute(&hostile_schema()).expect("a hostile schema");
    database.client.batch_execute(EVIL_FIRST).expect("set");
    database
}

/// Has every way of the extension's own taken, all names being qualified.
fn use_it(database: &mut Database) {
    let mut random = Random(99);
    let mut row = || uniform(&mut random).map(|value| value.to_string()).join(",");
    let table = "CREATE TABLE public.t (id integer, sig public.signature(16))";
    database.client.batch_execute(table).expect(table);
    for id in 0..500 {
        let insert = format!("INSERT INTO public.t VALUES ({id}, '{}')", row());
        database.client.batch_execute(&insert).expect("a row");
    }
    let center = row();
    for statement in [
        "CREATE INDEX by_gist ON public.t USING gist (sig)",
        "CREATE INDEX by_kdtree ON public.t USING kdtree (sig)",
        "CREATE INDEX by_btree ON public.t USING btree (sig)",
        "CREATE INDEX by_hash ON public.t USING hash (sig)",
        "ANALYZE public.t",
        "SELECT DISTINCT sig FROM public.t",
        "SELECT * FROM public.kdtree_pairs('public.by_kdtree', 5)",
        "SELECT public.kdtree_pairs('public.by_kdtree', 5)",
        "SELECT pg_catalog.count(*) FROM public.t GROUP BY sig ORDER BY sig",
        "SELECT public.avg(sig) FROM public.t",
        "SELECT sig::real[], sig::pg_catalog.float8[], sig::pg_catalog.jsonb, sig::real[]::public.signature
         FROM public.t",
        "SELECT public.image2pattern(''::pg_catalog.bytea), public.image2signature(''::pg_catalog.bytea)",
        "SELECT public.pattern2signature(pg_catalog.repeat('1 ', 4096)::public.pattern)",
        "SET enable_seqscan = off; SET enable_sort = off",
        &format!(
            "SELECT id FROM public.t ORDER BY sig OPERATOR(public.<->) '{center}'::public.signature LIMIT 9"
        ),
            &format!(
            "SELECT id FROM public.t WHERE sig OPERATOR(public.<<->>) public.sphere('{center}'::public.signature, 9)"
        ),
        &format!(
            "SELECT id FROM public.t WHERE sig OPERATOR(public.=) '{center}'::public.signature"
        ),
        "RESET enable_seqscan; RESET enable_sort",
    ] {
        if let Err(error) = database.client.simple_query(statement) {
            panic!("{statement}: {error:?}");
        }
    }
}

#[test]
fn installed_and_used_beside_hostile_objects() {
    let mut database = hostile_database("search_path_install");
    // The trap works: it is first.
    let error = database.error("SELECT quote_ident('x'::pg_catalog.text)");
    assert!(error.message().contains("trapped"), "{}", error.message());

    database.client.batch_execute("CREATE EXTENSION imgsmlr_rs SCHEMA public").expect("installed");
    database.client.batch_execute(&hostile_to_its_types()).expect("more of them");
    let zero = ["0"; 16].join(",");
    let trapped = format!("SELECT '{zero}'::public.signature <-> '{zero}'::public.signature");
    assert!(database.error(&trapped).message().contains("trapped"));
    use_it(&mut database);
    database.client.batch_execute("RESET search_path").expect("reset");
    let pgvector = database.offers("vector", "0.5");
    database.client.batch_execute(EVIL_FIRST).expect("set");
    if pgvector {
        database
            .client
            .batch_execute("CREATE EXTENSION vector SCHEMA public; CREATE EXTENSION imgsmlr_rs_hnsw SCHEMA public")
            .expect("the companion");
        for statement in [
            "CREATE INDEX by_hnsw ON public.t USING hnsw (sig public.signature_hnsw_ops)",
            "SELECT sig::public.vector, sig::public.vector(16) FROM public.t",
        ] {
            database.client.batch_execute(statement).expect(statement);
        }
    }
    assert_eq!(captured(&mut database), []);
}

#[test]
fn updated_beside_hostile_objects() {
    let mut database = hostile_database("search_path_update");
    database
        .client
        .batch_execute("CREATE EXTENSION imgsmlr_rs SCHEMA public VERSION '0.1.0'")
        .expect("installed");
    database.client.batch_execute(&hostile_to_its_types()).expect("more of them");
    database.client.batch_execute("ALTER EXTENSION imgsmlr_rs UPDATE").expect("updated");
    use_it(&mut database);
    assert_eq!(captured(&mut database), []);
}

#[test]
fn an_object_in_its_own_schema_stops_an_update() {
    for object in [
        "CREATE FUNCTION public.signature_eq(public.signature, public.signature) RETURNS boolean
         LANGUAGE sql AS 'SELECT true'",
        "CREATE FUNCTION public.yes(public.signature, public.signature) RETURNS boolean LANGUAGE sql AS 'SELECT true';
         CREATE OPERATOR public.= (FUNCTION = public.yes, LEFTARG = public.signature, RIGHTARG = public.signature)",
        // A shell, left by an operator that says it is the negator.
        "CREATE FUNCTION public.no(public.signature, public.signature) RETURNS boolean LANGUAGE sql AS 'SELECT false';
         CREATE OPERATOR public.!~~! (FUNCTION = public.no, NEGATOR = OPERATOR(public.=),
                                      LEFTARG = public.signature, RIGHTARG = public.signature)",
    ] {
        let mut database = Database::create("search_path_own");
        database
            .client
            .batch_execute("DROP EXTENSION imgsmlr_rs; CREATE EXTENSION imgsmlr_rs VERSION '0.1.0'")
            .expect("the former version");
        database.client.batch_execute(object).expect(object);
        let error = database.error("ALTER EXTENSION imgsmlr_rs UPDATE");
        let refused = [
            SqlState::DUPLICATE_FUNCTION,
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, SqlState::INVALID_FUNCTION_DEFINITION,
        ];
        assert!(refused.contains(error.code()), "{object}: {} {}", error.code().code(), error.message());
        let version = "SELECT extversion FROM pg_extension WHERE extname = 'imgsmlr_rs'";
        assert_eq!(database.value(version).as_deref(), Some("0.1.0"));
    }
}
