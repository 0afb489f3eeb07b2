//! The README and the documents: no code block that nothing runs, no link that
//! leads nowhere. What the `sql` blocks answer is for `tests/server/docs.rs`.

mod markdown;

use markdown::{blocks, documents, root};
use std::collections::BTreeSet;
use std::process::Command;

/// The lines of a Markdown text outside of its code blocks, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// The files of a folder of `examples`.
fn examples(folder: &str) -> Vec<String> {
    let folder = std::fs::read_dir(root().join("examples").join(folder)).expect("examples");
    let text = |path| std::fs::read_to_string(path).expect("an example");
    folder.map(|entry| text(entry.expect("an entry").path())).collect()
}

#[test]
fn every_example_in_sql_is_quoted() {
    for (folder, path) in [("scale_out", "docs/scale-out.md"), ("duplicates", "docs/duplicates.md")]
    {
        let text = std::fs::read_to_string(root().join(path)).expect(path);
        let quoted: Vec<String> = blocks(&text).into_iter().map(|block| block.text).collect();
        assert!(!examples(folder).is_empty());
        for example in examples(folder) {
            // There may be a query of its result below.
            let is_quoted = quoted.iter().any(|block| block.starts_with(&example));
            assert!(is_quoted, "not quoted in {path}:\n{example}");
        }
    }
}

#[test]
fn every_code_block_is_run_by_something() {
    for document in documents() {
        let mut before = "";
        for block in blocks(&document.text) {
            let place = format!("{}:{}", document.path, block.line);
            match block.language {
                "sql" | "sh" => {}
                "text" => assert_eq!(before, "sql", "{place}: an answer to what?"),
                // Several servers, in files that tests/server/several_servers.rs runs.
                "psql" => {
                    assert!(examples("scale_out").contains(&block.text), "{place}: no such file")
                }
                // Shortened; tests/server/partitions.rs and several_servers.rs have their lines.
                "plan" => assert_eq!(document.path, "docs/scale-out.md"),
                // What was seen on a real Citus, which is in no package registry: the page says so.
                "citus" => assert!(document.text.contains("no test here runs them"), "{place}"),
                // A picture in characters; of the house: `the_house_in_one_picture_is_the_house`.
                "diagram" => assert!(
                    ["CONTRIBUTING.md", "docs/method.md"].contains(&document.path.as_str()),
                    "{place}"
                ),
                other => panic!("{place}: nothing runs blocks of '{other}'"),
            }
            before = block.language;
        }
        // Markdown takes these for code, too.
        let lines = prose(&document.text);
        for pair in lines.windows(2) {
            let indented = pair[0].1.is_empty() && pair[1].1.starts_with("    ");
            assert!(!indented, "{}:{}: an indented block", document.path, pair[1].0);
        }
    }
}

/// The lines of `tests/documents/commands.tsv`: who runs a command, and the command.
fn commands() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("tests/documents/commands.tsv")).expect("list");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let cut = |line: &str| {
        let (who, command) = line.split_once('\t').expect("who and what");
        (who.to_owned(), command.to_owned())
    };
    lines.map(cut).collect()
}

#[test]
fn every_command_is_run_by_somebody() {
    let mut found = BTreeSet::new();
    for document in documents() {
        for block in blocks(&document.text).iter().filter(|block| block.language == "sh") {
            // A comment begins behind blanks and a #.
            let lines = block.text.lines().map(|line| line.split(" # ").next().unwrap_or(line));
            found.extend(lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()));
        }
    }
    let listed: BTreeSet<String> = commands().into_iter().map(|(_, command)| command).collect();
    assert_eq!(found, listed, "the documents' commands, and those of commands.tsv");
}

#[test]
fn who_runs_a_command_does() {
    let script = |name: &str| std::fs::read_to_string(root().join(name)).expect(name);
    let test = script("scripts/test.sh") + &script("scripts/test-all.sh");
    let server = std::fs::read_to_string(root().join("tests/server/main.rs")).expect("main.rs");
    let ci = std::fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    let mut here = 0;
    for (who, command) in commands() {
        match who.as_str() {
            "here" => here += 1,
            // docker is not to be had here: make test-dockerfile runs what it would.
            "by hand" => {
                assert!(["make ", "docker "].iter().any(|by| command.starts_with(by)), "{command}");
            }
            "scripts/test.sh" | "scripts/test-all.sh" => {
                let target = command.strip_prefix("make ").expect(&command);
                assert!(ci.split_whitespace().any(|word| word == target), "{command}");
            }
            script if script.starts_with("scripts/") => assert!(test.contains(script), "{script}"),
            module => {
                let name = module.strip_prefix("tests/server/").expect(module);
                let name = name.strip_suffix(".rs").expect(module);
                assert!(server.contains(&format!("mod {name};")), "{module}");
            }
        }
    }
    assert!(here > 0 && test.contains("scripts/test-commands.sh"));
}

