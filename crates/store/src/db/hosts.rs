//! Where PostgreSQL may be: the hosts of the URL, each tried in turn.
//!
//! `target_session_attrs=read-write` makes the driver pass by a standby. What it does not pass by is a
//! host that takes connections and then says nothing, as a stopped primary does: its wait is for one
//! host only when each host is asked by itself.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use postgres_openssl::MakeTlsConnector;
use tokio::task::JoinHandle;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Error};

/// How long one host may take to let us in: the exchange of secrets costs it some milliseconds.
const HOST_WAIT: Duration = Duration::from_secs(4);

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Hosts {
    each: Arc<[Config]>,
    tls: MakeTlsConnector,
}

impl Hosts {
    pub(super) fn of(config: &Config, tls: MakeTlsConnector) -> Hosts {
        let count = config.get_hosts().len().max(config.get_hostaddrs().len()).max(1);
        Hosts { each: (0..count).map(|at| only(config, at)).collect(), tls }
    }

    /// When even the last host must have let us in.
    pub(super) fn longest_wait(&self) -> Duration {
        let count = u32::try_from(self.each.len()).unwrap_or(u32::MAX);
        HOST_WAIT.saturating_mul(count).saturating_add(Duration::from_secs(1))
    }
}

impl Hosts {
    /// A connection to the first host that lets us in, with the task that drives it, on the runtime that
    /// asks. Without a host that answers at all this waits for ever: see [`Hosts::longest_wait`].
    pub(super) async fn open(&self) -> Result<(Client, JoinHandle<()>), Error> {
        let mut refused = None;
        for config in &*self.each {
            match tokio::time::timeout(HOST_WAIT, config.connect(self.tls.clone())).await {
                Ok(Ok((client, connection))) => {
                    let driver = tokio::spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::warn!(%error, "a connection to the database is gone");
                        }
                    });
                    return Ok((client, driver));
                }
                Ok(Err(error)) => refused = Some(error),
                Err(_) => {}
            }
        }
        match refused {
            Some(error) => Err(error),
            // The driver has no error for this; the limit on all of it ends the wait in a moment.
            None => pending().await,
        }
    }
}

impl Connect for Hosts {
    fn connect(&self, _all: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(self.open())
    }
}

/// The same wishes for one of the hosts.
fn only(all: &Config, at: usize) -> Config {
    let mut one = Config::new();
    match all.get_hosts().get(at) {
        Some(Host::Tcp(name)) => drop(one.host(name)),
        #[cfg(unix)]
        Some(Host::Unix(path)) => drop(one.host_path(path)),
        None => {}
    }
    if let Some(address) = all.get_hostaddrs().get(at) {
        one.hostaddr(*address);
    }
    // One port may stand for all hosts.
    if let Some(port) = all.get_ports().get(at).or_else(|| all.get_ports().first()) {
        one.port(*port);
    }
    if let Some(user) = all.get_user() {
        one.user(user);
    }
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    if let Some(name) = all.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = all.get_options() {
        one.options(options);
    }
    if let Some(name) = all.get_application_name() {
        one.application_name(name);
    }
    if let Some(wait) = all.get_tcp_user_timeout() {
        one.tcp_user_timeout(*wait);
    }
    one.connect_timeout(all.get_connect_timeout().copied().unwrap_or(HOST_WAIT));
    one.ssl_mode(all.get_ssl_mode()).ssl_negotiation(all.get_ssl_negotiation());
    one.keepalives(all.get_keepalives()).keepalives_idle(all.get_keepalives_idle());
    one.target_session_attrs(all.get_target_session_attrs());
    one.channel_binding(all.get_channel_binding());
    one
}
