//! Values, rows and statements as both engines know them: text and 64-bit integers, nothing else.

use std::borrow::Cow;
use std::sync::OnceLock;

use lendglass_core::{Error, Timestamp};

/// Which engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The few words that differ between the engines, as (token, SQLite, PostgreSQL). Statements and
/// migrations carry the tokens.
const DIFFERENCES: [(&str, &str, &str); 8] = [
    ("{key}", "text", "text collate \"C\""),
    ("{without_rowid}", "without rowid", ""),
    ("{for_update}", "", "for update"),
    ("{skip_locked}", "", "for update skip locked"),
    ("{no_sort}", "+", ""),
    // The image that a job makes.
    ("{target}", "(payload ->> 'target')", "(cast(payload as jsonb) ->> 'target')"),
    (
        "{second_list}",
        "(select value from json_each($2))",
        "(select jsonb_array_elements_text(cast(cast($2 as text) as jsonb)))",
    ),
    // The first parameter is a JSON list of texts: one statement for any number of ids.
    (
        "{list}",
        "(select value from json_each($1))",
        "(select jsonb_array_elements_text(cast(cast($1 as text) as jsonb)))",
    ),
];

/// SQL text for both engines, with `$1` placeholders. Statics of this type stand in the list that
/// the prepare-all test walks.
#[derive(Debug)]
pub struct Statement {
    text: Cow<'static, str>,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl Statement {
    /// A fixed statement.
    pub const fn new(text: &'static str) -> Statement {
        Statement { text: Cow::Borrowed(text), sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// A composed statement. Only text of our own may go in; values go in as parameters.
    pub fn composed(text: String) -> Statement {
        Statement { text: Cow::Owned(text), sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The text for an engine: tokens replaced, placeholders in its own form.
    pub fn for_engine(&self, engine: Engine) -> &str {
        match engine {
            // SQLite reads `$1` as a *name*, numbered by first use; `?1` is the number itself.
            Engine::Sqlite => {
                self.sqlite.get_or_init(|| translate(&self.text, engine).replace('$', "?"))
            }
            Engine::Postgres => self.postgres.get_or_init(|| translate(&self.text, engine)),
        }
    }
}

/// `text` with the difference tokens replaced for `engine`.
pub fn translate(text: &str, engine: Engine) -> String {
    // Most statements have none, and composed ones are translated at each use.
    if !text.contains('{') {
        return text.to_owned();
    }
    DIFFERENCES.iter().fold(text.to_owned(), |text, (token, sqlite, postgres)| {
        text.replace(token, if engine == Engine::Sqlite { sqlite } else { postgres })
    })
}

/// A parameter or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number; flags are 0 and 1, times are microseconds since 1970.
    Int(i64),
    /// Text.
    Text(String),
}

impl Value {
    /// The parameter that `{list}` reads: any number of ids.
    pub fn list<T: AsRef<str>>(ids: &[T]) -> Value {
        let texts: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
        Value::Text(serde_json::Value::from(texts).to_string())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Int(i64::from(number))
    }
}
impl From<u64> for Value {
    /// Sizes beyond 2^63 do not exist; they saturate.
    fn from(number: u64) -> Value {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Int(i64::from(flag))
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Value {
        Value::Int(at.0)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

macro_rules! id_values {
    ($($id:ident)*) => {$(
        impl From<&lendglass_core::$id> for Value {
            fn from(id: &lendglass_core::$id) -> Value {
                Value::Text(id.as_str().to_owned())
            }
        }
    )*};
}
id_values!(ImageId ProjectId AccountId UserId RegionId JobId BlobId VaultId BackupId);

/// Parameters from anything that is a value.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        ::std::vec::Vec::<$crate::Value>::from([$($crate::Value::from($value)),*])
    };
}

/// A row: its columns in the order of the statement, read one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// Reads the columns from the first on.
    pub fn read(self) -> Columns {
        Columns { rest: self.0.into_iter() }
    }
}

/// Reads the columns of a row in order; a wrong type is a broken invariant, hence an internal error.
pub struct Columns {
    rest: std::vec::IntoIter<Value>,
}

impl Columns {
    fn next(&mut self) -> Result<Value, Error> {
        self.rest.next().ok_or_else(|| Error::internal("a row has fewer columns than were read"))
    }

    /// The next column: text.
    pub fn text(&mut self) -> Result<String, Error> {
        self.opt_text()?.ok_or_else(|| Error::internal("a column is null that must not be"))
    }

    /// The next column: text or nothing.
    pub fn opt_text(&mut self) -> Result<Option<String>, Error> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Int(_) => Err(Error::internal("a column is a number that must be text")),
        }
    }

    /// The next column: a number.
    pub fn int(&mut self) -> Result<i64, Error> {
        self.opt_int()?.ok_or_else(|| Error::internal("a column is null that must not be"))
    }

    /// The next column: a number or nothing.
    pub fn opt_int(&mut self) -> Result<Option<i64>, Error> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(number)),
            Value::Text(_) => Err(Error::internal("a column is text that must be a number")),
        }
    }

    /// The next column: a number that is not negative and fits 32 bits.
    pub fn u32(&mut self) -> Result<u32, Error> {
        u32::try_from(self.int()?).map_err(|_| Error::internal("a number does not fit 32 bits"))
    }

    /// The next column: a size or nothing.
    pub fn opt_u64(&mut self) -> Result<Option<u64>, Error> {
        self.opt_int()?
            .map(|n| u64::try_from(n).map_err(|_| Error::internal("a size is negative")))
            .transpose()
    }

    /// The next column: a flag.
    pub fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.int()? != 0)
    }

    /// The next column: a time.
    pub fn time(&mut self) -> Result<Timestamp, Error> {
        self.int().map(Timestamp)
    }

    /// The next column: a time or nothing.
    pub fn opt_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.opt_int()?.map(Timestamp))
    }

    /// The next column: a word of an enum; an unknown word is a broken row, never a default.
    pub fn word<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
        let word = self.text()?;
        parse(&word).ok_or_else(|| Error::internal(format!("unknown word {word:?} in a column")))
    }

    /// The next column: a word of an enum or nothing.
    pub fn opt_word<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
        match self.opt_text()? {
            None => Ok(None),
            Some(word) => parse(&word)
                .map(Some)
                .ok_or_else(|| Error::internal(format!("unknown word {word:?} in a column"))),
        }
    }
}
