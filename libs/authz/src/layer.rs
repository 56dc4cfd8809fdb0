//! Stands before every service: who calls, may they, and if not, what is missing.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use casebook_execution::Clock;
use casebook_proto::access::MethodAccess;
use http::{Request, Response};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::{Layer, Service};

use crate::principal::Principal;
use crate::token::TokenVerifier;
use crate::tokens::Tokens;

struct Guard {
    tokens: Tokens,
    methods: HashMap<&'static str, &'static MethodAccess>,
}

/// Puts an `Arc<Principal>` beside every request that may pass.
#[derive(Clone)]
pub struct AuthLayer(Arc<Guard>);

impl AuthLayer {
    pub fn new(verifier: TokenVerifier, clock: Arc<dyn Clock>) -> Self {
        let methods = casebook_proto::ACCESS_MATRIX.iter().map(|method| (method.path, method)).collect();
        Self(Arc::new(Guard { tokens: Tokens::new(verifier, clock), methods }))
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { inner, guard: self.0.clone() }
    }
}

#[derive(Clone)]
pub struct AuthService<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl<S, B, R> Service<Request<B>> for AuthService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.guard.admit(&request) {
            Ok(principal) => {
                if let Some(principal) = principal {
                    request.extensions_mut().insert(principal);
                }
                Box::pin(self.inner.call(request))
            }
            Err(status) => Box::pin(std::future::ready(Ok((*status).into_http()))),
        }
    }
}

impl Guard {
    fn admit<B>(&self, request: &Request<B>) -> Result<Option<Arc<Principal>>, Box<Status>> {
        let path = request.uri().path();
        if path.starts_with("/grpc.health.v1.Health/") {
            return Ok(None);
        }
        let principal = self.principal(request).map_err(|reason| {
            let details = ErrorDetails::with_error_info("TOKEN_MISSING_OR_INVALID", "casebook", []);
            Box::new(Status::with_error_details(Code::Unauthenticated, reason, details))
        })?;
        // What is none of ours (reflection) asks for a token and nothing more.
        if let Some(method) = self.methods.get(path)
            && !method.any_of.iter().any(|role| principal.has(*role))
        {
            return Err(Box::new(missing_grant(method)));
        }
        Ok(Some(principal))
    }

    fn principal<B>(&self, request: &Request<B>) -> Result<Arc<Principal>, String> {
        let header = request
            .headers()
            .get(http::header::AUTHORIZATION)
            .ok_or("a call carries a token: `authorization: Bearer …`")?;
        let token = header.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or("`authorization` holds `Bearer ` and a token")?;
        self.tokens.principal(token).map(|(principal, _)| principal).map_err(|error| error.to_string())
    }
}

fn missing_grant(method: &MethodAccess) -> Status {
    let roles: Vec<String> = method.any_of.iter().map(|role| role.token_name()).collect();
    let roles = roles.join(", ");
    let metadata = [("method".to_owned(), method.path.to_owned()), ("any_of".to_owned(), roles.clone())];
    let details = ErrorDetails::with_error_info("GRANT_MISSING", "casebook", metadata);
    let message = format!("{} asks for one of these roles: {roles}", method.path);
    Status::with_error_details(Code::PermissionDenied, message, details)
}
