// What receivers verify with, in Node.js. Each takes a delivery or throws; `why` is what it says when it does not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import vm from "node:vm";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { here } from "../lib/paths.mjs";

const stripe = new Stripe("sk_test_none");

/** Lets the libraries believe that it is this second while `work` runs; one of them cannot be given the time. */
function at(second, work) {
  const { now } = Date;
  Date.now = second === undefined ? now : () => second * 1000;
  try {
    return work();
  } finally {
    Date.now = now;
  }
}

/** Standard Webhooks; a secret in another form than theirs is taken as bytes. */
export function standard({ headers, body }, secret, second) {
  const options = secret.startsWith("whsec_") ? undefined : { format: "raw" };
  return at(second, () => new Webhook(secret, options).verify(body, headers));
}

/** Stripe's, with its own tolerance of 300 seconds. */
export function timestamped({ headers, body }, secret, second) {
  return at(second, () => stripe.webhooks.constructEvent(body, headers["x-webhook-signature-v2"], secret));
}

/**
 * The sample that S2 prints, character for character (`s2-sample.js`), behind what express does with a body. Gives the status and
 * the text that it answers with; what it throws, express would answer with 500.
 */
export function s2({ headers, body }, secret) {
  const source = readFileSync(join(here, "webhooks", "s2-sample.js"), "utf8");
  const handlers = new Map();
  const app = { post: (path, handler) => handlers.set(path, handler) };
  const require = createRequire(import.meta.url);
  const sandbox = vm.createContext({ require, app, Buffer, process: { env: { WEBHOOK_SECRET: secret } } });
  vm.runInContext(source, sandbox, { filename: "s2-sample.js" });
  const answer = { code: 200, status: (code) => Object.assign(answer, { code }), send: (text) => Object.assign(answer, { text }) };
  handlers.get("/webhooks/payment")({ headers, body: JSON.parse(body.toString("utf8")) }, answer);
  return `${answer.code} ${answer.text}`;
}

/** Counts what was taken and refused, and holds every refusal against its reason. */
export class Tally {
  constructor(name) {
    this.name = name;
    this.taken = 0;
    this.refused = 0;
  }

  takes(what, verify) {
    let given;
    try {
      given = verify();
    } catch (error) {
      throw new assert.AssertionError({ message: `${this.name} refuses ${what}: ${error.message}` });
    }
    this.taken += 1;
    return given;
  }

  refuses(what, why, verify) {
    assert.throws(verify, why, `${this.name}, ${what}`);
    this.refused += 1;
  }

  toString() {
    assert.ok(this.taken > 0 && this.refused > 0, `${this.name} has had nothing to do`);
    return `${this.name}: ${this.taken} taken, ${this.refused} refused`;
  }
}

/** The delivery with one bit of a byte of its body turned over: in an id, where it is JSON still, or where it is said. */
export function flipped(delivery, place = delivery.body.toString("latin1").search(/(?<="(?:id|referenceCode)":"(?:[a-z]+_)?)/)) {
  assert.ok(place >= 0, "the body has an id");
  const body = Buffer.from(delivery.body);
  body[place] ^= 1;
  return { ...delivery, body };
}

export function withHeader(delivery, name, value) {
  return { ...delivery, headers: { ...delivery.headers, [name]: value } };
}
