//! The bare receiver: takes the bytes of an upload over TCP, computes the digests that Glance computes
//! on two threads, and writes them with `fdatasync`. No rules, no database, nothing else.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use openssl::hash::{Hasher, MessageDigest};

const MIB: usize = 1024 * 1024;
/// Buffers on their way to each of the threads.
const AHEAD: usize = 4;

/// Serves until the process is killed.
pub fn run(folder: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    static NEXT: AtomicU64 = AtomicU64::new(0);
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        let path = folder.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
        thread::spawn(move || receive(stream, path));
    }
}

fn receive(mut stream: TcpStream, path: PathBuf) {
    let (length, first) = head(&mut stream);
    let (to_md5, md5) = sync_channel(AHEAD);
    let (to_sha, sha) = sync_channel(AHEAD);
    let (to_disk, disk) = sync_channel::<Arc<Vec<u8>>>(AHEAD);
    let threads = [
        thread::spawn(move || digest(MessageDigest::md5(), &md5)),
        thread::spawn(move || digest(MessageDigest::sha512(), &sha)),
        thread::spawn({
            let path = path.clone();
            move || write(&path, &disk)
        }),
    ];
    let (mut left, mut begin) = (length - first.len(), first);
    loop {
        let mut buffer = std::mem::take(&mut begin);
        let from = buffer.len();
        buffer.resize(MIB.min(from + left), 0);
        stream.read_exact(&mut buffer[from..]).unwrap();
        left -= buffer.len() - from;
        let buffer = Arc::new(buffer);
        for channel in [&to_md5, &to_sha, &to_disk] {
            channel.send(buffer.clone()).unwrap();
        }
        if left == 0 {
            break;
        }
    }
    drop((to_md5, to_sha, to_disk));
    for thread in threads {
        thread.join().unwrap();
    }
    std::fs::remove_file(path).unwrap();
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
}

/// The length that a request announces, and what came of its body with the header.
fn head(stream: &mut TcpStream) -> (usize, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            return (length.parse().unwrap(), bytes.split_off(end + 4));
        }
    }
}

fn digest(algorithm: MessageDigest, buffers: &Receiver<Arc<Vec<u8>>>) {
    let mut hasher = Hasher::new(algorithm).unwrap();
    for buffer in buffers {
        hasher.update(&buffer).unwrap();
    }
    hasher.finish().unwrap();
}

fn write(path: &Path, buffers: &Receiver<Arc<Vec<u8>>>) {
    let file = File::create(path).unwrap();
    let mut offset = 0;
    for buffer in buffers {
        file.write_all_at(&buffer, offset).unwrap();
        offset += buffer.len() as u64;
    }
    file.sync_data().unwrap();
}

/// The two digests alone, of so many MiB, each on a thread of its own: on two threads of one core each
/// is slower than alone.
pub fn digests_alone(mib: usize, content: &[u8]) {
    let one = |algorithm| {
        let mut hasher = Hasher::new(algorithm).unwrap();
        for _ in 0..mib {
            hasher.update(content).unwrap();
        }
        hasher.finish().unwrap();
    };
    thread::scope(|scope| {
        scope.spawn(|| one(MessageDigest::md5()));
        one(MessageDigest::sha512());
    });
}
