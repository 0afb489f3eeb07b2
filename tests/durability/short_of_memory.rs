//! A backend that gets no more memory says so, lives on, and leaves no files.

use crate::answers::text;
use crate::cluster::{Cluster, Server};
use crate::exact::index_equals_scan;
use crate::files::{assert_none_left, of_databases};
use crate::fixture::fixture;
use crate::items::{INDEXES, TABLE, create_indexes, load, signature};
use crate::knob::knob;
use crate::memory::{kilobytes, limit, unlimit};
use crate::random::{Draw as _, Random};
use crate::servers::backend;
use postgres::error::SqlState;

const ROWS: i32 = 40_000;

/// Runs `statement` in a session of its own with ever more memory, from none to
/// enough, and `undo` after each success. Gives how often there was too little.
fn squeeze(cluster: &Cluster, statement: &str, undo: &str) -> usize {
    let limits = knob("IMGSMLR_RS_LIMITS", 12);
    let mut random = Random(12);
    let mut client = cluster.connect("memory");
    let pid = backend(&mut client);
    // The library is there already: that it can't be loaded is another error.
    client.batch_execute("SELECT sig <-> sig FROM item LIMIT 1").expect("loaded");
    let before = of_databases(cluster, &mut client);
    let mut short = 0;
    for n in 0..limits {
        // Kilobytes: a few at first, 64 to 128 MB at last, and as often of each magnitude.
        let most = (128 << 10) >> (16 * (limits - 1 - n) / limits);
        let room = most / 2 + random.below(most / 2);
        limit(pid, kilobytes(pid, "VmSize") + room as u64);
        let result = client.batch_execute(statement);
        unlimit(pid);
        match result {
            Ok(()) => client.batch_execute(undo).expect(undo),
            Err(error) => {
                let code = error.code();
                assert_eq!(
                    code,
                    Some(&SqlState::OUT_OF_MEMORY),
                    "{statement}, {room} kB: {error:?}"
                );
                short += 1;
            }
        }
        assert_eq!(backend(&mut client), pid, "{statement}, {room} kB");
    }
    assert_none_left(&before, &of_databases(cluster, &mut client), statement);
    println!("{statement:.60}…: {limits} limits, out of memory {short} times");
    assert!(short < limits, "{statement}");
    short
}

#[test]
fn a_backend_short_of_memory_says_so_and_leaves_nothing() {
    // A compiler that can't be loaded is another error, too.
    let options = "-c autovacuum=off -c jit=off -c maintenance_work_mem=64MB -c work_mem=64MB";
    let cluster = Cluster::start(&Server::tested(), "memory", options);
    let mut client = cluster.database("memory");
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..ROWS);
    client.batch_execute("ANALYZE item").expect("analyzed");
    let mut short = Vec::new();
    for index in &INDEXES {
        short.push(squeeze(&cluster, &index.create(), &index.drop()));
    }
    create_indexes(&mut client);

    // Insertions take next to nothing, and may go well each time.
    let copy =
        format!("INSERT INTO item SELECT id + {ROWS}, 0, NULL, sig FROM item WHERE id < 5000");
    squeeze(&cluster, &copy, &format!("DELETE FROM item WHERE id >= {ROWS}"));
    assert_eq!(index_equals_scan(&mut client, &mut Random(5)), ROWS as usize);

    // All rows in order: a search keeps what it has still to visit.
    for index in &INDEXES {
        let all = index.nearest(&text(signature(1, 0)), ROWS as usize);
        let search = format!("SET enable_sort = off; SELECT count(*) FROM ({all}) found");
        short.push(squeeze(&cluster, &search, ""));
    }

    for index in INDEXES.iter().filter(|index| index.is_kdtree()) {
        let pairs = format!("SELECT count(*) FROM kdtree_pairs('{}', 1)", index.name);
        short.push(squeeze(&cluster, &pairs, ""));
    }

    let forms = "SELECT count(patt::text), count(patt::real[]), count(pattern2png(patt)),
        count(sig::text::signature), count(sig::jsonb::signature) FROM item WHERE id < 500";
    short.push(squeeze(&cluster, forms, ""));

    client.batch_execute("CREATE TABLE picture (file bytea)").expect("a table");
    let fill = "INSERT INTO picture SELECT $1::bytea || int4send(i) FROM generate_series(1, 8) i";
    client.execute(fill, &[&fixture("images/large_1600x1200.jpg")]).expect("pictures");
    let convert = "CREATE TABLE converted AS SELECT image2pattern(file) FROM picture";
    short.push(squeeze(&cluster, convert, "DROP TABLE converted"));
    assert!(short.iter().all(|&times| times > 0), "some never ran out of memory: {short:?}");
}
