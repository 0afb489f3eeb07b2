//! Bytes of an index' file that something else has changed. With checksums a search gives the right
//! answer or says that data are corrupt. Without, nobody can tell one coordinate from another, and an
//! answer may be wrong. In either case the server goes on, and every search comes to an end.

use crate::answers::{answer, assert_same, text, try_answer};
use crate::cluster::{Cluster, Server};
use crate::files::of_relation;
use crate::items::{INDEXES, Index, TABLE, create_indexes, load, signature};
use crate::knob::knob;
use crate::random::{Draw as _, Random};
use postgres::Client;
use postgres::error::SqlState;

const ROWS: i32 = 10_000;
/// Bytes that are changed at once in each file.
const PLACES: usize = 4;

const BY_INDEX: &str =
    "SET enable_seqscan = off; SET enable_sort = off; SET statement_timeout = '60s'";
const BY_SCAN: &str = "SET enable_indexscan = off; SET enable_bitmapscan = off";

/// A search, and its answer.
struct Search {
    query: String,
    right: Vec<(u64, i32)>,
}

/// An index, where its file is, what was in it, and searches.
struct Victim {
    index: &'static Index,
    path: String,
    bytes: Vec<u8>,
    searches: Vec<Search>,
}

impl Victim {
    /// With the answers of a sequential scan. The server is still to be stopped.
    fn of(cluster: &Cluster, client: &mut Client, index: &'static Index) -> Self {
        let searches = [1, 20, 300, ROWS as usize].into_iter().cycle().take(8).enumerate();
        let searches = searches.map(|(number, limit)| {
            let query = index.nearest(&text(signature(400 * number as i32, 1)), limit);
            let right = answer(client, &query);
            Search { query, right }
        });
        let searches = searches.collect();
        let path = of_relation(cluster, client, index.name);
        Victim { index, path, bytes: Vec::new(), searches }
    }

    fn read(&mut self) {
        self.bytes = std::fs::read(&self.path).expect("a file");
    }

    fn change(&self, random: &mut Random) {
        let mut changed = self.bytes.clone();
        for _ in 0..PLACES {
            changed[random.below(self.bytes.len())] ^= 1 + random.below(255) as u8;
        }
        std::fs::write(&self.path, changed).expect("written");
    }

    fn restore(&self) {
        std::fs::write(&self.path, &self.bytes).expect("written");
    }
}

/// What a search gives, or nothing where the server says that the index is corrupt.
fn answer_or_told(client: &mut Client, query: &str) -> Option<Vec<(u64, i32)>> {
    let told = [
        SqlState::DATA_CORRUPTED,
        SqlState::INDEX_CORRUPTED,
        // A first page that seems to be another version's.
        SqlState::FEATURE_NOT_SUPPORTED,
    ];
    match try_answer(client, query) {
        Ok(answer) => Some(answer),
        Err(error) if error.code().is_some_and(|code| told.contains(code)) => None,
        Err(error) => panic!("{query}: {error:?}"),
    }
}

/// How searches ended.
#[derive(Debug, Default)]
struct Ends {
    right: usize,
    told: usize,
    wrong: usize,
}

/// Changes bytes of all indexes for which `of` holds, again and again.
fn change_bytes(name: &str, options: &str, of: impl Fn(&Index) -> bool) -> Ends {
    let rounds = knob("IMGSMLR_RS_PLACES", 60) / PLACES;
    let cluster = Cluster::make(&Server::tested(), name, options, &["--data-checksums"]);
    cluster.start_again();
    let mut client = cluster.database("bad");
    client.batch_execute(TABLE).expect("a table");
    create_indexes(&mut client);
    load(&mut client, 0..ROWS);
    client.batch_execute("VACUUM ANALYZE item").expect("vacuumed");
    client.batch_execute(BY_SCAN).expect("set");
    let victims = INDEXES.iter().filter(|index| of(index));
    let mut victims: Vec<Victim> =
        victims.map(|index| Victim::of(&cluster, &mut client, index)).collect();
    drop(client);
    cluster.stop("fast");
    victims.iter_mut().for_each(Victim::read);

    let mut random = Random(7);
    let mut ends = Ends::default();
    for _ in 0..rounds {
        victims.iter().for_each(|victim| victim.change(&mut random));
        cluster.start_again();
        let mut client = cluster.connect("bad");
        client.batch_execute(BY_INDEX).expect("set");
        for victim in &victims {
            for search in &victim.searches {
                match answer_or_told(&mut client, &search.query) {
                    None => ends.told += 1,
                    Some(found) if same(&found, &search.right) => ends.right += 1,
                    Some(_) => ends.wrong += 1,
                }
            }
            if victim.index.is_kdtree() {
                // It finds out, or says the same as the searches: all is well.
                let check = format!("SELECT kdtree_check('{}')", victim.index.name);
                let told = client.batch_execute(&check).is_err();
                println!(
                    "{}: kdtree_check found {}",
                    victim.index.name,
                    ["nothing", "it"][usize::from(told)]
                );
            }
        }
        client.batch_execute("SELECT 1").expect("the session goes on");
        drop(client);
        cluster.stop("fast");
    }
    // The files as they were are right again.
    victims.iter().for_each(Victim::restore);
    cluster.start_again();
    let mut client = cluster.connect("bad");
    client.batch_execute(BY_INDEX).expect("set");
    for search in victims.iter().flat_map(|victim| &victim.searches) {
        assert_same(&answer(&mut client, &search.query), &search.right, &search.query);
    }
    println!("{} bytes changed: {ends:?}", rounds * PLACES * victims.len());
    ends
}

/// Whether two answers have the same distances; among rows equally far it may be any.
fn same(found: &[(u64, i32)], right: &[(u64, i32)]) -> bool {
    found.iter().map(|row| row.0).eq(right.iter().map(|row| row.0))
}

#[test]
fn with_checksums_every_search_is_right_or_says_that_data_are_corrupt() {
    let ends = change_bytes("bad", "", |_| true);
    assert!(ends.right > 0 && ends.told > 0 && ends.wrong == 0, "{ends:?}");
}

#[test]
fn without_checksums_the_server_goes_on() {
    // Of GiST's pages most is read by Postgres itself.
    let ends = change_bytes("worse", "-c ignore_checksum_failure=on", Index::is_kdtree);
    assert!(ends.right > 0 && ends.told > 0, "{ends:?}");
}
