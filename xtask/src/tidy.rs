//! The invariants of ARCHITECTURE.md that no compiler checks, read from the tree.
//!
//! I1 `core` does no I/O, is not async and reads no clock · I2 only `store` names the database
//! and the object store · I3 `wire` never names `store`, `jobs` or `drivers`, and no dialect names
//! another · I4 `service` never names HTTP or JSON · and the rules of the house: short files,
//! requirement ids that stand once, the environment read in one place.
//!
//! A rule is a folder and a list of words; a word counts where it stands as a word of code,
//! outside comments and string literals. Tests inside a file count like the rest of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Lines a source file may have (rule 13 of the house: a longer file wants to be two).
const FILE_LINES_MAX: usize = 600;

const DIALECTS: [&str; 5] = ["native", "openstack", "huawei", "ctyun", "tencent"];

/// Words that must not stand in the code below a folder, with the exempt path prefixes.
struct Rule {
    name: &'static str,
    below: &'static str,
    except: &'static [&'static str],
    words: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        name: "I1: core does no I/O, is not async, reads no clock and is not serializable",
        below: "crates/core/src/",
        except: &[],
        words: &[
            "async",
            "await",
            "tokio",
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::env",
            "std::thread",
            "SystemTime",
            "Instant",
            "serde",
            "serde_json",
            "println!",
            "eprintln!",
        ],
    },
    Rule {
        name: "I2: only store names the database and the object store",
        below: "crates/",
        // The bench compares with the bare drivers, in a file of their own.
        except: &["crates/store/", "crates/server/examples/bench/bare.rs"],
        words: &["rusqlite", "tokio_postgres", "deadpool_postgres", "object_store"],
    },
    Rule {
        name: "I3: wire never names store, jobs or drivers",
        below: "crates/server/src/wire/",
        except: &[],
        words: &[
            "lendglass_store",
            "crate::jobs",
            "crate::drivers",
            "super::jobs",
            "super::drivers",
        ],
    },
    Rule {
        name: "I4: service never names HTTP, status codes or JSON",
        below: "crates/server/src/service/",
        except: &[],
        words: &[
            "axum",
            "hyper",
            "http",
            "http_body",
            "StatusCode",
            "HeaderMap",
            "HeaderName",
            "serde_json",
            "crate::wire",
        ],
    },
    Rule {
        name: "service and jobs are called, they do not call up: jobs never names wire",
        below: "crates/server/src/jobs/",
        except: &[],
        words: &["crate::wire", "axum"],
    },
    Rule {
        name: "the environment is read by config alone",
        below: "crates/server/src/",
        except: &["crates/server/src/config/"],
        words: &["env::var", "env::vars", "env::var_os", "env::vars_os"],
    },
    Rule {
        name: "cli reaches the server over HTTP only",
        below: "crates/cli/",
        except: &[],
        words: &["lendglass_server", "lendglass_store", "lendglass_core", "lendglass_disk"],
    },
];

/// Crates that a crate's Cargo.toml must not name.
const CARGO_RULES: &[(&str, &[&str])] = &[
    ("crates/core/Cargo.toml", &["tokio", "serde", "serde_json", "time", "axum", "rusqlite"]),
    ("crates/disk/Cargo.toml", &["tokio", "axum", "rusqlite", "lendglass-store"]),
    ("crates/server/Cargo.toml", &["rusqlite", "tokio-postgres", "object_store"]),
    ("crates/cli/Cargo.toml", &["lendglass-server", "lendglass-store", "lendglass-core"]),
];

/// The files that the rules read, by path from the root, in order.
pub struct Tree {
    files: Vec<(String, String)>,
}

