//! The real program, killed with SIGKILL at every kind of moment and started again: what was
//! acknowledged is there, byte for byte, and what was not leaves nothing behind for longer than a
//! lease.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/http.rs"]
mod http;
#[expect(dead_code, reason = "it is only killed here")]
#[path = "support/program.rs"]
mod program;

#[path = "../../store/tests/support/postgres.rs"]
mod postgres;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::json;
use tempfile::TempDir;

use crate::http::{Answer, Sent};
use crate::program::Program;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const WORLD: &str = r#"
[[regions]]
id = "r1"
name = "Region One"
[[accounts]]
id = "x"
name = "Acme"
[[projects]]
id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
name = "A"
account = "x"
region = "r1"
[[projects]]
id = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
name = "B"
account = "x"
region = "r1"
[[users]]
id = "alice"
name = "alice"
account = "x"
password = "secret-alice"
roles = [{ project = "A", role = "member" }, { project = "B", role = "member" }]
"#;
/// The shortest lease the program takes.
const LEASE_SECONDS: u32 = 5;
/// Long enough for a lease to end on a busy machine; what is waited for ends the wait.
const PATIENCE: Duration = Duration::from_secs(60);
const MIB: usize = 1 << 20;

/// The program, and what it has acknowledged.
struct Installation {
    program: Program,
    tokens: BTreeMap<&'static str, String>,
    /// What was acknowledged: image → its bytes.
    acknowledged: BTreeMap<String, Vec<u8>>,
    images: usize,
    _folder: TempDir,
}

impl Deref for Installation {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Installation {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

impl Installation {
    fn new(database: Option<String>) -> Installation {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::at(folder.path().join("data"), database, WORLD);
        program.set("LENDGLASS_UPLOAD__LEASE_SECONDS", LEASE_SECONDS);
        program.start();
        let tokens = [A, B].map(|project| (project, program.sign_in("alice", project))).into();
        let (acknowledged, images) = (BTreeMap::new(), 0);
        Installation { program, tokens, acknowledged, images, _folder: folder }
    }

    fn blobs(&self) -> PathBuf {
        self.data.join("blobs")
    }

    fn sent<'a>(&'a self, project: &str, method: &'a str, path: &'a str) -> Sent<'a> {
        Sent { token: Some(&self.tokens[project]), ..Sent::new(method, path) }
    }

    fn ask(&self, project: &str, method: &str, path: &str) -> Answer {
        self.sent(project, method, path).to(self.address).unwrap()
    }

    /// A queued image; its id.
    fn record(&self) -> String {
        let body = r#"{"name": "sys1", "disk_format": "raw", "container_format": "bare"}"#;
        let made = self.sent(A, "POST", "/v2/images").json(body).to(self.address).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// Bytes that no other image has.
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        self.images += 1;
        let seed = self.images;
        (0..length).map(|at| (at / 257 + at + seed * 31) as u8).collect()
    }

    /// Uploads whole and remembers what was acknowledged.
    fn upload(&mut self, length: usize) -> String {
        let id = self.record();
        let bytes = self.bytes(length);
        let path = format!("/v2/images/{id}/file");
        let answer = self.sent(A, "PUT", &path).bytes(&bytes).to(self.address).unwrap();
        assert_eq!(answer.status, 204, "{}", answer.text());
        self.acknowledged.insert(id.clone(), bytes);
        id
    }

