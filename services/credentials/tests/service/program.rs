//! The service as a process of its own.

#[tokio::test]
async fn the_service_runs_alone() {
    let services = ["casebook.credentials.v1.CredentialsService"];
    casebook_testkit::program::serves_until_told_to_stop(
        env!("CARGO_BIN_EXE_casebook-credentials"),
        &services,
        "casebook.audit.v1.AuditService",
    )
    .await;
}
