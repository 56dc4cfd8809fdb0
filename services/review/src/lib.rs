//! Content review (内容审查): reports and monitored items come in, a rule pack screens them and explains itself, a
//! reviewer records a finding, a second officer confirms it, and it is referred to enforcement. See `README.md`.
//!
//! * [`domain`]: the rules of reports and items, and the screening.
//! * [`codec`]: events as the log keeps them.
//! * [`grpc`]: the methods.
//! * `reactions`: what follows from events and deadlines.
//! * [`readmodel`]: rows for lists, and what is known of accounts.

pub mod codec;
pub mod domain;
mod examination;
pub mod grpc;
mod reactions;
pub mod readmodel;
mod resource;

use std::sync::Arc;

use casebook_bootstrap::{Foundation, Service, StartError, Starting};
use casebook_execution::Store;
use casebook_proto::review::v1::review_service_server::ReviewServiceServer;
use tonic::service::RoutesBuilder;

use crate::domain::screening::Screener;
use crate::examination::Examiner;
use crate::reactions::{AcceptanceDeadline, AnswerMergedReports, ConcludeReports, ObserveReportedItem, Reacting};
use crate::readmodel::Knowledge;

/// Starts content review: its rows, reactions and deadlines run from now on, and its methods are added to `routes`.
pub fn start<'a>(foundation: &'a Foundation, routes: &'a mut RoutesBuilder) -> Starting<'a> {
    Box::pin(async move {
        let screener = Screener::compile(&foundation.policy.screening)
            .map_err(|error| StartError::Setting(format!("the screening rules cannot be compiled: {error}")))?;
        let model = foundation.read_model::<readmodel::Migrations>("review").await?;
        foundation.project("review", &model, readmodel::projections(&foundation.log));

        let reports = Arc::new(Store::new(foundation.log.clone()));
        let items = Arc::new(Store::new(foundation.log.clone()));
        let examiner =
            Examiner { items: items.clone(), knowledge: Knowledge::new(model.clone()), screener: Arc::new(screener) };
        let reactor = foundation.reactor();
        let reacting = Reacting { reports: reports.clone(), items, model: model.clone(), reactor };
        foundation.react(&model, ObserveReportedItem { reacting: reacting.clone(), examiner: examiner.clone() });
        foundation.react(&model, ConcludeReports { reacting: reacting.clone() });
        foundation.react(&model, AnswerMergedReports { reacting: reacting.clone() });
        foundation.on_due(&model, AcceptanceDeadline { reacting, policy: foundation.policy.clone() });

        routes.add_service(ReviewServiceServer::new(grpc::Review::new(foundation, reports, examiner, model.clone())));
        Ok(Service { name: "casebook.review.v1.ReviewService", read_model: model, views: readmodel::views() })
    })
}
