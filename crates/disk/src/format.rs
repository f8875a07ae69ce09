//! The words: what a file is ([`Format`]), what its sender says it is ([`DeclaredFormat`]), and which fit.

use std::{fmt, str::FromStr};

/// What a file is, by its content alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// No structure that anybody would open as more than bytes.
    Raw,
    /// QEMU's qcow, version 2 or 3.
    Qcow2,
    /// QEMU's old qcow, version 1.
    Qcow1,
    /// A VMware disk.
    Vmdk,
    /// Microsoft's VHD ("vpc"), fixed or dynamic.
    Vhd,
    /// Microsoft's VHDX.
    Vhdx,
    /// VirtualBox's VDI.
    Vdi,
    /// QEMU's enhanced disk.
    Qed,
    /// An ISO 9660 or UDF volume, hybrid or not.
    Iso,
    /// A LUKS-encrypted raw disk.
    Luks,
    /// A raw disk with a GUID partition table.
    Gpt,
    /// A raw disk with a DOS partition table.
    Mbr,
    /// Parallels' expanding disk, which is also the format of ploop.
    Parallels,
    /// A tar archive that begins with an OVF envelope.
    Ova,
    /// A Bochs disk, which QEMU would open.
    Bochs,
    /// A compressed loop image, which QEMU would open.
    Cloop,
}

impl Format {
    /// The stable lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Qcow1 => "qcow",
            Self::Vmdk => "vmdk",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Vdi => "vdi",
            Self::Qed => "qed",
            Self::Iso => "iso",
            Self::Luks => "luks",
            Self::Gpt => "gpt",
            Self::Mbr => "mbr",
            Self::Parallels => "parallels",
            Self::Ova => "ova",
            Self::Bochs => "bochs",
            Self::Cloop => "cloop",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the sender says: Glance's `disk_format` words, and those that Huawei's import adds (T-013).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the word of the API itself, see as_str")]
pub enum DeclaredFormat {
    Ami,
    Ari,
    Aki,
    Vhd,
    Vhdx,
    Vmdk,
    Raw,
    Qcow2,
    Vdi,
    Iso,
    Ploop,
    Gpt,
    Luks,
    Qed,
    Qcow,
    Zvhd,
    Zvhd2,
}

impl DeclaredFormat {
    /// All of them, in the order Glance lists its own.
    pub const ALL: [Self; 17] = [
        Self::Ami,
        Self::Ari,
        Self::Aki,
        Self::Vhd,
        Self::Vhdx,
        Self::Vmdk,
        Self::Raw,
        Self::Qcow2,
        Self::Vdi,
        Self::Iso,
        Self::Ploop,
        Self::Gpt,
        Self::Luks,
        Self::Qed,
        Self::Qcow,
        Self::Zvhd,
        Self::Zvhd2,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ami => "ami",
            Self::Ari => "ari",
            Self::Aki => "aki",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Vmdk => "vmdk",
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Vdi => "vdi",
            Self::Iso => "iso",
            Self::Ploop => "ploop",
            Self::Gpt => "gpt",
            Self::Luks => "luks",
            Self::Qed => "qed",
            Self::Qcow => "qcow",
            Self::Zvhd => "zvhd",
            Self::Zvhd2 => "zvhd2",
        }
    }

    /// Whether a file of this format fits the declaration.
    ///
    /// * `raw`, `ami`, `ari` and `aki` are bytes without a container: anything that nobody would open as more,
    ///   a partition table included. LUKS counts as such bytes: an encrypted volume is uploaded as `raw`, and a
    ///   LUKS header names no other file. Never a container: qcow2 sent as raw is the classic attack.
    /// * `gpt` is a disk with any partition table, as in Glance, whose `gpt` covers the older table too.
    /// * `zvhd` and `zvhd2` have no public description: opaque bytes, or a VHD, which they extend.
    /// * The others are themselves only.
    pub fn accepts(self, found: Format) -> bool {
        match self {
            Self::Raw | Self::Ami | Self::Ari | Self::Aki => {
                matches!(found, Format::Raw | Format::Gpt | Format::Mbr | Format::Luks)
            }
            Self::Zvhd | Self::Zvhd2 => {
                matches!(found, Format::Raw | Format::Gpt | Format::Mbr | Format::Vhd)
            }
            Self::Gpt => matches!(found, Format::Gpt | Format::Mbr),
            Self::Vhd => found == Format::Vhd,
            Self::Vhdx => found == Format::Vhdx,
            Self::Vmdk => found == Format::Vmdk,
            Self::Qcow2 => found == Format::Qcow2,
            Self::Vdi => found == Format::Vdi,
            Self::Iso => found == Format::Iso,
            Self::Ploop => found == Format::Parallels,
            Self::Luks => found == Format::Luks,
            Self::Qed => found == Format::Qed,
            Self::Qcow => found == Format::Qcow1,
        }
    }
}

