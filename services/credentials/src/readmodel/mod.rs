//! Rows of credentials, notices and norms: pure functions of their states.

mod credential_row;
mod headcount_row;
mod migrations;
mod queries;
mod recertification_row;

pub use credential_row::CredentialView;
pub use headcount_row::HeadcountView;
pub use migrations::Migrator;
pub use queries::{
    CredentialFilter, CredentialOrder, NoticeFilter, anomalies, credentials_of_account, list_credentials, list_notices,
};
pub use recertification_row::RecertificationView;
