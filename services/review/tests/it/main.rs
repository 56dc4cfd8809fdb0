//! What content review promises to the outside: every stored shape still decodes, every history can be restarted, and real
//! posts are screened.

mod golden;
mod posts;
mod program;
mod properties;
mod service;
mod visibility;
mod world;
