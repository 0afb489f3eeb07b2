//! `kdtree` beside GiST and pgvector's HNSW, on the same numbers: searches, and what an
//! index costs else, to build, to keep and to write to.

use crate::data::{Photos, Random, uniform};
use crate::fingerprints::Fingerprints;
use crate::latency::Latency;
use crate::scan::{Near, Wanted, scan};
use crate::views::{Views, views};
use crate::{QUERIES, Result, connect};
use imgsmlr_rs::fingerprint::UNIT;
use postgres::types::ToSql;
use postgres::{Client, Row, Statement};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

/// Times that all queries are asked, after once to bring everything into memory.
const ROUNDS: usize = 3;
/// `hnsw.ef_search` to try.
const BREADTHS: [u32; 8] = [40, 60, 80, 120, 160, 320, 640, 1000];
/// Rows that are inserted one by one, and that a table of two indexes is compared on.
const INSERTED: usize = 20_000;
const ALBUMS: usize = 1000;
/// Steps that each number of a changed copy is moved by, as a standard deviation: to a
/// distance of 0.5, as a rotation by 3° and a crop of 5 % do in `make quality`, half of them less.
const CHANGE: f64 = 4.5;

/// A value, as text that either type reads, by its numbers.
trait Value: Near + Send + Sync + 'static {
    const TYPE: &'static str;
    const LEN: usize;
    fn square(&self, other: &Self) -> f64;
    fn text(&self) -> String;
    fn vector(&self) -> String;
}

impl Value for [f32; 16] {
    const TYPE: &'static str = "signature";
    const LEN: usize = 16;

    fn square(&self, other: &Self) -> f64 {
        self.iter().zip(other).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
    }

    fn text(&self) -> String {
        format!("({})", self.map(|number| number.to_string()).join(","))
    }

    fn vector(&self) -> String {
        format!("[{}]", self.map(|number| number.to_string()).join(","))
    }
}

impl Value for [u8; 32] {
    const TYPE: &'static str = "fingerprint";
    const LEN: usize = 32;

    fn square(&self, other: &Self) -> f64 {
        self.iter().zip(other).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
    }

    fn text(&self) -> String {
        self.map(|number| format!("{number:02x}")).concat()
    }

    fn vector(&self) -> String {
        format!("[{}]", self.map(|number| number.to_string()).join(","))
    }
}

/// Something that is asked of an index.
struct Question<V> {
    name: &'static str,
    /// What stands behind the column's name, of ours; HNSW has only `ORDER BY`.
    ours: &'static str,
    limit: usize,
    /// The part of the exact answer that HNSW is to find.
    recall: f64,
    queries: Vec<V>,
}

const ORDERED: &str = "ORDER BY own <-> $1::text::";
const WITHIN: &str = "WHERE own <<->> sphere($1::text::";

/// A table's rows: their values, in the order of their ids.
struct Set<V> {
    name: &'static str,
    rows: Vec<V>,
    questions: Vec<Question<V>>,
}

/// The squared distance of the farthest of the nearest, by looking at all rows.
fn farthest<V: Value>(rows: &[V], query: &V, limit: usize) -> f64 {
    let mut all: Vec<f64> = rows.iter().map(|row| row.square(query)).collect();
    let (_, farthest, _) = all.select_nth_unstable_by(limit - 1, f64::total_cmp);
    *farthest
}

fn id(row: &Row) -> usize {
    let id: i32 = row.get(0);
    id as usize
}

/// Loads the values as ours, and the same numbers as `vector`.
fn load<V: Value>(client: &mut Client, rows: &[V]) -> Result<()> {
    let (own, len) = (V::TYPE, V::LEN);
    client.batch_execute(&format!(
        "DROP TABLE IF EXISTS owns, vectors;
         CREATE TABLE owns (id int, album int, own {own});
         CREATE TABLE vectors (id int, album int, vec vector({len}))"
    ))?;
    for table in ["owns", "vectors"] {
        let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN"))?;
        for (id, row) in rows.iter().enumerate() {
            let value = if table == "owns" { row.text() } else { row.vector() };
            writeln!(copy, "{id}\t{}\t{value}", id % ALBUMS)?;
        }
        copy.finish()?;
    }
    client.batch_execute("VACUUM ANALYZE owns, vectors")?;
    Ok(())
}

