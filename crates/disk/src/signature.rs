//! Who recognises what in the beginning of a file.

use crate::{
    bytes::has_at,
    format::{Details, Format},
    luks, outline,
    outline::Outline,
    parallels, partition, qcow1, qcow2, qed,
    refusal::Refusal,
    vdi, vhd, vhdx, vmdk,
};

const ISO_DESCRIPTOR_OFFSET: usize = 32 << 10;
const ISO_DESCRIPTOR_BYTES: usize = 2048;
/// ISO 9660, and the three that UDF may begin with.
const ISO_IDENTIFIERS: [&[u8]; 4] = [b"CD001", b"BEA01", b"NSR02", b"NSR03"];

const TAR_MAGIC_OFFSET: usize = 257;
const BOCHS_MAGIC: &[u8] = b"Bochs Virtual HD Image";
const CLOOP_MAGIC: &[u8] = b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop";

/// What the head of a file is, without a look at what its header says.
///
/// # Errors
/// [`Refusal::Polyglot`] if it is two things at once.
pub(crate) fn recognise(head: &[u8]) -> Result<Format, Refusal> {
    let is_iso = ISO_IDENTIFIERS.iter().any(|word| has_at(head, ISO_DESCRIPTOR_OFFSET + 1, word));
    let table = partition::find(head);
    let volume = is_iso.then_some(Format::Iso).or(table);
    let mut containers =
        CONTAINERS.iter().filter(|(_, is_it)| is_it(head)).map(|(format, _)| *format);
    match (containers.next(), containers.next().or(volume)) {
        (None, volume) => Ok(volume.unwrap_or(Format::Raw)),
        (Some(container), None) => Ok(container),
        (Some(first), Some(second)) => Err(Refusal::Polyglot { first, second }),
    }
}

/// Reads the header of a recognised format. VHDX is read as a stream instead.
pub(crate) fn read(format: Format, head: &[u8]) -> Result<Outline, Refusal> {
    match format {
        Format::Qcow2 => qcow2::read(head),
        Format::Qcow1 => qcow1::read(head),
        Format::Vmdk => vmdk::read(head),
        Format::Vhd => vhd::read_dynamic(head),
        Format::Vdi => vdi::read(head),
        Format::Qed => qed::read(head),
        Format::Luks => luks::read(head),
        Format::Parallels => parallels::read(head),
        Format::Iso => Ok(Outline {
            details: Details::Iso { is_hybrid: partition::find(head).is_some() },
            least_length_bytes: (ISO_DESCRIPTOR_OFFSET + ISO_DESCRIPTOR_BYTES) as u64,
            ..Outline::plain(format)
        }),
        Format::Raw | Format::Gpt | Format::Mbr => Ok(Outline::plain(format)),
        Format::Vhdx | Format::Ova | Format::Bochs | Format::Cloop => {
            Ok(Outline { size: outline::VirtualSize::Unknown, ..Outline::plain(format) })
        }
    }
}

type Recognise = fn(&[u8]) -> bool;

/// The signatures of everything that is more than a disk's own bytes.
const CONTAINERS: [(Format, Recognise); 12] = [
    (Format::Qcow2, |head| head.starts_with(qcow2::MAGIC) && !is_qcow1(head)),
    (Format::Qcow1, is_qcow1),
    (Format::Vmdk, |head| {
        let magics = [vmdk::SPARSE_MAGIC, vmdk::COWD_MAGIC, vmdk::SESPARSE_MAGIC];
        magics.iter().any(|magic| head.starts_with(magic)) || vmdk::is_text_descriptor(head)
    }),
    (Format::Vhd, |head| head.starts_with(vhd::COOKIE)),
    (Format::Vhdx, |head| head.starts_with(vhdx::SIGNATURE)),
    (Format::Vdi, |head| has_at(head, vdi::MAGIC_OFFSET, vdi::MAGIC)),
    (Format::Qed, |head| head.starts_with(qed::MAGIC)),
    (Format::Luks, |head| head.starts_with(luks::MAGIC)),
    (Format::Parallels, |head| {
        head.starts_with(parallels::MAGIC) || head.starts_with(parallels::MAGIC_EXTENDED)
    }),
    (Format::Ova, is_ova),
    (Format::Bochs, |head| head.starts_with(BOCHS_MAGIC)),
    (Format::Cloop, |head| head.starts_with(CLOOP_MAGIC)),
];

/// Both have the same magic; the version tells them apart.
fn is_qcow1(head: &[u8]) -> bool {
    head.starts_with(qcow2::MAGIC) && has_at(head, 4, &1u32.to_be_bytes())
}

/// A tar archive whose first member is an OVF envelope, as the OVF specification demands.
fn is_ova(head: &[u8]) -> bool {
    let name = head.get(..100).unwrap_or_default();
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let ending = name.len().checked_sub(4).and_then(|start| name.get(start..));
    has_at(head, TAR_MAGIC_OFFSET, b"ustar")
        && ending.is_some_and(|ending| ending.eq_ignore_ascii_case(b".ovf"))
}
