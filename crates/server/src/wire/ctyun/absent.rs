//! What CTyun's service does with servers and object storage, which are not part of this one: the
//! requests are read and refused.

use lendglass_core::{Code, Error};

use super::error::Failure;
use super::request::Asked;
use crate::service::image;

fn refuse(operation: &str) -> Failure {
    Error::new(Code::NotAvailableHere).with("operation", operation).into()
}

/// `create` and its kin: making an image of a server, its disk or its snapshot.
pub async fn of_server(_: Asked) -> Failure {
    refuse("making images of servers")
}

/// `import` and `validate-file-source`: bytes come by Glance's `PUT /v2/images/{image}/file`.
pub async fn of_file(_: Asked) -> Failure {
    refuse("reading from object storage")
}

/// `export`: bytes go by Glance's `GET /v2/images/{image}/file`. What the caller may not see is not
/// found before anything is refused (I7).
pub async fn to_file(asked: Asked) -> Failure {
    let seen = match asked.fields.image() {
        Ok(id) => image::seen(&asked.app, &asked.caller, &id).await,
        Err(error) => Err(error),
    };
    match seen {
        Ok(_) => refuse("writing to object storage"),
        Err(error) => error.into(),
    }
}

/// The tasks of imports and exports, of which there are none.
pub async fn task(_: Asked) -> Failure {
    refuse("tasks of imports and exports")
}
