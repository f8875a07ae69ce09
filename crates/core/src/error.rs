//! Refusals: by meaning, with one stable [`Code`] each, and two texts: what the client may read and
//! what only the log may read. How an error looks on a wire is the dialect's business.

use std::fmt;

use crate::limits::RETRY_SECONDS;

/// What kind of refusal; each dialect maps it to its own status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is malformed or breaks a rule about its own content.
    Invalid,
    /// The media type is not understood here.
    UnsupportedMedia,
    /// The wanted byte range does not exist.
    BadRange,
    /// Who asks is not proven.
    Unauthenticated,
    /// Who asks may not.
    Forbidden,
    /// It does not exist, or the caller may not know that it does.
    NotFound,
    /// It does not fit the present state.
    Conflict,
    /// A ceiling would be exceeded.
    QuotaExceeded,
    /// The body is larger than allowed.
    TooLarge,
    /// Too many attempts; try later.
    RateLimited,
    /// There is no room for the bytes.
    NoSpace,
    /// A part we need does not answer; try again.
    Unavailable,
    /// A broken invariant or a bug.
    Internal,
}

/// The languages of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Chinese, simplified.
    Chinese,
}

pub use crate::catalogue::Code;

impl Code {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The kind.
    pub fn kind(self) -> Kind {
        self.row().1
    }

    /// The code of a word, if there is one.
    pub fn parse(word: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == word)
    }

    /// The text in a language, with its `{placeholders}`.
    pub fn template(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }
}

/// A refusal.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    facts: Vec<(&'static str, String)>,
    internal: String,
}

impl Error {
    /// A refusal with this code and no facts yet.
    pub fn new(code: Code) -> Error {
        Error { code, facts: Vec::new(), internal: String::new() }
    }

    /// [`Code::Internal`] with a text for the log only: what should never have happened.
    pub fn internal(text: impl Into<String>) -> Error {
        Error { code: Code::Internal, facts: Vec::new(), internal: text.into() }
    }

    /// The same with a fact that fills `{name}` in the texts. The client reads it.
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Error {
        self.facts.push((name, value.to_string()));
        self
    }

    /// The same with a text for the log only.
    pub fn because(mut self, internal: impl fmt::Display) -> Error {
        self.internal = internal.to_string();
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// The facts, in the order they were given.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    /// A fact by name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// After how many seconds the same request may go well: what the refusal says, else a few for a
    /// trouble that passes by itself; `None` where waiting is of no use.
    pub fn retry_seconds(&self) -> Option<u64> {
        let said = self.fact("seconds").and_then(|seconds| seconds.parse().ok());
        said.or_else(|| (self.kind() == Kind::Unavailable).then_some(RETRY_SECONDS))
    }

    /// What only the log may read; empty where there is nothing to say.
    pub fn internal_text(&self) -> &str {
        &self.internal
    }

    /// What the client may read: the reason and the way out.
    pub fn text(&self, language: Language) -> String {
        let template = self.code.template(language);
        let mut text = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                rest = after;
                break;
            };
            text.push_str(self.fact(name).unwrap_or("?"));
            rest = tail;
        }
        text.push_str(rest);
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code.as_str())?;
        if !self.internal.is_empty() {
            write!(f, " [{}]", self.internal)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_with_facts() {
        let error = Error::new(Code::ShareTenantQuota).with("image", "sys1").with("max", 256);
        assert!(error.text(Language::English).contains("256"), "{error}");
        assert!(error.text(Language::Chinese).contains("256"));
        assert!(!error.text(Language::English).contains('{'));
    }

    #[test]
    fn every_code_has_a_word_of_its_own_and_both_texts() {
        let mut words = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let (word, english, chinese) = (code.as_str(), code.english(), code.chinese());
            assert!(words.insert(word), "{word} twice");
            let is_plain = |b: u8| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit();
            assert!(word.bytes().all(is_plain), "{word}");
            assert!(english.ends_with('.') && english.len() > 12, "{word}");
            assert!(chinese.ends_with('。'), "{word}");
            assert_eq!(Code::parse(word), Some(*code));
            let names = |t: &str| {
                t.split('{')
                    .skip(1)
                    .filter_map(|p| p.split_once('}'))
                    .map(|(n, _)| n.to_owned())
                    .collect::<std::collections::BTreeSet<_>>()
            };
            assert_eq!(names(english), names(chinese), "{word}");
        }
    }

    #[test]
    fn trouble_that_passes_says_when_to_come_back() {
        assert_eq!(Error::new(Code::Unavailable).retry_seconds(), Some(RETRY_SECONDS));
        let refused = Error::new(Code::RateLimited).with("seconds", 40);
        assert_eq!(refused.retry_seconds(), Some(40));
        assert_eq!(Error::new(Code::ImageNotFound).retry_seconds(), None);
    }

    #[test]
    fn the_internal_text_is_never_public() {
        let error = Error::internal("password is hunter2");
        assert!(!error.text(Language::English).contains("hunter2"));
        assert!(!error.to_string().contains("hunter2"));
    }
}
