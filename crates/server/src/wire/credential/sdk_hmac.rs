//! Huawei's `SDK-HMAC-SHA256` in both its forms, and its derived form `V11-HMAC-SHA256`.
//!
//! The *Access* form (`Access=AK, …`) signs with the secret itself; OTC's *Credential* form
//! (`Credential=AK/DAY/REGION/SERVICE/sdk_request, …`) derives a key from its scope and differs in the
//! canonical query. Any list of signed headers is honoured: the Go clients leave `Host` out.

use super::Claim;
use super::asked::{
    Asked, compact_time, decoded, encoded, hex, hmac_sha256, is_same, pairs, sha256_hex,
};

const ACCESS: &str = "SDK-HMAC-SHA256";
const DERIVED: &str = "V11-HMAC-SHA256";
const DIGEST_HEADER: &str = "x-sdk-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const SCOPE_END: &str = "sdk_request";
/// How far the client's clock may be off, as Huawei's gateway.
const SKEW_SECONDS: i64 = 15 * 60;

/// Which key signs, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Access,
    /// With its scope.
    Credential(String),
    /// With its scope.
    Derived(String),
}

/// The signature of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    form: Form,
    /// The access key.
    pub key: String,
    headers: String,
    date: String,
    /// The signature, in hex digits.
    pub signature: String,
}

/// What the signature says of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declared {
    /// Nothing: its digest is part of what is signed.
    Nothing,
    /// That it is not signed.
    Unsigned,
    /// Its SHA-256, in hex digits.
    Digest(String),
}

/// What the signature of a request says of its body.
pub fn declared(asked: &Asked<'_>) -> Declared {
    match asked.header_text(DIGEST_HEADER) {
        "" => Declared::Nothing,
        UNSIGNED => Declared::Unsigned,
        digest => Declared::Digest(digest.to_ascii_lowercase()),
    }
}

/// The signature of a request, if it has one of this scheme; an error text where it cannot be read.
pub fn read(asked: &Asked<'_>) -> Option<Result<Claim, String>> {
    let text = asked.header_text("authorization");
    let (scheme, rest) = text.split_once(' ')?;
    let is_derived = scheme.eq_ignore_ascii_case(DERIVED);
    if !is_derived && !scheme.eq_ignore_ascii_case(ACCESS) {
        return None;
    }
    Some(parse(asked, is_derived, rest))
}

