//! Those who are asked hear of it at once, those who are not never; whoever does the run hears what came of it.

use super::{People, approval, text};
use crate::live::{Socket, listen};
use crate::support::{Backend, on_both};
use serde_json::{Value, json};

on_both!(the_socket_tells_those_whom_it_concerns, the_stream_of_the_run_tells_what_came_of_it);

async fn until_approval(socket: &mut Socket, status: &str) -> Value {
    loop {
        let frame = socket.hear().await.expect("a frame");
        assert_eq!(frame["topic"], "approvals", "{frame}");
        assert_eq!(frame["type"], "approval_updated", "{frame}");
        if frame["approval"]["status"] == status {
            return frame["approval"].clone();
        }
    }
}

async fn the_socket_tells_those_whom_it_concerns(backend: Backend) {
    let people = People::new(backend).await;
    let address = listen(&people.http).await;
    let mut sockets = Vec::new();
    for who in ["ann", "owner", "cy"] {
        let mut socket = Socket::open(address, people.token(who)).await;
        let answer = socket.subscribe(json!({"op": "subscribe", "topic": "approvals"})).await;
        assert_eq!(answer["type"], "subscribed");
        sockets.push(socket);
    }
    let (_, id) = people.approval(&["ann", "bo"], "all").await;
    for (socket, turn) in sockets.iter_mut().take(2).zip([true, false]) {
        let asked = until_approval(socket, "pending").await;
        assert_eq!((&asked["id"], &asked["waits_for_you"]), (&json!(id), &json!(turn)));
    }
    people.respond("bo", &id, "reject").await;
    for socket in sockets.iter_mut().take(2) {
        assert_eq!(until_approval(socket, "rejected").await["outcome"], "rejected by bo");
    }
    sockets[2].nothing_came().await;
    // What was missed is not told again, but that something was.
    let mut late = Socket::open(address, people.token("ann")).await;
    assert_eq!(
        late.subscribe(json!({"op": "subscribe", "topic": "approvals", "since": 1})).await["type"],
        "subscribed"
    );
    assert_eq!(late.hear().await.expect("a frame")["type"], "resync");
}

async fn the_stream_of_the_run_tells_what_came_of_it(backend: Backend) {
    let people = People::new(backend).await;
    let run = people.run().await;
    let id = text(&people.ask(&run, approval(&["ann"], "any")).await.json()["id"]);
    people.respond("ann", &id, "reject").await;
    let stream = people.get("owner", &format!("/api/executions/{run}/stream")).await.text;
    let told = stream.split("\n\n").find(|event| event.contains("event: interaction")).expect("it is told");
    let data: Value =
        serde_json::from_str(told.lines().find_map(|l| l.strip_prefix("data: ")).expect("data")).expect("JSON");
    assert_eq!((&data["id"], &data["status"]), (&json!(id), &json!("rejected")));
    assert!(stream.contains("event: end"), "{stream}");
}
