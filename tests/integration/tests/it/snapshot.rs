//! Everything that callers can see, one by one and in lists.

use std::collections::BTreeMap;
use std::fmt::Debug;

use casebook_proto::accounts::v1 as accounts;
use casebook_proto::credentials::v1 as credentials;
use casebook_proto::enforcement::v1 as enforcement;
use casebook_proto::review::v1 as review;

use crate::journeys::{Journey, people};

/// More than any of these tests makes.
const PAGE_SIZE: u32 = 1_000;

/// Every resource in words, by its service and id.
pub type Snapshot = BTreeMap<String, String>;

fn note<R: Debug>(seen: &mut Snapshot, name: String, resource: &R) {
    assert!(seen.insert(name.clone(), format!("{resource:?}")).is_none(), "{name} is listed twice");
}

/// Lists, gets each by its id, and holds the two against each other: the one comes from rows, the other from the log.
macro_rules! seen {
    ($seen:ident, $client:expr, $package:ident, $at_least:expr, $list:ident($listing:ident).$field:ident, $get:ident($getting:ident).$resource:ident by $id:ident) => {
        let request = $package::$listing { page_size: PAGE_SIZE, at_least_position: $at_least, ..Default::default() };
        let listed = $client.$list(request).await.expect("listed").into_inner().$field;
        for row in listed {
            let request = $package::$getting { $id: row.$id.clone(), ..Default::default() };
            let folded = $client.$get(request).await.expect("there").into_inner().$resource.expect("a resource");
            assert_eq!(row, folded, "a row says what the log says");
            note(&mut $seen, format!("{} {}", stringify!($resource), row.$id), &folded);
        }
    };
}

/// What an auditor sees at rest.
pub async fn take(journey: &Journey) -> Snapshot {
    let at_least = journey.world.at_rest().await.0;
    let auditor = journey.desk(people::auditor());
    let mut seen = Snapshot::new();

    let mut client = auditor.accounts();
    seen!(seen, client, accounts, at_least, list_institutions(ListInstitutionsRequest).institutions, get_institution(GetInstitutionRequest).institution by institution_id);
    seen!(seen, client, accounts, at_least, list_accounts(ListAccountsRequest).accounts, get_account(GetAccountRequest).account by account_id);
    let figures = accounts::GetFiguresRequest { as_of_position: at_least, ..Default::default() };
    let figures = client.get_figures(figures).await.expect("figures").into_inner().figures.expect("figures");
    // Where the log stands is no figure: reads are recorded in it.
    let figures = accounts::Figures { as_of_position: 0, ..figures };
    note(&mut seen, "figures".into(), &figures);

    let mut client = auditor.credentials();
    seen!(seen, client, credentials, at_least, list_credentials(ListCredentialsRequest).credentials, get_credential(GetCredentialRequest).credential by credential_id);

    let mut client = auditor.review();
    seen!(seen, client, review, at_least, list_reports(ListReportsRequest).reports, get_report(GetReportRequest).report by report_id);
    seen!(seen, client, review, at_least, list_items(ListItemsRequest).items, get_item(GetItemRequest).item by item_id);

    let mut client = auditor.enforcement();
    seen!(seen, client, enforcement, at_least, list_leads(ListLeadsRequest).leads, get_lead(GetLeadRequest).lead by lead_id);
    seen!(seen, client, enforcement, at_least, list_cases(ListCasesRequest).cases, get_case(GetCaseRequest).case by case_id);
    seen!(seen, client, enforcement, at_least, list_orders(ListOrdersRequest).orders, get_order(GetOrderRequest).order by order_id);
    measures_in_force(&mut seen, journey, at_least).await;
    seen
}

/// What the registry holds to be in force, on every account that an order is about.
async fn measures_in_force(seen: &mut Snapshot, journey: &Journey, at_least_position: u64) {
    let auditor = journey.desk(people::auditor());
    let list = enforcement::ListOrdersRequest { page_size: PAGE_SIZE, at_least_position, ..Default::default() };
    let orders = auditor.enforcement().list_orders(list).await.expect("listed").into_inner().orders;
    let accounts: std::collections::BTreeSet<(String, String)> = orders
        .into_iter()
        .filter_map(|order| order.measure?.account)
        .map(|account| (account.platform, account.platform_uid))
        .collect();
    for (platform, platform_uid) in accounts {
        let name = format!("in force on {platform}/{platform_uid}");
        let request = accounts::ListMeasuresInForceRequest { platform, platform_uid, at_least_position };
        let held = auditor.accounts().list_measures_in_force(request).await.expect("listed").into_inner();
        note(seen, name, &held);
    }
}

/// Names what differs, and nothing else: a snapshot is long.
#[track_caller]
pub fn assert_same(before: &Snapshot, after: &Snapshot, when: &str) {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing: Vec<_> = names.into_iter().filter(|name| before.get(*name) != after.get(*name)).collect();
    for name in &differing {
        eprintln!("{name}\n  before: {:?}\n  after:  {:?}", before.get(*name), after.get(*name));
    }
    assert!(differing.is_empty(), "{when}: {differing:?} differ");
}
