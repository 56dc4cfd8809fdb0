//! A connection that carries somebody's token and notes which methods answered.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Request, Response};
use tonic::transport::Channel;
use tower::Service;

use super::short;

/// The methods that gave a reply and no refusal.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeSet<String>>>);

impl Calls {
    pub fn answered(&self) -> BTreeSet<String> {
        self.0.lock().expect("no test panics while it notes").clone()
    }

    fn note(&self, path: &str) {
        self.0.lock().expect("no test panics while it notes").insert(short(path));
    }
}

#[derive(Clone)]
pub struct Recording {
    channel: Channel,
    authorization: HeaderValue,
    calls: Calls,
}

impl Recording {
    pub fn new(channel: Channel, token: &str, calls: Calls) -> Self {
        let authorization = format!("Bearer {token}").parse().expect("a token is a header's value");
        Self { channel, authorization, calls }
    }
}

impl Service<Request<Body>> for Recording {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        request.headers_mut().insert("authorization", self.authorization.clone());
        let path = request.uri().path().to_owned();
        let calls = self.calls.clone();
        let reply = self.channel.call(request);
        Box::pin(async move {
            let reply = reply.await?;
            // A refusal says so in the headers; a reply says how it ended only behind its message.
            if reply.headers().get("grpc-status").is_none_or(|status| status == "0") {
                calls.note(&path);
            }
            Ok(reply)
        })
    }
}
