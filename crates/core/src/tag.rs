//! Tags, and those that are predefined (T-048).
//!
//! A tag is `KEY`, or `KEY=VALUE`. Predefined tags are offered to everybody in a project; where one of
//! them is enforced, no other keys may be used, and its values only.

use crate::error::{Code, Error};
use crate::id::UserId;
use crate::image::{check_tag, words};
use crate::limits::PREDEFINED_VALUES;
use crate::text::shortened;
use crate::time::Timestamp;

words! {
    /// Whose predefined tag it is.
    TagScope {
        /// Everybody's: the operator sets it.
        Installation = "installation",
        /// The project's: its admins set it.
        Project = "project",
    }
}

/// A tag that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredefinedTag {
    /// Whose it is.
    pub scope: TagScope,
    /// The key.
    pub key: String,
    /// The values it may have; empty: any, or none.
    pub values: Vec<String>,
    /// Whether it is asked for, and not only offered.
    pub is_enforced: bool,
    /// Who set it.
    pub set_by: UserId,
    /// When.
    pub set_at: Timestamp,
}

impl PredefinedTag {
    /// Refuses with [`Code::InvalidValue`] what could never be a tag.
    pub fn check(&self) -> Result<(), Error> {
        let refused = |value: &str, reason: &str| {
            Err(Error::new(Code::InvalidValue)
                .with("field", "key")
                .with("value", shortened(value, 80))
                .with("reason", reason))
        };
        if self.key.contains('=') {
            return refused(&self.key, "a key has no “=”");
        }
        if self.values.len() > PREDEFINED_VALUES {
            return refused(&self.key, &format!("at most {PREDEFINED_VALUES} values"));
        }
        check_tag(&self.key)?;
        self.values.iter().try_for_each(|value| check_tag(&format!("{}={value}", self.key)))
    }

    fn fits(&self, value: Option<&str>) -> bool {
        self.values.is_empty()
            || value.is_some_and(|value| self.values.iter().any(|known| known == value))
    }
}

/// Key and value of a tag.
pub fn split(tag: &str) -> (&str, Option<&str>) {
    match tag.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (tag, None),
    }
}

/// Whether a tag may be put on an image where these are predefined. Refuses with
/// [`Code::TagNotPredefined`].
pub fn check_predefined(tag: &str, predefined: &[PredefinedTag]) -> Result<(), Error> {
    if !predefined.iter().any(|known| known.is_enforced) {
        return Ok(());
    }
    let (key, value) = split(tag);
    let mut same = predefined.iter().filter(|known| known.key == key).peekable();
    let is_known = same.peek().is_some();
    if is_known && same.all(|known| !known.is_enforced || known.fits(value)) {
        return Ok(());
    }
    let known: Vec<String> = match is_known {
        true => {
            let same = predefined.iter().filter(|known| known.key == key && known.is_enforced);
            same.flat_map(|known| known.values.iter().map(|v| format!("{key}={v}"))).collect()
        }
        false => predefined.iter().map(|known| known.key.clone()).collect(),
    };
    Err(Error::new(Code::TagNotPredefined)
        .with("tag", shortened(tag, 80))
        .with("known", shortened(&known.join(", "), 400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predefined(key: &str, values: &[&str], is_enforced: bool) -> PredefinedTag {
        PredefinedTag {
            scope: TagScope::Project,
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            is_enforced,
            set_by: UserId::trusted("u"),
            set_at: Timestamp(0),
        }
    }

    #[test]
    fn t_048_offered_tags_bind_nobody_and_enforced_ones_everybody() {
        let offered = [predefined("env", &["prod"], false)];
        for tag in ["env=prod", "env=moon", "other", "a=b=c"] {
            check_predefined(tag, &offered).unwrap();
        }
        let enforced = [predefined("env", &["prod", "dev"], true), predefined("team", &[], false)];
        for tag in ["env=prod", "env=dev", "team", "team=red"] {
            check_predefined(tag, &enforced).unwrap();
        }
        for (tag, known) in
            [("env", "env=prod, env=dev"), ("env=moon", "env=prod, env=dev"), ("x=1", "env, team")]
        {
            let error = check_predefined(tag, &enforced).unwrap_err();
            assert_eq!((error.code(), error.fact("known")), (Code::TagNotPredefined, Some(known)));
        }
    }

    #[test]
    fn t_048_what_cannot_be_a_tag_is_not_predefined() {
        predefined("env", &["prod"], true).check().unwrap();
        for bad in [
            predefined("", &[], true),
            predefined("a=b", &[], true),
            predefined("k", &["v"; 101], true),
        ] {
            assert_eq!(bad.check().unwrap_err().code(), Code::InvalidValue);
        }
        assert!(predefined("k", &[&"v".repeat(254)], false).check().is_err());
    }
}
