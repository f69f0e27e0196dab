// The client of graphql-ws: events of sales over HTTP, from a place on; queries; what is refused; what ends a connection.
import assert from "node:assert/strict";
import { createClient } from "graphql-ws/client";
import WebSocket from "ws";
import { EVENTS, loggedOf, rejection, sell, take, within } from "../lib/live.mjs";

const PAYMENT = `subscription FollowPayment($id: ID!, $after: EventCursor) {
  paymentUpdated(id: $id, after: $after) { cursor event { type } payment { id status } }
}`;

export async function run({ url, keys, merchant }) {
  const client = open(url, { apiKey: keys.test });
  const [{ eventCursor: start, ...asked }] = await take(
    client.iterate({ query: "{ eventCursor merchant { id } viewer { way } }" }),
    1,
  );
  assert.deepEqual(asked, { merchant: { id: merchant }, viewer: { way: "SECRET" } });

  const following = client.iterate({ query: EVENTS, variables: { after: start } });
  const before = [await sell(url, keys.test), await sell(url, keys.test)];
  const first = await loggedOf(url, keys.test, start, before);
  assert.deepEqual((await take(following, first.length)).map(({ events }) => events), first);
  assert.equal(first[0].event.subject.id, before[0]);

  // Another connection goes on after the first event, and from now on.
  const other = open(url, { Authorization: `Bearer ${keys.test}` });
  const [resumed, fresh] = [first[0].cursor, first.at(-1).cursor].map((after) =>
    other.iterate({ query: EVENTS, variables: { after } }),
  );
  assert.deepEqual((await take(resumed, first.length - 1)).map(({ events }) => events), first.slice(1));
  const after = await sell(url, keys.test);
  const second = await loggedOf(url, keys.test, first.at(-1).cursor, [after]);
  for (const results of [following, resumed, fresh]) {
    assert.deepEqual((await take(results, second.length)).map(({ events }) => events), second);
  }
  const payment = other.iterate({ query: PAYMENT, variables: { id: before[1], after: start } });
  const [{ paymentUpdated }] = await take(payment, 1);
  assert.deepEqual(paymentUpdated.payment, { id: before[1], status: "CAPTURED" });

  // What is refused is refused alone: the connection goes on.
  const code = async (query, variables) => {
    const errors = await rejection(client.iterate({ query, variables }).next(), query);
    assert.ok(Array.isArray(errors), String(errors?.stack ?? errors));
    return errors[0].extensions.code;
  };
  assert.equal(await code('mutation { sessionRevoke(input: { which: OWN }) { ended } }'), "BAD_REQUEST");
  assert.equal(await code(EVENTS, { after: "nonsense" }), "BAD_USER_INPUT");
  assert.equal(await code("subscription { nothing }"), "GRAPHQL_VALIDATION_FAILED");
  assert.equal(await code("subscription {"), "GRAPHQL_PARSE_FAILED");
  const third = await loggedOf(url, keys.test, second.at(-1).cursor, [await sell(url, keys.test)]);
  assert.deepEqual((await take(following, third.length)).map(({ events }) => events), third);

  // The other mode hears nothing of it, and a cursor is nothing to it.
  const live = open(url, { apiKey: keys.live });
  const foreign = await rejection(live.iterate({ query: EVENTS, variables: { after: start } }).next(), "a foreign cursor");
  assert.equal(foreign[0].extensions.code, "BAD_USER_INPUT");

  for (const params of [{ apiKey: "esk_test_none" }, {}]) {
    const closed = await rejection(open(url, params).iterate({ query: EVENTS }).next(), "a wrong key");
    assert.deepEqual([closed.code, closed.reason], [4403, "Forbidden"], String(closed));
  }
  await within(Promise.all([client, other, live].map((one) => one.dispose())), "goodbye");
  return `${first.length + second.length + third.length} events in order, resumed after a cursor, queries, refusals by code, 4403`;
}

/** A client that does not try again: what it is told is what is looked at. */
function open(url, connectionParams) {
  return createClient({
    url: url.replace("http:", "ws:"),
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
    lazyCloseTimeout: 5_000,
  });
}
