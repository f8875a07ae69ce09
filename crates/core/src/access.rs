//! Who may do what to which image: one function per question, 404 before any 403 (I7, XC-09).
//!
//! Every question starts from the [`Standing`] of the caller, and a standing is only had through
//! [`see`], which refuses with [`Code::ImageNotFound`] what the caller may not know of.

use crate::error::{Code, Error};
use crate::image::{Encryption, Image, ImageKind, ImageStatus, Visibility};
use crate::permission::Action;
use crate::policy::{Allowance, DeleteWhileShared, EncryptedSharing, FullServerSources, Policy};
use crate::share::{self, Recipient, Share, ShareState};
use crate::tenant::Caller;
use crate::time::Timestamp;

/// How a caller stands to an image he may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// His project owns it.
    Owner,
    /// It is offered to his project or his account; the share that gives him most.
    Recipient(&'a Share),
    /// It is public.
    Public,
    /// It is a community image.
    Community,
    /// It is in the marketplace.
    Market,
    /// He operates the installation.
    Operator,
}

/// How `caller` stands to `image`. `shares` are the shares of this image whose recipient is the
/// caller's project or account; they count only while the image's visibility is `shared`.
///
/// Refuses with [`Code::ImageNotFound`] what the caller may not see, also in another region.
pub fn see<'a>(
    caller: &Caller,
    image: &Image,
    shares: &'a [Share],
    now: Timestamp,
) -> Result<Standing<'a>, Error> {
    let not_found = || Error::new(Code::ImageNotFound).with("id", &image.id);
    if image.region != caller.region {
        return Err(not_found());
    }
    if image.owner == caller.project {
        return Ok(Standing::Owner);
    }
    let best = best_share(caller, image, shares, now);
    match (image.visibility, best) {
        (Visibility::Shared, Some(share)) => Ok(Standing::Recipient(share)),
        (Visibility::Public, _) => Ok(Standing::Public),
        (Visibility::Community, _) => Ok(Standing::Community),
        (Visibility::Private | Visibility::Shared, _) if caller.is_operator => {
            Ok(Standing::Operator)
        }
        (Visibility::Private | Visibility::Shared, _) if image.is_published => Ok(Standing::Market),
        (Visibility::Private | Visibility::Shared, _) => Err(not_found()),
    }
}

fn best_share<'a>(
    caller: &Caller,
    image: &Image,
    shares: &'a [Share],
    now: Timestamp,
) -> Option<&'a Share> {
    shares
        .iter()
        .filter(|share| share.image == image.id && share::is_visible(share, now))
        .filter(|share| is_mine(caller, &share.recipient))
        .min_by_key(|share| {
            let strength = match share.state {
                ShareState::Accepted => 0,
                ShareState::Pending => 1,
                ShareState::Rejected => 2,
            };
            (strength, share.recipient.kind() != "project")
        })
}

/// Whether a share to `recipient` is the caller's to answer: his project's or his account's.
pub fn is_mine(caller: &Caller, recipient: &Recipient) -> bool {
    match recipient {
        Recipient::Project(project) => *project == caller.project,
        Recipient::Account(account) => *account == caller.account,
    }
}

/// May the caller change the record? Refuses a recipient with [`Code::SharedImageReadonly`]
/// (RC-16), others with [`Code::NotImageOwner`].
pub fn may_change(caller: &Caller, standing: Standing<'_>) -> Result<(), Error> {
    may_act(caller, standing, Action::ImagesUpdate)
}

/// May the caller give the image its bytes? Refuses as [`may_change`].
pub fn may_upload(caller: &Caller, standing: Standing<'_>) -> Result<(), Error> {
    may_act(caller, standing, Action::ImagesUpload)
}

/// What only the owner does, and the operator.
fn may_act(caller: &Caller, standing: Standing<'_>, action: Action) -> Result<(), Error> {
    match standing {
        Standing::Owner => caller.may(action),
        Standing::Operator => Ok(()),
        Standing::Public | Standing::Community | Standing::Market if caller.is_operator => Ok(()),
        Standing::Recipient(_) if caller.is_operator => Ok(()),
        Standing::Recipient(_) => Err(Error::new(Code::SharedImageReadonly)),
        Standing::Public | Standing::Community | Standing::Market => {
            Err(Error::new(Code::NotImageOwner))
        }
    }
}

