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
        let forbidden = ["pgrx", "pgrx_next", "pg_sys", "pg", "unsafe"];
        assert!(!names(path, &forbidden), "{} names one of {forbidden:?}", path.display());
    }
    for path in &pg {
        let forbidden = ["png", "gif", "image", "image_webp", "jxl", "zune_jpeg", "zune_core"];
        assert!(!names(path, &forbidden), "{} names one of {forbidden:?}", path.display());
    }
    // The check itself sees what it looks for.
    assert!(pg.iter().all(|path| names(path, &["pgrx", "pg", "mod"])));
}

/// The method's folders and files from the ground up: each uses only those before it.
const FLOORS: [&str; 8] =
    ["memory", "text", "picture", "decode", "pattern", "signature", "fingerprint", "index"];

/// The paths that begin with `crate::` in a file's code, as its segments after that.
fn crate_paths(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a source file");
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    let paths = code.iter().flat_map(|line| line.split("crate::").skip(1));
    paths
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            rest[..end.unwrap_or(rest.len())].split("::").map(str::to_owned).collect()
        })
        .collect()
}

/// The module a file of the method is, as its segments below `src/`.
fn module(src: &Path, path: &Path) -> Vec<String> {
    let within = path.strip_prefix(src).expect("below src").with_extension("");
    let segments = within.iter().map(|segment| segment.to_string_lossy().into_owned());
    segments.filter(|segment| segment != "mod").collect()
}

#[test]
fn each_floor_uses_only_those_below() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floor = |name: &String| FLOORS.iter().position(|floor| floor == name);
    let mut seen = 0;
    for path in sources(&src).iter().filter(|path| !path.starts_with(src.join("pg"))) {
        let own = module(&src, path);
        if own[0] == "lib" {
            continue;
        }
        let own_floor = floor(&own[0]).unwrap_or_else(|| panic!("{} is on no floor", own[0]));
        for used in crate_paths(path) {
            let used_floor = floor(&used[0]);
            assert!(used_floor.is_some_and(|used| used <= own_floor), "{own:?} uses {used:?}");
            seen += usize::from(used_floor < Some(own_floor));
        }
    }
    assert!(seen > 20, "the uses are there to be checked: {seen}");
}

/// Files of one floor do not use each other in circles. A folder's `mod.rs` is left out:
/// it declares the others, and they take their errors and small types from it.
#[test]
fn no_file_uses_what_uses_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files: Vec<PathBuf> =
        sources(&src).into_iter().filter(|path| !path.starts_with(src.join("pg"))).collect();
    let modules: Vec<Vec<String>> = files.iter().map(|path| module(&src, path)).collect();
    let uses: Vec<Vec<usize>> = files
        .iter()
        .map(|path| {
            let paths = crate_paths(path);
            let named = |known: &Vec<String>| {
                known.len() > 1 && paths.iter().any(|path| path.starts_with(known))
            };
            (0..modules.len()).filter(|&other| named(&modules[other])).collect()
        })
        .collect();
    // Whoever is reached from a file by one use or more.
    for from in 0..modules.len() {
        let (mut reached, mut next) = (vec![false; modules.len()], uses[from].clone());
        while let Some(other) = next.pop() {
            if !std::mem::replace(&mut reached[other], true) {
                next.extend(&uses[other]);
            }
        }
        assert!(!reached[from], "{:?} is used by what it uses", modules[from]);
    }
    assert!(uses.iter().map(Vec::len).sum::<usize>() > 5, "the uses are there to be checked");
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
    let features = ["pg14", "pg15", "pg16", "pg17", "pg18", "pg19"];
    let mut places = sources(&src);
    places.retain(|path| names(path, &features));
    assert_eq!(places, [src.join("pg/version.rs")]);
}
