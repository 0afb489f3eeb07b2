//! Statements cancelled at any moment leave what was there, no files and no memory.

use crate::cluster::{Cluster, Server};
use crate::exact::index_equals_scan;
use crate::files::{assert_none_left, of_databases};
use crate::fixture::fixture;
use crate::items::{INDEXES, TABLE, create_indexes, load};
use crate::knob::knob;
use crate::memory::Kept;
use crate::random::{Draw as _, Random};
use crate::servers::backend;
use postgres::Client;
use postgres::error::SqlState;
use std::time::Duration;

/// The longest that a statement runs before it is cancelled, in milliseconds.
const LONGEST: usize = 400;

/// Cancels what another session runs.
struct Canceller<'a> {
    cluster: &'a Cluster,
    session: Client,
    /// The one it cancels.
    backend: i32,
}

impl<'a> Canceller<'a> {
    fn of(cluster: &'a Cluster, client: &mut Client) -> Self {
        Canceller { cluster, session: cluster.connect("postgres"), backend: backend(client) }
    }

    /// Has the other session run a statement and cancels it after a while; whether it was
    /// cancelled in time.
    fn cancel(&mut self, client: &mut Client, statement: &str, random: &mut Random) -> bool {
        let moment = Duration::from_millis(random.below(LONGEST) as u64);
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(moment);
                // Not by the protocol's own request, which has no answer, and may hit what
                // runs next. When this is answered, the signal has come.
                let cancel = "SELECT pg_cancel_backend($1)";
                self.session.execute(cancel, &[&self.backend]).expect("sent");
            });
            client.batch_execute(statement)
        });
        if let Err(error) = &result {
            assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{statement}: {error:?}");
        }
        result.is_err()
    }

    /// Has `statement` cancelled so many times; `undo` where it was too fast. No files and no
    /// memory stay.
    fn cancel_often(&mut self, client: &mut Client, statement: &str, undo: &str) {
        let times = knob("IMGSMLR_RS_CANCELLATIONS", 9);
        let mut random = Random(9);
        // Once to its end, for what a backend takes and keeps when it first comes there.
        client.batch_execute(statement).expect(statement);
        client.batch_execute(undo).expect(undo);
        let before = of_databases(self.cluster, client);
        let mut kept = Kept::by(self.backend);
        let mut cancelled = 0;
        for _ in 0..20 * times {
            if self.cancel(client, statement, &mut random) {
                cancelled += 1;
                kept.read(client);
            } else {
                client.batch_execute(undo).expect(undo);
            }
            if cancelled == times {
                break;
            }
        }
        assert_eq!(cancelled, times, "{statement}");
        assert_none_left(&before, &of_databases(self.cluster, client), statement);
        let grown = kept.grown();
        println!("{statement}: cancelled {cancelled} times, {grown} kB stay");
        assert!(grown < 1 << 10, "{statement}: {grown} kB");
    }
}

#[test]
fn cancelled_statements_leave_nothing_behind() {
    let cluster = Cluster::start_giving_back(&Server::tested(), "cancelled", "-c autovacuum=off");
    let mut client = cluster.database("cancelled");
    let mut random = Random(7);
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..40_000);
    client
        .batch_execute("INSERT INTO item SELECT id + 40000, 0, NULL, sig FROM item")
        .expect("as many");
    let mut canceller = Canceller::of(&cluster, &mut client);
    for memory in ["256MB", "1MB"] {
        client.batch_execute(&format!("SET maintenance_work_mem = '{memory}'")).expect("set");
        for index in &INDEXES {
            canceller.cancel_often(&mut client, &index.create(), &index.drop());
        }
    }
    create_indexes(&mut client);
    for index in &INDEXES {
        canceller.cancel_often(&mut client, &format!("REINDEX INDEX {}", index.name), "");
    }
    for index in INDEXES.iter().filter(|index| index.is_kdtree()) {
        let pairs = format!("SELECT count(*) FROM kdtree_pairs('{}', 1)", index.name);
        canceller.cancel_often(&mut client, &pairs, "");
    }
    let insert = "INSERT INTO item SELECT id + 100000, 0, NULL, sig FROM item WHERE id < 20000";
    canceller.cancel_often(&mut client, insert, "DELETE FROM item WHERE id >= 100000");
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
    canceller.cancel_often(&mut client, bulk, "DROP TABLE converted");
    let update = "UPDATE picture SET patt = image2pattern(file)";
    canceller.cancel_often(&mut client, update, "UPDATE picture SET patt = NULL");
    let converted = "SELECT count(patt), count(*) FROM picture";
    let row = client.query_one(converted, &[]).expect("counts");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 60));
}
