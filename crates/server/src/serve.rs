//! The server's own accept loop: HTTP/1.1 on hyper, with or without TLS.
//!
//! It is ours and not axum's for the sake of the connection underneath ([`peer`]), which sends
//! files by `sendfile`, and of its limits.

mod arriving;
mod peer;
mod room;
mod tls;

use std::{future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use lendglass_core::limits::{HEAD_BYTES, HEAD_FIELDS};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use self::arriving::Arriving;
use self::peer::{Link, Peer};
use self::room::{Room, Seat};
pub use self::tls::{TlsConfig, TlsError};

/// How long accepting rests when the process has no descriptors or memory left. It goes on at once
/// when a connection ends.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at one time; for one more another one that rests is closed, and where none does it
    /// waits. Each costs two descriptors when it sends or receives a file, and an upload one buffer
    /// of 1 MiB.
    pub connections: usize,
    /// From the opening of a connection to the end of its TLS handshake, from there or the last
    /// answer to the end of the next request's header: so also how long a connection may be idle.
    pub header_read_timeout: Duration,
    /// How long a peer may take nothing of an answer before the connection is given up. Reading of
    /// bodies is for the handlers to limit.
    pub write_stall_timeout: Duration,
    /// After the wish to stop: how long requests under way have to end.
    pub grace: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            // Clients keep connections between the calls of one command; no header takes as long.
            header_read_timeout: Duration::from_secs(60),
            write_stall_timeout: Duration::from_secs(120),
            // Service managers kill after 90 seconds; API calls take far less than this.
            grace: Duration::from_secs(30),
        }
    }
}

/// Serves `router` on `listener` until `shutdown` is ready, then lets requests under way end for
/// at most `limits.grace` and cuts off the rest.
///
/// Handlers find the peer's address as `ConnectInfo<SocketAddr>`. Failures to accept are survived.
/// Returns the number of connections that were cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsConfig>,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) -> usize {
    let room = Room::new(limits.connections);
    let (stopping, stop) = watch::channel(false);
    let acceptor = tls.map(|tls| tls.acceptor());
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    // The peer of a connection that waits for its place.
    let mut waiting: Option<(TcpStream, SocketAddr)> = None;
    loop {
        let place = async {
            match &waiting {
                Some((_, address)) => room.take(*address).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => report_panic(ended),
            place = place => {
                let Some((tcp, address)) = waiting.take() else { continue };
                let service = Connection {
                    router: router.clone(),
                    acceptor: acceptor.clone(),
                    limits,
                    address,
                    seat: Arc::clone(&place.seat),
                };
                let stop = stop.clone();
                connections.spawn(async move {
                    tokio::select! {
                        () = service.run(tcp, stop) => {}
                        () = place.seat.dismissed() => {}
                    }
                    drop(place);
                });
            }
            accepted = accept(&listener), if waiting.is_none() => waiting = Some(accepted),
        }
    }
    drop(listener);
    // Without receivers there is nobody to tell.
    stopping.send(true).ok();
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report_panic(ended);
        }
    };
    let is_overdue = timeout(limits.grace, all_ended).await.is_err();
    let cut_off = if is_overdue { connections.len() } else { 0 };
    connections.shutdown().await;
    cut_off
}

/// Waits for the next connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections for now");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether an error of `accept` is about a connection that broke while it waited (accept(2) lists
/// them) and not about us.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::ECONNRESET
                | libc::EINTR
                | libc::EPERM
                | libc::EPROTO
                | libc::ENETDOWN
                | libc::ENOPROTOOPT
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EHOSTUNREACH
                | libc::EOPNOTSUPP
                | libc::ENETUNREACH
        )
    )
}

fn report_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended by a panic");
    }
}

/// What one connection needs.
struct Connection {
    router: Router,
    acceptor: Option<TlsAcceptor>,
    limits: ServeLimits,
    address: SocketAddr,
    seat: Arc<Seat>,
}

impl Connection {
    async fn run(self, tcp: TcpStream, stop: watch::Receiver<bool>) {
        let served = async {
            let link = self.link(tcp).await?;
            self.serve(link, stop).await
        };
        // Peers go away at any time: that is no event of ours.
        if let Err(error) = served.await {
            tracing::debug!(%error, peer = %self.address, "a connection ended early");
        }
    }

    async fn link(&self, tcp: TcpStream) -> io::Result<Link> {
        // Answers are written whole; waiting for more only delays them.
        tcp.set_nodelay(true)?;
        let Some(acceptor) = &self.acceptor else { return Ok(Link::Plain(tcp)) };
        let stream = timeout(self.limits.header_read_timeout, acceptor.accept(tcp)).await??;
        Ok(Link::Tls(Box::new(stream)))
    }

    async fn serve(&self, link: Link, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(self.address));
            let arriving = |body| Body::new(Arriving::new(body, Arc::clone(&self.seat)));
            let answer = self.router.clone().oneshot(request.map(arriving));
            async {
                let answer = answer.await;
                self.seat.rest();
                answer
            }
        });
        let peer = Peer::new(link, self.limits.write_stall_timeout, Arc::clone(&self.seat));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_FIELDS)
            .header_read_timeout(self.limits.header_read_timeout)
            .serve_connection(TokioIo::new(peer), service);
        tokio::pin!(connection);
        tokio::select! {
            ended = &mut connection => return ended.map_err(io::Error::other),
            _ = stop.wait_for(|is_stopping| *is_stopping) => {}
        }
        connection.as_mut().graceful_shutdown();
        connection.await.map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_shortages_pause_accepting() {
        let of = |code| concerns_one_connection(&io::Error::from_raw_os_error(code));
        assert!(of(libc::ECONNABORTED));
        assert!(!of(libc::EMFILE));
        assert!(!of(libc::ENFILE));
        assert!(!of(libc::ENOBUFS));
    }
}
