// Following events: what is asked for, what has to come of it, and a network that fails.
import assert from "node:assert/strict";
import { createServer, connect } from "node:net";
import { ask, saleInput } from "./http.mjs";

export const EVENTS = `subscription Follow($after: EventCursor) {
  events(after: $after) { cursor event { id type name sequence subjectId subject { id } } }
}`;

const LOGGED = `query Logged($after: EventCursor) {
  events(first: 100, after: $after) {
    edges { cursor node { id type name sequence subjectId subject { id } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const SALE = `mutation LiveSale($input: PaymentSaleInput!) {
  paymentSale(input: $input) { payment { id } userErrors { code message } }
}`;

/** The place that events have come to. */
export async function now(url, key) {
  return (await ask(url, key, "{ eventCursor }")).eventCursor;
}

/** Sells over HTTP; gives the payment's id. */
export async function sell(url, key, input = saleInput()) {
  const { payment, userErrors } = (await ask(url, key, SALE, { input })).paymentSale;
  assert.deepEqual(userErrors, []);
  return payment.id;
}

/** Everything after a place, as the list of events has it: what a subscription has to tell, in this order. */
export async function logged(url, key, after) {
  const all = [];
  for (let [cursor, isMore] = [after, true]; isMore; ) {
    const { edges, pageInfo } = (await ask(url, key, LOGGED, { after: cursor })).events;
    all.push(...edges.map(({ cursor, node }) => ({ cursor, event: node })));
    [cursor, isMore] = [pageInfo.endCursor, pageInfo.hasNextPage];
  }
  return all;
}

/** The same, once the events of so many payments are numbered, which is a moment after they have happened. */
export async function loggedOf(url, key, after, payments) {
  for (const end = Date.now() + 10_000; ; ) {
    const all = await logged(url, key, after);
    const captured = all.filter(({ event }) => event.type === "PAYMENT_CAPTURED").map(({ event }) => event.subjectId);
    if (payments.every((id) => captured.includes(id))) {
      return all;
    }
    assert.ok(Date.now() < end, `of ${payments.length} sales, ${captured.length} are in the log of events`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The next so many of what a client gives, each the data of an execution result, within a while. */
export async function take(results, count) {
  const taken = [];
  while (taken.length < count) {
    const { value, done } = await within(results.next(), `result ${taken.length + 1} of ${count}`);
    assert.ok(!done, `ended after ${taken.length} of ${count}`);
    assert.equal(value.errors, undefined, JSON.stringify(value.errors));
    taken.push(value.data);
  }
  return taken;
}

/** What a promise gives, unless that takes too long. */
export async function within(promise, what, ms = 15_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain: ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What a promise is rejected with. */
export async function rejection(promise, what) {
  return within(promise, what).then(
    (value) => assert.fail(`${what}: no error but ${JSON.stringify(value)}`),
    (error) => error,
  );
}

/** A network before a server, which can lose all its connections at once. */
export async function network(target) {
  const { hostname, port } = new URL(target);
  const open = new Set();
  let opened = 0;
  const server = createServer((near) => {
    opened += 1;
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/graphql`,
    /** Connections so far. */
    opened: () => opened,
    cut() {
      for (const socket of open) {
        socket.resetAndDestroy();
      }
    },
    stop() {
      this.cut();
      server.close();
    },
  };
}
