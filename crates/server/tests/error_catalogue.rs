//! Every refusal in every dialect, and the page that lists them: `docs/errors.md` is the public
//! reference. `LENDGLASS_BLESS=1` writes it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/blessed.rs"]
mod blessed;

use std::fmt::Write as _;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use lendglass_core::{Code, Error, Language};
use lendglass_server::wire::{ctyun, huawei, native, openstack, tencent};
use serde_json::Value;

/// How one dialect renders refusals.
struct Dialect {
    name: &'static str,
    render: fn(&Error) -> Response,
    /// Asserts that a body says what it must, in the dialect's own form.
    check: fn(&Error, u16, &Value),
    /// What the page shows.
    cell: fn(u16, &Value) -> String,
}

/// A new dialect gets a row, and with it a column of the page.
const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "OpenStack",
        render: openstack::error::render,
        check: check_openstack,
        cell: status_cell,
    },
    Dialect { name: "native", render: render_native, check: check_native, cell: status_cell },
    Dialect { name: "Huawei", render: render_huawei, check: check_huawei, cell: huawei_cell },
    Dialect { name: "CTyun", render: render_ctyun, check: check_ctyun, cell: ctyun_cell },
    Dialect { name: "Huawei CBR", render: render_backup, check: check_backup, cell: huawei_cell },
    Dialect { name: "Tencent", render: render_tencent, check: check_tencent, cell: tencent_cell },
];

fn render_native(error: &Error) -> Response {
    let problem = native::error::Problem::of(error, Language::English, "req-1");
    (native::error::status(error), Json(problem)).into_response()
}

fn status_cell(status: u16, _: &Value) -> String {
    status.to_string()
}

fn render_tencent(error: &Error) -> Response {
    tencent::error::render(error, Language::English, "req-1")
}

fn tencent_cell(_: u16, body: &Value) -> String {
    format!("`{}`", body["Response"]["Error"]["Code"].as_str().unwrap())
}

fn check_tencent(error: &Error, status: u16, body: &Value) {
    let body = &body["Response"];
    assert_eq!((status, body["RequestId"].as_str()), (200, Some("req-1")));
    assert_eq!(body["Error"]["Message"], error.text(Language::English));
    assert_eq!(body["Error"]["Code"], tencent::error::code(error.code()));
}

fn render_ctyun(error: &Error) -> Response {
    ctyun::error::render(error, "req-1")
}

/// The image service says 200 and has a code of three parts; the gateway says what it does.
fn check_ctyun(error: &Error, status: u16, body: &Value) {
    assert_eq!(body["message"], error.text(Language::English));
    assert_eq!(body["reason"], error.code().as_str());
    if status != 200 {
        assert!([401, 403, 404, 405].contains(&status), "{status}: {body}");
        assert_eq!(
            (&body["requestId"], &body["returnObj"]),
            (&"req-1".into(), &Value::Object(Default::default()))
        );
        let code = body["statusCode"].as_str().unwrap();
        assert_eq!(body["code"], code.trim_start_matches("CTAPI_"));
        return;
    }
    assert_eq!((&body["statusCode"], &body["error"]), (&900.into(), &body["errorCode"]));
    assert_eq!(body["description"], error.text(Language::Chinese));
    let code = body["errorCode"].as_str().unwrap();
    assert!(code.split('.').count() == 3 || code.starts_with("CTIAM_"), "{code}");
}

fn ctyun_cell(status: u16, body: &Value) -> String {
    match status {
        200 => format!("`{}`", body["errorCode"].as_str().unwrap()),
        _ => format!("{status} `{}`", body["statusCode"].as_str().unwrap()),
    }
}

fn check_native(error: &Error, _: u16, body: &Value) {
    assert_eq!(body["code"], error.code().as_str());
    assert_eq!(body["message"], error.text(Language::English));
    assert_eq!(body["request_id"], "req-1");
}

fn render_huawei(error: &Error) -> Response {
    huawei::error::render(error, "req-1", Language::English)
}

/// The image service speaks in one shape, the gateway before it in another.
fn check_huawei(error: &Error, _: u16, body: &Value) {
    let is_gateway = body.get("error_code").is_some();
    let (code, message, reason) = match is_gateway {
        true => (&body["error_code"], &body["error_msg"], &body["reason"]),
        false => (&body["error"]["code"], &body["error"]["message"], &body["error"]["reason"]),
    };
    let prefix = if is_gateway { "APIGW." } else { "IMG." };
    let number = code.as_str().unwrap().strip_prefix(prefix).unwrap();
    assert!(number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()), "{code}");
    assert_eq!(*message, error.text(Language::English));
    assert_eq!(*reason, error.code().as_str());
    assert_eq!(code.as_str().unwrap(), huawei::error::code(error));
    assert!(!is_gateway || body["request_id"] == "req-1");
}

