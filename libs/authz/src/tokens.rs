//! Tokens as they come with calls: the same ones again and again.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use casebook_execution::Clock;
use casebook_kernel::Timestamp;
use lru::LruCache;

use crate::principal::Principal;
use crate::token::{TokenError, TokenVerifier};

/// Tokens whose signature need not be verified again.
const TOKENS_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 4096;

/// Whose token it is, and when it ends.
type Verified = LruCache<Box<str>, (Arc<Principal>, Timestamp)>;

/// Tells whose tokens come with calls.
pub struct Tokens {
    verifier: TokenVerifier,
    clock: Arc<dyn Clock>,
    verified: Mutex<Verified>,
}

impl Tokens {
    pub fn new(verifier: TokenVerifier, clock: Arc<dyn Clock>) -> Self {
        Self { verifier, clock, verified: Mutex::new(LruCache::new(TOKENS_MAX)) }
    }

    /// Whose token it is, and when it ends.
    pub fn principal(&self, token: &str) -> Result<(Arc<Principal>, Timestamp), TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid(format!("it has more than {TOKEN_BYTES_MAX} bytes")));
        }
        let now = self.clock.now();
        if let Some((principal, ends)) = self.verified().get(token) {
            return if now <= *ends { Ok((principal.clone(), *ends)) } else { Err(TokenError::Expired) };
        }
        let (principal, ends) = self.verifier.verify(token, now)?;
        let principal = Arc::new(principal);
        self.verified().put(token.into(), (principal.clone(), ends));
        Ok((principal, ends))
    }

    fn verified(&self) -> MutexGuard<'_, Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
