"""The official Python client against a server, one check after the other. Needs kurrentdbclient; the arguments are
a connection string, and where the server has users that of another user, who is not an admin."""

import json
import sys
import uuid

from kurrentdbclient import CaughtUp, Checkpoint, KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    AccessDeniedError,
    GrpcError,
    KurrentDBClientError,
    NotFoundError,
    StreamIsDeletedError,
    UnauthenticatedError,
    WrongCurrentVersionError,
)

CHECKS = []
CHECKS_OF_USERS = []


def check(function):
    CHECKS.append(function)
    return function


def check_of_users(function):
    CHECKS_OF_USERS.append(function)
    return function


def stream(category="case"):
    return f"{category}-{uuid.uuid4()}"


def events(event_type="Opened", count=1):
    return [NewEvent(event_type, json.dumps({"number": n}).encode(), metadata=b'{"by": "check"}') for n in range(count)]


def raises(error, call):
    try:
        call()
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")


@check
def an_append_reads_back(client):
    name, given = stream(), events(count=3)
    position = client.append_to_stream(name, current_version=StreamState.NO_STREAM, events=given)
    read = client.get_stream(name)
    assert [event.id for event in read] == [event.id for event in given]
    assert [event.data for event in read] == [event.data for event in given]
    assert [event.metadata for event in read] == [event.metadata for event in given]
    assert [event.stream_position for event in read] == [0, 1, 2]
    assert read[-1].commit_position == position
    assert all(event.type == "Opened" and event.content_type == "application/json" for event in read)


@check
def the_expected_revision_decides(client):
    name = stream()
    missing = raises(WrongCurrentVersionError, lambda: client.append_to_stream(name, current_version=3, events=events()))
    assert missing.actual_version is StreamState.NO_STREAM
    raises(WrongCurrentVersionError, lambda: client.append_to_stream(name, current_version=StreamState.EXISTS, events=events()))
    client.append_to_stream(name, current_version=StreamState.NO_STREAM, events=events(count=2))
    raises(WrongCurrentVersionError, lambda: client.append_to_stream(name, current_version=StreamState.NO_STREAM, events=events()))
    wrong = raises(WrongCurrentVersionError, lambda: client.append_to_stream(name, current_version=0, events=events()))
    assert wrong.actual_version == 1
    client.append_to_stream(name, current_version=1, events=events())
    client.append_to_stream(name, current_version=StreamState.EXISTS, events=events())
    client.append_to_stream(name, current_version=StreamState.ANY, events=events())
    assert client.get_current_version(name) == 4


@check
def the_same_ids_are_appended_once(client):
    name, given = stream(), events(count=2)
    for _ in range(3):
        client.append_to_stream(name, current_version=StreamState.NO_STREAM, events=given)
    assert len(client.get_stream(name)) == 2
    taken = raises(KurrentDBClientError, lambda: client.append_to_stream(stream(), current_version=StreamState.ANY, events=given))
    assert taken is not None


@check
def what_the_log_does_not_take_is_refused(client):
    binary = NewEvent("Opened", b"\x00", content_type="application/octet-stream")
    raises(KurrentDBClientError, lambda: client.append_to_stream(stream(), current_version=StreamState.ANY, events=[binary]))
    raises(KurrentDBClientError, lambda: client.append_to_stream("案件", current_version=StreamState.ANY, events=events()))


@check
def a_stream_reads_both_ways_and_in_part(client):
    name = stream()
    client.append_to_stream(name, current_version=StreamState.ANY, events=events(count=5))
    positions = lambda **options: [event.stream_position for event in client.get_stream(name, **options)]
    assert positions(backwards=True) == [4, 3, 2, 1, 0]
    assert positions(stream_position=3) == [3, 4]
    assert positions(stream_position=3, backwards=True, limit=2) == [3, 2]
    assert positions(limit=2) == [0, 1]
    raises(NotFoundError, lambda: client.get_stream(stream()))


@check
def all_is_filtered(client):
    kind, name, other = f"Kind{uuid.uuid4().hex}", stream(), stream("order")
    begin = client.get_commit_position()
    client.append_to_stream(name, current_version=StreamState.ANY, events=events(kind, 2))
    client.append_to_stream(other, current_version=StreamState.ANY, events=events("Other", 2))
    by_type = list(client.read_all(commit_position=begin or None, filter_include=[kind]))
    assert [event.stream_name for event in by_type] == [name, name]
    by_prefix = list(client.read_all(filter_include=[other[:-4]], filter_by_stream_name=True, filter_by_prefix=True))
    assert [event.stream_name for event in by_prefix] == [other, other]
    excluded = list(client.read_all(filter_exclude=[kind, r"\$.+"]))
    assert excluded and all(event.type != kind for event in excluded)


@check
def all_reads_both_ways(client):
    name, given = stream(), events(count=3)
    position = client.append_to_stream(name, current_version=StreamState.ANY, events=given)
    back = list(client.read_all(backwards=True, limit=3))
    assert [event.id for event in back] == [event.id for event in reversed(given)]
    assert back[0].commit_position == client.get_commit_position() == position
    forth = list(client.read_all(commit_position=position, limit=10))
    assert [event.id for event in forth] == [given[2].id]


