//! The stream: what is kept of it, and when it is asked what.

use crate::{
    format::{DeclaredFormat, Format, Inspection},
    limits::{HEAD_BYTES, TAIL_BUFFER_BYTES, TAIL_BYTES, VHDX_HEADER_BYTES},
    outline::{Ending, Outline, VirtualSize},
    refusal::Refusal,
    signature, vhd, vhdx, vmdk,
};

/// How the head grows: in steps, so that small files cost little.
const HEAD_STEP_BYTES: usize = 16 << 10;

/// Inspects one file that is pushed into it from its first byte to its last.
#[derive(Debug)]
pub struct Inspector {
    declared: Option<DeclaredFormat>,
    length_bytes: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    /// The head is not complete.
    Head,
    /// It is a VHDX, whose header is longer than the head.
    VhdxHeader,
    Vhdx(Box<vhdx::Stream>),
    /// Only the end of the file is still of interest.
    Known(Box<Outline>),
    Refused(Box<Refusal>),
}

impl Inspector {
    /// An inspector for a file that its sender called `declared`, or did not call anything.
    pub fn new(declared: Option<DeclaredFormat>) -> Self {
        let (head, tail) = (Vec::new(), Vec::new());
        Self { declared, length_bytes: 0, head, tail, progress: Progress::Head }
    }

