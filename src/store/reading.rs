//! Server. What the page of a run reads: its calls without long values, how many steps, the tree below it.

use super::Visible;
use super::db::Executor;
use super::executions::{LinkRow, write_visible};
use super::parts::ToolCallRow;
use super::query::{Query, Value};
use crate::domain::{Error, ListedCall, PartStatus, Result, RunLink, SubRun, ToolCall};

/// Runs of a tree that are shown, and how deep it is followed.
const MOST_BELOW: usize = 200;
const MOST_DEPTH: i64 = 8;

#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    call: ToolCallRow,
    left_out: i64,
}

/// Tool calls in order of their start after (`started_at`, `key`), each with that position. Values longer than 4 KiB
/// are left out; `octet_length` tells without reading them.
pub async fn listed_calls(
    db: &mut impl Executor,
    key: i64,
    after: Option<(i64, i64)>,
    limit: i64,
) -> Result<Vec<((i64, i64), ListedCall)>> {
    let mut q = Query::new(
        "select key, call_id, name, case when octet_length(arguments) <= 4096 then arguments end as arguments, \
         case when octet_length(result) <= 4096 then result end as result, \
         case when octet_length(error) <= 4096 then error end as error, status, started_at, completed_at, \
         parent_call_id, cast(case when octet_length(arguments) > 4096 then octet_length(arguments) else 0 end \
         + case when octet_length(result) > 4096 then octet_length(result) else 0 end \
         + case when octet_length(error) > 4096 then octet_length(error) else 0 end as bigint) as left_out \
         from tool_calls where execution_key = ",
    );
    q.value(key);
    if let Some((started, last)) = after {
        q.push(" and (started_at, key) > (").value(started).push(", ").value(last).push(")");
    }
    q.push(" order by started_at, key limit ").value(limit);
    let row = |r: ListedRow| {
        let at = r.call.position();
        Ok((at, ListedCall { call: r.call.read()?, left_out: r.left_out }))
    };
    db.all::<ListedRow>(q).await?.into_iter().map(row).collect()
}

/// One call with all its values.
pub async fn tool_call(db: &mut impl Executor, key: i64, call_id: &str) -> Result<ToolCall> {
    let sql = "select key, call_id, name, arguments, result, error, status, started_at, completed_at, parent_call_id \
               from tool_calls where execution_key = $1 and call_id = $2";
    db.one::<ToolCallRow>(Query::new(sql).bind(key).bind(call_id)).await?.read()
}

/// A step without long texts: an input or output of more than 4 KiB stands as its size.
#[derive(sqlx::FromRow)]
pub struct StepFacts {
    pub position: i64,
    pub title: String,
    pub kind: String,
    #[sqlx(try_from = "String")]
    pub status: PartStatus,
    pub input: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    pub started_at: Option<i64>,
    pub completed_at: Option<i64>,
}

pub async fn step_facts(db: &mut impl Executor, key: i64, limit: i64) -> Result<Vec<StepFacts>> {
    let sql = "select position, title, kind, status, \
               case when octet_length(input) <= 4096 then input else cast(octet_length(input) as text) end as input, \
               case when octet_length(output) <= 4096 then output else cast(octet_length(output) as text) end as output, \
               substr(error, 1, 4096) as error, \
               started_at, completed_at from steps where execution_key = $1 order by position limit $2";
    db.all(Query::new(sql).bind(key).bind(limit)).await
}

pub async fn count_steps(db: &mut impl Executor, key: i64) -> Result<i64> {
    let (n,): (i64,) = db.one(Query::new("select count(*) from steps where execution_key = $1").bind(key)).await?;
    Ok(n)
}

/// What differs between a part of one run and its counterpart in another, by the part's key or position in the first.
#[derive(sqlx::FromRow)]
pub struct Differing {
    pub part: i64,
    /// Arguments of a call, input of a step.
    pub given: bool,
    /// Result or output.
    pub made: bool,
    pub error: bool,
}

/// Of these pairs of calls, by their keys: whether values differ. The database compares them: a list has no long ones.
pub async fn differing_calls(db: &mut impl Executor, pairs: &[(i64, i64)]) -> Result<Vec<Differing>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new(
        "select x.key as part, x.arguments is distinct from y.arguments as given, \
         x.result is distinct from y.result as made, x.error is distinct from y.error as error \
         from (values ",
    );
    q.rows(pairs.iter().map(|(x, y)| vec![Value::from(*x), Value::from(*y)]));
    q.push(") p join tool_calls x on x.key = p.column1 join tool_calls y on y.key = p.column2");
    db.all(q).await
}

/// The same of the steps with a long text, in one run or both.
pub async fn differing_steps(db: &mut impl Executor, a: i64, b: i64, limit: i64) -> Result<Vec<Differing>> {
    let sql = "select x.position as part, x.input is distinct from y.input as given, \
               x.output is distinct from y.output as made, x.error is distinct from y.error as error \
               from steps x join steps y on y.execution_key = $2 and y.position = x.position where x.execution_key = $1 \
               and (octet_length(x.input) > 4096 or octet_length(x.output) > 4096 or octet_length(x.error) > 4096 \
               or octet_length(y.input) > 4096 or octet_length(y.output) > 4096 or octet_length(y.error) > 4096) \
               order by x.position limit $3";
    db.all(Query::new(sql).bind(a).bind(b).bind(limit)).await
}

#[derive(sqlx::FromRow)]
struct BelowRow {
    #[sqlx(flatten)]
    link: LinkRow,
    parent_id: String,
}

/// The runs below `id`, level by level, newest first in each; at most 200, and nothing below a run that is hidden.
pub async fn below(db: &mut impl Executor, id: &str, visible: &Visible) -> Result<Vec<SubRun>> {
    let mut found: Vec<SubRun> = Vec::new();
    let mut parents = vec![id.to_owned()];
    for depth in 1..=MOST_DEPTH {
        let room = MOST_BELOW - found.len();
        if parents.is_empty() || room == 0 {
            break;
        }
        let mut q = Query::new(
            "select e.id, a.name as agent_name, e.status, e.message, e.attempt, e.parent_id \
             from executions e join agents a on a.key = e.agent_key where e.parent_id in ",
        );
        q.list(std::mem::take(&mut parents));
        write_visible(&mut q, visible);
        q.push(" order by e.sort_at desc, e.key desc limit ").value(i64::try_from(room).unwrap_or(i64::MAX));
        for row in db.all::<BelowRow>(q).await? {
            let link = RunLink::try_from(row.link)?;
            // A ring of parents ends where it began.
            if link.id.as_str() == id || found.iter().any(|run| run.link.id == link.id) {
                continue;
            }
            parents.push(link.id.to_string());
            let parent = row.parent_id.parse().map_err(|_| Error::Internal(row.parent_id.clone()))?;
            found.push(SubRun { link, parent, depth });
        }
    }
    Ok(found)
}
