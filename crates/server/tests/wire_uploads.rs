//! Uploads that are kept, by tus through the router, as stories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lendglass_server::jobs;
use openssl::sha::sha256;
use serde_json::{Value, json};
use support::{Answer, TestServer, on_both_engines};
use tokio::sync::mpsc;

const UPLOADS: &str = "/api/v1/uploads";
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const PART: (&str, &str) = ("content-type", "application/offset+octet-stream");
const MIB: usize = 1 << 20;

on_both_engines! { "lendglass":
    xc_03_parts_of_any_size_make_a_whole,
    the_protocol_is_spoken,
    what_is_wrong_is_refused,
    who_may_not_upload_may_not_here,
    one_request_at_a_time_sends,
    a_broken_line_leaves_what_has_arrived,
    a_silent_sender_gives_way_to_who_asks,
    what_is_no_longer_at_hand_is_read_again,
    a_part_counts_only_if_its_checksum_fits,
    a_whole_counts_only_if_its_digest_fits,
    hostile_bytes_end_the_upload,
    cancelling_leaves_nothing,
    cancelling_takes_a_new_image_along,
    a_deleted_image_ends_its_upload,
    waiting_uploads_expire_and_parts_renew_them,
    another_token_and_a_session_go_on,
    a_list_of_uploads_is_paged,
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn queued(server: &TestServer, format: &str) -> String {
    let body = json!({"name": "sys1", "disk_format": format});
    let made = server.request("alice", "POST", "/api/v1/images", body).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn metadata(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name} {}", STANDARD.encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join(",")
}

async fn begin(server: &TestServer, person: &str, length: usize, about: &str) -> Answer {
    let length = length.to_string();
    let headers = [TUS, ("upload-length", length.as_str()), ("upload-metadata", about)];
    server.request_with(person, "POST", UPLOADS, &headers, ()).await
}

/// An upload of alice's for a new image; the paths of both.
async fn begun(server: &TestServer, length: usize) -> (String, String) {
    let image = queued(server, "raw").await;
    let made = begin(server, "alice", length, &metadata(&[("image", &image)])).await.expect(201);
    (made.header("location").to_owned(), format!("/api/v1/images/{image}"))
}

async fn part(server: &TestServer, path: &str, offset: usize, bytes: &[u8]) -> Answer {
    part_with(server, path, offset, bytes, &[]).await
}

async fn part_with(
    server: &TestServer,
    path: &str,
    offset: usize,
    bytes: &[u8],
    more: &[(&str, &str)],
) -> Answer {
    let offset = offset.to_string();
    let mut headers = vec![TUS, PART, ("upload-offset", offset.as_str())];
    headers.extend(more);
    let answer = server.request_with("alice", "PATCH", path, &headers, bytes.to_vec()).await;
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    answer
}

async fn offset(server: &TestServer, path: &str) -> usize {
    let answer = server.request_with("alice", "HEAD", path, &[TUS], ()).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.header("upload-offset").parse().unwrap()
}

async fn status(server: &TestServer, image: &str) -> Value {
    server.request("alice", "GET", image, ()).await.expect(200).json()["status"].clone()
}

async fn read(server: &TestServer, image: &str) -> Bytes {
    server.request("alice", "GET", &format!("{image}/file"), ()).await.expect(200).bytes
}

#[track_caller]
fn refused(answer: Answer, status: u16, code: &str) {
    let answer = answer.expect(status);
    assert_eq!(answer.json()["code"], code);
}

/// Nothing is stored of what no row names.
async fn check_nothing_is_left(server: &TestServer) {
    jobs::drain(&server.app, "test").await.unwrap();
    for blobs in server.app.stores.values() {
        assert_eq!(blobs.free_bytes().await.unwrap(), 256 << 20);
    }
}

async fn xc_03_parts_of_any_size_make_a_whole(server: TestServer) {
    let whole = bytes(4 * MIB + 4_321);
    let (path, image) = begun(&server, whole.len()).await;
    assert_eq!(status(&server, &image).await, "saving");
    let mut at = 0;
    for size in [1, 300_000, MIB, 2 * MIB - 300_001, 17, usize::MAX] {
        assert_eq!(offset(&server, &path).await, at);
        let end = at.saturating_add(size).min(whole.len());
        let answer = part(&server, &path, at, &whole[at..end]).await.expect(204);
        assert_eq!(answer.header("upload-offset"), end.to_string());
        assert_eq!(answer.header("upload-expires").is_empty(), end == whole.len());
        at = end;
    }
    let shown = server.request("alice", "GET", &image, ()).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["size_bytes"]), (&json!("active"), &json!(whole.len())));
    let sha512 = openssl::hash::hash(openssl::hash::MessageDigest::sha512(), &whole).unwrap();
    assert_eq!(shown["digest"], json!({"algo": "sha512", "value": hex(&sha512)}));
    assert!(read(&server, &image).await == whole);
    refused(server.request("alice", "GET", &path, ()).await, 404, "UPLOAD_NOT_FOUND");
    refused(part(&server, &path, at, b"x").await, 404, "UPLOAD_NOT_FOUND");
}

