//! Our index beside pgvector's and cube's, over the same numbers, in one run.
//!
//! `make bench` starts a server and runs this. It prints its progress, then one
//! table, and writes `table.md` and `plot.svg` to the folder named in
//! `IMGSMLR_RS_RESULTS`.

mod data;

use data::{Photos, Random, uniform};
use postgres::{Client, NoTls, Statement};
use std::collections::HashSet;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Row = [f32; 16];

const QUERIES: usize = 200;
/// Sequential scans take so long that fewer do.
const SLOW_QUERIES: usize = 20;
const LIMIT: usize = 20;

/// One way to find the nearest.
struct Method {
    name: &'static str,
    table: &'static str,
    /// What to put before `USING`'s columns, or nothing for a sequential scan.
    index: Option<&'static str>,
    order_by: &'static str,
    /// `hnsw.ef_search` to try, until recall is 0.999.
    breadths: &'static [u32],
    most_rows: usize,
}

const OURS: &str = "sig <-> $1::text::signature";
const VECTOR: &str = "vec <-> $1::text::vector";

const METHODS: [Method; 7] = [
    Method {
        name: "imgsmlr_rs GiST",
        table: "signatures",
        index: Some("USING gist (sig)"),
        order_by: OURS,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "imgsmlr_rs GiST, fillfactor 100",
        table: "signatures",
        index: Some("USING gist (sig) WITH (fillfactor = 100)"),
        order_by: OURS,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "imgsmlr_rs, sequential scan",
        table: "signatures",
        index: None,
        order_by: OURS,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "pgvector HNSW, default",
        table: "vectors",
        index: Some("USING hnsw (vec vector_l2_ops)"),
        order_by: VECTOR,
        breadths: &[40],
        most_rows: usize::MAX,
    },
    Method {
        name: "pgvector HNSW, recall ≥ 0.999",
        table: "vectors",
        // On the index of the row above.
        index: Some(""),
        order_by: VECTOR,
        breadths: &[80, 160, 320, 640, 1000],
        most_rows: usize::MAX,
    },
    Method {
        name: "pgvector, sequential scan",
        table: "vectors",
        index: None,
        order_by: VECTOR,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "cube GiST",
        table: "cubes",
        index: Some("USING gist (point)"),
        order_by: "point <-> $1::text::cube",
        breadths: &[],
        most_rows: 100_000,
    },
];

/// What was measured of a method on a set.
struct Measured {
    set: &'static str,
    rows: usize,
    method: String,
    build: Option<(f64, f64)>,
    /// Pages for the top 1, 10 and 20: of the index, or of the table.
    pages: [f64; 3],
    recall: f64,
    /// Milliseconds, p50 and p95: one client, then two.
    latency: [(f64, f64); 2],
}

fn connect() -> Result<Client> {
    let server = std::env::var("IMGSMLR_RS_SERVER")?;
    let mut client = Client::connect(&format!("{server} dbname=imgsmlr_rs_bench"), NoTls)?;
    client.batch_execute("SET max_parallel_workers_per_gather = 0; SET jit = off")?;
    Ok(client)
}

fn numbers(row: &Row) -> String {
    row.map(|value| value.to_string()).join(",")
}

/// Loads the same numbers as three types.
fn load(client: &mut Client, rows: &[Row]) -> Result<()> {
    client.batch_execute(
        "DROP TABLE IF EXISTS signatures, vectors, cubes;
         CREATE TABLE signatures (id int, sig signature);
         CREATE TABLE vectors (id int, vec vector(16));
         CREATE TABLE cubes (id int, point cube);",
    )?;
    for (table, open, close) in [("signatures", "", ""), ("vectors", "[", "]"), ("cubes", "(", ")")]
    {
        if table == "cubes" && rows.len() > 100_000 {
            continue;
        }
        let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN"))?;
        for (id, row) in rows.iter().enumerate() {
            writeln!(copy, "{id}\t{open}{}{close}", numbers(row))?;
        }
        copy.finish()?;
    }
    client.batch_execute("VACUUM ANALYZE")?;
    Ok(())
}

fn answer(client: &mut Client, statement: &Statement, query: &str) -> Result<Vec<i32>> {
    Ok(client.query(statement, &[&query])?.iter().map(|row| row.get(0)).collect())
}

