// The signing scripts of the collection that S3 publishes, unchanged: what they sign opens the door that is made for them.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign, webcrypto } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import { here } from "../lib/paths.mjs";
import { flipped, inFolder, isRefused, send, withHeaders } from "../lib/signing.mjs";

const SIGNED_MS = 5_000;
/** The one of the collection's own example. */
const REFERENCE = "7676c702-a2a7-4996-baf3-09a8d012ed09";
const collectionFile = join(here, "signing", "postman_collection.json");

/** The requests of the collection, in its order. */
export function requests() {
  return JSON.parse(readFileSync(collectionFile, "utf8")).item;
}

export async function run(server) {
  const { origin } = new URL(server.url);
  // The paths of the collection are those of live mode.
  const credential = await server.credential("live", "--signing-key", "ed25519");
  const said = [];
  for (const item of requests()) {
    const request = await signedAsPostmanDoes(item, {
      x_id: credential.secret,
      private_key: credential.privateKey,
      reference_code: REFERENCE,
    });
    const what = `${item.name}: ${request.method} ${request.path}`;
    const { status, text } = await send(origin, request);
    // There is no payment with that code, and whoever is let in learns it.
    assert.equal(status, request.path.endsWith(REFERENCE) ? 404 : 200, `${what}: ${text}`);
    said.push(`${item.name} ${status}`);

    const spoilt = withHeaders(request, { "x-signature": flipped(request.headers["x-signature"]) });
    await isRefused(origin, spoilt, `${what}, another bit in the signature`);
    const { "x-signature": _, ...unsigned } = request.headers;
    await isRefused(origin, { ...request, headers: unsigned }, `${what}, without a signature`);
    if (request.path.endsWith(REFERENCE)) {
      const elsewhere = { ...request, path: request.path.replace(/9$/, "8") };
      await isRefused(origin, elsewhere, `${what}, on the path of another payment`);
    }
    const rehearsal = { ...request, path: request.path.replace("/live/", "/test/") };
    await isRefused(origin, rehearsal, `${what}, in the other mode`);
  }
  said.push(...(await byReference(server, origin)));
  return said.join(", ");
}

/** The door with what S3's reference in Node.js signs: a PEM that the secret opens, as its panel gives it; and an RSA key of one's own. */
async function byReference(server, origin) {
  const generateXSignature = reference();
  const encrypted = await server.credential("live", "--signing-key", "ed25519-encrypted");
  assert.match(encrypted.privateKey, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
  const own = await inFolder((folder) => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const file = join(folder, "rsa.pub.pem");
    writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }));
    // Encrypted with the secret, which is known only afterwards.
    return server.credential("live", "--signing-key", file).then(({ secret }) => ({
      secret,
      privateKey: privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: secret }),
    }));
  });
  const path = "/v1/payment/rest/live/create";
  const order = {
    amount: "150000",
    gateways: ["FAST_PAY"],
    title: "Order #1241",
    description: "Payment for premium subscription",
    redirectUrl: "https://merchant.com/payment/success",
    callbackUrl: "https://merchant.com/api/payment/callback",
    collectFeeFromCustomer: false,
    collectCustomerEmail: false,
    collectCustomerPhoneNumber: false,
  };
  const said = [];
  for (const [kind, { secret, privateKey }] of Object.entries({ "an encrypted PEM": encrypted, "an encrypted RSA key": own })) {
    const what = `the reference in Node.js with ${kind}`;
    const signature = generateXSignature({ method: "POST", secret, relativeUrl: path, privateKeyPem: privateKey });
    const headers = { "content-type": "application/json", "x-id": secret, "x-signature": signature };
    const request = { method: "POST", path, headers, body: JSON.stringify(order) };
    const { status, text } = await send(origin, request);
    assert.equal(status, 200, `${what}: ${text}`);
    said.push(`${what} ${status}`);
    const spoilt = withHeaders(request, { "x-signature": flipped(signature) });
    await isRefused(origin, spoilt, `${what}, another bit in the signature`);
    const closed = { method: "POST", secret: `${secret}x`, relativeUrl: path, privateKeyPem: privateKey };
    assert.throws(() => generateXSignature(closed), `${what}: another passphrase opens it`);
  }
  return said;
}

/** `generateXSignature`, character for character as the description of the collection has it. */
function reference() {
  const { description } = JSON.parse(readFileSync(collectionFile, "utf8")).info;
  const [source] = /function generateXSignature\(.*?\n\}(?=\n)/s.exec(description) ?? [];
  assert.ok(source?.includes("passphrase: secret"), "the reference stands in the description");
  const sandbox = vm.createContext({ sign, Buffer });
  return vm.runInContext(`(${source})`, sandbox, { filename: "generateXSignature" });
}

/** The request of one item, in a mode, with the variables that its script has set; an environment that is a `Map` keeps them. */
export async function signedAsPostmanDoes(item, variables, mode = "live") {
  const environment = variables instanceof Map ? variables : new Map(Object.entries(variables));
  const inMode = (part) => (part === "live" ? mode : part);
  let lost;
  const signed = new Promise((resolve, reject) => {
    // The scripts sign in a promise that they give to nobody.
    lost = reject;
    process.once("unhandledRejection", lost);
    const timer = setTimeout(() => reject(new Error(`${item.name}: the script signed nothing`)), SIGNED_MS);
    const set = (name, value) => {
      environment.set(name, value);
      if (name === "x_signature") {
        clearTimeout(timer);
        resolve();
      }
    };
    const { method, urlObject, url } = item.request;
    const path = (urlObject?.path ?? new URL(url).pathname.slice(1).split("/")).map(inMode);
    const pm = {
      request: { method, url: { path } },
      environment: { get: (name) => environment.get(name), set },
    };
    // Bytes of our own making: Node's cryptography knows no bytes of another context.
    const known = { pm, crypto: webcrypto, atob, btoa, TextEncoder, Uint8Array, console: { log() {} } };
    const sandbox = vm.createContext(known);
    for (const { listen, script } of item.event) {
      if (listen === "prerequest") {
        vm.runInContext(script.exec.join("\n"), sandbox, { filename: item.name });
      }
    }
  });
  await signed.finally(() => process.off("unhandledRejection", lost));

  const filled = (text) => text.replace(/\{\{(.+?)\}\}/g, (_, name) => environment.get(name));
  const { method, header, body, url } = item.request;
  const headers = Object.fromEntries(header.map(({ key, value }) => [key.toLowerCase(), filled(value)]));
  // Where the collection has a placeholder, its users put their secret.
  headers["x-id"] = headers["x-id"].replace("YOUR_API_KEY", environment.get("x_id"));
  const path = new URL(filled(url)).pathname.split("/").map(inMode).join("/");
  return { method, path, headers, body: body?.raw };
}

/** Runs what an item does with its answer. */
export function answeredAsPostmanDoes(item, environment, text) {
  const pm = {
    response: { json: () => JSON.parse(text) },
    environment: { get: (name) => environment.get(name), set: (name, value) => environment.set(name, value) },
  };
  const sandbox = vm.createContext({ pm, console: { log() {} } });
  for (const { listen, script } of item.event) {
    if (listen === "test") {
      vm.runInContext(script.exec.join("\n"), sandbox, { filename: item.name });
    }
  }
}
