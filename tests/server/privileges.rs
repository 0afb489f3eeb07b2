//! Who may do what: a database's owner needs no superuser, and the extension lets
//! no one out of the database.

use crate::database::Database;
use crate::fixture::fixture;
use postgres::error::SqlState;
use std::path::Path;

/// A role that may log in and nothing else.
fn plain_role(database: &mut Database, role: &str) {
    let there = database.column(&format!("SELECT 1 FROM pg_roles WHERE rolname = '{role}'"));
    if there.is_empty() {
        database.client.batch_execute(&format!("CREATE ROLE {role} LOGIN")).expect("a role");
    }
}

#[test]
fn a_database_owner_installs_uses_and_updates_it() {
    let mut database = Database::create("privileges_owner");
    plain_role(&mut database, "imgsmlr_rs_owner");
    let name = database.name().to_owned();
    database
        .client
        .batch_execute(&format!(
            "DROP EXTENSION imgsmlr_rs; ALTER DATABASE {name} OWNER TO imgsmlr_rs_owner;
             GRANT ALL ON SCHEMA public TO imgsmlr_rs_owner"
        ))
        .expect("an owner");
    let mut owner = database.session_of("imgsmlr_rs_owner");
    owner
        .client
        .batch_execute(
            "CREATE EXTENSION imgsmlr_rs VERSION '0.1.0';
             ALTER EXTENSION imgsmlr_rs UPDATE;
             CREATE TABLE t (id int, sig signature(16));
             CREATE INDEX ON t USING gist (sig)",
        )
        .expect("by the owner");
    let insert = "INSERT INTO t VALUES (1, image2signature($1))";
    owner.client.execute(insert, &[&fixture("images/rgb8.png")]).expect("converted");

    if owner.offers("vector", "0.5") {
        let trusted = "SELECT trusted::text FROM pg_available_extension_versions
                       WHERE name = 'vector' ORDER BY version DESC LIMIT 1";
        // pgvector's own control file says who may install that.
        let session = match owner.value(trusted).as_deref() {
            Some("true") => &mut owner,
            _ => &mut database,
        };
        session.client.batch_execute("CREATE EXTENSION vector").expect("pgvector");
        owner.client.batch_execute("CREATE EXTENSION imgsmlr_rs_hnsw").expect("its companion");
        let cast = "SELECT vector_dims(sig::vector)::text FROM t";
        assert_eq!(owner.value(cast).as_deref(), Some("16"));
        owner.client.batch_execute("DROP EXTENSION imgsmlr_rs_hnsw").expect("dropped");
    }
    // What it made is no one's to change but a superuser's.
    let error =
        owner.error("ALTER FUNCTION image2signature(bytea, boolean) OWNER TO imgsmlr_rs_owner");
    assert_eq!(error.code(), &SqlState::INSUFFICIENT_PRIVILEGE);
    let error = owner.error("CREATE CAST (bytea AS signature) WITHOUT FUNCTION");
    assert_eq!(error.code(), &SqlState::INSUFFICIENT_PRIVILEGE);
    owner.client.batch_execute("DROP EXTENSION imgsmlr_rs CASCADE").expect("dropped");
}

#[test]
fn who_may_not_create_in_a_database_may_not_install() {
    let mut database = Database::create("privileges_none");
    plain_role(&mut database, "imgsmlr_rs_guest");
    database.client.batch_execute("DROP EXTENSION imgsmlr_rs").expect("dropped");
    let mut guest = database.session_of("imgsmlr_rs_guest");
    let error = guest.error("CREATE EXTENSION imgsmlr_rs");
    assert_eq!(error.code(), &SqlState::INSUFFICIENT_PRIVILEGE);
}

#[test]
fn functions_are_pure_and_of_one_library() {
    let mut database = Database::create("privileges_functions");
    if database.offers("vector", "0.5") {
        database.client.batch_execute("CREATE EXTENSION imgsmlr_rs_hnsw CASCADE").expect("hnsw");
    }
    let members = "FROM pg_proc p
        JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
        JOIN pg_language l ON l.oid = p.prolang
        WHERE e.extname LIKE 'imgsmlr%'";
    let count = database.value(&format!("SELECT count(*) {members}")).expect("a count");
    assert!(count.parse::<u32>().expect("a number") > 60, "{count}");
    // Immutable, as what reads files or settings of the server is not; run as who calls
    // them; in C from our library, but for some casts and kdtree_pairs, which are SQL, and avg. The
    // planner's and the index' own functions read the catalogs.
    let others = format!(
        "SELECT p.oid::regprocedure::text {members} AND NOT (
             (p.provolatile = 'i' AND p.proparallel = 's' OR p.proname ~ '^kdtree_(handler|check|pairs|pairs_walk)$'
              OR p.proname LIKE '%selectivity')
             AND NOT p.prosecdef AND p.proconfig IS NULL
             AND (l.lanname = 'c' AND p.probin = '$libdir/imgsmlr_rs'
                  OR l.lanname = 'sql' AND p.prosqlbody IS NOT NULL AND p.proname IN (
                      'signature_to_vector', 'signature_from_vector', 'signature_to_json',
                      'signature_from_smallint', 'signature_from_integer', 'signature_from_bigint',
                      'signature_from_numeric', 'kdtree_pairs')
                  OR p.proname = 'avg' AND l.lanname = 'internal' AND p.prokind = 'a'))"
    );
    assert_eq!(database.column(&others), [], "functions of another kind");
}

/// The text of all files below a directory.
fn texts(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else {
            // Constants are no text.
            if path.extension().is_none_or(|extension| extension != "bin") {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.push((path.display().to_string(), text));
            }
        }
    }
    found
}

