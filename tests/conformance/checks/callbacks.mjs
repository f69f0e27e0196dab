// The keys with which callbacks are signed, and a callback's signature, by Node's own cryptography: as the SDKs of S3 verify
// `{keyId, content}`.
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { here } from "../lib/paths.mjs";
import { rasedi, send } from "../lib/signing.mjs";

/** What `service::callback_key` signs with a key that everybody may know; its unit test makes the same. */
const example = JSON.parse(readFileSync(join(here, "signing", "callback.json"), "utf8"));

export async function run(server) {
  const key = createPublicKey({ key: Buffer.from(example.publicKey, "hex"), format: "der", type: "spki" });
  assert.deepEqual(verified(key, example), example.payload);
  const [header, payload, signature] = example.content.split(".");
  const other = Buffer.from('{"status":"FAILED"}').toString("base64url");
  const bytes = Buffer.from(signature, "base64url");
  bytes[40] ^= 1;
  for (const [what, parts] of Object.entries({
    "another payload": [header, other, signature],
    "another bit in the signature": [header, payload, bytes.toString("base64url")],
  })) {
    assert.equal(verified(key, { ...example, content: parts.join(".") }), undefined, what);
  }

  const { origin } = new URL(server.url);
  const ids = new Set();
  for (const mode of ["test", "live"]) {
    const credential = await server.credential(mode, "--signing-key", "ed25519");
    const path = `/v1/payment/rest/${mode}/get-public-keys`;
    const { status, text } = await send(origin, rasedi(credential, "GET", path));
    assert.equal(status, 200, text);
    const keys = JSON.parse(text);
    assert.equal(keys.length, 1, text);
    for (const { id, key: pem } of keys) {
      ids.add(id);
      const served = createPublicKey(pem);
      assert.equal(served.asymmetricKeyType, "ec");
      assert.equal(served.asymmetricKeyDetails.namedCurve, "secp521r1");
      assert.equal(verified(served, example), undefined, "the key of somebody else");
    }
    const unsigned = { method: "GET", path, headers: { "x-id": credential.secret } };
    assert.equal((await send(origin, unsigned)).status, 401);
  }
  assert.equal(ids.size, 2, "a key for each mode");
  return `ES512 example verified, ${ids.size} keys served`;
}

/** The payload, if the key signed it. */
function verified(key, { keyId, content }) {
  const [header, payload, signature] = content.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(header, "base64url"));
  assert.deepEqual([alg, kid], ["ES512", keyId]);
  const ok = verify(
    "sha512",
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  return ok ? JSON.parse(Buffer.from(payload, "base64url")) : undefined;
}
