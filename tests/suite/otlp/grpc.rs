//! OTLP over gRPC: the runs are those of HTTP, and what exporters are answered is what they expect.

use super::records::{Way, differences, records};
use super::rpc::{Client, LOGS, METRICS, Rpc, TRACES, framed};
use super::samples::{Scenario, bodies, body, scenarios};
use super::{PROTOBUF, ids_of, person};
use crate::process::{Server, command, prepare};
use crate::support::{Backend, World, on_both};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use runboard::app::Config;
use runboard::domain::{Role, Scope};
use sqlx::{Connection as _, Executor as _};
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Write as _};
use std::pin::pin;
use std::process::Stdio;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Status};

on_both!(
    the_records_are_those_of_http,
    all_is_well_with_an_empty_answer,
    what_can_not_be_taken_is_said_and_the_rest_is_kept,
    what_is_no_otlp_is_refused,
    bombs_are_refused,
    only_tokens_that_write_may_send,
);

const SAMPLE: &str = "pydantic-ai/ok-1.pb";

/// A span of which nothing is told, in a request of its own. Requests written one after the other are one request.
const BAD_SPAN: [u8; 6] = [0x0a, 4, 0x12, 2, 0x12, 0];

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("packed");
    encoder.finish().expect("packed")
}

fn refused(answer: Result<Bytes, Status>) -> Code {
    let status = answer.expect_err("refused");
    assert!(!status.message().is_empty(), "{status:?}");
    status.code()
}

/// Whether exporters are told to try again, and after how many seconds.
fn again_s(status: &Status) -> Option<u8> {
    let pushback = status.metadata().get("grpc-retry-pushback-ms");
    let pushback = pushback.map(|ms| ms.to_str().expect("text").parse::<u32>().expect("a number"));
    let told = status.details().split(|b| *b == b'/').next_back().and_then(|d| d.strip_prefix(b"google.rpc.RetryInfo"));
    let seconds = told.map(|info| *info.last().expect("a delay"));
    assert_eq!(pushback, seconds.map(|s| u32::from(s) * 1_000), "{status:?}");
    seconds
}

async fn the_records_are_those_of_http(backend: Backend) {
    let protobuf = |scenario: &Scenario| bodies(scenario).iter().all(|body| body.content_type == PROTOBUF);
    let scenarios: Vec<_> = scenarios().into_iter().filter(protobuf).collect();
    let http = records(backend, &scenarios, Way::Http, bodies).await;
    let grpc = records(backend, &scenarios, Way::Grpc, bodies).await;
    let wrong = differences("over gRPC", &http, &grpc);
    assert!(wrong.is_empty(), "{} facts:\n{}", wrong.len(), wrong.join("\n"));
}

async fn all_is_well_with_an_empty_answer(backend: Backend) {
    let world = World::new(backend).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (who, token) = person(&world, "ann", Role::User).await;
    let (sample, _) = body(SAMPLE);
    for (pack, message) in [(false, sample.clone()), (true, packed(&sample))] {
        let answer = rpc.client.export(&token, TRACES, pack, &message).await.expect("taken");
        assert_eq!(answer, "");
    }
    // Who packs may still send as it is what is not worth it.
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("grpc-encoding", "gzip")];
    assert_eq!(rpc.client.send(TRACES, &headers, framed(false, &sample)).await.expect("taken"), "");
    for path in [TRACES, LOGS, METRICS] {
        assert_eq!(rpc.client.export(&token, path, false, b"").await.expect("taken"), "", "{path}");
    }
    assert_eq!(rpc.client.export(&token, METRICS, false, b"\xff").await.expect("passed over"), "");
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

async fn what_can_not_be_taken_is_said_and_the_rest_is_kept(backend: Backend) {
    let world = World::new(backend).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (who, token) = person(&world, "ann", Role::User).await;
    let (sample, _) = body(SAMPLE);
    let message = [&BAD_SPAN, &sample[..], &BAD_SPAN].concat();
    let answer = rpc.client.export(&token, TRACES, false, &message).await.expect("taken");
    let [0x0a, length, 0x08, 2, 0x12, _, why @ ..] = &answer[..] else { panic!("no partial success: {answer:?}") };
    assert_eq!(usize::from(*length), answer.len() - 2);
    assert!(!why.is_empty());
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

async fn what_is_no_otlp_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (who, token) = person(&world, "ann", Role::User).await;
    let (sample, _) = body(SAMPLE);
    let cut = &sample[..sample.len() - 10];
    assert_eq!(refused(rpc.client.export(&token, TRACES, false, cut).await), Code::InvalidArgument);
    assert_eq!(refused(rpc.client.export(&token, TRACES, false, b"\xff\xff\xff").await), Code::InvalidArgument);
    assert_eq!(refused(rpc.client.export(&token, TRACES, true, &sample).await), Code::InvalidArgument);
    let bearer = format!("Bearer {token}");
    let plain = [("authorization", bearer.as_str())];
    let mut short = framed(false, &sample);
    short.truncate(short.len() - 1);
    let twice = [framed(false, &sample), framed(false, &sample)].concat();
    for frame in [Vec::new(), vec![0, 0, 0], short, twice, framed(true, &packed(&sample))] {
        assert_eq!(refused(rpc.client.send(TRACES, &plain, frame).await), Code::InvalidArgument);
    }
    let zstd = [plain[0], ("grpc-encoding", "zstd")];
    assert_eq!(refused(rpc.client.send(TRACES, &zstd, framed(true, &sample)).await), Code::Unimplemented);
    let profiles = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
    assert_eq!(refused(rpc.client.export(&token, profiles, false, b"").await), Code::Unimplemented);
    assert_eq!(ids_of(&world, &who).await.len(), 0);
}