/// May the caller delete the image? `shares` and `accepted` count its live shares (DL-01, DL-02,
/// DL-06, DL-09, RC-17).
pub fn may_delete(
    caller: &Caller,
    standing: Standing<'_>,
    image: &Image,
    policy: &Policy,
    shares: u32,
    accepted: u32,
) -> Result<(), Error> {
    may_act(caller, standing, Action::ImagesDelete)?;
    if image.is_protected {
        return Err(Error::new(Code::ImageProtected));
    }
    if image.is_published {
        return Err(Error::new(Code::ImagePublished));
    }
    let in_the_way = match policy.delete.while_shared {
        DeleteWhileShared::Allow => 0,
        DeleteWhileShared::BlockIfAccepted => accepted,
        DeleteWhileShared::RequireUnshare => shares,
    };
    if in_the_way > 0 {
        return Err(Error::new(Code::ImageIsShared).with("count", in_the_way));
    }
    Ok(())
}

/// May the caller publish the image to the marketplace (SH-40)? It is private, nobody else has it, and
/// its bytes are there. `shares` counts its live shares.
pub fn may_publish(
    caller: &Caller,
    standing: Standing<'_>,
    image: &Image,
    shares: u32,
) -> Result<(), Error> {
    may_act(caller, standing, Action::ImagesMarket)?;
    if image.is_published {
        return Err(Error::new(Code::ImagePublished));
    }
    if shares > 0 {
        return Err(Error::new(Code::ImageIsShared).with("count", shares));
    }
    match image.visibility {
        Visibility::Private | Visibility::Shared => {}
        Visibility::Public | Visibility::Community => {
            return Err(Error::new(Code::InvalidValue)
                .with("field", "visibility")
                .with("value", image.visibility.as_str())
                .with("reason", "only private images are published"));
        }
    }
    if image.status != ImageStatus::Active {
        return Err(Error::new(Code::ImageNotActive).with("status", image.status.as_str()));
    }
    Ok(())
}

/// May the caller withdraw the image from the marketplace: its owner, and the operator (SH-40)?
pub fn may_unpublish(caller: &Caller, standing: Standing<'_>, image: &Image) -> Result<(), Error> {
    may_act(caller, standing, Action::ImagesMarket)?;
    if image.is_published { Ok(()) } else { Err(Error::new(Code::ImageNotPublished)) }
}

/// Whether the owner's policy has a say in who reads the bytes: whoever has this standing needs no look
/// at it before [`may_read_bytes`].
pub fn rules_decide_reading(standing: Standing<'_>) -> bool {
    match standing {
        Standing::Operator | Standing::Community | Standing::Owner => false,
        Standing::Public | Standing::Market | Standing::Recipient(_) => true,
    }
}

