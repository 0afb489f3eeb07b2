//! What a release says of itself, in all the files that say it.

use serde_json::Value;
use std::path::{Path, PathBuf};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

fn meta() -> Value {
    serde_json::from_str(&text("META.json")).expect("META.json is JSON")
}

/// A setting of an extension's control file.
fn setting(control: &str, name: &str) -> String {
    let text = text(control);
    let value = text.lines().find_map(|line| {
        let (setting, value) = line.split_once('=')?;
        (setting.trim() == name).then(|| value.trim().trim_matches('\'').to_owned())
    });
    value.unwrap_or_else(|| panic!("{control} sets no {name}"))
}

/// The changelog's versions, the newest first.
fn changelog() -> Vec<String> {
    let text = text("CHANGELOG.md");
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    headings.map(str::to_owned).collect()
}

/// The parts of a version, as SemVer orders them.
fn parts(version: &str) -> [u64; 3] {
    let parts: Vec<u64> = version
        .split('.')
        .map(|part| {
            assert!(part == "0" || !part.starts_with('0'), "{version} is no SemVer");
            part.parse().unwrap_or_else(|_| panic!("{version} is no SemVer"))
        })
        .collect();
    parts.try_into().unwrap_or_else(|_| panic!("{version} has three parts"))
}

#[test]
fn every_file_names_the_same_version() {
    let meta = meta();
    assert_eq!(meta["version"], VERSION, "META.json");
    let provides = meta["provides"].as_object().expect("extensions");
    for (extension, entry) in provides {
        assert_eq!(entry["version"], VERSION, "META.json on {extension}");
    }
    assert_eq!(changelog()[0], VERSION, "CHANGELOG.md");
    assert_eq!(setting("imgsmlr_rs.control", "default_version"), "@CARGO_VERSION@");
    assert_eq!(setting("hnsw/imgsmlr_rs_hnsw.control", "default_version"), VERSION);
}

#[test]
fn the_changelog_goes_back_in_time() {
    let versions: Vec<_> = changelog().iter().map(|version| parts(version)).collect();
    assert!(versions.is_sorted_by(|newer, older| newer > older), "{versions:?}");
}

#[test]
fn every_former_version_can_be_installed_and_updated() {
    let versions = changelog();
    for pair in versions.windows(2) {
        let [newer, older] = pair else { unreachable!("pairs") };
        for script in [older.clone(), format!("{older}--{newer}")] {
            let script = format!("sql/imgsmlr_rs--{script}.sql");
            assert!(path(&script).is_file(), "{script} is missing");
        }
    }
    assert!(versions.len() >= 2, "{versions:?}");
}

#[test]
fn the_distribution_holds_the_files_it_names() {
    let meta = meta();
    let provides = meta["provides"].as_object().expect("extensions");
    for (extension, entry) in provides {
        for key in ["file", "docfile"] {
            let file = entry[key].as_str().expect(key);
            assert!(path(file).is_file(), "{extension}: {file} is missing");
        }
    }
    let names: Vec<_> = provides.keys().map(String::as_str).collect();
    assert_eq!(names, ["imgsmlr_rs", "imgsmlr_rs_hnsw"]);
}

#[test]
fn the_oldest_postgres_is_the_same_for_cargo_and_pgxn() {
    let manifest = text("Cargo.toml");
    let features = manifest.lines().filter_map(|line| line.strip_prefix("pg")?.split_once(" = ["));
    let majors: Vec<u64> =
        features.map(|(major, _)| major.parse().expect("a major version")).collect();
    let oldest = majors.iter().min().expect("features");
    let required = &meta()["prereqs"]["runtime"]["requires"]["PostgreSQL"];
    assert_eq!(*required, format!("{oldest}.0.0"));
}
