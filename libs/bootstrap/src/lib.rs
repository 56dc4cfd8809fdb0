//! From a configuration to a running service: keys, telemetry, log, read models, server, drain.

mod api;
mod foundation;
mod gate;
mod keys;
mod log;
mod node;
mod policy;
mod program;
mod server;
mod status;
mod telemetry;

pub use api::{history, history_entry, list_status, operation_status};
pub use foundation::{Foundation, RestError, Service, Settings, StartError, StartService, Starting};
pub use gate::{Gate, Read, Write};
pub use keys::{KeyError, Keys};
pub use log::{LogAt, LogError, WrittenLog};
pub use node::{Layout, Node, NodeError, Options};
pub use policy::{PolicyError, policy};
pub use program::{DataDir, EndWith, SERVING_LOG_LEVEL, Serving, Started, run_service, run_to_end, say};
pub use server::{ServeError, serve};
pub use status::{Explained, append_status, beyond_head, claim_status, execute_status, invalid, store_status};
pub use telemetry::start as start_telemetry;