    /// Takes the next bytes, as many as there are. It costs a copy of the first 64 KiB (320 KiB of a VHDX) and
    /// of the last sectors of each slice.
    ///
    /// # Errors
    /// The refusal, as soon as it is certain: the upload may be stopped. Whoever goes on gets it again.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if let Progress::Refused(refusal) = &self.progress {
            return Err(Refusal::clone(refusal));
        }
        let position = self.length_bytes;
        self.length_bytes = position.saturating_add(bytes.len() as u64);
        self.keep_tail(bytes);
        let advanced = self.advance(position, bytes);
        advanced.map_err(|refusal| self.refuse(refusal))
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// Every [`Refusal`], also those that [`Self::feed`] already returned.
    pub fn finish(mut self) -> Result<Inspection, Refusal> {
        if matches!(self.progress, Progress::Head) {
            self.complete_head()?;
        }
        let outline = match &self.progress {
            Progress::Known(outline) => Outline::clone(outline),
            Progress::Vhdx(stream) => return Err(stream.refuse_end(self.length_bytes)),
            Progress::Refused(refusal) => return Err(Refusal::clone(refusal)),
            Progress::Head | Progress::VhdxHeader => {
                // Too short for its header: opening it says so.
                let stream = vhdx::Stream::open(&self.head)?;
                return Err(stream.refuse_end(self.length_bytes));
            }
        };
        let outline = self.resolve_fixed_vhd(outline)?;
        self.check_declared(outline.format)?;
        self.check_end(&outline)?;
        Ok(self.inspection(&outline))
    }

    /// What the file is, as soon as its head tells. A raw disk may still turn out to be a fixed VHD.
    pub fn found(&self) -> Option<Format> {
        match &self.progress {
            Progress::Head | Progress::Refused(_) => None,
            Progress::VhdxHeader | Progress::Vhdx(_) => Some(Format::Vhdx),
            Progress::Known(outline) => Some(outline.format),
        }
    }

    /// How many bytes of the stream are held now; never more than [`crate::limits::MAX_CAPTURED_BYTES`].
    pub fn captured_bytes(&self) -> usize {
        let stream = match &self.progress {
            Progress::Vhdx(stream) => stream.captured_bytes(),
            Progress::Head | Progress::VhdxHeader | Progress::Known(_) | Progress::Refused(_) => 0,
        };
        self.head.capacity() + self.tail.capacity() + stream
    }

    /// Goes from stage to stage as far as `bytes`, which stand at `position`, allow.
    fn advance(&mut self, position: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let mut rest = bytes;
        if matches!(self.progress, Progress::Head) {
            rest = self.keep_head(rest, HEAD_BYTES);
            if self.head.len() < HEAD_BYTES {
                return Ok(());
            }
            self.complete_head()?;
        }
        if matches!(self.progress, Progress::VhdxHeader) {
            self.keep_head(rest, VHDX_HEADER_BYTES);
            if self.head.len() < VHDX_HEADER_BYTES {
                return Ok(());
            }
            self.progress = Progress::Vhdx(Box::new(vhdx::Stream::open(&self.head)?));
            self.head = Vec::new();
        }
        if let Progress::Vhdx(stream) = &mut self.progress
            && let Some(outline) = stream.feed(position, bytes)?
        {
            self.progress = Progress::Known(Box::new(outline));
        }
        Ok(())
    }

    /// Recognises and reads the head, which is complete or all there is.
    fn complete_head(&mut self) -> Result<(), Refusal> {
        let format = signature::recognise(&self.head)?;
        // A fixed VHD looks like the raw disk it is, until its last sector.
        let may_become_vhd = is_bare_disk(format)
            && self.declared.is_some_and(|declared| declared.accepts(Format::Vhd));
        if !may_become_vhd {
            self.check_declared(format)?;
        }
        if format == Format::Vhdx {
            self.progress = Progress::VhdxHeader;
            return Ok(());
        }
        self.progress = Progress::Known(Box::new(signature::read(format, &self.head)?));
        self.head = Vec::new();
        Ok(())
    }

    /// Appends to the head up to `limit` bytes in all and returns what is left of `bytes`.
    fn keep_head<'a>(&mut self, bytes: &'a [u8], limit: usize) -> &'a [u8] {
        let missing = limit.saturating_sub(self.head.len());
        let (kept, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        if self.head.capacity() - self.head.len() < kept.len() {
            self.head.reserve_exact(kept.len().max(HEAD_STEP_BYTES.min(missing)));
        }
        self.head.extend_from_slice(kept);
        rest
    }

    /// Keeps at least the last [`TAIL_BYTES`] of all that came.
    fn keep_tail(&mut self, bytes: &[u8]) {
        if self.tail.capacity() == 0 {
            self.tail.reserve_exact(TAIL_BUFFER_BYTES);
        }
        let last = last_bytes(bytes, TAIL_BYTES);
        if self.tail.len() + last.len() > TAIL_BUFFER_BYTES {
            let dropped = self.tail.len().saturating_sub(TAIL_BYTES - last.len());
            self.tail.drain(..dropped);
        }
        self.tail.extend_from_slice(last);
    }

    fn refuse(&mut self, refusal: Refusal) -> Refusal {
        self.head = Vec::new();
        self.progress = Progress::Refused(Box::new(refusal.clone()));
        refusal
    }

    fn check_declared(&self, found: Format) -> Result<(), Refusal> {
        match self.declared {
            Some(declared) if !declared.accepts(found) => {
                Err(Refusal::Mismatch { declared, found })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A bare disk that ends with a VHD footer is a fixed VHD; anything else that does is two things at once.
    fn resolve_fixed_vhd(&self, outline: Outline) -> Result<Outline, Refusal> {
        let footer = last_bytes(&self.tail, vhd::FOOTER_BYTES);
        if footer.len() < vhd::FOOTER_BYTES || !footer.starts_with(vhd::COOKIE) {
            return Ok(outline);
        }
        if is_bare_disk(outline.format) {
            self.check_declared(Format::Vhd)?;
            return vhd::read_fixed(footer, self.length_bytes);
        }
        // Containers may end with a guest's data; only a footer that fits this very file makes a second disk.
        if outline.format != Format::Vhd && vhd::read_fixed(footer, self.length_bytes).is_ok() {
            return Err(Refusal::Polyglot { first: outline.format, second: Format::Vhd });
        }
        Ok(outline)
    }

    fn check_end(&self, outline: &Outline) -> Result<(), Refusal> {
        let (format, found_bytes) = (outline.format, self.length_bytes);
        if found_bytes < outline.least_length_bytes {
            let needed_bytes = outline.least_length_bytes;
            return Err(Refusal::Truncated { format, needed_bytes, found_bytes });
        }
        match &outline.ending {
            Ending::Any => Ok(()),
            Ending::VhdFooter(expected) => {
                let last = last_bytes(&self.tail, vhd::FOOTER_BYTES);
                vhd::check_ending(expected, last, found_bytes)
            }
            Ending::VmdkFooter(header) => {
                vmdk::check_ending(header, last_bytes(&self.tail, TAIL_BYTES), found_bytes)
            }
        }
    }

    fn inspection(&self, outline: &Outline) -> Inspection {
        let virtual_size_bytes = match outline.size {
            VirtualSize::Bytes(bytes) => Some(bytes),
            VirtualSize::FileFrom(offset) => Some(self.length_bytes.saturating_sub(offset)),
            VirtualSize::Unknown => None,
        };
        Inspection {
            format: outline.format,
            virtual_size_bytes,
            length_bytes: self.length_bytes,
            encryption: outline.encryption,
            details: outline.details,
        }
    }
}

/// A disk without any container around it.
fn is_bare_disk(format: Format) -> bool {
    matches!(format, Format::Raw | Format::Gpt | Format::Mbr)
}

fn last_bytes(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(count)..).unwrap_or(bytes)
}
