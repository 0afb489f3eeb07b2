//! Damaged and hostile files through every function of a server: the same
//! backend lives on, in bounded time and memory.
//!
//! 2,000 files, or as many as `IMGSMLR_RS_MUTATIONS` says.

use crate::database::Database;
use crate::hostile::{bombs, fixtures, large, mutation::Mutations};
use crate::memory::{Kept, kilobytes, limit};
use postgres::error::SqlState;

/// Every function that reads a file, and those that read what comes of it.
const CONVERSIONS: &str = "
    SELECT jpeg2pattern(file) IS NULL, png2pattern(file) IS NULL, gif2pattern(file) IS NULL,
        image2pattern(file, false) IS NULL, image2signature(file) IS NULL,
        image_info(file) IS NULL, patt IS NULL,
        length(pattern2png(patt)), length(pattern2phash(patt)), length(pattern2signature(patt)::text)
    FROM (SELECT file, image2pattern(file) AS patt FROM (SELECT $1::bytea AS file) f OFFSET 0) p";

#[test]
fn mutated_files_cost_neither_the_backend_nor_its_memory() {
    let count = std::env::var("IMGSMLR_RS_MUTATIONS");
    let count: usize = count.map_or(2_000, |count| count.parse().expect("a number"));
    let mut database = Database::create("hostile_mutations");
    // A timeout that must not fire: a file takes milliseconds.
    database
        .client
        .batch_execute("SET imgsmlr_rs.max_pixels = 4000000; SET statement_timeout = '60s'")
        .expect("set");
    let backend = database.backend();
    let statement = database.client.prepare(CONVERSIONS).expect("prepared");
    let files = fixtures(&["images", "formats"]);
    let mut pictures = 0;
    let mut kept = Kept::by(backend);
    for (name, file) in Mutations::new(&files, 1, count) {
        let row = database.client.query_one(&statement, &[&file]).expect(&name);
        pictures += usize::from(!row.get::<_, bool>(6));
        database.warnings();
        kept.read(&mut database.client);
    }
    assert_eq!(database.backend(), backend);
    let grown = kept.grown();
    println!("{count} files, {pictures} pictures, {grown} kB stay");
    assert!(pictures > count / 20 && pictures < count, "{pictures}");
    assert!(grown < 8 << 10, "{grown} kB");
}

#[test]
fn bombs_are_refused_or_bounded() {
    let mut database = Database::create("hostile_bombs");
    database
        .client
        .batch_execute("SET imgsmlr_rs.max_pixels = 1000000; SET statement_timeout = '60s'")
        .expect("set");
    let backend = database.backend();
    for (name, file) in fixtures(&["hostile"]).into_iter().chain(bombs::files()) {
        database.client.query_one(CONVERSIONS, &[&file]).expect(&name);
        assert_eq!(database.backend(), backend, "{name}");
        database.warnings();
    }
}

#[test]
fn a_backend_short_of_memory_says_so_and_lives() {
    let mut database = Database::create("hostile_memory");
    let backend = database.backend();
    let mut files = large::files(3000, 2000);
    files.extend(bombs::files());
    // What a backend keeps is kept before the limits are.
    database.client.query_one(CONVERSIONS, &[&files[0].1]).expect("a picture");
    let mut ran_out = 0;
    for (name, file) in &files {
        for megabytes in [2, 6, 12, 24, 48, 96, 384] {
            // The file itself is sent within Postgres' own memory.
            let room = 4 * file.len() as u64 / 1024 + (megabytes << 10);
            limit(backend, kilobytes(backend, "VmSize") + room);
            let answer = database.client.query_one("SELECT image2pattern($1) IS NULL", &[file]);
            if let Err(error) = answer {
                let code =
                    error.code().unwrap_or_else(|| panic!("{name}, {megabytes} MB: {error}"));
                assert_eq!(code, &SqlState::OUT_OF_MEMORY, "{name}, {megabytes} MB: {error}");
                ran_out += 1;
            }
            let warnings = database.warnings();
            ran_out += warnings.iter().filter(|w| w.code() == &SqlState::OUT_OF_MEMORY).count();
            assert_eq!(database.backend(), backend, "{name}, {megabytes} MB");
        }
    }
    println!("{} files, {ran_out} times out of memory", files.len());
    assert!(ran_out > files.len() / 2, "{ran_out}");
}
