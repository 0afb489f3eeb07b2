//! Three servers behind one table: what is shipped to them, what they answer,
//! and what happens without one of them.

use crate::cluster::{Cluster, Server};
use crate::database::Database;
use crate::deadline::eventually;
use crate::partitions::{KINDS, Kind, answer, foreign_scan};
use postgres::error::SqlState;
use std::path::Path;

const ROWS: usize = 6_000;

/// Sessions before servers: that is the order in which they end.
struct Several {
    front: Database,
    shards: Vec<Database>,
    servers: Vec<Cluster>,
}

/// The same version as the shared server's, whose psql `make test` names.
fn server() -> Server {
    let psql = std::env::var("IMGSMLR_RS_PSQL").expect("IMGSMLR_RS_PSQL names no psql");
    Server::of(Path::new(&psql).parent().expect("a directory"))
}

/// `examples/scale_out/servers.sql` over three fresh servers, without rows.
fn several(kind: Kind, name: &str) -> Several {
    let name = &format!("{name}_{}", kind.column());
    let start = |number| Cluster::start(&server(), &format!("{name}-{number}"), "");
    let servers: Vec<Cluster> = (0..3).map(start).collect();
    let create = |server: &Cluster| {
        let config = server.address().parse().expect("a connection string");
        let mut shard = Database::create_on(&config, name);
        shard.client.batch_execute(&kind.example("shard.sql")).expect("shard.sql");
        shard
    };
    let shards: Vec<Database> = servers.iter().map(create).collect();
    let mut front = Database::create(name);
    let mut sql = kind.example("servers.sql").replace(":'dbname'", &format!("'{}'", front.name()));
    for (number, server) in servers.iter().enumerate() {
        sql = sql.replace(&format!(":'host_{number}'"), &format!("'{}'", server.socket()));
    }
    front.client.batch_execute(&sql).expect("servers.sql");
    front.client.batch_execute(&kind.example("all_servers.sql")).expect("all_servers.sql");
    Several { front, shards, servers }
}

/// The same rows in `single`, on the front server alone.
fn load_single(kind: Kind, front: &mut Database) {
    kind.create_single(front);
    kind.load(front, "single", ROWS);
}

/// The lines of a plan that says what is sent to the servers.
fn shipped(front: &mut Database, query: &str) -> Vec<String> {
    let plan = front.column(&format!("EXPLAIN (VERBOSE, COSTS OFF) {query}"));
    let lines: Vec<String> = plan.into_iter().flatten().collect();
    let sent = |line: &String| line.trim_start().strip_prefix("Remote SQL: ").map(str::to_owned);
    lines.iter().filter_map(sent).collect()
}

fn scans_of_the_index(kind: Kind, shard: &mut Database) -> u64 {
    let scans = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'picture_";
    shard
        .value(&format!("{scans}{}'", kind.column()))
        .expect("the index")
        .parse()
        .expect("a number")
}

#[test]
fn order_limit_and_range_are_shipped_and_answers_are_those_of_one_server() {
    KINDS.into_iter().for_each(search);
}

fn search(kind: Kind) {
    let mut several = several(kind, "several_search");
    kind.load(&mut several.front, "picture", ROWS);
    load_single(kind, &mut several.front);
    for shard in &mut several.shards {
        shard.client.batch_execute("ANALYZE").expect("analyze");
    }
    several.front.client.batch_execute("ANALYZE").expect("analyze");
    let front = &mut several.front;
    let scan = foreign_scan(front);
    let order = format!("ORDER BY ({} OPERATOR(public.<->) ", kind.column());
    let condition = format!("WHERE (({} OPERATOR(public.<<->>) ", kind.column());

    for query in kind.queries(10) {
        let expected = answer(front, &kind.nearest("single", &query, 20));

        let plain = kind.nearest("picture", &query, 20);
        let plan = front.plan(&plain);
        assert!(plan.contains("Merge Append"), "{plan}");
        let sent = shipped(front, &plain);
        assert_eq!(sent.len(), 3, "{sent:?}");
        for sent in &sent {
            assert!(sent.contains(&order), "{sent}");
            assert!(!sent.contains("LIMIT"), "{sent}");
        }
        kind.assert_same(&answer(front, &plain), &expected, &query);

        let at_once = format!("SELECT * FROM nearest('{query}', 20)");
        let plan = front.plan(&at_once);
        assert_eq!(plan.matches(scan).count(), 3, "{plan}");
        let sent = shipped(front, &at_once);
        assert_eq!(sent.len(), 3, "{sent:?}");
        for sent in &sent {
            assert!(sent.contains(&order), "{sent}");
            assert!(sent.contains("LIMIT 20"), "{sent}");
        }
        kind.assert_same(&answer(front, &at_once), &expected, &query);

        let within = |table: &str| kind.within(table, &query, 0.7);
        let sent = shipped(front, &within("picture"));
        assert_eq!(sent.len(), 3, "{sent:?}");
        for sent in &sent {
            assert!(sent.contains(&condition), "{sent}");
        }
        let plan = front.plan(&within("picture"));
        assert_eq!(plan.matches(scan).count(), 3, "{plan}");
        let within_one = answer(front, &within("single"));
        assert_eq!(answer(front, &within("picture")), within_one, "{query}");
    }

    // Ten searches of each of the first two kinds: 20 scans of each index; a sphere may have so
    // many rows that a server reads the table. The servers say so within seconds of
    // the sessions' end; until then those of PostgreSQL 14 may keep it for themselves.
    front.value("SELECT postgres_fdw_disconnect_all()::text").expect("disconnected");
    for shard in &mut several.shards {
        eventually("20 scans of the index", || scans_of_the_index(kind, shard) >= 20);
    }
}

