//! The commands of `lendglassd`.

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

use lendglass_core::{Error, RegionId, Timestamp};
use lendglass_store::blob::Blobs;
use lendglass_store::clock::Clock;
use lendglass_store::db::Engine;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;
use crate::config::Config;
use crate::config::args::VerifyArgs;
use crate::doctor::{self, Check};
use crate::jobs::courier::Courier;
use crate::serve::{ServeLimits, TlsConfig, serve as serve_connections};
use crate::service::audit::chain::Head;
use crate::service::audit::verify::{Verdict, verify};
use crate::service::operator::{LOW_SPACE_BYTES, unread_text};
use crate::service::world::{self, Bootstrapped};
use crate::service::{demo, events};
use crate::start::{self, StartError, failed};
use crate::telemetry::{self, Metrics};
use crate::{jobs, wire};

/// More than this between two clocks ends tokens early or late.
const CLOCK_APART_SECONDS: i64 = 5;
/// 2026-11-01T00:00:00Z: a clock before this is wrong.
const WRITTEN_AT: Timestamp = Timestamp(1_793_491_200_000_000);

/// Serves until SIGTERM or Ctrl-C.
pub async fn serve(config: &Config) -> Result<(), StartError> {
    telemetry::start_logs(config.log_format, &config.log_filter).map_err(StartError)?;
    let metrics = Metrics::install().map_err(StartError)?;
    let tls = tls(config)?;
    let listener = listen(config).await?;
    let ground = start::ground(config).await?;
    apply_worlds(config, &ground.parts).await?;
    let app = start::app(config, ground, Some(metrics.clone())).await?;
    if config.demo {
        demo::make(&app).await.map_err(failed("the demo images"))?;
    }
    let link = match config.demo {
        true => Some(demo::sign_in_link(&app).await.map_err(failed("the sign-in link"))?),
        false => None,
    };
    announce(config, &app, link.as_deref());
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
    let trail = tokio::spawn(jobs::audit::run(app.clone(), stop.clone()));
    let courier = (config.job_workers > 0).then(|| {
        let courier = Courier::new(app.clone(), wire::native::notice::body);
        tokio::spawn(courier.run(stop.clone()))
    });
    let scrubber = (config.job_workers > 0)
        .then(|| tokio::spawn(jobs::scrubber::run(app.clone(), stop.clone())));
    let ears = tokio::spawn(events::hear_others(app.clone(), stop.clone()));
    let limits = ServeLimits {
        connections: config.connections_max,
        grace: config.shutdown_grace,
        ..ServeLimits::default()
    };
    let asked = asked_to_stop();
    let bell = app.bell.clone();
    let asked_to_stop = async move {
        asked.await;
        // Streams of events have no end of their own.
        bell.stop();
    };
    let cut_off =
        serve_connections(listener, wire::router(app.clone()), tls, limits, asked_to_stop).await;
    if cut_off > 0 {
        tracing::warn!(cut_off, "connections were cut off at the end of the grace period");
    }
    // Whoever is told to stop may have stopped already.
    let _ = stopping.send(true);
    if let Some(runner) = runner {
        let _ = runner.await;
    }
    // The last events are sealed and the last reads counted.
    let _ = trail.await;
    // They were told to stop as well.
    let _ = ears.await;
    for last in [courier, scrubber].into_iter().flatten() {
        let _ = last.await;
    }
    refresh.abort();
    upkeep.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Adds what the world file, and the demo, describe and the database lacks.
async fn apply_worlds(config: &Config, ground: &world::Ground) -> Result<(), StartError> {
    if let Some(file) = &config.world {
        let text = std::fs::read_to_string(file)
            .map_err(|error| StartError(format!("{} cannot be read: {error}", file.display())))?;
        apply_world(ground, &file.display().to_string(), &text).await?;
    }
    if config.demo {
        let before = demo::accounts(&ground.db).await.map_err(failed("the accounts"))?;
        apply_world(ground, "the demo world", world::demo_world()).await?;
        demo::remember_accounts(&ground.db, &before).await.map_err(failed("the demo"))?;
    }
    Ok(())
}

async fn apply_world(ground: &world::Ground, name: &str, text: &str) -> Result<(), StartError> {
    let added =
        world::apply(ground, name, text).await.map_err(|error| StartError(error.to_string()))?;
    tracing::info!(world = name, ?added, "the world was applied");
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
fn announce(config: &Config, app: &App, link: Option<&str>) {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let regions: Vec<&str> = app.regions.iter().map(|region| region.id.as_str()).collect();
    let mut text = format!(
        "lendglassd {} · {scheme}://{} · regions {} · data in {}\n",
        env!("CARGO_PKG_VERSION"),
        config.listen,
        regions.join(", "),
        config.data_dir.display()
    );
    if config.demo {
        text.push_str(
            "Sign-in: alice / demo (account Acme, project project-a) shares; \
             bob / demo (Borealis, project-b) receives; admin / demo (Default) operates\n",
        );
        text.push_str(&format!(
            "Try: lend login --cloud alice --auth-url {scheme}://{}/v3 --username alice --account Acme --project project-a\n",
            config.listen
        ));
    }
    // Without a public URL browsers come straight here, past any proxy and its path.
    let console = match &app.settings.public_url {
        Some(url) => format!("{}/console/", url.trim_end_matches('/')),
        None => format!("{scheme}://{}/console/", config.listen),
    };
    match link {
        Some(secret) => text
            .push_str(&format!("Console: {console}#login={secret}  (signs in as alice, once)\n")),
        None => text.push_str(&format!("Console: {console}\n")),
    }
    text.push_str("Ready. Ctrl-C stops.\n");
    // A closed standard output is no reason not to serve.
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints the settings with their origin and tests what the server needs.
pub async fn doctor(config: &Config) -> Result<ExitCode, StartError> {
    let mut out = std::io::stdout();
    let unwritable = |error: std::io::Error| StartError(error.to_string());
    doctor::print_settings(config, &mut out).map_err(unwritable)?;
    let checks = checks(config).await;
    doctor::print_checks(checks, &mut out).map_err(unwritable)
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
            for (region, blobs) in &app.stores {
                checks.push(store_check(region, blobs).await);
            }
            checks.push(lists_check(&app).await);
            checks.push(bytes_check(&app).await);
            checks.push(clock_check(&app).await);
        }
    }
    checks
}

async fn store_check(region: &RegionId, blobs: &Blobs) -> Check {
    let name = format!("image store {region}");
    if let Err(error) = blobs.check().await {
        return Check::failed(&name, error.to_string(), "make the folder writable");
    }
    match blobs.free_bytes().await {
        Ok(free) if free < LOW_SPACE_BYTES => {
            Check::warning(&name, format!("{} MiB free", free >> 20), "make room")
        }
        Ok(free) => Check::ok(&name, format!("{} GiB free", free >> 30)),
        Err(error) => Check::failed(&name, error.to_string(), "see the log"),
    }
}

/// The clock against the one of the database server; an embedded database has none, there it must
/// be later than this program was written.
async fn clock_check(app: &App) -> Check {
    let now = app.clock.now();
    let (reference, what) = match app.db.engine() {
        Engine::Sqlite => (Timestamp(now.0.max(WRITTEN_AT.0)), "when this program was written"),
        Engine::Postgres => match app.db.write(|tx| tx.lease_now()).await {
            Ok(micros) => (Timestamp(micros), "the database's"),
            Err(error) => {
                return Check::failed("clock", error.to_string(), "see the database check");
            }
        },
    };
    let apart_seconds = (reference.0 - now.0).abs() / Timestamp::SECOND_MICROS;
    if apart_seconds > CLOCK_APART_SECONDS {
        let detail = format!("{apart_seconds} s apart from {what}");
        return Check::failed("clock", detail, "let NTP set the clock: tokens expire by it");
    }
    Check::ok("clock", format!("at most {apart_seconds} s apart from {what}"))
}

async fn bytes_check(app: &App) -> Check {
    let found = async {
        let rows = lendglass_store::operator::blobs(&app.db).await?;
        Ok::<_, Error>((rows, lendglass_store::scrub::unread(&app.db).await?))
    };
    let (rows, unread) = match found.await {
        Ok(found) => found,
        Err(error) => return Check::failed("bytes", error.to_string(), "see the database check"),
    };
    let damaged: u64 = rows.iter().filter(|row| row.state == "damaged").map(|row| row.blobs).sum();
    if damaged > 0 {
        let detail = format!("{damaged} blobs are damaged; the log of the server names them");
        return Check::warning("bytes", detail, "put the files back and verify their images");
    }
    if let Some(unread) = unread.first() {
        let detail = format!("{}: {}", unread.region, unread_text(unread));
        return Check::warning(
            "bytes",
            detail,
            "see whether the store is mounted; they are tried again",
        );
    }
    Check::ok("bytes", "no blob is known to be damaged")
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

/// Makes the operator, with a first password that only the owner of the data folder can read.
pub async fn bootstrap(config: &Config) -> Result<(), StartError> {
    let ground = start::ground(config).await?;
    let file = config.data_dir.join("admin-password");
    let made = world::bootstrap(&ground.parts, &file)
        .await
        .map_err(|error| StartError(error.to_string()))?;
    let text = match made {
        Bootstrapped::Made => {
            format!("The operator is admin; the password is in {}\n", file.display())
        }
        Bootstrapped::OperatorExists => {
            "There is an operator already; nothing was done.\n".to_owned()
        }
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| StartError(error.to_string()))
}

/// Walks the audit trail and prints what is wrong with it; also beside a running server, since it
/// only reads.
pub async fn audit_verify(config: &Config, wish: &VerifyArgs) -> Result<ExitCode, StartError> {
    let known = wish.head.as_deref().map(|text| {
        let refused = || StartError(format!("--head {text}: must be N:MAC, as the log has it"));
        Head::parse(text).ok_or_else(refused)
    });
    let known = known.transpose()?;
    let (db, key) = start::trail(config).await?;
    let now = Clock::Real.now();
    let verdict = verify(&db, &key, wish.from, known.as_ref(), now)
        .await
        .map_err(failed("the audit trail cannot be read"))?;
    let unwritable = |error: std::io::Error| StartError(error.to_string());
    print_verdict(&verdict, &mut std::io::stdout()).map_err(unwritable)?;
    Ok(if verdict.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_verdict(verdict: &Verdict, out: &mut impl Write) -> std::io::Result<()> {
    for finding in &verdict.findings {
        writeln!(out, "{finding}")?;
    }
    let more = verdict.wrong.saturating_sub(verdict.findings.len() as u64);
    if more > 0 {
        writeln!(out, "and {more} more")?;
    }
    if verdict.waiting > 0 {
        writeln!(
            out,
            "note: {} events wait for their seal; is a server running?",
            verdict.waiting
        )?;
    }
    let (rows, from, head) = (verdict.rows, verdict.from, &verdict.head);
    if verdict.is_whole() {
        writeln!(out, "whole: {rows} events, places {from} to {}", head.seq)?;
    } else {
        writeln!(
            out,
            "NOT WHOLE: {} findings in {rows} events from place {from} on",
            verdict.wrong
        )?;
    }
    writeln!(out, "head={head}")?;
    out.flush()
}

/// Removes the demo world.
pub async fn purge_demo(config: &Config) -> Result<(), StartError> {
    let ground = start::ground(config).await?;
    let app = start::app(config, ground, None).await?;
    let removed = demo::purge(&app).await.map_err(failed("the demo"))?;
    let text = format!("Removed {removed} images and the people of the demo.\n");
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| StartError(error.to_string()))
}