@check
def subscriptions_go_from_the_past_into_the_present(client):
    name = stream()
    client.append_to_stream(name, current_version=StreamState.ANY, events=events(count=3))
    with client.subscribe_to_stream(name, include_caught_up=True) as subscription:
        seen = [next(subscription) for _ in range(4)]
        assert [event.stream_position for event in seen[:3]] == [0, 1, 2]
        assert isinstance(seen[3], CaughtUp)
        client.append_to_stream(name, current_version=2, events=events())
        assert next(subscription).stream_position == 3
    with client.subscribe_to_stream(name, stream_position=1) as resumed:
        assert [next(resumed).stream_position for _ in range(2)] == [2, 3]


@check
def a_filtered_subscription_hears_how_far_it_is(client):
    kind = f"Kind{uuid.uuid4().hex}"
    client.append_to_stream(stream(), current_version=StreamState.ANY, events=events("Other", 200))
    options = {"filter_include": [kind], "include_checkpoints": True, "include_caught_up": True}
    with client.subscribe_to_all(**options) as subscription:
        seen = next(subscription)
        checkpoints = []
        while not isinstance(seen, CaughtUp):
            assert isinstance(seen, Checkpoint)
            checkpoints.append(seen.commit_position)
            seen = next(subscription)
        assert checkpoints and checkpoints == sorted(checkpoints)
        client.append_to_stream(stream(), current_version=StreamState.ANY, events=events(kind))
        assert next(subscription).type == kind
    with client.subscribe_to_all(commit_position=checkpoints[-1], filter_include=[kind]) as resumed:
        assert next(resumed).type == kind


@check
def metadata_hides_what_is_not_to_be_read(client):
    name = stream()
    client.append_to_stream(name, current_version=StreamState.ANY, events=events(count=5))
    assert client.get_stream_metadata(name) == ({}, StreamState.NO_STREAM)
    client.set_stream_metadata(name, metadata={"$maxCount": 2, "note": "n"}, current_version=StreamState.NO_STREAM)
    assert client.get_stream_metadata(name) == ({"$maxCount": 2, "note": "n"}, 0)
    assert [event.stream_position for event in client.get_stream(name)] == [3, 4]
    client.set_stream_metadata(name, metadata={"$tb": 4}, current_version=0)
    assert [event.stream_position for event in client.get_stream(name)] == [4]


@check
def a_deleted_stream_can_begin_anew(client):
    name = stream()
    client.append_to_stream(name, current_version=StreamState.ANY, events=events(count=3))
    raises(WrongCurrentVersionError, lambda: client.delete_stream(name, current_version=7))
    client.delete_stream(name, current_version=2)
    raises(NotFoundError, lambda: client.get_stream(name))
    client.append_to_stream(name, current_version=StreamState.NO_STREAM, events=events())
    assert [event.stream_position for event in client.get_stream(name)] == [3]
    raises(NotFoundError, lambda: client.delete_stream(stream(), current_version=StreamState.ANY))


@check
def a_tombstone_is_for_good(client):
    name = stream()
    client.append_to_stream(name, current_version=StreamState.ANY, events=events())
    client.tombstone_stream(name, current_version=0)
    raises(StreamIsDeletedError, lambda: client.get_stream(name))
    raises(KurrentDBClientError, lambda: client.append_to_stream(name, current_version=StreamState.ANY, events=events()))
    raises(StreamIsDeletedError, lambda: client.tombstone_stream(name, current_version=StreamState.ANY))


@check
def what_is_not_served_says_so(client):
    raises(GrpcError, lambda: client.create_subscription_to_all("group"))


@check_of_users
def who_has_another_password_is_nobody(admin, other):
    name, wrong = stream(), admin.construct_call_credentials("admin", "another")
    admin.append_to_stream(name, current_version=StreamState.ANY, events=events())
    raises(UnauthenticatedError, lambda: admin.get_stream(name, credentials=wrong))
    any_state = {"current_version": StreamState.ANY, "events": events(), "credentials": wrong}
    raises(UnauthenticatedError, lambda: admin.append_to_stream(name, **any_state))
    assert len(other.get_stream(name)) == 1


@check_of_users
def a_list_keeps_out_whom_it_does_not_name(admin, other):
    name = stream()
    admin.append_to_stream(name, current_version=StreamState.ANY, events=events())
    admin.set_stream_metadata(name, metadata={"$acl": {"$r": ["$admins"], "$w": ["$admins"]}})
    raises(AccessDeniedError, lambda: other.get_stream(name))
    raises(AccessDeniedError, lambda: other.append_to_stream(name, current_version=StreamState.ANY, events=events()))
    assert all(event.stream_name != name for event in other.read_all())
    assert len(admin.get_stream(name)) == 1


def main():
    clients = [KurrentDBClient(connection_string) for connection_string in sys.argv[1:]]
    of_users = CHECKS_OF_USERS if len(clients) > 1 else []
    for function in CHECKS + of_users:
        function(*(clients if function in of_users else clients[:1]))
        print(f"kept  {function.__name__}")
    for client in clients:
        client.close()
    print(f"{len(CHECKS + of_users)} checks kept")


main()
