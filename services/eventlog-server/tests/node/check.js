// The official Node client against a server, one check after the other. Needs @kurrent/kurrentdb-client; the arguments are a
// connection string, and where the server has users that of another user, who is not an admin.
"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const {
  KurrentDBClient, jsonEvent, binaryEvent, streamNameFilter, eventTypeFilter, excludeSystemEvents,
  START, END, FORWARDS, BACKWARDS, ANY, NO_STREAM, STREAM_EXISTS,
  AccessDeniedError, StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError,
} = require("@kurrent/kurrentdb-client");

const stream = (category = "case") => `${category}-${randomUUID()}`;

const events = (type = "Opened", count = 1) =>
  Array.from({ length: count }, (_, number) =>
    jsonEvent({ id: randomUUID(), type, data: { number }, metadata: { by: "check" } }));

async function all(reading) {
  const read = [];
  for await (const { event } of reading) read.push(event);
  return read;
}

const revisions = async (reading) => (await all(reading)).map((event) => Number(event.revision));

/** What a subscription says until `enough`. */
async function follow(subscription, enough) {
  const seen = [];
  const done = new Promise((resolve, reject) => {
    const add = (thing) => {
      seen.push(thing);
      if (enough(seen)) resolve();
    };
    subscription.on("data", ({ event }) => add(event));
    subscription.on("caughtUp", () => add("caught up"));
    subscription.on("error", reject);
  });
  await done;
  return seen;
}

const checks = {
  async an_append_reads_back(client) {
    const [name, given] = [stream(), events("Opened", 3)];
    const appended = await client.appendToStream(name, given, { streamState: NO_STREAM });
    assert.equal(appended.success, true);
    assert.equal(appended.nextExpectedRevision, 2n);
    const read = await all(client.readStream(name));
    assert.deepEqual(read.map((event) => event.id), given.map((event) => event.id));
    assert.deepEqual(read.map((event) => event.data), given.map((event) => event.data));
    assert.deepEqual(read.map((event) => event.metadata), given.map((event) => event.metadata));
    assert.deepEqual(read.map((event) => [event.type, event.isJson]), Array(3).fill(["Opened", true]));
    assert.equal(read[2].position.commit, appended.position.commit);
  },

  async the_expected_revision_decides(client) {
    const name = stream();
    const refused = async (streamState, actual) => {
      const error = await client.appendToStream(name, events(), { streamState }).then(() => null, (error) => error);
      assert.ok(error instanceof WrongExpectedVersionError, `${error}`);
      assert.equal(error.actualState, actual);
      assert.equal(error.expectedState, streamState);
    };
    await refused(3n, NO_STREAM);
    await refused(STREAM_EXISTS, NO_STREAM);
    await client.appendToStream(name, events("Opened", 2), { streamState: NO_STREAM });
    await refused(NO_STREAM, 1n);
    await refused(0n, 1n);
    await client.appendToStream(name, events(), { streamState: 1n });
    await client.appendToStream(name, events(), { streamState: STREAM_EXISTS });
    const last = await client.appendToStream(name, events(), { streamState: ANY });
    assert.equal(last.nextExpectedRevision, 4n);
  },

  async the_same_ids_are_appended_once(client) {
    const [name, given] = [stream(), events("Opened", 2)];
    for (let time = 0; time < 3; time++) {
      const appended = await client.appendToStream(name, given, { streamState: NO_STREAM });
      assert.equal(appended.nextExpectedRevision, 1n);
    }
    assert.deepEqual(await revisions(client.readStream(name)), [0, 1]);
    await assert.rejects(client.appendToStream(stream(), given));
  },

  async what_the_log_does_not_take_is_refused(client) {
    const binary = binaryEvent({ type: "Opened", data: Buffer.from([0]) });
    await assert.rejects(client.appendToStream(stream(), binary));
    await assert.rejects(client.appendToStream("案件", events()));
  },

  async a_stream_reads_both_ways_and_in_part(client) {
    const name = stream();
    await client.appendToStream(name, events("Opened", 5));
    const read = (options) => revisions(client.readStream(name, options));
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: END }), [4, 3, 2, 1, 0]);
    assert.deepEqual(await read({ fromRevision: 3n }), [3, 4]);
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: 3n, maxCount: 2 }), [3, 2]);
    assert.deepEqual(await read({ fromRevision: START, maxCount: 2 }), [0, 1]);
    await assert.rejects(all(client.readStream(stream())), StreamNotFoundError);
  },

  async all_reads_both_ways(client) {
    const [name, given] = [stream(), events("Opened", 3)];
    const { position } = await client.appendToStream(name, given);
    const back = await all(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 3 }));
    assert.deepEqual(back.map((event) => event.id), given.map((event) => event.id).reverse());
    const forth = await all(client.readAll({ direction: FORWARDS, fromPosition: position, maxCount: 10 }));
    assert.deepEqual(forth.map((event) => event.id), [given[2].id]);
  },

  async all_is_filtered(client) {
    const [kind, name, other] = [`Kind${randomUUID()}`, stream(), stream("order")];
    await client.appendToStream(name, events(kind, 2));
    await client.appendToStream(other, events("Other", 2));
    const streams = async (filter) => (await all(client.readAll({ filter }))).map((event) => event.streamId);
    assert.deepEqual(await streams(eventTypeFilter({ prefixes: [kind] })), [name, name]);
    assert.deepEqual(await streams(eventTypeFilter({ regex: `^${kind}$` })), [name, name]);
    assert.deepEqual(await streams(streamNameFilter({ prefixes: [other] })), [other, other]);
    assert.deepEqual(await streams(streamNameFilter({ regex: `${other.slice(6)}$` })), [other, other]);
    const plain = await all(client.readAll({ filter: excludeSystemEvents() }));
    assert.ok(plain.length >= 4 && plain.every((event) => !event.type.startsWith("$")));
  },

  async a_stream_is_followed_from_the_past_into_the_present(client) {
    const name = stream();
    await client.appendToStream(name, events("Opened", 3));
    const subscription = client.subscribeToStream(name, { fromRevision: START });
    const following = follow(subscription, (seen) => seen.length === 5);
    subscription.once("caughtUp", () => client.appendToStream(name, events(), { streamState: 2n }));
    const seen = await following;
    await subscription.unsubscribe();
    assert.deepEqual(seen.map((one) => one.revision ?? one), [0n, 1n, 2n, "caught up", 3n]);
    const later = client.subscribeToStream(name, { fromRevision: 1n });
    const rest = await follow(later, (seen) => seen.length === 2);
    await later.unsubscribe();
    assert.deepEqual(rest.slice(0, 2).map((event) => event.revision), [2n, 3n]);
  },

  async a_filtered_subscription_hears_how_far_it_is_and_is_resumed_there(client) {
    const kind = `Kind${randomUUID()}`;
    await client.appendToStream(stream(), events("Other", 200));
    const checkpoints = [];
    const filter = eventTypeFilter({
      prefixes: [kind],
      maxSearchWindow: 32,
      checkpointInterval: 1,
      checkpointReached: (_, position) => { checkpoints.push(position); },
    });
    const subscription = client.subscribeToAll({ fromPosition: START, filter });
    const following = follow(subscription, (seen) => seen.length === 2);
    subscription.once("caughtUp", () => client.appendToStream(stream(), events(kind)));
    const seen = await following;
    await subscription.unsubscribe();
    assert.equal(seen[0], "caught up");
    assert.equal(seen[1].type, kind);
    const commits = checkpoints.map((position) => position.commit);
    assert.ok(commits.length > 0, "there are checkpoints");
    assert.deepEqual(commits, [...commits].sort((one, other) => Number(one - other)));
    const before = checkpoints.filter((position) => position.commit < seen[1].position.commit).pop();
    const resumed = client.subscribeToAll({ fromPosition: before, filter });
    const [first] = await follow(resumed, (seen) => seen.some((one) => one !== "caught up"));
    await resumed.unsubscribe();
    assert.equal(first.id, seen[1].id);
  },

  async metadata_hides_what_is_not_to_be_read(client) {
    const name = stream();
    await client.appendToStream(name, events("Opened", 5));
    assert.equal((await client.getStreamMetadata(name)).metadata, undefined);
    await client.setStreamMetadata(name, { maxCount: 2, note: "n" }, { expectedRevision: NO_STREAM });
    // Not its revision: this client takes the position for that.
    const { metadata } = await client.getStreamMetadata(name);
    assert.deepEqual([metadata.maxCount, metadata.note], [2, "n"]);
    assert.deepEqual(await revisions(client.readStream(name)), [3, 4]);
    await client.setStreamMetadata(name, { truncateBefore: 4 }, { expectedRevision: 0n });
    assert.deepEqual(await revisions(client.readStream(name)), [4]);
  },

  async a_deleted_stream_can_begin_anew(client) {
    const name = stream();
    await client.appendToStream(name, events("Opened", 3));
    await assert.rejects(client.deleteStream(name, { expectedRevision: 7n }), WrongExpectedVersionError);
    await client.deleteStream(name, { expectedRevision: 2n });
    await assert.rejects(all(client.readStream(name)), StreamNotFoundError);
    await client.appendToStream(name, events(), { streamState: NO_STREAM });
    assert.deepEqual(await revisions(client.readStream(name)), [3]);
  },

  async a_tombstone_is_for_good(client) {
    const name = stream();
    await client.appendToStream(name, events());
    await client.tombstoneStream(name, { expectedRevision: 0n });
    await assert.rejects(all(client.readStream(name)), StreamDeletedError);
    await assert.rejects(client.appendToStream(name, events()), StreamDeletedError);
    await assert.rejects(client.tombstoneStream(name), StreamDeletedError);
  },

  async what_is_not_served_says_so(client) {
    await assert.rejects(client.listAllPersistentSubscriptions());
  },
};

