// HTTP Message Signatures (RFC 9421) as a library makes them that knows nothing of this server.
import { createHash, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import {
  BODY,
  DRIFT_SECONDS,
  credentials,
  flipped,
  inFolder,
  isBound,
  isRefused,
  isTaken,
  reasons,
  signBytes,
  withHeaders,
} from "../lib/signing.mjs";

const { httpbis } = createRequire(import.meta.url)("http-message-signatures");

const NAMES = { ed25519: "ed25519", rsa: "rsa-v1_5-sha256", "hmac-sha256": "hmac-sha256" };
const PARAMS = ["created", "expires", "keyid", "alg", "nonce"];
const FIELDS = ["@method", "@path", "content-digest"];

export async function run(server) {
  const { origin } = new URL(server.url);
  return inFolder(async (folder) => {
    const all = await credentials(server, folder);
    for (const credential of all) {
      const { algorithm } = credential;
      const signed = (how) => signedBy(origin, credential, how);

      const request = await signed();
      const [, label, base64] = /^(\w+)=:(.+):$/.exec(request.headers.Signature);
      const input = request.headers["Signature-Input"];
      await isBound(
        origin,
        request,
        {
          "another bit in the signature": withHeaders(request, { Signature: `${label}=:${flipped(base64)}:` }),
          "another nonce": withHeaders(request, { "Signature-Input": input.replace(/nonce="/, 'nonce="1') }),
          "less covered": withHeaders(request, { "Signature-Input": input.replace(' "content-digest"', "") }),
          "a version that is not covered": withHeaders(request, { "X-API-Version": "2025-12-01.tigris" }),
          "an idempotency key that is not covered": withHeaders(request, { "Idempotency-Key": "order-1" }),
          "another digest": withHeaders(request, { "Content-Digest": "sha-256=:AAAA:" }),
        },
        algorithm,
      );

      const more = { headers: { "X-API-Version": "2025-12-01.tigris", "Idempotency-Key": randomUUID() } };
      for (const fields of [
        ["@method", "@target-uri", "content-digest"],
        ["@method", "@request-target", "content-digest"],
        ["content-type", "@authority", "@scheme", "@query", ...FIELDS],
      ]) {
        await isTaken(origin, await signed({ fields }), `${algorithm} over ${fields.join(" ")}`);
      }
      const covering = [...FIELDS, "x-api-version", "idempotency-key"];
      await isTaken(origin, await signed({ ...more, fields: covering }), `${algorithm} with a version`);
      for (const lacking of covering) {
        const fields = covering.filter((field) => field !== lacking);
        await isRefused(origin, await signed({ ...more, fields }), `${algorithm} without ${lacking}`);
      }
      for (const lacking of PARAMS.filter((name) => name !== "expires")) {
        const params = PARAMS.filter((name) => name !== lacking);
        await isRefused(origin, await signed({ params }), `${algorithm} without ${lacking}`);
      }

      for (const driftSeconds of DRIFT_SECONDS.taken) {
        const params = PARAMS.filter((name) => name !== "expires");
        await isTaken(origin, await signed({ driftSeconds, params }), `${algorithm}, ${driftSeconds} s`);
      }
      for (const driftSeconds of DRIFT_SECONDS.refused) {
        await isRefused(origin, await signed({ driftSeconds }), `${algorithm}, ${driftSeconds} s`);
      }
      await isRefused(origin, await signed({ driftSeconds: -20, lifeSeconds: 10 }), `${algorithm}, expired`);

      const both = { ...(await signed()) };
      both.headers["Signature-Input"] += `, proxy=("@authority");created=1;keyid="proxy"`;
      both.headers.Signature += ", proxy=:AAAA:";
      await isTaken(origin, both, `${algorithm} beside the signature of a proxy`);
    }
    const names = all.map(({ algorithm }) => NAMES[algorithm]).join(", ");
    return `http-message-signatures: ${names} (${await reasons(server)})`;
  });
}

/** A request that the library signs. */
async function signedBy(origin, credential, how = {}) {
  const { fields = FIELDS, params = PARAMS, headers = {}, driftSeconds = 0, lifeSeconds = 300 } = how;
  const created = new Date(Date.now() + driftSeconds * 1000);
  const message = {
    method: "POST",
    url: `${origin}/graphql`,
    headers: {
      "Content-Type": "application/json",
      "Content-Digest": `sha-256=:${createHash("sha256").update(BODY).digest("base64")}:`,
      ...headers,
    },
  };
  const key = {
    id: credential.token,
    alg: NAMES[credential.algorithm],
    sign: async (bytes) => signBytes(credential, bytes),
  };
  const expires = new Date(created.getTime() + lifeSeconds * 1000);
  const config = { key, fields, params, paramValues: { created, expires, nonce: randomUUID() } };
  const signed = await httpbis.signMessage(config, message);
  return { method: "POST", path: "/graphql", headers: signed.headers, body: BODY };
}
