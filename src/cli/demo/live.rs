//! Server. The demo fleet at work: starts runs, reports on them as they go on, obeys Stop.

use super::agents::{self, Agent};
use super::dice::Dice;
use super::script::{self, Act};
use super::story;
use crate::app::{Caller, interactions, record};
use crate::domain::{
    Error, ExecutionId, ExecutionPatch, InteractionStatus, LogStream, NewExecution, NewInteraction, NewLogLine, Result,
    Status,
};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Runs that are on the way at the same time, at most.
const MOST: usize = 24;
/// Runs that wait for whoever looks.
const MOST_WAITING: i64 = 4;
/// Started at once, so that there is something to see.
const FIRST: usize = 5;
const BETWEEN_STARTS_MS: f64 = 5_000.0;
/// Nobody watches a demo run for longer.
const LONGEST_MS: i64 = 240_000;
/// How soon a Stop is noticed.
const BEAT: Duration = Duration::from_secs(1);

/// A run to start.
struct Wish {
    agent: &'static Agent,
    parent: Option<ExecutionId>,
}

/// Works until `ending` turns true, then ends its runs as cancelled.
pub async fn work(caller: &Caller, mut ending: watch::Receiver<bool>) {
    let mut dice = Dice::new(caller.now().micros().unsigned_abs());
    let (wish, mut wishes) = mpsc::channel(16);
    let mut runs = JoinSet::new();
    let mut next_at = Instant::now();
    let mut started = 0;
    loop {
        let wished = tokio::select! {
            () = turned(&mut ending) => break,
            Some(wished) = wishes.recv() => wished,
            Some(_) = runs.join_next() => continue,
            () = sleep_until(next_at), if runs.len() < MOST => {
                started += 1;
                let pause = if started < FIRST { 0.0 } else { dice.around(BETWEEN_STARTS_MS, 0.8) };
                next_at = Instant::now() + Duration::from_secs_f64(pause / 1_000.0);
                Wish { agent: any_agent(&mut dice), parent: None }
            }
        };
        let seed = dice.between(0, i64::MAX).unsigned_abs();
        let play = play(caller.clone(), wished, seed, ending.clone(), wish.clone());
        runs.spawn(async move {
            if let Err(error) = play.await {
                eprintln!("runboard: a run of the demo was given up: {error}");
            }
        });
    }
    while runs.join_next().await.is_some() {}
}

fn any_agent(dice: &mut Dice) -> &'static Agent {
    let everybody: Vec<&'static Agent> = agents::all().collect();
    // The shares of a month; long runs more often, because they are what one watches.
    everybody[dice.weighted(everybody.iter().map(|a| a.share * a.takes.sqrt()))]
}

/// One run from start to end.
async fn play(
    caller: Caller,
    wish: Wish,
    seed: u64,
    mut ending: watch::Receiver<bool>,
    wishes: mpsc::Sender<Wish>,
) -> Result<()> {
    let mut dice = Dice::new(seed);
    let end = match story::fate(&mut dice, wish.agent) {
        // Nobody asked this one to stop.
        Status::Cancelled => Status::Success,
        end => end,
    };
    let mut run = story::run(&mut dice, wish.agent, caller.now(), end);
    run.parent_id.clone_from(&wish.parent);
    if wish.parent.is_some() {
        run.triggered_by = Some(crate::domain::Trigger::Agent);
    }
    let waits = !wish.agent.steps.is_empty() && dice.chance(0.15);
    // So many wait that one sees what waiting looks like.
    let waits = waits && interactions::waiting_for(&caller).await? < MOST_WAITING;
    let acts = script::acts(&run, wish.agent, waits.then_some(caller.email.as_str()));
    let length = acts.last().map_or(0, |(at, _)| *at).max(1);
    let pace = (LONGEST_MS as f64 / length as f64).min(1.0);
    let (summary, _) = insist(|| record::create(&caller, script::opening(&run))).await?;
    let reporter = Reporter { caller, id: summary.id, wishes };
    let queued = Duration::from_millis(dice.between(200, 3_000).unsigned_abs());

    let playing = reporter.report(run, acts, pace, queued);
    tokio::select! {
        played = playing => played,
        stop = reporter.stop_requested() => match stop {
            Ok(()) => reporter.cancel("stop requested").await,
            Err(error) => Err(error),
        },
        () = turned(&mut ending) => reporter.cancel("the demo was ended").await,
    }
}

