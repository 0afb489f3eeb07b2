//! Files that are large, and files that mean harm.

pub mod bombs;
pub mod large;
pub mod mutation;
pub mod png;

/// A name to show, and the bytes.
pub type File = (String, Vec<u8>);

/// The files of folders of `tests/fixtures`, by name.
pub fn fixtures(folders: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    for folder in folders {
        let path = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(&path).expect(&path) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            files.push((format!("{folder}/{name}"), std::fs::read(&path).expect("a file")));
        }
    }
    files.sort();
    assert!(!files.is_empty());
    files
}
