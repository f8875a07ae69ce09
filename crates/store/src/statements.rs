//! Every fixed statement of the crate, for the test that prepares all of them on both engines.

use crate::db::Statement;
use crate::{audit, image, job, policy, share, upload};

/// All of them, by file.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Statement)> {
    [
        ("audit", audit::STATEMENTS),
        ("image", image::STATEMENTS),
        ("job", job::STATEMENTS),
        ("policy", policy::STATEMENTS),
        ("share", share::STATEMENTS),
        ("upload", upload::STATEMENTS),
    ]
    .into_iter()
    .flat_map(|(file, statements)| statements.iter().map(move |statement| (file, *statement)))
}
