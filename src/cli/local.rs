//! Server. Commands on the machine itself, with the database in hand.

use crate::app::config::system_clock;
use crate::app::tokens::{self, TokenRequest};
use crate::app::{App, Caller, Config, users};
use crate::domain::{Error, Result, Role, Scope};
use crate::server::open_app;
use clap::{Args, Subcommand};
use std::io::Read as _;

#[derive(Debug, Args)]
pub struct DatabaseArgs {
    /// sqlite://FILE or postgres://…
    #[arg(long, env = "RUNBOARD_DATABASE_URL", default_value = "sqlite://runboard.db", global = true)]
    pub database_url: String,
}

impl DatabaseArgs {
    pub async fn open(&self) -> Result<App> {
        open_app(&self.database_url, Config::default(), system_clock()).await
    }
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a person.
    Add {
        email: String,
        #[arg(long, value_parser = role)]
        role: Role,
        /// Read the password from standard input; without it the person has tokens only.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, alone.
    Create {
        /// E-mail of the person it acts for.
        #[arg(long)]
        user: String,
        #[arg(long, default_value = "")]
        name: String,
        /// read, write or admin.
        #[arg(long, default_value = "write", value_parser = scope)]
        scope: Scope,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to write; must not exist.
    file: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|e: Error| e.to_string())
}

fn scope(text: &str) -> Result<Scope, String> {
    text.parse().map_err(|e: Error| e.to_string())
}

pub async fn user(command: UserCommand) -> Result<()> {
    let UserCommand::Add { email, role, password_stdin, database } = command;
    let password = if password_stdin { Some(password()?) } else { None };
    let app = database.open().await?;
    let user = users::create_locally(&app, &email, role, password).await?;
    println!("{} is {}", user.email, user.role);
    app.store.clone().close().await;
    Ok(())
}

/// The first line of standard input.
fn password() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|e| Error::invalid("password", e.to_string()))?;
    text.lines().next().map(str::to_owned).ok_or_else(|| Error::invalid("password", "is empty"))
}

pub async fn token(command: TokenCommand) -> Result<()> {
    let TokenCommand::Create { user, name, scope, database } = command;
    let app = database.open().await?;
    let owner = users::by_email(&app, &user).await.map_err(|e| match e {
        Error::NotFound => Error::invalid("user", format!("there is no user {user}")),
        other => other,
    })?;
    let caller = Caller::local(&app, owner);
    let request = TokenRequest { name, scope: Some(scope), ..TokenRequest::default() };
    let (_, token) = tokens::create(&caller, request).await?;
    println!("{token}");
    app.store.clone().close().await;
    Ok(())
}

pub async fn migrate(args: DatabaseArgs) -> Result<()> {
    let app = args.open().await?;
    app.store.clone().close().await;
    println!("the database is at this version");
    Ok(())
}

pub async fn backup(args: BackupArgs) -> Result<()> {
    if std::path::Path::new(&args.file).exists() {
        return Err(Error::invalid("file", format!("{} exists already", args.file)));
    }
    let app = args.database.open().await?;
    app.store.backup(&args.file).await?;
    app.store.clone().close().await;
    println!("{}", args.file);
    Ok(())
}