#[test]
fn rows_go_to_their_servers_by_insert_and_copy() {
    KINDS.into_iter().for_each(load_rows);
}

fn load_rows(kind: Kind) {
    let mut several = several(kind, "several_load");
    kind.load(&mut several.front, "picture", ROWS);
    let copied: Vec<i64> = several.shards.iter_mut().map(count).collect();
    assert_eq!(copied.iter().sum::<i64>(), ROWS as i64);
    for &part in &copied {
        assert!(part > ROWS as i64 / 4, "{copied:?}");
    }

    // From a table of its own: PostgreSQL 14 inserts some rows twice if it reads them
    // from the servers that it sends them to.
    load_single(kind, &mut several.front);
    let column = kind.column();
    let insert = format!("INSERT INTO picture SELECT id + {ROWS}, {column} FROM single");
    several.front.client.batch_execute(&insert).expect("insert");
    let inserted: Vec<i64> = several.shards.iter_mut().map(count).collect();
    assert_eq!(inserted.iter().sum::<i64>(), 2 * ROWS as i64);

    // Every bit arrived, and where the hash says: an update finds its row by its key.
    let twins = format!(
        "SELECT count(*) FROM picture a JOIN picture b ON b.id = a.id + {ROWS}
         AND b.{column} = a.{column}"
    );
    assert_eq!(several.front.value(&twins), Some(ROWS.to_string()));
    let plan = several.front.plan(&format!("SELECT {column} FROM picture WHERE id = 5"));
    assert_eq!(plan.matches("Foreign Scan").count(), 1, "{plan}");
    assert_eq!(several.front.column("SELECT id FROM picture WHERE id = 5").len(), 1);
    let batch = several.front.column(
        "EXPLAIN (VERBOSE, COSTS OFF)
         INSERT INTO picture_1 SELECT * FROM picture WHERE id < 100",
    );
    let batch = batch.into_iter().flatten().collect::<Vec<_>>().join("\n");
    assert!(batch.contains("Batch Size: 1000"), "{batch}");
}

fn count(shard: &mut Database) -> i64 {
    shard.client.query_one("SELECT count(*) FROM picture", &[]).expect("count").get(0)
}

#[test]
fn without_a_server_a_search_says_which_and_the_others_answer() {
    KINDS.into_iter().for_each(search_without_one);
}

fn search_without_one(kind: Kind) {
    let mut several = several(kind, "several_down");
    kind.load(&mut several.front, "picture", ROWS);
    let query = kind.queries(1).remove(0);
    let search = format!("SELECT * FROM nearest('{query}', 20)");
    let whole = answer(&mut several.front, &search);
    assert_eq!(whole.len(), 20);

    // The tests' own session there ends with the server.
    several.shards.remove(1);
    several.servers[1].stop("immediate");
    // The first of these finds its connection broken; there is no other for the second.
    for search in [&search, &kind.nearest("picture", &query, 20)] {
        let error = several.front.error(search);
        assert_eq!(error.code(), &SqlState::SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION);
        assert!(error.message().contains("\"shard_1\""), "{}", error.message());
    }

    // The others, by leaving its partition out.
    let front = &mut several.front;
    let rest = format!(
        "SELECT * FROM (({}) UNION ALL ({})) AS found ORDER BY 2 LIMIT 20",
        kind.nearest("picture_0", &query, 20),
        kind.nearest("picture_2", &query, 20)
    );
    let rest = answer(front, &rest);
    assert_eq!(rest.len(), 20);
    assert!(whole.iter().filter(|row| rest.contains(row)).count() < 20);
    front.client.batch_execute(&kind.example("detach.sql")).expect("detach.sql");
    kind.assert_same(&answer(front, &kind.nearest("picture", &query, 20)), &rest, &query);

    several.servers[1].start_again();
    several.front.client.batch_execute(&kind.example("attach.sql")).expect("attach.sql");
    kind.assert_same(&answer(&mut several.front, &search), &whole, &query);
    let plain = kind.nearest("picture", &query, 20);
    kind.assert_same(&answer(&mut several.front, &plain), &whole, &query);
}

#[test]
fn everything_that_is_shipped_is_immutable_and_of_the_extension() {
    let mut database = Database::create("several_immutable");
    let members = "SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
         WHERE e.extname = 'imgsmlr_rs' AND d.deptype = 'e'
           AND (d.classid = 'pg_proc'::regclass AND d.objid IN (
                  'signature_distance'::regproc, 'signature_in_sphere'::regproc,
                  'sphere(signature,float8)'::regprocedure,
                  'fingerprint_distance'::regproc, 'fingerprint_in_sphere'::regproc,
                  'sphere(fingerprint,float8)'::regprocedure)
             OR d.classid = 'pg_operator'::regclass AND d.objid IN (
                  '<->(signature,signature)'::regoperator,
                  '<<->>(signature,signature_sphere)'::regoperator,
                  '<->(fingerprint,fingerprint)'::regoperator,
                  '<<->>(fingerprint,fingerprint_sphere)'::regoperator))";
    assert_eq!(database.value(members).as_deref(), Some("10"));
    let others = "SELECT p.oid::regprocedure FROM pg_proc p
         JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'imgsmlr_rs'
         WHERE (p.provolatile <> 'i' OR p.proparallel <> 's') AND p.proname NOT LIKE '%selectivity'
           AND p.proname NOT IN ('kdtree_handler', 'kdtree_check', 'kdtree_pairs', 'kdtree_pairs_walk')";
    assert_eq!(database.column(others), Vec::<Option<String>>::new());
}
