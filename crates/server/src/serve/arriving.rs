//! The body of a request while it arrives.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use lendglass_core::limits::JSON_BODY_BYTES;

use super::room::Seat;

/// A body that tells its connection's seat how it comes: until all of it is there, or more than a
/// small body has, the connection is one that rests. Whoever sends the first bytes slowly keeps
/// nobody out.
pub(super) struct Arriving {
    body: Incoming,
    seat: Arc<Seat>,
    arrived_bytes: usize,
}

impl Arriving {
    pub fn new(body: Incoming, seat: Arc<Seat>) -> Self {
        match body.is_end_stream() {
            true => seat.work(),
            false => seat.rest(),
        }
        Self { body, seat, arrived_bytes: 0 }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let arriving = self.get_mut();
        let frame = ready!(Pin::new(&mut arriving.body).poll_frame(context));
        if arriving.arrived_bytes <= JSON_BODY_BYTES {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            arriving.arrived_bytes += data.map_or(0, Bytes::len);
            let is_whole = frame.is_none() || arriving.body.is_end_stream();
            if is_whole || arriving.arrived_bytes > JSON_BODY_BYTES {
                arriving.seat.work();
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