fn render_backup(error: &Error) -> Response {
    huawei::backup_error::render(error, "req-1", Language::English)
}

/// The backup service and the gateway before it speak in one shape.
fn check_backup(error: &Error, _: u16, body: &Value) {
    let code = body["error_code"].as_str().unwrap();
    let number = code.strip_prefix("BackupService.").or(code.strip_prefix("APIGW.")).unwrap();
    assert!(number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()), "{code}");
    assert_eq!(body["error_msg"], error.text(Language::English));
    assert_eq!(body["reason"], error.code().as_str());
    assert_eq!(body["request_id"], "req-1");
}

fn huawei_cell(status: u16, body: &Value) -> String {
    let code = body.get("error_code").unwrap_or(&body["error"]["code"]);
    format!("{status} `{}`", code.as_str().unwrap())
}

fn check_openstack(error: &Error, status: u16, body: &Value) {
    let body = &body["error"];
    assert_eq!(body["code"], status);
    assert_eq!(body["reason"], error.code().as_str());
    assert_eq!(body["message"], error.text(Language::English));
    assert!(!body["title"].as_str().unwrap().is_empty());
}

/// An error with every fact its texts ask for, and something that only the log may read.
fn example(code: Code) -> Error {
    let mut error = Error::new(code).because("only the log may read this");
    let template = code.template(Language::English);
    for name in template.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        error = error.with(name, if name == "seconds" || name == "size" { "7" } else { "FACT" });
    }
    error
}

async fn rendered(dialect: &Dialect, error: &Error) -> (u16, Value) {
    let response = (dialect.render)(error);
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("only the log"), "{}: {text}", error.code().as_str());
    assert!(!text.contains('?'), "{}: a fact is missing: {text}", error.code().as_str());
    (status, serde_json::from_slice(&bytes).unwrap())
}

const INTRODUCTION: &str = "\
# Refusals

Every refusal has a stable code, which programs may match on, and a text that names the reason and the
way out. Texts may change, codes do not. `{…}` stands for a fact of the refusal. Glance's and
Keystone's own clients get the code as `reason` beside the fields they know:
`{\"error\": {\"code\": 409, \"title\": \"Conflict\", \"message\": \"…\", \"reason\": \"IMAGE_IS_SHARED\"}}`.

Some calls of two clouds have codes of their own for some refusals: the second table.

What a caller may not see is `IMAGE_NOT_FOUND`, in the same words as an id that never was. Where a call
of Glance's has a status of its own for a refusal (an upload to an image that was deleted meanwhile is
410; an action that does not fit the status of an image is 400), that call answers it; the table has
the status of all others.
";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Where a call of a cloud's has another code than the table above says.
fn single_calls() -> String {
    let mut page =
        "\n## Codes of single calls\n\n| cloud | call | code | answered as |\n|---|---|---|---|\n"
            .to_owned();
    let mut put = |cloud: &str, call: &str, code: Code, theirs: &str, usual: &str| {
        assert_ne!(theirs, usual, "{cloud}'s {call} says nothing of its own");
        let _ = writeln!(page, "| {cloud} | {call} | `{}` | `{theirs}` |", code.as_str());
    };
    for (call, code, theirs) in ctyun::error::AGAIN {
        put("CTyun", call, code, theirs, "");
    }
    for (call, words) in tencent::words::BY_ACTION {
        for (code, theirs) in *words {
            put("Tencent", call, *code, theirs, tencent::error::code(*code));
        }
    }
    page
}

#[tokio::test]
async fn every_refusal_is_rendered_and_documented() {
    let names: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.name).collect();
    let mut page = format!(
        "{INTRODUCTION}\n| code | kind | {} | English | 中文 |\n|---|---|{}---|---|\n",
        names.join(" | "),
        "---|".repeat(DIALECTS.len()),
    );
    for code in Code::ALL {
        let error = example(*code);
        let mut statuses = String::new();
        for dialect in DIALECTS {
            let (status, body) = rendered(dialect, &error).await;
            // A dry run that would be done is the one answer of the catalogue that refuses nothing.
            let is_rehearsal = *code == Code::DryRun && status == 200;
            let is_enveloped = ["CTyun", "Tencent"].contains(&dialect.name);
            assert!(
                is_enveloped || is_rehearsal || (400..600).contains(&status),
                "{}: {status}",
                code.as_str()
            );
            (dialect.check)(&error, status, &body);
            let _ = write!(statuses, " {} |", (dialect.cell)(status, &body));
        }
        let _ = writeln!(
            page,
            "| `{}` | {:?} |{statuses} {} | {} |",
            code.as_str(),
            code.kind(),
            cell(code.template(Language::English)),
            cell(code.template(Language::Chinese)),
        );
    }
    page.push_str(&single_calls());
    blessed::blessed("docs/errors.md", &page);
}
