//! How much of its ceilings a project uses.

use lendglass_core::Error;
use lendglass_core::limits::{VAULT_CAPACITY_OF_PROJECT_GIB, VAULTS_OF_PROJECT};
use lendglass_core::permission::Action;
use lendglass_core::policy::Ceiling;
use lendglass_core::tenant::Caller;
use lendglass_store::{image as store_image, share as store_share, vault as store_vault};

use crate::app::App;
use crate::service::policy;

/// One ceiling and what is used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// So many.
    pub used: u32,
    /// At most so many; `None`: no limit.
    pub limit: Ceiling,
}

/// The ceilings of a project in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Images it owns; received ones do not count (SH-23).
    pub private_images: Usage,
    /// Distinct images it shares out (SH-16).
    pub shared_images: Usage,
    /// Vaults it has (FS-12).
    pub vaults: Usage,
    /// What they hold at most together, GiB.
    pub vault_capacity_gib: Usage,
}

/// The ceilings of the caller's project in the request's region.
pub async fn show(app: &App, caller: &Caller) -> Result<Quotas, Error> {
    caller.may(Action::QuotasGet)?;
    let rules = policy::show(app, caller).await?;
    let (project, region) = (&caller.project, &caller.region);
    let owned = store_image::read_count_owned(&app.db, project, region).await?;
    let shared = store_share::read_shared_images(&app.db, project, region).await?;
    let (vaults, capacity) = store_vault::read_of_project(&app.db, project, region).await?;
    let number = |gib: u64| u32::try_from(gib).unwrap_or(u32::MAX);
    Ok(Quotas {
        private_images: Usage { used: owned, limit: rules.private_image_quota },
        shared_images: Usage { used: shared, limit: rules.share.max_shared_images },
        vaults: Usage { used: vaults, limit: Some(VAULTS_OF_PROJECT) },
        vault_capacity_gib: Usage {
            used: number(capacity),
            limit: Some(number(VAULT_CAPACITY_OF_PROJECT_GIB)),
        },
    })
}
