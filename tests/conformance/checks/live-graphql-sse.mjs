// The client of graphql-sse, one connection for each operation, and streams as browsers read them: events of sales over HTTP, from a
// place on, also after Last-Event-ID.
import assert from "node:assert/strict";
import { createClient } from "graphql-sse";
import { EVENTS, loggedOf, now, rejection, sell, take, within } from "../lib/live.mjs";

export async function run({ url, keys, merchant }) {
  const stream = `${url}/stream`;
  const client = open(stream, keys.test);
  const [asked] = await take(client.iterate({ query: "{ merchant { id } }" }), 1);
  assert.deepEqual(asked, { merchant: { id: merchant } });

  const start = await now(url, keys.test);
  const following = client.iterate({ query: EVENTS, variables: { after: start } });
  const first = await loggedOf(url, keys.test, start, [await sell(url, keys.test), await sell(url, keys.test)]);
  assert.deepEqual((await take(following, first.length)).map(({ events }) => events), first);
  const resumed = client.iterate({ query: EVENTS, variables: { after: first[0].cursor } });
  assert.deepEqual((await take(resumed, first.length - 1)).map(({ events }) => events), first.slice(1));
  client.dispose();

  // What cannot be executed is an answer with a status, as over HTTP.
  const refused = async (key, query, variables) => {
    const error = await rejection(open(stream, key).iterate({ query, variables }).next(), query);
    assert.ok(error.response, String(error?.stack ?? error));
    return [error.response.status, (await error.response.json()).errors[0].extensions.code];
  };
  const mutation = "mutation { sessionRevoke(input: { which: OWN }) { ended } }";
  assert.deepEqual(await refused(keys.test, mutation), [400, "BAD_REQUEST"]);
  assert.deepEqual(await refused(keys.test, EVENTS, { after: "nonsense" }), [400, "BAD_USER_INPUT"]);
  assert.deepEqual(await refused(keys.test, "subscription { nothing }"), [400, "GRAPHQL_VALIDATION_FAILED"]);
  assert.deepEqual(await refused("esk_test_none", EVENTS), [401, "UNAUTHENTICATED"]);

  // As EventSource does it: the same address again, with the id that came last.
  const address = `${stream}?${new URLSearchParams({ query: EVENTS, variables: JSON.stringify({ after: start }) })}`;
  const heard = await read(address, keys.test, undefined, first.length - 1);
  assert.deepEqual(heard, first.slice(0, -1));
  const second = await loggedOf(url, keys.test, first.at(-1).cursor, [await sell(url, keys.test)]);
  const rest = await read(address, keys.test, heard.at(-1).cursor, 1 + second.length);
  assert.deepEqual(rest, [first.at(-1), ...second]);
  return `${first.length + second.length} events in order, resumed after a cursor and after Last-Event-ID, a query, refusals by status and code`;
}

/** A client that does not try again: what it is told is what is looked at. */
function open(url, key) {
  return createClient({ url, headers: { "X-API-Key": key }, retryAttempts: 0 });
}

/** Reads so many events of a stream and leaves it. Each has its cursor for an id. */
async function read(address, key, lastEventId, count) {
  const control = new AbortController();
  const headers = { accept: "text/event-stream", "x-api-key": key, ...(lastEventId && { "last-event-id": lastEventId }) };
  const response = await fetch(address, { headers, signal: control.signal });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^text\/event-stream\b/);
  const events = [];
  let text = "";
  const chunks = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  while (events.length < count) {
    const { value, done } = await within(chunks.next(), `event ${events.length + 1} of ${count}`);
    assert.ok(!done, `the stream ended after ${events.length} of ${count}`);
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (field("event") !== "next") {
        assert.ok(lines.every((line) => line.startsWith(":")), `neither an event nor a comment: ${lines.join("\n")}`);
        continue;
      }
      const { events: envelope } = JSON.parse(field("data")).data;
      assert.equal(field("id"), envelope.cursor);
      events.push(envelope);
    }
  }
  control.abort();
  return events.slice(0, count);
}
