//! What content review promises to the outside: every stored shape still decodes, and real posts are screened.

mod golden;
mod posts;
mod program;
mod service;
mod visibility;
mod world;