/// The mean number of pages of `relation` that a query reads.
fn pages_read(
    client: &mut Client,
    relation: &str,
    search: &str,
    limit: usize,
    queries: &[String],
) -> Result<f64> {
    let count = "SELECT pg_stat_get_xact_blocks_fetched($1::text::regclass)";
    let mut transaction = client.transaction()?;
    let statement = transaction.prepare(&format!("{search} LIMIT {limit}"))?;
    let before: i64 = transaction.query_one(count, &[&relation])?.get(0);
    for query in queries {
        transaction.query(&statement, &[query])?;
    }
    let after: i64 = transaction.query_one(count, &[&relation])?.get(0);
    Ok((after - before) as f64 / queries.len() as f64)
}

/// Milliseconds of each query, by one client.
fn time(settings: &str, search: &str, queries: &[String]) -> Result<Vec<f64>> {
    let mut client = connect()?;
    client.batch_execute(settings)?;
    let statement = client.prepare(&format!("{search} LIMIT {LIMIT}"))?;
    for query in queries.iter().take(20) {
        answer(&mut client, &statement, query)?;
    }
    let mut times = Vec::new();
    for query in queries {
        let start = Instant::now();
        answer(&mut client, &statement, query)?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

fn percentiles(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    (at(0.5), at(0.95))
}

/// Times `clients` clients at once.
fn latency(clients: usize, settings: &str, search: &str, queries: &[String]) -> Result<(f64, f64)> {
    let times = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| time(settings, search, queries).map_err(|error| error.to_string()))
            })
            .collect();
        let joined = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| "a client died".to_owned())?);
        joined.collect::<std::result::Result<Vec<_>, String>>()
    })?;
    Ok(percentiles(times.into_iter().flatten().collect()))
}

/// The part of the exact answers' ids that is found; ties count as found.
fn recall(found: &[Vec<i32>], exact: &[Vec<i32>]) -> f64 {
    let hits = found.iter().zip(exact).map(|(found, exact)| {
        let exact: HashSet<_> = exact.iter().collect();
        found.iter().filter(|id| exact.contains(id)).count()
    });
    let all: usize = exact.iter().map(Vec::len).sum();
    hits.sum::<usize>() as f64 / all as f64
}

fn measure(
    client: &mut Client,
    method: &Method,
    set: &'static str,
    rows: usize,
    queries: &[String],
    exact: &[Vec<i32>],
) -> Result<Measured> {
    let index = "nearest";
    let build = match method.index {
        Some("") | None => None,
        Some(using) => {
            client.batch_execute(&format!("DROP INDEX IF EXISTS {index}"))?;
            let start = Instant::now();
            client.batch_execute(&format!("CREATE INDEX {index} ON {} {using}", method.table))?;
            let seconds = start.elapsed().as_secs_f64();
            client.batch_execute(&format!("VACUUM {}", method.table))?;
            let size: i64 =
                client.query_one("SELECT pg_relation_size($1::text::regclass)", &[&index])?.get(0);
            Some((seconds, size as f64 / 1e6))
        }
    };
    let search = format!("SELECT id FROM {} ORDER BY {}", method.table, method.order_by);
    let (base, relation, queries) = match method.index {
        Some(_) => ("SET enable_seqscan = off; SET enable_sort = off", index, queries),
        None => ("SET enable_indexscan = off", method.table, &queries[..SLOW_QUERIES]),
    };
    let mut settings = base.to_owned();
    let mut found = 0.0;
    for breadth in method
        .breadths
        .iter()
        .map(Some)
        .chain([None].into_iter().take(usize::from(method.breadths.is_empty())))
    {
        if let Some(breadth) = breadth {
            settings = format!("{base}; SET hnsw.ef_search = {breadth}");
        }
        client.batch_execute(&settings)?;
        let statement = client.prepare(&format!("{search} LIMIT {LIMIT}"))?;
        let answers: Result<Vec<_>> =
            queries.iter().map(|query| answer(client, &statement, query)).collect();
        found = recall(&answers?, &exact[..queries.len()]);
        if found >= 0.999 {
            break;
        }
    }
    let mut pages = [0.0; 3];
    for (pages, limit) in pages.iter_mut().zip([1, 10, 20]) {
        *pages = pages_read(client, relation, &search, limit, queries)?;
    }
    let latency =
        [latency(1, &settings, &search, queries)?, latency(2, &settings, &search, queries)?];
    client.batch_execute("RESET enable_seqscan; RESET enable_sort; RESET enable_indexscan")?;
    let breadth =
        settings.split("ef_search = ").nth(1).map(|ef| format!(", ef {ef}")).unwrap_or_default();
    let method = format!("{}{breadth}", method.name);
    Ok(Measured { set, rows, method, build, pages, recall: found, latency })
}

