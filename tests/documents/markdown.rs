//! The README and the documents, and the code blocks in them.

use std::path::PathBuf;

/// A Markdown file of the project.
pub struct Document {
    /// Its path from the project's root.
    pub path: String,
    pub text: String,
}

/// A fenced code block.
#[derive(Debug, PartialEq)]
pub struct Block<'a> {
    /// The word behind the opening fence.
    pub language: &'a str,
    /// The number of its opening line, from 1.
    pub line: usize,
    /// What is between the fences.
    pub text: String,
}

/// The project's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Beside docs/*.md.
const AT_THE_ROOT: [&str; 3] = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"];

/// Those for readers: AT_THE_ROOT and docs/*.md.
pub fn documents() -> Vec<Document> {
    let docs = std::fs::read_dir(root().join("docs")).expect("docs");
    let names =
        docs.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut paths: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    paths.extend(AT_THE_ROOT.map(str::to_owned));
    paths.sort();
    let read = |path: String| {
        let text = std::fs::read_to_string(root().join(&path)).expect("a document");
        Document { path, text }
    };
    paths.into_iter().map(read).collect()
}

/// The code blocks of a Markdown text, in their order.
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language, line: number + 1, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block without an end: {open:?}");
    blocks
}
