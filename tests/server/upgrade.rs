//! `ALTER EXTENSION … UPDATE` from every version that was.

use crate::database::Database;
use crate::fixture::fixture;

const SEARCH: &str = "SELECT string_agg(id::text, ' ') FROM
    (SELECT id FROM t ORDER BY sig <-> (SELECT sig FROM t WHERE id = 7) LIMIT 10) v";

/// All that belongs to the extension, and what it is made of.
fn objects(database: &mut Database) -> Vec<String> {
    let query = "
        SELECT pg_describe_object(classid, objid, 0) || coalesce(
            (SELECT concat_ws(' ', '', pg_get_function_arguments(p.oid), prosrc, pg_get_function_sqlbody(p.oid),
                              provolatile, proisstrict, proparallel, procost, prorows, prosupport, proleakproof,
                              pg_get_function_result(p.oid))
             FROM pg_proc p WHERE p.oid = objid AND classid = 'pg_proc'::regclass AND prokind = 'f'),
            (SELECT concat_ws(' ', '', aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn,
                              aggtranstype::regtype, aggtransspace, agginitval, proparallel)
             FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
             WHERE p.oid = objid AND classid = 'pg_proc'::regclass),
            (SELECT concat_ws(' ', '', castfunc::regprocedure, castcontext, castmethod)
             FROM pg_cast c WHERE c.oid = objid AND classid = 'pg_cast'::regclass),
            (SELECT concat_ws(' ', '', oprcode, oprcom::regoperator, oprnegate::regoperator, oprcanhash, oprcanmerge,
                              oprrest, oprjoin)
             FROM pg_operator o WHERE o.oid = objid AND classid = 'pg_operator'::regclass),
            (SELECT concat_ws(' ', '', typlen, typalign, typstorage, typinput, typoutput, typreceive, typsend,
                              typmodin, typmodout)
             FROM pg_type t WHERE t.oid = objid AND classid = 'pg_type'::regclass), '')
        FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
        AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'imgsmlr_rs') ORDER BY 1";
    database.column(query).into_iter().flatten().collect()
}

#[test]
fn an_updated_extension_is_as_a_new_one_and_keeps_data_and_index() {
    for version in ["0.1.0", "0.2.0"] {
        update_from(version);
    }
}

fn update_from(former: &str) {
    let mut fresh = Database::create(&format!("upgrade_fresh_{}", former.replace('.', "_")));
    let mut database = Database::create(&format!("upgrade_{}", former.replace('.', "_")));
    database
        .client
        .batch_execute(&format!(
            "DROP EXTENSION imgsmlr_rs;
             CREATE EXTENSION imgsmlr_rs VERSION '{former}';
             CREATE TABLE t (id int, patt pattern, sig signature(16));
             INSERT INTO t (id, sig) SELECT i, (SELECT string_agg((hashint4(i * 99 + j) / 1e9)::text, ',')
                                                FROM generate_series(1, 16) j)::signature
             FROM generate_series(1, 3000) i;
             CREATE INDEX by_sig ON t USING gist (sig);
             SET enable_seqscan = off; SET enable_sort = off",
        ))
        .expect("a former version, with data");
    // The library is the new one already; the old SQL must get along with it.
    let file = fixture("images/exif_orientation6.jpg");
    let convert = if former == "0.1.0" { "image2pattern($1)" } else { "image2pattern($1, false)" };
    let insert = &format!("INSERT INTO t (id, patt) VALUES (0, {convert})");
    database.client.execute(insert, &[&file]).expect("converted");
    assert!(database.plan(SEARCH).contains("Index Scan using by_sig"));
    let before = database.value(SEARCH);

    database.client.batch_execute("ALTER EXTENSION imgsmlr_rs UPDATE").expect("updated");
    let version = "SELECT extversion FROM pg_extension WHERE extname = 'imgsmlr_rs'";
    assert_eq!(database.value(version).as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert!(database.plan(SEARCH).contains("Index Scan using by_sig"));
    assert_eq!(database.value(SEARCH), before);
    let query = "SELECT (patt <-> image2pattern($1, false) = 0)::text FROM t WHERE id = 0";
    let same: String = database.client.query_one(query, &[&file]).expect("new function").get(0);
    assert_eq!(same, "true");
    database
        .client
        .batch_execute(
            "INSERT INTO t SELECT id + 5000, NULL, sig FROM t WHERE id > 0; REINDEX INDEX by_sig",
        )
        .expect("goes on");

    // What is new serves the data that was there.
    let search = "SELECT (count(*) = 1)::text FROM t WHERE pattern2fingerprint(patt) <<->>
        sphere(pattern2fingerprint(patt), 0.5)";
    assert_eq!(database.value(search).as_deref(), Some("true"));

    let (updated, new) = (objects(&mut database), objects(&mut fresh));
    assert!(new.len() > 60, "{}", new.len());
    assert_eq!(updated, new);
}
