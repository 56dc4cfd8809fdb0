//! Users and access lists, by the official client.

use std::collections::BTreeSet;
use std::sync::Arc;

use casebook_eventlog_server::{Access, Door, Users, user_line};
use kurrentdb::{
    Acl, AppendToStreamOptions, BatchAppendOptions, Client, DeleteStreamOptions, Error, ReadAllOptions,
    ReadStreamOptions, StreamAcl, StreamMetadata, StreamMetadataBuilder, StreamPosition, StreamState,
    SubscribeToAllOptions, SubscribeToStreamOptions, TombstoneStreamOptions,
};

use crate::served::{Served, event, events, stream};

pub const PASSWORD: &str = "correct-horse";

/// Users who all have the same password.
pub fn users(users: &[(&str, Access, &[&str])]) -> Arc<Users> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("users");
    let line = |(name, access, groups): &(&str, Access, &[&str])| {
        let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
        user_line(name, *access, &groups, PASSWORD).expect("a line")
    };
    std::fs::write(&file, users.iter().map(line).collect::<Vec<_>>().join("\n")).expect("written");
    Arc::new(Users::read(&file).expect("users"))
}

fn client_of(served: &Served, credentials: &str) -> Client {
    let settings = format!("kurrentdb://{credentials}{}?tls=false", served.address).parse().expect("settings");
    Client::new(settings).expect("a client")
}

/// `admin` may do everything, `li` and `wang` what lists permit, `guest` only read.
async fn served() -> (Served, tempfile::TempDir, impl Fn(&str) -> Client) {
    let folder = tempfile::tempdir().expect("a folder");
    let guard = users(&[
        ("admin", Access::Delete, &["$admins"]),
        ("li", Access::Delete, &["desk"]),
        ("wang", Access::Delete, &[]),
        ("guest", Access::Read, &[]),
    ]);
    let served = Served::behind(folder.path(), ([127, 0, 0, 1], 0).into(), Door::guarded(guard)).await;
    let address = served.address;
    let client = move |name: &str| {
        let settings = format!("kurrentdb://{name}:{PASSWORD}@{address}?tls=false").parse().expect("settings");
        Client::new(settings).expect("a client")
    };
    (served, folder, client)
}

fn listed(list: StreamAcl) -> StreamMetadata {
    StreamMetadataBuilder::new().acl(Acl::Stream(list)).build()
}

