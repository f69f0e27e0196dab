// How the clients reach the server: with a key, and remembering what went over the wire.
import { randomUUID } from "node:crypto";

const ANSWER_MS = 15_000;

/** `fetch` with the key on every request. */
export function keyedFetch(key) {
  return (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("X-API-Key", key);
    return fetch(input, { ...init, headers, signal: AbortSignal.timeout(ANSWER_MS) });
  };
}

/** `keyedFetch`, and a list of what was sent and with what status and type it was answered. */
export function recordingFetch(key) {
  const send = keyedFetch(key);
  const exchanges = [];
  const recorded = async (input, init = {}) => {
    const url = new URL(input);
    const sent =
      init.method === "GET"
        ? Object.fromEntries(
            [...url.searchParams].map(([name, value]) => [name, name === "extensions" ? JSON.parse(value) : value]),
          )
        : JSON.parse(init.body);
    const response = await send(input, init);
    exchanges.push({
      method: init.method ?? "GET",
      hasText: Boolean(sent.query),
      hash: sent.extensions?.persistedQuery?.sha256Hash,
      status: response.status,
      type: response.headers.get("content-type")?.split(";")[0],
      body: await response.clone().json(),
    });
    return response;
  };
  return { fetch: recorded, exchanges };
}

/** One GraphQL request, for what needs no client. */
export async function ask(url, key, query, variables) {
  const response = await keyedFetch(key)(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (answer.errors) {
    throw new Error(`${query}\n${JSON.stringify(answer.errors)}`);
  }
  return answer.data;
}

/** A sale that the sandbox approves. Money is text everywhere: a float would lose fils. */
export function saleInput(amount = "125000") {
  return {
    idempotencyKey: randomUUID(),
    amount: { amount, currency: "IQD" },
    card: { number: "4242424242424242", expMonth: 12, expYear: 2035, cvv: "123" },
  };
}
