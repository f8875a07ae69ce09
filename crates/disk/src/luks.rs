//! LUKS headers: a raw disk that is encrypted.

use crate::{
    bytes::View,
    format::{Details, Encryption, Format},
    outline::{Outline, VirtualSize},
    refusal::Refusal,
};

pub(crate) const MAGIC: &[u8] = b"LUKS\xba\xbe";

pub(crate) fn read(head: &[u8]) -> Result<Outline, Refusal> {
    let view = View::head(Format::Luks, head);
    let version = view.u16_be(6)?;
    let (size, least_length_bytes) = match version {
        1 => {
            view.bytes(0, 592)?;
            let payload = u64::from(view.u32_be(104)?) * 512;
            (VirtualSize::FileFrom(payload), payload)
        }
        // The second version keeps the place of its data in a JSON text; its header is 4096 bytes.
        2 => (VirtualSize::Unknown, 4096),
        other => return Err(view.unknown(format!("version {other}"))),
    };
    Ok(Outline {
        size,
        least_length_bytes,
        encryption: Some(Encryption::Luks),
        details: Details::Luks { version },
        ..Outline::plain(Format::Luks)
    })
}
