//! HTTP: one agent, JSON in and out, refusals as [`Failure`]s.

use std::fs;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{Method, Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, Body, SendBody};

use crate::cloud::Cloud;
use crate::failure::{Failure, exit};
use crate::text::{Language, say_with};

/// How long a server may take to be reached.
const CONNECT: Duration = Duration::from_secs(20);
/// Largest answer that is not a file: a page of a thousand images is some 4 MB.
const ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// A way to talk to servers.
#[derive(Clone)]
pub struct Api {
    agent: Agent,
    language: Language,
}

impl Api {
    /// A way that trusts what the cloud's settings say.
    pub fn new(cloud: &Cloud, language: Language) -> Result<Api, Failure> {
        let mut tls = TlsConfig::builder().disable_verification(cloud.insecure);
        if let Some(path) = &cloud.cacert {
            tls = tls.root_certs(RootCerts::Specific(Arc::new(certificates(path, language)?)));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("lend/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build());
        Ok(Api { agent: config.build().new_agent(), language })
    }

    /// Sends a JSON request; answers status, headers and body. A refusal is an answer here.
    pub fn json(
        &self,
        method: &Method,
        url: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, url, token);
        let response = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                self.run(url, request.body(body.to_string()))?
            }
            None => self.run(url, request.body(()))?,
        };
        Answer::read(response).map_err(|error| self.unreachable(url, &error))
    }

    /// Sends bytes.
    pub fn put_bytes(
        &self,
        url: &str,
        token: &str,
        length: Option<u64>,
        bytes: &mut dyn Read,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(&Method::PUT, url, Some(token));
        request = request.header("content-type", "application/octet-stream");
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        let response = self.run(url, request.body(SendBody::from_reader(bytes)))?;
        Answer::read(response).map_err(|error| self.unreachable(url, &error))
    }

    /// Sends headers, and bytes where there are any.
    pub fn send(
        &self,
        method: &Method,
        url: &str,
        token: &str,
        sent: Sent<'_>,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, url, Some(token));
        for (name, value) in sent.headers {
            request = request.header(*name, *value);
        }
        let response = match sent.bytes {
            Some((length, bytes)) => {
                request = request.header("content-length", length);
                self.run(url, request.body(SendBody::from_reader(bytes)))?
            }
            None => self.run(url, request.body(()))?,
        };
        Answer::read(response).map_err(|error| self.unreachable(url, &error))
    }

    /// Asks for bytes; the body is still to be read.
    pub fn get_bytes(&self, url: &str, token: &str) -> Result<Response<Body>, Failure> {
        let request = self.request(&Method::GET, url, Some(token));
        let response = self.run(url, request.body(()))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let answer = Answer::read(response).map_err(|error| self.unreachable(url, &error))?;
        Err(answer.refusal())
    }

    fn request(
        &self,
        method: &Method,
        url: &str,
        token: Option<&str>,
    ) -> ureq::http::request::Builder {
        let request = Request::builder()
            .method(method.clone())
            .uri(url)
            .header("accept-language", self.language.tag());
        match token {
            Some(token) => request.header("x-auth-token", token),
            None => request,
        }
    }

    fn run<B: AsSendBody>(
        &self,
        url: &str,
        request: Result<Request<B>, ureq::http::Error>,
    ) -> Result<Response<Body>, Failure> {
        let request = request.map_err(|error| self.unreachable(url, &error))?;
        self.agent.run(request).map_err(|error| self.unreachable(url, &error))
    }

    fn unreachable(&self, url: &str, error: &dyn std::fmt::Display) -> Failure {
        let text = say_with(self.language, "unreachable", &[host(url), &error.to_string()]);
        Failure::new("UNREACHABLE", exit::ERROR, text)
    }
}

/// Scheme and host of a URL: what an error may show.
fn host(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |at| at + 3);
    url[begin..].find('/').map_or(url, |end| &url[..begin + end])
}

fn certificates(
    path: &std::path::Path,
    language: Language,
) -> Result<Vec<Certificate<'static>>, Failure> {
    let refuse = |error: &dyn std::fmt::Display| {
        let place = path.display().to_string();
        let text = say_with(language, "bad_yaml", &[&place, &error.to_string()]);
        Failure::new("BAD_FILE", exit::USAGE, text)
    };
    let pem = fs::read(path).map_err(|error| refuse(&error))?;
    let items: Result<Vec<PemItem<'static>>, ureq::Error> = parse_pem(&pem).collect();
    let items = items.map_err(|error| refuse(&error))?;
    let certificates = items.into_iter().filter_map(|item| {
        if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None }
    });
    Ok(certificates.collect())
}

/// What is sent beside method and address.
pub struct Sent<'a> {
    /// The headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// So many bytes.
    pub bytes: Option<(u64, &'a mut dyn Read)>,
}

/// What a server answered.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The token that a sign-in gave.
    pub subject_token: Option<String>,
    /// How far an upload is.
    pub offset: Option<u64>,
    /// The body; null where there is none or it is not JSON.
    pub body: Value,
}

impl Answer {
    fn read(response: Response<Body>) -> Result<Answer, ureq::Error> {
        let (parts, body) = response.into_parts();
        let text = body.into_with_config().limit(ANSWER_BYTES).read_to_vec()?;
        let token = parts.headers.get("x-subject-token").and_then(|token| token.to_str().ok());
        let offset = parts.headers.get("upload-offset").and_then(|text| text.to_str().ok());
        Ok(Answer {
            offset: offset.and_then(|text| text.parse().ok()),
            status: parts.status.as_u16(),
            subject_token: token.map(str::to_owned),
            body: serde_json::from_slice(&text).unwrap_or(Value::Null),
        })
    }

    /// Whether it went well.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The refusal that this answer is.
    pub fn refusal(&self) -> Failure {
        Failure::refused(self.status, &self.body)
    }

    /// The body, or the refusal.
    pub fn success(self) -> Result<Value, Failure> {
        if self.is_success() { Ok(self.body) } else { Err(self.refusal()) }
    }
}