    /// Begins an upload of `length` bytes and sends the first `count` of them.
    fn begin(&self, id: &str, length: usize, first: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let head = format!(
            "PUT /v2/images/{id}/file HTTP/1.1\r\nhost: here\r\nx-auth-token: {}\r\n\
             content-type: application/octet-stream\r\ncontent-length: {length}\r\n\r\n",
            self.tokens[A]
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(first).unwrap();
        stream
    }

    fn status(&self, id: &str) -> String {
        let shown = self.ask(A, "GET", &format!("/v2/images/{id}"));
        assert_eq!(shown.status, 200, "{}", shown.text());
        shown.json()["status"].as_str().unwrap().to_owned()
    }

    fn images_in(&self, status: &str) -> usize {
        let list = self.ask(A, "GET", &format!("/v2/images?limit=1000&status={status}"));
        list.json()["images"].as_array().unwrap().len()
    }

    /// After a start: all that was acknowledged is there; soon nothing else is.
    fn check(&self, when: &str) {
        for (id, bytes) in &self.acknowledged {
            let read = self.ask(A, "GET", &format!("/v2/images/{id}/file"));
            assert_eq!(read.status, 200, "{when}: {}", read.text());
            assert!(read.body == *bytes, "{when}: {id} has other bytes");
        }
        wait_until(when, "an upload stays in saving", || self.images_in("saving") == 0);
        wait_until(when, "the folder holds what no row names", || {
            files_below(&self.blobs()) == self.images_in("active")
        });
    }
}

fn wait_until(when: &str, what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{when}: {what}");
        std::thread::yield_now();
    }
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

/// The story, on a database.
fn killed_at_any_moment(database: Option<String>) {
    let mut cloud = Installation::new(database);
    let shared = cloud.upload(3 * MIB + 17);

    // Before the first byte: the row is there, the bytes are not.
    let id = cloud.record();
    let stream = cloud.begin(&id, 8 * MIB, b"");
    wait_until("before the first byte", "it does not begin", || cloud.status(&id) == "saving");
    restart(&mut cloud, "before the first byte");
    assert_eq!(cloud.status(&id), "queued");
    drop(stream);

    // In the middle: a file is half written.
    let before = files_below(&cloud.blobs());
    let stream = cloud.begin(&id, 8 * MIB, &vec![7; 5 * MIB]);
    wait_until("in the middle", "no file", || files_below(&cloud.blobs()) > before);
    restart(&mut cloud, "in the middle");
    assert_eq!(cloud.status(&id), "queued");
    drop(stream);

    // After the last byte, before the answer: it is there whole, or not at all.
    let bytes = cloud.bytes(4 * MIB);
    let stream = cloud.begin(&id, bytes.len(), &bytes);
    restart(&mut cloud, "after the last byte");
    drop(stream);
    match cloud.status(&id).as_str() {
        "active" => {
            cloud.acknowledged.insert(id, bytes);
        }
        status => assert_eq!(status, "queued"),
    }
    cloud.check("after the last byte");

    // Right after the answer.
    cloud.upload(2 * MIB);
    restart(&mut cloud, "after the answer");

    // Right after the answers to a share, to its acceptance, and to a deletion.
    let members = format!("/v2/images/{shared}/members");
    let body = json!({"member": B}).to_string();
    let answer = cloud.sent(A, "POST", &members).json(&body).to(cloud.address).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    restart(&mut cloud, "after a share");
    let member = format!("{members}/{B}");
    let sent = cloud.sent(B, "PUT", &member).json(r#"{"status": "accepted"}"#);
    assert_eq!(sent.to(cloud.address).unwrap().status, 200);
    restart(&mut cloud, "after an acceptance");
    let read = cloud.ask(B, "GET", &format!("/v2/images/{shared}/file"));
    assert!(read.body == cloud.acknowledged[&shared]);
    assert_eq!(cloud.ask(A, "DELETE", &format!("/v2/images/{shared}")).status, 204);
    cloud.acknowledged.remove(&shared);
    restart(&mut cloud, "after a deletion");
    assert_eq!(cloud.ask(B, "GET", &format!("/v2/images/{shared}")).status, 404);
}

/// Begins a part of `length` bytes and sends the first ones.
fn part(cloud: &Installation, id: &str, offset: usize, length: usize, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(cloud.address).unwrap();
    let head = format!(
        "PATCH /api/v1/uploads/{id} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\
         x-auth-token: {}\r\ntus-resumable: 1.0.0\r\nupload-offset: {offset}\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: {length}\r\n\r\n",
        cloud.tokens[A]
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    stream
}

fn offset(cloud: &Installation, id: &str) -> usize {
    let shown = cloud.ask(A, "GET", &format!("/api/v1/uploads/{id}"));
    assert_eq!(shown.status, 200, "{}", shown.text());
    shown.header("upload-offset").unwrap().parse().unwrap()
}

/// XC-03, UXT-06: an upload that is kept goes on where it was, whatever kills the program.
fn xc_03_a_kept_upload_outlives_the_program(database: Option<String>) {
    let mut cloud = Installation::new(database);
    let image = cloud.record();
    let bytes = cloud.bytes(150 * MIB + 77);
    let metadata = base64::engine::general_purpose::STANDARD.encode(&image);
    let mut stream = TcpStream::connect(cloud.address).unwrap();
    let head = format!(
        "POST /api/v1/uploads HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: 0\r\n\
         x-auth-token: {}\r\ntus-resumable: 1.0.0\r\nupload-length: {}\r\n\
         upload-metadata: image {metadata}\r\n\r\n",
        cloud.tokens[A],
        bytes.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let made = Answer::read(stream).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();

    // Right after an answer: all that was acknowledged is there, to the byte.
    let first = 5 * MIB + 333;
    let answer = Answer::read(part(&cloud, &id, 0, first, &bytes[..first])).unwrap();
    assert_eq!((answer.status, answer.header("upload-offset")), (204, Some("5243213")));
    cloud.kill();
    cloud.start();
    assert_eq!((offset(&cloud, &id), cloud.status(&image).as_str()), (first, "saving"));

    // In the middle of a part: what was noted of it is there.
    let stream = part(&cloud, &id, first, bytes.len() - first, &bytes[first..120 * MIB]);
    wait_until("in the middle of a part", "nothing is noted", || offset(&cloud, &id) > first);
    cloud.kill();
    drop(stream);
    cloud.start();
    let noted = offset(&cloud, &id);
    assert!((64 * MIB..=120 * MIB).contains(&noted), "{noted}");

    // A line that breaks leaves all that has arrived.
    let stream = part(&cloud, &id, noted, bytes.len() - noted, &bytes[noted..noted + 3 * MIB + 5]);
    drop(stream);
    wait_until("after a broken line", "nothing is kept of it", || offset(&cloud, &id) > noted);
    let kept = offset(&cloud, &id);
    assert!(kept <= noted + 3 * MIB + 5);
    let answer = Answer::read(part(&cloud, &id, kept, bytes.len() - kept, &bytes[kept..])).unwrap();
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(answer.header("upload-offset"), Some(bytes.len().to_string().as_str()));
    cloud.acknowledged.insert(image, bytes);
    restart(&mut cloud, "after the last part");
}

/// Uploads one after the other until the program is killed under them.
fn killed_under_a_stream_of_uploads(database: Option<String>) {
    let mut cloud = Installation::new(database);
    for wanted in [1, 4, 9] {
        let (address, token) = (cloud.address, cloud.tokens[A].clone());
        let (done, acknowledged) = std::sync::mpsc::channel();
        let uploading = std::thread::spawn(move || {
            for round in 0_usize.. {
                let body = r#"{"disk_format": "raw", "container_format": "bare"}"#;
                let sent = Sent { token: Some(&token), ..Sent::new("POST", "/v2/images") };
                let Ok(made) = sent.json(body).to(address) else { return };
                let id = made.json()["id"].as_str().unwrap().to_owned();
                let bytes: Vec<u8> =
                    (0..MIB + round).map(|at| (at + wanted * 41 + round * 7) as u8).collect();
                let path = format!("/v2/images/{id}/file");
                let sent = Sent { token: Some(&token), ..Sent::new("PUT", &path) };
                let Ok(answer) = sent.bytes(&bytes).to(address) else { return };
                assert_eq!(answer.status, 204, "{}", answer.text());
                done.send((id, bytes)).unwrap();
            }
        });
        for _ in 0..wanted {
            cloud.acknowledged.extend([acknowledged.recv().unwrap()]);
        }
        cloud.kill();
        uploading.join().unwrap();
        cloud.acknowledged.extend(acknowledged.try_iter());
        cloud.start();
        // The last one may have become active without an answer; the rest of the check holds.
        cloud.check("under uploads");
    }
}

fn restart(cloud: &mut Installation, when: &str) {
    cloud.kill();
    cloud.start();
    cloud.check(when);
}

#[test]
fn sqlite_killed_at_any_moment() {
    killed_at_any_moment(None);
}

#[test]
fn postgres_killed_at_any_moment() {
    killed_at_any_moment(Some(postgres::url()));
}

#[test]
fn sqlite_killed_under_a_stream_of_uploads() {
    killed_under_a_stream_of_uploads(None);
}

#[test]
fn postgres_killed_under_a_stream_of_uploads() {
    killed_under_a_stream_of_uploads(Some(postgres::url()));
}

#[test]
fn sqlite_a_kept_upload_outlives_the_program() {
    xc_03_a_kept_upload_outlives_the_program(None);
}

#[test]
fn postgres_a_kept_upload_outlives_the_program() {
    xc_03_a_kept_upload_outlives_the_program(Some(postgres::url()));
}
