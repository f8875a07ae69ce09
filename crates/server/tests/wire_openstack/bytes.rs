//! Bytes: taken in, given out, in parts, and refused.

use std::process::Command;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use futures_util::{StreamExt as _, stream};
use lendglass_server::app::Settings;
use lendglass_store::clock::Clock;
use lendglass_store::db::Engine;
use serde_json::json;

use crate::support::{self, Answer, Home, TestServer, on_both_engines};
use crate::{make, make_active, noise, show};

on_both_engines!("lendglass":
    what_goes_in_comes_out,
    parts_can_be_read,
    an_upload_needs_a_queued_image_with_formats,
    a_body_that_breaks_off_leaves_nothing,
    lengths_must_be_kept,
    a_deleted_image_is_gone_for_its_upload,
    one_upload_at_a_time,
    no_bytes_are_bytes_as_well,
    disks_are_what_they_say,
    hostile_disks_are_refused,
    media_types_matter_only_going_in,
);

fn file(id: &str) -> String {
    format!("/v2/images/{id}/file")
}

async fn what_goes_in_comes_out(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let nothing = server.request("alice", "GET", &file(&id), ()).await.expect(204);
    assert!(nothing.bytes.is_empty());
    let bytes = noise(3_000_001);
    let taken = server.request("alice", "PUT", &file(&id), bytes.clone()).await.expect(204);
    assert!(taken.bytes.is_empty());
    let shown = show(&server, "alice", &id).await;
    assert_eq!(shown["status"], "active");
    assert_eq!((&shown["size"], &shown["virtual_size"]), (&json!(3_000_001), &json!(3_000_001)));
    assert_eq!(shown["checksum"], md5_hex(&bytes));
    assert_eq!(shown["os_hash_algo"], "sha512");
    assert_eq!(shown["os_hash_value"].as_str().unwrap().len(), 128);
    let read = server.request("alice", "GET", &file(&id), ()).await.expect(200);
    assert!(read.bytes == bytes, "the bytes differ");
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-length", "3000001"),
        ("accept-ranges", "bytes"),
        ("content-md5", shown["checksum"].as_str().unwrap()),
    ] {
        assert_eq!(read.header(name), value, "{name}");
    }
    let head = server.request("alice", "HEAD", &file(&id), ()).await.expect(200);
    assert_eq!((head.header("content-length"), head.bytes.len()), ("3000001", 0));
    let again = server.request("alice", "PUT", &file(&id), bytes).await;
    again.refused(409, "IMAGE_HAS_BYTES");
}

