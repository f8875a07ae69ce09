//! What signatures cost.
//!
//! First how many a second one core reads and verifies, for each scheme. Then what a signed call of a
//! list costs beside the same call with a token: CPU of the whole server (router, credential, rules,
//! JSON), rounds of both alternating, medians. Ends by itself in less than a minute.

use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use lendglass_server::service::{identity, world};
use lendglass_server::wire::credential::{Asked, claim};
use lendglass_store::clock::Clock;
use lendglass_store::db::Engine;
use ring::{digest, hmac};
use tower::ServiceExt as _;

use crate::common::{Server, cpu_micros};
use crate::figure::{Figures, Goal, median};

/// Signatures a second and core, of each scheme.
const SIGNATURES_GOAL: f64 = 5_000.0;
/// What a signed list may cost, in calls with a token.
const RATIO_GOAL: f64 = 1.5;
/// How long each scheme is verified.
const VERIFIED: Duration = Duration::from_secs(1);
const CALLS: usize = 200;
const ROUNDS: usize = 9;
/// The page that is listed.
const IMAGES: usize = 25;
const HOST: &str = "lendglass.test";

/// Measures every scheme.
pub async fn run(figures: &mut Figures) {
    let server = Server::start(Engine::Sqlite, world::demo_world()).await;
    let refresh = server.app.identity.spawn_refresh();
    let alice = server.person("Acme", "alice", "project-a").await;
    server.fill(&alice, IMAGES).await;
    let (key, secret) = identity::create_key(&server.app, &alice.caller).await.unwrap();
    let signer = Signer { key: key.id, secret, region: alice.caller.region.to_string() };

    let schemes = [
        ("Huawei, Access", "/v2/images", signer.huawei(false)),
        ("Huawei, Credential", "/v2/images", signer.huawei(true)),
        ("CTyun, EOP", "/v2/images", signer.eop()),
        ("Tencent, TC3", "DescribeImages", signer.tc3()),
        ("Tencent, HmacSHA1", "DescribeImages", signer.parameters("HmacSHA1")),
        ("Tencent, HmacSHA256", "DescribeImages", signer.parameters("HmacSHA256")),
    ];
    figures.part("signatures, on one core");
    for (name, _, call) in &schemes {
        let rate = verified(call, &signer.secret);
        figures.alone(name, "1/s", rate, Goal::AtLeast(SIGNATURES_GOAL), None);
    }
    figures.part("a page of 25, signed beside by token");
    for (name, list, call) in &schemes {
        let pair = compared(&server.router, call, &alice.token).await;
        figures.pair(&format!("{name}, {list}"), "µs CPU", pair, Goal::AtMost(RATIO_GOAL), None);
    }
    refresh.abort();
}

// --- signed calls --------------------------------------------------------------------------------

/// A call of a list, signed; it only reads, so it may be sent again and again.
struct Call {
    method: Method,
    path: &'static str,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call {
    fn of(method: Method, path: &'static str, headers: &[(&'static str, &str)]) -> Call {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let host = (HeaderName::from_static("host"), HeaderValue::from_static(HOST));
        let headers = headers.iter().map(pair).chain([host]).collect();
        Call { method, path, query: String::new(), headers, body: Vec::new() }
    }

    /// The call as it goes to the router, with the signature or with a token in its place.
    fn request(&self, token: Option<&str>) -> Request<Body> {
        let uri = match self.query.as_str() {
            "" => self.path.to_owned(),
            query => format!("{}?{query}", self.path),
        };
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri.parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        if let Some(token) = token {
            for name in ["authorization", "eop-authorization"] {
                request.headers_mut().remove(name);
            }
            request.headers_mut().insert("x-auth-token", HeaderValue::from_str(token).unwrap());
        }
        request
    }
}

struct Signer {
    key: String,
    secret: String,
    region: String,
}

impl Signer {
    /// Huawei's, in either form.
    fn huawei(&self, with_scope: bool) -> Call {
        let date = now("[year][month][day]T[hour][minute][second]Z");
        let (query, empty) = ("limit=25", sha(b""));
        let canonical = format!(
            "GET\n/v2/images/\n{query}\nhost:{HOST}\nx-sdk-date:{date}\n\nhost;x-sdk-date\n{empty}"
        );
        let digest = sha(canonical.as_bytes());
        let (who, tag) = match with_scope {
            false => {
                let text = format!("SDK-HMAC-SHA256\n{date}\n{digest}");
                (format!("Access={}", self.key), mac(self.secret.as_bytes(), &text))
            }
            true => {
                let scope = format!("{}///sdk_request", &date[..8]);
                let seed = format!("SDK{}", self.secret).into_bytes();
                let parts = [&date[..8], "", "", "sdk_request"];
                let key = parts.iter().fold(seed, |key, part| mac(&key, part));
                let text = format!("SDK-HMAC-SHA256\n{date}\n{scope}\n{digest}");
                (format!("Credential={}/{scope}", self.key), mac(&key, &text))
            }
        };
        let signature = hex(&tag);
        let authorization =
            format!("SDK-HMAC-SHA256 {who}, SignedHeaders=host;x-sdk-date, Signature={signature}");
        let headers = [("x-sdk-date", date.as_str()), ("authorization", &authorization)];
        Call { query: query.to_owned(), ..Call::of(Method::GET, "/v2/images", &headers) }
    }

