// Sends a signed request with Node.js and nothing else. docs/signing.md says what is signed.
//
//   TAHSIL_URL=https://pay.example TAHSIL_KEY=epk_test_… TAHSIL_PRIVATE_KEY=key.pem node sign.mjs METHOD PATH [BODY-FILE]
//
// TAHSIL_PRIVATE_KEY is a file with an Ed25519 or RSA key in PEM; TAHSIL_HMAC_KEY, in its place, a shared key in hex.
// TAHSIL_API_VERSION asks for a version; TAHSIL_SIGN_PASSPHRASE opens an encrypted key. Prints the body of the answer, then
// its status.
import { createHash, createHmac, createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const { TAHSIL_URL, TAHSIL_KEY, TAHSIL_PRIVATE_KEY, TAHSIL_HMAC_KEY, TAHSIL_API_VERSION } = process.env;
const [method, path, bodyFile] = process.argv.slice(2);
if (!TAHSIL_URL || !TAHSIL_KEY || !(TAHSIL_PRIVATE_KEY || TAHSIL_HMAC_KEY) || !path?.startsWith("/")) {
  console.error("usage: node sign.mjs METHOD PATH [BODY-FILE], with TAHSIL_URL, TAHSIL_KEY and TAHSIL_PRIVATE_KEY or TAHSIL_HMAC_KEY");
  process.exit(2);
}

// As it goes over the wire: what is not ASCII is percent-encoded here, once.
const url = new URL(TAHSIL_URL.replace(/\/$/, "") + path);
const body = bodyFile ? readFileSync(bodyFile) : Buffer.alloc(0);
const timestamp = new Date().toISOString();
const nonce = randomUUID();
const hash = createHash("sha256").update(body);

const text = [
  method,
  url.pathname + url.search,
  timestamp,
  nonce,
  TAHSIL_API_VERSION ?? "",
  `sha256:${hash.copy().digest("hex")}`,
].join("\n");

const headers = {
  "X-Tahsil-Key": TAHSIL_KEY,
  "X-Tahsil-Timestamp": timestamp,
  "X-Tahsil-Nonce": nonce,
  "X-Tahsil-Signature": signature(Buffer.from(text)),
};
if (TAHSIL_API_VERSION) {
  headers["X-API-Version"] = TAHSIL_API_VERSION;
}
if (body.length > 0) {
  headers["Content-Type"] = "application/json";
  headers["Content-Digest"] = `sha-256=:${hash.digest("base64")}:`;
}

const response = await fetch(url, {
  method,
  headers,
  body: body.length > 0 ? body : undefined,
  signal: AbortSignal.timeout(30_000),
});
console.log(await response.text());
console.log(response.status);

/** The value of X-Tahsil-Signature; the key says by which algorithm. */
function signature(bytes) {
  if (TAHSIL_HMAC_KEY) {
    const mac = createHmac("sha256", Buffer.from(TAHSIL_HMAC_KEY, "hex")).update(bytes);
    return `hmac-sha256=${mac.digest("base64")}`;
  }
  const key = createPrivateKey({
    key: readFileSync(TAHSIL_PRIVATE_KEY),
    passphrase: process.env.TAHSIL_SIGN_PASSPHRASE,
  });
  return key.asymmetricKeyType === "rsa"
    ? `rsa=${sign("sha256", bytes, key).toString("base64")}`
    : `ed25519=${sign(null, bytes, key).toString("base64")}`;
}
