//! What no table may say of another.

/// Counts that must be 0 whenever nothing is under way.
pub const DISAGREEMENTS: &[(&str, &str)] = &[
    (
        "the count of an image's shares is wrong",
        "select cast(count(*) as bigint) from image i where i.share_count <> \
         (select count(*) from share s where s.image_id = i.id)",
    ),
    (
        "a share has another owner than its image",
        "select cast(count(*) as bigint) from share s join image i on i.id = s.image_id \
         where s.owner_id <> i.owner_id or s.region_id <> i.region_id",
    ),
    (
        "a disk uses no blob",
        "select cast(count(*) as bigint) from image_disk d where not exists (select 1 from \
         blob_use u where u.blob_id = d.blob_id and u.holder_id = d.image_id)",
    ),
    (
        "a use belongs to no disk",
        "select cast(count(*) as bigint) from blob_use u where u.holder_kind = 'image' and not \
         exists (select 1 from image_disk d where u.blob_id = d.blob_id \
         and u.holder_id = d.image_id)",
    ),
    (
        "a blob is used though it is not ready",
        "select cast(count(*) as bigint) from blob b join blob_use u on u.blob_id = b.id \
         where b.state not in ('ready', 'damaged')",
    ),
    (
        "a ready blob is used by nobody",
        "select cast(count(*) as bigint) from blob b where b.state = 'ready' \
         and not exists (select 1 from blob_use u where u.blob_id = b.id)",
    ),
    (
        "a blob is filled by no upload",
        "select cast(count(*) as bigint) from blob b where b.state = 'filling' \
         and not exists (select 1 from upload u where u.blob_id = b.id)",
    ),
    (
        "a vault keeps more than it holds",
        "select cast(count(*) as bigint) from vault v where v.capacity_gib < \
         (select coalesce(sum(b.size_gib), 0) from backup b where b.vault_id = v.id)",
    ),
    (
        "a backup is not as large as its disks",
        "select cast(count(*) as bigint) from backup b where b.size_gib <> \
         (select coalesce(sum((d.virtual_size_bytes + 1073741823) / 1073741824), 0) \
         from backup_disk d where d.backup_id = b.id)",
    ),
    (
        "a disk of a backup uses no blob",
        "select cast(count(*) as bigint) from backup_disk d where not exists (select 1 from \
         blob_use u where u.blob_id = d.blob_id and u.holder_kind = 'backup' \
         and u.holder_id = d.backup_id)",
    ),
    (
        "a use belongs to no disk of a backup",
        "select cast(count(*) as bigint) from blob_use u where u.holder_kind = 'backup' and not \
         exists (select 1 from backup_disk d where u.blob_id = d.blob_id \
         and u.holder_id = d.backup_id)",
    ),
    (
        "a backup is held by a share that is not accepted",
        "select cast(count(*) as bigint) from backup b where b.held_id is not null and not exists \
         (select 1 from share s where s.image_id = b.from_image_id and s.state = 'accepted' \
         and s.recipient_kind = b.held_kind and s.recipient_id = b.held_id)",
    ),
];
