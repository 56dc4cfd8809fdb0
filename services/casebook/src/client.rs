//! A client like any other: everything the demonstration does goes through the public gRPC methods.

use std::time::Duration;

use casebook_proto::accounts::v1::accounts_service_client::AccountsServiceClient;
use casebook_proto::audit::v1::audit_service_client::AuditServiceClient;
use casebook_proto::credentials::v1::credentials_service_client::CredentialsServiceClient;
use casebook_proto::enforcement::v1::enforcement_service_client::EnforcementServiceClient;
use casebook_proto::enforcement::v1::platform_service_client::PlatformServiceClient;
use casebook_proto::review::v1::review_service_client::ReviewServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// How long a call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("cannot connect to {endpoint}: {source}")]
    Transport { endpoint: String, source: tonic::transport::Error },
    #[error("the token holds characters that no header can hold")]
    Token,
}

/// Puts the token beside each call.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub type Authorised = InterceptedService<Channel, Bearer>;

/// Everything that one token's bearer can call.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    bearer: Bearer,
}

impl Client {
    pub async fn connect(endpoint: &str, token: &str) -> Result<Self, ConnectError> {
        let failed = |source| ConnectError::Transport { endpoint: endpoint.to_owned(), source };
        let channel = Endpoint::from_shared(endpoint.to_owned())
            .map_err(failed)?
            .timeout(CALL_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_EVERY)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true)
            .connect()
            .await
            .map_err(failed)?;
        Self::over(channel, token)
    }

    /// The same connection with another token.
    pub fn over(channel: Channel, token: &str) -> Result<Self, ConnectError> {
        let value = format!("Bearer {token}").parse().map_err(|_| ConnectError::Token)?;
        Ok(Self { channel, bearer: Bearer(value) })
    }

    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub fn accounts(&self) -> AccountsServiceClient<Authorised> {
        AccountsServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    pub fn credentials(&self) -> CredentialsServiceClient<Authorised> {
        CredentialsServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    pub fn review(&self) -> ReviewServiceClient<Authorised> {
        ReviewServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    pub fn enforcement(&self) -> EnforcementServiceClient<Authorised> {
        EnforcementServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    pub fn platform(&self) -> PlatformServiceClient<Authorised> {
        PlatformServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    pub fn audit(&self) -> AuditServiceClient<Authorised> {
        AuditServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }
}