/// All pairs nearer than a radius, through the index, against comparing a
/// tenth of the rows with each other, times a hundred.
fn self_join(client: &mut Client, rows: &[Row]) -> Result<String> {
    load(client, rows)?;
    client
        .batch_execute("CREATE INDEX nearest ON signatures USING gist (sig); ANALYZE signatures")?;
    let join = |radius: f64| {
        format!(
            "SELECT count(*) FROM signatures a JOIN signatures b
             ON b.sig <<->> sphere(a.sig, {radius}) AND a.id < b.id"
        )
    };
    // The radius that yields about as many pairs as there are rows.
    let (mut low, mut high) = (0.0, 2.0);
    let mut pairs: i64 = 0;
    let mut radius = 0.3;
    for _ in 0..12 {
        pairs = client.query_one(&join(radius), &[])?.get(0);
        eprintln!("  radius {radius:.4}: {pairs} pairs");
        let ratio = pairs as f64 / rows.len() as f64;
        if (0.95..1.05).contains(&ratio) {
            break;
        }
        if ratio < 1.0 {
            low = radius
        } else {
            high = radius
        }
        radius = (low + high) / 2.0;
    }
    let start = Instant::now();
    client.query_one(&join(radius), &[])?;
    let by_index = start.elapsed().as_secs_f64();
    let tenth = rows.len() / 10;
    let sequential = format!(
        "SELECT count(*) FROM signatures a JOIN signatures b
         ON a.sig <-> b.sig < {radius} AND a.id < b.id WHERE a.id < {tenth} AND b.id < {tenth}"
    );
    let start = Instant::now();
    client.query_one(&sequential, &[])?;
    let by_scan = 100.0 * start.elapsed().as_secs_f64();
    Ok(format!(
        "Near-duplicate self-join, {} photo-like rows, radius {radius:.4}, {pairs} pairs: {by_index:.2} s through the \
         index, {by_scan:.0} s by a nested sequential join (a tenth of the rows, times a hundred): 1/{:.0}.",
        rows.len(),
        by_scan / by_index
    ))
}

fn table(all: &[Measured]) -> String {
    let mut out = String::from(
        "| set | rows | method | build s | MB | pages top 1 / 10 / 20 | recall | p50 / p95 ms | two clients |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for m in all {
        let (seconds, size) = m.build.map_or((String::new(), String::new()), |(seconds, size)| {
            (format!("{seconds:.1}"), format!("{size:.0}"))
        });
        let [one, two] = m.latency.map(|(p50, p95)| format!("{p50:.2} / {p95:.2}"));
        let [a, b, c] = m.pages.map(|pages| format!("{pages:.0}"));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {seconds} | {size} | {a} / {b} / {c} | {:.4} | {one} | {two} |",
            m.set, m.rows, m.method, m.recall
        );
    }
    out
}