async fn bombs_are_refused(backend: Backend) {
    let world = World::new(backend).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (_, token) = person(&world, "ann", Role::User).await;
    let bomb = packed(&vec![0; 70 << 20]);
    assert!(bomb.len() < 1 << 20);
    let too_long = vec![0; (8 << 20) + 1];
    for (pack, message) in [(true, &bomb), (false, &too_long), (true, &too_long)] {
        let status = rpc.client.export(&token, TRACES, pack, message).await.expect_err("refused");
        assert_eq!((status.code(), again_s(&status)), (Code::ResourceExhausted, None), "{status:?}");
    }
    // The connection serves on.
    assert_eq!(rpc.client.export(&token, METRICS, false, &vec![0; 8 << 20]).await.expect("taken"), "");
}

async fn only_tokens_that_write_may_send(backend: Backend) {
    let world = World::new(backend).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (who, _) = person(&world, "ann", Role::User).await;
    let (_, reads) = world.person("ben@example.com", Role::User, Scope::Read).await;
    let (sample, _) = body(SAMPLE);
    for path in [TRACES, LOGS, METRICS] {
        let nobody = rpc.client.send(path, &[], framed(false, &sample)).await;
        assert_eq!(refused(nobody), Code::Unauthenticated);
        let basic = rpc.client.send(path, &[("authorization", "Basic YTpi")], framed(false, &sample)).await;
        assert_eq!(refused(basic), Code::Unauthenticated);
        assert_eq!(refused(rpc.client.export("rb_wrong", path, false, &sample).await), Code::Unauthenticated);
        assert_eq!(refused(rpc.client.export(&reads, path, false, &sample).await), Code::PermissionDenied);
    }
    assert_eq!(ids_of(&world, &who).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_often_is_told_when_to_go_on() {
    let world = World::with(Backend::Sqlite, Config { requests_per_second: 1, ..Config::default() }).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (_, token) = person(&world, "ann", Role::User).await;
    let mut refusals = Vec::new();
    for _ in 0..20 {
        refusals.extend(rpc.client.export(&token, METRICS, false, b"").await.err());
    }
    let status = refusals.first().expect("one is refused");
    assert_eq!((status.code(), again_s(status)), (Code::ResourceExhausted, Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_to_be_tried_again() {
    let world = World::new(Backend::Sqlite).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (who, token) = person(&world, "ann", Role::User).await;
    let (sample, _) = body(SAMPLE);
    let mut other = sqlx::SqliteConnection::connect(&world.database.url).await.expect("a second connection");
    other.execute("begin immediate").await.expect("locked");
    let status = rpc.client.export(&token, TRACES, false, &sample).await.expect_err("refused");
    assert_eq!((status.code(), again_s(&status)), (Code::Unavailable, Some(1)));
    other.execute("rollback").await.expect("unlocked");
    assert_eq!(rpc.client.export(&token, TRACES, false, &sample).await.expect("taken"), "");
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_finished_before_it_stops() {
    let world = World::new(Backend::Sqlite).await;
    let rpc = Rpc::start(world.app.clone()).await;
    let (who, token) = person(&world, "ann", Role::User).await;
    let (sample, _) = body(SAMPLE);
    let frame = Bytes::from(framed(false, &sample));
    let (parts, body) = tokio::sync::mpsc::unbounded_channel::<Result<_, Infallible>>();
    let send = |part: Bytes| parts.send(Ok(Frame::data(part))).expect("it is still sent");
    send(frame.slice(..100));
    let (client, bearer) = (rpc.client.clone(), format!("Bearer {token}"));
    let headers = [("authorization", bearer.as_str())];
    let body = StreamBody::new(UnboundedReceiverStream::new(body)).boxed();
    let mut slow = pin!(client.send_body(TRACES, &headers, body));
    assert!(futures::poll!(&mut slow).is_pending());
    // An answer to what is sent after it says that its beginning is there.
    assert_eq!(rpc.client.export(&token, METRICS, false, b"").await.expect("taken"), "");
    let served = rpc.stop();
    send(frame.slice(100..));
    drop(parts);
    assert_eq!(slow.await.expect("taken"), "");
    served.await.expect("no panic").expect("a clean end");
    assert_eq!(ids_of(&world, &who).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_listens_where_it_is_told_and_stops_with_exporters_connected() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/test.db", folder.path().display());
    let token = prepare(&database);
    let mut serve = command(&database);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--otlp-grpc-listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut server = Server(serve.spawn().expect("it starts"));
    let mut lines = BufReader::new(server.0.stdout.take().expect("its output")).lines();
    let said = lines.nth(1).expect("a second line").expect("text");
    let (_, address) = said.rsplit_once("http://").expect("a URL");
    let client = Client::connect(address).await;
    let (sample, _) = body(SAMPLE);
    assert_eq!(client.export(&token, TRACES, false, &sample).await.expect("taken"), "");
    assert!(server.terminate().success());
}
