//! One upload on its way into a store.

use std::sync::Arc;

use futures_util::TryStreamExt;

use super::{
    BlobSink, Blobs,
    buffer::{BUFFER_BYTES, Buffer, BufferPool, Place},
    digest::{DigestAlgo, DigestLine, DigestPlan},
    error::BlobError,
    locator::Locator,
};
use openssl::hash::MessageDigest;

/// One upload: counts, digests and writes what it is given, in bounded memory.
///
/// Each byte is copied once, into a buffer that the digests and the writer share. Waiting for a
/// buffer is the back-pressure: [`Intake::write`] returns when the bytes are taken over, and they
/// are taken over no faster than they are digested and written. It runs on a tokio runtime.
///
/// Dropping an intake gives the upload up and removes what was written, soon;
/// [`Intake::abort`] waits for that.
pub struct Intake {
    sink: BlobSink,
    place: Place,
    filling: Option<Buffer>,
    md5: Option<DigestLine>,
    digest: DigestLine,
    algo: DigestAlgo,
    limit_bytes: u64,
    received_bytes: u64,
    /// Why nothing more is accepted. It also stands during a write, so that one that was dropped
    /// half-way is not taken for a whole one.
    fault: Option<BlobError>,
}

/// What came of an upload whose blob is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The number of bytes.
    pub size_bytes: u64,
    /// The MD5 in lower case hex, where it was asked for.
    pub md5_hex: Option<String>,
    /// The digest `algo` in lower case hex.
    pub digest_hex: String,
    /// What `digest_hex` is.
    pub algo: DigestAlgo,
}

impl Intake {
    /// Begins to receive a blob that will lie under `locator`, of at most `limit_bytes`.
    ///
    /// # Errors
    /// When the store or OpenSSL refuses; nothing is left behind then.
    pub async fn start(
        blobs: &Blobs,
        pool: &BufferPool,
        locator: Locator,
        plan: DigestPlan,
        limit_bytes: u64,
    ) -> Result<Self, BlobError> {
        Self::into_sink(blobs.put(&locator).await?, pool, plan, limit_bytes)
    }

    /// Takes up a blob that an intake made here left unfinished, behind its first `durable_bytes`: a
    /// number that [`Intake::checkpoint`] has answered, or 0 for a new one. They are read and
    /// digested anew; [`Intake::received_bytes`] says where to go on. `None` where somebody else
    /// writes this blob now, or less of it is there: whoever asks begins another one.
    ///
    /// Dropping such an intake leaves what it has, also when the store is full; [`Intake::abort`]
    /// and [`Blobs::abandon`] remove it.
    ///
    /// # Errors
    /// When the store or OpenSSL refuses, or what is there cannot be read.
    pub async fn resume(
        blobs: &Blobs,
        pool: &BufferPool,
        locator: &Locator,
        plan: DigestPlan,
        limit_bytes: u64,
        durable_bytes: u64,
    ) -> Result<Option<Self>, BlobError> {
        let nobody = &mut |_: &[u8]| {};
        Self::resume_shown(blobs, pool, locator, plan, limit_bytes, durable_bytes, nobody).await
    }

    /// As [`Intake::resume`]; what is read again is shown to `see`, in order.
    ///
    /// # Errors
    /// As [`Intake::resume`].
    pub async fn resume_shown(
        blobs: &Blobs,
        pool: &BufferPool,
        locator: &Locator,
        plan: DigestPlan,
        limit_bytes: u64,
        durable_bytes: u64,
        see: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<Option<Self>, BlobError> {
        if !durable_bytes.is_multiple_of(BUFFER_BYTES as u64) || durable_bytes > limit_bytes {
            return Ok(None);
        }
        let Some(sink) = blobs.take_up(locator, durable_bytes).await? else { return Ok(None) };
        let mut intake = Self::into_sink(sink, pool, plan, limit_bytes)?;
        if durable_bytes > 0 {
            intake.digest_part(pool, durable_bytes, see).await?;
        }
        Ok(Some(intake))
    }

    /// Makes durable what was taken over, but for the last piece of less than
    /// [`BUFFER_BYTES`](super::BUFFER_BYTES), and says how many bytes that is: what
    /// [`Intake::resume`] can begin with.
    ///
    /// # Errors
    /// As [`Intake::write`].
    pub async fn checkpoint(&mut self) -> Result<u64, BlobError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let rest = self.filling.as_ref().map_or(0, |buffer| buffer.bytes().len() as u64);
        let durable = self.received_bytes - rest;
        if durable > 0 {
            self.sink.checkpoint().await.inspect_err(|error| self.fault = Some(error.clone()))?;
        }
        Ok(durable)
    }

