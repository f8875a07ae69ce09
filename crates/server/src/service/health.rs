//! Whether the parts a server needs answer.

use std::time::Duration;

use crate::app::App;

/// Every part must answer within this.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether database and storage answer within a second, and what was revoked meanwhile is known again:
/// before that nobody is let in. Else what is missing first.
pub async fn ready(app: &App) -> Result<(), &'static str> {
    match tokio::time::timeout(PATIENCE, app.db.ping()).await {
        Ok(Ok(_)) => {}
        Ok(Err(_)) | Err(_) => return Err("the database does not answer"),
    }
    app.identity.knows_revocations().map_err(|_| "revoked sign-ins are not known yet")?;
    for blobs in app.stores.values() {
        match tokio::time::timeout(PATIENCE, blobs.check()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err("the image store does not answer"),
        }
    }
    Ok(())
}
