// Signed requests as data: what is sent, what is changed on the way, and what the server has to say to it.
import assert from "node:assert/strict";
import { createHash, createHmac, createPrivateKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ANSWER_MS = 15_000;
/** Asks for nothing that hangs on data. */
export const BODY = '{"query":"{ __typename }"}';
/** A little inside the 300 seconds by which clocks may differ, and a little outside. */
export const DRIFT_SECONDS = { taken: [-290, 290], refused: [-302, 302] };

/** One credential for each algorithm; `work` is a folder for the key that the merchant makes itself. */
export async function credentials(server, work) {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const upload = join(work, "rsa.pub.pem");
  writeFileSync(upload, rsa.publicKey.export({ type: "spki", format: "pem" }));
  const [ed25519, encrypted, shared, uploaded] = [
    await server.credential("test", "--signing-key", "ed25519"),
    await server.credential("test", "--signing-key", "ed25519-encrypted"),
    await server.credential("test", "--signing-key", "hmac-sha256"),
    await server.credential("test", "--signing-key", upload),
  ];
  return [
    { algorithm: "ed25519", token: ed25519.token, pem: ed25519.privateKey },
    { algorithm: "ed25519", token: encrypted.token, pem: encrypted.privateKey, passphrase: encrypted.secret },
    { algorithm: "hmac-sha256", token: shared.token, shared: shared.privateKey },
    { algorithm: "rsa", token: uploaded.token, pem: rsa.privateKey.export({ type: "pkcs8", format: "pem" }) },
  ];
}

/** Signs bytes with Node's own cryptography. */
export function signBytes({ algorithm, pem, passphrase, shared }, bytes) {
  if (algorithm === "hmac-sha256") {
    return createHmac("sha256", Buffer.from(shared, "hex")).update(bytes).digest();
  }
  return sign(algorithm === "rsa" ? "sha256" : null, bytes, createPrivateKey({ key: pem, passphrase }));
}

/** A native request, written down here anew from docs/signing.md. */
export function native(credential, changes = {}) {
  const { method = "POST", path = "/graphql", body = BODY, version, nonce = randomUUID(), driftSeconds = 0 } = changes;
  const timestamp = changes.timestamp ?? new Date(Date.now() + driftSeconds * 1000).toISOString();
  const hash = createHash("sha256").update(body).digest("hex");
  const text = `${method}\n${path}\n${timestamp}\n${nonce}\n${version ?? ""}\nsha256:${hash}`;
  const signature = signBytes(credential, Buffer.from(text)).toString("base64");
  return {
    method,
    path,
    body,
    text,
    headers: {
      "content-type": "application/json",
      "x-tahsil-key": credential.token,
      "x-tahsil-timestamp": timestamp,
      "x-tahsil-nonce": nonce,
      "x-tahsil-signature": `${credential.algorithm}=${signature}`,
      ...(version === undefined ? {} : { "x-api-version": version }),
    },
  };
}

/** A request of S3, signed as its description says: method, secret and path. */
export function rasedi({ secret, privateKey }, method, path, body) {
  const signature = signBytes({ algorithm: "ed25519", pem: privateKey }, Buffer.from(`${method} || ${secret} || ${path}`));
  const headers = {
    "content-type": "application/json",
    "x-id": secret,
    "x-signature": signature.toString("base64"),
  };
  return { method, path, headers, body };
}

/** Sends a request and gives the status and the text of the answer. */
export async function send(origin, { method, path, headers, body }) {
  const response = await fetch(origin + path, {
    method,
    headers,
    body: body === undefined || body.length === 0 ? undefined : body,
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  return { status: response.status, text: await response.text(), id: response.headers.get("x-request-id") };
}

export async function isTaken(origin, request, what) {
  const { status, text } = await send(origin, request);
  assert.equal(status, 200, `${what}: ${text}`);
}

/** What was refused, for [`reasons`]: the id of the request and what was wrong with it. */
const refused = [];

export async function isRefused(origin, request, what) {
  const { status, text, id } = await send(origin, request);
  assert.equal(status, 401, `${what}: ${text}`);
  refused.push({ id, what });
}

/** Why each of these alterations has to be refused, by what the name of the case ends with. */
const REASONS = {
  // The other path has a query, which a signature over the path alone does not cover.
  "another path": ["SIGNATURE_INVALID", "SIGNATURE_INCOMPLETE"],
  // Where the digest is sent along, it is what does not fit.
  "another body": ["SIGNATURE_INVALID", "BODY_HASH_MISMATCH"],
  "a second time": ["NONCE_REUSED"],
  "another bit in the signature": ["SIGNATURE_INVALID"],
  "another nonce": ["SIGNATURE_INVALID"],
  "another version": ["SIGNATURE_INVALID"],
  "less covered": ["SIGNATURE_INCOMPLETE"],
  "-302 s": ["CLOCK_DRIFT"],
  "302 s": ["CLOCK_DRIFT"],
};

/**
 * Looks every refused request up in the request log, by its id: a row with a reason, the right one where the alteration tells.
 * Gives how many there were of each.
 */
export async function reasons(server) {
  const counts = {};
  for (const { id, what } of refused.splice(0)) {
    const { text } = await send(new URL(server.url).origin, {
      method: "POST",
      path: "/graphql",
      headers: { "content-type": "application/json", "x-api-key": server.keys.operator },
      body: JSON.stringify({
        query: "query($id: ID!) { node(id: $id) { ... on ApiRequest { outcome reason rateLimit } } }",
        variables: { id },
      }),
    });
    const row = JSON.parse(text).data?.node;
    assert.equal(row?.outcome, "DENIED", `${what}: ${text}`);
    assert.equal(row.rateLimit, "BLOCKED");
    const [, expected] = Object.entries(REASONS).find(([end]) => what.endsWith(`, ${end}`)) ?? [];
    assert.ok(row.reason && (expected?.includes(row.reason) ?? true), `${what}: ${row.reason}, not ${expected}`);
    counts[row.reason] = (counts[row.reason] ?? 0) + 1;
  }
  return Object.entries(counts).map(([reason, count]) => `${reason} ${count}`).join(", ");
}

/** The request with headers of its own. */
export function withHeaders(request, headers) {
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** Base64 with one bit of its bytes turned over. */
export function flipped(base64, bit = 13) {
  const bytes = Buffer.from(base64, "base64");
  bytes[bit >> 3] ^= 1 << (bit & 7);
  return bytes.toString("base64");
}

/**
 * A request is refused when somebody changes it, taken as it is, and refused when it comes again. In this order: a changed one
 * must not use up the nonce of the right one.
 */
export async function isBound(origin, request, changed, what) {
  for (const [name, other] of Object.entries({
    "another path": { ...request, path: `${request.path}?x=1` },
    "another body": { ...request, body: `${request.body} ` },
    ...changed,
  })) {
    await isRefused(origin, other, `${what}, ${name}`);
  }
  await isTaken(origin, request, what);
  await isRefused(origin, request, `${what}, a second time`);
}

/** A server that answers 200 to everything and remembers it: for programs that send by themselves. */
export async function recorder() {
  const seen = [];
  const server = createServer((incoming, answer) => {
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const { host, connection, "content-length": length, ...headers } = incoming.headers;
      seen.push({ method: incoming.method, path: incoming.url, headers, body: Buffer.concat(chunks).toString() });
      answer.end("{}");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { seen, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Runs `work` with a temporary folder. */
export async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "tahsil-signing-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