impl Tree {
    /// Reads the workspace that this program was built from.
    pub fn read() -> Self {
        Self::read_at(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
    }

    /// Reads the workspace in that folder.
    pub fn read_at(root: &Path) -> Self {
        let mut tree = Self { files: Vec::new() };
        for folder in ["crates", "xtask", "docs", "interop", "console/e2e"] {
            tree.read_folder(root, &root.join(folder));
        }
        tree.files.sort();
        tree
    }

    fn read_folder(&mut self, root: &Path, folder: &Path) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                self.read_folder(root, &path);
            } else if let (Ok(short), Ok(text)) =
                (path.strip_prefix(root), fs::read_to_string(&path))
            {
                self.files.push((short.to_string_lossy().into_owned(), text));
            }
        }
    }

    fn sources(&self, below: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.starts_with(below) && path.ends_with(".rs"))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every file that may hold tests.
    pub fn tests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(path, _)| path.ends_with(".rs") || path.ends_with(".py"))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The stories that browsers play.
    pub fn browser_tests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(path, _)| path.ends_with(".spec.ts"))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str())
    }
}

/// Everything that breaks a rule, one line each: place, word, rule.
pub fn breaches(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for rule in RULES {
        let is_exempt = |path: &str| rule.except.iter().any(|prefix| path.starts_with(prefix));
        for (path, text) in tree.sources(rule.below).filter(|(path, _)| !is_exempt(path)) {
            found.extend(words_found(path, text, rule.words, rule.name));
        }
    }
    found.extend(dialects_naming_others(tree));
    found.extend(cargo_breaches(tree));
    found.extend(long_files(tree));
    found.extend(repeated_requirements(tree));
    found
}

/// Prints the breaches and answers the exit code.
pub fn print(breaches: &[String]) -> ExitCode {
    for breach in breaches {
        eprintln!("{breach}");
    }
    if breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn words_found(path: &str, text: &str, words: &[&str], rule: &str) -> Vec<String> {
    let code = code_only(text);
    let lines = code.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            words.iter().filter(move |word| has_word(line, word)).map(move |word| (index, word))
        })
        .map(|(index, word)| format!("{path}:{}: `{word}` ({rule})", index + 1))
        .collect()
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_part);
        let after = line[at + word.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}

/// The text with comments and the insides of string literals blanked, line for line.
fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = comment_length(rest).or_else(|| literal_length(rest));
        match length {
            Some(length) => {
                out.extend(rest[..length].chars().filter(|c| *c == '\n'));
                out.push(' ');
                rest = &rest[length..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

fn comment_length(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| text.find("*/").map_or(text.len(), |at| at + 2))
}

fn literal_length(text: &str) -> Option<usize> {
    if let Some(after) = text.strip_prefix("r") {
        let hashes = after.chars().take_while(|c| *c == '#').count();
        if after[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = 1 + hashes + 1;
            return Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()));
        }
    }
    if text.starts_with("'\"'") {
        return Some(3);
    }
    let inside = text.strip_prefix('"')?;
    let mut is_escaped = false;
    for (at, c) in inside.char_indices() {
        if c == '"' && !is_escaped {
            return Some(at + 2);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    Some(text.len())
}

fn dialects_naming_others(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for dialect in DIALECTS {
        let below = format!("crates/server/src/wire/{dialect}/");
        let others: Vec<String> = DIALECTS
            .iter()
            .filter(|other| **other != dialect)
            .flat_map(|other| [format!("wire::{other}"), format!("super::{other}")])
            .collect();
        let words: Vec<&str> = others.iter().map(String::as_str).collect();
        for (path, text) in tree.sources(&below) {
            found.extend(words_found(path, text, &words, "I3: no dialect names another"));
        }
    }
    found
}

fn cargo_breaches(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, crates) in CARGO_RULES {
        let text = tree.text(path).unwrap_or_default();
        // Tests may use more than the crate itself.
        let own = text.split("[dev-dependencies]").next().unwrap_or_default();
        for name in *crates {
            let names_it = |line: &str| {
                line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
            };
            if own.lines().any(names_it) {
                found.push(format!("{path}: must not depend on `{name}`"));
            }
        }
    }
    found
}

fn long_files(tree: &Tree) -> Vec<String> {
    let of = |below: &'static str| tree.sources(below);
    of("crates/")
        .chain(of("xtask/"))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(path, lines)| format!("{path}: {lines} lines; more than {FILE_LINES_MAX}"))
        .collect()
}

