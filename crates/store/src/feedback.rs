//! Whether pages of the console helped: the last word of each user about each page.

use lendglass_core::{Error, ProjectId, Timestamp, UserId};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;

/// What a user says of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The page.
    pub page: String,
    /// Whether it helped.
    pub is_helpful: bool,
    /// What he adds, plain text.
    pub words: Option<String>,
    /// Who.
    pub user: UserId,
    /// His name then.
    pub user_name: String,
    /// The project he was in.
    pub project: ProjectId,
    /// When.
    pub at: Timestamp,
}

static PUT: Statement = Statement::new(
    "insert into feedback (user_id, page, user_name, project_id, is_helpful, words, at) \
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (user_id, page) do update set \
     user_name = excluded.user_name, project_id = excluded.project_id, \
     is_helpful = excluded.is_helpful, words = excluded.words, at = excluded.at",
);
static COUNT: Statement = Statement::new(
    "select cast(count(*) as bigint) from feedback where user_id = $1 and page <> $2",
);
static LIST: Statement = Statement::new(
    "select page, is_helpful, words, user_id, user_name, project_id, at from feedback \
     where (at, user_id, page) < ($1, $2, $3) order by at desc, user_id desc, page desc limit $4",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&PUT, &COUNT, &LIST];

/// Keeps it, in place of what the same user said of the same page before.
pub fn put(tx: &mut Tx<'_>, feedback: &Feedback) -> Result<(), Error> {
    let values = params![
        &feedback.user,
        &feedback.page,
        &feedback.user_name,
        &feedback.project,
        feedback.is_helpful,
        feedback.words.as_ref(),
        feedback.at,
    ];
    tx.execute_later(&PUT, values)
}

/// Of how many other pages a user has said something.
pub fn count_others(tx: &mut Tx<'_>, user: &UserId, page: &str) -> Result<u32, Error> {
    match tx.query_opt(&COUNT, &params![user, page])? {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// What comes before a place, newest first.
pub async fn list(
    db: &Db,
    (at, user, page): (Timestamp, &str, &str),
    limit: u32,
) -> Result<Vec<Feedback>, Error> {
    let rows = db.read(&LIST, params![at, user, page, limit]).await?;
    rows.into_iter().map(read).collect()
}

fn read(row: Row) -> Result<Feedback, Error> {
    let mut columns = row.read();
    Ok(Feedback {
        page: columns.text()?,
        is_helpful: columns.flag()?,
        words: columns.opt_text()?,
        user: UserId::trusted(columns.text()?),
        user_name: columns.text()?,
        project: ProjectId::trusted(columns.text()?),
        at: columns.time()?,
    })
}