/// Builds an index: seconds and megabytes.
fn build(client: &mut Client, on: &str) -> Result<(f64, f64)> {
    let start = Instant::now();
    client.batch_execute(&format!("CREATE INDEX nearest ON {on}"))?;
    let seconds = start.elapsed().as_secs_f64();
    Ok((seconds, megabytes(client)?))
}

fn megabytes(client: &mut Client) -> Result<f64> {
    let size: i64 = client.query_one("SELECT pg_relation_size('nearest')", &[])?.get(0);
    Ok(size as f64 / 1e6)
}

/// Asks all queries, and gives what was answered and how long each took.
fn ask(
    client: &mut Client,
    statement: &Statement,
    queries: &[String],
    rounds: usize,
) -> Result<(Vec<Vec<usize>>, Vec<f64>)> {
    let (mut answers, mut times) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        for query in queries {
            let start = Instant::now();
            let rows = client.query(statement, &[query])?;
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1000.0);
            } else {
                answers.push(rows.iter().map(id).collect());
            }
        }
    }
    Ok((answers, times))
}

/// The part that was found of as many as there are, by distance: of several that are
/// equally far any will do.
fn recall<V: Value>(
    set: &Set<V>,
    question: &Question<V>,
    answers: &[Vec<usize>],
    far: &[f64],
) -> f64 {
    let found = answers.iter().zip(&question.queries).zip(far).map(|((ids, query), far)| {
        ids.iter().filter(|&&id| set.rows[id].square(query) <= far * (1.0 + 1e-9)).count()
    });
    found.sum::<usize>() as f64 / (question.limit * question.queries.len()) as f64
}

const BY_INDEX: &str =
    "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off";

fn statement_of<V: Value>(question: &Question<V>) -> String {
    let (own, limit) = (V::TYPE, question.limit);
    match question.ours {
        WITHIN => format!("SELECT id FROM owns {WITHIN}{own}, 1)"),
        _ => format!("SELECT id FROM owns {}{own} LIMIT {limit}", question.ours),
    }
}

/// What each question takes, by the index there is.
fn ask_ours<V: Value>(set: &Set<V>, exact: &[Vec<f64>]) -> Result<Vec<(f64, Latency)>> {
    let mut client = connect()?;
    client.batch_execute(BY_INDEX)?;
    let mut all = Vec::new();
    for (question, far) in set.questions.iter().zip(exact) {
        let queries: Vec<String> = question.queries.iter().map(V::text).collect();
        let statement = client.prepare(&statement_of(question))?;
        let (answers, times) = ask(&mut client, &statement, &queries, ROUNDS)?;
        let found = match question.ours {
            WITHIN => 1.0,
            _ => recall(set, question, &answers, far),
        };
        all.push((found, Latency::of(times)));
    }
    Ok(all)
}

/// What each question takes by HNSW, at the least breadth that finds enough.
fn ask_hnsw<V: Value>(set: &Set<V>, exact: &[Vec<f64>]) -> Result<Vec<(u32, f64, Latency)>> {
    let mut client = connect()?;
    client.batch_execute(BY_INDEX)?;
    let mut all = Vec::new();
    for (question, far) in set.questions.iter().zip(exact) {
        let queries: Vec<String> = question.queries.iter().map(V::vector).collect();
        let mut settled = None;
        for breadth in BREADTHS {
            client.batch_execute(&format!("SET hnsw.ef_search = {breadth}"))?;
            let statement = client.prepare(&format!(
                "SELECT id FROM vectors ORDER BY vec <-> $1::text::vector LIMIT {}",
                question.limit
            ))?;
            let (answers, _) = ask(&mut client, &statement, &queries, 0)?;
            let found = recall(set, question, &answers, far);
            settled = Some((breadth, found, statement));
            if found >= question.recall {
                break;
            }
        }
        let Some((breadth, found, statement)) = settled else { continue };
        let (_, times) = ask(&mut client, &statement, &queries, ROUNDS)?;
        all.push((breadth, found, Latency::of(times)));
    }
    Ok(all)
}