/// Each row of docs/requirements.md begins with an id; an id stands once and has a status.
fn repeated_requirements(tree: &Tree) -> Vec<String> {
    const PATH: &str = "docs/requirements.md";
    let Some(text) = tree.text(PATH) else { return vec![format!("{PATH}: is missing")] };
    let mut seen: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(id) = cells.get(1).copied().filter(|id| is_requirement(id)) else { continue };
        if seen.contains(&id) {
            found.push(format!("{PATH}:{}: {id} stands twice", index + 1));
        }
        seen.push(id);
        let status = cells.get(3).copied().unwrap_or_default();
        if !status.starts_with("done: ") && !status.starts_with("open: ") {
            found.push(format!(
                "{PATH}:{}: {id} is neither `done: TEST` nor `open: REASON`",
                index + 1
            ));
        }
    }
    if seen.is_empty() {
        found.push(format!("{PATH}: names no requirement"));
    }
    found
}

/// `SH-15`, `T-127`, `US-11a`.
fn is_requirement(id: &str) -> bool {
    id.split_once('-').is_some_and(|(letters, number)| {
        (1..=2).contains(&letters.len())
            && letters.chars().all(|c| c.is_ascii_uppercase())
            && number.starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_keeps_the_rules() {
        let found = breaches(&Tree::read());
        assert!(found.is_empty(), "\n{}", found.join("\n"));
    }

    fn tree(path: &str, text: &str) -> Tree {
        let rows = "| SH-01 | share | open: x |\n".to_owned();
        let requirements = ("docs/requirements.md".to_owned(), rows);
        Tree { files: vec![requirements, (path.to_owned(), text.to_owned())] }
    }

    #[track_caller]
    fn check_breach(path: &str, text: &str, expected: &str) {
        let found = breaches(&tree(path, text));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(expected), "{found:?}");
    }

    #[track_caller]
    fn check_clean(path: &str, text: &str) {
        assert_eq!(breaches(&tree(path, text)), Vec::<String>::new());
    }

    #[test]
    fn each_rule_finds_its_breach() {
        check_breach("crates/core/src/share.rs", "\nasync fn f() {}", "share.rs:2: `async` (I1");
        check_breach("crates/core/Cargo.toml", "[dependencies]\nserde.workspace = true", "`serde`");
        check_breach("crates/server/src/app.rs", "use rusqlite::Row;", "I2");
        check_breach("crates/server/src/wire/common.rs", "use lendglass_store::Db;", "I3");
        check_breach("crates/server/src/wire/huawei/b.rs", "use super::super::tencent;", "another");
        check_breach("crates/server/src/wire/huawei/a.rs", "use crate::wire::ctyun::X;", "another");
        check_breach("crates/server/src/service/a.rs", "use axum::Json;", "I4");
        check_breach("crates/server/src/a.rs", "std::env::var(\"HOME\")", "environment");
        check_breach("crates/disk/src/a.rs", &"\n".repeat(601), "601 lines");
    }

    #[test]
    fn comments_strings_and_parts_of_words_do_not_count() {
        check_clean("crates/core/src/a.rs", "// async code\n/// `await`s\nlet is_async = 1;");
        check_clean("crates/core/src/a.rs", "/* tokio\n tokio */ let s = \"serde \\\" async\";");
        check_clean("crates/core/src/a.rs", "let s = r#\"async \" await\"#; let c = '\"';");
        check_clean("crates/server/src/wire/huawei/a.rs", "use crate::wire::huawei::X;");
        check_clean("crates/store/src/db.rs", "use rusqlite::Row;");
    }

    #[test]
    fn requirements_stand_once_and_have_a_status() {
        let mut twice = tree("docs/a.md", "");
        twice.files[0].1.push_str("| SH-01 | again | done: a_test |\n| US-11a | new | later |\n");
        let found = breaches(&twice);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("SH-01 stands twice"), "{found:?}");
        assert!(found[1].contains("US-11a is neither"), "{found:?}");
    }
}
