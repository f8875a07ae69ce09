//! Requests signed as the vendor's SDKs sign them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use serde_json::{Value, json};

use crate::response;
use crate::support::{Answer, TestServer};

/// A key with its secret.
#[derive(Clone)]
pub struct Pair {
    pub id: String,
    pub secret: String,
}

pub async fn key_of(server: &TestServer, person: &str) -> Pair {
    let made = server.request(person, "POST", "/api/v1/access-keys", json!({})).await.expect(201);
    let made = made.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Pair { id: text("id"), secret: text("secret") }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// A call signed with TC3, and what of it is not as it was signed.
#[derive(Clone)]
pub struct Tc3 {
    pub action: &'static str,
    pub version: &'static str,
    pub region: &'static str,
    pub service: &'static str,
    /// What is signed.
    pub body: String,
    /// When, in seconds from now on the server's clock.
    pub seconds: i64,
    /// Whether the action is among the signed headers, as in the vendor's samples.
    pub with_action: bool,
    /// Whether the body is not signed.
    pub is_unsigned: bool,
}

impl Tc3 {
    pub fn of(action: &'static str, body: &Value) -> Tc3 {
        Tc3 {
            action,
            version: "2017-03-12",
            region: "r1",
            service: "cvm",
            body: body.to_string(),
            seconds: 0,
            with_action: false,
            is_unsigned: false,
        }
    }

    /// The headers, by the server's clock as it is now.
    pub fn sign(&self, server: &TestServer, pair: &Pair) -> Sent {
        let at = server.app.clock.now().seconds() + self.seconds;
        let day = time::OffsetDateTime::from_unix_timestamp(at).unwrap();
        let format = time::macros::format_description!("[year]-[month]-[day]");
        let (day, service) = (day.format(&format).unwrap(), self.service);
        let (mut names, mut lines) = ("content-type;host".to_owned(), String::new());
        lines.push_str("content-type:application/json\nhost:cloud.test\n");
        if self.with_action {
            names.push_str(";x-tc-action");
            lines.push_str(&format!("x-tc-action:{}\n", self.action.to_lowercase()));
        }
        let payload = if self.is_unsigned { "UNSIGNED-PAYLOAD" } else { &self.body };
        let payload = sha(payload.as_bytes());
        let canonical = format!("POST\n/\n\n{lines}\n{names}\n{payload}");
        let scope = format!("{day}/{service}/tc3_request");
        let digest = sha(canonical.as_bytes());
        let text = format!("TC3-HMAC-SHA256\n{at}\n{scope}\n{digest}");
        let key = mac(&mac(format!("TC3{}", pair.secret).as_bytes(), &day), service);
        let signature = hex(&mac(&mac(&key, "tc3_request"), &text));
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            pair.id
        );
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-tc-action", self.action.to_owned()),
            ("x-tc-version", self.version.to_owned()),
            ("x-tc-region", self.region.to_owned()),
            ("x-tc-language", "en-US".to_owned()),
            ("x-tc-timestamp", at.to_string()),
            ("authorization", authorization),
        ];
        if self.is_unsigned {
            headers.push(("x-tc-content-sha256", "UNSIGNED-PAYLOAD".to_owned()));
        }
        Sent { method: "POST", path: "/".to_owned(), headers, body: self.body.clone() }
    }

    pub async fn send(&self, server: &TestServer, pair: &Pair) -> Value {
        self.sign(server, pair).to(server).await
    }
}

/// A call with one of the older signatures: its parameters, sorted.
pub fn older(
    server: &TestServer,
    pair: &Pair,
    method: &'static str,
    scheme: &str,
    parameters: &[(&str, &str)],
) -> Sent {
    let at = server.app.clock.now().seconds().to_string();
    let mut all = vec![
        ("Version", "2017-03-12"),
        ("Region", "r1"),
        ("Language", "en-US"),
        ("SecretId", &pair.id),
        ("SignatureMethod", scheme),
        ("Timestamp", &at),
    ];
    if !parameters.iter().any(|(name, _)| *name == "Nonce") {
        all.push(("Nonce", "4711"));
    }
    all.retain(|(name, _)| !parameters.iter().any(|(known, _)| known == name));
    all.extend(parameters);
    all.sort_unstable();
    let text: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text = format!("{method}cloud.test/?{}", text.join("&"));
    let algorithm = match scheme {
        "HmacSHA256" => hmac::HMAC_SHA256,
        _ => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, pair.secret.as_bytes()), text.as_bytes());
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&all)
        .append_pair("Signature", &STANDARD.encode(tag))
        .finish();
    let media_type = ("content-type", "application/x-www-form-urlencoded".to_owned());
    match method {
        "GET" => {
            Sent { method, path: format!("/?{form}"), headers: Vec::new(), body: String::new() }
        }
        _ => Sent { method, path: "/".to_owned(), headers: vec![media_type], body: form },
    }
}

/// A request as it goes over the wire; whoever sees it can send it again, changed.
#[derive(Clone)]
pub struct Sent {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Sent {
    pub fn with(mut self, name: &'static str, value: &str) -> Sent {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Sent {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    pub fn carrying(mut self, body: &Value) -> Sent {
        self.body = body.to_string();
        self
    }

    pub async fn raw(&self, server: &TestServer) -> Answer {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = self.body.clone().into_bytes();
        server.request_with("nobody", self.method, &self.path, &headers, body).await
    }

    pub async fn to(&self, server: &TestServer) -> Value {
        response(self.raw(server).await)
    }

    pub async fn code(&self, server: &TestServer) -> String {
        crate::code_of(&self.to(server).await)
    }
}