async fn the_protocol_is_spoken(server: TestServer) {
    let offer = server.request("nobody", "OPTIONS", UPLOADS, ()).await.expect(204);
    assert_eq!(offer.header("tus-version"), "1.0.0");
    assert_eq!(offer.header("tus-extension"), "creation,expiration,termination,checksum");
    assert_eq!(offer.header("tus-checksum-algorithm"), "sha256");
    assert_eq!(offer.header("tus-max-size"), (1_u64 << 40).to_string());
    let image = queued(&server, "raw").await;
    let about = metadata(&[("image", &image), ("filename", "größe.raw")]);
    let made = begin(&server, "alice", 12, &about).await.expect(201);
    assert_eq!(made.header("upload-expires"), "Fri, 02 Jan 2026 00:00:00 GMT");
    let view = made.json();
    assert_eq!((&view["filename"], &view["image"]), (&json!("größe.raw"), &json!(image)));
    assert_eq!((&view["offset"], &view["length"]), (&json!(0), &json!(12)));
    assert_eq!(view["created_by"], json!({"id": "alice", "name": "alice"}));
    assert_eq!(view["expires_at"], "2026-01-02T00:00:00Z");
    let path = made.header("location");
    assert_eq!(path, format!("{UPLOADS}/{}", view["id"].as_str().unwrap()));
    let head = server.request_with("alice", "HEAD", path, &[TUS], ()).await.expect(200);
    assert_eq!((head.header("upload-length"), head.header("upload-metadata")), ("12", &*about));
    assert_eq!(server.request("alice", "GET", path, ()).await.expect(200).json(), view);

    let headers = [PART, ("upload-offset", "0")];
    let old = [PART, ("upload-offset", "0"), ("tus-resumable", "0.2.2")];
    for headers in [&headers[..], &old[..]] {
        let answer = server.request_with("alice", "PATCH", path, headers, vec![7]).await;
        let answer = answer.expect(412);
        assert_eq!(answer.header("tus-version"), "1.0.0");
        assert_eq!(answer.json()["code"], "INVALID_VALUE");
    }
    let headers = [TUS, ("upload-offset", "0")];
    let answer = server.request_with("alice", "PATCH", path, &headers, vec![7]).await;
    refused(answer, 415, "UNSUPPORTED_MEDIA");
    assert_eq!(offset(&server, path).await, 0);
}

