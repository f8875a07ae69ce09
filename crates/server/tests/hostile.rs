//! Peers that mean harm, or are broken, against the real program: its memory and time stay bounded,
//! and the others are served meanwhile.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/http.rs"]
mod http;
#[expect(dead_code, reason = "it is neither stopped nor killed here")]
#[path = "support/program.rs"]
mod program;

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use lendglass_core::limits::{HEAD_BYTES, HEAD_FIELDS, JSON_BODY_BYTES};
use socket2::Socket;
use tempfile::TempDir;

use crate::http::{Answer, Sent};
use crate::program::Program;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

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
[[users]]
id = "alice"
name = "alice"
account = "x"
password = "secret-alice"
roles = [{ project = "A", role = "member" }]
"#;
/// Places for connections of the program under attack.
const PLACES: usize = 16;
/// More than any answer takes here; less than the time-outs of the program.
const PATIENCE: Duration = Duration::from_secs(25);
/// What an attack may cost the program in memory, KiB. Without bounds each of them costs hundreds.
const ROOM_KIB: u64 = 48 * 1024;

/// The program under attack.
struct Target {
    program: Program,
    token: String,
    _folder: TempDir,
}

impl Target {
    fn start() -> Target {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::at(folder.path().join("data"), None, WORLD);
        program.set("LENDGLASS_LIMITS__CONNECTIONS", PLACES);
        program.start();
        let token = program.sign_in("alice", A);
        Target { program, token, _folder: folder }
    }

    fn connect(&self) -> Peer {
        let stream = TcpStream::connect(self.program.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Peer { stream: BufReader::new(stream) }
    }

    fn head(&self, method: &str, path: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: here\r\nx-auth-token: {}\r\n", self.token)
    }

    /// A request of somebody who means well, on a connection of its own.
    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let sent = Sent { token: Some(&self.token), ..Sent::new(method, path) };
        sent.json(body).to(self.program.address).unwrap()
    }

