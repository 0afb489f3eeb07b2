//! A dump of the C extension's, restored as `docs/from-imgsmlr.md` says.

use crate::database::Database;
use crate::fixture_text::fixture_text;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What `pg_dump` wrote of a database with the C extension: a pattern, 25
/// signatures and, of a picture of one colour, NaN.
fn dump() -> String {
    let pattern = fixture_text("golden_pattern_rgb8.txt").replace('\n', "");
    let rows: Vec<String> = fixture_text("signatures.tsv").lines().map(str::to_owned).collect();
    assert_eq!(rows.len(), 25);
    let nan = format!("({})", ["nan"; 16].join(", "));
    format!(
        "--
-- PostgreSQL database dump
--
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

CREATE EXTENSION IF NOT EXISTS imgsmlr WITH SCHEMA public;
COMMENT ON EXTENSION imgsmlr IS 'image similarity module';

CREATE TABLE public.pat (id integer NOT NULL, patt public.pattern);
CREATE TABLE public.img_vec (id integer NOT NULL, sig public.signature);
CREATE TABLE public.note (text text);

COPY public.pat (id, patt) FROM stdin;
1\t{pattern}
\\.

COPY public.img_vec (id, sig) FROM stdin;
{}
26\t{nan}
\\.

COPY public.note (text) FROM stdin;
the imgsmlr of CREATE EXTENSION imgsmlr
\\.

ALTER TABLE ONLY public.img_vec ADD CONSTRAINT img_vec_pkey PRIMARY KEY (id);
CREATE INDEX img_vec_sig ON public.img_vec USING gist (sig);
",
        rows.join("\n")
    )
}

/// The commands of the document that begin with `word`.
fn commands(word: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/from-imgsmlr.md");
    let text = std::fs::read_to_string(path).expect("the document");
    text.lines().filter(|line| line.starts_with(word)).map(str::to_owned).collect()
}

/// Runs a `sed` command of the document, its files replaced by a pipe.
fn edited(command: &str, text: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let files = words.len() - 3;
    let mut sed = Command::new("sh")
        .args(["-c", &words[..files].join(" ")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sed");
    let mut input = sed.stdin.take().expect("a pipe");
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).expect("written"));
    let output = sed.wait_with_output().expect("sed");
    writer.join().expect("written");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// Restores a dump by psql; what it says of errors.
fn restore(database: &Database, dump: &str) -> Result<(), String> {
    let psql = std::env::var("IMGSMLR_RS_PSQL").unwrap_or("psql".to_owned());
    let server = std::env::var("IMGSMLR_RS_SERVER").expect("a server");
    let mut psql = Command::new(psql)
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--single-transaction"])
        .args(["--file", "-", &format!("{server} dbname={}", database.name())])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql");
    let mut input = psql.stdin.take().expect("a pipe");
    let dump = dump.to_owned();
    let writer = std::thread::spawn(move || drop(input.write_all(dump.as_bytes())));
    let output = psql.wait_with_output().expect("psql");
    writer.join().expect("written");
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn check(database: &mut Database) {
    database.client.batch_execute("SET enable_seqscan = off; ANALYZE public.img_vec").expect("set");
    let search =
        "SELECT id FROM img_vec ORDER BY sig <-> (SELECT sig FROM img_vec WHERE id = 5) LIMIT 4";
    let plan = database.plan(search);
    assert!(plan.contains("Index Scan using img_vec_sig"), "{plan}");
    // The published answer begins so.
    let nearest: Vec<String> = database.column(search).into_iter().flatten().collect();
    assert_eq!(nearest, ["5", "1", "2", "9"]);
    let query =
        "SELECT (sig = array_fill(0::real, ARRAY[16])::signature)::text FROM img_vec WHERE id = 26";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let query = "SELECT (pattern2signature(patt) IS NOT NULL)::text FROM pat";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let query = "SELECT text FROM note";
    assert_eq!(database.value(query).as_deref(), Some("the imgsmlr of CREATE EXTENSION imgsmlr"));
}

#[test]
fn a_dump_restores_after_the_documented_sed() {
    let mut database = Database::create("migration_sed");
    database.client.batch_execute("DROP EXTENSION imgsmlr_rs").expect("an empty database");
    let seds = commands("sed ");
    let [rename, no_nan] = seds.as_slice() else { panic!("{seds:?}") };
    let renamed = edited(rename, &dump());
    let error = restore(&database, &renamed).expect_err("NaN is refused");
    assert!(error.contains("out of range") && error.contains("signature"), "{error}");
    restore(&database, &edited(no_nan, &renamed)).expect("restored");
    check(&mut database);
}

#[test]
fn a_dump_restores_as_it_is_where_the_alias_is() {
    let mut database = Database::create("migration_alias");
    if !database.offers("imgsmlr", "1.0") {
        println!("the alias is not installed on this server: nothing to test");
        return;
    }
    database
        .client
        .batch_execute("DROP EXTENSION imgsmlr_rs; CREATE EXTENSION imgsmlr_rs SCHEMA public")
        .expect("as the document says");
    let seds = commands("sed ");
    restore(&database, &edited(&seds[1], &dump())).expect("restored");
    check(&mut database);
    database.client.batch_execute("DROP EXTENSION imgsmlr").expect("the name alone");
    check(&mut database);
}
