//! The words of a list request: filters, and the columns and orders they know.

use lendglass_core::image::{Image, Visibility};

use crate::db::Value;

/// What must hold of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// A text column is one of these.
    Text(TextColumn, Vec<String>),
    /// A number column compares so.
    Number(NumberColumn, Comparison, i64),
    /// A number column lies in [from, to).
    Within(NumberColumn, i64, i64),
    /// A number column does not lie in [from, to).
    Outside(NumberColumn, i64, i64),
    /// The visibility is this.
    Visibility(Visibility),
    /// It carries this tag.
    Tag(String),
    /// It carries a tag with this key: the key alone, or `KEY=VALUE`.
    TagKey(String),
    /// It has this property with this value.
    Property(String, String),
    /// Its folded name contains this folded text.
    NameContains(String),
    /// That, or its id begins with the text.
    NameOrId(String),
}

/// Text columns that filters know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the image's field of the same name")]
pub enum TextColumn {
    Id,
    Name,
    Owner,
    Status,
    Kind,
    DiskFormat,
    ContainerFormat,
    Md5,
    DigestAlgo,
    Digest,
}

impl TextColumn {
    pub(super) fn sql(self) -> &'static str {
        match self {
            TextColumn::Id => "i.id",
            TextColumn::Name => "i.name",
            TextColumn::Owner => "i.owner_id",
            TextColumn::Status => "i.status",
            TextColumn::Kind => "i.kind",
            TextColumn::DiskFormat => "i.disk_format",
            TextColumn::ContainerFormat => "i.container_format",
            TextColumn::Md5 => "i.md5_hex",
            TextColumn::DigestAlgo => "i.digest_algo",
            TextColumn::Digest => "i.digest_hex",
        }
    }
}

/// Number columns that filters know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the image's field of the same name")]
pub enum NumberColumn {
    Size,
    VirtualSize,
    MinDisk,
    MinRam,
    Protected,
    Published,
    CreatedAt,
    UpdatedAt,
    Shares,
}

impl NumberColumn {
    pub(super) fn sql(self) -> &'static str {
        match self {
            NumberColumn::Size => "i.size_bytes",
            NumberColumn::VirtualSize => "i.virtual_size_bytes",
            NumberColumn::MinDisk => "i.min_disk_gib",
            NumberColumn::MinRam => "i.min_ram_mib",
            NumberColumn::Protected => "i.is_protected",
            NumberColumn::Published => "i.is_published",
            NumberColumn::CreatedAt => "i.created_at",
            NumberColumn::UpdatedAt => "i.updated_at",
            NumberColumn::Shares => "i.share_count",
        }
    }
}

/// How a number compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }
}

/// What a list may be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the image's field of the same name")]
pub enum SortKey {
    Name,
    Status,
    ContainerFormat,
    DiskFormat,
    Size,
    VirtualSize,
    Kind,
    Id,
    CreatedAt,
    UpdatedAt,
    /// The operating system.
    System,
    /// The operator's order of public images.
    Rank,
}

/// The property that names an image's operating system.
pub(super) const SYSTEM: &str = "os_distro";
/// What has no rank comes after all that has.
const NO_RANK: i64 = 1 << 32;

impl SortKey {
    /// Nothing sorts before everything, on both engines.
    pub(super) fn sql(self) -> &'static str {
        match self {
            SortKey::Name => "coalesce(i.name, '')",
            SortKey::Status => "i.status",
            SortKey::ContainerFormat => "coalesce(i.container_format, '')",
            SortKey::DiskFormat => "coalesce(i.disk_format, '')",
            SortKey::Size => "coalesce(i.size_bytes, -1)",
            SortKey::VirtualSize => "coalesce(i.virtual_size_bytes, -1)",
            SortKey::Kind => "i.kind",
            SortKey::Id => "i.id",
            SortKey::CreatedAt => "i.created_at",
            SortKey::UpdatedAt => "i.updated_at",
            SortKey::System => {
                "coalesce((select p.value from image_property p \
                 where p.image_id = i.id and p.name = 'os_distro'), '')"
            }
            SortKey::Rank => "case i.list_rank when 0 then 4294967296 else i.list_rank end",
        }
    }

    pub(super) fn of(self, image: &Image) -> Value {
        let text = |text: Option<&str>| Value::from(text.unwrap_or_default());
        match self {
            SortKey::Name => text(image.name.as_deref()),
            SortKey::Status => text(Some(image.status.as_str())),
            SortKey::ContainerFormat => text(image.container_format.map(|f| f.as_str())),
            SortKey::DiskFormat => text(image.disk_format.map(|f| f.as_str())),
            SortKey::Size => image.size_bytes.map_or(Value::Int(-1), Value::from),
            SortKey::VirtualSize => image.virtual_size_bytes.map_or(Value::Int(-1), Value::from),
            SortKey::Kind => text(Some(image.kind.as_str())),
            SortKey::Id => text(Some(image.id.as_str())),
            SortKey::CreatedAt => image.created_at.into(),
            SortKey::UpdatedAt => image.updated_at.into(),
            SortKey::System => text(image.properties.get(SYSTEM).map(String::as_str)),
            SortKey::Rank if image.rank == 0 => Value::Int(NO_RANK),
            SortKey::Rank => Value::Int(i64::from(image.rank)),
        }
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        }
    }

    pub(super) fn after(self) -> &'static str {
        match self {
            Direction::Ascending => ">",
            Direction::Descending => "<",
        }
    }
}

/// The order with `created_at` and `id` added, so that it is total.
pub(super) fn full_order(order: &[(SortKey, Direction)]) -> Vec<(SortKey, Direction)> {
    let mut full = order.to_vec();
    let last = full.last().map_or(Direction::Descending, |(_, direction)| *direction);
    for key in [SortKey::CreatedAt, SortKey::Id] {
        if !full.iter().any(|(known, _)| *known == key) {
            full.push((key, last));
        }
    }
    full
}
