//! The server as its peers meet it: bytes over loopback, with and without TLS.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::{
    fs::{self, File},
    net::SocketAddr,
    ops::Range,
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Query},
    routing::{get, put},
};
use http_body_util::BodyExt;
use lendglass_server::{
    sendfile::file_body,
    serve::{ServeLimits, TlsConfig, TlsError, serve},
};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::PKey,
    x509::{X509, X509NameBuilder, extension::SubjectAlternativeName},
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

const MIB: usize = 1024 * 1024;
/// Long enough never to matter in a test that does not shorten it.
const NEVER: Duration = Duration::from_secs(600);
const LIMITS: ServeLimits = ServeLimits {
    connections: 100,
    header_read_timeout: NEVER,
    write_stall_timeout: NEVER,
    grace: NEVER,
};

/// A stored file, its bytes, and the folder they are in.
struct Stored {
    folder: TempDir,
    file: Arc<File>,
    bytes: Vec<u8>,
}

impl Stored {
    fn new(length: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..length).map(|at| (at / 253 + at) as u8).collect();
        fs::write(folder.path().join("blob"), &bytes).unwrap();
        let file = Arc::new(File::open(folder.path().join("blob")).unwrap());
        Self { folder, file, bytes }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("blob")
    }

    /// `/` gives the file, `/?start=3&end=5` a part of it, `/small` a few bytes from memory.
    fn router(&self) -> Router {
        let file = Arc::clone(&self.file);
        let length = self.bytes.len() as u64;
        let whole = move |Query(range): Query<Vec<(String, u64)>>| async move {
            let of = |name: &str| range.iter().find(|(key, _)| key == name).map(|(_, at)| *at);
            file_body(file, of("start").unwrap_or(0)..of("end").unwrap_or(length)).unwrap()
        };
        Router::new().route("/", get(whole)).route("/small", get(async || "a few bytes"))
    }

    /// Whether no mapping holds the file any more: only this value and the router do.
    fn is_released(&self) -> bool {
        Arc::strong_count(&self.file) == 2
    }
}

struct Server {
    address: SocketAddr,
    connector: Option<TlsConnector>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<usize>,
}

impl Server {
    async fn start(router: Router, limits: ServeLimits) -> Self {
        Self::start_with(router, limits, None).await
    }

    async fn start_tls(router: Router) -> Self {
        Self::start_with(router, LIMITS, Some(Certificate::new())).await
    }

    async fn start_with(router: Router, limits: ServeLimits, tls: Option<Certificate>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let config = tls.as_ref().map(Certificate::config);
        let shutdown = async { stopped.await.unwrap_or(()) };
        let task = tokio::spawn(serve(listener, router, config, limits, shutdown));
        Self { address, connector: tls.as_ref().map(Certificate::connector), stop, task }
    }

    async fn connect(&self) -> Client {
        let tcp = TcpStream::connect(self.address).await.unwrap();
        let Some(connector) = &self.connector else { return Client::new(tcp) };
        let name = ServerName::try_from("localhost").unwrap();
        Client::new(connector.connect(name, tcp).await.unwrap())
    }

    /// Stops the server and says how many connections it cut off.
    async fn stop(self) -> usize {
        self.stop.send(()).unwrap();
        self.task.await.unwrap()
    }
}

/// A certificate for `localhost` that vouches for itself.
struct Certificate {
    folder: TempDir,
}

impl Certificate {
    fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "localhost").unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        let context = builder.x509v3_context(None, None);
        let names = SubjectAlternativeName::new().dns("localhost").build(&context).unwrap();
        builder.append_extension(names).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cert"), builder.build().to_pem().unwrap()).unwrap();
        let key = key.private_key_to_pem_pkcs8().unwrap();
        fs::write(folder.path().join("key"), key).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> TlsConfig {
        TlsConfig::from_pem_files(&self.path("cert"), &self.path("key")).unwrap()
    }

    fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("cert")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A client that sees every byte.
struct Client {
    stream: BufReader<Box<dyn Stream>>,
}

