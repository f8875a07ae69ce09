//! Signed requests, of whatever cloud: proven once, before routing, over the raw bytes.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use http_body::Body as _;
use lendglass_core::limits::JSON_BODY_BYTES;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, Timestamp};
use openssl::sha::Sha256;

use super::asked::{Asked, hex, is_same, sha256_hex};
use super::sdk_hmac::Declared;
use super::{eop, parameters, sdk_hmac, tc3};
use crate::app::App;
use crate::service::identity::{self, SignedRequest};
use crate::wire::common::small_body;

/// What became of the signature of a request: the access key, or why not.
pub type Signed = Result<String, Error>;

/// The signature of a request, as it was read, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The access key it names.
    pub key: String,
    /// When it was signed, in seconds since 1970, by each reading of its stamp and the hours that
    /// reading is ahead of UTC.
    pub stamps: Vec<(i64, i64)>,
    /// How far the client's clock may be off, seconds.
    pub skew_seconds: i64,
    /// What makes the request unique.
    pub nonce: String,
    /// Whether the client made the nonce for this request.
    pub is_nonce_made: bool,
    /// Whether what is signed tells a change from a look.
    pub is_all_signed: bool,
    /// What the scheme itself read.
    pub scheme: Scheme,
}

/// The schemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Huawei's.
    Sdk(sdk_hmac::Signed),
    /// CTyun's.
    Eop(eop::Signed),
    /// Tencent's.
    Tc3(tc3::Signed),
    /// Tencent's older ones.
    Parameters(parameters::Signed),
}

impl Claim {
    /// Whether the request was signed with this secret. Compares in constant time.
    pub fn is_by(&self, asked: &Asked<'_>, secret: &[u8]) -> bool {
        match &self.scheme {
            Scheme::Sdk(signed) => signed.is_by(asked, secret),
            Scheme::Eop(signed) => signed.is_by(asked, secret),
            Scheme::Tc3(signed) => signed.is_by(asked, secret),
            Scheme::Parameters(signed) => signed.is_by(asked, secret),
        }
    }

    /// The reading of the stamp that lies within the allowed skew of now: when, and the hours.
    fn stamp(&self, now: Timestamp) -> Result<(i64, i64), Error> {
        let near =
            |(seconds, _): &&(i64, i64)| (seconds - now.seconds()).abs() <= self.skew_seconds;
        self.stamps.iter().find(near).copied().ok_or_else(|| {
            Error::new(Code::SignatureExpired).with("minutes", self.skew_seconds / 60)
        })
    }
}

/// The signature of a request, by whichever scheme it has one; an error where it cannot be read.
pub fn claim(asked: &Asked<'_>) -> Option<Result<Claim, Error>> {
    let read = eop::read(asked)
        .or_else(|| sdk_hmac::read(asked))
        .or_else(|| tc3::read(asked))
        .or_else(|| parameters::read(asked))?;
    Some(read.map_err(malformed))
}

fn malformed(reason: String) -> Error {
    Error::new(Code::SignatureMalformed).with("reason", reason)
}

/// The soonest that a wrong signature or an unknown key is answered: long enough for a key to be read
/// from the database, so that the time tells nobody which of them it was.
const REFUSAL: Duration = Duration::from_millis(20);
/// What stands for the secret of a key that is not there.
const NO_SECRET: &[u8] = b"there is no such access key here";

/// Proves the signature of a request, if it has one, and answers the request with its body as it was.
/// `inner_path` is its path without the prefix of a region, `source` the address it comes from.
///
/// The error within [`Signed`] is for the dialect to render: [`Code::SignatureMalformed`],
/// [`Code::SignatureExpired`], [`Code::SignatureInvalid`] for an unknown key and a wrong signature alike,
/// [`Code::SignatureReplayed`], [`Code::BodyTooLarge`].
pub async fn prove(
    app: &App,
    request: Request,
    inner_path: &str,
    source: &str,
) -> (Request, Option<Signed>) {
    let body = match of_body(&request, inner_path) {
        Wanted::Nothing => return (request, None),
        wanted @ (Wanted::Whole | Wanted::Stream) => wanted,
    };
    let begun = tokio::time::Instant::now();
    let (parts, body) = match body {
        Wanted::Whole => {
            let (parts, body) = request.into_parts();
            match small_body(body).await {
                Ok(bytes) => (parts, Bytes::Whole(bytes)),
                Err(error) => return (Request::from_parts(parts, Body::empty()), Some(Err(error))),
            }
        }
        Wanted::Nothing | Wanted::Stream => {
            let (parts, body) = request.into_parts();
            (parts, Bytes::Stream(body))
        }
    };
    let asked = Asked {
        method: &parts.method,
        path: parts.uri.path(),
        inner_path,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: body.known(),
        is_empty: body.is_empty(),
    };
    let is_whole = matches!(body, Bytes::Whole(_));
    let signed = match claim(&asked) {
        Some(Ok(claim)) => Some(proven(app, &asked, claim, is_whole, source).await),
        Some(Err(error)) => Some(Err(error)),
        None => None,
    };
    if let Some(Err(error)) = &signed
        && error.code() == Code::SignatureInvalid
    {
        tokio::time::sleep_until(begun + REFUSAL).await;
    }
    let digest = match sdk_hmac::declared(&asked) {
        Declared::Digest(digest) if matches!(signed, Some(Ok(_))) => Some(digest),
        Declared::Digest(_) | Declared::Nothing | Declared::Unsigned => None,
    };
    let body = match (body, digest) {
        (Bytes::Whole(bytes), _) => Body::from(bytes),
        (Bytes::Stream(body), Some(digest)) => checked(body, digest),
        (Bytes::Stream(body), None) => body,
    };
    (Request::from_parts(parts, body), signed)
}

