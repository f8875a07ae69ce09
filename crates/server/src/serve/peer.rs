//! One connection's bytes.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    os::fd::AsFd,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
    task::{JoinHandle, spawn_blocking},
    time::{Sleep, sleep},
};
use tokio_rustls::server::TlsStream;

use super::room::Seat;
use crate::sendfile::{Piece, WARM_BYTES, WINDOW_BYTES, is_cold};

/// After this much a connection lets the others of its worker thread have a turn: some 2 ms.
const TURN_BYTES: usize = 4 * 1024 * 1024;
/// What a TLS connection takes of a file at a time; rustls encrypts 16 KiB records.
const COPY_BYTES: usize = 64 * 1024;
/// Parts of one file being read at a time: a disk is fastest with some requests to choose from.
const PARTS_WARMING: usize = 3;
/// After so many reads that left the page cache without the bytes, the file system is one that
/// keeps none, or memory is so short that waiting for the disk is the smaller evil. More than the
/// parts that may be under way for later bytes.
const FRUITLESS_WARMINGS: usize = PARTS_WARMING + 2;

/// The two kinds of connection.
pub(super) enum Link {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that sends mapped files by `sendfile`, waits for no disk and gives up a peer that
/// takes nothing for too long.
pub(super) struct Peer {
    link: Link,
    stall: Stall,
    seat: Arc<Seat>,
    /// Whether the kernel holds back what fills no packet.
    is_corked: bool,
    /// Bytes of files sent since others had a turn.
    turn_bytes: usize,
    /// Parts of a file being read, in order.
    warming: VecDeque<JoinHandle<io::Result<()>>>,
    /// Where the next part to be read ahead begins.
    ahead: u64,
    fruitless_warmings: usize,
    copy: Vec<u8>,
}

impl Peer {
    pub fn new(link: Link, stall_limit: Duration, seat: Arc<Seat>) -> Self {
        Self {
            link,
            stall: Stall { limit: stall_limit, timer: None },
            seat,
            is_corked: false,
            turn_bytes: 0,
            warming: VecDeque::new(),
            ahead: 0,
            fruitless_warmings: 0,
            copy: Vec::new(),
        }
    }

    /// Writes the first slices: a piece of a file alone, ordinary bytes up to the next such piece.
    fn poll_slices(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().position(|slice| !slice.is_empty()).unwrap_or(0);
        let slices = &slices[first..];
        let Some(piece) = slices.first().and_then(|slice| Piece::of(slice)) else {
            let is_ordinary = |slice: &&IoSlice<'_>| Piece::of(slice).is_none();
            let count = slices.iter().take_while(is_ordinary).count();
            return self.link.poll_write_vectored(context, &slices[..count]);
        };
        self.poll_piece(context, &piece)
    }

    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        piece: &Piece<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.turn_bytes >= TURN_BYTES {
            self.turn_bytes = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.cork(true);
        loop {
            let may_wait = self.fruitless_warmings >= FRUITLESS_WARMINGS;
            let sent = match &mut self.link {
                Link::Plain(tcp) => poll_send(context, tcp, piece, may_wait),
                Link::Tls(tls) => poll_copy(context, tls, piece, &mut self.copy, may_wait),
            };
            match sent {
                Poll::Ready(Err(error)) if is_cold(&error) => {
                    ready!(self.poll_warm(context, piece))?;
                    self.fruitless_warmings += 1;
                }
                Poll::Ready(Ok(count)) => {
                    self.turn_bytes += count;
                    self.fruitless_warmings = 0;
                    self.warm_ahead(piece);
                    return Poll::Ready(Ok(count));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.turn_bytes = 0;
                    return Poll::Pending;
                }
            }
        }
    }

    /// While a file is sent, packets are filled, until flushing ends that: `sendfile` else sends one for
    /// each 64 KiB and wakes the peer for it. Only a wish.
    fn cork(&mut self, is_on: bool) {
        if let Link::Plain(tcp) = &self.link
            && self.is_corked != is_on
        {
            let _ = SockRef::from(tcp).set_tcp_cork(is_on);
            self.is_corked = is_on;
        }
    }

