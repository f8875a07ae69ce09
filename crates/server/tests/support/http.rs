//! A client of HTTP/1.1 that does as little as one can do: what breaks off is seen as it is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than the server lets anybody wait.
const ANSWER_WAIT: Duration = Duration::from_secs(60);

/// A request on a connection of its own.
pub struct Sent<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub token: Option<&'a str>,
    pub media_type: &'a str,
    pub body: &'a [u8],
}

impl<'a> Sent<'a> {
    pub fn new(method: &'a str, path: &'a str) -> Sent<'a> {
        Sent { method, path, token: None, media_type: "application/json", body: b"" }
    }

    pub fn json(self, body: &'a str) -> Sent<'a> {
        Sent { body: body.as_bytes(), ..self }
    }

    pub fn bytes(self, body: &'a [u8]) -> Sent<'a> {
        Sent { media_type: "application/octet-stream", body, ..self }
    }

    pub fn to(&self, address: SocketAddr) -> io::Result<Answer> {
        Answer::read(self.begin(address)?)
    }

    /// Sends the request, whose answer is still to be read.
    pub fn begin(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(ANSWER_WAIT))?;
        stream.set_write_timeout(Some(ANSWER_WAIT))?;
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.method,
            self.path,
            self.body.len()
        );
        if !self.body.is_empty() {
            head += &format!("content-type: {}\r\n", self.media_type);
        }
        if let Some(token) = self.token {
            head += &format!("x-auth-token: {token}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        stream.write_all(self.body)?;
        Ok(stream)
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer whole; one that ends early is an error.
    pub fn read(stream: TcpStream) -> io::Result<Answer> {
        Answer::next(&mut BufReader::new(stream))
    }

    /// The next answer of a connection, whose length is announced.
    pub fn next(stream: &mut impl BufRead) -> io::Result<Answer> {
        let mut line = || -> io::Result<String> {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(line.trim_end().to_owned())
        };
        let first = line()?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length: usize = answer.header("content-length").map_or(0, |text| text.parse().unwrap());
        answer.body.resize(length, 0);
        stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
