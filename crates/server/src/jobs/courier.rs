//! The courier: tells webhooks what their project was told, and clears old notices away.
//!
//! A webhook is claimed with a lease, so that one node at a time delivers to it and the order holds;
//! a node that dies in the middle leaves the last notice to be delivered again.

use std::time::{Duration, Instant};

use lendglass_core::Error;
use lendglass_core::limits::{WEBHOOK_SECONDS, WEBHOOK_SENDERS, WEBHOOK_TURN};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::service::notice::{self, Told};
use crate::service::webhook::{self, Claim, Next};

/// How long a webhook belongs to who claimed it. A turn ends while one more delivery still fits.
const LEASE_SECONDS: u32 = 60;
/// How long the courier rests when nothing is due: webhooks wait some seconds anyhow.
const POLL: Duration = Duration::from_secs(1);
/// How often notices are cleared away.
const TRIM_EVERY: Duration = Duration::from_secs(60);

/// Delivers to webhooks. What a notice looks like to them is said by who makes the courier.
pub struct Courier {
    app: App,
    render: fn(&Told) -> Vec<u8>,
    deliveries: JoinSet<()>,
}

impl Courier {
    /// A courier at rest.
    pub fn new(app: App, render: fn(&Told) -> Vec<u8>) -> Courier {
        Courier { app, render, deliveries: JoinSet::new() }
    }

    /// Delivers until `stop` is true. Deliveries under way then are given up, and made again by
    /// whoever comes next.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut trimmed_at: Option<Instant> = None;
        while !*stop.borrow() {
            if trimmed_at.is_none_or(|at| at.elapsed() >= TRIM_EVERY) {
                trimmed_at = Some(Instant::now());
                warn(notice::trim(&self.app).await.map(|_| ()), "old notices stay");
            }
            warn(self.begin().await, "webhooks wait: the database is in trouble");
            tokio::select! {
                Some(_) = self.deliveries.join_next() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = stop.changed() => {}
            }
        }
        self.deliveries.shutdown().await;
    }

    /// Delivers everything that is due now.
    pub async fn drain(&mut self) -> Result<(), Error> {
        loop {
            self.begin().await?;
            if self.deliveries.join_next().await.is_none() {
                return Ok(());
            }
        }
    }

    /// Begins what is due, as far as there is room.
    async fn begin(&mut self) -> Result<(), Error> {
        while self.deliveries.len() < WEBHOOK_SENDERS {
            let Some(claim) = webhook::claim(&self.app, LEASE_SECONDS).await? else { break };
            let (app, render) = (self.app.clone(), self.render);
            self.deliveries.spawn(async move {
                warn(turn(&app, render, claim).await, "a webhook waits");
            });
        }
        Ok(())
    }
}

fn warn(result: Result<(), Error>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(because = error.internal_text(), "{what}");
    }
}

/// Some deliveries to one webhook, in order.
async fn turn(app: &App, render: fn(&Told) -> Vec<u8>, claim: Claim) -> Result<(), Error> {
    let begun = Instant::now();
    let most = Duration::from_secs(u64::from(LEASE_SECONDS).saturating_sub(2 * WEBHOOK_SECONDS));
    let mut claim = claim;
    for _ in 0..WEBHOOK_TURN {
        let (to, is_delivered) = match webhook::next(app, &claim.webhook).await? {
            Next::Wait(until) => return webhook::release(app, claim, until).await,
            Next::Pass(to) => (to, false),
            Next::Deliver(to, told) => {
                if let Err(why) = deliver(app, render, &claim, &told).await {
                    return webhook::failed(app, claim, &why).await;
                }
                (to, true)
            }
        };
        let Some(still_mine) = webhook::sent(app, claim, to, is_delivered).await? else {
            return Ok(());
        };
        claim = still_mine;
        if begun.elapsed() > most {
            break;
        }
    }
    let now = app.clock.now();
    webhook::release(app, claim, now).await
}

async fn deliver(
    app: &App,
    render: fn(&Told) -> Vec<u8>,
    claim: &Claim,
    told: &Told,
) -> Result<(), String> {
    let delivery = format!("{}-{}", claim.webhook.id, told.id);
    let event = told.notice.kind.as_str();
    webhook::deliver(app, &claim.webhook, &delivery, event, render(told)).await
}
