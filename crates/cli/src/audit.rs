//! The audit trail: lists and exports.

use std::fs::OpenOptions;
use std::io::{BufWriter, Read as _, Write};

use serde_json::{Value, json};

use crate::args::{Audit, AuditFilter, AuditForm, On};
use crate::failure::{Failure, exit};
use crate::image::more;
use crate::output::{column, print_rows};
use crate::session::escaped;
use crate::sharing::page_query;
use crate::text::say_with;

/// Largest page of an export: as much as a server gives at once.
const PAGE_EVENTS: u32 = 1_000;
/// Largest page read into memory.
const PAGE_BYTES: u64 = 64 << 20;

/// Does what was asked.
pub fn run(on: &On<'_>, verb: &Audit) -> Result<u8, Failure> {
    match verb {
        Audit::List { filter, page } => {
            let answer =
                on.session.get(&format!("/audit?{}{}", query(filter), page_query(page)))?;
            let rows: Vec<Value> =
                answer["events"].as_array().into_iter().flatten().map(row).collect();
            let mut columns = vec![
                column("at", "Time", "时间"),
                column("verb", "Action", "操作"),
                column("target", "Object", "对象"),
                column("user", "User", "用户"),
                column("project", "Project", "项目"),
                column("counterpart", "Counterpart", "对方租户"),
                column("result", "Result", "结果"),
            ];
            if on.global.long || !on.global.column.is_empty() {
                columns.push(column("detail", "Detail", "详情"));
                columns.push(column("ranges", "Reads", "读取次数"));
                columns.push(column("bytes", "Bytes", "字节"));
                columns.push(column("source", "From", "来源"));
                columns.push(column("request_id", "Request ID", "请求 ID"));
                columns.push(column("region", "Region", "区域"));
                columns.push(column("id", "ID", "ID"));
                columns.push(column("seq", "Place", "序号"));
            }
            print_rows(on, &columns, &rows)?;
            more(on, &answer);
            Ok(0)
        }
        Audit::Export { filter, form, file } => {
            let Some(path) = file else {
                return export(on, filter, *form, &mut std::io::stdout().lock());
            };
            let place = path.display().to_string();
            if path.exists() {
                let text = say_with(on.language, "file_exists", &[&place]);
                return Err(Failure::new("FILE_EXISTS", exit::USAGE, text));
            }
            let file = OpenOptions::new().write(true).create_new(true).open(path)?;
            export(on, filter, *form, &mut BufWriter::new(file))
        }
    }
}

/// The side that acted hides its user from the other one; refusals show their code.
fn row(event: &Value) -> Value {
    let mut row = event.clone();
    row["counterpart"] = event["counterpart"]["id"].clone();
    if let Some(code) = event["code"].as_str() {
        row["result"] = json!(format!("{} {code}", event["result"].as_str().unwrap_or_default()));
    }
    row
}

fn query(filter: &AuditFilter) -> String {
    let named = [
        ("verb", &filter.verb),
        ("target", &filter.target),
        ("user", &filter.user),
        ("result", &filter.result),
        ("from", &filter.from),
        ("to", &filter.to),
        ("project", &filter.of_project),
    ];
    let given = named.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let mut query: String =
        given.map(|(name, value)| format!("&{name}={}", escaped(value))).collect();
    if filter.all_projects {
        query.push_str("&all=true");
    }
    query
}

/// Writes page after page; a reader that went away, as `head` does, is no failure.
fn export(
    on: &On<'_>,
    filter: &AuditFilter,
    form: AuditForm,
    to: &mut dyn Write,
) -> Result<u8, Failure> {
    // Signs in anew where the remembered token has ended: the CSV itself is only bytes.
    on.session.get("/audit?limit=1")?;
    let mut marker = None;
    let mut is_first = true;
    loop {
        let page = page(on, filter, form, marker.as_deref(), is_first)?;
        match to.write_all(page.text.as_bytes()).and_then(|()| to.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(0),
            other => other?,
        }
        is_first = false;
        match page.next {
            Some(next) => marker = Some(next),
            None => return Ok(0),
        }
    }
}

struct Exported {
    text: String,
    next: Option<String>,
}

fn page(
    on: &On<'_>,
    filter: &AuditFilter,
    form: AuditForm,
    marker: Option<&str>,
    is_first: bool,
) -> Result<Exported, Failure> {
    let word = match form {
        AuditForm::Csv => "csv",
        AuditForm::Cadf => "cadf",
        AuditForm::Json => "json",
    };
    let marker = marker.map(|marker| format!("&marker={}", escaped(marker))).unwrap_or_default();
    let path = format!("/audit?format={word}&limit={PAGE_EVENTS}{}{marker}", query(filter));
    if form == AuditForm::Csv {
        return csv_page(on, &path, is_first);
    }
    let answer = on.session.get(&path)?;
    let events = answer["events"].as_array().into_iter().flatten();
    Ok(Exported {
        text: events.map(|event| format!("{event}\n")).collect(),
        next: answer["next"].as_str().map(str::to_owned),
    })
}

/// The server writes the CSV; the header stands once.
fn csv_page(on: &On<'_>, path: &str, is_first: bool) -> Result<Exported, Failure> {
    let (api, url, token) = on.session.bytes(path);
    let response = api.get_bytes(&url, &token)?;
    let (parts, body) = response.into_parts();
    let next = parts.headers.get("x-next-marker").and_then(|next| next.to_str().ok());
    let next = next.map(str::to_owned);
    let mut text = String::new();
    body.into_reader().take(PAGE_BYTES).read_to_string(&mut text)?;
    if !is_first {
        text = text.split_once("\r\n").map(|(_, rows)| rows.to_owned()).unwrap_or_default();
    }
    Ok(Exported { text, next })
}
