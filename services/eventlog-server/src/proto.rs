//! The messages of the protocol, generated from `proto/`.

#![allow(clippy::enum_variant_names, clippy::large_enum_variant)]

/// What all KurrentDB clients speak.
pub mod event_store {
    /// Shared by the services.
    pub mod client {
        tonic::include_proto!("event_store.client");

        /// Append, read, follow, delete.
        pub mod streams {
            tonic::include_proto!("event_store.client.streams");
        }

        /// What the server can do.
        pub mod server_features {
            tonic::include_proto!("event_store.client.server_features");
        }

        /// Which nodes there are.
        pub mod gossip {
            tonic::include_proto!("event_store.client.gossip");
        }
    }
}

/// The refusal of a part of BatchAppend.
pub mod google {
    /// See `google`.
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}

pub use event_store::client as shared;
pub use event_store::client::{gossip, server_features, streams};