/// May the caller read the bytes (RC-18)? `policy` is the one of the image's owner. A service reads
/// whatever its user may use.
pub fn may_read_bytes(
    caller: &Caller,
    standing: Standing<'_>,
    image: &Image,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Error> {
    if image.status == ImageStatus::Deactivated && !caller.is_operator {
        return Err(Error::new(Code::ImageDeactivated));
    }
    match standing {
        Standing::Operator | Standing::Community | Standing::Owner => {}
        Standing::Public | Standing::Market
            if policy.public_may_download || caller.is_service || caller.is_operator => {}
        Standing::Public | Standing::Market => return Err(Error::new(Code::PublicImageNoDownload)),
        Standing::Recipient(_) if caller.is_operator => {}
        Standing::Recipient(share) => {
            if !share::may_use(share, policy, now) {
                return Err(Error::new(Code::ShareNotAccepted));
            }
            if !policy.recipient.may_download && !caller.is_service {
                return Err(Error::new(Code::SharedImageNoDownload));
            }
        }
    }
    // A service reads in order that its user may use the image.
    let is_use = caller.is_service;
    caller.may(if is_use { Action::ImagesUse } else { Action::ImagesDownload })
}

/// May the caller use the image as a source: servers, volumes, replicas (RC-10)?
pub fn may_use(
    caller: &Caller,
    standing: Standing<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Error> {
    is_usable(standing, policy, now)?;
    caller.may(Action::ImagesUse)
}

/// Refuses with [`Code::ShareNotAccepted`] what the policy lets no recipient use.
fn is_usable(standing: Standing<'_>, policy: &Policy, now: Timestamp) -> Result<(), Error> {
    match standing {
        Standing::Recipient(share) if !share::may_use(share, policy, now) => {
            Err(Error::new(Code::ShareNotAccepted))
        }
        Standing::Owner
        | Standing::Recipient(_)
        | Standing::Public
        | Standing::Community
        | Standing::Market
        | Standing::Operator => Ok(()),
    }
}

/// May the caller replicate the image into his project (US-09, SH-04)?
pub fn may_replicate(
    caller: &Caller,
    standing: Standing<'_>,
    image: &Image,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Error> {
    is_usable(standing, policy, now)?;
    caller.may(Action::ImagesCopy)?;
    if matches!(standing, Standing::Recipient(_)) && !policy.recipient.may_replicate {
        return Err(Error::new(Code::RecipientMayNotReplicate));
    }
    if image.kind == ImageKind::FullServer {
        return Err(Error::new(Code::FullImageNoReplicate));
    }
    if image.status != ImageStatus::Active {
        return Err(Error::new(Code::ImageNotActive).with("status", image.status.as_str()));
    }
    Ok(())
}

/// May the caller share the image at all (SH-01…SH-07)? What depends on the recipient is asked of
/// [`may_share_with`]; ceilings are asked of [`crate::quota`].
pub fn may_share(
    caller: &Caller,
    standing: Standing<'_>,
    image: &Image,
    policy: &Policy,
) -> Result<(), Error> {
    owns(caller, standing)?;
    if image.is_published && policy.share.market_images == Allowance::Deny {
        return Err(Error::new(Code::ImagePublished));
    }
    may_have_members(image, policy)?;
    if policy.share.needs_active && image.status != ImageStatus::Active {
        return Err(Error::new(Code::ImageNotActive).with("status", image.status.as_str()));
    }
    match (image.encryption, policy.share.encrypted) {
        (Encryption::None, _) | (_, EncryptedSharing::Allow) => {}
        (Encryption::DefaultKey, _) => return Err(Error::new(Code::DefaultKeyNotShareable)),
        (Encryption::OwnKey, EncryptedSharing::Deny) => {
            return Err(Error::new(Code::EncryptedNotShareable));
        }
        (Encryption::OwnKey, EncryptedSharing::CustomKeyWithGrant) => {}
    }
    match (image.kind, policy.share.full_server_sources) {
        (ImageKind::SystemDisk | ImageKind::DataDisk | ImageKind::Iso, _)
        | (ImageKind::FullServer, FullServerSources::Any) => Ok(()),
        (ImageKind::FullServer, FullServerSources::Backup) if image.is_from_backup => Ok(()),
        (ImageKind::FullServer, FullServerSources::Backup | FullServerSources::None) => {
            Err(Error::new(Code::FullImageNotShareable))
        }
    }
}

/// Whether an image encrypted with an own key may go to one recipient: only where that recipient
/// was granted the key (T-135).
pub fn may_share_with(
    image: &Image,
    recipient: &Recipient,
    is_key_granted: bool,
    policy: &Policy,
) -> Result<(), Error> {
    let needs_grant = image.encryption == Encryption::OwnKey
        && policy.share.encrypted == EncryptedSharing::CustomKeyWithGrant;
    if needs_grant && !is_key_granted {
        return Err(Error::new(Code::KeyNotGranted).with("recipient", recipient.id()));
    }
    Ok(())
}

/// The one who may manage the shares of an image: its owner who may share. A recipient who has
/// accepted learns that he may not pass it on (SH-03), everyone else that he is not the owner.
pub fn owns(caller: &Caller, standing: Standing<'_>) -> Result<(), Error> {
    match standing {
        Standing::Owner => caller.may(Action::ImagesShare),
        Standing::Operator => Ok(()),
        Standing::Recipient(_) | Standing::Public | Standing::Community | Standing::Market
            if caller.is_operator =>
        {
            Ok(())
        }
        Standing::Recipient(share) if share.state == ShareState::Accepted => {
            Err(Error::new(Code::ReshareForbidden))
        }
        Standing::Recipient(_) | Standing::Public | Standing::Community | Standing::Market => {
            Err(Error::new(Code::NotImageOwner))
        }
    }
}

/// Whether the image's visibility lets it have shares. Where `share.private_becomes_shared` is off
/// only `shared` does (as Glance); else `private` does as well, and becomes shared.
pub fn may_have_members(image: &Image, policy: &Policy) -> Result<(), Error> {
    let refused =
        || Error::new(Code::MembersNotAllowed).with("visibility", image.visibility.as_str());
    match image.visibility {
        Visibility::Shared => Ok(()),
        Visibility::Private if policy.share.private_becomes_shared => Ok(()),
        Visibility::Public if policy.share.private_becomes_shared => {
            Err(Error::new(Code::PublicImage))
        }
        Visibility::Private | Visibility::Community | Visibility::Public => Err(refused()),
    }
}

/// May the caller answer for `recipient` (ST-02, RC-22)? The recipient's own members may; the
/// operator where `share.operator_may_answer`; the owner may not.
pub fn may_answer(
    caller: &Caller,
    standing: Standing<'_>,
    recipient: &Recipient,
    policy: &Policy,
) -> Result<(), Error> {
    if is_mine(caller, recipient) && standing != Standing::Owner {
        return caller.may(Action::SharesAnswer);
    }
    if caller.is_operator && policy.share.operator_may_answer {
        return Ok(());
    }
    if is_mine(caller, recipient) && !policy.share.check_recipient {
        // A project that was offered its own image (possible where recipients are not checked).
        return caller.may(Action::SharesAnswer);
    }
    match standing {
        Standing::Owner | Standing::Operator => Err(Error::new(Code::RecipientOnlyAnswers)),
        Standing::Recipient(_) | Standing::Public | Standing::Community | Standing::Market => {
            Err(Error::new(Code::NotShared).with("recipient", recipient.id()))
        }
    }
}

/// Whether accepting the image puts its backups into a vault of the recipient (FS-01).
pub fn accepting_needs_vault(image: &Image, policy: &Policy) -> bool {
    image.kind == ImageKind::FullServer && policy.full_server_accept_needs_vault
}

/// May a recipient leave, that is end his own share? Only where rejecting it ends the use
/// (`share.use_requires_acceptance`): elsewhere the state is no access control, the image would stay
/// usable, and leaving would only seem to work. Glance refuses it for that reason; the owner removes.
pub fn may_leave(policy: &Policy) -> Result<(), Error> {
    if policy.share.use_requires_acceptance {
        return Ok(());
    }
    Err(Error::new(Code::RecipientMayNotRemove))
}

/// May the caller see the share of `recipient`? Owner and operator see all, a recipient only the
/// own one; every other answer is [`Code::NotShared`].
pub fn may_see_share(
    caller: &Caller,
    standing: Standing<'_>,
    recipient: &Recipient,
) -> Result<(), Error> {
    let sees_all = standing == Standing::Owner || caller.is_operator;
    if sees_all || is_mine(caller, recipient) {
        return Ok(());
    }
    Err(Error::new(Code::NotShared).with("recipient", recipient.id()))
}

/// May the caller give the image this visibility? Only the operator makes images public (T-005);
/// where `share.private_becomes_shared`, a visibility that would strand shares is refused while
/// there are any.
pub fn may_set_visibility(
    caller: &Caller,
    image: &Image,
    wanted: Visibility,
    policy: &Policy,
) -> Result<(), Error> {
    if wanted == image.visibility {
        return Ok(());
    }
    if wanted == Visibility::Public && caller.may(Action::ImagesPublish).is_err() {
        return Err(Error::new(Code::PublicizeForbidden));
    }
    let strands = policy.share.private_becomes_shared && wanted != Visibility::Shared;
    if strands && image.shares > 0 {
        return Err(Error::new(Code::ImageIsShared).with("count", image.shares));
    }
    Ok(())
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;

#[cfg(test)]
pub(crate) mod fixtures {
    //! The same people everywhere: alice owns project A of account X, bob B of Y, carol C of Z.

    use super::*;
    use crate::id::{AccountId, ImageId, ProjectId, RegionId, UserId};
    use crate::tenant::Credential;

    pub fn caller(user: &str, project: &str, account: &str) -> Caller {
        Caller {
            user: UserId::trusted(user),
            user_name: user.to_owned(),
            project: ProjectId::trusted(project),
            account: AccountId::trusted(account),
            region: RegionId::trusted("r1"),
            role: crate::tenant::Role::Member,
            permissions: Default::default(),
            is_operator: false,
            is_service: false,
            credential: Credential::Token,
            source: "127.0.0.1".to_owned(),
            request_id: "req-1".to_owned(),
            terms: crate::tenant::Terms::default(),
        }
    }

    pub fn image(id: &str, owner: &str) -> Image {
        Image {
            id: ImageId::trusted(id),
            region: RegionId::trusted("r1"),
            owner: ProjectId::trusted(owner),
            name: Some(id.to_owned()),
            kind: ImageKind::SystemDisk,
            status: ImageStatus::Active,
            visibility: Visibility::Private,
            is_hidden: false,
            is_protected: false,
            is_published: false,
            disk_format: None,
            container_format: None,
            min_disk_gib: 0,
            min_ram_mib: 0,
            size_bytes: None,
            virtual_size_bytes: None,
            digests: None,
            encryption: Encryption::None,
            tags: Vec::new(),
            properties: std::collections::BTreeMap::new(),
            is_from_backup: false,
            source_image: None,
            rank: 0,
            shares: 0,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    pub fn share(image: &str, project: &str, state: ShareState) -> Share {
        Share {
            image: ImageId::trusted(image),
            recipient: Recipient::Project(ProjectId::trusted(project)),
            owner: ProjectId::trusted("A"),
            region: RegionId::trusted("r1"),
            state,
            note: None,
            lapses_at: None,
            ends_at: None,
            accepted_digest: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }
}
