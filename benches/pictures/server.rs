//! In a server: the tutorial's statement, many pictures on two cores, and the
//! end of a cancelled conversion.

use crate::{Photo, Result, libjpeg};
use imgsmlr_rs::decode::Format;
use postgres::error::SqlState;
use postgres::{Client, NoTls};
use std::time::Instant;

/// Pictures of a bulk conversion.
const PICTURES: usize = 1000;
/// Smaller ones, so that a thousand fit a bench's patience.
const MOST_MEGAPIXELS: f64 = 3.0;

fn seconds(client: &mut Client, statement: &str) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        client.batch_execute(statement)?;
        least = least.min(start.elapsed().as_secs_f64());
        client.batch_execute("DROP TABLE IF EXISTS converted")?;
    }
    Ok(least)
}

pub fn measure(set: &[Photo]) -> Result<()> {
    let server = std::env::var("IMGSMLR_RS_SERVER")?;
    let mut client = Client::connect(&format!("{server} dbname=imgsmlr_rs_bench"), NoTls)?;
    client.batch_execute(
        "CREATE EXTENSION IF NOT EXISTS imgsmlr_rs; DROP TABLE IF EXISTS photo;
         CREATE TABLE photo (id int, raw bytea)",
    )?;
    let insert = client.prepare("INSERT INTO photo VALUES ($1, $2)")?;
    let fitting = set
        .iter()
        .filter(|photo| photo.format == Format::Jpeg && photo.megapixels <= MOST_MEGAPIXELS);
    let fitting: Vec<&Photo> = fitting.collect();
    for (id, photo) in fitting.iter().cycle().take(PICTURES).enumerate() {
        client.execute(&insert, &[&(id as i32), &photo.file])?;
    }
    client.batch_execute("VACUUM ANALYZE photo")?;
    let few = "FROM photo WHERE id < 200";

    client.batch_execute("SET max_parallel_workers_per_gather = 0")?;
    let once = seconds(
        &mut client,
        &format!("CREATE TABLE converted AS SELECT id, jpeg2pattern(raw) AS p {few}"),
    )?;
    let twice = seconds(
        &mut client,
        &format!(
            "CREATE TABLE converted AS
             SELECT id, jpeg2pattern(raw) AS p, pattern2signature(jpeg2pattern(raw)) AS s {few}"
        ),
    )?;
    println!(
        "\nThe tutorial's two calls a row: {twice:.2} s for 200 pictures, {once:.2} s with one call: {:.2} times.",
        twice / once
    );

    let bulk = "CREATE TABLE converted AS SELECT id, image2pattern(raw) AS p FROM photo";
    in_parallel(&mut client, bulk)?;
    client.batch_execute("RESET max_parallel_workers_per_gather")?;
    let plan: Vec<String> = client
        .query(&format!("EXPLAIN (COSTS OFF) {bulk}"), &[])?
        .iter()
        .map(|row| row.get(0))
        .collect();
    println!(
        "With the server's own settings, the plan is: {}.",
        plan.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" / ")
    );
    client.batch_execute("DROP TABLE photo")?;
    cancel(&mut client)
}

/// Ways to share the work of a conversion, by what to set for each.
const SHARED: [(&str, &str); 4] = [
    ("one process", "max_parallel_workers_per_gather = 0"),
    ("the leader and a worker", "max_parallel_workers_per_gather = 1"),
    ("the leader and two workers", "max_parallel_workers_per_gather = 2"),
    ("two workers, the leader writes", "parallel_leader_participation = off"),
];
/// Turns of all ways, of which the middle is shown.
const ROUNDS: usize = 7;

