//! Printing: tables for people, JSON, YAML, plain values and CSV for programs.

use std::io::{IsTerminal as _, Write as _};

use comfy_table::presets::ASCII_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Map, Value};

use crate::args::{Format, On};
use crate::failure::{Failure, exit};
use crate::text::{Language, say, say_with};

/// A column: its key in JSON and CSV, and its titles.
#[derive(Clone, Copy)]
pub struct Column {
    /// The key; also what `--column` takes.
    pub key: &'static str,
    /// The title.
    pub english: &'static str,
    /// The title.
    pub chinese: &'static str,
}

/// A column.
pub const fn column(key: &'static str, english: &'static str, chinese: &'static str) -> Column {
    Column { key, english, chinese }
}

impl Column {
    fn title(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.key.eq_ignore_ascii_case(name)
            || self.english.eq_ignore_ascii_case(name)
            || self.chinese == name
    }
}

/// Prints rows, each an object with the columns' keys.
pub fn print_rows(on: &On<'_>, columns: &[Column], rows: &[Value]) -> Result<(), Failure> {
    let columns = chosen(on, columns)?;
    let cells = |row: &Value| columns.iter().map(|c| cell(&row[c.key])).collect::<Vec<_>>();
    let text = match on.global.format {
        Format::Table => {
            let titles = columns.iter().map(|column| column.title(on.language).to_owned());
            table(titles.collect(), rows.iter().map(cells).collect())
        }
        Format::Json => lines(serde_json::to_string_pretty(&picked(&columns, rows)))?,
        Format::Yaml => lines(serde_norway::to_string(&picked(&columns, rows)))?,
        Format::Value => rows.iter().map(|row| cells(row).join(" ") + "\n").collect(),
        Format::Csv => {
            let keys: Vec<String> = columns.iter().map(|column| column.key.to_owned()).collect();
            csv(&keys, rows.iter().map(cells))?
        }
    };
    write(&text)
}

/// Prints one thing, field by field.
pub fn print_fields(on: &On<'_>, fields: &[(&str, Value)]) -> Result<(), Failure> {
    let wanted = &on.global.column;
    let is_wanted = |name: &str| {
        wanted.is_empty() || wanted.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    if let Some(name) =
        wanted.iter().find(|name| !fields.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)))
    {
        let keys: Vec<&str> = fields.iter().map(|(key, _)| *key).collect();
        return Err(no_column(on, name, &keys.join(", ")));
    }
    let fields: Vec<&(&str, Value)> = fields.iter().filter(|(key, _)| is_wanted(key)).collect();
    let object = || -> Value {
        let pairs = fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        Value::Object(pairs.collect::<Map<_, _>>())
    };
    let text = match on.global.format {
        Format::Table => {
            let titles = vec![say(on.language, "field").into(), say(on.language, "value").into()];
            let rows = fields.iter().map(|(key, value)| vec![(*key).to_owned(), cell(value)]);
            table(titles, rows.collect())
        }
        Format::Json => lines(serde_json::to_string_pretty(&object()))?,
        Format::Yaml => lines(serde_norway::to_string(&object()))?,
        Format::Value => fields.iter().map(|(_, value)| cell(value) + "\n").collect(),
        Format::Csv => {
            let rows = fields.iter().map(|(key, value)| vec![(*key).to_owned(), cell(value)]);
            csv(&["field".to_owned(), "value".to_owned()], rows)?
        }
    };
    write(&text)
}

/// A line for people, on the error stream, so that results stay clean.
pub fn note(on: &On<'_>, text: &str) {
    if !on.global.quiet {
        // Nothing is left to do if even this cannot be written.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

fn chosen(on: &On<'_>, columns: &[Column]) -> Result<Vec<Column>, Failure> {
    if on.global.column.is_empty() {
        return Ok(columns.to_vec());
    }
    let find = |name: &String| {
        let found = columns.iter().find(|column| column.is_called(name)).copied();
        found.ok_or_else(|| {
            let keys: Vec<&str> = columns.iter().map(|column| column.key).collect();
            no_column(on, name, &keys.join(", "))
        })
    };
    on.global.column.iter().map(find).collect()
}

fn no_column(on: &On<'_>, name: &str, known: &str) -> Failure {
    Failure::new("NO_COLUMN", exit::USAGE, say_with(on.language, "no_column", &[name, known]))
}

fn picked(columns: &[Column], rows: &[Value]) -> Value {
    let pick = |row: &Value| -> Value {
        let pairs = columns.iter().map(|column| (column.key.to_owned(), row[column.key].clone()));
        Value::Object(pairs.collect())
    };
    rows.iter().map(pick).collect()
}

/// A value as a cell: text as it is, nothing as nothing, lists joined, objects as KEY=VALUE.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key}={}", cell(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn table(titles: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_FULL_CONDENSED).set_header(titles);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)).collect::<Vec<_>>());
    }
    format!("{table}\n")
}

/// Others write names and notes: control characters must not reach the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// CSV that no spreadsheet takes for formulas: cells that begin like one get an apostrophe.
fn csv(header: &[String], rows: impl Iterator<Item = Vec<String>>) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let broken = |error: &dyn std::fmt::Display| Failure::new("IO", exit::ERROR, error.to_string());
    writer.write_record(header).map_err(|error| broken(&error))?;
    for row in rows {
        let cells = row.into_iter().map(harmless).collect::<Vec<_>>();
        writer.write_record(cells).map_err(|error| broken(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(&error))?;
    String::from_utf8(bytes).map_err(|error| broken(&error))
}

fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

fn lines<E: std::fmt::Display>(text: Result<String, E>) -> Result<String, Failure> {
    let text = text.map_err(|error| Failure::new("IO", exit::ERROR, error.to_string()))?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// Writes to standard output. A reader that went away, as `head` does, is no failure.
fn write(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_cell_of_a_csv_is_a_formula() {
        let rows = [vec!["=1+1".to_owned(), "a,\"b\"".to_owned()], vec!["@x".into(), "ok".into()]];
        let text = csv(&["a".to_owned(), "b".to_owned()], rows.into_iter()).unwrap();
        assert_eq!(text, "a,b\n'=1+1,\"a,\"\"b\"\"\"\n'@x,ok\n");
    }

    #[test]
    fn cells_are_plain_text() {
        assert_eq!(cell(&json!(null)), "");
        assert_eq!(cell(&json!(["a", 1])), "a, 1");
        assert_eq!(cell(&json!({"a": "b", "c": null})), "a=b, c=");
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }
}
