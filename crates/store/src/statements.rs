//! Every fixed statement of the crate, for the test that prepares all of them on both engines.

use crate::db::Statement;
use crate::{
    audit, credential, idempotency, image, job, notice, policy, revocation, rule, setting, share,
    tenant, undo, upload, user,
};

/// All of them, by file.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Statement)> {
    [
        ("audit", audit::STATEMENTS),
        ("credential", credential::STATEMENTS),
        ("idempotency", idempotency::STATEMENTS),
        ("image", image::STATEMENTS),
        ("job", job::STATEMENTS),
        ("notice", notice::STATEMENTS),
        ("policy", policy::STATEMENTS),
        ("revocation", revocation::STATEMENTS),
        ("rule", rule::STATEMENTS),
        ("setting", setting::STATEMENTS),
        ("share", share::STATEMENTS),
        ("tenant", tenant::STATEMENTS),
        ("undo", undo::STATEMENTS),
        ("upload", upload::STATEMENTS),
        ("user", user::STATEMENTS),
    ]
    .into_iter()
    .flat_map(|(file, statements)| statements.iter().map(move |statement| (file, *statement)))
}