fn to(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

/// What of `$all` somebody is shown, by streams.
async fn shown(client: &Client, options: &ReadAllOptions) -> BTreeSet<String> {
    let mut read = client.read_all(options).await.expect("a read");
    let mut shown = BTreeSet::new();
    while let Some(event) = read.next().await.expect("an event") {
        shown.extend(event.link.map(|link| link.stream_id().to_owned()));
        shown.extend(event.event.map(|event| event.stream_id().to_owned()));
    }
    shown
}

async fn reads(client: &Client, stream: &str) -> Result<usize, Error> {
    let mut read = client.read_stream(stream, &Default::default()).await?;
    let mut count = 0;
    while read.next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn is_denied<T: std::fmt::Debug>(outcome: Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::AccessDenied))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_nobody_does_nothing() {
    let (served, _folder, client) = served().await;
    client("admin").append_to_stream("case-1", &Default::default(), event("Opened", 0)).await.expect("appended");
    for credentials in ["", "li:wrong@", "nobody:correct-horse@", "li@"] {
        let client = client_of(&served, credentials);
        assert!(is_denied(reads(&client, "case-1").await), "{credentials}");
        assert!(is_denied(reads(&client, "case-0").await), "{credentials}");
        let mut all = client.read_all(&Default::default()).await;
        let all = match &mut all {
            Ok(read) => read.next().await.map(drop),
            Err(_) => Err(Error::AccessDenied),
        };
        assert!(is_denied(all), "{credentials}");
        let any = AppendToStreamOptions::default();
        assert!(is_denied(client.append_to_stream("case-1", &any, event("Opened", 0)).await), "{credentials}");
        assert!(is_denied(client.delete_stream("case-1", &Default::default()).await), "{credentials}");
        assert!(is_denied(client.tombstone_stream("case-1", &Default::default()).await), "{credentials}");
        let mut followed = client.subscribe_to_stream("case-1", &SubscribeToStreamOptions::default()).await;
        assert!(is_denied(followed.next().await.map(drop)), "{credentials}");
    }
    assert_eq!(served.log_length().await, 1);
}

/// Rights come first: no list gives anybody more.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_writes_nothing_anywhere() {
    let (served, _folder, client) = served().await;
    let open = listed(StreamAcl { write_roles: to(&["$all"]), ..Default::default() });
    client("admin").set_stream_metadata("case-1", &Default::default(), &open).await.expect("set");
    client("admin").append_to_stream("case-1", &Default::default(), event("Opened", 0)).await.expect("appended");
    let guest = client("guest");
    assert_eq!(reads(&guest, "case-1").await.expect("read"), 1);
    assert!(is_denied(guest.append_to_stream("case-1", &Default::default(), event("Opened", 0)).await));
    assert!(is_denied(guest.set_stream_metadata("case-1", &Default::default(), &open).await));
    assert!(is_denied(guest.delete_stream("case-1", &Default::default()).await));
    let batch = guest.batch_append(&BatchAppendOptions::default()).await.expect("a batch");
    assert!(batch.append_to_stream("case-1", StreamState::Any, events("Opened", 1)).await.is_err());
    assert_eq!(served.log_length().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_decides_about_each_act_and_admins_do_everything() {
    let (_served, _folder, client) = served().await;
    let (admin, li, wang) = (client("admin"), client("li"), client("wang"));
    let name = stream("case");
    li.append_to_stream(name.as_str(), &Default::default(), event("Opened", 0)).await.expect("appended");
    let list = listed(StreamAcl {
        read_roles: to(&["desk"]),
        write_roles: to(&["li"]),
        delete_roles: to(&["wang"]),
        meta_read_roles: to(&["wang"]),
        meta_write_roles: to(&[]),
    });
    wang.set_stream_metadata(name.as_str(), &Default::default(), &list).await.expect("nothing was listed yet");

    assert_eq!(reads(&li, &name).await.expect("read"), 1);
    assert!(is_denied(reads(&wang, &name).await));
    let options = AppendToStreamOptions::default();
    li.append_to_stream(name.as_str(), &options, event("More", 0)).await.expect("appended");
    assert!(is_denied(wang.append_to_stream(name.as_str(), &options, event("More", 0)).await));
    let batch = wang.batch_append(&BatchAppendOptions::default()).await.expect("a batch");
    assert!(batch.append_to_stream(name.as_str(), StreamState::Any, events("More", 1)).await.is_err());
    assert!(is_denied(li.get_stream_metadata(name.as_str(), &Default::default()).await));
    wang.get_stream_metadata(name.as_str(), &Default::default()).await.expect("metadata");
    for denied in [&li, &wang] {
        assert!(is_denied(denied.set_stream_metadata(name.as_str(), &options, &list).await));
    }
    assert!(is_denied(li.delete_stream(name.as_str(), &DeleteStreamOptions::default()).await));
    assert!(is_denied(li.tombstone_stream(name.as_str(), &TombstoneStreamOptions::default()).await));

    assert_eq!(reads(&admin, &name).await.expect("read"), 2);
    admin.set_stream_metadata(name.as_str(), &options, &list).await.expect("set");
    admin.append_to_stream(name.as_str(), &options, event("More", 0)).await.expect("appended");
    wang.tombstone_stream(name.as_str(), &TombstoneStreamOptions::default()).await.expect("ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_the_system_are_for_admins() {
    let (_served, _folder, client) = served().await;
    let options = AppendToStreamOptions::default();
    assert!(is_denied(client("li").append_to_stream("$settings", &options, event("Set", 0)).await));
    client("admin").append_to_stream("$settings", &options, event("Set", 0)).await.expect("appended");
    assert!(is_denied(reads(&client("li"), "$settings").await));
    assert!(is_denied(client("li").get_stream_metadata("$settings", &Default::default()).await));
    assert_eq!(reads(&client("admin"), "$settings").await.expect("read"), 1);
    let open = listed(StreamAcl { read_roles: to(&["$all"]), ..Default::default() });
    client("admin").set_stream_metadata("$settings", &options, &open).await.expect("set");
    assert_eq!(reads(&client("li"), "$settings").await.expect("read"), 1);
}

/// Also resolved links, also metadata, also what stood in a stream that has a tombstone.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_may_not_read_is_left_out_of_everything() {
    let (served, _folder, client) = served().await;
    let (admin, li, wang) = (client("admin"), client("li"), client("wang"));
    let options = AppendToStreamOptions::default();
    let list = listed(StreamAcl { read_roles: to(&["li"]), meta_read_roles: to(&["li"]), ..Default::default() });
    for name in ["case-closed", "case-ended", "case-cut"] {
        admin.set_stream_metadata(name, &options, &list).await.expect("set");
        admin.append_to_stream(name, &options, event("Opened", 0)).await.expect("appended");
    }
    admin.append_to_stream("case-open", &options, event("Opened", 0)).await.expect("appended");
    let link = casebook_eventlog::NewEvent {
        id: uuid::Uuid::new_v4(),
        event_type: "$>".into(),
        data: "0@case-closed".into(),
        metadata: Default::default(),
    };
    let (name, any) = ("links".parse().expect("a name"), casebook_eventlog::Expected::Any);
    casebook_eventlog::EventLog::append(&*served.log, &name, any, vec![link]).await.expect("appended");
    admin.delete_stream("case-cut", &Default::default()).await.expect("deleted");
    admin.tombstone_stream("case-ended", &Default::default()).await.expect("ended");

    let forwards = ReadAllOptions::default().position(StreamPosition::Start).forwards().resolve_link_tos();
    let backwards = ReadAllOptions::default().position(StreamPosition::End);
    let open = BTreeSet::from(["case-open".to_owned(), "links".to_owned()]);
    let closed = ["case-closed", "case-ended", "case-cut", "$$case-closed", "$$case-ended", "$$case-cut"];
    let all: BTreeSet<_> = open.iter().cloned().chain(closed.map(str::to_owned)).collect();
    for options in [&forwards, &backwards] {
        assert_eq!(shown(&wang, options).await, open);
        assert_eq!(shown(&li, options).await, all);
        assert_eq!(shown(&admin, options).await, all);
    }
    let mut followed = wang.subscribe_to_all(&SubscribeToAllOptions::default().position(StreamPosition::Start)).await;
    let mut seen = BTreeSet::new();
    loop {
        match followed.next_subscription_event().await.expect("goes on") {
            kurrentdb::SubscriptionEvent::EventAppeared(event) => {
                seen.insert(event.get_original_event().stream_id().to_owned());
            }
            kurrentdb::SubscriptionEvent::CaughtUp(_) => break,
            _ => {}
        }
    }
    assert_eq!(seen, open);
    let read = ReadStreamOptions::default().resolve_link_tos();
    for (client, resolved) in [(&wang, false), (&li, true)] {
        let mut links = client.read_stream("links", &read).await.expect("a read");
        let event = links.next().await.expect("an event").expect("an event");
        assert_eq!(event.event.is_some(), resolved);
    }
}

/// Who is shut out hears it before the next event.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_when_its_reader_is_shut_out() {
    let (_served, _folder, client) = served().await;
    let (admin, li) = (client("admin"), client("li"));
    let options = AppendToStreamOptions::default();
    admin.append_to_stream("case-1", &options, event("Opened", 0)).await.expect("appended");
    let from_start = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
    let mut followed = li.subscribe_to_stream("case-1", &from_start).await;
    assert_eq!(followed.next().await.expect("an event").get_original_event().revision, 0);
    let list = listed(StreamAcl { read_roles: to(&["wang"]), ..Default::default() });
    admin.set_stream_metadata("case-1", &options, &list).await.expect("set");
    admin.append_to_stream("case-1", &options, event("Closed", 0)).await.expect("appended");
    assert!(is_denied(followed.next().await.map(drop)));
}
