//! Every `sql` block of the README and the documents, run by psql as it stands,
//! and the `text` block behind it, which is what psql prints. And docs/sql.md,
//! which names everything that the extension has.

use crate::database::Database;
use crate::markdown::{blocks, documents, root};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What psql prints of each of `scripts`, run one after another in one session.
fn psql(database: &Database, scripts: &[&str]) -> Vec<String> {
    const NEXT: &str = "== the next script ==";
    let server = std::env::var("IMGSMLR_RS_SERVER").expect("a server");
    let program = std::env::var("IMGSMLR_RS_PSQL").unwrap_or("psql".to_owned());
    // The shell puts results and messages into one pipe, in their order.
    let mut psql = Command::new("sh")
        .args(["-c", "exec \"$0\" --no-psqlrc --quiet \"$1\" 2>&1", &program])
        .arg(format!("{server} dbname={}", database.name()))
        .current_dir(root())
        .env("LC_ALL", "C")
        .env("PGCLIENTENCODING", "UTF8")
        .env("PGOPTIONS", "-c statement_timeout=60s")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("psql");
    let mut input = psql.stdin.take().expect("a pipe");
    let all = scripts.join(&format!("\n\\echo {NEXT}\n"));
    let writer = std::thread::spawn(move || drop(input.write_all(all.as_bytes())));
    let output = psql.wait_with_output().expect("psql");
    writer.join().expect("written");
    assert!(output.status.success(), "psql: {}", output.status);
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let printed: Vec<String> = output.split(&format!("{NEXT}\n")).map(str::to_owned).collect();
    assert_eq!(printed.len(), scripts.len(), "psql broke off:\n{output}");
    printed
}

/// Without what psql pads its lines with.
fn trimmed(text: &str) -> String {
    text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn complains(output: &str) -> bool {
    let words = ["ERROR:", "WARNING:", "FATAL:", "invalid command"];
    output.lines().any(|line| words.iter().any(|word| line.starts_with(word)))
}

#[test]
fn every_sql_block_runs_and_prints_what_the_document_says() {
    let (mut ran, mut compared) = (0, 0);
    for (number, document) in documents().into_iter().enumerate() {
        let mut database = Database::create(&format!("docs_{number}"));
        let [hnsw, of_bits] = ["0.5", "0.7"].map(|least| database.offers("vector", least));
        database.client.batch_execute("DROP EXTENSION imgsmlr_rs").expect("an empty database");
        let blocks = blocks(&document.text);
        let mut scripts = Vec::new();
        let mut wanted = Vec::new();
        for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sql") {
            let says = |word| block.text.contains(word);
            if !of_bits && says("bit_hamming_ops") || !hnsw && (says("hnsw") || says("vector")) {
                println!("no such pgvector on this server: left out\n{}", block.text);
                continue;
            }
            let end = block.text.lines().last().unwrap_or_default();
            let marks = [";", "\\gset", "\\gexec"];
            let ended = end.starts_with('\\') || marks.iter().any(|mark| end.ends_with(mark));
            assert!(ended, "{}:{}: no semicolon at the end", document.path, block.line);
            scripts.push(block.text.as_str());
            let answer = blocks.get(at + 1).filter(|next| next.language == "text");
            wanted.push((block.line, answer));
        }
        if scripts.is_empty() {
            continue;
        }
        for (output, (line, wanted)) in psql(&database, &scripts).iter().zip(wanted) {
            let place = format!("{}:{line}", document.path);
            ran += 1;
            match wanted {
                Some(wanted) => {
                    compared += 1;
                    let (is, says) = (trimmed(output), trimmed(&wanted.text));
                    assert!(is == says, "{place} says\n{says}\nbut it is\n{is}");
                }
                None => assert!(!complains(output), "{place}:\n{output}"),
            }
        }
    }
    assert!(ran >= 30 && compared >= 20, "{ran} blocks, {compared} with an answer");
}

/// What docs/scale-out.md gives for Citus, where that is plain SQL, and a shard is a plain table.
#[test]
fn the_forms_for_citus_answer_the_same_on_a_plain_table() {
    let mut database = Database::create("docs_citus");
    let page = std::fs::read_to_string(root().join("docs/scale-out.md")).expect("the page");
    let blocks: Vec<_> = blocks(&page).into_iter().filter(|b| b.language == "citus").collect();
    let statements: Vec<&str> = blocks.iter().flat_map(|block| block.text.split(";\n")).collect();
    let [nearest, pairs] = statements
        .iter()
        .filter(|statement| statement.trim_start().starts_with("WITH"))
        .collect::<Vec<_>>()[..]
    else {
        panic!("{statements:#?}");
    };
    let create = "CREATE TABLE picture (id int, fp fingerprint);
        INSERT INTO picture SELECT id, sha256(int4send(id / 3))::fingerprint FROM generate_series(1, 500) AS id;
        CREATE INDEX picture_fp ON picture USING kdtree (fp)";
    database.client.batch_execute(create).expect("a table");
    let mut same = |one: &str, other: &str| {
        let [mut one, mut other] = [one, other].map(|query| database.column(query));
        one.sort_unstable();
        other.sort_unstable();
        assert!(one == other && !one.is_empty(), "{one:?} is not {other:?}");
        one.len()
    };
    // Distances, as ids at the same distance come in any order.
    let nearest = nearest.replace("SELECT id FROM", "SELECT fp <-> (SELECT fp FROM q) FROM");
    let one_by_one =
        "SELECT fp <-> (SELECT fp FROM picture WHERE id = 1) FROM picture ORDER BY 1 LIMIT 20";
    assert_eq!(same(&nearest, one_by_one), 20);
    let pairs = pairs.replace("SELECT a.id, b.id FROM", "SELECT format('%s %s', a.id, b.id) FROM");
    let walked = "SELECT format('%s %s', least(a.id, b.id), greatest(a.id, b.id))
        FROM kdtree_pairs('picture_fp', 0.5) JOIN picture a ON a.ctid = one JOIN picture b ON b.ctid = other";
    assert_eq!(same(&pairs, walked), 499);
    let check = blocks.iter().find_map(|block| block.text.split("$$").nth(1)).expect("a command");
    let check = database.value(&check.replace("%s", "public.picture"));
    assert_eq!(check.as_deref(), Some("500"));
}

