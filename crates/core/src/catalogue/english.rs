//! What clients read, in English: the reason and the way out. `{name}` stands for a fact.

use super::Code;

impl Code {
    /// The text in English, with its placeholders.
    pub(crate) fn english(self) -> &'static str {
        match self {
            Code::Malformed => "The request cannot be read: {reason}.",
            Code::MalformedJson => "The body is not the JSON expected here: {reason}.",
            Code::MalformedId => "“{id}” is not an id.",
            Code::InvalidValue => "“{value}” is not allowed for {field}: {reason}.",
            Code::MissingField => "The field {field} is required.",
            Code::UnknownField => "There is no field {field} here.",
            Code::InvalidMarker => {
                "The marker {marker} names nothing in this list; start again from the first page."
            }
            Code::TooManyIds => "You gave {count} ids; at most {max} at a time.",
            Code::TooManyFilters => "At most {max} filters in one request.",
            Code::ImageFormatMismatch => {
                "The file is {found}, but the image is declared as {declared}; declare what it is."
            }
            Code::ImageFormatUnknown => "The file is not a disk image we take: {reason}.",
            Code::ImageRefused => "The file is refused: {reason}.",
            Code::FormatMissing => "Set disk_format and container_format before uploading.",
            Code::HashMismatch => "The {algo} of the file is {got}, not {want}; nothing was kept.",
            Code::UploadIncomplete => {
                "The body ended after {got} bytes, {want} were announced; nothing was kept."
            }
            Code::ChunkMismatch => {
                "The {algo} of this part is not what was announced; nothing of it was kept, send it again."
            }
            Code::VaultRequired => "Choose a vault for the backups of this full-server image.",
            Code::VaultWrongType => {
                "The vault “{vault}” is for {object_type} and of type {protection}; choose one for servers of type backup."
            }
            Code::RecipientAmbiguous => {
                "The account {id} has several projects in region {region}; name the project."
            }
            Code::NotAnAccount => "{id} is not an account id; ask for the id of the root account.",
            Code::TenantNotFound => {
                "No tenant {id} in region {region}; project ids differ per region."
            }
            Code::TenantNotInRegion => {
                "Tenant {id} is not in region {region}; use its project id there."
            }
            Code::SelfShare => "{id} is your own project; a share needs somebody else.",
            Code::AcknowledgeRequired => "Confirm that you have checked the content (acknowledge).",
            Code::ProjectNotInRegion => {
                "Your project lives in region {home}, not in {region}; sign in to a project of that region."
            }
            Code::RegionNotFound => "There is no region {region}.",
            Code::UnsupportedMedia => "The media type {got} is not understood here; send {want}.",
            Code::BadRange => "The range {range} is not within the {size} bytes of the image.",
            Code::Unauthenticated => {
                "Sign in first: the request carries no valid token or signature."
            }
            Code::WrongPassword => "The user name or password is wrong, or the user is disabled.",
            Code::TokenExpired => "The token has expired; sign in again.",
            Code::TokenRevoked => "The token was revoked; sign in again.",
            Code::SessionEnded => "Your session has ended; sign in again.",
            Code::LinkEnded => {
                "This sign-in link was used before or is too old; sign in with your password."
            }
            Code::ScopeRefused => {
                "You have no role in that project or account, or there is none that is enabled; name another one."
            }
            Code::SignatureInvalid => {
                "The access key is not known or the signature is not its; check both halves of the key and the clock."
            }
            Code::SignatureMalformed => "The signature cannot be read: {reason}.",
            Code::SignatureExpired => {
                "The request was signed more than {minutes} minutes from now; set the clock and sign again."
            }
            Code::SignatureReplayed => {
                "A request with this signature was taken before; sign each request anew."
            }
            Code::NoProjectScope => "The token has no project; ask for one scoped to a project.",
            Code::OriginRefused => {
                "The page that sends this request, {origin}, is not the console of this server."
            }
            Code::RoleTooWeak => "Your role is {role}; this needs {needed}.",
            Code::ActionDenied => {
                "A policy of your project denies you {action}; ask an admin of the project."
            }
            Code::OperatorOnly => "Only the operator of this installation may do that.",
            Code::PolicyLocked => "The rule {key} is the same everywhere; nobody can change it.",
            Code::NotImageOwner => "Only the owner of the image may do that.",
            Code::SharedImageReadonly => {
                "Only the owner can change a shared image; replicate it to get your own."
            }
            Code::ReshareForbidden => {
                "A received image cannot be shared on; replicate it and share the replica."
            }
            Code::ShareNotAccepted => "Accept the image first.",
            Code::SharedImageNoDownload => {
                "This cloud does not let recipients read the bytes of a shared image."
            }
            Code::PublicImageNoDownload => "This cloud does not let public images be downloaded.",
            Code::RecipientMayNotRemove => {
                "This cloud does not let recipients drop shared images; ask the owner."
            }
            Code::RecipientMayNotReopen => {
                "An answer cannot be taken back to pending here; accept or reject."
            }
            Code::RecipientMayNotReplicate => {
                "This cloud does not let recipients copy shared images."
            }
            Code::RecipientOnlyAnswers => "Only the recipient can answer an offer.",
            Code::MembersNotAllowed => {
                "Set the visibility of the image to shared first; it is {visibility}."
            }
            Code::PublicizeForbidden => "Only the operator may make an image public.",
            Code::ImageProtected => "The image is protected; remove the protection first.",
            Code::ImageDeactivated => "The image is deactivated; ask its owner to reactivate it.",
            Code::PropertyReadonly => "{property} cannot be set by clients.",
            Code::PropertyReserved => "The property name {property} is reserved.",
            Code::ImageNotFound => "There is no image {id} here.",
            Code::NotShared => "The image is not shared with {recipient}.",
            Code::TagNotFound => "The image has no tag {tag}.",
            Code::NoBytes => "The image has no bytes yet; upload them first.",
            Code::JobNotFound => "There is no job {id} here.",
            Code::UploadNotFound => {
                "There is no unfinished upload {id} here; it has ended, or waited too long."
            }
            Code::RuleNotFound => "There is no standing rule about {owner}.",
            Code::VaultNotFound => "There is no vault {id} in your project here; make one first.",
            Code::BackupNotFound => "There is no backup {id} in your project here.",
            Code::DiskNotFound => "The image has no disk {position}.",
            Code::UserNotFound => "There is no user {id}.",
            Code::ProjectNotFound => "There is no project {id}.",
            Code::AccountNotFound => "There is no account {id}.",
            Code::RoleNotFound => "There is no role {id}.",
            Code::AccessPolicyNotFound => "There is no custom policy {id} in this project.",
            Code::CredentialNotFound => "There is no credential {id}.",
            Code::RouteNotFound => "There is nothing at {path}.",
            Code::MethodNotAllowed => "{path} does not take {method}.",
            Code::ImageExists => "The id {id} is taken; ids are never used twice.",
            Code::ImageNotActive => "The image is {status}, not active.",
            Code::ImageBusy => "The image is {status}; wait until that is done.",
            Code::UploadOffset => "The upload is at byte {want}, not at {got}; go on from there.",
            Code::UploadBusy => "Somebody is sending bytes of this upload; wait until he ends.",
            Code::UploadExists => {
                "The image has an unfinished upload, {id}; resume it or cancel it."
            }
            Code::ImageHasBytes => {
                "The image already has its bytes; make a new image for other ones."
            }
            Code::ImagePublished => "Published images cannot be shared; unpublish it first.",
            Code::ImageIsShared => {
                "The image is shared with {count} tenants; cancel sharing first."
            }
            Code::PublicImage => "Public images are seen by everyone and cannot be shared.",
            Code::AlreadyShared => {
                "The image is already shared with {recipient}; withdraw and share again."
            }
            Code::AnswerUnchanged => "The share already is {state}.",
            Code::ShareAccepted => "{recipient} has accepted the image; it must reject first.",
            Code::EncryptedNotShareable => "Encrypted images cannot be shared on this cloud.",
            Code::DefaultKeyNotShareable => {
                "The image is encrypted with the default key; make a copy with your own key."
            }
            Code::KeyNotGranted => "Grant the image's key to {recipient} first.",
            Code::FullImageNotShareable => "Full-server images of this source cannot be shared.",
            Code::FullImageNoReplicate => "Full-server images cannot be replicated.",
            Code::VaultTooSmall => {
                "The vault “{vault}” has {free} GiB free, {needed} GiB are needed for {images}; choose or make a larger one."
            }
            Code::VaultUnavailable => {
                "The vault “{vault}” takes nothing while it is {status}; choose another one."
            }
            Code::VaultBelowUsed => {
                "The vault “{vault}” keeps {used} GiB; it cannot shrink to {wanted} GiB. Delete backups first."
            }
            Code::VaultNotEmpty => {
                "The vault “{vault}” still keeps {count} backups; delete them or drop their images first."
            }
            Code::BackupInUse => {
                "The backup “{backup}” belongs to image {image}; delete or drop that image first."
            }
            Code::BackupHasImage => {
                "The backup “{backup}” has its image already: {image}. Delete that one first."
            }
            Code::BackupFromShare => {
                "The backup “{backup}” came with the shared image {image}; only its owner makes images of it."
            }
            Code::BlobDamaged => {
                "The stored bytes no longer match their digest; the owner has been told."
            }
            Code::NameTaken => "The name {name} is taken.",
            Code::AccessLockout => {
                "This would take {action} from yourself; let another admin or the operator do it."
            }
            Code::PreconditionFailed => {
                "The image was changed by somebody else meanwhile; read it again."
            }
            Code::PropertyMissing => "The image has no property {property}; add it instead.",
            Code::PropertyExists => {
                "The image already has the property {property}; replace it instead."
            }
            Code::UndoConflict => "Somebody has acted on image {image} since; nothing was undone.",
            Code::NothingToRemind => "No offer to {recipient} waits for an answer.",
            Code::UndoExpired => {
                "An act can be undone for a few seconds, by who did it and once; this one cannot be undone any more."
            }
            Code::IdempotencyInProgress => {
                "The request with the idempotency key {key} is being done or was done, and its answer is not kept; look at what it made before you send it with a new key."
            }
            Code::IdempotencyKeyReused => {
                "The idempotency key {key} belongs to another request; take a new one."
            }
            Code::DryRun => {
                "Nothing was changed: this was a dry run, and the request would be done."
            }
            Code::ShareTenantQuota => "All {max} tenant slots of image {image} are used.",
            Code::ShareImageQuota => "You may share {max} images; {used} are shared already.",
            Code::ShareInvitationQuota => {
                "Image {image} has {max} unanswered offers, as many as allowed; wait or withdraw some."
            }
            Code::PrivateImageQuota => "The project may have {max} private images and has {used}.",
            Code::PropertyQuota => "At most {max} properties; the request needs {count}.",
            Code::TagQuota => "At most {max} tags; the request needs {count}.",
            Code::RuleQuota => "A tenant may have {max} standing rules; forget some first.",
            Code::AccessPolicyQuota => "At most {max} {what}.",
            Code::AccessKeyQuota => "You have {max} access keys in this project; delete one first.",
            Code::VaultQuota => "Your project has {max} vaults already; delete one first.",
            Code::VaultCapacityQuota => {
                "The vaults of your project hold {used} GiB of at most {max} GiB together; choose a smaller capacity."
            }
            Code::ImageTooLarge => "An image may have {max} bytes at most.",
            Code::BodyTooLarge => "The body may have {max} bytes at most.",
            Code::TooManyStreams => {
                "There are {max} event streams already, as many as allowed; close one or try again later."
            }
            Code::WebhookNotFound => "There is no webhook {id} here.",
            Code::WebhookQuota => "A project may have {max} webhooks; delete one first.",
            Code::WebhookUrlRefused => "The address {url} is refused for a webhook: {reason}.",
            Code::RateLimited => "Too many attempts; try again in {seconds} seconds.",
            Code::NoSpace => "There is no room for the bytes; nothing was kept. Tell the operator.",
            Code::Unavailable => "A part of the service does not answer; try again shortly.",
            Code::ShuttingDown => "The server is shutting down; try again shortly.",
            Code::UploadLost => "The upload lost its lease and was undone; upload again.",
            Code::NotAvailableHere => "This installation does not offer {operation}.",
            Code::CopyProjectNeeded => {
                "You can act in {count} projects of your account in region {region}; name the project that shall own the copy."
            }
            Code::TagNotPredefined => {
                "The tag “{tag}” is not among the predefined ones; choose one of: {known}."
            }
            Code::JobEnded => "The job is over ({state}); there is nothing left to cancel.",
            Code::JobCancelled => "The job was cancelled; what it had done is undone.",
            Code::ImageNotPublished => "The image is not published.",
            Code::PredefinedTagQuota => "At most {max} predefined tags; delete some first.",
            Code::Internal => {
                "Something went wrong inside; the request id leads the operator to the reason."
            }
        }
    }
}