async fn what_is_wrong_is_refused(server: TestServer) {
    let (path, image) = begun(&server, 12).await;
    let of = |id: &str| metadata(&[("image", id)]);
    let id = image.rsplit('/').next().unwrap();
    refused(begin(&server, "alice", 12, &of(id)).await, 409, "UPLOAD_EXISTS");
    let put = server.request("alice", "PUT", &format!("{image}/file"), b"a".to_vec()).await;
    refused(put, 409, "IMAGE_BUSY");
    let answer = part(&server, &path, 5, b"a small disk").await.expect(409).json();
    assert_eq!(
        (&answer["code"], &answer["detail"]["want"]),
        (&json!("UPLOAD_OFFSET"), &json!("0"))
    );
    refused(part(&server, &path, 0, b"more than was announced").await, 400, "INVALID_VALUE");
    assert_eq!(offset(&server, &path).await, 0);
    part(&server, &path, 0, b"a small disk").await.expect(204);
    refused(begin(&server, "alice", 12, &of(id)).await, 409, "IMAGE_HAS_BYTES");

    let other = queued(&server, "raw").await;
    for (length, about, status, code) in [
        (0, of(&other), 400, "INVALID_VALUE"),
        (usize::MAX >> 1, of(&other), 413, "IMAGE_TOO_LARGE"),
        (1 << 30, of(&other), 507, "NO_SPACE"),
        (12, String::new(), 400, "MISSING_FIELD"),
        (12, "image".to_owned(), 404, "IMAGE_NOT_FOUND"),
        (12, "image ***".to_owned(), 400, "INVALID_VALUE"),
        (12, of("no image"), 404, "IMAGE_NOT_FOUND"),
        (12, metadata(&[("image", &other), ("sha256", "abc")]), 400, "INVALID_VALUE"),
        (12, metadata(&[("image", &other), ("filename", &"x".repeat(256))]), 400, "INVALID_VALUE"),
        (12, metadata(&[("image", &other), ("colour", "blue")]), 400, "UNKNOWN_FIELD"),
    ] {
        refused(begin(&server, "alice", length, &about).await, status, code);
    }
    let body = json!({"name": "no format"});
    let made = server.request("alice", "POST", "/api/v1/images", body).await.expect(201).json();
    let about = of(made["id"].as_str().unwrap());
    refused(begin(&server, "alice", 12, &about).await, 400, "FORMAT_MISSING");
}

async fn who_may_not_upload_may_not_here(server: TestServer) {
    let image = queued(&server, "raw").await;
    let about = metadata(&[("image", &image)]);
    refused(begin(&server, "nobody", 12, &about).await, 401, "UNAUTHENTICATED");
    refused(begin(&server, "carol", 12, &about).await, 404, "IMAGE_NOT_FOUND");
    refused(begin(&server, "rita", 12, &about).await, 403, "ROLE_TOO_WEAK");
    let made = begin(&server, "alice", 12, &about).await.expect(201);
    let path = made.header("location");
    let headers = [TUS, PART, ("upload-offset", "0")];
    for (person, status, code) in [
        ("nobody", 401, "UNAUTHENTICATED"),
        ("carol", 404, "UPLOAD_NOT_FOUND"),
        ("rita", 403, "ROLE_TOO_WEAK"),
    ] {
        for method in ["GET", "DELETE"] {
            refused(server.request(person, method, path, ()).await, status, code);
        }
        let answer = server.request_with(person, "PATCH", path, &headers, vec![7]).await;
        refused(answer, status, code);
    }
    let seen = server.request("carol", "GET", UPLOADS, ()).await.expect(200).json();
    assert_eq!(seen["uploads"], json!([]));
    let seen = server.request("rita", "GET", UPLOADS, ()).await.expect(200).json();
    assert_eq!(seen["uploads"].as_array().unwrap().len(), 1);
    assert_eq!(offset(&server, path).await, 0);
}

/// A part whose bytes come when they are sent; dropping the sender breaks the line.
async fn open_part(
    server: &TestServer,
    path: &str,
    offset: usize,
) -> (mpsc::Sender<Bytes>, impl Future<Output = Answer>) {
    let (sender, receiver) = mpsc::channel::<Bytes>(64);
    let frames = futures_util::stream::unfold(Some(receiver), |receiver| async {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(frame) => Some((Ok(frame), Some(receiver))),
            None => Some((Err(std::io::Error::other("the line broke")), None)),
        }
    });
    let request = Request::patch(path)
        .header("host", "cloud.test")
        .header("x-auth-token", server.token("alice").await)
        .header(TUS.0, TUS.1)
        .header(PART.0, PART.1)
        .header("upload-offset", offset.to_string());
    let request = request.body(Body::from_stream(frames)).unwrap();
    (sender, server.send(request))
}

/// Waits until the first byte of a part has been taken over.
async fn until_sent(sender: &mpsc::Sender<Bytes>) {
    let taken = async {
        while sender.capacity() < sender.max_capacity() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), taken).await.unwrap();
}

