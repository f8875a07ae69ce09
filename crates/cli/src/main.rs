//! `lend`: images, and sharing them between tenants, from the command line.
//!
//! Signs in at `/v3`, finds the native API in the catalog, and speaks nothing else. One file for each
//! group of verbs ([`image`], [`transfer`], [`resume`], [`vault`], [`backup`], [`sharing`], [`answers`], [`info`], [`login`]); what they
//! share is the connection ([`api`], [`session`], [`cloud`]), finding images by name ([`find`]) and
//! printing ([`output`], [`text`]).

mod access;
mod answers;
mod api;
mod args;
mod audit;
mod backup;
mod cloud;
mod copy;
mod failure;
mod find;
mod format;
mod image;
mod info;
mod key;
mod login;
mod notice;
mod operator;
mod output;
mod policy;
mod resume;
mod rules;
mod session;
mod sharing;
mod tag;
mod text;
mod transfer;
mod vault;
mod verify;
mod watch;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::args::{Cli, Command};
use self::failure::Failure;
use self::text::Language;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let language = Language::chosen(cli.global.lang.as_deref());
    match run(&cli, language) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // Nothing is left to do if even this cannot be written.
            let _ = writeln!(std::io::stderr(), "{}", failure.shown(language));
            ExitCode::from(failure.exit)
        }
    }
}

/// Does what was asked; the number is the exit code of what went well or went partly.
fn run(cli: &Cli, language: Language) -> Result<u8, Failure> {
    match &cli.command {
        Command::Completion { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(*shell, &mut command, "lend", &mut std::io::stdout());
            return Ok(0);
        }
        Command::Version => return print_version(),
        Command::Login(wish) => return login::login(&cli.global, language, wish),
        Command::Image(_)
        | Command::Share(_)
        | Command::Credentials(_)
        | Command::Policy(_)
        | Command::Access(_)
        | Command::Job(_)
        | Command::Audit(_)
        | Command::Notice(_)
        | Command::Webhook(_)
        | Command::Preferences(_)
        | Command::Quota(_)
        | Command::Region(_)
        | Command::Undo { .. }
        | Command::Operator(_)
        | Command::Capabilities
        | Command::Feedback { .. }
        | Command::Upload(_)
        | Command::Vault(_)
        | Command::Tag(_)
        | Command::Backup(_)
        | Command::Explain { .. } => {}
    }
    let session = session::Session::open(&cli.global, language)?;
    let on = args::On { session: &session, global: &cli.global, language };
    match &cli.command {
        Command::Image(verb) => image::run(&on, verb),
        Command::Share(verb) => answers::run(&on, verb),
        Command::Credentials(args::Credentials::Show) => info::credentials(&on),
        Command::Credentials(args::Credentials::Key(verb)) => key::run(&on, verb),
        Command::Policy(verb) => policy::run(&on, verb),
        Command::Access(verb) => access::run(&on, verb),
        Command::Preferences(verb) => info::preferences(&on, verb),
        Command::Quota(args::Show::Show) => info::quota(&on),
        Command::Region(args::List::List) => info::regions(&on),
        Command::Job(verb) => info::job(&on, verb),
        Command::Audit(verb) => audit::run(&on, verb),
        Command::Undo { token } => sharing::undo(&on, token),
        Command::Tag(verb) => tag::run(&on, verb),
        Command::Operator(verb) => operator::run(&on, verb),
        Command::Capabilities => info::capabilities(&on),
        Command::Feedback { page, helpful, text } => {
            info::feedback(&on, page, helpful == "yes", text.as_deref())
        }
        Command::Upload(verb) => resume::run(&on, verb),
        Command::Vault(verb) => vault::run(&on, verb),
        Command::Backup(verb) => backup::run(&on, verb),
        Command::Notice(verb) => notice::run(&on, verb),
        Command::Webhook(verb) => notice::webhook(&on, verb),
        Command::Explain { code } => info::explain(&on, code),
        Command::Login(_) | Command::Completion { .. } | Command::Version => Ok(0),
    }
}

fn print_version() -> Result<u8, Failure> {
    writeln!(std::io::stdout(), "lend {}", env!("CARGO_PKG_VERSION"))?;
    Ok(0)
}
