//! A base backup and the WAL after it give an earlier moment back, indexes and all.

use crate::cluster::{Cluster, Server};
use crate::exact::{answers, index_equals_scan};
use crate::items::{INDEXES, TABLE, create_indexes, fingerprint, load};
use crate::random::Random;
use crate::servers::{COMPARED, archiving, await_archive, await_recovery, recovering};

#[test]
fn a_base_backup_and_wal_give_an_earlier_moment_back() {
    let server = Server::tested();
    let archive = Cluster::nowhere(&server, "pitr", "").path("archive");
    let cluster = Cluster::start(&server, "pitr", &format!("{COMPARED} {}", archiving(&archive)));
    let mut client = cluster.database("kept");
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..2000);
    create_indexes(&mut client);
    let restored = cluster.backup("restored", &recovering(&archive));

    // Pages that split, that are emptied and used again, and an index in a file of its own.
    load(&mut client, 2000..6000);
    for statement in [
        "DELETE FROM item WHERE id % 3 = 0 OR id BETWEEN 500 AND 1500",
        "VACUUM item",
        &format!("REINDEX INDEX {}", INDEXES[1].name),
    ] {
        client.batch_execute(statement).expect(statement);
    }
    load(&mut client, 6000..7000);
    client.batch_execute("SELECT pg_create_restore_point('then')").expect("a restore point");
    let (then, expected) = (fingerprint(&mut client), answers(&mut client));

    // What nobody wants back.
    for statement in
        ["DELETE FROM item WHERE id % 2 = 0", "VACUUM item", "UPDATE item SET version = 1"]
    {
        client.batch_execute(statement).expect(statement);
    }
    await_archive(&mut client);
    drop(client);
    cluster.stop("fast");

    restored.start_again();
    let mut client = restored.connect("kept");
    await_recovery(&mut client);
    assert_eq!(fingerprint(&mut client), then);
    assert_eq!(answers(&mut client), expected);
    let mut random = Random(8);
    index_equals_scan(&mut client, &mut random);
    // Life goes on from there.
    load(&mut client, 10_000..11_000);
    client.batch_execute("DELETE FROM item WHERE id % 7 = 0").expect("deleted");
    client.batch_execute("VACUUM item").expect("vacuumed");
    index_equals_scan(&mut client, &mut random);
}