/// `make --dry-run` fails of a target that does not exist.
#[test]
fn every_target_exists_and_its_script_can_be_read() {
    let make = |words: &[&str]| {
        let output = Command::new("make").current_dir(root()).arg("--dry-run").args(words).output();
        output.expect("make")
    };
    for (_, command) in commands() {
        let Some(words) = command.strip_prefix("make ") else { continue };
        let words: Vec<&str> = words.split(' ').collect();
        let output = make(&words);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let recipe = String::from_utf8(output.stdout).expect("UTF-8");
        let script = recipe.split_whitespace().find(|word| word.starts_with("scripts/"));
        let script = script.unwrap_or_else(|| panic!("{command} runs {recipe}"));
        let read = Command::new("bash").current_dir(root()).args(["-n", script]).status();
        assert!(read.expect("bash").success(), "{script}");
    }
    assert!(!make(&["nothing-of-the-kind"]).status.success());
}

#[test]
fn the_house_in_one_picture_is_the_house() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).expect("the document");
    let blocks = blocks(&text);
    let diagram = blocks.iter().find(|block| block.language == "diagram").expect("the picture");
    let words = diagram.text.split(|c: char| c.is_whitespace() || "(),;:".contains(c));
    let shown: Vec<&str> = words.filter(|word| word.ends_with('/')).collect();
    for folder in &shown {
        assert!(root().join(folder).is_dir(), "there is no {folder}");
    }
    for entry in std::fs::read_dir(root().join("src")).expect("src") {
        let entry = entry.expect("an entry");
        let name = format!("src/{}/", entry.file_name().to_string_lossy());
        assert!(!entry.path().is_dir() || shown.contains(&name.as_str()), "{name} is not shown");
    }
}

/// A block without its comments, which are translated.
fn code(block: &str) -> Vec<&str> {
    let without = block.lines().map(|line| {
        let end = ["-- ", " # "].iter().filter_map(|mark| line.find(mark)).min();
        line[..end.unwrap_or(line.len())].trim_end()
    });
    without.filter(|line| !line.is_empty()).collect()
}

/// The figures in a text outside of its code blocks: row by row those in tables, and any that has a
/// decimal point.
fn figures(text: &str) -> (Vec<Vec<&str>>, BTreeSet<&str>) {
    fn numbers(text: &str) -> impl Iterator<Item = &str> {
        let words = text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',');
        words.map(|word| word.trim_matches(['.', ','])).filter(|word| !word.is_empty())
    }
    let prose: Vec<&str> = prose(text).into_iter().map(|(_, line)| line).collect();
    let rows = prose.iter().copied().filter(|line| line.starts_with('|'));
    let rows = rows.map(|row| numbers(row).collect());
    let decimals = prose.iter().copied().flat_map(numbers).filter(|number| number.contains('.'));
    (rows.filter(|row: &Vec<&str>| !row.is_empty()).collect(), decimals.collect())
}

#[test]
fn a_translation_has_the_same_blocks() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect(path);
    for original in ["README", "docs/tutorial"] {
        let (original, translated) = (format!("{original}.md"), format!("{original}.zh-CN.md"));
        let (text, translation) = (read(&original), read(&translated));
        let (ours, theirs) = (blocks(&text), blocks(&translation));
        assert!(ours.len() > 4, "{original}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours.language, theirs.language, "{translated}:{}", theirs.line);
            assert_eq!(code(&ours.text), code(&theirs.text), "{translated}:{}", theirs.line);
        }
        assert_eq!(ours.len(), theirs.len(), "{translated}");
        assert_eq!(
            figures(&text),
            figures(&translation),
            "the figures of {original} and {translated}"
        );
        // Each names the other.
        for (from, to) in [(&text, &translated), (&translation, &original)] {
            let name = to.rsplit('/').next().unwrap_or(to);
            assert!(from.contains(&format!("]({name})")), "no link to {to}");
        }
    }
}

/// A heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|&c| c.is_alphanumeric() || " -_".contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).into_iter().filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| anchor(line.trim_start_matches('#'))).collect()
}

