//! Who calls, and whether they may.
//!
//! Every call carries a token (a JWT signed with Ed25519) that names an agency, an officer or a system of it, roles and a
//! region. Every method has a row in the access matrix, generated from the `access` option beside it. Without a
//! token nothing answers but health.

mod layer;
mod principal;
mod token;
mod tokens;

pub use layer::{AuthLayer, AuthService};
pub use principal::{Principal, Standing};
pub use token::{TokenError, TokenKey, TokenVerifier};
pub use tokens::Tokens;