fn parse(asked: &Asked<'_>, is_derived: bool, text: &str) -> Result<Claim, String> {
    let part = |name: &str| {
        let mut parts = text.split(',').filter_map(|part| part.trim().split_once('='));
        parts.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let date = asked.header_text("x-sdk-date");
    let seconds = compact_time(date).ok_or("X-Sdk-Date is not YYYYMMDDTHHMMSSZ")?;
    let (key, form) = match (part("Access"), part("Credential")) {
        (Some(key), None) if !is_derived => (key, Form::Access),
        (None, Some(credential)) => {
            let (key, scope) = credential.split_once('/').ok_or("Credential names no scope")?;
            if !scope.starts_with(date.get(..8).unwrap_or_default()) {
                return Err("the scope is of another day than X-Sdk-Date".to_owned());
            }
            let scope = scope.to_owned();
            (key, if is_derived { Form::Derived(scope) } else { Form::Credential(scope) })
        }
        (Some(_) | None, _) => return Err("Access or Credential is missing".to_owned()),
    };
    let signed = Signed {
        form,
        key: key.to_owned(),
        headers: part("SignedHeaders").ok_or("SignedHeaders is missing")?.to_ascii_lowercase(),
        date: date.to_owned(),
        signature: part("Signature").ok_or("Signature is missing")?.to_ascii_lowercase(),
    };
    Ok(Claim {
        key: signed.key.clone(),
        stamps: vec![(seconds, 0)],
        skew_seconds: SKEW_SECONDS,
        nonce: signed.signature.clone(),
        is_nonce_made: false,
        is_all_signed: true,
        scheme: super::Scheme::Sdk(signed),
    })
}

impl Signed {
    /// Whether the request was signed with this secret.
    pub fn is_by(&self, asked: &Asked<'_>, secret: &[u8]) -> bool {
        let key = self.signing_key(secret);
        let digests = self.digests(asked);
        let mut is_ours = false;
        for path in asked.paths() {
            for query in self.queries(asked) {
                for digest in &digests {
                    let canonical = self.canonical(asked, path, &query, digest);
                    let tag = hmac_sha256(&key, self.text(&canonical).as_bytes());
                    is_ours |= is_same(hex(&tag).as_bytes(), self.signature.as_bytes());
                }
            }
        }
        is_ours
    }

    fn signing_key(&self, secret: &[u8]) -> Vec<u8> {
        match &self.form {
            Form::Access => secret.to_vec(),
            Form::Credential(scope) => {
                let seed = [b"SDK", secret].concat();
                let parts = scope.split('/').take(3).chain([SCOPE_END]);
                parts.fold(seed, |key, part| hmac_sha256(&key, part.as_bytes()).to_vec())
            }
            Form::Derived(scope) => {
                // HKDF (RFC 5869) with the key's id as salt; one block is enough.
                let seed = hmac_sha256(self.key.as_bytes(), secret);
                let block = hmac_sha256(&seed, &[scope.as_bytes(), &[1]].concat());
                hex(&block).into_bytes()
            }
        }
    }

    fn text(&self, canonical: &str) -> String {
        let digest = sha256_hex(canonical.as_bytes());
        match &self.form {
            Form::Access => format!("{ACCESS}\n{}\n{digest}", self.date),
            Form::Credential(scope) => format!("{ACCESS}\n{}\n{scope}\n{digest}", self.date),
            Form::Derived(scope) => format!("{DERIVED}\n{}\n{scope}\n{digest}", self.date),
        }
    }

    fn canonical(&self, asked: &Asked<'_>, path: &str, query: &str, digest: &str) -> String {
        let mut headers = String::new();
        for name in self.headers.split(';') {
            let value = String::from_utf8_lossy(asked.header(name)).into_owned();
            let value = match self.form {
                Form::Credential(_) => value.split_whitespace().collect::<Vec<_>>().join(" "),
                Form::Access | Form::Derived(_) => value.trim().to_owned(),
            };
            headers.push_str(name);
            headers.push(':');
            headers.push_str(&value);
            headers.push('\n');
        }
        let (method, path, signed) = (asked.method, canonical_path(path), &self.headers);
        format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{digest}")
    }

    /// OTC signs the query of a POST without a body as if it were its body.
    fn is_query_the_body(&self, asked: &Asked<'_>) -> bool {
        matches!(self.form, Form::Credential(_)) && asked.method == "POST" && asked.is_empty
    }

    /// What clients make of the query: those that send `+` mean a space or a plus.
    fn queries(&self, asked: &Asked<'_>) -> Vec<String> {
        if self.is_query_the_body(asked) {
            return vec![String::new()];
        }
        let mut queries = vec![self.canonical_query(asked.query)];
        if asked.query.contains('+') {
            queries.push(self.canonical_query(&asked.query.replace('+', "%20")));
        }
        queries
    }

    fn canonical_query(&self, query: &str) -> String {
        let mut pairs = pairs(query);
        if matches!(self.form, Form::Credential(_)) {
            let mut seen = std::collections::BTreeSet::new();
            pairs.retain(|(name, _)| seen.insert(name.clone()));
        }
        pairs.sort();
        let pair =
            |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
        pairs.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// What may stand for the body: a declared digest, else its own. Without a body clients sign the
    /// digest of nothing, whatever they declare.
    fn digests(&self, asked: &Asked<'_>) -> Vec<String> {
        if self.is_query_the_body(asked) && !asked.query.is_empty() {
            return vec![sha256_hex(self.canonical_query(asked.query).as_bytes())];
        }
        let declared = asked.header_text(DIGEST_HEADER);
        match (declared, asked.is_empty) {
            ("", _) => vec![sha256_hex(asked.body)],
            (declared, false) => vec![declared.to_owned()],
            (declared, true) => vec![declared.to_owned(), sha256_hex(b"")],
        }
    }
}

/// The path decoded and encoded again segment by segment, with a slash at its end.
fn canonical_path(path: &str) -> String {
    let path = decoded(path);
    let mut path = path.split('/').map(encoded).collect::<Vec<_>>().join("/");
    if !path.ends_with('/') {
        path.push('/');
    }
    path
}
