//! Server. `runboard demo`: a believable fleet to look at, with a past and, if wanted, at work.

mod agents;
mod dice;
mod fleet;
mod live;
mod script;
mod story;

use super::local::DatabaseArgs;
use crate::app::{App, Caller, record, users};
use crate::auth::secret;
use crate::domain::{Error, NewExecution, Result, Role};
use std::io::{IsTerminal as _, Write as _, stderr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Runs in one transaction.
const BATCH: usize = 500;
const SEED: u64 = 1;

#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Finished runs of the last 30 days.
    #[arg(long, default_value_t = 5_000)]
    runs: usize,
    /// Then keep runs going until Ctrl-C.
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub async fn run(args: DemoArgs) -> Result<()> {
    let app = args.database.open().await?;
    let caller = match Caller::local_admin(&app).await {
        Err(Error::Conflict(_)) => first_admin(&app).await?,
        caller => caller?,
    };
    let outcome = make(&caller, &args).await;
    app.store.clone().close().await;
    outcome
}

/// An empty database gets somebody who can sign in: a demo is for looking at.
async fn first_admin(app: &App) -> Result<Caller> {
    let email = "demo@example.com";
    let mut password = secret::generate("");
    password.truncate(16);
    let user = users::create_locally(app, email, Role::Admin, Some(password.clone())).await?;
    println!("sign in as {email} with the password {password}");
    Ok(Caller::local(app, user))
}

async fn make(caller: &Caller, args: &DemoArgs) -> Result<()> {
    past(caller, args.runs).await?;
    if !args.live {
        return Ok(());
    }
    let (end, ending) = watch::channel(false);
    tokio::spawn(async move {
        wait_for_signal().await;
        end.send_replace(true);
    });
    println!("live until Ctrl-C");
    live::work(caller, ending).await;
    Ok(())
}

async fn past(caller: &Caller, runs: usize) -> Result<()> {
    let mut fleet = fleet::past_runs(caller.now(), runs, SEED);
    let mut done = 0;
    loop {
        let batch: Vec<NewExecution> = fleet.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            println!("{done} runs");
            return Ok(());
        }
        done += batch.len();
        for result in record::batch(caller, batch).await? {
            result?;
        }
        if stderr().is_terminal() {
            // Nobody reads it: nothing to do about it.
            let _ = write!(stderr(), "\r{done} of {runs} runs ");
            if done == runs {
                eprintln!();
            }
        }
    }
}

async fn wait_for_signal() {
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        (Err(e), _) | (_, Err(e)) => eprintln!("runboard: signals can't be caught: {e}"),
    }
}
