//! `lendglassd`: serves images and their sharing, on one port, in every dialect.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use lendglass_server::config::args::{
    AuditCommand, Cli, Command, ConfigCommand, DemoCommand, Flags,
};
use lendglass_server::config::{Config, keys};
use lendglass_server::start::StartError;
use lendglass_server::{memory, run, schedule};

fn main() -> ExitCode {
    memory::map_large_pieces();
    let cli = Cli::parse();
    if let Command::Config(ConfigCommand::Example { markdown }) = &cli.command {
        let text = if *markdown { keys::markdown() } else { keys::example() };
        return end(std::io::stdout().write_all(text.as_bytes()).map_err(|e| e.to_string()));
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // All threads of the runtime, those that wait for disks as well. A kernel that does not know how
    // serves them like any other.
    runtime.enable_all().on_thread_start(|| drop(schedule::take_short_turns()));
    let runtime = match runtime.build() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(format!("the runtime cannot start: {error}"))),
    };
    if let Command::Doctor(flags) = &cli.command {
        let doctor = async { run::doctor(&config(flags)?).await.map_err(|e| e.to_string()) };
        return runtime.block_on(doctor).unwrap_or_else(|text| end(Err(text)));
    }
    if let Command::Audit(AuditCommand::Verify(args)) = &cli.command {
        let verify = async {
            run::audit_verify(&config(&args.flags)?, args).await.map_err(|e| e.to_string())
        };
        return runtime.block_on(verify).unwrap_or_else(|text| end(Err(text)));
    }
    let outcome = runtime.block_on(command(cli.command));
    // A blocking read of a slow disk must not keep a server that was asked to stop.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    end(outcome)
}

async fn command(command: Command) -> Result<(), String> {
    let text = |error: StartError| error.to_string();
    match command {
        Command::Serve { flags, demo } => {
            let config = config(&Flags { demo, ..flags })?;
            run::serve(&config).await.map_err(text)
        }
        Command::Bootstrap(flags) => run::bootstrap(&config(&flags)?).await.map_err(text),
        Command::Migrate(flags) => run::migrate(&config(&flags)?).await.map_err(text),
        Command::Demo(DemoCommand::Purge(flags)) => {
            run::purge_demo(&config(&flags)?).await.map_err(text)
        }
        // Answered by `main` itself.
        Command::Config(_) | Command::Doctor(_) | Command::Audit(_) => Ok(()),
    }
}

fn config(flags: &Flags) -> Result<Config, String> {
    Config::from_process(flags).map_err(|error| error.to_string())
}

fn end(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // Nothing is left to do if even this cannot be written.
            let _ = writeln!(std::io::stderr(), "error: {text}");
            ExitCode::FAILURE
        }
    }
}