async fn one_request_at_a_time_sends(server: TestServer) {
    let whole = bytes(2 * MIB + 5);
    let (path, image) = begun(&server, whole.len()).await;
    let (sender, answer) = open_part(&server, &path, 0).await;
    let story = async {
        sender.send(Bytes::copy_from_slice(&whole[..MIB + 7])).await.unwrap();
        until_sent(&sender).await;
        for _ in 0..2 {
            refused(part(&server, &path, 0, &whole).await, 423, "UPLOAD_BUSY");
        }
        drop(sender);
    };
    let (answer, ()) = tokio::join!(answer, story);
    assert_eq!(answer.expect(204).header("upload-offset"), (MIB + 7).to_string());
    // Of two at once one sends.
    let rest = &whole[MIB + 7..];
    let (one, other) =
        tokio::join!(part(&server, &path, MIB + 7, rest), part(&server, &path, MIB + 7, rest));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204);
    assert!([404, 423].contains(&statuses[1]), "{statuses:?}");
    assert!(read(&server, &image).await == whole);
}

async fn a_broken_line_leaves_what_has_arrived(server: TestServer) {
    let whole = bytes(3 * MIB + 5);
    let (path, image) = begun(&server, whole.len()).await;
    let (sender, answer) = open_part(&server, &path, 0).await;
    sender.send(Bytes::copy_from_slice(&whole[..2 * MIB + 9])).await.unwrap();
    // The client goes away: nobody waits for the answer any more.
    let gone = tokio::time::timeout(Duration::from_millis(200), answer).await;
    assert!(gone.is_err());
    drop(sender);
    let arrived = async {
        while offset(&server, &path).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), arrived).await.unwrap();
    assert_eq!(offset(&server, &path).await, 2 * MIB + 9);
    part(&server, &path, 2 * MIB + 9, &whole[2 * MIB + 9..]).await.expect(204);
    assert!(read(&server, &image).await == whole);
}

async fn a_silent_sender_gives_way_to_who_asks(server: TestServer) {
    let whole = bytes(MIB + 5);
    let (path, image) = begun(&server, whole.len()).await;
    let (sender, answer) = open_part(&server, &path, 0).await;
    let story = async {
        sender.send(Bytes::copy_from_slice(&whole[..9])).await.unwrap();
        until_sent(&sender).await;
        assert_eq!(offset(&server, &path).await, 0);
        refused(part(&server, &path, 0, &whole).await, 423, "UPLOAD_BUSY");
        server.step(2).await;
        offset(&server, &path).await;
    };
    let (answer, ()) = tokio::join!(answer, story);
    assert_eq!(answer.expect(204).header("upload-offset"), "9");
    part(&server, &path, 9, &whole[9..]).await.expect(204);
    assert!(read(&server, &image).await == whole);
    drop(sender);
}

async fn what_is_no_longer_at_hand_is_read_again(server: TestServer) {
    let whole = bytes(5 * MIB + 99);
    let (path, image) = begun(&server, whole.len()).await;
    let id = path.rsplit('/').next().unwrap();
    let mut at = 0;
    for end in [2 * MIB, 2 * MIB + 77, 4 * MIB + 1, whole.len()] {
        part(&server, &path, at, &whole[at..end]).await.expect(204);
        // As after a restart.
        server.app.uploads.forget(id);
        at = end;
    }
    assert!(read(&server, &image).await == whole);
    // Formats are told from the first bytes, wherever they are read.
    let image = queued(&server, "qcow2").await;
    let made = begin(&server, "alice", 2 * MIB, &metadata(&[("image", &image)])).await.expect(201);
    let path = made.header("location");
    part(&server, path, 0, b"QFI").await.expect(204);
    server.app.uploads.forget(path.rsplit('/').next().unwrap());
    refused(part(&server, path, 3, &whole[..MIB]).await, 400, "IMAGE_FORMAT_MISMATCH");
}

