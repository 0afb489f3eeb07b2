//! Every SQL block of the README and the documents runs as it stands.

use crate::database::Database;
use std::path::PathBuf;

/// The `sql` blocks of a Markdown file.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line) {
            (None, "```sql") => block = Some(String::new()),
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