/// How much faster `bulk` is with more processes: of the ways in turns, by the
/// time of one process in the same round.
fn in_parallel(client: &mut Client, bulk: &str) -> Result<()> {
    println!(
        "\n| pages of the table | converted by | s | times as fast as one process | least | most |"
    );
    println!("|---|---|---|---|---|---|");
    // Workers take page after page: of seven, one of two processes has four.
    for fill_factor in [100, 10] {
        client.batch_execute(&format!("ALTER TABLE photo SET (fillfactor = {fill_factor})"))?;
        client.batch_execute("VACUUM FULL photo")?;
        client.batch_execute("ANALYZE photo")?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut times = [0.0; SHARED.len()];
            for (time, (_, setting)) in times.iter_mut().zip(SHARED) {
                client.batch_execute(&format!("SET {setting}"))?;
                let start = Instant::now();
                client.batch_execute(bulk)?;
                *time = start.elapsed().as_secs_f64();
                client.batch_execute("DROP TABLE converted")?;
            }
            client.batch_execute("RESET parallel_leader_participation")?;
            rounds.push(times);
        }
        let pages = "SELECT pg_relation_size('photo') / 8192";
        let pages: i64 = client.query_one(pages, &[])?.get(0);
        for (n, (way, _)) in SHARED.iter().enumerate() {
            let sorted = |value: fn(&[f64; SHARED.len()], usize) -> f64| {
                let mut values: Vec<f64> = rounds.iter().map(|times| value(times, n)).collect();
                values.sort_by(f64::total_cmp);
                values
            };
            let (times, gains) =
                (sorted(|times, n| times[n]), sorted(|times, n| times[0] / times[n]));
            println!(
                "| {pages} | {way} | {:.2} | {:.2} | {:.2} | {:.2} |",
                times[ROUNDS / 2],
                gains[ROUNDS / 2],
                gains[0],
                gains[ROUNDS - 1]
            );
        }
    }
    Ok(())
}

/// How long after a timeout of 100 ms the statement ends, in pictures of 100
/// megapixels.
fn cancel(client: &mut Client) -> Result<()> {
    const SIDE: u32 = 10_000;
    let gradient = image::RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 13 & 15;
        image::Rgb([(x >> 6) as u8, (y >> 6) as u8, noise as u8])
    });
    let folder = std::env::temp_dir();
    let name = |end: &str| folder.join(format!("{}-cancel.{end}", std::process::id()));
    let header = format!("P6 {SIDE} {SIDE} 255\n");
    std::fs::write(name("ppm"), [header.as_bytes(), gradient.as_raw()].concat())?;
    gradient.save(name("png"))?;
    gradient.save(name("webp"))?;
    for (kind, flag) in [("baseline.jpg", "-baseline"), ("progressive.jpg", "-progressive")] {
        libjpeg::encode(&name("ppm"), &["-quality", "85", flag], &name(kind))?;
    }
    println!("\n| 100 megapixels | whole conversion, s | cancelled after, s |\n|---|---|---|");
    for kind in ["baseline.jpg", "progressive.jpg", "png", "webp"] {
        let file = std::fs::read(name(kind))?;
        let convert = client.prepare("SELECT image2pattern($1) IS NOT NULL")?;
        let start = Instant::now();
        let converted: bool = client.query_one(&convert, &[&file])?.get(0);
        let whole = start.elapsed().as_secs_f64();
        if !converted {
            return Err(format!("{kind} was refused").into());
        }
        // The timeout also counts the time that the file takes to arrive, so
        // the file waits in a table.
        client.batch_execute("CREATE TEMP TABLE one (raw bytea STORAGE external)")?;
        client.execute("INSERT INTO one VALUES ($1)", &[&file])?;
        client.batch_execute("SET statement_timeout = 100")?;
        let start = Instant::now();
        let ended = client.query_one("SELECT image2pattern(raw) IS NULL FROM one", &[]);
        let after = start.elapsed().as_secs_f64() - 0.1;
        if ended.err().and_then(|error| error.code().cloned()) != Some(SqlState::QUERY_CANCELED) {
            return Err(format!("{kind} was not cancelled").into());
        }
        client.batch_execute("RESET statement_timeout; DROP TABLE one")?;
        println!("| {kind} | {whole:.2} | {after:.2} |");
    }
    for kind in ["ppm", "png", "webp", "baseline.jpg", "progressive.jpg"] {
        std::fs::remove_file(name(kind))?;
    }
    Ok(())
}
