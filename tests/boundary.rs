//! The method knows nothing of Postgres, Postgres' folder nothing of pictures'
//! insides, and `unsafe` stays where Postgres is.

use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The words of a file's code, without its comments.
fn words(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a source file");
    let code = text.lines().map(|line| line.split("//").next().unwrap_or(""));
    code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .map(str::to_owned)
        .collect()
}

fn names(path: &Path, forbidden: &[&str]) -> bool {
    words(path).iter().any(|word| forbidden.contains(&word.as_str()))
}

#[test]
fn only_pg_and_lib_name_pgrx_or_use_unsafe() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (pg, method): (Vec<PathBuf>, Vec<PathBuf>) =
        sources(&src).into_iter().partition(|path| path.starts_with(src.join("pg")));
    assert!(pg.len() > 5 && method.len() > 10, "both are there to be checked");
    for path in method.iter().filter(|path| **path != src.join("lib.rs")) {
        let forbidden = ["pgrx", "pg_sys", "pg", "unsafe"];
        assert!(!names(path, &forbidden), "{} names one of {forbidden:?}", path.display());
    }
    for path in &pg {
        let forbidden = ["png", "gif", "image", "image_webp", "zune_jpeg", "zune_core"];
        assert!(!names(path, &forbidden), "{} names one of {forbidden:?}", path.display());
    }
    // The check itself sees what it looks for.
    assert!(pg.iter().all(|path| names(path, &["pgrx", "pg", "mod"])));
}

#[test]
fn every_unsafe_block_says_why_it_is_safe() {
    let pg = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pg");
    for path in sources(&pg) {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let begins_block = line.contains("unsafe {") || line.contains("unsafe impl");
            let said =
                lines[number.saturating_sub(8)..number].iter().any(|line| line.contains("SAFETY:"));
            assert!(!begins_block || said, "{}:{}", path.display(), number + 1);
        }
    }
}

#[test]
fn one_place_asks_which_postgres_it_is() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let features = ["pg14", "pg15", "pg16", "pg17", "pg18"];
    let mut places = sources(&src);
    places.retain(|path| names(path, &features));
    assert_eq!(places, [src.join("pg/version.rs")]);
}
