//! Clients over real sockets: one call, many calls on kept-alive connections, bytes up and down.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

const MIB: usize = 1024 * 1024;

/// A kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, read whole.
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<String> {
        header(&self.head, name).map(str::to_owned)
    }

    pub fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A request as it goes over the wire, its body included.
pub fn request(method: &str, path: &str, token: &str, body: Option<&Value>) -> Vec<u8> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n");
    if !token.is_empty() {
        head.push_str(&format!("x-auth-token: {token}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!(
            "content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        ));
    }
    format!("{head}\r\n{body}").into_bytes()
}

impl Connection {
    pub fn open(port: u16) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection { stream, buffer: vec![0; 64 * 1024] }
    }

    pub fn call(&mut self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        self.send(&request(method, path, token, body));
        self.receive()
    }

    pub fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
    }

    /// The answer to what was sent first.
    pub fn receive(&mut self) -> Answer {
        let (head, mut body) = self.head();
        let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
        let from = body.len();
        body.resize(length, 0);
        self.stream.read_exact(&mut body[from..]).unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        Answer { status, head, body }
    }

    /// The header of an answer, and what has come of its body.
    fn head(&mut self) -> (String, Vec<u8>) {
        let mut filled = 0;
        loop {
            let count = self.stream.read(&mut self.buffer[filled..]).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&self.buffer[..filled]));
            filled += count;
            let end = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                return (head, self.buffer[end + 4..filled].to_vec());
            }
        }
    }
}

/// So many connections, each always with one request under way; answers how many a second.
///
/// One thread serves them in turn, so that the client takes little of the machine.
pub fn hammer(port: u16, request: &[u8], connections: usize, span: Duration) -> f64 {
    let mut open: Vec<Connection> = (0..connections).map(|_| Connection::open(port)).collect();
    for connection in &mut open {
        connection.send(request);
    }
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < span {
        for connection in &mut open {
            let answer = connection.receive();
            assert!((200..300).contains(&answer.status), "{}", answer.text());
            connection.send(request);
        }
        count += connections;
    }
    let took = begun.elapsed().as_secs_f64();
    for connection in &mut open {
        connection.receive();
    }
    count as f64 / took
}

/// Sends a body of repeated MiB; the answer must be a success.
pub fn put(port: u16, path: &str, token: &str, mib: usize, content: &[u8]) -> Answer {
    let mut connection = Connection::open(port);
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: bench\r\nx-auth-token: {token}\r\n\
         content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
        mib * MIB
    );
    connection.send(head.as_bytes());
    for _ in 0..mib {
        connection.send(content);
    }
    let answer = connection.receive();
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    answer
}

/// Reads a body to its end and drops it; answers how many bytes it had.
pub fn get(connection: &mut Connection, path: &str, token: &str, range: Option<(u64, u64)>) -> u64 {
    let range =
        range.map_or_else(String::new, |(from, to)| format!("range: bytes={from}-{to}\r\n"));
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: bench\r\nx-auth-token: {token}\r\n{range}\r\n");
    connection.send(head.as_bytes());
    let (head, body) = connection.head();
    assert!(head.starts_with("HTTP/1.1 20"), "{head}");
    let length: u64 = header(&head, "content-length").unwrap().parse().unwrap();
    let mut target = vec![0; MIB];
    let mut received = body.len() as u64;
    while received < length {
        let most = target.len().min((length - received) as usize);
        let count = connection.stream.read(&mut target[..most]).unwrap();
        assert!(count > 0, "only {received} bytes of {length}");
        received += count as u64;
    }
    length
}

/// Does the same work on so many threads at once; seconds until the last has ended.
pub fn at_once(threads: usize, work: impl Fn(usize) + Sync) -> f64 {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..threads {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
    begun.elapsed().as_secs_f64()
}
