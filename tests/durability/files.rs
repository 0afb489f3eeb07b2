//! The files below a directory.

use std::collections::BTreeSet;
use std::path::Path;

/// Paths of all files, those of a relation's free space and visibility maps left
/// out, as these come and go with its first page.
pub fn files(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !name.ends_with("_fsm") && !name.ends_with("_vm") {
            found.insert(name);
        }
    }
    found
}
