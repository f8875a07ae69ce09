//! Slow peers: 200 that download and 50 that upload a megabyte a second, while others ask for lists.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::figure::{Figures, Goal};
use crate::fill;
use crate::load::{Connection, put, request};
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
    let idle = slowest(server.port, call.clone(), scale.slow).await;
    let (stop, moved) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut peers = Vec::new();
    for _ in 0..DOWNLOADS {
        let head = format!("GET {image} HTTP/1.1\r\nhost: bench\r\nx-auth-token: {token}\r\n\r\n");
        peers.push(tokio::spawn(download(server.port, head, stop.clone(), moved.clone())));
    }
    for _ in 0..UPLOADS {
        let head = format!(
            "PUT {} HTTP/1.1\r\nhost: bench\r\nx-auth-token: {token}\r\n\
             content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            make(),
            IMAGE_MIB * 1024 * 1024
        );
        peers.push(tokio::spawn(upload(server.port, head, stop.clone(), moved.clone())));
    }
    // All are under way before anything is timed.
    let all = (DOWNLOADS + UPLOADS) * STEP_BYTES;
    while (moved.load(Ordering::Relaxed) as usize) < all {
        tokio::time::sleep(STEP).await;
    }
    let (begun, before, cpu) = (Instant::now(), moved.load(Ordering::Relaxed), server.cpu());
    let busy = slowest(server.port, call, scale.slow).await;
    let span = begun.elapsed().as_secs_f64();
    let speed = (moved.load(Ordering::Relaxed) - before) as f64 / span / 1e6;
    let cpu = Some(((server.cpu() - cpu) / span, None, "cores of the server"));
    let (resident, _) = server.memory_mb();
    stop.store(true, Ordering::Relaxed);
    for peer in peers {
        peer.await.unwrap();
    }
    let name = "p99 of GET /v2/images?limit=1, beside idle";
    figures.pair(name, "ms", (busy, idle), Goal::AtMost(3.0), cpu);
    figures.alone("moved by the slow peers meanwhile", "MB/s", speed, Goal::Nothing, None);
    figures.alone("resident with 250 transfers", "MB", resident, Goal::Nothing, None);
}

/// The 99th of a hundred calls, in milliseconds.
async fn slowest(port: u16, call: Vec<u8>, span: Duration) -> f64 {
    let timed = move || {
        let mut connection = Connection::open(port);
        let (begun, mut took) = (Instant::now(), Vec::new());
        while begun.elapsed() < span {
            let at = Instant::now();
            connection.send(&call);
            assert_eq!(connection.receive().status, 200);
            took.push(at.elapsed().as_secs_f64() * 1e3);
            while at.elapsed() < PAUSE {
                std::thread::yield_now();
            }
        }
        took.sort_by(f64::total_cmp);
        took[took.len() * 99 / 100]
    };
    tokio::task::spawn_blocking(timed).await.unwrap()
}

async fn connect(port: u16, head: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // A slow network holds little: the server is not to be done at once.
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn download(port: u16, head: String, stop: Arc<AtomicBool>, moved: Arc<AtomicU64>) {
    let mut stream = connect(port, &head).await;
    let mut target = vec![0; STEP_BYTES];
    let mut ticks = tokio::time::interval(STEP);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        stream.read_exact(&mut target).await.unwrap();
        moved.fetch_add(STEP_BYTES as u64, Ordering::Relaxed);
    }
}

async fn upload(port: u16, head: String, stop: Arc<AtomicBool>, moved: Arc<AtomicU64>) {
    let mut stream = connect(port, &head).await;
    let content = vec![3; STEP_BYTES];
    let mut ticks = tokio::time::interval(STEP);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        stream.write_all(&content).await.unwrap();
        moved.fetch_add(STEP_BYTES as u64, Ordering::Relaxed);
    }
}
