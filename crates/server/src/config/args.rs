//! The command line of `lendglassd`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// `lendglassd`: the image service of Lendglass.
#[derive(Debug, Parser)]
#[command(name = "lendglassd", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `lendglassd` can be asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until SIGTERM or Ctrl-C.
    Serve {
        /// Where the settings come from.
        #[command(flatten)]
        flags: Flags,
        /// Make the small demo world (alice, bob, carol); refused on any address but loopback.
        #[arg(long)]
        demo: bool,
    },
    /// Print the effective settings with their origin, and test what the server needs.
    Doctor(Flags),
    /// Make the operator and write the first password to a file that only the owner can read.
    Bootstrap(Flags),
    /// The demo world.
    #[command(subcommand)]
    Demo(DemoCommand),
    /// The audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Bring the database to this version's schema, and end.
    Migrate(Flags),
    /// The configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// What can be done with the demo world.
#[derive(Debug, Subcommand)]
pub enum DemoCommand {
    /// Remove everything that `serve --demo` made.
    Purge(Flags),
}

/// What can be done with the audit trail.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Look for changed, removed, inserted and moved events; also beside a running server. Exit code
    /// 1 where anything is wrong.
    Verify(VerifyArgs),
}

/// What is verified, and against what.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Where the settings come from.
    #[command(flatten)]
    pub flags: Flags,
    /// Begin at this place, trusting the seal before it.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(i64).range(1..))]
    pub from: i64,
    /// A head that is known from elsewhere, as the log has it (`head=N:MAC`).
    #[arg(long, value_name = "N:MAC")]
    pub head: Option<String>,
}

/// What can be asked about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print a commented configuration file with every key at its default.
    Example {
        /// Print the table of the operator guide instead.
        #[arg(long)]
        markdown: bool,
    },
}

/// The settings that have a flag. A flag wins over the environment and the file.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Configuration file (TOML); also LENDGLASS_CONFIG.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of everything the server keeps [default: lendglass in the XDG data folder].
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:9292].
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// sqlite:PATH or postgres://… [default: a SQLite file in the data folder].
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// The cloud whose sharing rules apply [default: lendglass].
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// File of regions, accounts, projects and users to add where missing.
    #[arg(long, value_name = "FILE")]
    pub world: Option<String>,
    /// Set by the command `serve --demo`.
    #[arg(skip)]
    pub demo: bool,
}

impl Flags {
    /// The given flags as (key, flag, value).
    pub fn values(&self) -> Vec<(&'static str, &'static str, String)> {
        let given = [
            ("data_dir", "--data", &self.data),
            ("listen", "--listen", &self.listen),
            ("database", "--database", &self.database),
            ("profile", "--profile", &self.profile),
            ("world", "--world", &self.world),
        ];
        let mut values: Vec<_> = given
            .into_iter()
            .filter_map(|(key, flag, value)| Some((key, flag, value.clone()?)))
            .collect();
        if self.demo {
            values.push(("demo", "--demo", "true".to_owned()));
        }
        values
    }
}

impl Command {
    /// The flags of this command; none for those that read no settings.
    pub fn flags(&self) -> Option<Flags> {
        match self {
            Self::Serve { flags, demo } => Some(Flags { demo: *demo, ..flags.clone() }),
            Self::Doctor(flags)
            | Self::Bootstrap(flags)
            | Self::Migrate(flags)
            | Self::Demo(DemoCommand::Purge(flags)) => Some(flags.clone()),
            Self::Audit(AuditCommand::Verify(args)) => Some(args.flags.clone()),
            Self::Config(ConfigCommand::Example { .. }) => None,
        }
    }
}
