//! The server's own accept loop: HTTP/1.1 on hyper, with or without TLS.
//!
//! It is ours and not axum's for the sake of the connection underneath ([`peer`]), which sends
//! files by `sendfile`, and of its limits.

mod peer;
mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use self::peer::{Link, Peer};
pub use self::tls::{TlsConfig, TlsError};

/// How long accepting rests when the process has no descriptors or memory left. It goes on at once
/// when a connection ends.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at one time; more wait in the kernel's queue. Each costs two descriptors when it
    /// sends or receives a file, and an upload one buffer of 1 MiB.
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
    let room = Arc::new(Semaphore::new(limits.connections));
    let (stopping, stop) = watch::channel(false);
    let acceptor = tls.map(|tls| tls.acceptor());
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => report_panic(ended),
            (tcp, address, place) = accept(&listener, &room) => {
                let service = Connection {
                    router: router.clone(),
                    acceptor: acceptor.clone(),
                    limits,
                    address,
                };
                let stop = stop.clone();
                connections.spawn(async move {
                    service.run(tcp, stop).await;
                    drop(place);
                });
            }
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

/// Waits for room and for the next connection.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so that there always is a permit.
    let place = Arc::clone(room).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((tcp, address)) => return (tcp, address, place),
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
            self.router.clone().oneshot(request.map(Body::new))
        });
        let peer = Peer::new(link, self.limits.write_stall_timeout);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
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
