//! The codes that single actions have for refusals, where the vendor has another one there than usual.
//! `docs/errors.md` is printed from here.

use lendglass_core::Code;

/// Refusals, with the codes that an action has for them.
pub type Words = &'static [(Code, &'static str)];

/// `ModifyImageAttribute`.
pub const MODIFYING: Words = &[
    (Code::NotImageOwner, "UnsupportedOperation.SharedImageModifyUnsupported"),
    (Code::ImageBusy, "InvalidImageId.IncorrectState"),
];

/// A text that is too long, of the same and of `SyncImages`.
pub const TOO_LARGE: Words = &[(Code::InvalidValue, "InvalidParameterValue.TooLarge")];

/// `DeleteImages`.
pub const DELETION: Words = &[
    (Code::NotImageOwner, "InvalidParameterValue.InvalidImageIdIsShared"),
    (Code::SharedImageReadonly, "InvalidParameterValue.InvalidImageIdIsShared"),
    (Code::ImageNotActive, "InvalidImageId.IncorrectState"),
    (Code::ImageBusy, "InvalidImageId.IncorrectState"),
];

/// `SyncImages`.
pub const COPYING: Words = &[(Code::CopyProjectNeeded, "UnsupportedOperation.Region")];

/// Encrypted copies, of `SyncImages`.
pub const ENCRYPTING: Words =
    &[(Code::NotAvailableHere, "UnsupportedOperation.SyncEncryptImageNotSupport")];

/// The number of an account, of CVM's `ModifyImageSharePermission`.
pub const NUMBERS: Words = &[(Code::InvalidValue, "InvalidParameterValue.InvalidAppIdFormat")];

/// Ids beside filters, of the lists.
pub const IDS_AND_FILTERS: Words =
    &[(Code::InvalidValue, "InvalidParameter.InvalidParameterCoexistImageIdsFilters")];

/// The size of a page, of the lists.
pub const PAGES: Words = &[(Code::InvalidValue, "InvalidParameterValue.LimitExceeded")];

/// The name of a filter, of the lists.
pub const FILTERS: Words = &[(Code::InvalidValue, "InvalidFilter")];

/// `Version`.
pub const VERSIONS: Words = &[(Code::RouteNotFound, "NoSuchVersion")];

/// Images that shall be or be no more blueprints: Lighthouse's `ModifyImageSharePermission`.
pub const TO_BLUEPRINT: Words = &[
    (Code::MalformedId, "InvalidParameterValue.InvalidImageIdMalformed"),
    (Code::ImageNotFound, "ResourceNotFound.ImageIdNotFound"),
    (Code::NotImageOwner, "UnauthorizedOperation.NoPermission"),
    (Code::SharedImageReadonly, "UnauthorizedOperation.NoPermission"),
    (Code::PropertyExists, "UnsupportedOperation.ImageAlreadyShared"),
    (Code::PropertyMissing, "UnsupportedOperation.ImageUnableToShare"),
    (Code::InvalidValue, "UnsupportedOperation.ImageUnableToShare"),
    (Code::ImageNotActive, "UnsupportedOperation.ImageUnableToShare"),
    (Code::ImageBusy, "UnsupportedOperation.ImageOccupied"),
];

/// The id of a blueprint, wherever one is named.
pub const BLUEPRINTS: Words = &[
    (Code::MalformedId, "InvalidParameterValue.BlueprintIdMalformed"),
    (Code::ImageNotFound, "ResourceNotFound.BlueprintIdNotFound"),
];

/// `ModifyBlueprintAttribute`.
pub const MODIFYING_BLUEPRINT: Words = &[
    (Code::ImageNotFound, "ResourceNotFound.BlueprintIdNotFound"),
    (Code::NotImageOwner, "UnauthorizedOperation.NoPermission"),
    (Code::SharedImageReadonly, "UnauthorizedOperation.NoPermission"),
    (Code::ImageBusy, "OperationDenied.BlueprintOperationInProgress"),
];

/// `DeleteBlueprints`.
pub const DELETING_BLUEPRINT: Words = &[
    (Code::NotImageOwner, "UnsupportedOperation.NotSupportSharedBlueprint"),
    (Code::SharedImageReadonly, "UnsupportedOperation.NotSupportSharedBlueprint"),
    (Code::ImageBusy, "OperationDenied.BlueprintOperationInProgress"),
];

/// Blueprints shared across accounts.
pub const ACROSS: Words = &[
    (Code::SelfShare, "InvalidParameterValue.AccountIdSameWithUin"),
    (Code::TenantNotFound, "InvalidParameterValue.AccountIdsNotExist"),
    (Code::NotAnAccount, "InvalidParameterValue.AccountIdsNotOwnerAccount"),
    (Code::InvalidValue, "InvalidParameterValue.AccountIdsNotExist"),
    (Code::NotShared, "UnsupportedOperation.BlueprintHasNotShared"),
    (Code::AlreadyShared, "UnsupportedOperation.BlueprintAlreadyShared"),
    (Code::NotImageOwner, "UnauthorizedOperation.NoPermission"),
    (Code::ReshareForbidden, "UnauthorizedOperation.NoPermission"),
    (Code::ImageNotFound, "ResourceNotFound.BlueprintIdNotFound"),
    (Code::ImageNotActive, "InvalidParameterValue.InvalidBlueprintState"),
    (Code::ShareTenantQuota, "LimitExceeded.ShareBlueprintAcrossAccountQuotaLimitExceeded"),
    (Code::ShareImageQuota, "LimitExceeded.ShareBlueprintAcrossAccountQuotaLimitExceeded"),
];

/// All of them, with where they are used.
pub const BY_ACTION: &[(&str, Words)] = &[
    ("ModifyImageAttribute", MODIFYING),
    ("texts that are too long", TOO_LARGE),
    ("DeleteImages", DELETION),
    ("SyncImages", COPYING),
    ("SyncImages, Encrypt", ENCRYPTING),
    ("ModifyImageSharePermission, AccountIds", NUMBERS),
    ("lists, ids beside Filters", IDS_AND_FILTERS),
    ("lists, Limit", PAGES),
    ("lists, Filters", FILTERS),
    ("Version", VERSIONS),
    ("Lighthouse ModifyImageSharePermission", TO_BLUEPRINT),
    ("BlueprintId", BLUEPRINTS),
    ("ModifyBlueprintAttribute", MODIFYING_BLUEPRINT),
    ("DeleteBlueprints", DELETING_BLUEPRINT),
    ("ShareBlueprintAcrossAccounts and its like", ACROSS),
];
