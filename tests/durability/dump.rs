//! Dumps of every format and `pg_upgrade` lose no bit and answer the same.

use crate::cluster::{Cluster, Server};
use crate::exact::{answers, index_equals_scan};
use crate::items::{TABLE, create_indexes, fingerprint, load};
use crate::random::Random;
use postgres::Client;

const ROWS: i32 = 3000;

/// Debian's 15.20 notes an option on every column that no other server knows, and dumps it.
pub const FOREIGN_OPTIONS: &str = "
    UPDATE pg_attribute SET attoptions = NULL WHERE attoptions::text LIKE '{pg_attver=%'";

fn fill(cluster: &Cluster) -> Client {
    let mut client = cluster.database("original");
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..ROWS);
    create_indexes(&mut client);
    client.batch_execute(FOREIGN_OPTIONS).expect("set to null");
    client
}

/// Dumps the database `original` in each format by `from`'s own programs or newer
/// ones, and restores it into `to`.
fn dump_and_restore(programs: &Server, from: &Cluster, to: &Cluster) {
    let mut original = fill(from);
    let (before, expected) = (fingerprint(&mut original), answers(&mut original));
    for (format, dump, restore) in [
        ("plain", &["--format=plain"][..], "psql"),
        ("custom", &["--format=custom"], "pg_restore"),
        ("directory", &["--format=directory", "--jobs=2"], "pg_restore"),
    ] {
        let file = from.path(&format!("dump.{format}"));
        let (source, target) = (from.socket(), to.socket());
        let connection = ["--host", &source, "--username=postgres", "--file", &file, "original"];
        programs.run("/", "pg_dump", &[dump, &connection].concat());

        let copy = format!("copy_{format}");
        let create = format!("CREATE DATABASE {copy}");
        to.connect("postgres").batch_execute(&create).expect("a database");
        let options: &[&str] = match restore {
            "psql" => &["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file"],
            _ => &["--exit-on-error", "--jobs=2"],
        };
        let connection = ["--host", &target, "--username=postgres", "--dbname", &copy];
        programs.run("/", restore, &[&connection, options, &[&file]].concat());

        let mut restored = to.connect(&copy);
        assert_eq!(fingerprint(&mut restored), before, "{format}");
        assert_eq!(answers(&mut restored), expected, "{format}");
        assert_eq!(index_equals_scan(&mut restored, &mut Random(1)), ROWS as usize);
    }
}

#[test]
fn a_dump_restores_every_bit() {
    let server = Server::tested();
    let cluster = Cluster::start(&server, "dump", "");
    dump_and_restore(&server, &cluster, &cluster);
}

#[test]
fn a_dump_of_an_older_server_restores_every_bit() {
    let Some(older) = Server::older() else { return };
    let server = Server::tested();
    let from = Cluster::start(&older, "dump-from", "");
    let to = Cluster::start(&server, "dump-to", "");
    dump_and_restore(&server, &from, &to);
}

#[test]
fn pg_upgrade_keeps_data_and_index() {
    let Some(older) = Server::older() else { return };
    let server = Server::tested();
    let from = Cluster::start(&older, "upgrade-from", "");
    let (before, expected, checksums) = {
        let mut original = fill(&from);
        let checksums = original.query_one("SHOW data_checksums", &[]).expect("on or off");
        (fingerprint(&mut original), answers(&mut original), checksums.get::<_, String>(0))
    };
    from.stop("fast");
    // From version 18 on initdb turns checksums on, and pg_upgrade wants the same on both sides.
    let off: &[&str] = if checksums == "off" { &["--no-data-checksums"] } else { &[] };
    let to = Cluster::make(&server, "upgrade-to", "", off);
    to.upgrade_from(&from);
    to.start_again();

    let mut upgraded = to.connect("original");
    assert_eq!(fingerprint(&mut upgraded), before);
    assert_eq!(answers(&mut upgraded), expected);
    let mut random = Random(2);
    assert_eq!(index_equals_scan(&mut upgraded, &mut random), ROWS as usize);
    // The index of the old server takes the new one's rows.
    load(&mut upgraded, ROWS..2 * ROWS);
    upgraded.batch_execute("DELETE FROM item WHERE id % 3 = 0; ").expect("deleted");
    upgraded.batch_execute("VACUUM item").expect("vacuumed");
    index_equals_scan(&mut upgraded, &mut random);
}