/// A sphere of signatures is searched by the index although rows are hidden, by a policy or
/// behind a barrier: `signature_in_sphere` is LEAKPROOF. The nearest need no such promise, as
/// an order leaves no row out; but PostgreSQL sorts no table behind a barrier by an index.
#[test]
fn hidden_rows_leave_the_index_to_a_sphere() {
    let mut database = Database::create("privileges_policy");
    plain_role(&mut database, "imgsmlr_rs_reader");
    database
        .client
        .batch_execute(
            "CREATE TABLE t (id int, owner name, sig signature(16));
             INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'imgsmlr_rs_reader' ELSE 'x' END,
                 (SELECT array_agg((hashint4(i * 99 + j) / 1e9)::real) FROM generate_series(1, 16) j)::signature
             FROM generate_series(1, 20000) i;
             CREATE INDEX by_sig ON t USING gist (sig); ANALYZE t;
             CREATE VIEW behind_a_barrier WITH (security_barrier) AS
                 SELECT id, sig FROM t WHERE owner = current_user;
             GRANT SELECT ON t, behind_a_barrier TO imgsmlr_rs_reader;
             ALTER TABLE t ENABLE ROW LEVEL SECURITY;
             CREATE POLICY own ON t USING (owner = current_user)",
        )
        .expect("a policy");
    let [own, foreign] = [6, 7].map(|id| {
        let query = format!("SELECT sig::text FROM t WHERE id = {id}");
        database.value(&query).expect("a signature")
    });
    {
        let mut reader = database.session_of("imgsmlr_rs_reader");
        for table in ["t", "behind_a_barrier"] {
            let query = |center| {
                format!("SELECT id FROM {table} WHERE sig <<->> sphere('{center}', 0.001)")
            };
            let plan = reader.plan(&query(&own));
            assert!(plan.contains("by_sig") && plan.contains("Index Cond"), "{plan}");
            assert_eq!(reader.column(&query(&own)), [Some("6".to_owned())]);
            assert_eq!(reader.column(&query(&foreign)), []);
            let nearest = format!("SELECT id FROM {table} ORDER BY sig <-> '{foreign}' LIMIT 3");
            let plan = reader.plan(&nearest);
            assert_eq!(plan.contains("Index Scan using by_sig"), table == "t", "{plan}");
            let ids = reader.column(&nearest);
            let own = |id: &Option<String>| {
                id.as_ref().is_some_and(|id| id.ends_with(['0', '2', '4', '6', '8']))
            };
            assert!(ids.len() == 3 && ids.iter().all(own), "{ids:?}");
        }
    }
    database
        .client
        .batch_execute("DROP OWNED BY imgsmlr_rs_reader; DROP ROLE imgsmlr_rs_reader")
        .expect("gone");
}

#[test]
fn no_module_reaches_for_files_the_network_or_programs() {
    let sources = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.len() > 30);
    for (path, text) in sources {
        // Their tests may.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for way_out in ["fs", "net", "process", "env", "os"].map(|module| format!("std::{module}"))
        {
            assert!(!text.contains(&way_out), "{path}: {way_out}");
        }
        for way_out in ["OpenTransientFile", "AllocateFile", "PathNameOpenFile", "SPI", "Spi"] {
            assert!(!text.contains(way_out), "{path}: {way_out}");
        }
    }
}

#[test]
fn no_way_around_the_limit_for_pixels() {
    const HUGE: &str = "imgsmlr_rs.max_pixels = 2000000000";
    let mut database = Database::create("privileges_max_pixels");
    plain_role(&mut database, "imgsmlr_rs_pixels");
    let name = database.name().to_owned();
    database
        .client
        .batch_execute(&format!(
            "ALTER DATABASE {name} OWNER TO imgsmlr_rs_pixels;
             GRANT ALL ON SCHEMA public TO imgsmlr_rs_pixels"
        ))
        .expect("an owner");
    let load = "SELECT image_info('')::text";
    let limit = "SHOW imgsmlr_rs.max_pixels";

    // The library is not loaded in a new session, and the setting not known: the first time
    // in each round; and it is, the second.
    let mut plain = database.session_of("imgsmlr_rs_pixels");
    for _ in 0..2 {
        for statement in [
            format!("ALTER DATABASE {name} SET {HUGE}"),
            format!("ALTER ROLE imgsmlr_rs_pixels SET {HUGE}"),
        ] {
            assert_eq!(
                plain.error(&statement).code(),
                &SqlState::INSUFFICIENT_PRIVILEGE,
                "{statement}"
            );
        }
        plain.value(load);
    }
    for setting in [format!("SET {HUGE}"), format!("BEGIN; SET LOCAL {HUGE}")] {
        let mut plain = database.session_of("imgsmlr_rs_pixels");
        plain.client.batch_execute(&setting).expect("no one knows it yet");
        plain.value(load);
        assert_eq!(plain.value(limit).as_deref(), Some("100000000"), "{setting}");
    }
    let function = format!(
        "CREATE FUNCTION huge() RETURNS text LANGUAGE plpgsql SET {HUGE} AS
         'BEGIN PERFORM image_info(''''); RETURN current_setting(''imgsmlr_rs.max_pixels''); END'"
    );
    let mut plain = database.session_of("imgsmlr_rs_pixels");
    if plain.client.batch_execute(&function).is_ok() {
        assert_eq!(plain.value("SELECT huge()").as_deref(), Some("100000000"));
        let error = plain.error("SELECT huge()");
        assert_eq!(error.code(), &SqlState::INSUFFICIENT_PRIVILEGE);
    }
}