    fn eop(&self) -> Call {
        let date = now("[year][month][day]T[hour][minute][second]Z");
        let (id, query) = ("5dc1a2f4-0000-1111-2222-333344445555", "limit=25");
        let key = mac(&mac(&mac(self.secret.as_bytes(), &date), &self.key), &date[..8]);
        let empty = sha(b"");
        let text = format!("ctyun-eop-request-id:{id}\neop-date:{date}\n\n{query}\n{empty}");
        let signature = STANDARD.encode(mac(&key, &text));
        let authorization =
            format!("{} Headers=ctyun-eop-request-id;eop-date Signature={signature}", self.key);
        let headers = [
            ("eop-date", date.as_str()),
            ("ctyun-eop-request-id", id),
            ("eop-authorization", &authorization),
        ];
        Call { query: query.to_owned(), ..Call::of(Method::GET, "/v2/images", &headers) }
    }

    fn tc3(&self) -> Call {
        let (day, at) = (now("[year]-[month]-[day]"), seconds().to_string());
        let body = br#"{"Limit": 25}"#.to_vec();
        let lines = format!("content-type:application/json\nhost:{HOST}\n");
        let canonical = format!("POST\n/\n\n{lines}\ncontent-type;host\n{}", sha(&body));
        let (scope, digest) = (format!("{day}/cvm/tc3_request"), sha(canonical.as_bytes()));
        let text = format!("TC3-HMAC-SHA256\n{at}\n{scope}\n{digest}");
        let key = mac(&mac(format!("TC3{}", self.secret).as_bytes(), &day), "cvm");
        let signature = hex(&mac(&mac(&key, "tc3_request"), &text));
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, \
             Signature={signature}",
            self.key
        );
        let headers = [
            ("content-type", "application/json"),
            ("x-tc-action", "DescribeImages"),
            ("x-tc-version", "2017-03-12"),
            ("x-tc-region", self.region.as_str()),
            ("x-tc-timestamp", &at),
            ("authorization", &authorization),
        ];
        Call { body, ..Call::of(Method::POST, "/", &headers) }
    }

    fn parameters(&self, scheme: &str) -> Call {
        let at = seconds().to_string();
        let sorted = [
            ("Action", "DescribeImages"),
            ("Limit", "25"),
            ("Nonce", "11886"),
            ("Region", &self.region),
            ("SecretId", &self.key),
            ("SignatureMethod", scheme),
            ("Timestamp", &at),
            ("Version", "2017-03-12"),
        ];
        let text = sorted.map(|(name, value)| format!("{name}={value}")).join("&");
        let algorithm = match scheme {
            "HmacSHA256" => hmac::HMAC_SHA256,
            _ => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        let key = hmac::Key::new(algorithm, self.secret.as_bytes());
        let tag = hmac::sign(&key, format!("GET{HOST}/?{text}").as_bytes());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(sorted).append_pair("Signature", &STANDARD.encode(tag));
        Call { query: query.finish(), ..Call::of(Method::GET, "/", &[]) }
    }
}

fn seconds() -> i64 {
    Clock::Real.now().0 / 1_000_000
}

fn now(format: &str) -> String {
    let format = time::format_description::parse_borrowed::<2>(format).unwrap();
    time::OffsetDateTime::from_unix_timestamp(seconds()).unwrap().format(&format).unwrap()
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

// --- the figures ---------------------------------------------------------------------------------

/// How many signatures a second one thread reads and verifies.
fn verified(call: &Call, secret: &str) -> f64 {
    let asked = Asked {
        method: &call.method,
        path: call.path,
        inner_path: call.path,
        query: &call.query,
        headers: &call.headers,
        body: &call.body,
        is_empty: call.body.is_empty(),
    };
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < VERIFIED {
        let claim = claim(&asked).unwrap().unwrap();
        assert!(black_box(claim.is_by(&asked, secret.as_bytes())));
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// CPU of a call, signed and with a token, in µs.
async fn compared(router: &Router, call: &Call, token: &str) -> (f64, f64) {
    let (mut signed, mut by_token) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        signed.push(round(router, call, None).await);
        by_token.push(round(router, call, Some(token)).await);
    }
    (median(signed), median(by_token))
}

async fn round(router: &Router, call: &Call, token: Option<&str>) -> f64 {
    let requests: Vec<Request<Body>> = (0..CALLS).map(|_| call.request(token)).collect();
    let begun = cpu_micros();
    for request in requests {
        let response = router.clone().oneshot(request).await.unwrap();
        assert!(response.status().is_success(), "{}", response.status());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.contains("image-24") && text.contains("image-0"), "{text}");
    }
    (cpu_micros() - begun) / CALLS as f64
}
