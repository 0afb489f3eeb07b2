//! An index that another version of the extension has written is refused in words, not misread.

use crate::cluster::{Cluster, Server};
use crate::exact::index_equals_scan;
use crate::files::of_relation;
use crate::items::{INDEXES, TABLE, create_indexes, load};
use crate::random::Random;
use postgres::error::SqlState;

/// Where in its file an index by `kdtree` has the version of its layout: behind the page's
/// header, and four bytes that say what it is (docs/index.md).
const VERSION: usize = 24 + 4;
/// What this version writes, and what others might have.
const KNOWN: u32 = 2;
const OTHERS: [u32; 2] = [3, 1];

#[test]
fn an_index_of_another_layout_is_refused_in_words() {
    // That the page is not as it was written is what this is about.
    let options = "-c ignore_checksum_failure=on";
    let cluster = Cluster::start(&Server::tested(), "layout", options);
    let mut client = cluster.database("layout");
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..1000);
    create_indexes(&mut client);
    let kdtrees: Vec<_> = INDEXES.iter().filter(|index| index.is_kdtree()).collect();
    let files: Vec<String> =
        kdtrees.iter().map(|index| of_relation(&cluster, &mut client, index.name)).collect();
    drop(client);
    cluster.stop("fast");
    for (file, other) in files.iter().zip(OTHERS) {
        let mut bytes = std::fs::read(file).expect("a file");
        let version = &mut bytes[VERSION..VERSION + 4];
        assert_eq!(version, KNOWN.to_ne_bytes());
        version.copy_from_slice(&other.to_ne_bytes());
        std::fs::write(file, bytes).expect("written");
    }
    cluster.start_again();

    let mut client = cluster.connect("layout");
    client.batch_execute("SET enable_seqscan = off; SET enable_sort = off").expect("set");
    let sig = crate::answers::text(crate::items::signature(1, 0));
    assert_eq!(kdtrees.len(), OTHERS.len());
    for (index, other) in kdtrees.iter().zip(OTHERS) {
        let name = index.name;
        for statement in [
            index.nearest(&sig, 5),
            index.within(&sig, 0.1),
            format!("SELECT kdtree_check('{name}')"),
            "INSERT INTO item SELECT 5000, version, patt, sig FROM item WHERE id = 1".to_owned(),
            "VACUUM (INDEX_CLEANUP on) item".to_owned(),
        ] {
            let error = client.batch_execute(&statement).expect_err(&statement);
            let error = error.as_db_error().unwrap_or_else(|| panic!("{statement}: {error:?}"));
            assert_eq!(error.code(), &SqlState::FEATURE_NOT_SUPPORTED, "{statement}: {error:?}");
            let (message, hint) = (error.message(), error.hint().unwrap_or_default());
            let says = format!("can't be read: its layout is version {other}");
            assert!(message.contains(&says), "{message}");
            assert!(message.contains(&format!("knows version {KNOWN}")), "{message}");
            assert!(hint.starts_with("REINDEX it, or install"), "{hint}");
        }
        client.batch_execute(&format!("REINDEX INDEX {name}")).expect("made anew");
    }
    assert_eq!(index_equals_scan(&mut client, &mut Random(10)), 1000);
}
