// Our own client, built from its sources: its own tests, then sales while the network and the server fail. Every event, once, in order.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { compile, inClient } from "../lib/client.mjs";
import { saleInput } from "../lib/http.mjs";
import { loggedOf, network, now, rejection, sell, within } from "../lib/live.mjs";
import { clientFolder } from "../lib/paths.mjs";
import { startServer } from "../lib/server.mjs";

const FAILURES = 20;

export async function run({ url, keys }) {
  await compile("tsconfig.json");
  const told = await inClient("--test", join("out", "test", "live.test.js"));
  const [, passed] = /^# pass (\d+)$/m.exec(told);
  await compile("tsconfig.build.json");
  const client = await import(pathToFileURL(join(clientFolder, "dist", "index.js")));

  const refused = client.liveEvents({ url, apiKey: keys.test, after: "nonsense", webSocketImpl: WebSocket });
  const error = await rejection(refused.next(), "a cursor that is none");
  assert.ok(error instanceof client.RequestRefused && error.errors[0].extensions.code === "BAD_USER_INPUT", String(error));

  const { events, tries } = await failures(client);
  return `${passed} tests of its own; ${events} events once and in order through ${FAILURES} failures (${tries} tries to come back)`;
}

/** On a server of its own, because it is stopped, and sells faster than a merchant usually may. */
async function failures({ liveEvents }) {
  const server = await startServer(process.env.TAHSIL_BIN, { TAHSIL_LIMIT_PAYMENTS_PER_SECOND: "10000" });
  const between = await network(server.url);
  try {
    const start = await now(server.url, server.keys.test);
    const heard = [];
    const causes = [];
    const following = liveEvents({
      url: between.url,
      apiKey: server.keys.test,
      webSocketImpl: WebSocket,
      onRetry: (cause) => causes.push(cause),
    });
    const listening = (async () => {
      for await (const { cursor, event } of following) heard.push({ cursor, id: event.id, sequence: event.sequence });
    })();
    // It begins now by itself; until it has, there is nothing to lose.
    await until(() => between.opened() >= 2);

    const sold = [];
    for (let failure = 1; failure <= FAILURES; failure += 1) {
      const before = between.opened();
      const selling = (async () => {
        for (let sale = randomInt(1, 6); sale > 0; sale -= 1) sold.push(await surely(server));
      })();
      await sleep(randomInt(0, 120));
      if (failure === FAILURES / 2) {
        // While it follows, so that it is told why.
        await selling;
        const all = await loggedOf(server.url, server.keys.test, start, sold);
        await until(() => heard.length >= all.length);
        await server.restart();
        await until(() => causes.some(({ code }) => code === 1012));
      } else {
        between.cut();
      }
      await Promise.all([selling, until(() => between.opened() > before)]);
    }
    const expected = await loggedOf(server.url, server.keys.test, start, sold);
    await Promise.race([until(() => heard.length >= expected.length), listening]);
    await following.return();
    await within(listening, "the end of the loop");
    assert.deepEqual(heard, expected.map(({ cursor, event: { id, sequence } }) => ({ cursor, id, sequence })));
    return { events: heard.length, tries: causes.length };
  } finally {
    between.stop();
    await server.stop();
  }
}

/** Sells once, however often it has to be asked. */
async function surely({ url, keys }) {
  const input = saleInput();
  for (let tries = 1; ; tries += 1) {
    try {
      return await sell(url, keys.test, input);
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(100);
    }
  }
}

async function until(holds) {
  for (const end = Date.now() + 30_000; !holds(); ) {
    assert.ok(Date.now() < end, `waited in vain until ${holds}`);
    await sleep(5);
  }
}