impl fmt::Display for DeclaredFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no `disk_format`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDiskFormat(
    /// The word as it came, shortened.
    pub String,
);

impl fmt::Display for UnknownDiskFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" is not a disk format", self.0)
    }
}

impl std::error::Error for UnknownDiskFormat {}

impl FromStr for DeclaredFormat {
    type Err = UnknownDiskFormat;

    /// Accepts the exact lower-case words, as Glance does.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == word)
            .ok_or_else(|| UnknownDiskFormat(crate::bytes::quote(word.as_bytes())))
    }
}

/// A file that was read to its end and may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What it is.
    pub format: Format,
    /// How large the disk inside is, in bytes; for raw disks and ISOs the length of the file. None where the
    /// file does not say it in a place a stream can reach (OVA, LUKS version 2, Bochs, cloop).
    pub virtual_size_bytes: Option<u64>,
    /// How many bytes were fed.
    pub length_bytes: u64,
    /// Whether and how the data is encrypted, as the header says. Encrypted images are allowed.
    pub encryption: Option<Encryption>,
    /// What else the format says.
    pub details: Details,
}

/// How the data of an image is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// QEMU's old AES scheme of qcow and qcow2.
    Aes,
    /// LUKS, as a whole file or inside a qcow2.
    Luks,
}

/// Facts that exist in one format only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Details {
    /// Nothing more to say.
    Plain,
    /// See the qcow2 specification.
    Qcow2 {
        /// 2 or 3.
        version: u32,
        /// Size of a cluster.
        cluster_bytes: u64,
        /// Of compressed clusters, whether there are any or not.
        compression: Compression,
        /// Whether clusters are allocated by 32nds.
        has_extended_l2: bool,
        /// Number of internal snapshots.
        snapshots: u32,
    },
    /// A VMDK with one extent inside the same file.
    Vmdk {
        /// As in the descriptor.
        create_type: VmdkCreateType,
    },
    /// A VHD.
    Vhd {
        /// As in the footer.
        subformat: VhdSubformat,
    },
    /// A VHDX.
    Vhdx {
        /// Size of a payload block.
        block_bytes: u32,
        /// 512 or 4096.
        logical_sector_bytes: u32,
    },
    /// A VDI.
    Vdi {
        /// Whether all blocks were allocated at its creation.
        is_static: bool,
    },
    /// A LUKS header.
    Luks {
        /// 1 or 2.
        version: u16,
    },
    /// An ISO 9660 or UDF volume.
    Iso {
        /// Whether it also boots as a disk: it has a partition table.
        is_hybrid: bool,
    },
}

/// The compression of qcow2 clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Deflate.
    Zlib,
    /// Zstandard.
    Zstd,
}

/// The VMDK create types that are allowed: those with all data in one file (Glance's `vmdk_allowed_types`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VmdkCreateType {
    /// One growing file.
    MonolithicSparse,
    /// One compressed file, as in an OVA.
    StreamOptimized,
}

impl VmdkCreateType {
    /// The word of the descriptor.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MonolithicSparse => "monolithicSparse",
            Self::StreamOptimized => "streamOptimized",
        }
    }
}

/// The VHD kinds that are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VhdSubformat {
    /// The raw disk and a footer.
    Fixed,
    /// Blocks on demand.
    Dynamic,
}

/// Whether what was found fits what was declared; see [`DeclaredFormat::accepts`].
pub fn matches(declared: DeclaredFormat, found: &Inspection) -> bool {
    declared.accepts(found.format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_round_trip_and_others_are_refused() {
        for format in DeclaredFormat::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        for word in ["RAW", "", "qcow2 ", "vpc"] {
            assert!(word.parse::<DeclaredFormat>().is_err(), "{word:?}");
        }
    }

    #[test]
    fn raw_never_accepts_a_container() {
        let containers = [
            Format::Qcow2,
            Format::Qcow1,
            Format::Vmdk,
            Format::Vhd,
            Format::Vhdx,
            Format::Vdi,
            Format::Qed,
            Format::Iso,
            Format::Parallels,
            Format::Ova,
            Format::Bochs,
            Format::Cloop,
        ];
        for declared in
            [DeclaredFormat::Raw, DeclaredFormat::Ami, DeclaredFormat::Ari, DeclaredFormat::Aki]
        {
            for found in containers {
                assert!(!declared.accepts(found), "{declared} accepts {found}");
            }
            assert!(declared.accepts(Format::Raw) && declared.accepts(Format::Gpt));
        }
    }
}