/// What each question takes by a loop over all rows in memory, without Postgres.
fn ask_memory<V: Value>(set: &Set<V>, exact: &[Vec<f64>]) -> Result<Vec<Latency>> {
    let mut all = Vec::new();
    for (question, far) in set.questions.iter().zip(exact) {
        let wanted = match question.ours {
            WITHIN => Wanted::Within((UNIT * UNIT) as f32),
            _ => Wanted::Nearest(question.limit),
        };
        let mut times = Vec::new();
        for round in 0..=ROUNDS {
            for (query, far) in question.queries.iter().zip(far) {
                let start = Instant::now();
                let found = scan(&set.rows, query, wanted);
                if round > 0 {
                    times.push(start.elapsed().as_secs_f64() * 1000.0);
                }
                let farthest = found.last().map_or(*far, |&(square, _)| f64::from(square));
                if question.ours != WITHIN && (farthest - far).abs() > 1e-4 * far.max(1e-3) {
                    return Err("the loop found others".into());
                }
            }
        }
        all.push(Latency::of(times));
    }
    Ok(all)
}

/// What the first question takes, asked so often by a client of its own.
fn first_question<V: Value>(set: &Set<V>, rounds: usize) -> Result<Latency> {
    let question = &set.questions[0];
    let queries: Vec<String> = question.queries.iter().map(V::text).collect();
    let mut client = connect()?;
    client.batch_execute(BY_INDEX)?;
    let statement = client.prepare(&statement_of(question))?;
    Ok(Latency::of(ask(&mut client, &statement, &queries, rounds)?.1))
}

/// Mean milliseconds of the first question, asked by two clients at once.
fn two_clients<V: Value>(set: &Set<V>) -> Result<f64> {
    let one = || first_question(set, 2 * ROUNDS).map_err(|error| error.to_string());
    let means = std::thread::scope(|scope| {
        let both = [scope.spawn(one), scope.spawn(one)];
        both.map(|client| client.join().unwrap_or_else(|_| Err("a client died".into())))
    });
    let [a, b] = means;
    Ok((a?.mean + b?.mean) / 2.0)
}

/// Microseconds of an insertion of one row, in one transaction of many.
fn insertion<V: Value>(client: &mut Client, values: &[V], using: &str) -> Result<f64> {
    client.batch_execute(&format!(
        "DROP TABLE IF EXISTS grown; CREATE TABLE grown AS SELECT id, own FROM owns LIMIT 500000;
         CREATE INDEX ON grown USING {using} (own)"
    ))?;
    let mut transaction = client.transaction()?;
    let statement =
        transaction.prepare(&format!("INSERT INTO grown VALUES (1, $1::text::{})", V::TYPE))?;
    let texts: Vec<String> = values.iter().map(V::text).collect();
    let start = Instant::now();
    for text in &texts {
        transaction.execute(&statement, &[text])?;
    }
    let seconds = start.elapsed().as_secs_f64();
    transaction.commit()?;
    client.batch_execute("DROP TABLE grown")?;
    Ok(seconds * 1e6 / values.len() as f64)
}

/// As many rows inserted again, a third of all deleted, VACUUM: what the first question
/// takes, then by a fresh index, and the megabytes of both.
fn aged<V: Value>(client: &mut Client, set: &Set<V>, more: &[V]) -> Result<[(Latency, f64); 2]> {
    let mut copy = client.copy_in("COPY owns FROM STDIN")?;
    for (place, row) in more.iter().enumerate() {
        writeln!(copy, "{}\t0\t{}", place + set.rows.len(), row.text())?;
    }
    copy.finish()?;
    client.batch_execute("DELETE FROM owns WHERE id % 3 = 0")?;
    client.batch_execute("VACUUM ANALYZE owns")?;
    let mut measured = Vec::new();
    for fresh in [false, true] {
        if fresh {
            client.batch_execute("REINDEX INDEX nearest")?;
        }
        // What was written goes to disk now, not while searches are timed.
        client.batch_execute("CHECKPOINT")?;
        measured.push((first_question(set, ROUNDS)?, megabytes(client)?));
    }
    let [aged, fresh] = measured[..] else { return Err("two were measured".into()) };
    Ok([aged, fresh])
}

