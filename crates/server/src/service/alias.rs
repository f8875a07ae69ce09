//! The ids by which Tencent's clients know images and accounts: `img-…`, and decimal numbers. They say
//! nothing of who may see what: whoever looks an id up asks [`super::image::seen`] next.

use std::collections::BTreeMap;

use lendglass_core::share::{Recipient, Share};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, ProjectId};
use lendglass_store::alias as store_alias;

use crate::app::App;
use crate::service::{image, share_view};

/// The images of some `img-…` ids; ids that name none are left out.
pub async fn images(app: &App, aliases: &[String]) -> Result<BTreeMap<String, ImageId>, Error> {
    Ok(store_alias::images(&app.db, aliases).await?.into_iter().collect())
}

/// The `img-…` ids of some images.
pub async fn of_images(app: &App, ids: &[ImageId]) -> Result<BTreeMap<ImageId, String>, Error> {
    Ok(store_alias::of_images(&app.db, ids).await?.into_iter().collect())
}

/// The numbers of the accounts that hold some projects.
pub async fn of_projects(
    app: &App,
    ids: &[ProjectId],
) -> Result<BTreeMap<ProjectId, String>, Error> {
    Ok(store_alias::of_projects(&app.db, ids).await?.into_iter().collect())
}

/// The live shares of an own image, each with the number of the account that it is to; shares to
/// who is no longer here are left out.
///
/// Errors: as [`share_view::of_image`]; [`Code::NotImageOwner`] for a recipient.
pub async fn given(
    app: &App,
    caller: &Caller,
    id: &ImageId,
) -> Result<Vec<(Share, String)>, Error> {
    let seen = image::seen(app, caller, id).await?;
    if seen.image.owner != caller.project && !caller.is_operator {
        return Err(Error::new(Code::NotImageOwner).with("id", id));
    }
    let shares = share_view::of_image(app, caller, id).await?;
    let (mut projects, mut accounts) = (Vec::new(), Vec::new());
    for share in &shares {
        match &share.recipient {
            Recipient::Project(project) => projects.push(project.clone()),
            Recipient::Account(account) => accounts.push(account.clone()),
        }
    }
    let by_project = of_projects(app, &projects).await?;
    let by_account: BTreeMap<_, _> =
        store_alias::of_accounts(&app.db, &accounts).await?.into_iter().collect();
    let number = |share: &Share| match &share.recipient {
        Recipient::Project(project) => by_project.get(project).cloned(),
        Recipient::Account(account) => by_account.get(account).cloned(),
    };
    Ok(shares.into_iter().filter_map(|share| number(&share).map(|uid| (share, uid))).collect())
}