/// Where the links and pictures of a text lead: `](here)`, with line numbers.
fn links(text: &str) -> Vec<(usize, &str)> {
    let targets = prose(text).into_iter().flat_map(|(number, line)| {
        let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        links.map(move |link| (number, link))
    });
    targets.collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for document in documents() {
        let folder = root().join(&document.path);
        let folder = folder.parent().expect("a folder");
        for (line, link) in links(&document.text) {
            if link.starts_with("https://") || link.starts_with("http://") {
                continue;
            }
            let place = format!("{}:{line}: {link}", document.path);
            let (path, to) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { root().join(&document.path) } else { folder.join(path) };
            assert!(target.exists(), "{place}: no such file");
            if !to.is_empty() {
                let text = std::fs::read_to_string(&target).expect("a text");
                assert!(anchors(&text).iter().any(|name| name == to), "{place}: no such heading");
            }
            count += 1;
        }
    }
    assert!(count > 50, "{count} links");
}

/// The cells of the rows of a text's tables.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(str::trim).collect()).collect()
}

/// What the README and docs/comparison.md repeat of the tables in docs/benchmarks.md is the same.
#[test]
fn figures_said_twice_are_the_same() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect(path);
    let benchmarks = read("docs/benchmarks.md");
    let (readme, comparison) = (read("README.md"), read("docs/comparison.md"));
    let measured = rows(&benchmarks);
    let of = |set: &str, method: &str| {
        let is = |row: &&Vec<&str>| row[0] == set && row[1] == "1000000" && row[2] == method;
        let found = measured.iter().filter(|row| row.len() > 7).find(is);
        found.unwrap_or_else(|| panic!("docs/benchmarks.md has no {set}, {method}"))
    };
    let (photo, uniform) = (of("photo", "imgsmlr_rs GiST"), of("uniform", "imgsmlr_rs GiST"));
    let digit = |c: char| c.is_ascii_digit();
    let mut said = 0;
    for row in rows(&comparison) {
        match row.as_slice() {
            // pgvector's table: set, method, seconds, megabytes, recall, milliseconds.
            [set @ ("photo-like" | "uniform"), method, figures @ ..] => {
                let of = of(set.trim_end_matches("-like"), method);
                let mean = of[7].split(" / ").next().unwrap_or_default();
                assert_eq!(figures, [of[3], of[4], of[6], mean], "{set}, {method}");
                said += 1;
            }
            // The C extension's: what, its figure, and ours.
            [what, theirs, ours] if theirs.starts_with(digit) && !what.contains("disk") => {
                let ours = ours.split(' ').next().unwrap_or_default().replace(',', "");
                let of = if what.starts_with("uniform") { uniform } else { photo };
                let there = of.iter().flat_map(|cell| cell.split(" / ")).any(|one| one == ours);
                assert!(there, "{what}: {ours} is not in {of:?}");
                said += 1;
            }
            _ => {}
        }
    }
    // The README's: what, ours, HNSW's, its recall, and the ratio.
    for row in rows(&readme) {
        let [what, ours, theirs, recall, ratio] = row.as_slice() else { continue };
        let Some(of) = measured
            .iter()
            .find(|row| matches!(row.len(), 6 | 8) && row[0] == *what && *what != "---")
        else {
            continue;
        };
        let mean = |cell: &str| cell.split(" / ").next().unwrap_or_default().to_owned();
        assert_eq!(
            [mean(of[1]), mean(of[4]), of[5].to_owned()],
            [*ours, *theirs, *ratio],
            "{what}"
        );
        assert!(of[4].ends_with(&format!(", {recall})")), "{what}");
        said += 1;
    }
    assert_eq!(said, 6 + 9 + 5);
}

#[test]
fn a_link_is_told_from_a_heading() {
    assert_eq!(anchor(" The companion `imgsmlr_rs_hnsw`"), "the-companion-imgsmlr_rs_hnsw");
    assert_eq!(anchors("# A, b (c)\n```sh\n# no heading\n```\n"), ["a-b-c"]);
    assert_eq!(links("a [b](c.md#d) ![e](f.png)\n"), [(1, "c.md#d"), (1, "f.png")]);
}

#[test]
fn blocks_are_found() {
    let text = "a\n```sql\nSELECT 1;\n```\n```sh\nls\n```\n";
    let found = blocks(text);
    let found: Vec<_> = found.iter().map(|b| (b.language, b.line, b.text.as_str())).collect();
    assert_eq!(found, [("sql", 2, "SELECT 1;\n"), ("sh", 5, "ls\n")]);
    assert_eq!(prose(text), [(1, "a")]);
    let (rows, decimals) = figures("| a 1 | 2.5; 16,384, b |\n|---|---|\n3 and 0.9 s.\n");
    assert_eq!(
        (rows, decimals),
        (vec![vec!["1", "2.5", "16,384"]], BTreeSet::from(["0.9", "2.5"]))
    );
    assert_eq!(code("SELECT 1; -- one\n\n-- two\nmake a   # b\n"), ["SELECT 1;", "make a"]);
}
