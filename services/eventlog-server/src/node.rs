//! What this server says about itself: its features, and that it is the one node there is.

use std::net::SocketAddr;
use std::time::SystemTime;

use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::events::IdForm;
use crate::proto::gossip::member_info::VNodeState;
use crate::proto::gossip::{ClusterInfo, EndPoint, MemberInfo, gossip_server};
use crate::proto::server_features::{SupportedMethod, SupportedMethods, server_features_server};
use crate::proto::shared::Empty;

/// The version of KurrentDB whose description of these services the server follows. Clients look at it to know what they may
/// ask for; it is no claim to be that server.
const FOLLOWS_VERSION: &str = "24.10.0";

const STREAMS: &str = "event_store.client.streams.streams";
/// Methods of it, and what of each beyond its bare use.
const STREAMS_METHODS: [(&str, &[&str]); 5] =
    [("append", &[]), ("batchappend", &[]), ("delete", &[]), ("read", &["position", "events"]), ("tombstone", &[])];
const OTHER_METHODS: [(&str, &str); 2] = [
    ("event_store.client.gossip.gossip", "read"),
    ("event_store.client.server_features.serverfeatures", "getsupportedmethods"),
];

pub struct Node {
    id: Uuid,
    address: SocketAddr,
}

impl Node {
    pub fn new(address: SocketAddr) -> Self {
        Self { id: Uuid::new_v4(), address }
    }
}

#[tonic::async_trait]
impl server_features_server::ServerFeatures for Node {
    async fn get_supported_methods(&self, _: Request<Empty>) -> Result<Response<SupportedMethods>, Status> {
        let method = |service: &str, method: &str, features: &[&str]| SupportedMethod {
            method_name: method.into(),
            service_name: service.into(),
            features: features.iter().map(|feature| (*feature).into()).collect(),
        };
        let streams = STREAMS_METHODS.iter().map(|(name, features)| method(STREAMS, name, features));
        let methods = streams.chain(OTHER_METHODS.iter().map(|(service, name)| method(service, name, &[]))).collect();
        Ok(Response::new(SupportedMethods { methods, event_store_server_version: FOLLOWS_VERSION.into() }))
    }
}

#[tonic::async_trait]
impl gossip_server::Gossip for Node {
    async fn read(&self, request: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        // Where the caller reached it: what it listens on may be every address of the machine.
        let address = request.local_addr().unwrap_or(self.address);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let member = MemberInfo {
            instance_id: Some(IdForm::Text.id(self.id)),
            time_stamp: i64::try_from(now.as_micros()).unwrap_or(i64::MAX),
            state: VNodeState::Leader.into(),
            is_alive: true,
            http_end_point: Some(EndPoint { address: address.ip().to_string(), port: address.port().into() }),
        };
        Ok(Response::new(ClusterInfo { members: vec![member] }))
    }
}
