//! What would lie above a ceiling that is lowered: the operator asks before he lowers it (PF-03).

use lendglass_core::Error;
use lendglass_core::image::ImageKind;
use lendglass_core::policy::{Ceiling, Policy};
use lendglass_store::Tx;
use lendglass_store::policy::{self as store_policy, EXCEEDING_MOST, Limited, Scope};

/// What a ceiling counts in each of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Things {
    /// Images.
    Images,
    /// Projects.
    Projects,
}

impl Things {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Things::Images => "images",
            Things::Projects => "projects",
        }
    }
}

/// What lies above a ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The key of the ceiling.
    pub key: &'static str,
    /// The ceiling.
    pub ceiling: u32,
    /// So many, at most [`EXCEEDING_MOST`].
    pub count: u32,
    /// Whether there are more.
    pub is_more: bool,
    /// Of what.
    pub things: Things,
}

/// One ceiling of a policy: its key, its value, what it counts.
type Row = (&'static str, Ceiling, Things, Limited);

/// What lies in `scope` above each ceiling that is lower after than before, or that counts more.
pub(super) fn effects(
    tx: &mut Tx<'_>,
    scope: Scope<'_>,
    before: &Policy,
    after: &Policy,
) -> Result<Vec<Effect>, Error> {
    let mut effects = Vec::new();
    for (was, is) in ceilings(before).into_iter().zip(ceilings(after)) {
        let (key, ceiling, things, limited) = is;
        let Some(ceiling) = ceiling else { continue };
        let is_lower = was.1.is_none_or(|was| ceiling < was);
        if !is_lower && was.3 == limited {
            continue;
        }
        let found = store_policy::exceeding(tx, scope, key, limited, ceiling)?;
        let (count, is_more) = (found.min(EXCEEDING_MOST), found > EXCEEDING_MOST);
        effects.push(Effect { key, ceiling, count, is_more, things });
    }
    Ok(effects)
}

fn ceilings(policy: &Policy) -> Vec<Row> {
    let share = &policy.share;
    let (pending, rejected) = (share.pending_counts, share.rejected_counts);
    let of = |kind| Limited::Tenants { kind, pending, rejected };
    // Where pending offers take slots, the ceiling on open ones is not asked.
    let open = share.max_open_invitations.filter(|_| !pending);
    let images = Things::Images;
    vec![
        ("share.max_tenants.system", share.max_tenants_system, images, of(ImageKind::SystemDisk)),
        ("share.max_tenants.data", share.max_tenants_data, images, of(ImageKind::DataDisk)),
        ("share.max_tenants.iso", share.max_tenants_iso, images, of(ImageKind::Iso)),
        (
            "share.max_tenants.full_server",
            share.max_tenants_full_server,
            images,
            of(ImageKind::FullServer),
        ),
        ("share.max_open_invitations", open, images, Limited::OpenInvitations),
        (
            "share.max_shared_images",
            share.max_shared_images,
            Things::Projects,
            Limited::SharedImages,
        ),
        ("private_image.quota", policy.private_image_quota, Things::Projects, Limited::OwnedImages),
        ("image.properties_max", policy.image_properties_max, images, Limited::Properties),
        ("tags.max", policy.tags_max, images, Limited::Tags),
        ("image.name_max", Some(policy.image_name_max), images, Limited::NameLength),
    ]
}
