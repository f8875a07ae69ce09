//! `cargo xtask requirements`: brings `docs/requirements.md` up to what the tests prove.
//!
//! A test is named after the requirements it shows: `sh_15_…`, `rc_05_and_rc_07_…`. A row that is
//! `open: not built yet` becomes `done:` with its tests as soon as there are any; a row that is open for
//! another reason keeps the reason and names what is proven; a row whose tests all went is open again.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::Tree;

/// Where the rows are.
pub const PATH: &str = "docs/requirements.md";
const NOT_BUILT: &str = "open: not built yet";
/// Tests named in a row; who wants more greps.
const NAMED: usize = 3;

/// The page as it must be.
pub fn page(tree: &Tree) -> String {
    let tests = tests_by_id(tree);
    let text = tree.text(PATH).unwrap_or_default();
    let mut page: String = text.lines().map(|line| row(line, &tests) + "\n").collect();
    if !text.ends_with('\n') {
        page.pop();
    }
    page
}

fn row(line: &str, tests: &BTreeMap<String, BTreeSet<Test>>) -> String {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [_, id, what, status, _] = cells.as_slice() else { return line.to_owned() };
    let Some(found) = tests.get(*id) else { return line.to_owned() };
    let named: Vec<String> =
        found.iter().take(NAMED).map(|test| format!("`{}`", test.name)).collect();
    let more = found.len().saturating_sub(NAMED);
    let named = match more {
        0 => named.join(", "),
        _ => format!("{} and {more} more", named.join(", ")),
    };
    let status = match status.strip_prefix("open: ") {
        None => format!("done: {named}"),
        Some(_) if *status == NOT_BUILT => format!("done: {named}"),
        Some(reason) => {
            let reason = reason.split(" (").next().unwrap_or(reason);
            format!(
                "open: {reason} ({named} {} the rest)",
                if found.len() == 1 { "proves" } else { "prove" }
            )
        }
    };
    format!("| {id} | {what} | {status} |")
}

/// A test, in the order of being named: what a browser shows goes first, the rest is by name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    is_below_the_console: bool,
    name: String,
}

/// The tests of each requirement, by the ids at the front of their names.
fn tests_by_id(tree: &Tree) -> BTreeMap<String, BTreeSet<Test>> {
    let mut found: BTreeMap<String, BTreeSet<Test>> = BTreeMap::new();
    let mut enter = |is_below_the_console: bool, ids_of: &str, name: String| {
        for id in ids(ids_of) {
            let test = Test { is_below_the_console, name: name.clone() };
            found.entry(id).or_default().insert(test);
        }
    };
    for (_, text) in tree.tests() {
        for name in text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next()) {
            let name = name.trim().trim_start_matches("test_");
            enter(true, name, name.to_owned());
        }
        for name in text.split("def test_").skip(1).filter_map(|rest| rest.split('(').next()) {
            enter(true, name, format!("test_{name}"));
        }
    }
    for (_, text) in tree.browser_tests() {
        for name in text.split("test(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            enter(false, name, name.to_owned());
        }
    }
    found
}

/// The ids at the front of a name: `sh_02_sh_03_who` gives SH-02 and SH-03.
fn ids(name: &str) -> Vec<String> {
    const GROUPS: [&str; 14] =
        ["pf", "st", "id", "sh", "rc", "fs", "us", "dl", "rg", "ui", "t", "ap", "xc", "uxt"];
    let words: Vec<&str> = name.split('_').filter(|word| *word != "and").collect();
    let mut ids = Vec::new();
    for pair in words.chunks(2) {
        let [group, number] = pair else { break };
        let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && number.len() <= 4;
        if !GROUPS.contains(group) || !is_number {
            break;
        }
        ids.push(format!("{}-{number}", group.to_uppercase()));
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_their_ids() {
        assert_eq!(ids("sh_02_sh_03_who_shares"), ["SH-02", "SH-03"]);
        assert_eq!(ids("rc_05_and_rc_07_answers"), ["RC-05", "RC-07"]);
        assert_eq!(ids("us_11a_lighthouse"), ["US-11a"]);
        assert_eq!(ids("uxt_02_rc_07_answers"), ["UXT-02", "RC-07"]);
        assert_eq!(ids("a_deleted_id"), [""; 0]);
        assert_eq!(ids("t_shirt"), [""; 0]);
    }

    #[test]
    fn rows_follow_their_tests() {
        let test =
            |is_below_the_console, name: &str| Test { is_below_the_console, name: name.into() };
        let tests = [
            ("SH-01".to_owned(), [test(true, "sh_01_x")].into()),
            ("SH-03".to_owned(), [test(true, "sh_03_a"), test(false, "sh_03_z")].into()),
        ]
        .into();
        let check = |before: &str, after: &str| assert_eq!(row(before, &tests), after);
        check("| SH-01 | a | open: not built yet |", "| SH-01 | a | done: `sh_01_x` |");
        check("| SH-01 | a | done: `old` |", "| SH-01 | a | done: `sh_01_x` |");
        check(
            "| SH-01 | a | open: compute |",
            "| SH-01 | a | open: compute (`sh_01_x` proves the rest) |",
        );
        check("| SH-03 | a | done: `old` |", "| SH-03 | a | done: `sh_03_z`, `sh_03_a` |");
        check("| SH-02 | a | done: `wire` |", "| SH-02 | a | done: `wire` |");
    }

    #[test]
    fn the_page_is_what_the_tests_say() {
        let tree = Tree::read();
        let page = page(&tree);
        assert!(
            tree.text(PATH) == Some(page.as_str()),
            "{PATH} is behind the tests: run `cargo xtask requirements`"
        );
    }
}
