//! The service as a process of its own.

#[tokio::test]
async fn the_service_runs_alone() {
    let services = ["casebook.accounts.v1.AccountsService"];
    casebook_testkit::program::serves_until_told_to_stop(
        env!("CARGO_BIN_EXE_casebook-accounts"),
        &services,
        "casebook.audit.v1.AuditService",
    )
    .await;
}
