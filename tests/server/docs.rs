//! Every SQL block of the README and the documents runs as it stands.

use crate::database::Database;
use std::path::PathBuf;

/// The `sql` blocks of a Markdown file.
fn blocks(text: &str) -> Vec<String> {
    blocks_in("```sql", text)
}

/// The blocks that begin with the line `fence`.
fn blocks_in(fence: &str, text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line) {
            (None, line) if line == fence => block = Some(String::new()),
            (Some(_), "```") => blocks.extend(block.take()),
            (Some(block), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

fn documents() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).expect("docs");
    let mut files: Vec<PathBuf> = docs.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "md"));
    files.push(root.join("README.md"));
    files.sort();
    files
}

#[test]
fn every_sql_block_runs() {
    let mut ran = 0;
    for (number, path) in documents().into_iter().enumerate() {
        let text = std::fs::read_to_string(&path).expect("a document");
        let mut database = Database::create(&format!("docs_{number}"));
        let pgvector = database.offers("vector");
        database.client.batch_execute("DROP EXTENSION imgsmlr_rs").expect("an empty database");
        for block in blocks(&text) {
            if !pgvector && (block.contains("hnsw") || block.contains("vector")) {
                println!("no pgvector on this server: left out\n{block}");
                continue;
            }
            if let Err(error) = database.client.simple_query(&block) {
                panic!("{}:\n{block}{error:?}", path.display());
            }
            ran += 1;
        }
    }
    assert!(ran >= 3, "{ran} blocks");
}

#[test]
fn blocks_are_found() {
    assert_eq!(blocks("a\n```sql\nSELECT 1;\n```\n```sh\nls\n```\n"), ["SELECT 1;\n"]);
}

/// What can't run in one database is a file that `several_servers` runs.
#[test]
fn the_examples_of_several_servers_are_quoted_as_they_are() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/scale-out.md")).expect("the document");
    let examples = std::fs::read_dir(root.join("examples/scale_out")).expect("the examples");
    let read = |path: PathBuf| std::fs::read_to_string(path).expect("an example");
    let examples: Vec<String> =
        examples.map(|entry| read(entry.expect("an entry").path())).collect();
    let quoted = blocks_in("```psql", &text);
    assert!(!quoted.is_empty());
    for block in &quoted {
        assert!(examples.contains(block), "no file of examples/scale_out is\n{block}");
    }
    let ran = blocks(&text);
    for example in &examples {
        assert!(quoted.contains(example) || ran.contains(example), "not quoted:\n{example}");
    }
}