/** With users: `admin` may do everything, `other` what lists permit. */
const checksOfUsers = {
  async who_has_another_password_is_nobody(admin, other) {
    const name = stream();
    await admin.appendToStream(name, events());
    const credentials = { username: "admin", password: "another" };
    await assert.rejects(admin.appendToStream(name, events(), { credentials }), AccessDeniedError);
    await assert.rejects(all(admin.readStream(name, { credentials })), AccessDeniedError);
    assert.deepEqual(await revisions(other.readStream(name)), [0]);
  },

  async a_list_keeps_out_whom_it_does_not_name(admin, other) {
    const name = stream();
    await admin.appendToStream(name, events());
    await admin.setStreamMetadata(name, { acl: { readRoles: ["$admins"], writeRoles: ["$admins"] } });
    await assert.rejects(all(other.readStream(name)), AccessDeniedError);
    await assert.rejects(other.appendToStream(name, events()), AccessDeniedError);
    const shown = await all(other.readAll());
    assert.ok(shown.every((event) => event.streamId !== name));
    assert.deepEqual(await revisions(admin.readStream(name)), [0]);
  },
};

async function main() {
  const [admin, other] = process.argv.slice(2).map((string) => KurrentDBClient.connectionString(string));
  const kept = { ...checks, ...(other ? checksOfUsers : {}) };
  for (const [name, check] of Object.entries(kept)) {
    await check(admin, other);
    console.log(`kept  ${name}`);
  }
  await admin.dispose();
  await other?.dispose();
  console.log(`${Object.keys(kept).length} checks kept`);
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
