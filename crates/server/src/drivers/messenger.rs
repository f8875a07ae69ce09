//! Telling webhooks over HTTP: one request, one connection, to an address that was checked.
//!
//! A name is looked up once; every address it has must be allowed, and the connection goes to one of
//! those very addresses, so that a name which changes its mind leads nowhere else. No redirect is
//! followed, no proxy asked, no body read.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use lendglass_core::limits::WEBHOOK_SECONDS;
use lendglass_core::webhook::is_public;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::identity::hex;

/// Sends messages. Cheap to clone.
#[derive(Clone, Default)]
pub struct Messenger {
    /// Made at the first `https` address: reading the system's certificates takes milliseconds.
    tls: Arc<OnceLock<TlsConnector>>,
}

/// One message.
#[derive(Debug)]
pub struct Message<'a> {
    /// Where to.
    pub url: &'a str,
    /// What it is signed with.
    pub secret: &'a [u8],
    /// When, in seconds since 1970; part of what is signed.
    pub at_seconds: i64,
    /// The same each time the same thing is sent.
    pub delivery: &'a str,
    /// What it is about.
    pub event: &'a str,
    /// JSON.
    pub body: Vec<u8>,
}

/// `t=SECONDS,v1=HEX`: the HMAC-SHA256 of `SECONDS.BODY`.
pub fn signature(secret: &[u8], at_seconds: i64, body: &[u8]) -> Result<String, String> {
    let sign = || {
        let key = PKey::hmac(secret)?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
        signer.update(format!("{at_seconds}.").as_bytes())?;
        signer.update(body)?;
        signer.sign_to_vec()
    };
    let mac = sign().map_err(|error| format!("it cannot be signed: {error}"))?;
    Ok(format!("t={at_seconds},v1={}", hex(&mac)))
}

impl Messenger {
    /// Sends a message. It has arrived when the receiver answers 2xx within [`WEBHOOK_SECONDS`];
    /// anything else is a text that says why.
    pub async fn post(&self, message: Message<'_>, allow_private: bool) -> Result<(), String> {
        let whole = Duration::from_secs(WEBHOOK_SECONDS);
        let sent = tokio::time::timeout(whole, self.send(message, allow_private)).await;
        let status = sent.map_err(|_| format!("no answer within {WEBHOOK_SECONDS} seconds"))??;
        if status.is_success() {
            return Ok(());
        }
        if status.is_redirection() {
            return Err(format!("it answered {}; redirects are not followed", status.as_u16()));
        }
        Err(format!("it answered {}", status.as_u16()))
    }

    async fn send(&self, message: Message<'_>, allow_private: bool) -> Result<StatusCode, String> {
        let url = Url::parse(message.url).map_err(|error| format!("the URL is wrong: {error}"))?;
        let request = request(&url, &message)?;
        let tcp = connect(&addresses(&url, allow_private).await?).await?;
        if url.scheme() != "https" {
            return exchange(tcp, request).await;
        }
        let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|error| format!("the name: {error}"))?;
        let tls = self.tls().connect(name, tcp).await;
        exchange(tls.map_err(|error| format!("TLS failed: {error}"))?, request).await
    }

    /// The system's certificates, so that those count that its operator added.
    fn tls(&self) -> &TlsConnector {
        self.tls.get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(%error, "a certificate of the system cannot be read");
            }
            let mut roots = RootCertStore::empty();
            let (good, _) = roots.add_parsable_certificates(found.certs);
            if good == 0 {
                tracing::warn!("the system has no certificates: no https webhook can be told");
            }
            let config =
                ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
            TlsConnector::from(Arc::new(config))
        })
    }
}

fn request(url: &Url, message: &Message<'_>) -> Result<Request<Full<Bytes>>, String> {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let signature = signature(message.secret, message.at_seconds, &message.body)?;
    Request::post(format!("{}{query}", url.path()))
        .header(HOST, host)
        .header(USER_AGENT, concat!("lendglass/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("Lendglass-Signature", signature)
        .header("Lendglass-Delivery", message.delivery)
        .header("Lendglass-Event", message.event)
        .body(Full::new(Bytes::from(message.body.clone())))
        .map_err(|error| format!("the request cannot be made: {error}"))
}

/// Every address of the URL's host, all of them allowed.
async fn addresses(url: &Url, allow_private: bool) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().ok_or("the URL names no port")?;
    let found: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(IpAddr::from(address), port).into()],
        Some(Host::Ipv6(address)) => vec![(IpAddr::from(address), port).into()],
        Some(Host::Domain(name)) => {
            let found = lookup_host((name, port)).await;
            found.map_err(|_| format!("the name {name} cannot be looked up"))?.collect()
        }
        None => Vec::new(),
    };
    if found.is_empty() {
        return Err("the name has no address".to_owned());
    }
    if !allow_private && found.iter().any(|address| !is_public(address.ip())) {
        return Err("the address is not on the public internet".to_owned());
    }
    Ok(found)
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut why = String::new();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(tcp) => return Ok(tcp),
            Err(error) => why = error.kind().to_string(),
        }
    }
    Err(format!("it cannot be reached: {why}"))
}

/// One request on one connection, which ends with the answer's head.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| format!("the connection broke: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => return answer.map(|answer| answer.status()).map_err(broken),
        _ = connection => {}
    }
    // A connection that ends has handed over the answer before, or will never have one.
    answer.await.map(|answer| answer.status()).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_time_and_body() {
        // echo -n '7.{}' | openssl dgst -sha256 -hmac secret
        let expected = "t=7,v1=76aad9429f417882918162a1928a38769fff65cc07b6bfa344ac9c5fb1e3448e";
        let made = signature(b"secret", 7, b"{}").unwrap();
        assert_eq!(made, expected);
        assert_ne!(made[4..], signature(b"secret", 8, b"{}").unwrap()[4..]);
    }
}