    fn check_serving(&self) {
        let answer = self.ask("GET", "/v2/images?limit=1", "");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// A queued image; its id.
    fn record(&self) -> String {
        let body = r#"{"name": "sys1", "disk_format": "raw", "container_format": "bare"}"#;
        let made = self.ask("POST", "/v2/images", body);
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    fn upload_head(&self, id: &str, framing: &str) -> String {
        let head = self.head("PUT", &format!("/v2/images/{id}/file"));
        format!("{head}content-type: application/octet-stream\r\n{framing}\r\n\r\n")
    }

    fn upload(&self, bytes: &[u8]) -> String {
        let id = self.record();
        let path = format!("/v2/images/{id}/file");
        let sent = Sent { token: Some(&self.token), ..Sent::new("PUT", &path) };
        assert_eq!(sent.bytes(bytes).to(self.program.address).unwrap().status, 204);
        id
    }

    /// The most memory that the program has had, KiB.
    fn peak_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.program.pid());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Runs an attack; afterwards the program serves on and has not grown beyond bounds.
    #[track_caller]
    fn survive(&self, attack: impl FnOnce(&Target)) {
        self.check_serving();
        let before = self.peak_kib();
        attack(self);
        self.check_serving();
        let grown = self.peak_kib() - before;
        assert!(grown < ROOM_KIB, "it took {grown} KiB more");
    }
}

/// A connection.
struct Peer {
    stream: BufReader<TcpStream>,
}

impl Peer {
    fn send(&mut self, text: &str) -> io::Result<()> {
        self.write(text.as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn answer(&mut self) -> io::Result<Answer> {
        Answer::next(&mut self.stream)
    }

    /// Whether the server has ended the connection, after whatever it still sent.
    fn is_closed(&mut self) -> bool {
        match io::copy(&mut self.stream, &mut io::sink()) {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// Ends the connection by a reset, as a crashing machine or a firewall does.
    fn reset(self) {
        let stream = Socket::from(self.stream.into_inner());
        stream.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

#[test]
fn heads_that_never_end_keep_nobody_out() {
    Target::start().survive(|target| {
        let begun = "GET /v2/images HTTP/1.1\r\nhost: here\r\nx-a";
        let slow: Vec<Peer> = (0..8 * PLACES)
            .map(|_| {
                let mut peer = target.connect();
                peer.send(begun).unwrap();
                peer
            })
            .collect();
        target.check_serving();
        drop(slow);
    });
}

#[test]
fn bodies_that_never_come_keep_nobody_out() {
    Target::start().survive(|target| {
        let head = "POST /v3/auth/tokens HTTP/1.1\r\nhost: here\r\n\
                    content-type: application/json\r\ncontent-length: 900000\r\n\r\n{\"auth\":";
        let slow: Vec<Peer> = (0..4 * PLACES)
            .map(|_| {
                let mut peer = target.connect();
                peer.send(head).unwrap();
                peer
            })
            .collect();
        target.check_serving();
        drop(slow);
    });
}

#[test]
fn heads_are_bounded_in_size_and_fields() {
    Target::start().survive(|target| {
        for _ in 0..PLACES {
            let mut peer = target.connect();
            peer.send("GET /v2/images HTTP/1.1\r\nhost: here\r\nx-endless: ").unwrap();
            let flood = vec![b'a'; 64 * 1024];
            // The peer that goes on for ever is cut off in the middle.
            assert!((0..10_000).any(|_| peer.write(&flood).is_err()));
        }
        // What is too large may be cut off before the refusal has been read.
        let of_size = |bytes: usize| {
            let mut peer = target.connect();
            let (field, close) = ("a".repeat(bytes), "connection: close\r\n\r\n");
            let head = "GET /healthz HTTP/1.1\r\nhost: here\r\nx-a: ";
            let sent = peer.send(&format!("{head}{field}\r\n{close}"));
            sent.and_then(|()| peer.answer()).map_or(431, |answer| answer.status)
        };
        assert_eq!((of_size(HEAD_BYTES / 2), of_size(4 * HEAD_BYTES)), (200, 431));
        let of_fields = |count: usize| {
            let mut head = "GET /healthz HTTP/1.1\r\nhost: here\r\n".to_owned();
            for n in 1..count {
                write!(head, "x-{n}: a\r\n").unwrap();
            }
            let mut peer = target.connect();
            peer.send(&format!("{head}\r\n")).unwrap();
            peer.answer().unwrap().status
        };
        assert_eq!((of_fields(HEAD_FIELDS), of_fields(HEAD_FIELDS + 1)), (200, 431));
    });
}

#[test]
fn endless_bodies_are_cut_off() {
    Target::start().survive(|target| {
        let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
        for path in ["/v3/auth/tokens", "/v2/images", "/api/v1/shares", "/v2/cloudimages/action"] {
            let mut peer = target.connect();
            let head = target.head("POST", path);
            let kind = "content-type: application/json\r\ntransfer-encoding: chunked";
            peer.send(&format!("{head}{kind}\r\n\r\n")).unwrap();
            let most = 64 * JSON_BODY_BYTES / chunk.len();
            assert!((0..most).any(|_| peer.send(&chunk).is_err()), "{path} takes it all");
        }
    });
}

#[test]
fn a_million_small_chunks_are_only_bytes() {
    Target::start().survive(|target| {
        let id = target.record();
        let mut peer = target.connect();
        peer.send(&target.upload_head(&id, "transfer-encoding: chunked")).unwrap();
        let chunks = "1\r\nx\r\n".repeat(10_000);
        for _ in 0..100 {
            peer.send(&chunks).unwrap();
        }
        peer.send("0\r\n\r\n").unwrap();
        assert_eq!(peer.answer().unwrap().status, 204);
        let read = target.ask("GET", &format!("/v2/images/{id}/file"), "");
        assert!(read.body.len() == 1_000_000 && read.body.iter().all(|byte| *byte == b'x'));
    });
}

#[test]
fn requests_sent_ahead_are_answered_in_order_when_they_are_read() {
    const AHEAD: usize = 5_000;
    Target::start().survive(|target| {
        let mut peer = target.connect();
        let mut sender =
            Peer { stream: BufReader::new(peer.stream.get_ref().try_clone().unwrap()) };
        let request = format!("{}\r\n", target.head("GET", "/v2/images?limit=1"));
        let last = format!("{}\r\n", target.head("GET", "/v2/nowhere"));
        let sending = std::thread::spawn(move || {
            for _ in 0..AHEAD {
                sender.send(&request).unwrap();
            }
            sender.send(&last).unwrap();
        });
        target.check_serving();
        for _ in 0..AHEAD {
            assert_eq!(peer.answer().unwrap().status, 200);
        }
        assert_eq!(peer.answer().unwrap().status, 404);
        sending.join().unwrap();
    });
}

#[test]
fn resets_in_the_middle_leave_nothing() {
    Target::start().survive(|target| {
        let stored = target.upload(&vec![7; 4 << 20]);
        let begun = target.record();
        for _ in 0..2 * PLACES {
            let mut peer = target.connect();
            peer.send(&target.upload_head(&begun, "content-length: 8388608")).unwrap();
            // It may have been told already that another one is uploading.
            let _ = peer.write(&[1; 300_000]);
            peer.reset();
            let mut peer = target.connect();
            let head = target.head("GET", &format!("/v2/images/{stored}/file"));
            peer.send(&format!("{head}\r\n")).unwrap();
            peer.line().unwrap();
            peer.reset();
        }
        let status = || {
            let shown = target.ask("GET", &format!("/v2/images/{begun}"), "");
            shown.json()["status"].clone()
        };
        while status() != "queued" {
            std::thread::yield_now();
        }
        let mut folders = vec![target.program.data.join("blobs")];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.path().is_dir() {
                    true => folders.push(entry.path()),
                    false => files += 1,
                }
            }
        }
        assert_eq!(files, 1, "one image has bytes");
    });
}

#[test]
fn http_1_0_is_spoken() {
    Target::start().survive(|target| {
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n / 251) as u8).collect();
        let id = target.upload(&bytes);
        for path in ["/healthz".to_owned(), format!("/v2/images/{id}/file")] {
            let mut peer = target.connect();
            let token = &target.token;
            peer.send(&format!("GET {path} HTTP/1.0\r\nx-auth-token: {token}\r\n\r\n")).unwrap();
            let answer = peer.answer().unwrap();
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("transfer-encoding"), None, "{path}");
            assert!(peer.is_closed(), "{path} leaves the connection open");
            assert!(path == "/healthz" || answer.body == bytes);
        }
    });
}

#[test]
fn absurd_ranges_cost_nothing() {
    Target::start().survive(|target| {
        let id = target.upload(&[3; 1000]);
        let many = format!("bytes={}", "0-,".repeat(10_000));
        let huge = format!("bytes=0-{}", "9".repeat(1_000));
        let cases: [(&str, u16); 9] = [
            (&many, 400),
            (&huge, 206),
            ("bytes=18446744073709551616-", 416),
            ("bytes=-18446744073709551616", 206),
            ("bytes=5-4", 416),
            ("bytes=--1", 416),
            ("bytes=1000-", 416),
            ("bytes=", 416),
            ("lines=1-2", 416),
        ];
        for (range, status) in cases {
            let mut peer = target.connect();
            let head = target.head("GET", &format!("/v2/images/{id}/file"));
            peer.send(&format!("{head}range: {range}\r\n\r\n")).unwrap();
            let answer = peer.answer().unwrap();
            let shown: String = range.chars().take(40).collect();
            assert_eq!(answer.status, status, "{shown}");
            assert!(answer.body.len() <= 1000, "{shown}");
        }
    });
}

#[test]
fn what_is_no_http_is_refused() {
    Target::start().survive(|target| {
        let chunked = "transfer-encoding: chunked";
        let cases = [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n".to_owned(),
            "GET /v2/images\r\n\r\n".to_owned(),
            "GET /v2/ima ges HTTP/1.1\r\nhost: here\r\n\r\n".to_owned(),
            "GET /v2/images HTTP/1.1\r\nho\0st: here\r\n\r\n".to_owned(),
            "POST /v2/images HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"
                .to_owned(),
            "POST /v2/images HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_owned(),
            format!(
                "POST /v3/auth/tokens HTTP/1.1\r\n{chunked}\r\n\r\nfffffffffffffffff\r\n{{}}\r\n"
            ),
            format!("POST /v3/auth/tokens HTTP/1.1\r\n{chunked}\r\n\r\nnumber\r\n{{}}\r\n"),
        ];
        for case in cases {
            let mut peer = target.connect();
            peer.send(&case).unwrap();
            let status = peer.answer().map(|answer| answer.status);
            assert!(
                status.as_ref().is_err() || matches!(status, Ok(400..=499)),
                "{case}: {status:?}"
            );
            assert!(peer.is_closed(), "{case}: the connection goes on");
        }
    });
}
