import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import {
  ConnectionClosed,
  ConnectionFailed,
  CursorExpired,
  Defect,
  type Envelope,
  type EventEnvelope,
  type LiveError,
  type LiveOptions,
  RequestRefused,
  liveEvents,
} from "../src/index.js";
import { FakeServer, refused, silentServer, until } from "./server.js";

let server: FakeServer;
let retries: { cause: LiveError; waitMs: number }[];

beforeEach(async () => {
  server = await FakeServer.start();
  retries = [];
});
afterEach(async () => {
  mock.restoreAll();
  await server.stop();
});

/** As it is used, with waits short enough for a test. */
function follow(options: Partial<LiveOptions> = {}): AsyncIterableIterator<EventEnvelope> {
  const onRetry = (cause: LiveError, waitMs: number): unknown => retries.push({ cause, waitMs });
  return liveEvents({ url: server.url, apiKey: "esk_test_1", webSocketImpl: WebSocket, onRetry, ...options });
}

function noWaiting(): void {
  mock.method(Math, "random", () => 0.01);
}

/** The sequences of the next so many events. */
async function take(events: AsyncIterator<EventEnvelope>, count: number): Promise<number[]> {
  const sequences: number[] = [];
  while (sequences.length < count) {
    const { value, done } = await events.next();
    assert.ok(!done, `ended after ${sequences.length} of ${count}`);
    if (value.event) sequences.push(Number(value.event.sequence));
  }
  return sequences;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A series of numbers that a seed repeats. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** Ways in which a connection ends that are not the end. */
const CUTS: ((socket: WebSocket) => void)[] = [
  (socket) => socket.terminate(),
  (socket) => socket.close(),
  ...[1000, 1001, 1011, 1012, 1013, 4403, 4408, 4499].map((code) => (socket: WebSocket) => socket.close(code)),
];

for (const seed of [1, 2, 3, 4, 5]) {
  test(`connections are cut at random points: no gap, no repeat (seed ${seed})`, async () => {
    const roll = dice(seed);
    const random = Math.random;
    mock.method(Math, "random", () => random() / 25);
    const cut = (socket: WebSocket): void => CUTS[roll(CUTS.length)]?.(socket);
    // Some end before they are let in, some while events are told, some when nothing happens.
    let isOver = false;
    server.onOpen = (socket) => {
      const [point, sent] = [roll(4), server.sent + 1 + roll(30)];
      if (isOver || point === 3) return;
      const due = point === 0 ? sleep(0) : point === 1 ? sleep(roll(40)) : until(() => isOver || server.sent >= sent);
      void due.then(() => cut(socket));
    };
    const happening = (async () => {
      for (let round = 0; round < 25; round += 1) {
        server.happen(1 + roll(40));
        await sleep(roll(6));
        const before = server.opened;
        server.sockets.forEach(cut);
        await until(() => server.opened > before);
      }
      isOver = true;
      server.happen();
    })();
    const cursors: string[] = [];
    const events = follow({ after: "c0", onCursor: (cursor) => void cursors.push(cursor) });
    const taken: number[] = [];
    while (!isOver || taken.length < server.last) taken.push(...(await take(events, 1)));
    await happening;
    assert.deepEqual(taken, range(1, server.last));
    assert.ok(server.opened >= 25, `${server.opened} connections`);
    // It went on where it was, not where it began.
    const places = server.afters.map((cursor) => Number(cursor?.slice(1)));
    assert.deepEqual(places, places.toSorted((one, other) => one - other));
    assert.ok(new Set(places).size > 5, String(places));
    await events.return?.();
    assert.deepEqual(cursors, range(1, server.last - 1).map((place) => `c${place}`));
  });
}

test("without a cursor it begins now, and what happens before the first event is told is not missed", async () => {
  noWaiting();
  server.happen(3);
  const events = follow();
  const first = take(events, 2);
  await until(() => server.afters.length === 1);
  for (const code of [1012, 1013]) {
    const before = server.afters.length;
    for (const socket of server.sockets) socket.close(code);
    server.happen();
    await until(() => server.afters.length > before);
  }
  assert.deepEqual(await first, [4, 5]);
  assert.equal(server.afters[0], "c3");
  await events.return?.();
});

test("where it begins can be asked in another way, for another log", async () => {
  server.happen(2);
  const events = follow({ now: "{ place: eventCursor }" });
  const first = take(events, 1);
  await until(() => server.afters.length === 1);
  assert.equal(server.afters[0], "c2");
  server.happen();
  assert.deepEqual(await first, [3]);
  await events.return?.();
  const error = await rejection(follow({ now: "{ nothing }" }).next());
  assert.ok(error instanceof RequestRefused, String(error));
});

test("what ends a connection for good ends it with its code", async () => {
  noWaiting();
  for (const code of [4400, 4401, 4406, 4409, 4429, 4500, 1009]) {
    server.onOpen = (socket) => socket.close(code, "why");
    const error = await rejection(follow({ after: "c0" }).next());
    assert.ok(error instanceof ConnectionClosed, String(error));
    assert.deepEqual([error.code, error.reason], [code, "why"]);
  }
  assert.deepEqual(retries, []);
});

test("a refusal ends it: with the oldest cursor, if the cursor has expired", async () => {
  server.refusals.push([refused("CURSOR_EXPIRED", { oldestCursor: "c7" })], [refused("FORBIDDEN")]);
  const expired = await rejection(follow({ after: "c1" }).next());
  assert.ok(expired instanceof CursorExpired);
  assert.equal(expired.oldestCursor, "c7");
  const events = follow({ after: "c1" });
  const forbidden = await rejection(events.next());
  assert.ok(forbidden instanceof RequestRefused && !(forbidden instanceof CursorExpired));
  assert.equal(forbidden.errors[0]?.extensions?.["code"], "FORBIDDEN");
  assert.deepEqual(await events.next(), { done: true, value: undefined });
});

test("a refusal that passes is waited for, as long as the server asks", async () => {
  noWaiting();
  server.refusals.push([refused("UNAVAILABLE")], [refused("THROTTLED", { retryAfterMs: 60 })]);
  server.happen(2);
  assert.deepEqual(await take(follow({ after: "c0" }), 2), [1, 2]);
  assert.deepEqual(retries.map(({ waitMs }) => waitMs), [2.5, 60]);
});

test("an event of which a part could not be read for a moment comes again, whole", async () => {
  noWaiting();
  const query = "subscription ($after: EventCursor) { events(after: $after) { cursor event { id sequence subject } } }";
  server.partRefusals.push(refused("UNAVAILABLE"));
  server.happen(2);
  const events = follow({ after: "c0", query });
  const { value } = await events.next();
  assert.deepEqual(value.event, { id: "evt_1", sequence: "1", subject: "as it is now" });
  assert.equal(value.errors, undefined);
  assert.equal(retries.length, 1);
  // What will not change is told beside it.
  server.partRefusals.push(refused("FORBIDDEN"));
  const next = events.next();
  server.happen();
  const { value: other } = await next;
  assert.equal(other.event?.sequence, "2");
  await events.return?.();
});

test("what of an event may not be seen is told beside it", async () => {
  const query = "subscription ($after: EventCursor) { events(after: $after) { cursor event { id sequence subject } } }";
  server.partRefusals.push(refused("FORBIDDEN"));
  server.happen();
  const { value } = await follow({ after: "c0", query }).next();
  assert.deepEqual([value.event?.sequence, value.errors?.[0]?.extensions?.["code"]], ["1", "FORBIDDEN"]);
});

test("a missing event is a defect, unless only some are asked for", async () => {
  server.told = (sequences) => sequences.filter((sequence) => sequence !== 3);
  server.happen(5);
  const events = follow({ after: "c0" });
  assert.deepEqual(await take(events, 2), [1, 2]);
  assert.ok((await rejection(events.next())) instanceof Defect);

  assert.deepEqual(await take(follow({ after: "c0", types: ["ODD"] }), 2), [1, 5]);
  assert.equal(retries.length, 0);
});

test("what was told before is not handed over again: known by its sequence, else by its id", async () => {
  server.told = (sequences) => sequences.flatMap((sequence) => (sequence > 1 ? [sequence - 1, sequence] : [sequence]));
  server.happen(4);
  assert.deepEqual(await take(follow({ after: "c0" }), 4), [1, 2, 3, 4]);

  const query = 'subscription ($after: EventCursor) { eventUpdated(id: "x", after: $after) { cursor event { id } } }';
  const updates = follow({ after: "c0", query }) as AsyncIterator<Envelope>;
  const ids = [];
  for (let count = 0; count < 4; count += 1) ids.push((await updates.next()).value?.event?.id);
  assert.deepEqual(ids, ["evt_1", "evt_2", "evt_3", "evt_4"]);
});

test("a heartbeat moves the cursor and holds no event", async () => {
  server.happen(2);
  const { value } = await follow({ after: "c2", heartbeats: true }).next();
  assert.deepEqual(value, { cursor: "c2", event: null });
});

test("it stops at once: while it waits for an event, for a connection, or to try again", async () => {
  const waiting = follow({ after: "c0" });
  const pending = waiting.next();
  await until(() => server.afters.length === 1);
  assert.deepEqual(await waiting.return?.(), { done: true, value: undefined });
  assert.deepEqual(await pending, { done: true, value: undefined });
  await until(() => server.sockets.length === 0);

  const silent = await silentServer();
  const unanswered = follow({ url: silent.url });
  const never = unanswered.next();
  await until(() => silent.opened() === 1);
  await unanswered.return?.();
  assert.equal((await never).done, true);
  await until(silent.isLeft);
  silent.stop();

  const control = new AbortController();
  mock.method(Math, "random", () => 1);
  server.onOpen = (socket) => socket.close(1013);
  const trying = follow({ signal: control.signal }).next();
  await until(() => retries.length === 1);
  control.abort();
  assert.equal((await trying).done, true);
  assert.equal((await follow({ signal: control.signal }).next()).done, true);
});

test("leaving the loop closes the connection", async () => {
  server.happen(3);
  const cursors: string[] = [];
  for await (const { event } of follow({ after: "c0", onCursor: (cursor) => void cursors.push(cursor) })) {
    if (event?.sequence === "2") break;
  }
  await until(() => server.sockets.length === 0);
  assert.deepEqual(cursors, ["c1"], "the one that the loop was left with comes again next time");
});

test("an error of onCursor is the caller's", async () => {
  server.happen(2);
  const events = follow({ after: "c0", onCursor: () => Promise.reject(new Error("disk full")) });
  await events.next();
  assert.equal(((await rejection(events.next())) as Error).message, "disk full");
  await until(() => server.sockets.length === 0);
});

test("a slow reader holds no more than a bounded number, and misses nothing", async () => {
  noWaiting();
  server.happen(5_000);
  const events = follow({ after: "c0" });
  let read = 0;
  const goOn = async (count: number): Promise<void> => {
    assert.deepEqual(await take(events, count), range(read + 1, read + count));
    read += count;
  };
  for (let round = 1; round <= 4; round += 1) {
    await goOn(1);
    await until(() => server.sockets.length === 0);
    await goOn(900);
    assert.equal(server.afters.length, round, "it asks for more when it has handed over what it holds");
    await goOn(200);
    const [from, to] = server.afters.slice(-2).map((cursor) => Number(cursor?.slice(1)));
    // A thousand that wait, and those that were read while they came.
    assert.ok(to! - from! <= 1_000 + 202, `${from} to ${to}`);
  }
  await goOn(5_000 - read);
  assert.deepEqual(retries, [], "there is nothing to wait for");
  await events.return?.();
});

test("it waits longer each time, up to half a minute, and begins anew after an event", async () => {
  mock.method(Math, "random", () => 0.0001);
  let isBroken = true;
  server.onOpen = (socket) => isBroken && socket.terminate();
  const events = follow({ after: "c0" });
  const first = take(events, 1);
  await until(() => retries.length >= 10);
  isBroken = false;
  server.happen();
  await first;
  const ms = retries.map(({ waitMs }) => Math.round(waitMs * 10_000));
  assert.deepEqual(ms.slice(0, 10), [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  const before = retries.length;
  const second = take(events, 1);
  for (const socket of server.sockets) socket.terminate();
  server.happen();
  await second;
  assert.equal(Math.round((retries[before]?.waitMs ?? 0) * 10_000), 250);
});

test("a connection that lasted begins the waiting anew, even if nothing happened", async () => {
  mock.method(Math, "random", () => 0.0001);
  server.onOpen = (socket) => {
    socket.once("message", () => {
      if (server.opened <= 3) return socket.terminate();
      // As the server does it every 20 seconds.
      socket.send('{"type":"ping"}');
      socket.on("message", (message) => String(message).includes("pong") && socket.terminate());
    });
  };
  const events = follow({ after: "c0" });
  const never = events.next();
  await until(() => retries.length >= 6);
  const ms = retries.map(({ waitMs }) => Math.round(waitMs * 10_000));
  assert.deepEqual(ms.slice(0, 6), [250, 500, 1_000, 250, 250, 250]);
  await events.return?.();
  assert.equal((await never).done, true);
});

test("a refused key is tried again with a new one", async () => {
  noWaiting();
  let [asked, connected] = [0, 0];
  server.mayConnect = (params) => (params as { authorization: string }).authorization === "Bearer 3";
  server.happen();
  const connectionParams = async (): Promise<Record<string, unknown>> => ({ authorization: `Bearer ${++asked}` });
  const onConnected = (): unknown => (connected += 1);
  const options = { url: server.url, webSocketImpl: WebSocket, after: "c0" };
  assert.deepEqual(await take(liveEvents({ ...options, connectionParams, onConnected }), 1), [1]);
  assert.deepEqual([asked, connected], [3, 1]);
});

test("where nobody listens, and where nobody answers, it tries again", async () => {
  noWaiting();
  const silent = await silentServer();
  const unanswered = follow({ url: silent.url, silenceMs: 30 });
  const never = unanswered.next();
  await until(() => retries.length >= 2);
  assert.equal((retries[0]?.cause as ConnectionClosed).code, 4499);
  silent.stop();
  await until(() => retries.at(-1)?.cause instanceof ConnectionFailed);
  await unanswered.return?.();
  await never;
});

test("a connection that falls silent is given up", async () => {
  noWaiting();
  const events = follow({ after: "c0", silenceMs: 100 });
  const first = take(events, 1);
  await until(() => server.afters.length >= 2);
  server.happen();
  assert.deepEqual(await first, [1]);
  assert.ok(retries.every(({ cause }) => (cause as ConnectionClosed).code === 4499));
  await events.return?.();
});

test("an address of the API by https is taken, and what cannot work is said at once", async () => {
  server.happen();
  assert.deepEqual(await take(follow({ url: server.url.replace("ws:", "http:"), after: "c0" }), 1), [1]);
  assert.throws(() => liveEvents({ url: server.url, webSocketImpl: WebSocket }), /apiKey/);
  assert.throws(() => follow({ url: "nonsense" }), /URL/);
});

function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => assert.fail(`no error but ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}
