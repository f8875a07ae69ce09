//! Notices by inbox, numbered without gaps.

use std::collections::BTreeMap;

use lendglass_core::Error;
use lendglass_core::notice::{Inbox, Notice};

use crate::db::{Statement, Tx};
use crate::params;

static TAKE_NUMBERS: Statement = Statement::new(
    "insert into inbox (recipient_kind, recipient_id, region_id, last_number, trimmed_to, read_to) \
     values ($1, $2, $3, $4, 0, 0) on conflict (recipient_kind, recipient_id, region_id) \
     do update set last_number = inbox.last_number + excluded.last_number",
);
static INSERT: Statement = Statement::new(
    "insert into notice (recipient_kind, recipient_id, region_id, number, kind, image_id, \
     image_name, counterpart_kind, counterpart_id, note, is_read, at) \
     select recipient_kind, recipient_id, region_id, last_number - cast($4 as bigint), \
     cast($5 as text), cast($6 as text), cast($7 as text), cast($8 as text), cast($9 as text), \
     cast($10 as text), 0, cast($11 as bigint) from inbox \
     where recipient_kind = $1 and recipient_id = $2 and region_id = $3",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&TAKE_NUMBERS, &INSERT];

/// Writes notices into their inboxes, in the order given, under the next numbers of each.
///
/// The inboxes stay locked until the transaction ends, taken in their own order: call it once in a
/// transaction, last. Two round trips, however many notices there are.
pub fn insert(tx: &mut Tx<'_>, notices: &[Notice]) -> Result<(), Error> {
    let mut inboxes: BTreeMap<Inbox, Vec<&Notice>> = BTreeMap::new();
    for notice in notices {
        inboxes.entry(notice.inbox()).or_default().push(notice);
    }
    let take = |((to, region), new): (&Inbox, &Vec<&Notice>)| {
        (&TAKE_NUMBERS, params![to.kind(), to.id(), region, new.len() as u64])
    };
    tx.execute_many(&inboxes.iter().map(take).collect::<Vec<_>>())?;
    // The rows were changed just now by this transaction, so the numbers count back from their ends.
    let mut rows = Vec::with_capacity(notices.len());
    for new in inboxes.values() {
        for (notice, back) in new.iter().zip((0..new.len() as u64).rev()) {
            rows.push((&INSERT, values(notice, back)));
        }
    }
    tx.execute_many(&rows)
}

fn values(notice: &Notice, back: u64) -> Vec<crate::db::Value> {
    let counterpart = notice.counterpart.as_ref();
    params![
        notice.to.kind(),
        notice.to.id(),
        &notice.region,
        back,
        notice.kind.as_str(),
        &notice.image,
        notice.image_name.as_ref(),
        counterpart.map(|other| other.kind()),
        counterpart.map(|other| other.id()),
        notice.note.as_ref(),
        notice.at,
    ]
}