    /// Waits for the first of the parts being read, or else for that where the piece begins.
    fn poll_warm(&mut self, context: &mut Context<'_>, piece: &Piece<'_>) -> Poll<io::Result<()>> {
        if self.warming.is_empty() {
            self.warming.push_back(spawn_blocking(piece.warming(piece.offset())));
            self.ahead = piece.offset() + WARM_BYTES;
            self.warm_ahead(piece);
        }
        let Some(first) = self.warming.front_mut() else { return Poll::Ready(Ok(())) };
        let outcome = ready!(Pin::new(first).poll(context));
        self.warming.pop_front();
        Poll::Ready(outcome.unwrap_or_else(|error| Err(io::Error::other(error))))
    }

    /// Has the next parts read while this one is sent. A look at the first byte of each decides: of
    /// a file that is in the page cache nothing is read.
    fn warm_ahead(&mut self, piece: &Piece<'_>) {
        // The outcome of a part that nobody waited for is met again when it is sent.
        while self.warming.front().is_some_and(JoinHandle::is_finished) {
            self.warming.pop_front();
        }
        let reach = piece.end().min(piece.offset() + WINDOW_BYTES);
        if self.ahead < piece.offset() || self.ahead > reach + WARM_BYTES {
            self.ahead = piece.offset() + WARM_BYTES;
        }
        while self.ahead < reach && self.warming.len() < PARTS_WARMING {
            if !piece.is_resident_at(self.ahead) {
                self.warming.push_back(spawn_blocking(piece.warming(self.ahead)));
            }
            self.ahead += WARM_BYTES;
        }
    }
}

/// Sends what the page cache has of a piece; the error `WouldBlock` means that it has nothing.
fn poll_send(
    context: &mut Context<'_>,
    tcp: &TcpStream,
    piece: &Piece<'_>,
    may_wait: bool,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(tcp.poll_write_ready(context))?;
        let count = match piece.resident_bytes() {
            0 if may_wait => COPY_BYTES,
            0 => return Poll::Ready(Err(io::ErrorKind::WouldBlock.into())),
            resident => resident,
        };
        match tcp.try_io(Interest::WRITABLE, || piece.send(tcp.as_fd(), count)) {
            Ok(count) => {
                metrics::counter!("lendglass_sendfile_bytes_total").increment(count as u64);
                return Poll::Ready(Ok(count));
            }
            // The socket is full: wait until it says otherwise.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// The same through TLS, by a copy: mapped bytes that have left the page cache again would stop
/// the thread, or the process if the disk fails.
fn poll_copy(
    context: &mut Context<'_>,
    tls: &mut TlsStream<TcpStream>,
    piece: &Piece<'_>,
    copy: &mut Vec<u8>,
    may_wait: bool,
) -> Poll<io::Result<usize>> {
    copy.resize(COPY_BYTES, 0);
    let count = match piece.copy_cached(copy) {
        Err(error) if is_cold(&error) && may_wait => piece.copy(copy)?,
        outcome => outcome?,
    };
    Pin::new(tls).poll_write(context, &copy[..count])
}

impl Link {
    fn poll_write_vectored(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(context, slices),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(context, slices),
        }
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().link {
            Link::Plain(tcp) => Pin::new(tcp).poll_read(context, target),
            Link::Tls(tls) => Pin::new(tls).poll_read(context, target),
        }
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let peer = self.get_mut();
        let progress = peer.poll_slices(context, slices);
        if progress.is_ready() {
            peer.seat.progress();
        }
        peer.stall.watch(context, progress)
    }

    /// True also for TLS: hyper would else gather the slices into memory first.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let peer = self.get_mut();
        peer.cork(false);
        let progress = match &mut peer.link {
            Link::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Link::Tls(tls) => Pin::new(tls).poll_flush(context),
        };
        peer.stall.watch(context, progress)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let peer = self.get_mut();
        let progress = match &mut peer.link {
            Link::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Link::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        };
        peer.stall.watch(context, progress)
    }
}

/// Ends a connection whose peer takes nothing.
struct Stall {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.timer = None;
            return progress;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        timer.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}
