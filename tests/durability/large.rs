//! `kdtree` at a size where pages are split, emptied and used again all the time, on a server
//! with checksums: sound after crashes, on a replica, once that is promoted, at an earlier
//! moment, and after `pg_upgrade`. A million rows in `make soak`, fewer in `make test`.

use crate::answers::by_distance;
use crate::cluster::{Cluster, Server};
use crate::dump::FOREIGN_OPTIONS;
use crate::exact::compare_by;
use crate::fingerprints::Fingerprints;
use crate::knob::knob;
use crate::random::{Draw as _, Random};
use crate::servers::{archiving, await_archive, await_recovery, catch_up, promote, recovering};
use postgres::{Client, Error, GenericClient};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

const TABLE: &str = "CREATE TABLE large (id int, fp fingerprint)";
const INDEX: &str = "CREATE INDEX large_fp ON large USING kdtree (fp)";
const CHECKSUMS: &str = "--data-checksums";
const ROUNDS: usize = 3;
const QUERIES: usize = 5;
const LIMIT: usize = 50;

/// Rows, and what to search by.
struct Source {
    fingerprints: Fingerprints,
    random: Random,
    next: i32,
}

impl Source {
    fn new(seed: u64) -> Self {
        Source { fingerprints: Fingerprints::read(), random: Random(seed), next: 0 }
    }

    fn draw(&mut self) -> String {
        self.fingerprints.draw(&mut self.random).map(|number| format!("{number:02x}")).concat()
    }

    /// So many rows more.
    fn load(&mut self, client: &mut impl GenericClient, count: i32) -> Result<(), Error> {
        let mut copy = client.copy_in("COPY large FROM STDIN")?;
        for _ in 0..count {
            let value = self.draw();
            // What keeps a row from being sent is told at the end.
            if writeln!(copy, "{}\t{value}", self.next).is_err() {
                break;
            }
            self.next += 1;
        }
        copy.finish()?;
        Ok(())
    }
}

/// A session with a table of as many rows as the knob says, and its index.
fn fill(cluster: &Cluster, source: &mut Source) -> Client {
    let mut client = cluster.database("large");
    client.batch_execute(TABLE).expect("a table");
    let rows = knob("IMGSMLR_RS_LARGE", 20_000);
    source.load(&mut client, rows as i32).expect("loaded");
    client.batch_execute(INDEX).expect("an index");
    client
}

/// The index answers as the table does, and, where it may be asked, finds itself sound. Gives
/// the answers, rows by their distances.
fn sound(client: &mut Client) -> Vec<BTreeMap<u64, Vec<i32>>> {
    let mut source = Source::new(99);
    let mut transaction = client.transaction().expect("a transaction");
    let answers = (0..QUERIES)
        .map(|_| {
            let distance = format!("fp <-> '{}'", source.draw());
            let query =
                format!("SELECT id, {distance} FROM large ORDER BY {distance} LIMIT {LIMIT}");
            by_distance(&compare_by(&mut transaction, "large_fp", "large", &query))
        })
        .collect();
    transaction.commit().expect("committed");
    let check = "SELECT kdtree_check('large_fp') WHERE NOT pg_is_in_recovery()";
    client.query(check, &[]).expect("sound");
    answers
}

/// Inserts, deletes and vacuums until the server is gone, or to the end.
fn write(client: &mut Client, source: &mut Source, transactions: usize) -> Result<(), Error> {
    for number in 0..transactions {
        source.load(client, 1000)?;
        let gone = source.random.below(100);
        client.batch_execute(&format!("DELETE FROM large WHERE id % 100 = {gone}"))?;
        if number % 4 == 3 {
            client.batch_execute("VACUUM large")?;
        }
    }
    Ok(())
}

/// Kills the server while it is written to, and starts it again.
fn crash(cluster: &Cluster, source: &mut Source, all: bool) -> Client {
    let mut client = cluster.connect("large");
    std::thread::scope(|scope| {
        let moment = Duration::from_millis(500 + source.random.below(2000) as u64);
        // It ends by an error: the server's.
        scope.spawn(move || write(&mut client, source, usize::MAX).expect_err("killed"));
        std::thread::sleep(moment);
        cluster.kill(all);
    });
    cluster.start_again();
    cluster.connect("large")
}

/// Stops it and has every page's checksum compared.
fn stop_and_verify(cluster: &Cluster) {
    cluster.stop("fast");
    cluster.server.run("/", "pg_checksums", &["--check", "--pgdata", &cluster.path("data")]);
}

#[test]
fn a_large_index_outlives_crashes_promotion_and_recovery_to_a_moment() {
    let server = Server::tested();
    let archive = Cluster::nowhere(&server, "large", "").path("archive");
    // As in COMPARED, of the index alone: the table's pages would be too many.
    let options = format!(
        "-c wal_consistency_checking=generic -c fsync=on -c shared_buffers=64MB \
         -c max_wal_size=256MB {}",
        archiving(&archive)
    );
    let cluster = Cluster::make(&server, "large", &options, &[CHECKSUMS]);
    cluster.start_again();
    let mut source = Source::new(1);
    let mut client = fill(&cluster, &mut source);
    sound(&mut client);
    drop(client);
    let restored = cluster.backup("large-restored", &recovering(&archive));

    for round in 0..ROUNDS {
        sound(&mut crash(&cluster, &mut source, round % 2 == 0));
    }

    let mut client = cluster.connect("large");
    client.batch_execute("SELECT pg_create_restore_point('then')").expect("a restore point");
    let then = sound(&mut client);

    // It is written to while it is copied, and then while the copy replays.
    let replica = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&mut client, &mut source, 20));
        let replica = cluster.replica("large-replica", "-c max_standby_streaming_delay=-1");
        writing.join().expect("not killed").expect("written");
        replica
    });
    let mut standby = replica.connect("large");
    write(&mut client, &mut source, 5).expect("written");
    catch_up(&mut client, &mut standby);
    assert_eq!(sound(&mut standby), sound(&mut client));
    promote(&mut standby);
    sound(&mut standby);
    write(&mut standby, &mut source, 5).expect("written");
    sound(&mut standby);
    drop(standby);
    stop_and_verify(&replica);

    await_archive(&mut client);
    drop(client);
    stop_and_verify(&cluster);

    restored.start_again();
    let mut client = restored.connect("large");
    await_recovery(&mut client);
    assert_eq!(sound(&mut client), then);
    write(&mut client, &mut source, 5).expect("written");
    sound(&mut client);
    drop(client);
    stop_and_verify(&restored);
}

#[test]
fn pg_upgrade_keeps_a_large_index() {
    let Some(older) = Server::older() else { return };
    let server = Server::tested();
    let from = Cluster::make(&older, "large-from", "", &[CHECKSUMS]);
    from.start_again();
    let mut source = Source::new(2);
    let expected = {
        let mut client = fill(&from, &mut source);
        write(&mut client, &mut source, 5).expect("written");
        client.batch_execute(FOREIGN_OPTIONS).expect("set to null");
        sound(&mut client)
    };
    stop_and_verify(&from);
    let to = Cluster::make(&server, "large-to", "", &[CHECKSUMS]);
    to.upgrade_from(&from);
    to.start_again();
    let mut client = to.connect("large");
    assert_eq!(sound(&mut client), expected);
    write(&mut client, &mut source, 5).expect("written");
    sound(&mut client);
    drop(client);
    stop_and_verify(&to);
}
