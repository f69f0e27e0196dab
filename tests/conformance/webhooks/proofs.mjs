// Deliveries against their verifiers: each is taken as it came, by each of its secrets, and refused when anything is changed.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { importSPKI, jwtVerify } from "jose";
import { here } from "../lib/paths.mjs";
import { environment, fed } from "../lib/python.mjs";
import { Tally, flipped, s2, standard, timestamped, withHeader } from "./verifiers.mjs";

/** What a part says that this machine lacks the tools for. */
export const NOT_RUN = "NOT RUN";

export function ofHmac(came) {
  const tally = new Tally("the function");
  for (const delivery of came) {
    const { what, headers, secrets, wrong } = delivery;
    const [secret, next] = secrets;
    assert.equal(tally.takes(what, () => s2(delivery, secret)), "200 OK");
    const denies = (how, changed, by = secret) => {
      assert.equal(s2(changed, by), "401 Invalid signature", `${what}, ${how}`);
      tally.refused += 1;
    };
    denies("another bit", flipped(delivery));
    for (const other of [...wrong, ...(next ? [next] : [])]) {
      denies("another secret", delivery, other);
    }
    const signature = headers["x-webhook-signature"];
    for (const short of [signature.slice(0, -1), ""]) {
      const changed = withHeader(delivery, "x-webhook-signature", short);
      tally.refuses(`${what}, a short header`, { code: "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH" }, () => s2(changed, secret));
    }
    // Beside the signature of the old secret stands that of the new one, for whoever changes over before the overlap ends.
    assert.equal(headers["x-webhook-signature-next"] !== undefined, next !== undefined, what);
    if (next) {
      const changedOver = withHeader(delivery, "x-webhook-signature", headers["x-webhook-signature-next"]);
      assert.equal(tally.takes(`${what}, changed over`, () => s2(changedOver, next)), "200 OK");
      denies("the next signature by the old secret", changedOver);
      denies("the next signature over another bit", flipped(changedOver), next);
    }
  }
  return tally.toString();
}

export function standardOf(tally, delivery) {
  const { what, body, headers, secrets, wrong } = delivery;
  const sentAt = Number(headers["webhook-timestamp"]);
  const error = (message) => ({ name: "WebhookVerificationError", message });
  for (const secret of secrets) {
    const given = tally.takes(what, () => standard(delivery, secret));
    assert.deepEqual(given, JSON.parse(body));
    for (const drift of [-300, 300]) {
      tally.takes(`${what}, ${drift} s`, () => standard(delivery, secret, sentAt + drift));
    }
    for (const [place, changed] of [undefined, 0, body.length >> 1, body.length - 1].map((place) => [place, flipped(delivery, place)])) {
      tally.refuses(`${what}, another bit at ${place}`, error("No matching signature found"), () => standard(changed, secret));
    }
    tally.refuses(`${what}, 301 s old`, error("Message timestamp too old"), () => standard(delivery, secret, sentAt + 301));
    tally.refuses(`${what}, 301 s ahead`, error("Message timestamp too new"), () => standard(delivery, secret, sentAt - 301));
    // A time that was written over what was signed does not help either.
    const later = withHeader(delivery, "webhook-timestamp", String(sentAt + 1));
    tally.refuses(`${what}, another time`, error("No matching signature found"), () => standard(later, secret));
  }
  for (const secret of wrong) {
    tally.refuses(`${what}, another secret`, error("No matching signature found"), () => standard(delivery, secret));
  }
}

export function ofStandard(came) {
  const tally = new Tally("verify");
  for (const delivery of came) {
    standardOf(tally, delivery);
  }
  return tally.toString();
}

export function ofTimestamped(came) {
  const tally = new Tally("constructEvent");
  const type = "StripeSignatureVerificationError";
  for (const delivery of came) {
    const { what, body, headers, secrets, wrong } = delivery;
    const sentAt = Number(headers["webhook-timestamp"]);
    for (const secret of secrets) {
      assert.deepEqual(tally.takes(what, () => timestamped(delivery, secret)), JSON.parse(body));
      tally.takes(`${what}, 300 s old`, () => timestamped(delivery, secret, sentAt + 300));
      for (const place of [undefined, 0, body.length - 1]) {
        const changed = flipped(delivery, place);
        tally.refuses(`${what}, another bit`, { type, message: /^No signatures found matching/ }, () => timestamped(changed, secret));
      }
      const old = { type, message: "Timestamp outside the tolerance zone" };
      tally.refuses(`${what}, 301 s old`, old, () => timestamped(delivery, secret, sentAt + 301));
    }
    for (const secret of wrong) {
      tally.refuses(`${what}, another secret`, { type, message: /^No signatures found matching/ }, () => timestamped(delivery, secret));
    }
  }
  return tally.toString();
}

export async function ofPython(came) {
  const { python, lacking } = await environment("conformance-webhooks", join(here, "webhooks", "requirements.txt"));
  if (lacking) {
    return `${NOT_RUN} in Python (${lacking})`;
  }
  const deliveries = came.map(({ what, body, headers, secrets, wrong }) => ({ what, body: body.toString("base64"), headers, secrets, wrong }));
  const counts = fed(python, join(here, "webhooks", "verify.py"), { deliveries });
  const said = Object.entries({ "standardwebhooks of PyPI": counts.standard, "S1's hash by hashlib": counts.fields });
  // A callback has no hash of S1.
  const done = said.filter(([, [taken]]) => taken > 0);
  return done.map(([name, [taken, refused]]) => `${name}: ${taken} taken, ${refused} refused`).join("; ");
}

export async function byJose(tally, plain, keyId, content, keys) {
  const { key: pem } = keys.find(({ id }) => id === keyId);
  const key = await importSPKI(pem, "ES512");
  const verified = async (text, by = key) => {
    try {
      return await jwtVerify(text, by, { algorithms: ["ES512"] });
    } catch (error) {
      return error.code;
    }
  };
  const { payload, protectedHeader } = await verified(content);
  assert.deepEqual([protectedHeader?.alg, protectedHeader?.kid], ["ES512", keyId], JSON.stringify(plain));
  assert.deepEqual(payload, plain);
  tally.taken += 1;
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-521" }).publicKey.export({ type: "spki", format: "pem" });
  const failed = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
  assert.equal(await verified(content, await importSPKI(stranger, "ES512")), failed, "by another key");
  tally.refused += 1;
  const parts = content.split(".");
  for (const at of [1, 2]) {
    const bytes = Buffer.from(parts[at], "base64url");
    // In the payload, a letter of a word: it stays JSON.
    bytes[at === 1 ? bytes.indexOf(plain.status) : 40] ^= 1;
    const changed = parts.with(at, bytes.toString("base64url")).join(".");
    assert.equal(await verified(changed), failed, `another bit in part ${at}`);
    tally.refused += 1;
  }
}
