//! Blueprints: images that their owner lets the second family of servers use as well, Tencent's
//! Lighthouse (US-11a).
//!
//! Whether an image is one is part of its record, a property of its own: it goes where the record
//! goes, and every client can read it. A copy begins without it.

use std::collections::BTreeMap;

use lendglass_core::image::{Image, ImageKind, ImageStatus};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId};

use crate::app::App;
use crate::service::image::{self, Edit};

const PROPERTY: &str = "lighthouse_blueprint";

/// Whether an image is a blueprint; what does not boot never is.
pub fn is_one(image: &Image) -> bool {
    image.kind == ImageKind::SystemDisk && image.properties.contains_key(PROPERTY)
}

/// The properties that a copy begins with.
pub(crate) fn properties_of_copy(image: &Image) -> BTreeMap<String, String> {
    let mut properties = image.properties.clone();
    properties.remove(PROPERTY);
    properties
}

/// Why the caller cannot make an image a blueprint, if he cannot: [`Code::NotImageOwner`],
/// [`Code::InvalidValue`] for what is no system disk, [`Code::ImageNotActive`],
/// [`Code::PropertyExists`] where it is one.
pub fn refusal(caller: &Caller, image: &Image) -> Option<Error> {
    if image.owner != caller.project {
        return Some(Error::new(Code::NotImageOwner).with("id", &image.id));
    }
    if image.kind != ImageKind::SystemDisk {
        let error = Error::new(Code::InvalidValue).with("field", "kind");
        let error = error.with("value", image.kind.as_str());
        return Some(error.with("reason", "only images of a system disk are used there"));
    }
    if image.status != ImageStatus::Active {
        return Some(Error::new(Code::ImageNotActive).with("status", image.status.as_str()));
    }
    let is_one = image.properties.contains_key(PROPERTY);
    is_one.then(|| Error::new(Code::PropertyExists).with("property", PROPERTY))
}

/// Makes an image a blueprint. Errors: those of [`refusal`] and of [`image::update`].
pub async fn make(app: &App, caller: &Caller, id: &ImageId) -> Result<(), Error> {
    let seen = image::seen(app, caller, id).await?;
    if let Some(error) = refusal(caller, &seen.image) {
        return Err(error);
    }
    let mark = Edit::AddProperty(PROPERTY.to_owned(), "true".to_owned());
    image::update(app, caller, id, vec![mark]).await.map(|_| ())
}

/// Makes a blueprint an image like any other. Errors: those of [`image::update`];
/// [`Code::PropertyMissing`] where it is none.
pub async fn unmake(app: &App, caller: &Caller, id: &ImageId) -> Result<(), Error> {
    let mark = Edit::RemoveProperty(PROPERTY.to_owned());
    image::update(app, caller, id, vec![mark]).await.map(|_| ())
}
