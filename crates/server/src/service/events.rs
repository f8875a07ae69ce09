//! Notices as a stream: whoever listens is woken by the bell and reads his inboxes. He also hears that
//! something has changed for him of which nobody is told: by himself elsewhere, or by his colleagues.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lendglass_core::limits::{EVENT_POLL_MILLIS, EVENTS_AT_ONCE};
use lendglass_core::notice::{Inbox, Position, Side};
use lendglass_core::permission::Action;
use lendglass_core::tenant::Caller;
use lendglass_core::{AccountId, Error};
use lendglass_store::db::Engine;
use lendglass_store::notice as store_notice;
use lendglass_store::notice::{Grown, Stored, Wanted};
use tokio::sync::watch;

use crate::app::App;
use crate::bell::{Line, Seat};
use crate::service::notice::{self, Told};

/// The notices of a project and its account in a region, from a position on.
pub struct Listening {
    app: App,
    account: AccountId,
    inboxes: [Inbox; 2],
    lines: [Line; 2],
    /// Whether an inbox may hold what was not given out.
    may_have: [bool; 2],
    position: Position,
    gap: Option<Position>,
    _seat: Seat,
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Notices in order, each with the position behind it.
    Told(Vec<(Position, Told)>),
    /// What was told between the position asked for and this one is gone: read the list anew.
    Gap(Position),
    /// Something changed in the project, or for it: what is listed may be read anew.
    Changed,
}

/// Listens from `after` on, or from now. Nothing that is told after this call is missed.
///
/// Errors: those of [`Caller::may`], [`Code::TooManyStreams`](lendglass_core::Code::TooManyStreams).
pub async fn listen(
    app: &App,
    caller: &Caller,
    after: Option<Position>,
) -> Result<Listening, Error> {
    caller.may(Action::NoticesRead)?;
    let seat = app.bell.seat(&caller.project)?;
    let inboxes = notice::inboxes(&caller.project, &caller.account, &caller.region);
    let lines = inboxes.each_ref().map(|inbox| app.bell.listen(inbox));
    let mut position = after.unwrap_or_default();
    let mut is_gap = false;
    for (side, inbox) in Side::BOTH.into_iter().zip(&inboxes) {
        let ends = store_notice::ends(&app.db, inbox).await?;
        let asked = after.map_or(ends.last, |after| after.of(side));
        // Beyond the end: the database was restored to an earlier day.
        is_gap |= asked < ends.trimmed_to || asked > ends.last;
        let begin = if asked > ends.last { ends.last } else { asked.max(ends.trimmed_to) };
        position = position.with(side, begin);
    }
    Ok(Listening {
        app: app.clone(),
        account: caller.account.clone(),
        inboxes,
        lines,
        may_have: [true; 2],
        position,
        gap: is_gap.then_some(position),
        _seat: seat,
    })
}

impl Listening {
    /// The position behind everything given out so far.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Waits until there is something to hear. May be given up at any moment without a loss.
    pub async fn next(&mut self) -> Result<Heard, Error> {
        if let Some(gap) = self.gap.take() {
            return Ok(Heard::Gap(gap));
        }
        loop {
            let told = self.read().await?;
            if !told.is_empty() {
                return Ok(Heard::Told(told));
            }
            let [project, account] = &mut self.lines;
            if project.is_touched() | account.is_touched() {
                return Ok(Heard::Changed);
            }
            tokio::select! {
                () = project.rung() => self.may_have[0] = true,
                () = account.rung() => self.may_have[1] = true,
            }
        }
    }

    async fn read(&mut self) -> Result<Vec<(Position, Told)>, Error> {
        let mut found: Vec<Vec<(Side, Stored)>> = Vec::new();
        for (at, side) in Side::BOTH.into_iter().enumerate() {
            let stored = match self.may_have[at] {
                true => self.read_one(at, side).await?,
                false => Vec::new(),
            };
            found.push(stored.into_iter().map(|one| (side, one)).collect());
        }
        let is_full = |list: &Vec<(Side, Stored)>| list.len() >= EVENTS_AT_ONCE as usize;
        let may_have = [is_full(&found[0]), is_full(&found[1])];
        let merged = notice::merged(found, |a, b| a.notice.at <= b.notice.at);
        let told = notice::named(&self.app, &self.account, merged).await?;
        // From here on nothing waits: who gives up this future has changed nothing.
        self.may_have = may_have;
        let behind = |told: Told| {
            self.position = self.position.with(told.id.side, told.id.number);
            (self.position, told)
        };
        Ok(told.into_iter().map(behind).collect())
    }

    async fn read_one(&self, at: usize, side: Side) -> Result<Vec<Stored>, Error> {
        let wanted = Wanted { limit: EVENTS_AT_ONCE, ..Wanted::default() };
        let after = self.position.of(side);
        store_notice::after(&self.app.db, &self.inboxes[at], after, wanted).await
    }
}

/// Rings for what other nodes told, until `stop` is true: one question to the database for all
/// listeners of this node, and none while nobody listens. An embedded database has no other nodes.
pub async fn hear_others(app: App, mut stop: watch::Receiver<bool>) {
    if app.db.engine() == Engine::Sqlite {
        return;
    }
    let mut known = BTreeMap::new();
    while !*stop.borrow() {
        tokio::select! {
            () = ask_later(&app, &mut known) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn ask_later(app: &App, known: &mut BTreeMap<Inbox, Grown>) {
    app.bell.is_needed().await;
    tokio::time::sleep(Duration::from_millis(EVENT_POLL_MILLIS)).await;
    let done = match say(app).await {
        Ok(own) => ask(app, known, &own).await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        tracing::warn!(
            because = error.internal_text(),
            "other nodes and this one do not hear each other"
        );
    }
}

/// Counts this node's changes where other nodes look; answers for whom.
async fn say(app: &App) -> Result<BTreeSet<Inbox>, Error> {
    let own = app.bell.take();
    if own.is_empty() {
        return Ok(own);
    }
    let said = own.clone();
    let done = app.db.write(move |tx| store_notice::note_changes(tx, &said)).await;
    done.inspect_err(|_| app.bell.keep(&own))?;
    Ok(own)
}

/// Rings every inbox that has grown since the last question, or that was not asked about then: its
/// listener may have read before the other node wrote. What was changed here (`own`) was heard here.
async fn ask(
    app: &App,
    known: &mut BTreeMap<Inbox, Grown>,
    own: &BTreeSet<Inbox>,
) -> Result<(), Error> {
    let grown = store_notice::grown(&app.db, &app.bell.inboxes()).await?;
    let now: BTreeMap<Inbox, Grown> = grown.into_iter().collect();
    let (mut told, mut changed) = (Vec::new(), Vec::new());
    for (inbox, grown) in &now {
        let before = known.get(inbox);
        if before.is_none_or(|before| before.last != grown.last) {
            told.push(inbox.clone());
        }
        let heard = before.map(|before| before.changes + i64::from(own.contains(inbox)));
        if heard != Some(grown.changes) {
            changed.push(inbox.clone());
        }
    }
    app.bell.ring(&told);
    app.bell.touch(&changed);
    *known = now;
    Ok(())
}