    fn into_sink(
        sink: BlobSink,
        pool: &BufferPool,
        plan: DigestPlan,
        limit_bytes: u64,
    ) -> Result<Self, BlobError> {
        let md5 = plan.md5.then(|| pool.digests().line(MessageDigest::md5())).transpose()?;
        Ok(Self {
            digest: pool.digests().line(plan.algo.message_digest())?,
            md5,
            sink,
            place: pool.place(),
            filling: None,
            algo: plan.algo,
            limit_bytes,
            received_bytes: 0,
            fault: None,
        })
    }

    /// How many bytes have been taken over.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// What was taken over beyond what [`Intake::checkpoint`] makes durable.
    pub fn tail(&self) -> &[u8] {
        self.filling.as_ref().map_or(&[], |buffer| buffer.bytes())
    }

    /// Takes the next bytes over, however few or many.
    ///
    /// # Errors
    /// `TooLarge` if they pass the limit, `NoSpace` or `Io` if the store fails, now or with bytes
    /// taken over before. After an error, and after a call that was dropped before its end, the
    /// intake accepts nothing more.
    pub async fn write(&mut self, frame: &[u8]) -> Result<(), BlobError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        self.fault = Some(BlobError::other("a write was given up half-way"));
        match self.take_over(frame).await {
            Ok(()) => {
                self.fault = None;
                Ok(())
            }
            Err(error) => {
                self.fault = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Waits until the blob is durable, then makes it visible under its locator.
    ///
    /// # Errors
    /// As [`Intake::write`]; the upload is given up then. If the future is dropped, the blob may or
    /// may not come to be: whoever owns the locator deletes it.
    pub async fn finish(mut self) -> Result<Received, BlobError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        self.pass_on();
        let md5 = async {
            match &self.md5 {
                Some(md5) => md5.finish().await.map(Some),
                None => Ok(None),
            }
        };
        let (md5_hex, digest_hex, ()) =
            tokio::try_join!(md5, self.digest.finish(), self.sink.settle())?;
        self.sink.publish().await?;
        Ok(Received { size_bytes: self.received_bytes, md5_hex, digest_hex, algo: self.algo })
    }

    /// Gives the upload up and returns when what was written is gone.
    ///
    /// # Errors
    /// When the task that removes it could not run.
    pub async fn abort(self) -> Result<(), BlobError> {
        let Self { sink, .. } = self;
        sink.abort().await
    }

    async fn take_over(&mut self, frame: &[u8]) -> Result<(), BlobError> {
        if frame.len() as u64 > self.limit_bytes - self.received_bytes {
            return Err(BlobError::TooLarge { limit_bytes: self.limit_bytes });
        }
        let mut rest = frame;
        while !rest.is_empty() {
            let buffer = match &mut self.filling {
                Some(buffer) => buffer,
                None => self.filling.insert(self.place.take().await),
            };
            let count = buffer.fill(rest);
            let is_full = buffer.is_full();
            self.received_bytes += count as u64;
            rest = &rest[count..];
            if is_full {
                self.pass_on();
                // A failed writer takes nothing more; stop the peer instead of digesting on.
                self.sink.fault().map_or(Ok(()), Err)?;
            }
        }
        Ok(())
    }

    /// Digests what a part holds already.
    async fn digest_part(
        &mut self,
        pool: &BufferPool,
        durable_bytes: u64,
        see: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<(), BlobError> {
        let mut pieces = self.sink.part().await?.stream(pool, 0..durable_bytes);
        while let Some(piece) = pieces.try_next().await? {
            let mut rest = piece.as_ref();
            see(rest);
            while !rest.is_empty() {
                let buffer = match &mut self.filling {
                    Some(buffer) => buffer,
                    None => self.filling.insert(self.place.take().await),
                };
                let count = buffer.fill(rest);
                rest = &rest[count..];
                if buffer.is_full() {
                    self.seal();
                }
            }
        }
        self.received_bytes = durable_bytes;
        Ok(())
    }

    /// Hands the buffer being filled to the digests and the writer.
    fn pass_on(&mut self) {
        if let Some(buffer) = self.seal() {
            self.sink.push(buffer);
        }
    }

    /// Hands the buffer being filled to the digests.
    fn seal(&mut self) -> Option<Arc<Buffer>> {
        let buffer = self.filling.take()?.seal();
        if let Some(md5) = &self.md5 {
            md5.push(buffer.clone());
        }
        self.digest.push(buffer.clone());
        Some(buffer)
    }
}
