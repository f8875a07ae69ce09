//! Every fixed statement of the crate, for the test that prepares all of them on both engines.

use crate::db::Statement;

/// All of them, by file.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Statement)> {
    [
        ("alias", crate::alias::STATEMENTS),
        ("audit", crate::audit::STATEMENTS),
        ("audit_chain", crate::audit_chain::STATEMENTS),
        ("backup", crate::backup::STATEMENTS),
        ("candidates", crate::candidates::STATEMENTS),
        ("copy", crate::copy::STATEMENTS),
        ("credential", crate::credential::STATEMENTS),
        ("feedback", crate::feedback::STATEMENTS),
        ("idempotency", crate::idempotency::STATEMENTS),
        ("image", crate::image::STATEMENTS),
        ("job", crate::job::STATEMENTS),
        ("kept_upload", crate::kept_upload::STATEMENTS),
        ("notice", crate::notice::STATEMENTS),
        ("operator", crate::operator::STATEMENTS),
        ("permission", crate::permission::STATEMENTS),
        ("policy", crate::policy::STATEMENTS),
        ("replay", crate::replay::STATEMENTS),
        ("revocation", crate::revocation::STATEMENTS),
        ("rule", crate::rule::STATEMENTS),
        ("scrub", crate::scrub::STATEMENTS),
        ("session", crate::session::STATEMENTS),
        ("setting", crate::setting::STATEMENTS),
        ("share", crate::share::STATEMENTS),
        ("tag", crate::tag::STATEMENTS),
        ("tenant", crate::tenant::STATEMENTS),
        ("undo", crate::undo::STATEMENTS),
        ("upload", crate::upload::STATEMENTS),
        ("user", crate::user::STATEMENTS),
        ("vault", crate::vault::STATEMENTS),
        ("webhook", crate::webhook::STATEMENTS),
    ]
    .into_iter()
    .flat_map(|(file, statements)| statements.iter().map(move |statement| (file, *statement)))
}
