//! The contract every engine keeps.
