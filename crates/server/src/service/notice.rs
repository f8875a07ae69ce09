//! Notices: told in the transaction of the change, read in the inbox of a project and its account.

use lendglass_core::Error;
use lendglass_core::notice::Notice;
use lendglass_store::{Tx, notice as store_notice};

/// Tells, in the transaction of the change that they are about (I6): once, as its last step, because
/// the inboxes stay locked until the commit. Ring [`App::bell`](crate::app::Parts::bell) for their
/// inboxes after the commit.
pub fn tell(tx: &mut Tx<'_>, notices: &[Notice]) -> Result<(), Error> {
    if notices.is_empty() {
        return Ok(());
    }
    store_notice::insert(tx, notices)
}
