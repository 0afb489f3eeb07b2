//! Statements cancelled at any moment leave what was there, no files and no memory.

use crate::cluster::{Cluster, Server};
use crate::exact::index_equals_scan;
use crate::files::{assert_none_left, of_databases};
use crate::fixture::fixture;
use crate::items::{INDEX, TABLE, load};
use crate::knob::knob;
use crate::memory::kilobytes;
use crate::random::{Draw as _, Random};
use crate::servers::backend;
use postgres::error::SqlState;
use postgres::{Client, NoTls};
use std::time::Duration;

/// Runs a statement and cancels it after up to `longest` milliseconds; whether it
/// was cancelled in time.
fn cancel(client: &mut Client, statement: &str, longest: usize, random: &mut Random) -> bool {
    let moment = Duration::from_millis(random.below(longest) as u64);
    let token = client.cancel_token();
    let result = std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(moment);
            token.cancel_query(NoTls).expect("sent");
        });
        client.batch_execute(statement)
    });
    // A cancellation that comes late is for this one, or for none.
    let late = client.batch_execute("SELECT pg_sleep(0.05)");
    for error in [result.as_ref().err(), late.as_ref().err()].into_iter().flatten() {
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{statement}: {error:?}");
    }
    result.is_err()
}

/// Has `statement` cancelled so many times; `undo` where it was too fast. The
/// backend and the files are as after the first third.
fn cancel_often(
    cluster: &Cluster,
    client: &mut Client,
    statement: &str,
    longest: usize,
    undo: &str,
) {
    let times = knob("IMGSMLR_RS_CANCELLATIONS", 9);
    let mut random = Random(9);
    let backend = backend(client);
    let before = of_databases(cluster, client);
    let (mut cancelled, mut first) = (0, 0);
    for _ in 0..20 * times {
        if cancel(client, statement, longest, &mut random) {
            cancelled += 1;
        } else {
            client.batch_execute(undo).expect(undo);
        }
        if cancelled == times.div_ceil(3) {
            first = kilobytes(backend, "RssAnon");
        }
        if cancelled == times {
            break;
        }
    }
    let after = of_databases(cluster, client);
    let grown = kilobytes(backend, "RssAnon").saturating_sub(first);
    println!("{statement}: cancelled {cancelled} times, {grown} kB more after the last two thirds");
    assert_eq!(cancelled, times, "{statement}");
    assert_none_left(&before, &after, statement);
    assert!(grown < 4 << 10, "{statement}: {grown} kB");
}

#[test]
fn cancelled_statements_leave_nothing_behind() {
    let cluster = Cluster::start(&Server::tested(), "cancelled", "-c autovacuum=off");
    let mut client = cluster.database("cancelled");
    let mut random = Random(7);
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..40_000);
    client
        .batch_execute("INSERT INTO item SELECT id + 40000, 0, NULL, sig FROM item")
        .expect("as many");
    for memory in ["256MB", "1MB"] {
        client.batch_execute(&format!("SET maintenance_work_mem = '{memory}'")).expect("set");
        cancel_often(&cluster, &mut client, INDEX, 400, "DROP INDEX item_sig");
    }
    client.batch_execute(INDEX).expect("an index");
    cancel_often(&cluster, &mut client, "REINDEX INDEX item_sig", 400, "");
    let insert = "INSERT INTO item SELECT id + 100000, 0, NULL, sig FROM item WHERE id < 20000";
    cancel_often(&cluster, &mut client, insert, 400, "DELETE FROM item WHERE id >= 100000");
    assert_eq!(index_equals_scan(&mut client, &mut random), 80_000);

    // Each file is another one, so that none is converted once for all.
    client
        .batch_execute("CREATE TABLE picture (id int, file bytea, patt pattern)")
        .expect("a table");
    let fill =
        "INSERT INTO picture SELECT i, $1::bytea || int4send(i) FROM generate_series(1, 60) i";
    client.execute(fill, &[&fixture("images/large_1600x1200.jpg")]).expect("pictures");
    client.batch_execute("ANALYZE picture").expect("analyzed");
    let bulk = "CREATE TABLE converted AS SELECT id, image2pattern(file) FROM picture";
    cancel_often(&cluster, &mut client, bulk, 400, "DROP TABLE converted");
    let update = "UPDATE picture SET patt = image2pattern(file)";
    cancel_often(&cluster, &mut client, update, 400, "UPDATE picture SET patt = NULL");
    let converted = "SELECT count(patt), count(*) FROM picture";
    let row = client.query_one(converted, &[]).expect("counts");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 60));
}