/// The nearest of one album, a row in a thousand: recall and milliseconds, by the index of
/// `table`.
fn in_an_album<V: Value>(
    set: &Set<V>,
    settings: &str,
    search: &str,
    text: fn(&V) -> String,
) -> Result<(f64, Latency)> {
    let mut client = connect()?;
    client.batch_execute(&format!("{BY_INDEX}; {settings}"))?;
    let statement = client.prepare(search)?;
    let question = &set.questions[0];
    let (mut hits, mut times) = (0, Vec::new());
    for (number, query) in question.queries.iter().take(50).enumerate() {
        let album = (number * 7 % ALBUMS) as i32;
        let rows: Vec<V> = set.rows.iter().copied().skip(album as usize).step_by(ALBUMS).collect();
        let far = farthest(&rows, query, question.limit);
        let (text, limit) = (text(query), question.limit as i64);
        let arguments: [&(dyn ToSql + Sync); 3] = [&text, &album, &limit];
        let start = Instant::now();
        let answer = client.query(&statement, &arguments)?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        let near = |row: &&Row| set.rows[id(row)].square(query) <= far * (1.0 + 1e-9);
        hits += answer.iter().filter(near).count();
    }
    Ok((hits as f64 / (times.len() * question.limit) as f64, Latency::of(times)))
}

fn three(ms: Latency) -> String {
    format!("{:.2} / {:.2} / {:.2}", ms.mean, ms.p50, ms.p95)
}

/// Lines for one set: searches, and what a fresh index costs.
fn contest<V: Value>(client: &mut Client, set: &Set<V>, out: &mut [String; 2]) -> Result<()> {
    let Set { name, rows, questions } = set;
    eprintln!("kdtree, {name}: loading {} rows", rows.len());
    load(client, rows)?;
    let exact: Vec<Vec<f64>> = questions
        .iter()
        .map(|question| {
            question.queries.iter().map(|query| farthest(rows, query, question.limit)).collect()
        })
        .collect();
    eprintln!("  HNSW");
    let memory = ask_memory(set, &exact)?;
    let hnsw_built = build(client, "vectors USING hnsw (vec vector_l2_ops)")?;
    client.batch_execute("VACUUM vectors")?;
    let hnsw = ask_hnsw(set, &exact)?;
    let nearest = "ORDER BY vec <-> $1::text::vector LIMIT $3";
    let search = format!("SELECT id FROM vectors WHERE album = $2 {nearest}");
    let iterative = "SET hnsw.iterative_scan = strict_order";
    let hnsw_album = in_an_album(set, iterative, &search, V::vector)?;
    client.batch_execute("DROP INDEX nearest")?;
    eprintln!("  GiST");
    let gist_built = build(client, "owns USING gist (own)")?;
    client.batch_execute("VACUUM owns")?;
    let gist = ask_ours(set, &exact)?;
    client.batch_execute("DROP INDEX nearest")?;
    eprintln!("  kdtree");
    let built = build(client, "owns USING kdtree (own)")?;
    client.batch_execute("VACUUM owns")?;
    let ours = ask_ours(set, &exact)?;
    let own = V::TYPE;
    let search = format!("SELECT id FROM owns WHERE album = $2 {ORDERED}{own} LIMIT $3");
    let album = in_an_album(set, "", &search, V::text)?;

    let answers = ours.iter().zip(&gist).zip(&hnsw).zip(&memory);
    for (question, (((ours, gist), hnsw), memory)) in questions.iter().zip(answers) {
        let ((found, ms), (_, gist), (breadth, part, theirs)) = (*ours, *gist, *hnsw);
        writeln!(
            out[0],
            "| {name}, {} | {} | {found:.4} | {} | {} (ef {breadth}, {part:.4}) | **{:.2}** | {} | **{:.2}** |",
            question.name,
            three(ms),
            three(gist),
            three(theirs),
            ms.mean / theirs.mean,
            three(*memory),
            ms.mean / memory.mean
        )?;
    }
    writeln!(
        out[1],
        "| {name} | {:.1} / {:.1} / {:.1} | 1/{:.0} | {:.0} / {:.0} / {:.0} | {:.4} / {:.2}; {:.4} / {:.2} |",
        built.0,
        gist_built.0,
        hnsw_built.0,
        hnsw_built.0 / built.0,
        built.1,
        gist_built.1,
        hnsw_built.1,
        album.0,
        album.1.mean,
        hnsw_album.0,
        hnsw_album.1.mean,
    )?;
    // What is there so far, should the rest not come.
    eprintln!("{}", out.join("\n"));
    Ok(())
}

