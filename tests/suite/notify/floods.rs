//! Many at once.

use super::{Telling, failed_now, of};
use crate::support::{Backend, on_both};
use runboard::app::record;
use runboard::domain::DeliveryState;

on_both!(many_failures_become_one_message, a_storm_is_summed_up_every_ten_minutes);

async fn many_failures_become_one_message(backend: Backend) {
    let t = Telling::new(backend).await;
    // Some singly, most of them in one go, the rest again singly.
    for n in 0..3 {
        t.fails("builder", &format!("{n}")).await;
    }
    let batch = (0..37).map(|n| failed_now(if n % 2 == 0 { "builder" } else { "reader" }, "no")).collect();
    record::batch(&t.world.admin, batch).await.expect("recorded");
    for n in 0..2 {
        t.fails("reader", &format!("{n}")).await;
    }
    for _ in 0..10 {
        t.go().await;
    }
    let titles = |told: &[runboard::domain::Delivery]| told.iter().map(|d| d.title.clone()).collect::<Vec<_>>();
    let told = t.told().await;
    let mut expected = vec!["builder failed"; 5];
    expected.push("37 more runs failed");
    assert_eq!(titles(&told), expected);
    assert_eq!(t.receiver.calls("ann").len(), 5, "the sum waits for a minute");
    t.world.pass_ms(60_000);
    t.go().await;
    let call = t.receiver.calls("ann").pop().expect("a call").json();
    assert_eq!(call["title"], "37 more runs failed");
    assert_eq!(call["link"], "https://board.example/executions?status=failed&agent=reader,builder");
    assert_eq!(call["text"], "By agent: reader (20), builder (17).");
    assert_eq!(call.get("execution_id"), None);
    assert!(t.told().await.iter().all(|d| of(d) == (DeliveryState::Sent, 1, String::new())));
}

async fn a_storm_is_summed_up_every_ten_minutes(backend: Backend) {
    let t = Telling::new(backend).await;
    // A run fails every five seconds, for half an hour.
    for _ in 0..360 {
        t.fails("builder", "no").await;
        t.go().await;
        t.world.pass_ms(5_000);
    }
    let told = t.told().await;
    assert!(told.len() <= 10, "{} messages", told.len());
    let sums: i64 =
        told.iter().filter_map(|d| d.title.split_once(" more run").and_then(|(n, _)| n.parse::<i64>().ok())).sum();
    assert_eq!(told.iter().filter(|d| d.title == "builder failed").count() as i64 + sums, 360, "each is told of");
    // When it is over, the next one is told at once.
    t.world.pass_ms(3_600_000);
    t.go().await;
    t.fails("builder", "no").await;
    t.go().await;
    assert_eq!(
        t.told().await.last().map(|d| (d.title.clone(), d.state)),
        Some(("builder failed".to_owned(), DeliveryState::Sent))
    );
}
