//! Promise 4: state after a restart at every step equals live state.

use casebook_proto::enforcement::v1::GetCaseRequest;

use crate::journeys::spine::{Matter, Step};
use crate::journeys::{Journey, people};
use crate::snapshot;

/// Between any two steps of the spine everything is stopped and started again on the same folder: what callers see, one
/// by one and in lists, is what they saw. At the end each step's case is what a replay as of its position gives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_at_every_step_changes_nothing() {
    let mut journey = Journey::begin().await;
    let mut matter = Matter::default();
    let mut cases = Vec::new();
    for step in Step::ALL {
        matter.play(step, &journey).await;
        let position = journey.world.at_rest().await.0;
        let live = snapshot::take(&journey).await;
        journey = journey.restarted().await;
        let again = snapshot::take(&journey).await;
        snapshot::assert_same(&live, &again, &format!("after {step:?}"));
        journey.world.rows_agree().await;
        cases.push((step, position, live.get(&format!("case {}", matter.case_id)).cloned()));
    }
    let auditor = journey.desk(people::auditor());
    for (step, as_of_position, live) in cases {
        let Some(live) = live else { continue };
        let request = GetCaseRequest { case_id: matter.case_id.clone(), as_of_position, ..Default::default() };
        let case = auditor.enforcement().get_case(request).await.expect("there").into_inner().case.expect("the case");
        assert_eq!(format!("{case:?}"), live, "as of {step:?}");
    }
    journey.world.stop().await;
}
