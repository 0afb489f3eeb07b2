//! Logical replication brings every bit of both types, as text and in binary.

use crate::cluster::{Cluster, Server};
use crate::deadline::eventually;
use crate::exact::{answers, index_equals_scan};
use crate::items::{TABLE, create_indexes, fingerprint, load};
use crate::random::Random;

#[test]
fn subscribers_have_every_bit() {
    let server = Server::tested();
    let from = Cluster::start(&server, "publisher", "-c wal_level=logical");
    let to = Cluster::start(&server, "subscriber", "");
    let mut publisher = from.database("published");
    publisher.batch_execute(TABLE).expect("a table");
    load(&mut publisher, 0..500);
    create_indexes(&mut publisher);
    publisher.batch_execute("CREATE PUBLICATION items FOR TABLE item").expect("a publication");

    let mut subscribers = Vec::new();
    for (name, binary) in [("as_text", false), ("in_binary", true)] {
        let mut client = to.database(name);
        let subscribe = format!(
            "CREATE SUBSCRIPTION {name} CONNECTION '{} dbname=published' PUBLICATION items
             WITH (binary = {binary})",
            from.address()
        );
        client.batch_execute(TABLE).expect("a table");
        create_indexes(&mut client);
        client.batch_execute(&subscribe).expect("a subscription");
        subscribers.push((name, client));
    }
    // First the copy of what is there, then inserts, and updates of a row with its pattern,
    // without it, and of the pattern alone.
    for changes in [
        "",
        "INSERT INTO item SELECT id + 1000, 0, patt, sig FROM item",
        "UPDATE item SET version = 1 WHERE id % 2 = 0",
        "UPDATE item SET sig = (SELECT sig FROM item WHERE id = 77) WHERE id % 3 = 0",
        "UPDATE item SET patt = shuffle_pattern(patt) WHERE id % 5 = 0 AND id > 5",
        "DELETE FROM item WHERE id % 4 = 1",
    ] {
        publisher.batch_execute(changes).expect(changes);
        let published = fingerprint(&mut publisher);
        for (name, client) in &mut subscribers {
            eventually(&format!("{name}: {changes}"), || fingerprint(client) == published);
        }
    }
    let expected = answers(&mut publisher);
    for (name, client) in &mut subscribers {
        assert_eq!(answers(client), expected, "{name}");
        index_equals_scan(client, &mut Random(4));
    }
}
