//! A client of gRPC, as little as there is of it: a message is sent, and an answer or a status comes back. What tonic's
//! own client would never send can be sent with it.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use runboard::app::App;
use runboard::domain::Result;
use runboard::server::grpc;
use std::convert::Infallible;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::{Code, Status};

pub const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
pub const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

pub type Body = BoxBody<Bytes, Infallible>;

/// What comes before a message.
pub fn framed(packed: bool, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a length");
    [&[u8::from(packed)], &length.to_be_bytes()[..], message].concat()
}

/// One connection.
#[derive(Clone)]
pub struct Client {
    sender: http2::SendRequest<Body>,
}

impl Client {
    pub async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("connected");
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
        tokio::spawn(connection);
        Self { sender }
    }

    /// Sends as exporters do.
    pub async fn export(&self, token: &str, path: &str, packed: bool, message: &[u8]) -> Result<Bytes, Status> {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        if packed {
            headers.push(("grpc-encoding", "gzip"));
        }
        self.send(path, &headers, framed(packed, message)).await
    }

    pub async fn send(&self, path: &str, headers: &[(&str, &str)], frame: Vec<u8>) -> Result<Bytes, Status> {
        self.send_body(path, headers, Full::new(Bytes::from(frame)).boxed()).await
    }

    pub async fn send_body(&self, path: &str, headers: &[(&str, &str)], body: Body) -> Result<Bytes, Status> {
        let mut request = Request::post(format!("http://board.example{path}")).header("te", "trailers");
        for (name, value) in [("content-type", "application/grpc")].iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let response = self.sender.clone().send_request(request).await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"application/grpc".parse().expect("a value"))
        );
        // Without a message, the status stands in the headers.
        if let Some(status) = Status::from_header_map(response.headers()) {
            return Err(status);
        }
        let answer = response.into_body().collect().await.expect("the whole answer");
        let status = answer.trailers().and_then(Status::from_header_map).expect("a status");
        let frame = answer.to_bytes();
        match status.code() {
            Code::Ok => {
                let message = frame.slice(5..);
                assert_eq!(framed(false, &message), frame);
                Ok(message)
            }
            _ => Err(status),
        }
    }
}

/// The second port, and a client on it.
pub struct Rpc {
    pub client: Client,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<()>>,
}

impl Rpc {
    pub async fn start(app: App) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(grpc::serve(listener, app, async { drop(stopped.await) }));
        Self { client: Client::connect(&address).await, stop, served }
    }

    /// Tells it to stop, and has what is to be waited for until it has.
    pub fn stop(self) -> JoinHandle<Result<()>> {
        self.stop.send(()).expect("it is still there");
        self.served
    }
}