fn md5_hex(bytes: &[u8]) -> String {
    let digest = openssl::hash::hash(openssl::hash::MessageDigest::md5(), bytes).unwrap();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn parts_can_be_read(server: TestServer) {
    let id = make_active(&server, "alice", json!({})).await;
    let whole = noise(5000);
    let ask = |range: &str| {
        let (server, path, range) = (&server, file(&id), range.to_owned());
        async move { server.request_with("alice", "GET", &path, &[("range", range.as_str())], ()).await }
    };
    for (range, from, to) in [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=4990-", 4990, 4999),
        ("bytes=-10", 4990, 4999),
        ("bytes=4990-9999", 4990, 4999),
        ("bytes=-9999", 0, 4999),
    ] {
        let part = ask(range).await.expect(206);
        assert_eq!(part.bytes, whole[from..=to], "{range}");
        assert_eq!(part.header("content-range"), format!("bytes {from}-{to}/5000"), "{range}");
        assert_eq!(part.header("content-length"), (to - from + 1).to_string(), "{range}");
    }
    for range in ["bytes=5000-", "bytes=9-1", "bytes=-0", "bytes=x-y", "lines=1-2"] {
        let refused = ask(range).await.refused(416, "BAD_RANGE");
        assert_eq!(refused.header("content-range"), "bytes */5000", "{range}");
    }
    ask("bytes=0-1,4-5").await.refused(400, "MALFORMED");
}

async fn an_upload_needs_a_queued_image_with_formats(server: TestServer) {
    let made = server.request("alice", "POST", "/v2/images", json!({})).await.expect(201).json();
    let bare = made["id"].as_str().unwrap();
    server.request("alice", "PUT", &file(bare), noise(10)).await.refused(400, "FORMAT_MISSING");
    let id = make(&server, "alice", json!({"visibility": "community"})).await;
    let bobs = server.request("bob", "PUT", &file(&id), noise(10)).await;
    bobs.refused(403, "NOT_IMAGE_OWNER");
    let huge = [("content-length", "2000000000000")];
    let refused = server.request_with("alice", "PUT", &file(&id), &huge, noise(10)).await;
    refused.refused(413, "IMAGE_TOO_LARGE");
    let full = [("content-length", "1000000000")];
    let refused = server.request_with("alice", "PUT", &file(&id), &full, noise(10)).await;
    refused.refused(507, "NO_SPACE");
    assert_eq!(show(&server, "alice", &id).await["status"], "queued");
}

/// Sends these chunks as alice; an `Err` is a connection that breaks.
async fn send(
    server: &TestServer,
    id: &str,
    headers: &[(&str, &str)],
    chunks: Vec<Result<Vec<u8>, std::io::Error>>,
) -> Answer {
    let mut request = Request::builder().method("PUT").uri(file(id)).header("host", "cloud.test");
    request = request.header("x-auth-token", server.token("alice").await);
    request = request.header("content-type", "application/octet-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::from_stream(stream::iter(chunks))).unwrap()).await
}

async fn a_body_that_breaks_off_leaves_nothing(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let broken = || Err(std::io::Error::other("the peer went away"));
    let answer = send(&server, &id, &[], vec![Ok(noise(2_000_000)), broken()]).await;
    answer.refused(400, "UPLOAD_INCOMPLETE");
    let shown = show(&server, "alice", &id).await;
    assert_eq!((&shown["status"], &shown["size"]), (&json!("queued"), &json!(null)));
    server.request("alice", "GET", &file(&id), ()).await.expect(204);
    send(&server, &id, &[], vec![Ok(noise(70)), Ok(noise(30))]).await.expect(204);
    assert_eq!(show(&server, "alice", &id).await["size"], 100);
}

async fn lengths_must_be_kept(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    for (length, name) in
        [("99", "content-length"), ("101", "content-length"), ("99", "x-openstack-image-size")]
    {
        let answer = send(&server, &id, &[(name, length)], vec![Ok(noise(100))]).await;
        answer.refused(400, "UPLOAD_INCOMPLETE");
    }
    let nonsense = [("x-openstack-image-size", "many")];
    send(&server, &id, &nonsense, vec![Ok(noise(100))]).await.refused(400, "MALFORMED");
    assert_eq!(show(&server, "alice", &id).await["status"], "queued");
    let right = [("x-openstack-image-size", "100")];
    send(&server, &id, &right, vec![Ok(noise(100))]).await.expect(204);
}

/// An upload by alice that has sent its first bytes and waits for `rest`, which may never come.
async fn upload_with_rest(
    server: &TestServer,
    id: &str,
    rest: tokio::sync::oneshot::Receiver<Vec<u8>>,
) -> Answer {
    let rest = stream::once(async move { rest.await.map_err(std::io::Error::other) });
    let chunks = stream::iter([Ok(noise(2_000_000))]).chain(rest);
    let request = Request::builder()
        .method("PUT")
        .uri(file(id))
        .header("x-auth-token", server.token("alice").await)
        .header("content-type", "application/octet-stream")
        .body(Body::from_stream(chunks))
        .unwrap();
    server.send(request).await
}

async fn wait_for_status(server: &TestServer, id: &str, status: &str) {
    while show(server, "alice", id).await["status"] != status {
        tokio::task::yield_now().await;
    }
}

async fn a_deleted_image_is_gone_for_its_upload(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let path = format!("/v2/images/{id}");
    let (rest, waiting) = tokio::sync::oneshot::channel();
    let deleting = async {
        wait_for_status(&server, &id, "saving").await;
        server.request("alice", "DELETE", &path, ()).await.expect(204);
        rest.send(noise(100)).unwrap();
    };
    let (answer, ()) = tokio::join!(upload_with_rest(&server, &id, waiting), deleting);
    answer.refused(410, "IMAGE_NOT_FOUND");
    server.request("alice", "GET", &path, ()).await.expect(404);
}

async fn one_upload_at_a_time(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let (rest, waiting) = tokio::sync::oneshot::channel();
    let second = async {
        wait_for_status(&server, &id, "saving").await;
        let refused = server.request("alice", "PUT", &file(&id), noise(10)).await;
        refused.refused(409, "IMAGE_BUSY");
        server.request("alice", "GET", &file(&id), ()).await.expect(204);
        let change = json!([crate::replace("name", "new")]);
        crate::patch(&server, "alice", &id, change).await.refused(409, "IMAGE_BUSY");
        rest.send(noise(100)).unwrap();
    };
    let (answer, ()) = tokio::join!(upload_with_rest(&server, &id, waiting), second);
    answer.expect(204);
    assert_eq!(show(&server, "alice", &id).await["size"], 2_000_100);
}

async fn no_bytes_are_bytes_as_well(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    server.request("alice", "PUT", &file(&id), Vec::new()).await.expect(204);
    let shown = show(&server, "alice", &id).await;
    assert_eq!((&shown["status"], &shown["size"]), (&json!("active"), &json!(0)));
    let read = server.request("alice", "GET", &file(&id), ()).await.expect(200);
    assert_eq!((read.header("content-length"), read.bytes.len()), ("0", 0));
    let part = [("range", "bytes=0-")];
    let refused = server.request_with("alice", "GET", &file(&id), &part, ()).await;
    refused.refused(416, "BAD_RANGE");
}

/// A peer that says nothing for half a lease is given up.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_is_given_up() {
    let home = Arc::new(Home::fresh(Engine::Sqlite).await);
    let settings = Settings { upload_lease_seconds: 2, ..Settings::default() };
    let clock = Clock::stepped(support::START);
    let server = TestServer::on(home, clock, "lendglass", settings).await;
    let id = make(&server, "alice", json!({})).await;
    let (_never, waiting) = tokio::sync::oneshot::channel();
    let answer = upload_with_rest(&server, &id, waiting).await;
    answer.refused(400, "UPLOAD_INCOMPLETE");
    assert_eq!(show(&server, "alice", &id).await["status"], "queued");
}

/// A disk image made by qemu-img.
fn qemu_img(format: &str, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    let made = Command::new("qemu-img")
        .args(["create", "-q", "-f", format])
        .args(options)
        .arg(&path)
        .arg("8M")
        .output()
        .expect("this test needs qemu-img; `apt-get install qemu-utils` brings it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::read(path).unwrap()
}

async fn disks_are_what_they_say(server: TestServer) {
    let qcow2 = qemu_img("qcow2", &[]);
    let of = |format: &str| {
        let (server, fields) = (&server, json!({"disk_format": format}));
        async move { make(server, "alice", fields).await }
    };
    let id = of("qcow2").await;
    server.request("alice", "PUT", &file(&id), qcow2.clone()).await.expect(204);
    let shown = show(&server, "alice", &id).await;
    assert_eq!(shown["virtual_size"], 8 << 20);
    assert_eq!(shown["size"], qcow2.len());
    for wrong in ["raw", "vmdk", "iso"] {
        let id = of(wrong).await;
        let answer = server.request("alice", "PUT", &file(&id), qcow2.clone()).await;
        answer.refused(415, "IMAGE_FORMAT_MISMATCH");
        assert_eq!(show(&server, "alice", &id).await["status"], "queued", "{wrong}");
    }
    let id = of("qcow2").await;
    let answer = server.request("alice", "PUT", &file(&id), noise(100_000)).await;
    answer.refused(415, "IMAGE_FORMAT_MISMATCH");
}

/// XC-05: nothing that names a file of the host gets in.
async fn hostile_disks_are_refused(server: TestServer) {
    let backed = qemu_img("qcow2", &["-u", "-b", "/etc/passwd", "-F", "raw"]);
    let id = make(&server, "alice", json!({"disk_format": "qcow2"})).await;
    let answer = server.request("alice", "PUT", &file(&id), backed).await;
    answer.refused(415, "IMAGE_REFUSED");
    let shown = show(&server, "alice", &id).await;
    assert_eq!((&shown["status"], &shown["size"]), (&json!("queued"), &json!(null)));
    server.request("alice", "GET", &file(&id), ()).await.expect(204);
}

async fn media_types_matter_only_going_in(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    for wrong in ["application/json", "text/plain", ""] {
        let headers = [("content-type", wrong)];
        let answer = server.request_with("alice", "PUT", &file(&id), &headers, noise(10)).await;
        answer.refused(415, "UNSUPPORTED_MEDIA");
    }
    let empty = [("accept", "")];
    server.request_with("alice", "PUT", &file(&id), &empty, noise(10)).await.expect(204);
    for accept in ["", "application/json", "*/*", "text/html"] {
        let headers = [("accept", accept), ("content-type", "application/octet-stream")];
        let read = server.request_with("alice", "GET", &file(&id), &headers, ()).await;
        assert_eq!(read.expect(200).bytes, noise(10), "{accept}");
    }
}
