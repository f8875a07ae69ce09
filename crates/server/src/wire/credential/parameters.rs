//! Tencent's older signatures, `HmacSHA1` and `HmacSHA256`, which travel as parameters of the action: in
//! the query of a GET, in the form of a POST.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::Claim;
use super::asked::{Asked, is_same};

/// How far the client's clock may be off, as the vendor's.
const SKEW_SECONDS: i64 = 5 * 60;
const FORM: &str = "application/x-www-form-urlencoded";

/// The signature of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    is_sha256: bool,
    /// Every parameter but the signature, sorted, as it is signed.
    text: String,
    signature: String,
}

/// Whether the body may hold the signature: then it must be read to know.
pub fn may_be_in_body(asked: &Asked<'_>) -> bool {
    asked.method == "POST"
        && asked.inner_path == "/"
        && asked.header_text("content-type").to_ascii_lowercase().starts_with(FORM)
        && !asked.headers.contains_key("authorization")
}

/// The signature of a request, if it has one of this scheme; an error text where it cannot be read.
pub fn read(asked: &Asked<'_>) -> Option<Result<Claim, String>> {
    if asked.inner_path != "/" || asked.headers.contains_key("authorization") {
        return None;
    }
    let text = match asked.method.as_str() {
        "GET" => asked.query.as_bytes(),
        "POST" if may_be_in_body(asked) => asked.body,
        _ => return None,
    };
    if text.is_empty() {
        return None;
    }
    let parameters: Vec<(String, String)> =
        url::form_urlencoded::parse(text).into_owned().collect();
    let has = |name: &str| parameters.iter().any(|(key, _)| key == name);
    (has("Signature") || has("SecretId")).then(|| parse(parameters))
}

fn parse(mut parameters: Vec<(String, String)>) -> Result<Claim, String> {
    // A parameter given twice could be signed as one and read as the other.
    parameters.sort();
    if parameters.windows(2).any(|two| two[0].0 == two[1].0) {
        return Err("a parameter is given twice".to_owned());
    }
    let take =
        |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let required = |name: &str| take(name).ok_or_else(|| format!("{name} is missing"));
    let is_sha256 = match take("SignatureMethod").as_deref() {
        None | Some("HmacSHA1") => false,
        Some("HmacSHA256") => true,
        Some(_) => return Err("SignatureMethod is neither HmacSHA1 nor HmacSHA256".to_owned()),
    };
    let timestamp = required("Timestamp")?;
    let seconds: i64 = timestamp.parse().map_err(|_| "Timestamp is not a number")?;
    let nonce: u64 = required("Nonce")?.parse().map_err(|_| "Nonce is not a number")?;
    let pairs = parameters.iter().filter(|(name, _)| name != "Signature");
    let pairs = pairs.map(|(name, value)| format!("{}={value}", name.replace('_', ".")));
    let text = pairs.collect::<Vec<_>>().join("&");
    Ok(Claim {
        key: required("SecretId")?,
        stamps: vec![(seconds, 0)],
        skew_seconds: SKEW_SECONDS,
        nonce: format!("{timestamp}.{nonce}"),
        is_nonce_made: true,
        is_all_signed: true,
        scheme: super::Scheme::Parameters(Signed {
            is_sha256,
            text,
            signature: required("Signature")?,
        }),
    })
}

impl Signed {
    /// Whether the request was signed with this secret.
    pub fn is_by(&self, asked: &Asked<'_>, secret: &[u8]) -> bool {
        let algorithm = match self.is_sha256 {
            true => hmac::HMAC_SHA256,
            false => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        let key = hmac::Key::new(algorithm, secret);
        let host = asked.header_text("host");
        let mut is_ours = false;
        for path in asked.paths() {
            let text = format!("{}{host}{path}?{}", asked.method, self.text);
            let tag = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
            is_ours |= is_same(tag.as_bytes(), self.signature.as_bytes());
        }
        is_ours
    }
}
