//! Where the bytes of one blob lie.

use std::fmt;

/// The folder of a store that holds finished blobs and, beside them, those under way.
pub(super) const BLOBS_FOLDER: &str = "blobs";
const KEY_DIGITS: usize = 32;

/// The name of a blob's bytes in a store, as kept in a row: `blobs/ab/cd/<32 hex>`, where `ab` and
/// `cd` are the first digits of the key.
///
/// The key is random and is never used twice, so that a late writer, a retry or a reaper can never
/// touch the bytes of another blob. The same text serves as a path below a folder and as an object
/// key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locator(String);

impl Locator {
    /// A locator that no blob has had before (128 random bits).
    pub fn random() -> Self {
        Self::from_key(&format!("{:032x}", rand::random::<u128>()))
    }

    /// Reads the text of a row. `None` for anything that [`Locator::random`] could not have made,
    /// so that no row, however it came about, can name a file elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let key = text.rsplit('/').next()?;
        let is_key = key.len() == KEY_DIGITS
            && key.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let locator = is_key.then(|| Self::from_key(key))?;
        (locator.0 == text).then_some(locator)
    }

    /// The text for a row.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_key(key: &str) -> Self {
        Self(format!("{BLOBS_FOLDER}/{}/{}/{key}", &key[0..2], &key[2..4]))
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_locator_is_read_back() {
        let locator = Locator::random();
        assert_eq!(Locator::parse(locator.as_str()), Some(locator.clone()));
        assert_ne!(Locator::random(), locator);
    }

    #[test]
    fn texts_that_name_other_places_are_refused() {
        let key = "0123456789abcdef0123456789abcdef";
        assert!(Locator::parse(&format!("blobs/01/23/{key}")).is_some());
        for text in [
            String::new(),
            key.to_owned(),
            format!("blobs/01/24/{key}"),
            format!("/blobs/01/23/{key}"),
            format!("../blobs/01/23/{key}"),
            format!("blobs/01/23/{}", key.to_uppercase()),
            "blobs/01/23/../../../../etc/passwd".to_owned(),
        ] {
            assert_eq!(Locator::parse(&text), None, "{text}");
        }
    }
}