/// How much of a body must be known to prove a signature.
enum Wanted {
    /// There is no signature.
    Nothing,
    /// All of it.
    Whole,
    /// Nothing: the signature declares a digest, or that there is none.
    Stream,
}

fn of_body(request: &Request, inner_path: &str) -> Wanted {
    let size = request.body().size_hint();
    let asked = Asked {
        method: request.method(),
        path: request.uri().path(),
        inner_path,
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body: &[],
        is_empty: size.exact() == Some(0),
    };
    if parameters::may_be_in_body(&asked) {
        return Wanted::Whole;
    }
    let is_small = size.upper().is_some_and(|upper| upper <= JSON_BODY_BYTES as u64);
    match claim(&asked) {
        None => Wanted::Nothing,
        Some(Ok(Claim { scheme: Scheme::Sdk(_), .. })) => match sdk_hmac::declared(&asked) {
            Declared::Nothing => Wanted::Whole,
            Declared::Unsigned => Wanted::Stream,
            // What is small is checked before anybody acts on it.
            Declared::Digest(_) if is_small => Wanted::Whole,
            Declared::Digest(_) => Wanted::Stream,
        },
        Some(Ok(Claim { scheme: Scheme::Tc3(_), .. })) if tc3::is_unsigned(&asked) => {
            Wanted::Stream
        }
        Some(Ok(_) | Err(_)) => Wanted::Whole,
    }
}

/// A body, read or not.
enum Bytes {
    Whole(Vec<u8>),
    Stream(Body),
}

impl Bytes {
    fn known(&self) -> &[u8] {
        match self {
            Bytes::Whole(bytes) => bytes,
            Bytes::Stream(_) => &[],
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Bytes::Whole(bytes) => bytes.is_empty(),
            Bytes::Stream(body) => body.size_hint().exact() == Some(0),
        }
    }
}

async fn proven(
    app: &App,
    asked: &Asked<'_>,
    claim: Claim,
    is_whole: bool,
    source: &str,
) -> Signed {
    let (at, hours) = claim.stamp(app.clock.now())?;
    let key = identity::key(app, &claim.key).await?;
    let secret = key.as_ref().map_or(NO_SECRET, |key| key.secret.as_slice());
    let is_ours = claim.is_by(asked, secret);
    let key = key.filter(|_| is_ours).ok_or_else(|| Error::new(Code::SignatureInvalid))?;
    if let Declared::Digest(digest) = sdk_hmac::declared(asked)
        && is_whole
        && matches!(claim.scheme, Scheme::Sdk(_))
        && !is_same(sha256_hex(asked.body).as_bytes(), digest.as_bytes())
    {
        return Err(Error::new(Code::SignatureInvalid).because("the body is not what was declared"));
    }
    if claim.stamps.len() > 1 {
        identity::bind_stamp(app, &key, hours).await?;
    }
    let (what, is_change) = meaning(asked, &claim);
    let is_change = match &claim.scheme {
        Scheme::Eop(_) => eop::counts_once(asked, is_change).map_err(malformed)?,
        Scheme::Sdk(_) | Scheme::Tc3(_) | Scheme::Parameters(_) => is_change,
    };
    // Two actions of one second with the same parameters are signed alike: their client is known by
    // its address.
    let what = if claim.is_all_signed { what } else { format!("from {source}") };
    let request = SignedRequest {
        key: claim.key.clone(),
        nonce: claim.nonce,
        is_nonce_made: claim.is_nonce_made,
        is_all_signed: claim.is_all_signed,
        what,
        is_change,
        expires_at: Timestamp::from_seconds(at + claim.skew_seconds + 1),
    };
    identity::take_once(app, request).await?;
    Ok(claim.key)
}

/// What a request asks for, and whether that changes anything. At the root an action is named.
fn meaning(asked: &Asked<'_>, claim: &Claim) -> (String, bool) {
    if asked.inner_path == "/" {
        let action = action(asked, claim);
        let is_read = action.starts_with("Describe") || action.starts_with("Inquiry");
        return (format!("/ {}", shortened(&action, 100)), !is_read);
    }
    let (method, path) = (asked.method, shortened(asked.path, 200));
    let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    (format!("{method} {path}"), !is_read)
}

fn action(asked: &Asked<'_>, claim: &Claim) -> String {
    let named = asked.header_text("x-tc-action");
    // Where the parameters are signed they alone count.
    if !named.is_empty() && !matches!(claim.scheme, Scheme::Parameters(_)) {
        return named.to_owned();
    }
    let text = if asked.method == Method::GET { asked.query.as_bytes() } else { asked.body };
    let mut parameters = url::form_urlencoded::parse(text);
    let action = parameters.find(|(name, _)| name == "Action");
    action.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A body that ends with an error where its digest is not what was declared.
fn checked(body: Body, declared: String) -> Body {
    use futures_util::StreamExt as _;
    let frames = body.into_data_stream();
    let state = (frames, Some(Sha256::new()), declared);
    let checked =
        futures_util::stream::unfold(state, |(mut frames, digest, declared)| async move {
            let mut digest = digest?;
            match frames.next().await {
                Some(Ok(data)) => {
                    digest.update(&data);
                    Some((Ok(data), (frames, Some(digest), declared)))
                }
                Some(Err(error)) => Some((Err(error), (frames, None, declared))),
                None if is_same(hex(&digest.finish()).as_bytes(), declared.as_bytes()) => None,
                None => {
                    let error = axum::Error::new("the body is not what its signature declares");
                    Some((Err(error), (frames, None, declared)))
                }
            }
        });
    Body::from_stream(checked)
}
