//! Pages of the documentation that tests write, so that they cannot disagree with the program.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

/// Asserts that a page, by its path in the repository, is what the program says; writes it where
/// `LENDGLASS_BLESS=1` is set.
#[track_caller]
pub fn blessed(page: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    if std::env::var_os("LENDGLASS_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let same = committed.lines().zip(text.lines()).take_while(|(old, new)| old == new);
    let line = same.count();
    assert!(
        committed == text,
        "{page} is out of date from line {}: run this test with LENDGLASS_BLESS=1 and read the \
         difference\ncommitted: {:?}\nnow:       {:?}",
        line + 1,
        committed.lines().nth(line),
        text.lines().nth(line),
    );
}
