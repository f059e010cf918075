//! Agents made and changed by the pages' forms, which send texts.

use crate::support::{Backend, World, on_both, run_of};
use runboard::app::{Caller, Config, agent_form, agents, schedules};
use runboard::domain::agent_form::Texts;
use runboard::domain::{AgentConfig, Error, Result, RetryOn, Role, Scope};

on_both!(
    a_form_makes_an_agent_and_shows_what_it_became,
    a_form_names_what_is_wrong_with_its_fields,
    who_may_make_no_command_may_still_change_the_rest_of_one,
    settings_are_for_the_owner_and_admins,
);

async fn world(backend: Backend, allow_commands: bool) -> World {
    World::with(backend, Config { requests_per_second: 0, allow_commands, ..Config::default() }).await
}

fn filled(caller: &Caller, pairs: &[(&str, &str)]) -> Texts {
    let mut texts = agent_form::blank(caller).expect("a form").texts;
    for (name, text) in pairs {
        assert!(texts.insert((*name).to_owned(), (*text).to_owned()).is_some(), "the form has no {name}");
    }
    texts
}

const WRITER: [(&str, &str); 4] =
    [("name", "writer"), ("kind", "openai"), ("config.base_url", "https://llm.example/v1"), ("config.model", "m")];

fn fields<T>(answer: Result<T>) -> Vec<String> {
    match answer {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|e| e.field).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it is taken"),
    }
}

async fn a_form_makes_an_agent_and_shows_what_it_became(backend: Backend) {
    let world = world(backend, false).await;
    let admin = &world.admin;
    let mut texts = filled(admin, &WRITER);
    texts.extend(
        [("timeout_s", "5m"), ("retry", "on"), ("retry.on", "timeout,exit")].map(|(n, t)| (n.into(), t.into())),
    );
    assert_eq!(agent_form::create(admin, &texts).await.expect("made"), "writer");
    let made = agents::detail(admin, "writer").await.expect("there");
    let retry = made.limits.retry.expect("retries");
    assert_eq!((made.limits.timeout_s, retry.on), (Some(300), vec![RetryOn::Timeout, RetryOn::Exit]));
    let settings = agent_form::settings(admin, "writer").await.expect("settings");
    assert_eq!(settings.form.texts["timeout_s"], "5m");
    assert_eq!((settings.not_run_here, settings.retired), (None, false));

    let mut texts = settings.form.texts;
    texts.extend(
        [("description", "Writes"), ("retry", ""), ("budget.usd_per_day", "2.5")].map(|(n, t)| (n.into(), t.into())),
    );
    let form = agent_form::change(admin, "writer", &texts).await.expect("changed");
    assert_eq!((form.texts["description"].as_str(), form.texts["budget.usd_per_day"].as_str()), ("Writes", "2.5"));
    let changed = agents::detail(admin, "writer").await.expect("there");
    assert_eq!((changed.limits.retry, changed.config == made.config), (None, true));
    texts.insert("description".into(), String::new());
    agent_form::change(admin, "writer", &texts).await.expect("changed");
    assert_eq!(agents::detail(admin, "writer").await.expect("there").summary.description, None);
}

async fn a_form_names_what_is_wrong_with_its_fields(backend: Backend) {
    let world = world(backend, false).await;
    let admin = &world.admin;
    for (name, text, field) in [
        ("name", "new", "name"),
        ("kind", "robot", "kind"),
        ("config.base_url", "llm", "config.base_url"),
        ("config.model", " ", "config.model"),
        ("max_concurrency", "lots", "max_concurrency"),
        ("max_concurrency", "0", "max_concurrency"),
        ("timeout_s", "later", "timeout_s"),
        ("budget.usd_per_month", "-1", "budget.usd_per_month"),
    ] {
        let mut texts = filled(admin, &WRITER);
        texts.insert(name.to_owned(), text.to_owned());
        assert_eq!(fields(agent_form::create(admin, &texts).await), [field], "{name}={text}");
    }
    assert_eq!(fields(schedules::preview(admin, "0 9 31 2 *", "UTC")), ["cron"]);
    assert_eq!(fields(schedules::preview(admin, "x", "Mars")), ["cron", "timezone"]);
    assert_eq!(schedules::preview(admin, "0 9 * * *", "Europe/Berlin").expect("times").len(), 5);
}

async fn who_may_make_no_command_may_still_change_the_rest_of_one(backend: Backend) {
    let world = world(backend, true).await;
    let lister = [("name", "lister"), ("kind", "command"), ("config.argv", "ls\n-l\n")];
    agent_form::create(&world.admin, &filled(&world.admin, &lister)).await.expect("made");
    // The same agent, on a server that runs no commands.
    let elsewhere =
        runboard::app::App::new(world.app.store.clone(), Config::default(), runboard::app::config::system_clock());
    let admin = Caller::local_admin(&elsewhere).await.expect("an admin");
    assert!(agent_form::blank(&admin).expect("a form").no_commands.is_some_and(|why| why.contains("--allow-commands")));
    let mut texts = agent_form::settings(&admin, "lister").await.expect("settings").form.texts;
    assert_eq!(texts["config.argv"], "ls\n-l");
    texts.insert("timeout_s".into(), "1h".into());
    agent_form::change(&admin, "lister", &texts).await.expect("changed");
    texts.insert("config.argv".into(), "rm".into());
    assert!(matches!(agent_form::change(&admin, "lister", &texts).await, Err(Error::Forbidden(_))));
    let now = agents::detail(&admin, "lister").await.expect("there");
    let Some(AgentConfig::Command(config)) = now.config else { panic!("no command") };
    assert_eq!((config.argv, now.limits.timeout_s), (vec!["ls".to_owned(), "-l".to_owned()], Some(3_600)));
}

async fn settings_are_for_the_owner_and_admins(backend: Backend) {
    let world = world(backend, false).await;
    let (ann, _) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let (client, _) = world.person("carl@example.com", Role::Client, Scope::Write).await;
    let (reader, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    agent_form::create(&world.admin, &filled(&world.admin, &WRITER)).await.expect("made");
    assert!(matches!(agent_form::settings(&ann, "writer").await, Err(Error::NotFound)));
    agents::share(&world.admin, "writer", "ann@example.com", "operate").await.expect("shared");
    let ann = ann.refreshed().await.expect("known").expect("valid");
    assert!(matches!(agent_form::settings(&ann, "writer").await, Err(Error::Forbidden(_))));
    assert!(!agents::about(&ann, "writer").await.expect("there").may_change);
    assert!(agents::about(&world.admin, "writer").await.expect("there").may_change);
    for caller in [&client, &reader] {
        assert!(matches!(agent_form::blank(caller), Err(Error::Forbidden(_))));
    }
    world.record(run_of("writer", "kept")).await;
    agents::delete(&world.admin, "writer").await.expect("deleted");
    assert!(!agents::about(&world.admin, "writer").await.expect("there").may_change);
    assert!(agent_form::settings(&world.admin, "writer").await.expect("settings").retired);
}
