//! `lend access …`.

use clap::{Args, Subcommand};

#[derive(Subcommand)]
#[command(after_help = "Examples:
  lend access actions
  lend access policy create \"no sharing\" --deny ims:images:share --user rita
  lend access policy set \"no sharing\" --deny ims:images:share,ims:images:export
  lend access user list
  lend access user bind rita \"no sharing\"")]
pub enum Access {
    /// List the actions: who has them by role, and whether you may.
    Actions,
    /// Custom policies of the project: what its users may do beyond, or short of, their roles.
    #[command(subcommand)]
    Policy(AccessPolicy),
    /// Users of the project.
    #[command(subcommand)]
    User(AccessUser),
}

#[derive(Subcommand)]
pub enum AccessPolicy {
    /// List them.
    List(OfProject),
    /// Show one with its statements.
    Show {
        /// The policy, by name or id.
        policy: String,
        #[command(flatten)]
        of: OfProject,
    },
    /// Make one.
    Create {
        /// Its name.
        name: String,
        #[command(flatten)]
        statements: Statements,
        /// A user it is for, by name or id; may be repeated.
        #[arg(long, value_name = "USER", value_delimiter = ',')]
        user: Vec<String>,
        #[command(flatten)]
        of: OfProject,
    },
    /// Give one other statements, another name, or both; it counts at once.
    Set {
        /// The policy, by name or id.
        policy: String,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        statements: Statements,
        #[command(flatten)]
        of: OfProject,
    },
    /// Delete one.
    Delete {
        /// The policy, by name or id.
        policy: String,
        #[command(flatten)]
        of: OfProject,
    },
}

#[derive(Subcommand)]
pub enum AccessUser {
    /// List the users with their roles and policies.
    List(OfProject),
    /// Bind a user to a policy.
    Bind(Binding),
    /// End the binding of a user to a policy.
    Unbind(Binding),
}

#[derive(Args)]
pub struct Binding {
    /// The user, by name or id.
    pub user: String,
    /// The policy, by name or id.
    pub policy: String,
    #[command(flatten)]
    pub of: OfProject,
}

/// Whose they are.
#[derive(Args, Clone, Default)]
pub struct OfProject {
    /// Another project than yours, by id; for the operator.
    #[arg(long, value_name = "PROJECT")]
    pub of_project: Option<String>,
}

/// What a policy gives and takes.
#[derive(Args, Clone, Default)]
pub struct Statements {
    /// Actions it gives, or their beginnings followed by `*`.
    #[arg(long, value_name = "ACTION", value_delimiter = ',')]
    pub allow: Vec<String>,
    /// Actions it takes; that wins over roles and over every --allow.
    #[arg(long, value_name = "ACTION", value_delimiter = ',')]
    pub deny: Vec<String>,
}