#[test]
fn a_wrong_answer_is_told_from_a_right_one() {
    let database = Database::create("docs_answers");
    let scripts = ["SELECT 1 AS one;\n", "SELECT image2pattern('no picture');\n"];
    let printed = psql(&database, &scripts);
    assert_eq!(trimmed(&printed[0]), " one\n-----\n   1\n(1 row)");
    assert!(!complains(&printed[0]) && complains(&printed[1]), "{printed:?}");
}

/// Everything that the extensions in a database have, as docs/sql.md has it: a
/// type, `function(its arguments)` → `result`, `left operator right`, and so on.
/// The aggregates' and the arrays' own types are not named.
const SURFACE: &str = "
SELECT CASE d.classid
  WHEN 'pg_type'::regclass THEN (SELECT format('`%s`', typname) FROM pg_type WHERE oid = d.objid AND typelem = 0)
  WHEN 'pg_proc'::regclass THEN
    (SELECT format('`%s(%s)` → `%s', proname, regexp_replace(pg_get_function_arguments(oid), ', OUT .*', ''),
                   pg_get_function_result(oid)) FROM pg_proc WHERE oid = d.objid)
  WHEN 'pg_operator'::regclass THEN
    (SELECT format('`%s %s %s`', format_type(oprleft, NULL), oprname, format_type(oprright, NULL))
     FROM pg_operator WHERE oid = d.objid)
  WHEN 'pg_cast'::regclass THEN
    (SELECT format('`%s` → `%s` | %s', format_type(castsource, NULL), format_type(casttarget, NULL),
                   CASE castcontext WHEN 'a' THEN 'on assignment' WHEN 'e' THEN 'explicit' ELSE 'implicit' END)
     FROM pg_cast WHERE oid = d.objid)
  WHEN 'pg_opclass'::regclass THEN
    (SELECT format('`%s` | `%s USING %s`', opcname, format_type(opcintype, NULL), amname)
     FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod WHERE c.oid = d.objid)
  WHEN 'pg_opfamily'::regclass THEN NULL
  WHEN 'pg_am'::regclass THEN (SELECT format('USING %s', amname) FROM pg_am WHERE oid = d.objid)
  ELSE 'what docs.rs does not know: ' || pg_describe_object(d.classid, d.objid, d.objsubid)
END
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND e.extname LIKE 'imgsmlr%'
UNION ALL
SELECT format('| `%s` | `%s` | `%s` |', name, boot_val, context)
FROM pg_settings WHERE name LIKE 'imgsmlr_rs.%'";

#[test]
fn the_sql_reference_names_everything() {
    let mut database = Database::create("docs_surface");
    database.value("SELECT image2pattern('no picture')::text");
    if database.offers("vector", "0.5") {
        database.client.batch_execute("CREATE EXTENSION imgsmlr_rs_hnsw CASCADE").expect("HNSW");
    }
    let reference = std::fs::read_to_string(root().join("docs/sql.md")).expect("docs/sql.md");
    let surface: Vec<String> = database.column(SURFACE).into_iter().flatten().collect();
    let missing: Vec<&String> = surface.iter().filter(|name| !reference.contains(*name)).collect();
    assert!(missing.is_empty(), "docs/sql.md lacks {missing:#?}");
    assert!(surface.len() > 80, "{} things", surface.len());
}

/// The rows of docs/sql.md that begin with a SQLSTATE: that, and its name.
fn sqlstates(reference: &str) -> Vec<(&str, &str)> {
    let row = |line| {
        let cells: Vec<&str> = str::split(line, '`').collect();
        match cells.as_slice() {
            ["| ", code, " | ", name, ..] if code.len() == 5 => Some((*code, *name)),
            _ => None,
        }
    };
    reference.lines().filter_map(row).collect()
}

#[test]
fn the_sql_reference_has_every_sqlstate() {
    let mut database = Database::create("docs_sqlstates");
    let reference = std::fs::read_to_string(root().join("docs/sql.md")).expect("docs/sql.md");
    let rows = sqlstates(&reference);
    for (code, name) in &rows {
        let error = database.error(&format!("DO 'BEGIN RAISE {name}; END'"));
        assert_eq!(error.code().code(), *code, "{name}");
    }
    let source = std::fs::read_to_string(root().join("src/pg/report.rs")).expect("report.rs");
    let word = |c: char| !(c.is_ascii_uppercase() || c == '_');
    let raised = source.split("ERRCODE_").skip(1).filter_map(|rest| rest.split(word).next());
    let mut count = 0;
    // PL/pgSQL has the one of class 40 without its class' name.
    for name in raised.map(|name| name.trim_start_matches("T_R_").to_lowercase()) {
        assert!(rows.iter().any(|row| row.1 == name), "docs/sql.md lacks {name}");
        count += 1;
    }
    assert!(count > 10, "{count} codes");
}
