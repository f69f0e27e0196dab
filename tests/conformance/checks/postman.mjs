// The collection that S3 publishes, executed whole with its own scripts: only host, mode and environment are ours.
import assert from "node:assert/strict";
import { rasedi, send } from "../lib/signing.mjs";
import { answeredAsPostmanDoes, requests, signedAsPostmanDoes } from "./signing-postman.mjs";

/** What the answer to each request says of the payment. */
const STATUS = { "Create Payment": "PENDING", "Get Payment Status": "PENDING", "Cancel Payment": "CANCELED" };

export async function run(server) {
  const { origin } = new URL(server.url);
  const said = [];
  for (const mode of ["live", "test"]) {
    const credential = await server.credential(mode, "--signing-key", "ed25519");
    const environment = new Map([
      ["x_id", credential.secret],
      ["private_key", credential.privateKey],
    ]);
    for (const item of requests()) {
      const request = await signedAsPostmanDoes(item, environment, mode);
      const what = `${item.name} in ${mode} mode`;
      const { status, text } = await send(origin, request);
      assert.equal(status, 200, `${what}: ${text}`);
      answeredAsPostmanDoes(item, environment, text);
      const code = environment.get("reference_code");
      assert.equal(text, recorded(code, mode, STATUS[item.name], JSON.parse(text)), what);
      await examples(origin, credential, item, mode);
      said.push(`${item.name} ${mode} ${status}`);
    }
  }
  return said.join(", ");
}

/** The answer that the collection has recorded, for this payment: the same keys in the same order, the same types. */
function recorded(code, mode, status, { redirectUrl }) {
  const [{ response }] = requests();
  const { body } = response.find(({ name }) => name === "Success - Payment Created");
  const example = JSON.parse(body);
  assert.ok(redirectUrl.endsWith(`/pay/${mode}/${code}`), redirectUrl);
  return JSON.stringify({ ...example, referenceCode: code, redirectUrl, status });
}

/** The recorded examples of an item, sent again: status and messages are the recorded ones. */
async function examples(origin, credential, item, mode) {
  for (const { name, code, body, originalRequest } of item.response) {
    const path = `/v1/payment/rest/${mode}/create`;
    const request = rasedi(credential, originalRequest.method, path, originalRequest.body.raw);
    const { status, text } = await send(origin, request);
    assert.equal(status, code, `${name}: ${text}`);
    const [answer, expected] = [JSON.parse(text), JSON.parse(body)];
    if (expected.messages) {
      assert.ok(text.startsWith(body.slice(0, -1)), `${name}: ${text}`);
    } else {
      assert.deepEqual(Object.keys(answer), Object.keys(expected), name);
    }
  }
}