/// A line for one set: what insertions take, and what they make of an index; `more` are as
/// many rows again.
fn growth<V: Value>(client: &mut Client, set: &Set<V>, more: &[V]) -> Result<String> {
    eprintln!("growth, {}: loading {} rows", set.name, set.rows.len());
    load(client, &set.rows)?;
    build(client, "owns USING kdtree (own)")?;
    client.batch_execute("VACUUM owns")?;
    client.batch_execute("CHECKPOINT")?;
    let one = first_question(set, ROUNDS)?.mean;
    let two = two_clients(set)?;
    eprintln!("  insertions");
    let values = &more[..INSERTED.min(more.len())];
    let [by_kdtree, by_gist] = ["kdtree", "gist"].map(|using| insertion(client, values, using));
    eprintln!("  ageing");
    let [aged, fresh] = aged(client, set, more)?;
    Ok(format!(
        "| {} | {:.0} / {:.0} | {:.2} ({:.0} and {:.0} MB) | {:.2} |\n",
        set.name,
        by_kdtree?,
        by_gist?,
        aged.0.mean / fresh.0.mean,
        aged.1,
        fresh.1,
        2.0 * one / two,
    ))
}

/// A table of what insertions take, of an index that has grown, and of two clients.
pub fn of_growth(client: &mut Client, size: usize, photos: &Photos) -> Result<String> {
    let mut out = String::from(
        "| | an insertion, µs: `kdtree` / GiST | aged over fresh | two clients over one |\n|---|---|---|---|\n",
    );
    let draw = |random: &mut Random| photos.draw(random);
    let (set, more) = signatures("photo-like signatures", size, draw, &[("top 20", 20, 0.0)]);
    out += &growth(client, &set, &more)?;
    let (set, more) = signatures("uniform signatures", size, uniform, &[("top 10", 10, 0.0)]);
    out += &growth(client, &set, &more)?;
    let (set, more) = fingerprints(size);
    out += &growth(client, &set, &more)?;
    Ok(out)
}

/// The headings of two tables, of searches and of what else an index costs.
fn headings(size: usize) -> [String; 2] {
    [
        format!(
            "| {size} rows | `kdtree`, ms: mean / p50 / p95 | recall | GiST | HNSW (ef, recall) | over HNSW | *scan*, ms | over *scan* |\n|---|---|---|---|---|---|---|---|\n"
        ),
        String::from(
            "| | build s: `kdtree` / GiST / HNSW | over HNSW | MB | one album in 1,000, recall / ms: `kdtree`; HNSW, iterative |\n|---|---|---|---|---|\n",
        ),
    ]
}

/// Tables of what was measured of as many signatures.
pub fn of_signatures(client: &mut Client, size: usize, photos: &Photos) -> Result<String> {
    let mut out = headings(size);
    let top_20 = [("top 20, HNSW's default", 20, 0.0), ("top 20, HNSW 0.999", 20, 0.999)];
    let draw = |random: &mut Random| photos.draw(random);
    let (set, _) = signatures("photo-like signatures", size, draw, &top_20);
    contest(client, &set, &mut out)?;
    let top_10 = [("top 10, HNSW 0.999", 10, 0.999)];
    let (set, _) = signatures("uniform signatures", size, uniform, &top_10);
    contest(client, &set, &mut out)?;
    Ok(out.join("\n"))
}

/// Tables of what was measured of as many fingerprints, which are written to that folder, too.
pub fn of_fingerprints(client: &mut Client, size: usize, results: &str) -> Result<String> {
    let mut out = headings(size);
    let (set, _) = fingerprints(size);
    contest(client, &set, &mut out)?;
    // For faiss_rows.py.
    std::fs::write(format!("{results}/fingerprints.bin"), set.rows.as_flattened())?;
    for question in &set.questions {
        let queries = question.queries.as_flattened();
        std::fs::write(format!("{results}/question-{}.bin", question.name), queries)?;
    }
    Ok(out.join("\n"))
}

/// The same of so many fingerprints of real views: their neighbours are others.
pub fn of_views(client: &mut Client, size: usize, folders: &str) -> Result<String> {
    eprintln!("views of the pictures in {folders}");
    let Views { rows, changed, others } = views(folders, size, QUERIES)?;
    let mut out = headings(rows.len());
    let name = "fingerprints of views";
    contest(client, &Set { name, rows, questions: questions(others, changed) }, &mut out)?;
    Ok(out.join("\n"))
}

