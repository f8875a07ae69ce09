//! What must hold of whatever the parsers of any dialect answer. Each dialect has a module `fuzzed` in
//! which the fuzzer, and tests with random input, read what strangers may write.

use lendglass_core::{Error, Language};

/// Longest text of a refusal: a sentence or two, with a few quoted words.
const REFUSAL_CHARS: usize = 1_000;

/// A refusal quotes at most a few words of what came: whoever sends a mebibyte does not get it back.
pub fn is_brief<T>(read: &Result<T, Error>) -> bool {
    let is_short = |error: &Error| {
        [Language::English, Language::Chinese]
            .iter()
            .all(|language| error.text(*language).chars().count() <= REFUSAL_CHARS)
    };
    read.as_ref().err().is_none_or(is_short)
}
