//! A streaming replica answers as its primary, while that is being written to,
//! at rest, and once promoted.

use crate::cluster::{Cluster, Server};
use crate::deadline::eventually;
use crate::exact::{answers, index_equals_scan};
use crate::items::{TABLE, create_indexes, fingerprint, load};
use crate::knob::knob;
use crate::random::Random;
use crate::servers::{COMPARED, catch_up, promote};
use postgres::Client;
use std::sync::atomic::{AtomicBool, Ordering};

/// Changes rows until told to stop.
fn write(client: &mut Client, stop: &AtomicBool) {
    let mut next = 10_000;
    while !stop.load(Ordering::Relaxed) {
        load(client, next..next + 200);
        let delete = format!("DELETE FROM item WHERE id % 7 = {} AND id >= 100", next / 200 % 7);
        client.batch_execute(&delete).expect("deleted");
        client
            .batch_execute("UPDATE item SET version = version + 1 WHERE id % 50 = 0")
            .expect("updated");
        client.batch_execute("VACUUM item").expect("vacuumed");
        next += 200;
    }
}

#[test]
fn a_replica_answers_as_its_primary() {
    let mut random = Random(3);
    let primary = Cluster::start(&Server::tested(), "primary", COMPARED);
    let mut client = primary.database("replicated");
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..2000);
    create_indexes(&mut client);

    // Searches on the replica are not to be cancelled by what it replays.
    let replica = primary.replica("replica", "-c max_standby_streaming_delay=-1");
    let mut standby = replica.connect("replicated");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| write(&mut client, &stop));
        let compare = || {
            let mut counts = Vec::new();
            for _ in 0..knob("IMGSMLR_RS_COMPARISONS", 15) {
                counts.push(index_equals_scan(&mut standby, &mut random));
            }
            // However long that takes to begin.
            eventually("the replica has replayed some of it", || {
                counts.push(index_equals_scan(&mut standby, &mut random));
                counts.first() != counts.last()
            });
            counts
        };
        let counts = scope.spawn(compare).join();
        // A comparison that failed ends the writing, too.
        stop.store(true, Ordering::Relaxed);
        let counts = counts.expect("compared to the end");
        println!("rows seen by the replica while the primary was written to: {counts:?}");
    });

    catch_up(&mut client, &mut standby);
    let (before, expected) = (fingerprint(&mut client), answers(&mut client));
    assert_eq!(fingerprint(&mut standby), before);
    assert_eq!(answers(&mut standby), expected);

    promote(&mut standby);
    assert_eq!(fingerprint(&mut standby), before);
    assert_eq!(answers(&mut standby), expected);
    standby.batch_execute("DELETE FROM item WHERE id % 3 = 0").expect("deleted");
    standby.batch_execute("VACUUM item").expect("vacuumed");
    load(&mut standby, 5000..6000);
    index_equals_scan(&mut standby, &mut random);
    index_equals_scan(&mut client, &mut random);
}
