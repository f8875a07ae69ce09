//! The ids that Tencent's clients see: of images, and of accounts.

use lendglass_core::{AccountId, Error, ImageId, ProjectId};

use crate::Value;
use crate::db::{Db, Row, Statement};

/// Ids of one look-up.
const AT_ONCE: usize = 25;

/// A statement over 25 ids.
macro_rules! by_ids {
    ($start:literal) => {
        Statement::new(concat!(
            $start,
            " in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
             $19, $20, $21, $22, $23, $24, $25)"
        ))
    };
}

static IMAGES: Statement = by_ids!("select tencent_id, id from image where tencent_id");
static OF_IMAGES: Statement = by_ids!("select id, tencent_id from image where id");
static OF_PROJECTS: Statement =
    by_ids!("select p.id, a.uid from project p join account a on a.id = p.account_id where p.id");
static OF_ACCOUNTS: Statement = by_ids!("select id, uid from account where id");

/// The images of some ids of Tencent's; others are left out.
pub async fn images(db: &Db, aliases: &[String]) -> Result<Vec<(String, ImageId)>, Error> {
    let ids = aliases.iter().map(|alias| Value::from(alias.as_str()));
    let found = pairs(db, &IMAGES, ids.collect()).await?;
    Ok(found.into_iter().map(|(alias, id)| (alias, ImageId::trusted(id))).collect())
}

/// The ids of Tencent's of some images.
pub async fn of_images(db: &Db, ids: &[ImageId]) -> Result<Vec<(ImageId, String)>, Error> {
    let found = pairs(db, &OF_IMAGES, ids.iter().map(Value::from).collect()).await?;
    Ok(found.into_iter().map(|(id, alias)| (ImageId::trusted(id), alias)).collect())
}

/// The numbers of the accounts of some projects.
pub async fn of_projects(db: &Db, ids: &[ProjectId]) -> Result<Vec<(ProjectId, String)>, Error> {
    let found = pairs(db, &OF_PROJECTS, ids.iter().map(Value::from).collect()).await?;
    Ok(found.into_iter().map(|(id, uid)| (ProjectId::trusted(id), uid)).collect())
}

/// The numbers of some accounts.
pub async fn of_accounts(db: &Db, ids: &[AccountId]) -> Result<Vec<(AccountId, String)>, Error> {
    let found = pairs(db, &OF_ACCOUNTS, ids.iter().map(Value::from).collect()).await?;
    Ok(found.into_iter().map(|(id, uid)| (AccountId::trusted(id), uid)).collect())
}

async fn pairs(
    db: &Db,
    statement: &'static Statement,
    ids: Vec<Value>,
) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let mut some = some.to_vec();
        some.resize(AT_ONCE, Value::Null);
        let rows = db.read(statement, some).await?;
        found.extend(rows.into_iter().map(pair).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}

fn pair(row: Row) -> Result<(String, String), Error> {
    let mut columns = row.read();
    Ok((columns.text()?, columns.text()?))
}

/// Every statement of this file, for the test that prepares them all.
pub static STATEMENTS: &[&Statement] = &[&IMAGES, &OF_IMAGES, &OF_PROJECTS, &OF_ACCOUNTS];
