//! What an application written for the C extension finds, and what an
//! administrator expects of any extension.

use crate::database::Database;

#[test]
fn functions_are_declared_as_they_behave() {
    let mut database = Database::create("drop_in_declarations");
    let functions =
        "SELECT format('%s %s%s%s', p.oid::regprocedure, provolatile, proisstrict, proparallel)
        FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
        JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'imgsmlr_rs'";
    let functions: Vec<String> = database.column(functions).into_iter().flatten().collect();
    assert!(functions.len() >= 28, "{functions:?}");
    for function in &functions {
        // What an aggregate is made of meets nulls: no state yet, no signature.
        let of_nulls = ["avg(", "signature_avg"].iter().any(|name| function.starts_with(name));
        // What reads the catalogs and the table: the planner's and the index' own.
        let reads = ["_selectivity(", "kdtree_handler", "kdtree_check", "kdtree_pairs"];
        let reads = reads.iter().any(|name| function.contains(name));
        let as_declared =
            function.ends_with(" its") || of_nulls && function.ends_with("s") || reads;
        assert!(as_declared, "{function}");
    }
    let costs = database.column(
        "SELECT proname FROM pg_proc WHERE proname IN ('jpeg2pattern', 'png2pattern',
         'gif2pattern', 'image2pattern', 'shuffle_pattern') AND procost < 1000",
    );
    assert!(costs.is_empty(), "{costs:?}");
}

#[test]
fn operators_return_float8_and_commute() {
    let mut database = Database::create("drop_in_operators");
    let operators = database.column(
        "SELECT oprleft::regtype::text || ' ' || oprresult::regtype::text || ' ' || (oprcom = oid)
         FROM pg_operator WHERE oprname = '<->' AND oprleft::regtype::text IN ('pattern', 'signature')
         ORDER BY 1",
    );
    let operators: Vec<String> = operators.into_iter().flatten().collect();
    assert_eq!(operators, ["pattern double precision true", "signature double precision true"]);
}

#[test]
fn the_operator_class_is_valid_and_the_default() {
    let mut database = Database::create("drop_in_opclass");
    let valid = "SELECT amvalidate(oid) AND opcdefault FROM pg_opclass
        WHERE opcname = 'gist_signature_ops'";
    assert_eq!(database.value(valid).as_deref(), Some("t"));
    assert!(database.warnings().is_empty());
}

#[test]
fn a_plain_user_creates_and_drops_it_and_it_moves() {
    let mut database = Database::create("drop_in_trusted");
    database
        .client
        .batch_execute(
            "DROP EXTENSION imgsmlr_rs; DROP ROLE IF EXISTS imgsmlr_rs_owner;
             CREATE ROLE imgsmlr_rs_owner LOGIN;
             GRANT CREATE ON DATABASE imgsmlr_rs_drop_in_trusted TO imgsmlr_rs_owner;
             CREATE SCHEMA pictures AUTHORIZATION imgsmlr_rs_owner;
             CREATE SCHEMA elsewhere AUTHORIZATION imgsmlr_rs_owner;",
        )
        .expect("roles");
    let mut owner = database.session_of("imgsmlr_rs_owner");
    let signature = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
    let statements = format!(
        "CREATE EXTENSION imgsmlr_rs SCHEMA pictures;
         CREATE TABLE pictures.t (s pictures.signature);
         INSERT INTO pictures.t VALUES ('{signature}');"
    );
    owner.client.batch_execute(&statements).expect("a trusted extension");
    // Its objects belong to the superuser, as those of any trusted extension.
    let relocate = "ALTER EXTENSION imgsmlr_rs SET SCHEMA elsewhere";
    database.client.batch_execute(relocate).expect("relocatable");
    let statements = format!(
        "CREATE INDEX t_s ON pictures.t USING gist (s);
         CREATE INDEX t_k ON pictures.t USING kdtree (s);
         SELECT FROM elsewhere.kdtree_pairs('pictures.t_k', 1);
         SET search_path = elsewhere;
         SELECT s <-> '{signature}' FROM pictures.t ORDER BY 1;"
    );
    assert_eq!(owner.value(&statements).as_deref(), Some("0"));
    owner.client.batch_execute("DROP EXTENSION imgsmlr_rs CASCADE").expect("drop");
    // The connection goes first: a role with sessions can't be dropped safely.
    drop(owner);
    database
        .client
        .batch_execute("DROP OWNED BY imgsmlr_rs_owner; DROP ROLE imgsmlr_rs_owner")
        .expect("clean up");
}

#[test]
fn parallel_workers_give_the_same_answer() {
    let mut database = Database::create("drop_in_parallel");
    // Parallel workers load the library too and give the same answers.
    let answer = "
        CREATE TABLE t AS SELECT i, ('(' || repeat(i || ' ', 16) || ')')::signature s
            FROM generate_series(1, 20000) i;
        SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0;
        SET parallel_tuple_cost = 0; SET max_parallel_workers_per_gather = 2;
        SELECT sum(s <-> (SELECT s FROM t WHERE i = 1)) = 4 * 199990000.0 FROM t";
    assert_eq!(database.value(answer).as_deref(), Some("t"));
    let plan = database.plan("SELECT sum(s <-> s) FROM t");
    assert!(plan.contains("Gather"), "{plan}");
}
