//! What went wrong, for people: `error CODE: text`, a hint where there is one, and the exit code.

use std::fmt::Write as _;

use serde_json::Value;

use crate::text::{Language, hint, say};

/// Exit codes, as docs/cli.md has them.
pub mod exit {
    /// Something went wrong.
    pub const ERROR: u8 = 1;
    /// The command line is wrong.
    pub const USAGE: u8 = 2;
    /// There is no such thing.
    pub const NOT_FOUND: u8 = 3;
    /// It does not fit the present state, or a limit.
    pub const CONFLICT: u8 = 4;
    /// Some of it was done.
    pub const PARTIAL: u8 = 5;
}

/// A command that failed.
#[derive(Debug)]
pub struct Failure {
    /// The stable word; the server's where it refused.
    pub code: String,
    /// The reason and the way out. Never holds a token or a password.
    pub text: String,
    /// The id under which the operator finds it.
    pub request_id: Option<String>,
    /// What the process answers.
    pub exit: u8,
}

impl Failure {
    /// A failure on this side.
    pub fn new(code: &str, exit: u8, text: impl Into<String>) -> Failure {
        Failure { code: code.to_owned(), text: text.into(), request_id: None, exit }
    }

    /// The refusal of a server, native or of the identity service.
    pub fn refused(status: u16, body: &Value) -> Failure {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let inner = &body["error"];
        let code = text(&body["code"]).or_else(|| text(&inner["reason"]));
        let message = text(&body["message"]).or_else(|| text(&inner["message"]));
        Failure {
            code: code.unwrap_or_else(|| format!("HTTP_{status}")),
            text: message.unwrap_or_else(|| format!("the server answered {status}")),
            request_id: text(&body["request_id"]),
            exit: match status {
                404 => exit::NOT_FOUND,
                409 | 413 | 429 => exit::CONFLICT,
                _ => exit::ERROR,
            },
        }
    }

    /// What is written to the error stream.
    pub fn shown(&self, language: Language) -> String {
        let word = say(language, "error");
        let colon = say(language, "colon");
        let mut shown = format!("{word} {}{colon}{}", self.code, self.text);
        if let Some(hint) = hint(&self.code) {
            let _ = write!(shown, "\n{}{colon}{hint}", say(language, "hint"));
        }
        if self.exit == exit::ERROR
            && let Some(id) = &self.request_id
        {
            let _ = write!(shown, "\n{}{colon}{id}", say(language, "request"));
        }
        shown
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new("IO", exit::ERROR, error.to_string())
    }
}