async fn a_part_counts_only_if_its_checksum_fits(server: TestServer) {
    let whole = bytes(3 * MIB);
    let (path, image) = begun(&server, whole.len()).await;
    let sum = |bytes: &[u8]| format!("sha256 {}", STANDARD.encode(sha256(bytes)));
    part(&server, &path, 0, &whole[..10]).await.expect(204);
    let rest = &whole[10..2 * MIB];
    let wrong = sum(b"other bytes");
    let answer = part_with(&server, &path, 10, rest, &[("upload-checksum", &wrong)]).await;
    refused(answer, 460, "CHUNK_MISMATCH");
    assert_eq!(offset(&server, &path).await, 10);
    for bad in ["sha256", "sha256 abc", "md5 abc"] {
        let answer = part_with(&server, &path, 10, rest, &[("upload-checksum", bad)]).await;
        refused(answer, 400, "INVALID_VALUE");
    }
    let right = sum(rest);
    part_with(&server, &path, 10, rest, &[("upload-checksum", &right)]).await.expect(204);
    // The last part, wrong and right.
    let rest = &whole[2 * MIB..];
    let answer = part_with(&server, &path, 2 * MIB, rest, &[("upload-checksum", &wrong)]).await;
    refused(answer, 460, "CHUNK_MISMATCH");
    assert_eq!(status(&server, &image).await, "saving");
    let right = sum(rest);
    part_with(&server, &path, 2 * MIB, rest, &[("upload-checksum", &right)]).await.expect(204);
    assert!(read(&server, &image).await == whole);
}

async fn a_whole_counts_only_if_its_digest_fits(server: TestServer) {
    let whole = bytes(MIB + 3);
    let digest = hex(&sha256(&whole));
    for (said, is_right) in [(hex(&[7; 32]), false), (digest.to_uppercase(), true)] {
        let image = queued(&server, "raw").await;
        let about = metadata(&[("image", &image), ("sha256", &said)]);
        let made = begin(&server, "alice", whole.len(), &about).await.expect(201);
        let (path, image) = (made.header("location"), format!("/api/v1/images/{image}"));
        part(&server, path, 0, &whole[..9]).await.expect(204);
        let answer = part(&server, path, 9, &whole[9..]).await;
        if is_right {
            answer.expect(204);
            let shown = server.request("alice", "GET", &image, ()).await.expect(200).json();
            assert_eq!(shown["digest"], json!({"algo": "sha256", "value": digest}));
        } else {
            let answer = answer.expect(400).json();
            assert_eq!(answer["code"], "HASH_MISMATCH");
            assert_eq!(answer["detail"]["got"], digest);
            assert_eq!(status(&server, &image).await, "queued");
            refused(server.request("alice", "GET", path, ()).await, 404, "UPLOAD_NOT_FOUND");
            check_nothing_is_left(&server).await;
        }
    }
}

async fn hostile_bytes_end_the_upload(server: TestServer) {
    let image = queued(&server, "qcow2").await;
    let made = begin(&server, "alice", 2 * MIB, &metadata(&[("image", &image)])).await.expect(201);
    let (path, image) = (made.header("location"), format!("/api/v1/images/{image}"));
    refused(part(&server, path, 0, &bytes(MIB)).await, 400, "IMAGE_FORMAT_MISMATCH");
    assert_eq!(status(&server, &image).await, "queued");
    refused(server.request("alice", "GET", path, ()).await, 404, "UPLOAD_NOT_FOUND");
    check_nothing_is_left(&server).await;
}

/// Whoever cancels, in this browser or another: a record that was made for the bytes goes with them.
async fn cancelling_takes_a_new_image_along(server: TestServer) {
    for (is_new, status) in [("true", 404), ("false", 200)] {
        let image = queued(&server, "raw").await;
        let path = format!("/api/v1/images/{image}");
        server.request("alice", "PATCH", &path, json!({"protected": true})).await.expect(200);
        let about = metadata(&[("image", &image), ("image_is_new", is_new)]);
        let made = begin(&server, "alice", 10, &about).await.expect(201);
        let upload = made.header("location").to_owned();
        let shown = server.request("rita", "GET", UPLOADS, ()).await.expect(200).json();
        assert_eq!(shown["uploads"][0]["image_is_new"], is_new == "true");
        part(&server, &upload, 0, b"some").await.expect(204);
        server.request_with("alice", "DELETE", &upload, &[TUS], ()).await.expect(204);
        let left = server.request("alice", "GET", &path, ()).await.expect(status).json();
        assert!(status == 404 || left["status"] == "queued", "{left}");
    }
}