struct Reporter {
    caller: Caller,
    id: ExecutionId,
    wishes: mpsc::Sender<Wish>,
}

impl Reporter {
    async fn report(&self, run: NewExecution, acts: Vec<(i64, Act)>, pace: f64, queued: Duration) -> Result<()> {
        let mut start = Instant::now() + queued;
        let after = |ms: i64| Duration::from_secs_f64(ms as f64 * pace / 1_000.0);
        let mut lines: Vec<NewLogLine> = Vec::new();
        for (at, act) in acts {
            if !lines.is_empty() && start + after(at) > Instant::now() {
                self.log(std::mem::take(&mut lines)).await?;
            }
            sleep_until(start + after(at)).await;
            match act {
                Act::Log(line) => lines.push(NewLogLine { ts: Some(self.caller.now()), ..line }),
                Act::Tool(call) => {
                    insist(|| record::upsert_tool_calls(&self.caller, self.id.as_str(), vec![call.clone()])).await?;
                }
                Act::Step(step) => {
                    insist(|| record::upsert_steps(&self.caller, self.id.as_str(), vec![step.clone()])).await?;
                }
                Act::Patch(patch) => {
                    self.log(std::mem::take(&mut lines)).await?;
                    self.patch(patch).await?;
                }
                Act::Ask(asked) => {
                    self.log(std::mem::take(&mut lines)).await?;
                    let began = Instant::now();
                    self.ask(*asked).await?;
                    start += began.elapsed();
                }
                Act::Call(name) => {
                    if let Some(agent) = agents::by_name(name) {
                        // Full: the fleet is busy enough without this one.
                        drop(self.wishes.try_send(Wish { agent, parent: run.id.clone() }));
                    }
                }
            }
        }
        Ok(())
    }

    async fn log(&self, lines: Vec<NewLogLine>) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        insist(|| record::append_log(&self.caller, self.id.as_str(), lines.clone())).await.map(|_| ())
    }

    async fn patch(&self, patch: ExecutionPatch) -> Result<()> {
        insist(|| record::patch(&self.caller, self.id.as_str(), patch.clone())).await.map(|_| ())
    }

    /// Asks, and returns when somebody has decided or nobody did.
    async fn ask(&self, asked: NewInteraction) -> Result<()> {
        let (approval, _) = insist(|| interactions::ask(&self.caller, self.id.as_str(), asked.clone())).await?;
        loop {
            let now = insist(|| interactions::find(&self.caller, &approval.id)).await?;
            if now.status != InteractionStatus::Pending {
                return Ok(());
            }
            sleep(BEAT).await;
        }
    }

    async fn stop_requested(&self) -> Result<()> {
        loop {
            sleep(BEAT).await;
            if insist(|| record::heartbeat(&self.caller, self.id.as_str())).await?.0 {
                return Ok(());
            }
        }
    }

    async fn cancel(&self, why: &str) -> Result<()> {
        let line = NewLogLine { ts: None, stream: LogStream::System, text: why.to_owned(), seq: None };
        self.log(vec![line]).await?;
        self.patch(ExecutionPatch { status: Some(Status::Cancelled), ..ExecutionPatch::default() }).await
    }
}

/// The borrow that `wait_for` answers must not live on while something else is waited for.
async fn turned(ending: &mut watch::Receiver<bool>) {
    drop(ending.wait_for(|ending| *ending).await);
}

/// The server beside us may hold the database for a moment.
async fn insist<T, F: Future<Output = Result<T>>>(mut attempt: impl FnMut() -> F) -> Result<T> {
    for _ in 0..20 {
        match attempt().await {
            Err(Error::Unavailable(_)) => sleep(Duration::from_millis(500)).await,
            done => return done,
        }
    }
    attempt().await
}
