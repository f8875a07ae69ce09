//! Webhooks tell real receivers, in order, at least once, and never a private address by mistake
//! (AP-08).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use lendglass_core::limits::{WEBHOOK_ATTEMPTS, WEBHOOK_HOLD_SECONDS, WEBHOOKS_OF_PROJECT};
use lendglass_core::notice::{Notice, NoticeKind};
use lendglass_server::app::Settings;
use lendglass_server::drivers::messenger::signature;
use lendglass_server::jobs::courier::Courier;
use lendglass_server::wire::native;
use lendglass_store::clock::Clock;
use lendglass_store::webhook as store_webhook;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::notices::{tell, to_project};
use crate::support::{A, Home, START, TestServer, on_both_engines};

mod support {
    pub use crate::support::TestServer;
}

on_both_engines!("lendglass":
    ap_08_a_webhook_is_told_signed_and_in_order,
    ap_08_a_failed_delivery_is_made_again_later,
    ap_08_killed_in_the_middle_it_is_delivered_again,
    ap_08_couriers_at_once_deliver_each_notice_once,
    a_webhook_that_fails_too_often_is_switched_off_and_catches_up,
    private_addresses_are_refused,
    a_redirect_is_not_followed,
    a_webhook_belongs_to_the_admins_of_its_project,
    a_test_is_posted_at_once,
);

/// How a receiver answers a request.
enum Reply {
    Status(u16),
    Redirect(String),
    /// Not at all: the connection stays open.
    Hang,
}

/// A request as it arrived.
#[derive(Debug)]
struct Got {
    head: String,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> String {
        let prefix = format!("{name}: ");
        let find = |line: &str| {
            let is_it = line.get(..prefix.len())?.eq_ignore_ascii_case(&prefix);
            is_it.then(|| line[prefix.len()..].to_owned())
        };
        self.head.lines().find_map(find).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A real HTTP server on loopback.
struct Receiver {
    url: String,
    got: mpsc::UnboundedReceiver<Got>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
}

impl Receiver {
    async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, got) = mpsc::unbounded_channel();
        let replies: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let script = replies.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(answer(tcp, tell.clone(), script.clone()));
            }
        });
        Receiver { url: format!("http://127.0.0.1:{port}/hook?key=1"), got, replies }
    }

    /// What the next requests are answered; after that all are 200.
    fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap().extend(replies);
    }

    async fn next(&mut self) -> Got {
        self.got.recv().await.unwrap()
    }

    fn is_quiet(&mut self) -> bool {
        self.got.try_recv().is_err()
    }
}

