//! Slow peers: 200 that download and 50 that upload a megabyte a second, while others ask for lists.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval_at, sleep};

use crate::figure::{Figures, Goal};
use crate::fill;
use crate::load::{put, request};
use crate::process::Lendglassd;
use crate::scale::Scale;

const DOWNLOADS: usize = 200;
const UPLOADS: usize = 50;
/// A megabyte a second, in steps.
const STEP: Duration = Duration::from_millis(100);
const STEP_BYTES: usize = 100_000;
/// What the peers read; long enough never to end.
const IMAGE_MIB: usize = 256;
/// Between two calls whose time counts.
const PAUSE: Duration = Duration::from_millis(2);

/// The word that makes this program the slow peers.
pub const PEERS: &str = "--slow-peers";

/// The slowest of a hundred calls, with the peers and without.
pub async fn run(figures: &mut Figures, scale: &Scale, folder: &Path) {
    figures.part("200 slow downloads and 50 slow uploads");
    let world = folder.join("peers.toml");
    fs::write(&world, fill::world()).unwrap();
    let server = Lendglassd::start(&folder.join("peers"), None, Some(&world));
    let token = server.token("Acme", "alice", "a");
    let make = || {
        let body = json!({"name": "slow", "disk_format": "raw", "container_format": "bare"});
        let made = server.json("POST", "/v2/images", &token, Some(&body));
        format!("/v2/images/{}/file", made["id"].as_str().unwrap())
    };
    let image = make();
    put(server.port, &image, &token, IMAGE_MIB, &vec![7; 1024 * 1024]);
    let call = request("GET", "/v2/images?limit=1", &token, None);
    let idle = slowest(server.port, &call, scale.slow).await;
    let uploads: Vec<String> = (0..UPLOADS).map(|_| make()).collect();
    let peers = Peers::start(server.port, &token, &image, &uploads);
    // All are under way before anything is timed.
    let all = (DOWNLOADS + UPLOADS) * STEP_BYTES;
    while (peers.moved() as usize) < all {
        sleep(STEP).await;
    }
    let (begun, before, cpu) = (Instant::now(), peers.moved(), server.cpu());
    let busy = slowest(server.port, &call, scale.slow).await;
    let span = begun.elapsed().as_secs_f64();
    let speed = (peers.moved() - before) as f64 / span / 1e6;
    let cpu = Some(((server.cpu() - cpu) / span, None, "cores of the server"));
    let (resident, _) = server.memory_mb();
    drop(peers);
    let name = "p99 of GET /v2/images?limit=1, beside idle";
    figures.pair(name, "ms", (busy, idle), Goal::AtMost(3.0), cpu);
    figures.alone("moved by the slow peers meanwhile", "MB/s", speed, Goal::Nothing, None);
    figures.alone("resident with 250 transfers", "MB", resident, Goal::Nothing, None);
}

/// The 99th of a hundred calls, in milliseconds. Who calls sleeps in between: a caller that waits by
/// spinning takes one of the server's cores.
async fn slowest(port: u16, call: &[u8], span: Duration) -> f64 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (begun, mut took, mut answer) = (Instant::now(), Vec::new(), vec![0; 64 * 1024]);
    while begun.elapsed() < span {
        sleep(PAUSE).await;
        let at = Instant::now();
        stream.write_all(call).await.unwrap();
        read_answer(&mut stream, &mut answer).await;
        took.push(at.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    took[took.len() * 99 / 100]
}

/// Reads an answer whole, which must be a success and fit.
async fn read_answer(stream: &mut TcpStream, target: &mut [u8]) {
    let mut filled = 0;
    loop {
        let count = stream.read(&mut target[filled..]).await.unwrap();
        assert!(count > 0, "the server hung up");
        filled += count;
        let text = std::str::from_utf8(&target[..filled]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "{text}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            return;
        }
    }
}

/// The slow peers: a process of its own that has a core only when nobody else wants it, as the
/// processors of peers behind a network are not the server's.
struct Peers {
    child: Child,
    moved: Arc<AtomicU64>,
}

impl Peers {
    fn start(port: u16, token: &str, download: &str, uploads: &[String]) -> Peers {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(std::env::current_exe().unwrap());
        command.arg(PEERS).arg(port.to_string()).args([token, download]).args(uploads);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(child.stdout.take().unwrap());
        let moved = Arc::new(AtomicU64::new(0));
        let heard = moved.clone();
        std::thread::spawn(move || {
            for line in told.lines().map_while(Result::ok) {
                heard.store(line.parse().unwrap(), Ordering::Relaxed);
            }
        });
        Peers { child, moved }
    }

    /// Bytes so far.
    fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What the process of the peers does until it is killed; it says all the time how many bytes it has
/// moved. `words`: a port, a token, a path to read, paths to write.
pub async fn be(words: &[String]) {
    let [port, token, download, uploads @ ..] = words else { unreachable!("as Peers::start") };
    let port: u16 = port.parse().unwrap();
    let moved = Arc::new(AtomicU64::new(0));
    let mut number = 0;
    // Peers of a network do not act in step: each begins at a moment of its own.
    let mut delay = || {
        number += 1;
        STEP * number / (DOWNLOADS + UPLOADS) as u32
    };
    for _ in 0..DOWNLOADS {
        let head =
            format!("GET {download} HTTP/1.1\r\nhost: bench\r\nx-auth-token: {token}\r\n\r\n");
        tokio::spawn(be_download(port, head, delay(), moved.clone()));
    }
    for path in uploads {
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: bench\r\nx-auth-token: {token}\r\n\
             content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            IMAGE_MIB * 1024 * 1024
        );
        tokio::spawn(be_upload(port, head, delay(), moved.clone()));
    }
    loop {
        sleep(STEP).await;
        println!("{}", moved.load(Ordering::Relaxed));
    }
}

async fn connect(port: u16, head: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // A slow network holds little: the server is not to be done at once.
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn be_download(port: u16, head: String, delay: Duration, moved: Arc<AtomicU64>) {
    let mut stream = connect(port, &head).await;
    let mut target = vec![0; STEP_BYTES];
    let mut ticks = interval_at(tokio::time::Instant::now() + delay, STEP);
    loop {
        ticks.tick().await;
        stream.read_exact(&mut target).await.unwrap();
        moved.fetch_add(STEP_BYTES as u64, Ordering::Relaxed);
    }
}

async fn be_upload(port: u16, head: String, delay: Duration, moved: Arc<AtomicU64>) {
    let mut stream = connect(port, &head).await;
    let content = vec![3; STEP_BYTES];
    let mut ticks = interval_at(tokio::time::Instant::now() + delay, STEP);
    loop {
        ticks.tick().await;
        stream.write_all(&content).await.unwrap();
        moved.fetch_add(STEP_BYTES as u64, Ordering::Relaxed);
    }
}
