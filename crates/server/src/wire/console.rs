//! The web console: files that were built into the program, served with what browsers need to keep
//! them and to trust them. Its pages live below `/console/`, which all are the one index; the
//! index says where the console lies in `<base href>`, so that it works behind any prefix.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;

use crate::app::App;
use crate::wire::common::header_text;
use crate::wire::context::Context;

/// A file of the console, as it was built in.
struct Built {
    /// Below the console's folder, as `assets/index-1a2b3c.js`.
    path: &'static str,
    /// Of its bytes.
    digest: &'static str,
    plain: &'static [u8],
    /// Compressed, where that is smaller.
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

static BUILT: &[Built] = include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// A file of the console.
struct File {
    path: String,
    digest: String,
    plain: Bytes,
    br: Option<Bytes>,
    gz: Option<Bytes>,
}

impl From<&Built> for File {
    fn from(built: &Built) -> File {
        File {
            path: built.path.to_owned(),
            digest: built.digest.to_owned(),
            plain: Bytes::from_static(built.plain),
            br: built.br.map(Bytes::from_static),
            gz: built.gz.map(Bytes::from_static),
        }
    }
}

/// What is shown where the console was not built.
const NO_CONSOLE: &str = include_str!("no_console.html");
const INDEX: &str = "index.html";
/// Names of files here carry a digest of their content.
const HASHED: &str = "assets/";

/// Nothing but what this server sends, and no script or style within a page. `base-uri` is for the
/// `<base>` that says where the console lies.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'";
/// The page of a build without console has its style within.
const POLICY_NO_CONSOLE: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// `/console/` and the pages below it. The files are found by [`file`].
pub fn routes() -> Router<App> {
    Router::new()
        .route("/console", get(to_console))
        .route("/console/", get(index))
        .route("/console/{*page}", get(index))
}

async fn to_console(context: Context) -> Redirect {
    // Not for ever: a browser would keep it when the prefix changes.
    Redirect::temporary(&format!("{}/console/", context.base_path))
}

async fn index(State(app): State<App>, context: Context, headers: HeaderMap) -> Response {
    match find(&app, INDEX).await {
        Some(file) => index_of(&file, &context.base_path, &headers),
        None => page(NO_CONSOLE.as_bytes().to_vec(), POLICY_NO_CONSOLE),
    }
}

/// The file of the console that a request asks for, where nothing else lies at its path.
pub async fn file(app: &App, asked: &Parts) -> Option<Response> {
    if !matches!(asked.method, Method::GET | Method::HEAD) {
        return None;
    }
    let path = asked.uri.path().strip_prefix('/')?;
    let found = find(app, path).await.filter(|file| file.path != INDEX)?;
    Some(answer(&found, &asked.headers))
}

async fn find(app: &App, path: &str) -> Option<File> {
    match &app.settings.console_folder {
        Some(folder) => read(folder, path).await,
        None => BUILT.iter().find(|built| built.path == path).map(File::from),
    }
}

/// Reads a file of a console that is being worked on, anew for every request.
async fn read(folder: &Path, path: &str) -> Option<File> {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.');
    if !path.split('/').all(is_plain) {
        return None;
    }
    let plain = tokio::fs::read(folder.join(path)).await.ok()?;
    let beside = async |end: &str| {
        tokio::fs::read(folder.join(format!("{path}.{end}"))).await.ok().map(Bytes::from)
    };
    Some(File {
        path: path.to_owned(),
        digest: sha256_hex(&plain),
        br: beside("br").await,
        gz: beside("gz").await,
        plain: plain.into(),
    })
}

fn sha256_hex(bytes: &[u8]) -> String {
    openssl::sha::sha256(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn index_of(file: &File, base_path: &str, headers: &HeaderMap) -> Response {
    let html = String::from_utf8_lossy(&file.plain);
    let html = with_base(&html, &format!("{base_path}/"));
    let tag = format!("\"{}{}\"", file.digest, base_path.replace('/', "-"));
    let mut response = match has(headers, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => page(html.into_bytes(), POLICY),
    };
    let kept = response.headers_mut();
    kept.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    insert(kept, header::ETAG, &tag);
    response
}

/// Writes the place of the console into the page's `<base href="…">`.
fn with_base(html: &str, base: &str) -> String {
    const BEFORE: &str = "<base href=\"";
    let Some((head, rest)) = html.split_once(BEFORE) else { return html.to_owned() };
    let Some((_, tail)) = rest.split_once('"') else { return html.to_owned() };
    format!("{head}{BEFORE}{base}\"{tail}")
}

fn page(html: Vec<u8>, policy: &'static str) -> Response {
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    insert(headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
    insert(headers, header::CONTENT_SECURITY_POLICY, policy);
    guarded(headers);
    response
}

fn answer(file: &File, headers: &HeaderMap) -> Response {
    let (bytes, coding) = form(file, headers);
    let tag = match coding {
        Some(coding) => format!("\"{}-{coding}\"", file.digest),
        None => format!("\"{}\"", file.digest),
    };
    let mut response = match has(headers, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(bytes)),
    };
    let kept = response.headers_mut();
    if let Some(coding) = coding {
        insert(kept, header::CONTENT_ENCODING, coding);
    }
    insert(kept, header::VARY, "Accept-Encoding");
    insert(kept, header::ETAG, &tag);
    let is_hashed = file.path.starts_with(HASHED);
    let lasting = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    insert(kept, header::CACHE_CONTROL, lasting);
    insert(kept, header::CONTENT_TYPE, media_type_of(&file.path));
    // A picture opened by itself runs nothing either.
    insert(kept, header::CONTENT_SECURITY_POLICY, POLICY);
    guarded(kept);
    response
}

fn guarded(headers: &mut HeaderMap) {
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, header::REFERRER_POLICY, "no-referrer");
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether the client has what bears this tag.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let known = header_text(headers, header::IF_NONE_MATCH.as_str()).unwrap_or_default();
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

/// The smallest form of a file that the client takes, and what it is called.
fn form(file: &File, headers: &HeaderMap) -> (Bytes, Option<&'static str>) {
    let taken = header_text(headers, header::ACCEPT_ENCODING.as_str()).unwrap_or_default();
    if let Some(br) = file.br.clone().filter(|_| takes(taken, "br")) {
        return (br, Some("br"));
    }
    if let Some(gz) = file.gz.clone().filter(|_| takes(taken, "gzip")) {
        return (gz, Some("gzip"));
    }
    (file.plain.clone(), None)
}

/// Whether `Accept-Encoding` names a coding, and not to refuse it.
fn takes(header: &str, coding: &str) -> bool {
    header.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case(coding) && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn media_type_of(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    static OURS: &[Built] = &[
        Built {
            path: "assets/a-1b2c.js",
            digest: "0011",
            plain: b"the whole script",
            br: Some(b"br"),
            gz: Some(b"gz"),
        },
        Built { path: "favicon.svg", digest: "0022", plain: b"<svg/>", br: None, gz: None },
        Built {
            path: "index.html",
            digest: "0033",
            plain: b"<head><base href=\"/\" /><script src=\"./assets/a-1b2c.js\"></script></head>",
            br: None,
            gz: None,
        },
    ];

    fn find(path: &str) -> File {
        OURS.iter().find(|built| built.path == path).map(File::from).unwrap()
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    async fn body(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.into()).unwrap()
    }

    #[tokio::test]
    async fn the_smallest_form_that_is_taken_is_sent() {
        let script = find("assets/a-1b2c.js");
        for (accepted, sent, coding) in [
            ("gzip, deflate, br", "br", "br"),
            ("gzip", "gz", "gzip"),
            ("br;q=0, gzip;q=0.5", "gz", "gzip"),
            ("identity", "the whole script", ""),
            ("", "the whole script", ""),
        ] {
            let response = answer(&script, &headers("accept-encoding", accepted));
            let named = header_text(response.headers(), "content-encoding").unwrap_or_default();
            assert_eq!(named, coding, "{accepted}");
            let kind = header_text(response.headers(), "content-type").unwrap();
            assert_eq!(kind, "text/javascript; charset=utf-8");
            assert_eq!(header_text(response.headers(), "vary"), Some("Accept-Encoding"));
            assert_eq!(body(response).await, sent, "{accepted}");
        }
        let picture = find("favicon.svg");
        let response = answer(&picture, &headers("accept-encoding", "br"));
        assert_eq!(header_text(response.headers(), "content-encoding"), None);
        assert_eq!(body(response).await, "<svg/>");
    }

    #[test]
    fn what_bears_its_digest_is_kept_for_a_year_and_the_rest_is_asked_for() {
        let lasting = |path: &str, tag: &str| {
            let response = answer(&find(path), &headers("if-none-match", tag));
            let lasting = header_text(response.headers(), "cache-control").unwrap().to_owned();
            (response.status().as_u16(), lasting)
        };
        let year = "public, max-age=31536000, immutable";
        assert_eq!(lasting("assets/a-1b2c.js", "\"other\""), (200, year.to_owned()));
        assert_eq!(lasting("favicon.svg", "\"other\""), (200, "no-cache".to_owned()));
        assert_eq!(lasting("favicon.svg", "\"0022\""), (304, "no-cache".to_owned()));
        assert_eq!(lasting("favicon.svg", "\"x\", W/\"0022\""), (304, "no-cache".to_owned()));
    }

    #[tokio::test]
    async fn a_folder_is_served_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        std::fs::create_dir_all(dist.join("assets")).unwrap();
        std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(dist.join(".hidden"), "hidden").unwrap();
        std::fs::write(dist.join("assets/a.js"), "script").unwrap();
        std::fs::write(dist.join("assets/a.js.gz"), "gz").unwrap();
        let found = read(&dist, "assets/a.js").await.unwrap();
        assert_eq!((&found.plain[..], found.gz.as_deref()), (&b"script"[..], Some(&b"gz"[..])));
        assert!(found.br.is_none());
        for path in
            ["../secret.txt", "assets/../../secret.txt", ".hidden", "", "assets", "/etc/passwd"]
        {
            assert!(read(&dist, path).await.is_none(), "{path}");
        }
    }

    #[tokio::test]
    async fn the_index_says_where_the_console_lies() {
        let index = find(INDEX);
        let none = HeaderMap::new();
        let at = |base: &str| index_of(&index, base, &none);
        let tag = |response: &Response| header_text(response.headers(), "etag").unwrap().to_owned();
        let (root, below) = (at(""), at("/images/one"));
        assert_ne!(tag(&root), tag(&below), "what says another place is another page");
        assert_eq!(header_text(root.headers(), "cache-control"), Some("no-cache"));
        assert!(body(at("")).await.contains("<base href=\"/\" />"));
        assert!(body(at("/images/one")).await.contains("<base href=\"/images/one/\" />"));
        let known = headers("if-none-match", &tag(&below));
        let again = index_of(&index, "/images/one", &known);
        assert_eq!((again.status().as_u16(), tag(&again)), (304, tag(&below)));
        assert!(body(again).await.is_empty());
    }
}
