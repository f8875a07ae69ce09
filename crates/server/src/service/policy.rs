//! The effective rules, for those who ask before they act.

use lendglass_core::policy::Policy;
use lendglass_core::tenant::Caller;
use lendglass_core::{Error, ProjectId, RegionId};
use lendglass_store::policy as store_policy;

use crate::app::App;

/// The rules in force for the caller's own project and region.
pub async fn show(app: &App, caller: &Caller) -> Result<Policy, Error> {
    of_project(app, &caller.region, &caller.project).await
}

/// The rules in force for a project in a region: those of the owner decide about an image.
pub async fn of_project(
    app: &App,
    region: &RegionId,
    project: &ProjectId,
) -> Result<Policy, Error> {
    store_policy::effective(&app.db, &app.policy, region, project).await
}
