//! Access: who sees and operates what, in lists, counts, details and statistics.

use crate::support::{Backend, World, on_both, run_of};
use runboard::app::executions::{self, ListRequest};
use runboard::app::{Caller, agents, control, numbers, record, tokens};
use runboard::domain::{Error, ExecutionPatch, Filter, Role, Scope, Status};

on_both!(
    everyone_sees_their_own_and_shared_agents_only,
    lesson_6_nothing_outside_ones_access_exists,
    clients_have_no_fleet_wide_lists,
    viewers_do_not_operate,
    read_tokens_do_not_write,
    a_token_limited_to_agents_stays_there,
    a_revoked_token_is_nobody,
    nobody_records_for_an_agent_of_somebody_else,
);

async fn count(caller: &Caller) -> i64 {
    executions::list(caller, &ListRequest::default()).await.expect("a list").total_count
}

async fn everyone_sees_their_own_and_shared_agents_only(backend: Backend) {
    let world = World::new(backend).await;
    let (ann, _) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let (bo, bo_token) = world.person("bo@example.com", Role::User, Scope::Write).await;
    record::create(&ann, run_of("anns", "1")).await.expect("recorded");
    record::create(&bo, run_of("bos", "2")).await.expect("recorded");
    let bo = world.app.by_token(&bo_token).await.expect("looked up").expect("valid");
    assert_eq!((count(&world.admin).await, count(&bo).await), (2, 1));
    let ann = ann.refreshed().await.expect("looked up").expect("valid");
    agents::share(&ann, "anns", "bo@example.com", "view").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    assert_eq!(count(&bo).await, 2);
    agents::unshare(&ann, "anns", "bo@example.com").await.expect("taken back");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    assert_eq!(count(&bo).await, 1);
}

async fn lesson_6_nothing_outside_ones_access_exists(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("secret", "needle")).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    let id = run.id.as_str();
    assert_eq!(executions::get(&bo, id).await.err(), Some(Error::NotFound));
    assert_eq!(control::terminate(&bo, id, false).await.err(), Some(Error::NotFound));
    assert_eq!(record::heartbeat(&bo, id).await.err(), Some(Error::NotFound));
    assert_eq!(record::patch(&bo, id, ExecutionPatch::default()).await.err(), Some(Error::NotFound));
    assert_eq!(runboard::app::parts::log(&bo, id, 0, None).await.err(), Some(Error::NotFound));
    assert_eq!(agents::get(&bo, "secret").await.err(), Some(Error::NotFound));
    assert_eq!(agents::list(&bo).await, Ok(Vec::new()));
    for search in ["needle", id] {
        let filter = Filter { search: Some(search.to_owned()), ..Filter::default() };
        let page = executions::list(&bo, &ListRequest { filter: filter.clone(), ..ListRequest::default() })
            .await
            .expect("a list");
        assert_eq!((page.executions.len(), page.total_count), (0, 0));
        assert_eq!(numbers::stats(&bo, &filter).await.expect("stats").total_executions, 0);
    }
    let named = Filter { agent: runboard::domain::Choice::only("secret".to_owned()), ..Filter::default() };
    let page = executions::list(&bo, &ListRequest { filter: named, ..ListRequest::default() }).await.expect("a list");
    assert_eq!(page.total_count, 0);
}

async fn clients_have_no_fleet_wide_lists(backend: Backend) {
    let world = World::new(backend).await;
    world.record(run_of("helper", "m")).await;
    let (client, _) = world.person("carl@example.com", Role::Client, Scope::Read).await;
    agents::share(&world.admin, "helper", "carl@example.com", "view").await.expect("shared");
    let client = client.refreshed().await.expect("looked up").expect("valid");
    assert!(matches!(executions::list(&client, &ListRequest::default()).await, Err(Error::Forbidden(_))));
    assert!(matches!(numbers::stats(&client, &Filter::default()).await, Err(Error::Forbidden(_))));
    let page = executions::list_of_agent(&client, "helper", ListRequest::default()).await.expect("their agent");
    assert_eq!(page.total_count, 1);
}

async fn viewers_do_not_operate(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("helper", "m")).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    agents::share(&world.admin, "helper", "bo@example.com", "view").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    assert!(matches!(control::terminate(&bo, run.id.as_str(), false).await, Err(Error::Forbidden(_))));
    assert!(matches!(agents::share(&bo, "helper", "bo@example.com", "operate").await, Err(Error::Forbidden(_))));
    agents::share(&world.admin, "helper", "bo@example.com", "operate").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    assert!(control::terminate(&bo, run.id.as_str(), false).await.expect("asked").cancel_requested);
}

async fn read_tokens_do_not_write(backend: Backend) {
    let world = World::new(backend).await;
    let (reader, _) = world.person("admin@example.com", Role::Admin, Scope::Read).await;
    assert!(matches!(record::create(&reader, run_of("a", "m")).await, Err(Error::Forbidden(_))));
    let request = tokens::TokenRequest { scope: Some(Scope::Write), ..tokens::TokenRequest::default() };
    assert!(matches!(tokens::create(&reader, request).await, Err(Error::Forbidden(_))));
    assert_eq!(count(&reader).await, 0);
}

async fn a_token_limited_to_agents_stays_there(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("one", "m")).await;
    let other = world.record(run_of("two", "m")).await;
    let request = tokens::TokenRequest { agents: Some(vec!["one".into()]), ..tokens::TokenRequest::default() };
    let (_, token) = tokens::create(&world.admin, request).await.expect("a token");
    let limited = world.app.by_token(&token).await.expect("looked up").expect("valid");
    assert_eq!(count(&limited).await, 1);
    assert!(executions::get(&limited, run.id.as_str()).await.is_ok());
    assert_eq!(executions::get(&limited, other.id.as_str()).await.err(), Some(Error::NotFound));
    for agent in ["two", "three"] {
        assert!(matches!(record::create(&limited, run_of(agent, "m")).await, Err(Error::Forbidden(_))), "{agent}");
    }
    let done = ExecutionPatch { status: Some(Status::Success), ..ExecutionPatch::default() };
    assert!(record::patch(&limited, run.id.as_str(), done).await.is_ok());
}

async fn a_revoked_token_is_nobody(backend: Backend) {
    let world = World::new(backend).await;
    let (id, token) = tokens::create(&world.admin, tokens::TokenRequest::default()).await.expect("a token");
    let caller = world.app.by_token(&token).await.expect("looked up").expect("valid");
    tokens::revoke(&world.admin, &id).await.expect("revoked");
    assert!(world.app.by_token(&token).await.expect("looked up").is_none());
    assert!(caller.refreshed().await.expect("looked up").is_none());
    assert_eq!(tokens::revoke(&world.admin, &id).await, Err(Error::NotFound));
}

async fn nobody_records_for_an_agent_of_somebody_else(backend: Backend) {
    let world = World::new(backend).await;
    world.record(run_of("admins", "m")).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    assert!(matches!(record::create(&bo, run_of("admins", "m")).await, Err(Error::Forbidden(_))));
    let (client, _) = world.person("carl@example.com", Role::Client, Scope::Write).await;
    assert!(matches!(record::create(&client, run_of("new", "m")).await, Err(Error::Forbidden(_))));
    // The one line of a batch that may not be recorded leaves the others alone.
    let answers = record::batch(&bo, vec![run_of("admins", "m"), run_of("bos", "m")]).await.expect("answered");
    assert!(answers[0].is_err() && answers[1].is_ok());
}
