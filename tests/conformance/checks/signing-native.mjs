// Our own signed requests, with Node's cryptography: every algorithm, and everything that one may not change.
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../lib/command.mjs";
import {
  BODY,
  DRIFT_SECONDS,
  credentials,
  flipped,
  inFolder,
  isBound,
  isRefused,
  isTaken,
  native,
  reasons,
  withHeaders,
} from "../lib/signing.mjs";

export async function run(server) {
  const { origin } = new URL(server.url);
  return inFolder(async (folder) => {
    const all = await credentials(server, folder);
    const [other] = all;
    for (const credential of all) {
      await agreesWithTheCommand(credential, folder);
      await isTaken(origin, native(credential, { version: "2025-12-01.tigris" }), `${credential.algorithm} with a version`);

      const request = native(credential);
      const [algorithm, base64] = split(request.headers["x-tahsil-signature"]);
      await isBound(
        origin,
        request,
        {
          "another bit in the signature": withHeaders(request, { "x-tahsil-signature": `${algorithm}=${flipped(base64)}` }),
          "another nonce": withHeaders(request, { "x-tahsil-nonce": `${request.headers["x-tahsil-nonce"]}1` }),
          "another version": withHeaders(request, { "x-api-version": "2025-12-01.tigris" }),
          "the digest of another body": withHeaders(request, { "content-digest": "sha-256=:AAAA:" }),
        },
        credential.algorithm,
      );
      for (const driftSeconds of DRIFT_SECONDS.taken) {
        await isTaken(origin, native(credential, { driftSeconds }), `${algorithm}, ${driftSeconds} s`);
      }
      for (const driftSeconds of DRIFT_SECONDS.refused) {
        await isRefused(origin, native(credential, { driftSeconds }), `${algorithm}, ${driftSeconds} s`);
      }
      if (credential !== other) {
        const stolen = withHeaders(native(credential), { "x-tahsil-key": other.token });
        await isRefused(origin, stolen, `${algorithm} under the name of another key`);
      }
    }
    const names = all.map(({ algorithm }) => algorithm).join(", ");
    return `${names}: taken once, refused when anything is changed (${await reasons(server)})`;
  });
}

/** `tahsil sign` and this file have to agree on every byte, for a time and a nonce that are given. */
async function agreesWithTheCommand(credential, folder) {
  if (credential.algorithm === "rsa") {
    return; // The command does not sign with RSA.
  }
  const file = join(folder, "private");
  writeFileSync(file, credential.pem ?? credential.shared, { mode: 0o600 });
  const fixed = { timestamp: "2026-06-15T10:42:07.500Z", nonce: "00112233445566778899aabbccddeeff" };
  const path = "/graphql?x=%2F&y";
  const ours = native(credential, { ...fixed, path, version: "2026-06-14.basra" });
  const args = ["sign", "--key", credential.token, "--private-key", file, "--path", path, "--body", `@${BODY}`];
  args.push("--timestamp", fixed.timestamp, "--nonce", fixed.nonce, "--api-version", "2026-06-14.basra", "--output", "json");
  const env = { ...process.env, TAHSIL_SIGN_PASSPHRASE: credential.passphrase ?? "" };
  const theirs = JSON.parse(await command(process.env.TAHSIL_BIN, args, { env, cwd: folder }));
  assert.equal(theirs.signedText, ours.text);
  // Both kinds of signature are determined by key and text.
  assert.equal(theirs.headers["X-Tahsil-Signature"], ours.headers["x-tahsil-signature"]);
  if (credential.pem) {
    // The same key, encrypted by OpenSSL.
    const passphrase = "open sesame";
    const form = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase };
    writeFileSync(file, createPrivateKey({ key: credential.pem, passphrase: credential.passphrase }).export(form));
    const again = { ...process.env, TAHSIL_SIGN_PASSPHRASE: passphrase };
    const opened = JSON.parse(await command(process.env.TAHSIL_BIN, args, { env: again, cwd: folder }));
    assert.equal(opened.signature, theirs.signature);
  }
}

function split(signature) {
  const at = signature.indexOf("=");
  return [signature.slice(0, at), signature.slice(at + 1)];
}
