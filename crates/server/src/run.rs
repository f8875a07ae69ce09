//! The commands of `lendglassd`.

use std::future::Future;
use std::io::Write;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;
use crate::config::Config;
use crate::doctor::{self, Check};
use crate::serve::{ServeLimits, TlsConfig, serve as serve_connections};
use crate::start::{self, StartError};
use crate::telemetry::{self, Metrics};
use crate::{jobs, wire};

/// Bytes below which `doctor` warns of a full store: one cloud image still fits.
const LOW_SPACE_BYTES: u64 = 4 << 30;

/// Serves until SIGTERM or Ctrl-C.
pub async fn serve(config: &Config) -> Result<(), StartError> {
    telemetry::start_logs(config.log_format, &config.log_filter).map_err(StartError)?;
    let metrics = Metrics::install().map_err(StartError)?;
    let tls = tls(config)?;
    let listener = listen(config).await?;
    let ground = start::ground(config).await?;
    let app = start::app(config, ground, Some(metrics.clone())).await?;
    announce(config, &app);
    let (stopping, stop) = watch::channel(false);
    let refresh = app.identity.spawn_refresh();
    let upkeep = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(std::time::Duration::from_secs(5));
        loop {
            ticks.tick().await;
            metrics.upkeep();
        }
    });
    let runner =
        (config.job_workers > 0).then(|| tokio::spawn(jobs::run(app.clone(), stop.clone())));
    let limits = ServeLimits {
        connections: config.connections_max,
        grace: config.shutdown_grace,
        ..ServeLimits::default()
    };
    let cut_off =
        serve_connections(listener, wire::router(app.clone()), tls, limits, asked_to_stop()).await;
    if cut_off > 0 {
        tracing::warn!(cut_off, "connections were cut off at the end of the grace period");
    }
    // Whoever is told to stop may have stopped already.
    let _ = stopping.send(true);
    if let Some(runner) = runner {
        let _ = runner.await;
    }
    refresh.abort();
    upkeep.abort();
    tracing::info!("stopped");
    Ok(())
}

fn tls(config: &Config) -> Result<Option<TlsConfig>, StartError> {
    let Some(files) = &config.tls else { return Ok(None) };
    TlsConfig::from_pem_files(&files.certificate, &files.key)
        .map(Some)
        .map_err(|error| StartError(format!("tls: {error}")))
}

async fn listen(config: &Config) -> Result<TcpListener, StartError> {
    TcpListener::bind(config.listen).await.map_err(|error| {
        StartError(format!(
            "cannot listen on {}: {error}; name another address with --listen",
            config.listen
        ))
    })
}

fn asked_to_stop() -> impl Future<Output = ()> {
    let terminate = signal(SignalKind::terminate());
    let interrupt = signal(SignalKind::interrupt());
    async move {
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
            // Without signals the process can only be killed, which is survived as well.
            _ => std::future::pending().await,
        }
    }
}

/// Says on standard output where the server is and how to sign in. The log has the rest.
fn announce(config: &Config, app: &App) {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let regions: Vec<&str> = app.regions.iter().map(|p| p.region.id.as_str()).collect();
    let mut text = format!(
        "lendglassd {} · {scheme}://{} · regions {} · data in {}\n",
        env!("CARGO_PKG_VERSION"),
        config.listen,
        regions.join(", "),
        config.data_dir.display()
    );
    text.push_str("Ready. Ctrl-C stops.\n");
    // A closed standard output is no reason not to serve.
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints the settings with their origin and tests what the server needs.
pub async fn doctor(config: &Config) -> Result<(), StartError> {
    let mut out = std::io::stdout();
    let unwritable = |error: std::io::Error| StartError(error.to_string());
    doctor::print_settings(config, &mut out).map_err(unwritable)?;
    let checks = checks(config).await;
    let is_well = doctor::print_checks(checks, &mut out).map_err(unwritable)?;
    if is_well { Ok(()) } else { Err(StartError("something is not as it must be".to_owned())) }
}

async fn checks(config: &Config) -> Vec<Check> {
    let mut checks = vec![doctor::check_listen(config.listen)];
    let ground = match start::ground(config).await {
        Ok(ground) => ground,
        Err(error) => {
            let way_out = "see docs/operator-guide.md, “Database”";
            checks.push(Check::failed("database", error.to_string(), way_out));
            return checks;
        }
    };
    checks.push(Check::ok("database", format!("{:?}", config.database)));
    match start::app(config, ground, None).await {
        Err(error) => {
            let way_out = "make the folder writable, or set blobs.REGION";
            checks.push(Check::failed("image store", error.to_string(), way_out));
        }
        Ok(app) => {
            for place in &app.regions {
                checks.push(store_check(place).await);
            }
            checks.push(lists_check(&app).await);
        }
    }
    checks
}

async fn store_check(place: &crate::app::Place) -> Check {
    let name = format!("image store {}", place.region.id);
    if let Err(error) = place.blobs.check().await {
        return Check::failed(&name, error.to_string(), "make the folder writable");
    }
    match place.blobs.free_bytes().await {
        Ok(free) if free < LOW_SPACE_BYTES => {
            Check::warning(&name, format!("{} MiB free", free >> 20), "make room")
        }
        Ok(free) => Check::ok(&name, format!("{} GiB free", free >> 30)),
        Err(error) => Check::failed(&name, error.to_string(), "see the log"),
    }
}

async fn lists_check(app: &App) -> Check {
    match lendglass_store::image::check_access(&app.db).await {
        Ok(wrong) if wrong.is_empty() => Check::ok("lists", "who sees what is consistent"),
        Ok(wrong) => {
            let detail = format!("{} rows of image_access are wrong", wrong.len());
            Check::failed("lists", detail, "report this with the output of doctor")
        }
        Err(error) => Check::failed("lists", error.to_string(), "see the database check"),
    }
}

/// Brings the database to this version's schema.
pub async fn migrate(config: &Config) -> Result<(), StartError> {
    start::ground(config).await.map(|_| ())
}
