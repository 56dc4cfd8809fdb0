//! How much a call may send before anybody has asked whose it is.

use http::Request;
use http_body_util::{BodyExt as _, Limited};
use tonic::Status;
use tonic::body::Body;

/// These are read part by part, once their caller was let in.
const PARTS_PATHS: [&str; 2] =
    ["/event_store.client.streams.Streams/Append", "/event_store.client.streams.Streams/BatchAppend"];

/// The most bytes of any other request: it is read whole before its caller is looked at.
const REQUEST_BYTES_MAX: usize = 64 << 10;

/// The request, of which no more is read than it may have.
pub fn bounded(request: Request<Body>) -> Request<Body> {
    if PARTS_PATHS.contains(&request.uri().path()) {
        return request;
    }
    let too_large =
        |_| Status::resource_exhausted(format!("a request of this kind has at most {REQUEST_BYTES_MAX} bytes"));
    request.map(|body| Body::new(Limited::new(body, REQUEST_BYTES_MAX).map_err(too_large)))
}
