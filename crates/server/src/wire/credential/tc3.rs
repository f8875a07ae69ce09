//! Tencent's `TC3-HMAC-SHA256`.
//!
//! The action travels in `X-TC-Action`, which the SDKs do not sign: see [`tells_a_change`].

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde::de::IgnoredAny;

use super::Claim;
use super::asked::{Asked, day_of, hex, hmac_sha256, is_same, sha256_hex};

const SCHEME: &str = "TC3-HMAC-SHA256";
const SCOPE_END: &str = "tc3_request";
const DIGEST_HEADER: &str = "x-tc-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const ACTION: &str = "x-tc-action";
/// How far the client's clock may be off, as the vendor's.
const SKEW_SECONDS: i64 = 5 * 60;
/// Parameters of lists. Every action that changes something refuses them as unknown.
const OF_LISTS: [&str; 3] = ["Filters", "Offset", "Limit"];

/// The signature of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    timestamp: String,
    date: String,
    service: String,
    headers: String,
    signature: String,
}

/// Whether the request says that its body is not signed.
pub fn is_unsigned(asked: &Asked<'_>) -> bool {
    asked.header_text(DIGEST_HEADER) == UNSIGNED
}

/// The signature of a request, if it has one of this scheme; an error text where it cannot be read.
pub fn read(asked: &Asked<'_>) -> Option<Result<Claim, String>> {
    let (scheme, rest) = asked.header_text("authorization").split_once(' ')?;
    (scheme == SCHEME).then(|| parse(asked, rest))
}

fn parse(asked: &Asked<'_>, text: &str) -> Result<Claim, String> {
    let part = |name: &str| {
        let mut parts = text.split(',').filter_map(|part| part.trim().split_once('='));
        parts.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
    };
    let credential = part("Credential").ok_or("Credential is missing")?;
    let scope: Vec<&str> = credential.split('/').collect();
    let [key, date, service, SCOPE_END] = scope[..] else {
        return Err("Credential is not ID/DATE/SERVICE/tc3_request".to_owned());
    };
    let timestamp = asked.header_text("x-tc-timestamp");
    let seconds: i64 = timestamp.parse().map_err(|_| "X-TC-Timestamp is not a number")?;
    if day_of(seconds).as_deref() != Some(date) {
        return Err("the credential is of another day than X-TC-Timestamp".to_owned());
    }
    let signature = part("Signature").ok_or("Signature is missing")?.to_owned();
    let headers = part("SignedHeaders").ok_or("SignedHeaders is missing")?.to_owned();
    Ok(Claim {
        key: key.to_owned(),
        stamps: vec![(seconds, 0)],
        skew_seconds: SKEW_SECONDS,
        nonce: signature.clone(),
        is_nonce_made: false,
        is_all_signed: tells_a_change(asked, &headers),
        scheme: super::Scheme::Tc3(Signed {
            timestamp: timestamp.to_owned(),
            date: date.to_owned(),
            service: service.to_owned(),
            headers,
            signature,
        }),
    })
}

/// The service that a credential of this scheme is for.
pub fn service(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("authorization")?.to_str().ok()?.strip_prefix(SCHEME)?;
    let (_, credential) = text.split_once("Credential=")?;
    credential.split(',').next()?.trim().split('/').nth(2)
}

impl Signed {
    /// Whether the request was signed with this secret.
    pub fn is_by(&self, asked: &Asked<'_>, secret: &[u8]) -> bool {
        let seed = [b"TC3", secret].concat();
        let of_day = hmac_sha256(&seed, self.date.as_bytes());
        let of_service = hmac_sha256(&of_day, self.service.as_bytes());
        let key = hmac_sha256(&of_service, SCOPE_END.as_bytes());
        let payload = if is_unsigned(asked) { UNSIGNED.as_bytes() } else { asked.body };
        let digest = sha256_hex(payload);
        let mut is_ours = false;
        for path in asked.paths() {
            // The vendor's samples sign header values in lower case, its SDKs as they are.
            for is_lower in [false, true] {
                let canonical = self.canonical(asked, path, is_lower, &digest);
                let (date, service) = (&self.date, &self.service);
                let text = format!(
                    "{SCHEME}\n{}\n{date}/{service}/{SCOPE_END}\n{}",
                    self.timestamp,
                    sha256_hex(canonical.as_bytes())
                );
                let tag = hmac_sha256(&key, text.as_bytes());
                is_ours |= is_same(hex(&tag).as_bytes(), self.signature.as_bytes());
            }
        }
        is_ours
    }

    fn canonical(&self, asked: &Asked<'_>, path: &str, is_lower: bool, digest: &str) -> String {
        let mut headers = String::new();
        for name in self.headers.split(';') {
            let value = String::from_utf8_lossy(asked.header(name)).trim().to_owned();
            let value = if is_lower { value.to_lowercase() } else { value };
            headers.push_str(&format!("{name}:{value}\n"));
        }
        let query = if asked.method == "GET" { asked.query } else { "" };
        let (method, signed) = (asked.method, &self.headers);
        format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{digest}")
    }
}

/// Whether what is signed tells a change from a look. At the root the action does, where it is among
/// the signed headers; else the parameters of a list do, which no change takes. Looks that this is not
/// said of are remembered by all nodes, so that their signatures change nothing.
fn tells_a_change(asked: &Asked<'_>, headers: &str) -> bool {
    let is_action_signed = headers.split(';').any(|name| name == ACTION);
    asked.inner_path != "/" || is_action_signed || (!is_unsigned(asked) && is_of_a_list(asked))
}

/// Whether the parameters are such as no change takes: none at all, or some of a list.
fn is_of_a_list(asked: &Asked<'_>) -> bool {
    let names: Vec<String> = match asked.method.as_str() {
        "GET" => {
            let names = url::form_urlencoded::parse(asked.query.as_bytes());
            names.map(|(name, _)| name.split('.').next().unwrap_or_default().to_owned()).collect()
        }
        _ if asked.body.is_empty() => Vec::new(),
        _ => match serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(asked.body) {
            Ok(parameters) => parameters.into_keys().collect(),
            Err(_) => return false,
        },
    };
    names.is_empty() || names.iter().any(|name| OF_LISTS.contains(&name.as_str()))
}