/// Pages and latency against rows, both axes logarithmic, photo-like set.
fn plot(all: &[Measured]) -> String {
    const COLOURS: [&str; 7] =
        ["#c0392b", "#e67e22", "#7f8c8d", "#2980b9", "#8e44ad", "#34495e", "#27ae60"];
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"980\" height=\"420\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"980\" height=\"420\" fill=\"white\"/>\n",
    );
    type Value = fn(&Measured) -> f64;
    let panels: [(&str, Value, f64, (f64, f64)); 2] = [
        ("pages read, top 20", |m| m.pages[2], 60.0, (1.0, 5.0)),
        ("p50 latency in ms, top 20", |m| m.latency[0].0, 420.0, (-1.0, 3.0)),
    ];
    for (title, value, left, (least, most)) in panels {
        let x = |rows: f64| left + (rows.log10() - 4.8) / 1.9 * 270.0;
        let y = |value: f64| 370.0 - (value.max(1e-3).log10() - least) / (most - least) * 320.0;
        let _ = writeln!(out, "<text x=\"{left}\" y=\"30\">{title}, photo-like</text>");
        for power in least as i32..=most as i32 {
            let (value, at) = (10_f64.powi(power), y(10_f64.powi(power)));
            let _ = writeln!(
                out,
                "<line x1=\"{left}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>",
                left + 270.0,
                left - 4.0,
                at + 4.0
            );
        }
        let mut names: Vec<&str> = Vec::new();
        for m in all.iter().filter(|m| m.set == "photo") {
            let name = m.method.split(", ef").next().unwrap_or("");
            let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            let points: Vec<String> = all
                .iter()
                .filter(|other| {
                    other.set == "photo"
                        && other.method.starts_with(name)
                        && other.method.split(", ef").next() == Some(name)
                })
                .map(|other| format!("{:.1},{:.1}", x(other.rows as f64), y(value(other))))
                .collect();
            let colour = COLOURS[place % COLOURS.len()];
            let _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                points.join(" ")
            );
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"388\" text-anchor=\"middle\">{}</text>",
                x(m.rows as f64),
                y(value(m)),
                x(m.rows as f64),
                m.rows
            );
        }
        for (place, name) in names.iter().enumerate() {
            let _ = writeln!(
                out,
                "<text x=\"720\" y=\"{}\" fill=\"{}\">{name}</text>",
                60 + 20 * place,
                COLOURS[place % COLOURS.len()]
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

fn main() -> Result<()> {
    let results = std::env::var("IMGSMLR_RS_RESULTS")?;
    let sizes: Vec<usize> = match std::env::var("ROWS").ok().filter(|rows| !rows.is_empty()) {
        Some(rows) => {
            rows.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?
        }
        None => vec![100_000, 1_000_000],
    };
    let photos = Photos::read();
    let draw = |set: &str, random: &mut Random| match set {
        "photo" => photos.draw(random),
        _ => uniform(random),
    };
    let mut client = connect()?;
    client.batch_execute(
        "CREATE EXTENSION IF NOT EXISTS imgsmlr_rs; CREATE EXTENSION IF NOT EXISTS vector;
         CREATE EXTENSION IF NOT EXISTS cube;",
    )?;
    let mut all = Vec::new();
    for set in ["photo", "uniform"] {
        for &size in &sizes {
            eprintln!("{set}, {size} rows: loading");
            let mut random = Random(1);
            let rows: Vec<Row> = (0..size).map(|_| draw(set, &mut random)).collect();
            load(&mut client, &rows)?;
            let mut random = Random(2);
            let drawn: Vec<Row> = (0..QUERIES).map(|_| draw(set, &mut random)).collect();
            let exact: Vec<Vec<i32>> = drawn.iter().map(|query| nearest(&rows, query)).collect();
            for method in METHODS.iter().filter(|method| size <= method.most_rows) {
                eprintln!("  {}", method.name);
                let queries: Vec<String> = drawn
                    .iter()
                    .map(|row| match method.table {
                        "vectors" => format!("[{}]", numbers(row)),
                        _ => format!("({})", numbers(row)),
                    })
                    .collect();
                all.push(measure(&mut client, method, set, size, &queries, &exact)?);
                // What is there so far, should the rest not come.
                std::fs::write(format!("{results}/table.md"), table(&all))?;
            }
            client.batch_execute("DROP INDEX IF EXISTS nearest")?;
        }
    }
    eprintln!("self-join");
    let mut random = Random(1);
    let rows: Vec<Row> = (0..100_000).map(|_| photos.draw(&mut random)).collect();
    let join = self_join(&mut client, &rows)?;
    let report = format!("{}\n{join}\n", table(&all));
    std::fs::write(format!("{results}/table.md"), &report)?;
    std::fs::write(format!("{results}/plot.svg"), plot(&all))?;
    println!("{report}");
    Ok(())
}

/// The exact answer, computed here: ids of the nearest, nearest first.
fn nearest(rows: &[Row], query: &Row) -> Vec<i32> {
    let distance = |row: &Row| {
        let squares = row.iter().zip(query).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
        squares.sum::<f64>()
    };
    let mut all: Vec<(f64, i32)> =
        rows.iter().enumerate().map(|(id, row)| (distance(row), id as i32)).collect();
    all.select_nth_unstable_by(LIMIT - 1, |a, b| a.0.total_cmp(&b.0));
    all.truncate(LIMIT);
    all.into_iter().map(|(_, id)| id).collect()
}