async fn cancelling_leaves_nothing(server: TestServer) {
    let (path, image) = begun(&server, 3 * MIB).await;
    part(&server, &path, 0, &bytes(MIB + 9)).await.expect(204);
    server.request_with("alice", "DELETE", &path, &[TUS], ()).await.expect(204);
    assert_eq!(status(&server, &image).await, "queued");
    refused(server.request("alice", "DELETE", &path, ()).await, 404, "UPLOAD_NOT_FOUND");
    check_nothing_is_left(&server).await;
    // While somebody sends.
    let (path, image) = begun(&server, 3 * MIB).await;
    let (sender, answer) = open_part(&server, &path, 0).await;
    let story = async {
        sender.send(bytes(MIB + 9).into()).await.unwrap();
        until_sent(&sender).await;
        server.request("alice", "DELETE", &path, ()).await.expect(204);
    };
    let (answer, ()) = tokio::join!(answer, story);
    refused(answer, 404, "UPLOAD_NOT_FOUND");
    assert_eq!(status(&server, &image).await, "queued");
    check_nothing_is_left(&server).await;
    // And then it is uploaded in the ordinary way.
    let put = server.request("alice", "PUT", &format!("{image}/file"), bytes(9)).await;
    put.expect(200);
    drop(sender);
}

async fn a_deleted_image_ends_its_upload(server: TestServer) {
    let (path, image) = begun(&server, 3 * MIB).await;
    part(&server, &path, 0, &bytes(MIB + 9)).await.expect(204);
    server.request("alice", "DELETE", &image, ()).await.expect(204);
    refused(part(&server, &path, MIB + 9, &bytes(9)).await, 404, "UPLOAD_NOT_FOUND");
    server.app.uploads.forget(path.rsplit('/').next().unwrap());
    check_nothing_is_left(&server).await;
}

async fn waiting_uploads_expire_and_parts_renew_them(server: TestServer) {
    const HOUR: i64 = 3600;
    let (path, image) = begun(&server, 3 * MIB).await;
    server.step(23 * HOUR).await;
    server.forget();
    let answer = part(&server, &path, 0, &bytes(MIB + 9)).await.expect(204);
    assert_eq!(answer.header("upload-expires"), "Fri, 02 Jan 2026 23:00:00 GMT");
    jobs::end_leases(&server.app).await.unwrap();
    server.step(23 * HOUR).await;
    server.forget();
    jobs::drain(&server.app, "test").await.unwrap();
    assert_eq!(offset(&server, &path).await, MIB + 9);
    server.step(HOUR).await;
    server.forget();
    jobs::drain(&server.app, "test").await.unwrap();
    refused(server.request("alice", "GET", &path, ()).await, 404, "UPLOAD_NOT_FOUND");
    assert_eq!(status(&server, &image).await, "queued");
    check_nothing_is_left(&server).await;
}

async fn another_token_and_a_session_go_on(server: TestServer) {
    let whole = bytes(2 * MIB);
    let (path, image) = begun(&server, whole.len()).await;
    part(&server, &path, 0, &whole[..9]).await.expect(204);
    server.step(3601).await;
    refused(part(&server, &path, 9, &whole[9..]).await, 401, "TOKEN_EXPIRED");
    server.forget();
    part(&server, &path, 9, &whole[9..99]).await.expect(204);
    let body = json!({"username": "alice", "password": "secret-alice"});
    let begun = server.request("nobody", "POST", "/api/v1/session", body).await.expect(201);
    let (cookie, _) = begun.header("set-cookie").split_once(';').unwrap();
    let own = ("origin", "http://cloud.test");
    let headers = [TUS, PART, ("upload-offset", "99"), ("cookie", cookie), own];
    let rest = whole[99..].to_vec();
    server.request_with("nobody", "PATCH", &path, &headers, rest).await.expect(204);
    assert!(read(&server, &image).await == whole);
}

async fn a_list_of_uploads_is_paged(server: TestServer) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        let (path, _) = begun(&server, 12).await;
        ids.insert(0, path.rsplit('/').next().unwrap().to_owned());
        server.step(1).await;
    }
    let mut seen = Vec::new();
    let mut marker = String::new();
    for size in [2, 2, 1] {
        let path = format!("{UPLOADS}?limit=2{marker}");
        let page = server.request("alice", "GET", &path, ()).await.expect(200).json();
        let uploads = page["uploads"].as_array().unwrap();
        assert_eq!(uploads.len(), size);
        seen.extend(uploads.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        marker = page["next"].as_str().map(|next| format!("&marker={next}")).unwrap_or_default();
    }
    assert_eq!((seen, marker.as_str()), (ids, ""));
}
