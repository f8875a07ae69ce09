//! CTyun's EOP signature.
//!
//! Neither method nor path nor host are signed; the request id is. The stamp says Z, and means UTC or
//! Beijing's time, eight hours ahead.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Claim;
use super::asked::{Asked, compact_time, encoded, hmac_sha256, is_same, pairs, sha256_hex};

const REQUEST_ID: &str = "ctyun-eop-request-id";
const DATE: &str = "eop-date";
/// How far the client's clock may be off; the vendor states no number.
const SKEW_SECONDS: i64 = 15 * 60;
/// How far Beijing is ahead of UTC.
const BEIJING_HOURS: i64 = 8;
/// Longest request id that is kept; clients send a UUID.
const REQUEST_ID_BYTES: usize = 128;

/// The signature of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    key: String,
    headers: String,
    date: String,
    signature: String,
}

/// The signature of a request, if it has one of this scheme; an error text where it cannot be read.
pub fn read(asked: &Asked<'_>) -> Option<Result<Claim, String>> {
    asked.headers.contains_key("eop-authorization").then(|| parse(asked))
}

fn parse(asked: &Asked<'_>) -> Result<Claim, String> {
    let mut parts = asked.header_text("eop-authorization").split_ascii_whitespace();
    let key = parts.next().ok_or("Eop-Authorization is empty")?.to_owned();
    let (mut headers, mut signature) = (None, None);
    for part in parts {
        match part.split_once('=') {
            Some(("Headers", list)) => headers = Some(list.to_ascii_lowercase()),
            Some(("Signature", text)) => signature = Some(text.to_owned()),
            Some(_) | None => {
                return Err("Eop-Authorization is not AK Headers=… Signature=…".into());
            }
        }
    }
    let headers = headers.ok_or("Headers is missing")?;
    if ![REQUEST_ID, DATE].iter().all(|name| headers.split(';').any(|signed| signed == *name)) {
        return Err(format!("{REQUEST_ID} and {DATE} must be signed"));
    }
    let date = asked.header_text(DATE).to_owned();
    let seconds = compact_time(&date).ok_or("Eop-date is not yyyymmddTHHMMSSZ")?;
    let id = asked.header_text(REQUEST_ID);
    if id.is_empty() || id.len() > REQUEST_ID_BYTES {
        return Err(format!("{REQUEST_ID} has 1 to {REQUEST_ID_BYTES} characters"));
    }
    Ok(Claim {
        key: key.clone(),
        stamps: vec![(seconds, 0), (seconds - BEIJING_HOURS * 3600, BEIJING_HOURS)],
        skew_seconds: SKEW_SECONDS,
        nonce: id.to_owned(),
        is_nonce_made: true,
        // Of what is not signed nothing can be changed: see [`counts_once`].
        is_all_signed: true,
        scheme: super::Scheme::Eop(Signed {
            key,
            headers,
            date,
            signature: signature.ok_or("Signature is missing")?,
        }),
    })
}

/// Whether a request counts once. Method and path are not signed, so that a signature seen on one
/// request fits any other with the same query and body; what tells a change from a look must be signed,
/// and the body is. A request without a body therefore only reads; one with a body is taken once by all
/// nodes, whatever it asks for.
pub fn counts_once(asked: &Asked<'_>, is_change: bool) -> Result<bool, String> {
    if is_change && asked.body.is_empty() {
        return Err("a change needs a signed body; send at least {}".to_owned());
    }
    Ok(!asked.body.is_empty())
}

impl Signed {
    /// Whether the request was signed with this secret.
    pub fn is_by(&self, asked: &Asked<'_>, secret: &[u8]) -> bool {
        let of_time = hmac_sha256(secret, self.date.as_bytes());
        let of_key = hmac_sha256(&of_time, self.key.as_bytes());
        let of_day = hmac_sha256(&of_key, self.date.get(..8).unwrap_or_default().as_bytes());
        let mut headers = String::new();
        for name in self.headers.split(';') {
            let value = String::from_utf8_lossy(asked.header(name));
            headers.push_str(&format!("{name}:{}\n", value.trim()));
        }
        let digest = sha256_hex(asked.body);
        let mut is_ours = false;
        for query in queries(asked.query) {
            let tag = hmac_sha256(&of_day, format!("{headers}\n{query}\n{digest}").as_bytes());
            is_ours |= is_same(STANDARD.encode(tag).as_bytes(), self.signature.as_bytes());
        }
        is_ours
    }
}

/// What clients sign of a query: as sent; sorted and encoded strictly; sorted and encoded as a form.
fn queries(query: &str) -> Vec<String> {
    let mut queries = vec![query.to_owned()];
    if query.is_empty() {
        return queries;
    }
    for text in [query.to_owned(), query.replace('+', "%20")] {
        let mut pairs = pairs(&text);
        pairs.sort();
        let strict =
            |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
        let strict = pairs.iter().map(strict).collect::<Vec<_>>().join("&");
        queries.push(strict.replace("%20", "+"));
        queries.push(strict);
    }
    queries.sort();
    queries.dedup();
    queries
}
