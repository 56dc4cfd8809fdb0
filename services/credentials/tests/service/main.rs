//! The service as its callers meet it: over a socket, with tokens, on a real log and real read models.

mod badge_and_end;
mod claims;
mod harness;
mod headcount;
mod notice;
mod privacy;
mod program;
mod requests;
mod verification;
