//! The service as a process of its own.

#[tokio::test]
async fn the_service_runs_alone() {
    let services = ["casebook.review.v1.ReviewService"];
    casebook_testkit::program::serves_until_told_to_stop(
        env!("CARGO_BIN_EXE_casebook-review"),
        &services,
        "casebook.audit.v1.AuditService",
    )
    .await;
}
