//! Syslog: events as RFC 5424 messages, over UDP (RFC 5426), TCP (RFC 6587, octet counting) or the
//! datagram socket of this machine.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use lendglass_core::Timestamp;
use lendglass_core::audit::AuditOutcome;
use lendglass_core::text::shortened;
use lendglass_store::audit::KeptEvent;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket, UnixDatagram};

/// How long a receiver may take for a batch; it takes milliseconds, or it is not there.
const PATIENCE: Duration = Duration::from_secs(5);
/// Facility 13, "log audit", with severity 6, "informational".
const PRIORITY_DONE: u8 = 13 * 8 + 6;
/// The same with severity 5, "notice": it did not end well.
const PRIORITY_OTHER: u8 = 13 * 8 + 5;
/// Name of the structured data; 32473 is the number that RFC 5612 gives to whoever has none.
const DATA_ID: &str = "lendglass@32473";
/// Longest value in a message: datagrams must hold all of them.
const VALUE_CHARS: usize = 1024;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `udp://HOST:PORT`. What is lost on the way is lost.
    Udp(String),
    /// `tcp://HOST:PORT`.
    Tcp(String),
    /// `unix:PATH`.
    Unix(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Udp(address) => write!(f, "udp://{address}"),
            Target::Tcp(address) => write!(f, "tcp://{address}"),
            Target::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Target {
    /// Reads a target; `None` for what is none.
    pub fn parse(text: &str) -> Option<Target> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return path.is_absolute().then_some(Target::Unix(path));
        }
        let (scheme, address) = text.split_once("://")?;
        let (host, port) = address.rsplit_once(':')?;
        let is_good = !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
        match scheme {
            "udp" if is_good => Some(Target::Udp(address.to_owned())),
            "tcp" if is_good => Some(Target::Tcp(address.to_owned())),
            _ => None,
        }
    }

    /// Sends events in their order. Over TCP this returns when the receiver has taken all of them:
    /// it closes after us.
    ///
    /// # Errors
    /// The receiver is not there, or does not take them in five seconds; some may have arrived.
    pub async fn send(&self, events: &[KeptEvent]) -> io::Result<()> {
        let host = host_name();
        let messages: Vec<String> = events.iter().map(|event| message(event, &host)).collect();
        tokio::time::timeout(PATIENCE, self.send_all(&messages)).await?
    }

    async fn send_all(&self, messages: &[String]) -> io::Result<()> {
        match self {
            Target::Udp(address) => {
                let peer = tokio::net::lookup_host(address).await?.next();
                let peer = peer.ok_or(io::ErrorKind::NotFound)?;
                let own = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(own).await?;
                socket.connect(peer).await?;
                for message in messages {
                    socket.send(message.as_bytes()).await?;
                }
                Ok(())
            }
            Target::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                for message in messages {
                    socket.send(message.as_bytes()).await?;
                }
                Ok(())
            }
            Target::Tcp(address) => send_tcp(address, messages).await,
        }
    }
}

async fn send_tcp(address: &str, messages: &[String]) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let framed: String = messages.iter().map(|text| format!("{} {text}", text.len())).collect();
    stream.write_all(framed.as_bytes()).await?;
    stream.shutdown().await?;
    // What a receiver says is nobody's business; that it ends the connection in order, and does not
    // break it, says that it has read to our end.
    let mut heard = [0_u8; 512];
    while stream.read(&mut heard).await? > 0 {}
    Ok(())
}

/// This machine's name; RFC 5424 has a dash for who knows none.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

fn message(kept: &KeptEvent, host: &str) -> String {
    let event = &kept.event;
    let outcome = event.result.outcome();
    let priority = match outcome {
        AuditOutcome::Done => PRIORITY_DONE,
        AuditOutcome::Refused | AuditOutcome::Failed => PRIORITY_OTHER,
    };
    let (at, verb) = (time_text(event.at), event.verb.as_str());
    let mut text = format!("<{priority}>1 {at} {host} lendglassd - {verb} [{DATA_ID}");
    let seq = kept.seq.map(|seq| seq.to_string()).unwrap_or_default();
    let side = event.counterpart.as_ref();
    let values = [
        ("seq", seq.as_str()),
        ("id", &kept.id),
        ("region", event.region.as_str()),
        ("user", event.user.as_str()),
        ("project", event.project.as_str()),
        ("account", event.account.as_str()),
        ("counterpart_kind", side.map_or("", |side| side.kind())),
        ("counterpart", side.map_or("", |side| side.id())),
        ("target", &event.target),
        ("result", outcome.as_str()),
        ("code", event.result.code().map_or("", |code| code.as_str())),
        ("detail", &event.detail),
        ("source", &event.source),
        ("request_id", &event.request_id),
    ];
    for (name, value) in values.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }
    text.push(']');
    text
}

/// A value between quotes: RFC 5424 escapes three characters; control characters would end the
/// message for receivers that read lines.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in shortened(value, VALUE_CHARS).chars() {
        match c {
            '"' | '\\' | ']' => text.extend(['\\', c]),
            c if c.is_control() => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
    text
}

fn time_text(at: Timestamp) -> String {
    let form =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1000)
        .ok()
        .and_then(|at| at.format(form).ok())
        .unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        for text in
            ["udp://127.0.0.1:514", "tcp://log.example:6514", "tcp://[::1]:514", "unix:/dev/log"]
        {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        for wrong in
            ["", "udp://", "udp://host", "tcp://:514", "tls://a:1", "unix:log", "udp://a:0"]
        {
            assert_eq!(Target::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn values_cannot_leave_their_quotes() {
        assert_eq!(escaped("a\"] b\\\n<13>1"), "a\\\"\\] b\\\\\u{fffd}<13>1");
        assert_eq!(time_text(Timestamp(1_767_225_600_000_001)), "2026-01-01T00:00:00.000001Z");
    }
}
