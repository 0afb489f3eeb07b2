//! A backend that goes on searching and converting gets no larger.

use crate::cluster::{Cluster, Server};
use crate::fixture::fixture;
use crate::items::{INDEXES, TABLE, create_indexes, load, signature};
use crate::knob::knob;
use crate::memory::Kept;
use crate::servers::backend;
use postgres::Client;

/// What stays of `count` calls of `step`.
fn growth(client: &mut Client, count: usize, mut step: impl FnMut(&mut Client, usize)) -> u64 {
    let mut kept = Kept::by(backend(client));
    for n in 0..count {
        step(client, n);
        kept.read(client);
    }
    kept.grown()
}

#[test]
fn searches_and_conversions_take_no_more_memory() {
    let queries = knob("IMGSMLR_RS_QUERIES", 10_000);
    let conversions = knob("IMGSMLR_RS_CONVERSIONS", 1_000);
    let cluster = Cluster::start_giving_back(&Server::tested(), "flat", "");
    let mut client = cluster.database("flat");
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..5000);
    create_indexes(&mut client);
    client.batch_execute("ANALYZE item; SET enable_seqscan = off").expect("analyzed");

    let grown = growth(&mut client, queries, |client, n| {
        let center = crate::answers::text(signature(n as i32, 0));
        let index = &INDEXES[n / 2 % INDEXES.len()];
        let query = match n % 2 {
            0 => index.nearest(&center, 20),
            _ => format!("SELECT count(*) FROM ({}) found", index.within(&center, 9.0)),
        };
        client.query(&query, &[]).expect("an answer");
    });
    println!("{queries} searches: {grown} kB stay");
    assert!(grown < 1 << 10, "{grown} kB");

    let files = ["baseline_420.jpg", "progressive.jpg", "rgb8.png", "interlaced.png", "still.gif"];
    let files = files.map(|name| fixture(&format!("images/{name}")));
    let convert = "SELECT pattern2signature(image2pattern($1::bytea || int4send($2)))::text,
                          image2signature($1)::text, image_info($1)::text";
    let convert = client.prepare(convert).expect("prepared");
    let grown = growth(&mut client, conversions, |client, n| {
        client.query(&convert, &[&files[n % files.len()], &(n as i32)]).expect("converted");
    });
    println!("{conversions} conversions: {grown} kB stay");
    assert!(grown < 1 << 10, "{grown} kB");
}