/// Signatures, the questions that are asked of them, and as many rows again.
fn signatures(
    name: &'static str,
    size: usize,
    draw: impl Fn(&mut Random) -> [f32; 16],
    asked: &[(&'static str, usize, f64)],
) -> (Set<[f32; 16]>, Vec<[f32; 16]>) {
    let drawn = |seed: u64, count: usize| {
        let mut random = Random(seed);
        (0..count).map(|_| draw(&mut random)).collect::<Vec<_>>()
    };
    let question = |&(name, limit, recall): &(&'static str, usize, f64)| Question {
        name,
        ours: ORDERED,
        limit,
        recall,
        queries: drawn(2, QUERIES),
    };
    let questions = asked.iter().map(question).collect();
    (Set { name, rows: drawn(1, size), questions }, drawn(3, size))
}

/// Fingerprints, the questions that are asked of them, and as many rows again.
fn fingerprints(size: usize) -> (Set<[u8; 32]>, Vec<[u8; 32]>) {
    let source = Fingerprints::read();
    let drawn = |seed: u64, count: usize| {
        let mut random = Random(seed);
        (0..count).map(|_| source.draw(&mut random)).collect::<Vec<_>>()
    };
    let rows = drawn(1, size);
    let mut random = Random(4);
    let changed: Vec<[u8; 32]> = (0..QUERIES)
        .map(|_| {
            let of = rows[(random.bits() % rows.len() as u64) as usize];
            of.map(|at| (f64::from(at) + CHANGE * random.normal()).round() as u8)
        })
        .collect();
    let questions = questions(drawn(2, QUERIES), changed);
    (Set { name: "fingerprints", rows, questions }, drawn(3, size))
}

/// What is asked of fingerprints.
fn questions(others: Vec<[u8; 32]>, changed: Vec<[u8; 32]>) -> Vec<Question<[u8; 32]>> {
    let question =
        |name, ours, limit, queries| Question { name, ours, limit, recall: 0.99, queries };
    vec![
        question("top 20", ORDERED, 20, others),
        question("top 1 of changed copies", ORDERED, 1, changed.clone()),
        question("sphere of 1 around changed copies", WITHIN, 1, changed.clone()),
        question("top 20 of changed copies", ORDERED, 20, changed),
    ]
}

/// Ten times as many fingerprints: how much more the index takes.
pub fn ten_times(client: &mut Client, size: usize) -> Result<String> {
    let mut lines = String::from(
        "| fingerprints | build s | MB | top 1 of changed copies, ms: mean / p50 / p95 | top 20 of others |\n|---|---|---|---|---|\n",
    );
    let mut means = Vec::new();
    for rows in [size, 10 * size] {
        eprintln!("kdtree: {rows} fingerprints");
        let (set, _) = fingerprints(rows);
        client.batch_execute(
            "DROP TABLE IF EXISTS owns, vectors; CREATE TABLE owns (id int, own fingerprint)",
        )?;
        let mut copy = client.copy_in("COPY owns FROM STDIN")?;
        for (id, row) in set.rows.iter().enumerate() {
            writeln!(copy, "{id}\t{}", row.text())?;
        }
        copy.finish()?;
        client.batch_execute("VACUUM ANALYZE owns")?;
        let (seconds, size) = build(client, "owns USING kdtree (own)")?;
        let mut reader = connect()?;
        reader.batch_execute(BY_INDEX)?;
        let mut asked = Vec::new();
        for question in [&set.questions[1], &set.questions[0]] {
            let statement = reader.prepare(&statement_of(question))?;
            let queries: Vec<String> = question.queries.iter().map(Value::text).collect();
            asked.push(Latency::of(ask(&mut reader, &statement, &queries, ROUNDS)?.1));
        }
        writeln!(
            lines,
            "| {rows} | {seconds:.1} | {size:.0} | {} | {} |",
            three(asked[0]),
            three(asked[1])
        )?;
        means.push([seconds, size, asked[0].mean, asked[1].mean]);
    }
    if let [one, ten] = means[..] {
        let [build, size, first, twenty] = [0, 1, 2, 3].map(|at| ten[at] / one[at]);
        writeln!(
            lines,
            "| ten times over once | {build:.1} | {size:.1} | {first:.1} | {twenty:.1} |"
        )?;
    }
    client.batch_execute("DROP TABLE owns")?;
    Ok(lines)
}