async fn answer(
    mut tcp: TcpStream,
    tell: mpsc::UnboundedSender<Got>,
    script: Arc<Mutex<VecDeque<Reply>>>,
) {
    let mut bytes = Vec::new();
    let got = loop {
        if tcp.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let got = Got { head: head.to_owned(), body: body.to_owned() };
        if got.header("content-length").parse() == Ok(body.len()) {
            break got;
        }
    };
    let reply = script.lock().unwrap().pop_front().unwrap_or(Reply::Status(200));
    tell.send(got).ok();
    let text = match reply {
        Reply::Status(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"),
        Reply::Redirect(to) => {
            format!("HTTP/1.1 307 X\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Reply::Hang => {
            // Until the other side gives up.
            tcp.read_buf(&mut bytes).await.ok();
            return;
        }
    };
    tcp.write_all(text.as_bytes()).await.ok();
}

/// The same engine, where webhooks may tell the loopback.
async fn allowing(server: &TestServer) -> TestServer {
    let home = Arc::new(Home::fresh(server.app.db.engine()).await);
    let settings = Settings { webhooks_allow_private: true, ..Settings::default() };
    TestServer::on(home, Clock::stepped(START), "lendglass", settings).await
}

async fn make(server: &TestServer, body: Value) -> Value {
    server.request("alice", "POST", "/api/v1/webhooks", body).await.expect(201).json()
}

async fn show(server: &TestServer, hook: &Value) -> Value {
    let path = format!("/api/v1/webhooks/{}", hook["id"].as_str().unwrap());
    server.request("alice", "GET", &path, ()).await.expect(200).json()
}

fn courier(server: &TestServer) -> Courier {
    Courier::new(server.app.clone(), native::notice::body)
}

async fn deliver(server: &TestServer) {
    courier(server).drain().await.unwrap();
}

/// A notice that is told now.
fn now(server: &TestServer, kind: NoticeKind) -> Notice {
    Notice { at: server.app.clock.now(), ..to_project(A, kind) }
}

async fn tell_and_wait(server: &TestServer, kinds: &[NoticeKind]) {
    tell(server, kinds.iter().map(|kind| now(server, *kind)).collect()).await;
    server.step(WEBHOOK_HOLD_SECONDS).await;
}

async fn ap_08_a_webhook_is_told_signed_and_in_order(server: TestServer) {
    let server = allowing(&server).await;
    let mut receiver = Receiver::start().await;
    tell_and_wait(&server, &[NoticeKind::ImageShared]).await;
    let kinds = ["image.shared", "image.deleted"];
    let hook = make(&server, json!({"url": receiver.url, "kinds": kinds})).await;
    let secret = hook["secret"].as_str().unwrap();
    tell(&server, vec![now(&server, NoticeKind::ImageDeleted)]).await;
    server.step(WEBHOOK_HOLD_SECONDS - 1).await;
    deliver(&server).await;
    assert!(receiver.is_quiet(), "an undo leaves no trace, nor what was told before");
    server.step(1).await;
    tell_and_wait(&server, &[NoticeKind::ImageWithdrawn, NoticeKind::ImageShared]).await;
    deliver(&server).await;
    let listed = server.request("alice", "GET", "/api/v1/notices", ()).await.expect(200).json();
    for (number, place) in [(2, 2), (4, 0)] {
        let got = receiver.next().await;
        assert_eq!(got.json(), listed["notices"][place], "webhooks and lists show the same");
        assert_eq!(got.json()["id"], format!("p{number}"));
        assert!(got.head.starts_with("POST /hook?key=1 HTTP/1.1\r\n"), "{}", got.head);
        let delivery = format!("{}-p{number}", hook["id"].as_str().unwrap());
        assert_eq!(got.header("lendglass-delivery"), delivery);
        assert_eq!(got.header("lendglass-event"), got.json()["kind"].as_str().unwrap());
        let at = server.app.clock.now().seconds();
        let expected = signature(secret.as_bytes(), at, got.body.as_bytes()).unwrap();
        assert_eq!(got.header("lendglass-signature"), expected);
    }
    assert!(receiver.is_quiet());
    let shown = show(&server, &hook).await;
    assert_eq!((shown["sent"].as_str(), shown["attempts"].as_u64()), (Some("p4.a0"), Some(0)));
    assert!(shown["delivered_at"].is_string() && shown["secret"].is_null());
}

async fn ap_08_a_failed_delivery_is_made_again_later(server: TestServer) {
    let server = allowing(&server).await;
    let mut receiver = Receiver::start().await;
    let hook = make(&server, json!({"url": receiver.url})).await;
    tell_and_wait(&server, &[NoticeKind::ImageShared, NoticeKind::ImageDeleted]).await;
    receiver.will([Reply::Status(500), Reply::Status(404)]);
    deliver(&server).await;
    let first = receiver.next().await.header("lendglass-delivery");
    deliver(&server).await;
    assert!(receiver.is_quiet(), "not at once");
    let shown = show(&server, &hook).await;
    assert_eq!(shown["failure"], "it answered 500");
    assert_eq!((shown["attempts"].as_u64(), shown["sent"].as_str()), (Some(1), Some("p0.a0")));
    server.step(5).await;
    deliver(&server).await;
    assert_eq!(receiver.next().await.header("lendglass-delivery"), first);
    server.step(9).await;
    deliver(&server).await;
    assert!(receiver.is_quiet(), "the pause doubles");
    server.step(1).await;
    deliver(&server).await;
    assert_eq!(receiver.next().await.header("lendglass-delivery"), first);
    assert_eq!(receiver.next().await.json()["kind"], "image.deleted", "and then the next");
    let shown = show(&server, &hook).await;
    assert_eq!((shown["failure"].clone(), shown["attempts"].as_u64()), (Value::Null, Some(0)));
}

async fn ap_08_killed_in_the_middle_it_is_delivered_again(server: TestServer) {
    let server = allowing(&server).await;
    let mut receiver = Receiver::start().await;
    make(&server, json!({"url": receiver.url})).await;
    tell_and_wait(&server, &[NoticeKind::ImageShared]).await;
    receiver.will([Reply::Hang]);
    let mut dying = courier(&server);
    let first = tokio::select! {
        got = receiver.next() => got,
        drained = dying.drain() => panic!("it does not end: {drained:?}"),
    };
    // The receiver has it, and the sender dies before it knows.
    drop(dying);
    deliver(&server).await;
    assert!(receiver.is_quiet(), "the dead one's lease holds");
    // The claim that the dying one had under way may take the lease once more.
    while receiver.got.is_empty() {
        server.app.db.write(store_webhook::end_leases).await.unwrap();
        deliver(&server).await;
    }
    let again = receiver.next().await;
    assert_eq!(again.header("lendglass-delivery"), first.header("lendglass-delivery"));
    assert_eq!(again.body, first.body);
    deliver(&server).await;
    assert!(receiver.is_quiet());
}

async fn ap_08_couriers_at_once_deliver_each_notice_once(server: TestServer) {
    let server = allowing(&server).await;
    let mut receivers = [Receiver::start().await, Receiver::start().await];
    for receiver in &receivers {
        make(&server, json!({"url": receiver.url})).await;
    }
    // More than two turns.
    tell_and_wait(&server, &[NoticeKind::ImageShared; 40]).await;
    let couriers: Vec<_> = (0..3)
        .map(|_| {
            let mut courier = courier(&server);
            tokio::spawn(async move { courier.drain().await })
        })
        .collect();
    for courier in couriers {
        courier.await.unwrap().unwrap();
    }
    deliver(&server).await;
    for receiver in &mut receivers {
        for number in 1..=40 {
            assert_eq!(receiver.next().await.json()["id"], format!("p{number}"));
        }
        assert!(receiver.is_quiet());
    }
}

async fn a_webhook_that_fails_too_often_is_switched_off_and_catches_up(server: TestServer) {
    let server = allowing(&server).await;
    let mut receiver = Receiver::start().await;
    let hook = make(&server, json!({"url": receiver.url})).await;
    tell_and_wait(&server, &[NoticeKind::ImageShared]).await;
    receiver.will((0..WEBHOOK_ATTEMPTS).map(|_| Reply::Status(503)));
    for _ in 0..WEBHOOK_ATTEMPTS {
        assert_eq!(show(&server, &hook).await["enabled"], true);
        deliver(&server).await;
        receiver.next().await;
        server.step(3_600).await;
        server.forget();
    }
    deliver(&server).await;
    assert!(receiver.is_quiet());
    let shown = show(&server, &hook).await;
    assert_eq!((&shown["enabled"], &shown["failure"]), (&json!(false), &json!("it answered 503")));
    let path = format!("/api/v1/webhooks/{}", hook["id"].as_str().unwrap());
    server.request("alice", "PATCH", &path, json!({"enabled": true})).await.expect(200);
    deliver(&server).await;
    assert_eq!(receiver.next().await.json()["id"], "p1", "what it missed is delivered");
}

async fn private_addresses_are_refused(server: TestServer) {
    let refused = |url: &'static str| {
        let answer = server.request("alice", "POST", "/api/v1/webhooks", json!({"url": url}));
        async move { answer.await.expect(400).json()["code"].as_str().unwrap().to_owned() }
    };
    for url in [
        "http://127.0.0.1/",
        "http://10.1.2.3/hook",
        "http://[::1]:8080/",
        "http://169.254.169.254/latest/meta-data",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "ftp://hooks.example/",
        "http://user:pass@hooks.example/",
        "file:///etc/passwd",
        "hooks.example",
    ] {
        assert_eq!(refused(url).await, "WEBHOOK_URL_REFUSED", "{url}");
    }
    // A name is known for what it is when it is looked up.
    let mut receiver = Receiver::start().await;
    let url = receiver.url.replace("127.0.0.1", "localhost");
    let hook = make(&server, json!({"url": url})).await;
    tell_and_wait(&server, &[NoticeKind::ImageShared]).await;
    deliver(&server).await;
    let why = "the address is not on the public internet";
    assert_eq!(show(&server, &hook).await["failure"], why);
    let path = format!("/api/v1/webhooks/{}/test", hook["id"].as_str().unwrap());
    let tested = server.request("alice", "POST", &path, json!({})).await.expect(200).json();
    assert_eq!(tested, json!({"delivered": false, "failure": why}));
    assert!(receiver.is_quiet());
}

async fn a_redirect_is_not_followed(server: TestServer) {
    let server = allowing(&server).await;
    let mut receiver = Receiver::start().await;
    let mut other = Receiver::start().await;
    let hook = make(&server, json!({"url": receiver.url})).await;
    tell_and_wait(&server, &[NoticeKind::ImageShared]).await;
    receiver.will([Reply::Redirect(other.url.clone())]);
    deliver(&server).await;
    receiver.next().await;
    assert!(other.is_quiet());
    assert_eq!(
        show(&server, &hook).await["failure"],
        "it answered 307; redirects are not followed"
    );
}

async fn a_webhook_belongs_to_the_admins_of_its_project(server: TestServer) {
    let body = json!({"url": "https://hooks.example/"});
    let hook = make(&server, body.clone()).await;
    let path = format!("/api/v1/webhooks/{}", hook["id"].as_str().unwrap());
    let patch = json!({"kinds": ["image.shared"], "url": "https://other.example/"});
    for (person, status, code) in
        [("rita", 403, "ROLE_TOO_WEAK"), ("operator", 404, "WEBHOOK_NOT_FOUND")]
    {
        for method in ["GET", "PATCH", "DELETE"] {
            let answer = match method {
                "PATCH" => server.request(person, method, &path, patch.clone()).await,
                _ => server.request(person, method, &path, ()).await,
            };
            assert_eq!(answer.expect(status).json()["code"], code, "{method} as {person}");
        }
    }
    let listed = |person: &'static str| server.request(person, "GET", "/api/v1/webhooks", ());
    assert_eq!(listed("operator").await.expect(200).json()["webhooks"], json!([]));
    listed("bob").await.expect(403);
    let changed = server.request("alice", "PATCH", &path, patch).await.expect(200).json();
    assert_eq!(changed["kinds"], json!(["image.shared"]));
    let dry = format!("{path}?dry_run=true");
    let answer = server.request("alice", "DELETE", &dry, ()).await.expect(200);
    assert_eq!(answer.json()["code"], "DRY_RUN");
    for _ in 1..WEBHOOKS_OF_PROJECT {
        make(&server, body.clone()).await;
    }
    let more = server.request("alice", "POST", "/api/v1/webhooks", body.clone()).await.expect(409);
    assert_eq!(more.json()["code"], "WEBHOOK_QUOTA");
    let all = listed("alice").await.expect(200).json();
    assert_eq!(all["webhooks"].as_array().unwrap().len(), WEBHOOKS_OF_PROJECT as usize);
    assert!(!all.to_string().contains("secret"), "{all}");
    server.request("alice", "DELETE", &path, ()).await.expect(204);
    server.request("alice", "DELETE", &path, ()).await.expect(404);
    make(&server, body).await;
}

async fn a_test_is_posted_at_once(server: TestServer) {
    let server = allowing(&server).await;
    let mut receiver = Receiver::start().await;
    let hook = make(&server, json!({"url": receiver.url})).await;
    let path = format!("/api/v1/webhooks/{}/test", hook["id"].as_str().unwrap());
    let tested = server.request("alice", "POST", &path, json!({})).await.expect(200).json();
    assert_eq!(tested, json!({"delivered": true, "failure": null}));
    let got = receiver.next().await;
    assert_eq!(got.header("lendglass-event"), "webhook.test");
    assert_eq!((&got.json()["kind"], &got.json()["to"]["id"]), (&json!("webhook.test"), &json!(A)));
    let at = server.app.clock.now().seconds();
    let secret = hook["secret"].as_str().unwrap();
    let expected = signature(secret.as_bytes(), at, got.body.as_bytes()).unwrap();
    assert_eq!(got.header("lendglass-signature"), expected);
}
