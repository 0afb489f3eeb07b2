//! Sixteen clients write and search at once, beside VACUUM; a sample of the answers
//! is compared with the sequential scan's in the same snapshot.

use crate::answers::text;
use crate::cluster::{Cluster, Server};
use crate::data::Photos;
use crate::exact::{compare_nearest, compare_within, index_equals_scan};
use crate::items::{INDEXES, TABLE, create_indexes};
use crate::knob::knob;
use crate::random::{Draw as _, Random};
use postgres::{Client, IsolationLevel};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: i32 = 16;
const ROWS: usize = 20_000;
/// One of so many statements is a comparison.
const SAMPLE: usize = 100;

type Times = BTreeMap<&'static str, Vec<Duration>>;

/// Runs statements, each a transaction, until `end`, and on a slow machine until one was a
/// comparison; the rows it changes are its own.
fn work(client: &mut Client, number: i32, photos: &Photos, end: Instant) -> Times {
    let mut random = Random(number as u64);
    let mut own: Vec<i32> = Vec::new();
    let mut next = ROWS as i32 + number;
    let mut times = Times::new();
    while Instant::now() < end || !times.contains_key("comparison") {
        let sig = text(photos.draw(&mut random));
        let index = &INDEXES[random.below(INDEXES.len())];
        if random.below(SAMPLE) == 0 {
            let transaction =
                client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
            let mut transaction = transaction.start().expect("a transaction");
            if let Some(radius) = compare_nearest(&mut transaction, index, &sig, 20) {
                compare_within(&mut transaction, index, &sig, radius);
            }
            transaction.commit().expect("committed");
            times.entry("comparison").or_default().push(Duration::ZERO);
            continue;
        }
        let some = random.below(own.len().max(1));
        let (kind, statement) = match random.below(10) {
            0..4 => ("nearest", index.nearest(&sig, 20)),
            4..6 => ("within", index.within(&sig, 0.3)),
            6..8 => {
                own.push(next);
                next += CLIENTS;
                (
                    "insert",
                    format!("INSERT INTO item VALUES ({}, 0, NULL, '{sig}')", next - CLIENTS),
                )
            }
            8 if !own.is_empty() => {
                ("update", format!("UPDATE item SET sig = '{sig}' WHERE id = {}", own[some]))
            }
            _ if !own.is_empty() => {
                ("delete", format!("DELETE FROM item WHERE id = {}", own.swap_remove(some)))
            }
            _ => continue,
        };
        let begin = Instant::now();
        client.simple_query(&statement).expect(&statement);
        times.entry(kind).or_default().push(begin.elapsed());
    }
    times
}

#[test]
fn sixteen_clients_get_exact_answers() {
    let seconds = knob("IMGSMLR_RS_SECONDS", 15);
    let options = "-c fsync=on -c shared_buffers=128MB -c autovacuum_naptime=1s";
    let cluster = Cluster::start(&Server::tested(), "load", options);
    let mut client = cluster.database("load");
    let photos = Photos::read();
    let mut random = Random(16);
    client.batch_execute(TABLE).expect("a table");
    let mut transaction = client.transaction().expect("a transaction");
    for id in 0..ROWS {
        let sig = text(photos.draw(&mut random));
        let insert = format!("INSERT INTO item VALUES ({id}, 0, NULL, '{sig}')");
        transaction.batch_execute(&insert).expect("a row");
    }
    transaction.commit().expect("committed");
    create_indexes(&mut client);
    client.batch_execute("ANALYZE item").expect("analyzed");

    let end = Instant::now() + Duration::from_secs(seconds as u64);
    let stop = AtomicBool::new(false);
    let mut times = Times::new();
    let mut vacuums = 0;
    std::thread::scope(|scope| {
        let vacuum = scope.spawn(|| {
            let mut vacuums = 0;
            while !stop.load(Ordering::Relaxed) {
                client.batch_execute("VACUUM item").expect("vacuumed");
                vacuums += 1;
                std::thread::sleep(Duration::from_millis(500));
            }
            vacuums
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (cluster, photos) = (&cluster, &photos);
                scope.spawn(move || work(&mut cluster.connect("load"), number, photos, end))
            })
            .collect();
        let results: Vec<_> =
            clients.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        stop.store(true, Ordering::Relaxed);
        vacuums = vacuum.join().expect("vacuumed to the end");
        for result in results {
            for (kind, list) in result.expect("a client without an error") {
                times.entry(kind).or_default().extend(list);
            }
        }
    });
    let compared = times.remove("comparison").map_or(0, |list| list.len());
    for (kind, list) in &mut times {
        list.sort_unstable();
        let (count, at) =
            (list.len(), |part: usize| list[(list.len() - 1) * part / 100].as_secs_f64() * 1e3);
        println!(
            "{kind}: {count}, {:.0} a second, ms: p50 {:.1}, p99 {:.1}",
            count as f64 / seconds as f64,
            at(50),
            at(99)
        );
    }
    let rows = index_equals_scan(&mut client, &mut random);
    println!(
        "{seconds} s, {vacuums} times VACUUM, {compared} answers compared, {rows} rows at the end"
    );
    assert!(compared > 0 && vacuums > 0);
}
