//! Saved views on both databases.

use crate::support::{Backend, World, on_both};
use runboard::app::views;
use runboard::domain::view::{NewView, ViewPatch};
use runboard::domain::{Error, Role, Scope};

on_both!(own_and_shared_views_are_listed_once, a_deleted_view_takes_its_defaults_along);

fn new(name: &str, shared: bool) -> NewView {
    NewView { name: name.to_owned(), query: "status=failed".to_owned(), shared, default: true }
}

async fn own_and_shared_views_are_listed_once(backend: Backend) {
    let world = World::new(backend).await;
    let (ann, _) = world.person("ann@example.com", Role::User, Scope::Write).await;
    for i in 0..4 {
        views::create(&ann, new(&format!("ann {i}"), i % 2 == 0)).await.expect("saved");
        views::create(&world.admin, new(&format!("admin {i}"), i % 2 == 0)).await.expect("saved");
    }
    let all = views::list(&ann, None, None).await.expect("listed");
    let names: Vec<_> = all.views.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["ann 0", "admin 0", "ann 1", "ann 2", "admin 2", "ann 3"]);
    assert_eq!(all.views.iter().filter(|v| v.default).map(|v| v.name.as_str()).collect::<Vec<_>>(), ["ann 3"]);
    let first = views::list(&ann, None, Some(4)).await.expect("listed");
    let rest = views::list(&ann, first.next_cursor.as_deref(), Some(4)).await.expect("listed");
    assert_eq!((first.views.len(), rest.views.len(), rest.next_cursor), (4, 2, None));
    assert_eq!([first.views, rest.views].concat(), all.views);
}

async fn a_deleted_view_takes_its_defaults_along(backend: Backend) {
    let world = World::new(backend).await;
    let (ann, _) = world.person("ann@example.com", Role::User, Scope::Write).await;
    let view = views::create(&world.admin, new("shared", true)).await.expect("saved");
    let patch = || ViewPatch { default: Some(true), ..ViewPatch::default() };
    assert!(views::patch(&ann, &view.id, patch()).await.expect("chosen").default);
    views::delete(&world.admin, &view.id).await.expect("deleted");
    assert_eq!(views::patch(&ann, &view.id, patch()).await, Err(Error::NotFound));
    let again = views::create(&ann, new("own", false)).await.expect("saved");
    assert_eq!(views::list(&ann, None, None).await.expect("listed").views, [again]);
}