impl Client {
    fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: BufReader::with_capacity(256 * 1024, Box::new(stream)) }
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    async fn request(&mut self, method: &str, path: &str) {
        self.send(&format!("{method} {path} HTTP/1.1\r\nhost: here\r\n\r\n")).await;
    }

    /// Reads a head; gives the status and the length of the body.
    async fn head(&mut self) -> (u16, usize) {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.unwrap();
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_ascii_lowercase()),
            }
        }
        let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
        (status, length.map_or(0, |length| length.parse().unwrap()))
    }

    async fn answer(&mut self) -> Vec<u8> {
        let (status, length) = self.head().await;
        assert_eq!(status, 200);
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        body
    }

    async fn get(&mut self, path: &str) -> Vec<u8> {
        self.request("GET", path).await;
        self.answer().await
    }

    /// Whether the server has closed the connection, after whatever it still sent.
    async fn found_closed(mut self) -> bool {
        tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await.is_ok_and(|rest| rest == 0)
    }
}

/// Lets other tasks run until `holds`; half a minute without it is a failure.
async fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::task::yield_now().await;
    }
}

async fn check_downloads(stored: &Stored, server: &Server) {
    let length = stored.bytes.len();
    let mut client = server.connect().await;
    assert!(client.get("/").await == stored.bytes, "the whole file");
    let ranges: [Range<usize>; 6] =
        [0..1, 4095..4097, 5000..5000, 1..length, length - 1..length, MIB - 1..MIB + 1];
    for range in ranges {
        let found = client.get(&format!("/?start={}&end={}", range.start, range.end)).await;
        assert!(found == stored.bytes[range.clone()], "{range:?}");
    }
    client.request("HEAD", "/").await;
    assert_eq!(client.head().await, (200, length));
    assert_eq!(client.get("/small").await, b"a few bytes", "on the same connection");
    drop(client);
    wait_until("the mappings are gone", || stored.is_released()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_arrive_whole_and_in_parts() {
    let stored = Stored::new(10 * MIB + 17);
    check_downloads(&stored, &Server::start(stored.router(), LIMITS).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_arrive_through_tls() {
    let stored = Stored::new(10 * MIB + 17);
    check_downloads(&stored, &Server::start_tls(stored.router()).await).await;
}

/// The number of bytes sent by `sendfile` while `work` runs on this thread alone.
fn sendfile_bytes_during(work: impl Future<Output = ()>) -> u64 {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(work));
    let text = recorder.handle().render();
    let value = text.lines().find_map(|line| line.strip_prefix("lendglass_sendfile_bytes_total "));
    value.map_or(0, |value| value.parse().unwrap())
}

#[test]
fn plain_downloads_use_sendfile_and_nothing_else() {
    let stored = Stored::new(5 * MIB + 17);
    let counted = sendfile_bytes_during(async {
        let server = Server::start(stored.router(), LIMITS).await;
        let mut client = server.connect().await;
        assert!(client.get("/").await == stored.bytes);
        client.get("/small").await;
        // A mapping costs more than a copy of so little.
        assert_eq!(client.get("/?start=5&end=7").await.len(), 2);
    });
    assert_eq!(counted, stored.bytes.len() as u64);
    let through_tls = sendfile_bytes_during(async {
        let server = Server::start_tls(stored.router()).await;
        assert!(server.connect().await.get("/").await == stored.bytes);
    });
    assert_eq!(through_tls, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_not_in_memory_arrive_too() {
    let stored = Stored::new(30 * MIB + 5);
    let plain = Server::start(stored.router(), LIMITS).await;
    let tls = Server::start_tls(stored.router()).await;
    for server in [&plain, &tls] {
        let file = format!("if={}", stored.path().display());
        let forget = ["iflag=nocache", "count=0", "status=none", &file];
        File::open(stored.path()).unwrap().sync_all().unwrap();
        assert!(Command::new("dd").args(forget).status().unwrap().success());
        assert!(server.connect().await.get("/").await == stored.bytes);
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let stored = Stored::new(3 * MIB);
    let server = Server::start(stored.router(), LIMITS).await;
    let mut client = server.connect().await;
    let paths = ["/small", "/", "/?start=1&end=3", "/small", "/?start=5"];
    let requests = paths.map(|path| format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n"));
    client.send(&requests.concat()).await;
    assert_eq!(client.answer().await, b"a few bytes");
    assert!(client.answer().await == stored.bytes);
    assert_eq!(client.answer().await, stored.bytes[1..3]);
    assert_eq!(client.answer().await, b"a few bytes");
    assert!(client.answer().await == stored.bytes[5..]);
}

#[tokio::test]
async fn a_peer_that_leaves_in_the_middle_takes_nothing_along() {
    let stored = Stored::new(64 * MIB);
    for server in
        [Server::start(stored.router(), LIMITS).await, Server::start_tls(stored.router()).await]
    {
        let mut leaving = server.connect().await;
        leaving.request("GET", "/").await;
        leaving.head().await;
        leaving.stream.read_exact(&mut vec![0; MIB]).await.unwrap();
        drop(leaving);
        let mut other = server.connect().await;
        assert_eq!(other.get("/small").await, b"a few bytes");
        assert_eq!(server.stop().await, 0);
        // The router has gone with the server.
        wait_until("the mapping is gone", || {
            Arc::strong_count(&stored.file) == 1 || stored.is_released()
        })
        .await;
    }
}

/// One thread serves all: whoever made it wait would be seen.
#[tokio::test]
async fn slow_readers_hold_up_nobody() {
    let stored = Stored::new(32 * MIB);
    for server in
        [Server::start(stored.router(), LIMITS).await, Server::start_tls(stored.router()).await]
    {
        let mut slow = Vec::new();
        for _ in 0..20 {
            let mut client = server.connect().await;
            client.request("GET", "/").await;
            client.head().await;
            slow.push(client);
        }
        let mut quick = server.connect().await;
        for _ in 0..100 {
            assert_eq!(quick.get("/small").await, b"a few bytes");
        }
        assert!(quick.get("/").await == stored.bytes);
        let mut body = vec![0; stored.bytes.len()];
        slow[7].stream.read_exact(&mut body).await.unwrap();
        assert!(body == stored.bytes, "the slow one gets all in the end");
    }
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_given_up() {
    let stored = Stored::new(64 * MIB);
    let limits = ServeLimits { write_stall_timeout: Duration::from_millis(20), ..LIMITS };
    let server = Server::start(stored.router(), limits).await;
    let mut client = server.connect().await;
    client.request("GET", "/").await;
    client.head().await;
    wait_until("the mapping is gone", || stored.is_released()).await;
}

#[tokio::test]
async fn a_shortened_file_ends_the_connection_and_not_the_server() {
    let stored = Stored::new(64 * MIB);
    for server in
        [Server::start(stored.router(), LIMITS).await, Server::start_tls(stored.router()).await]
    {
        fs::write(stored.path(), &stored.bytes).unwrap();
        let mut client = server.connect().await;
        client.request("GET", "/").await;
        let (_, length) = client.head().await;
        assert_eq!(length, stored.bytes.len());
        File::options().write(true).open(stored.path()).unwrap().set_len(5).unwrap();
        let mut rest = Vec::new();
        // A connection that is cut off ends with an error or without, as the system pleases.
        client.stream.read_to_end(&mut rest).await.ok();
        assert!(rest.len() < length);
        assert_eq!(server.connect().await.get("/small").await, b"a few bytes");
    }
}

#[tokio::test]
async fn uploads_may_ask_first() {
    let count = async |body: Body| body.collect().await.unwrap().to_bytes().len().to_string();
    let server = Server::start(Router::new().route("/", put(count)), LIMITS).await;
    let mut client = server.connect().await;
    let head = "PUT / HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
    client.send(head).await;
    assert_eq!(client.head().await, (100, 0));
    client.send("1234").await;
    assert_eq!(client.answer().await, b"4");
}

#[tokio::test]
async fn handlers_know_their_peer() {
    let whoami = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let server = Server::start(Router::new().route("/", get(whoami)), LIMITS).await;
    let tcp = TcpStream::connect(server.address).await.unwrap();
    let own = tcp.local_addr().unwrap().to_string();
    assert_eq!(Client::new(tcp).get("/").await, own.as_bytes());
}

/// A router whose handler says that it was entered and waits to be let go.
fn gated() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (entered, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enter, wait) = (Arc::clone(&entered), Arc::clone(&gate));
    let handler = async move || {
        enter.notify_one();
        wait.notified().await;
        "done"
    };
    (Router::new().route("/", get(handler)), entered, gate)
}

#[tokio::test]
async fn stopping_lets_requests_end() {
    let (router, entered, gate) = gated();
    let server = Server::start(router, LIMITS).await;
    let (mut busy, mut idle) = (server.connect().await, server.connect().await);
    let silent = server.connect().await;
    gate.notify_one();
    idle.get("/").await;
    entered.notified().await;
    busy.request("GET", "/").await;
    entered.notified().await;

    let address = server.address;
    let stopping = tokio::spawn(server.stop());
    assert!(idle.found_closed().await, "an idle connection is closed at once");
    assert!(silent.found_closed().await, "one that never asked is too");
    assert!(TcpStream::connect(address).await.is_err(), "nothing new is accepted");
    gate.notify_one();
    assert_eq!(busy.answer().await, b"done");
    assert_eq!(stopping.await.unwrap(), 0);
}

#[tokio::test]
async fn stopping_cuts_off_what_takes_too_long() {
    let (router, entered, _gate) = gated();
    let limits = ServeLimits { grace: Duration::from_millis(10), ..LIMITS };
    let server = Server::start(router, limits).await;
    let mut client = server.connect().await;
    client.request("GET", "/").await;
    entered.notified().await;
    assert_eq!(server.stop().await, 1);
    assert!(client.found_closed().await);
}

#[tokio::test]
async fn a_header_that_does_not_come_ends_the_connection() {
    let limits = ServeLimits { header_read_timeout: Duration::from_millis(20), ..LIMITS };
    let plain = Server::start(Router::new(), limits).await;
    let mut client = plain.connect().await;
    client.send("GET / HTTP/1.1\r\nhost:").await;
    let mut answer = Vec::new();
    client.stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"));

    let tls = Server::start_with(Router::new(), limits, Some(Certificate::new())).await;
    let tcp = TcpStream::connect(tls.address).await.unwrap();
    assert!(Client::new(tcp).found_closed().await, "no handshake comes");
}

#[tokio::test]
async fn who_rests_gives_way_to_the_next_connection() {
    let limits = ServeLimits { connections: 2, ..LIMITS };
    let server = Server::start(Router::new().route("/", get(async || "here")), limits).await;
    let (idle, mut slow) = (server.connect().await, server.connect().await);
    slow.send("GET / HTTP/1.1\r\nhost:").await;
    assert_eq!(server.connect().await.get("/").await, b"here");
    assert!(idle.found_closed().await, "the first of the two");
    let mut kept = server.connect().await;
    assert_eq!(kept.get("/").await, b"here");
    assert_eq!(server.connect().await.get("/").await, b"here");
    assert!(slow.found_closed().await);
    assert_eq!(kept.get("/").await, b"here");
}

#[tokio::test]
async fn who_is_being_served_keeps_its_place() {
    let (router, entered, gate) = gated();
    let server = Server::start(router, ServeLimits { connections: 1, ..LIMITS }).await;
    let mut first = server.connect().await;
    first.request("GET", "/").await;
    entered.notified().await;
    let mut second = server.connect().await;
    second.request("GET", "/").await;
    gate.notify_one();
    assert_eq!(first.answer().await, b"done");
    entered.notified().await;
    gate.notify_one();
    assert_eq!(second.answer().await, b"done");
    assert!(first.found_closed().await, "it had nothing to do any more");
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_disturbs_nobody() {
    let server = Server::start_tls(Router::new().route("/", get(async || "secret"))).await;
    let mut stray = Client::new(TcpStream::connect(server.address).await.unwrap());
    stray.request("GET", "/").await;
    let mut answer = Vec::new();
    stray.stream.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"));
    assert_eq!(server.connect().await.get("/").await, b"secret");
}

#[test]
fn unusable_tls_files_are_named() {
    let certificate = Certificate::new();
    let (cert, key) = (certificate.path("cert"), certificate.path("key"));
    let missing = certificate.path("missing");
    let error = TlsConfig::from_pem_files(&missing, &key).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    let error = TlsConfig::from_pem_files(&cert, &cert).unwrap_err();
    assert!(matches!(error, TlsError::File { path, .. } if path == cert));
    let other = Certificate::new();
    let error = TlsConfig::from_pem_files(&cert, &other.path("key")).unwrap_err();
    assert!(matches!(error, TlsError::Refused(_)));
    let error = TlsConfig::from_pem_files(&key, &key).unwrap_err();
    assert!(matches!(error, TlsError::Refused(_)), "no certificate in the file: {error:?}");
}
