// Every dialect of webhooks by what receivers verify with: the libraries of npm and PyPI, and the sample that S2 prints. A server of
// its own sends to a receiver of ours what is hardest for JavaScript; what comes is taken as it is, and refused when it is changed.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, saleInput } from "../lib/http.mjs";
import { Problems } from "../lib/problems.mjs";
import { startServer } from "../lib/server.mjs";
import { rasedi, send } from "../lib/signing.mjs";
import { DESCRIPTIONS, ENDPOINTS, METADATA, isHard } from "../webhooks/cases.mjs";
import { CONFIRM, CREATE, DELIVERIES, LINK, REFUND, REVEAL, ROTATE, SALE, WAITING } from "../webhooks/documents.mjs";
import { NOT_RUN, byJose, ofHmac, ofPython, ofStandard, ofTimestamped, standardOf } from "../webhooks/proofs.mjs";
import { receiver } from "../webhooks/receiver.mjs";
import { Tally } from "../webhooks/verifiers.mjs";

const DELIVERED_MS = 20_000;
const SETTINGS = { TAHSIL_ROLE: "all", TAHSIL_WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8", TAHSIL_WEBHOOK_JITTER: "false" };

export async function run() {
  const server = await startServer(process.env.TAHSIL_BIN, SETTINGS);
  const to = await receiver();
  try {
    const world = new World(server, to);
    await world.setUp();
    return await world.checked();
  } catch (error) {
    const complaints = server.complaints().map((line) => `the server logged: ${line}`);
    throw error instanceof Problems ? new Problems([error.message, ...complaints]) : error;
  } finally {
    to.close();
    await server.stop();
  }
}

class World {
  constructor(server, to) {
    Object.assign(this, { server, to, endpoints: {}, used: new Map(), parts: 0 });
  }

  /** A command; what it gives, if it was not refused. */
  async command(document, input) {
    const [{ userErrors, ...given }] = Object.values(await ask(this.server.url, this.server.keys.test, document, { input }));
    assert.deepEqual(userErrors, [], JSON.stringify(input));
    return given;
  }

  async setUp() {
    for (const [name, { isOwn, ...more }] of Object.entries(ENDPOINTS)) {
      const own = isOwn ? { secret: randomBytes(24).toString("hex") } : {};
      const input = { url: `${this.to.url}/${name}`, ...more, ...own };
      const { secret, webhookEndpoint } = await this.command(CREATE, input);
      if (isOwn) {
        assert.equal(secret, own.secret);
      }
      this.endpoints[name] = { id: webhookEndpoint.id, dialect: more.dialect, path: `/${name}`, secrets: [secret], wrong: [`whsec_${randomBytes(32).toString("base64")}`] };
    }
  }

  /** Runs the parts one after the other, so that what one finds does not hide what the others do. */
  async checked() {
    const problems = [];
    const part = async (name, work) => {
      try {
        const said = await work();
        console.log(`webhooks: ${name}: ${said}`);
        this.lacking ||= said.includes(NOT_RUN);
        this.parts += said.startsWith(NOT_RUN) ? 0 : 1;
      } catch (error) {
        problems.push(`${name}: ${error.stack ?? error}`);
      }
    };
    let first;
    await part("deliveries", async () => {
      first = await this.happenings();
      return `${first.length} came to ${Object.keys(ENDPOINTS).length} endpoints, each once and as the log has it`;
    });
    if (first) {
      await this.verified(part, first, "");
    }
    await part("rotation with an overlap", () => this.rotated(60, (secrets, made) => [[...secrets.slice(0, 1), made], []]));
    await this.later(part, "during the overlap, ");
    await part("rotation without one", () => this.rotated(0, (secrets, made) => [[made], secrets]));
    await this.later(part, "after a rotation without one, ");
    await part("callback of S3", () => this.callbacks());
    if (problems.length > 0) {
      throw new Problems(problems);
    }
    return `${this.parts} parts hold${this.lacking ? `; Python ${NOT_RUN}` : ""}`;
  }

  async later(part, when) {
    let came;
    await part(`${when}deliveries`, async () => {
      await this.sale(METADATA[1], DESCRIPTIONS[1]);
      came = await this.delivered();
      return `${came.length} came`;
    });
    if (came) {
      await this.verified(part, came, when);
    }
  }

  async sale(metadata, description, card = {}) {
    const input = { ...saleInput(), description, metadata: JSON.parse(metadata) };
    Object.assign(input.card, card);
    const { payment } = await this.command(SALE, input);
    return payment;
  }

  async refund(id, amount) {
    await this.command(REFUND, { id, idempotencyKey: randomUUID(), reason: DESCRIPTIONS[1], amount: { amount, currency: "IQD" } });
  }

  /** Sales and refunds that are told in words and keys which do not come back from everywhere as they went in. */
  async happenings() {
    await this.refusesControlCharacters();
    for (const [at, metadata] of METADATA.entries()) {
      const { id, status } = await this.sale(metadata, DESCRIPTIONS[at]);
      assert.equal(status, "CAPTURED");
      await this.refund(id, "25000");
      if (at === 0) {
        await this.refund(id, "100000");
      }
    }
    const { status } = await this.sale(METADATA[0], DESCRIPTIONS[0], { number: "4000000000000002" });
    assert.equal(status, "FAILED");
    // Nothing else has a boolean; nothing at all has a null.
    await this.command(LINK, { idempotencyKey: randomUUID(), title: "قسط / 2", amount: { amount: "125000", currency: "IQD" }, collect: { email: true } });
    const came = await this.delivered();
    isHard(came);
    return came;
  }

  /** They are in no delivery because no door takes them; if one did, they would have to be among the cases above. */
  async refusesControlCharacters() {
    for (const character of ["\0", "\b", "\n", "\u001f", "\u007f", "\u0085"]) {
      const input = { ...saleInput(), description: `a${character}b` };
      const { userErrors } = (await ask(this.server.url, this.server.keys.test, SALE, { input })).paymentSale;
      assert.ok(userErrors.length > 0, `the description takes ${JSON.stringify(character)}`);
    }
  }

  async log() {
    const all = [];
    for (let [after, isMore] = [null, true]; isMore; ) {
      const { nodes, pageInfo } = (await ask(this.server.url, this.server.keys.test, DELIVERIES, { after })).webhookDeliveries;
      all.push(...nodes);
      [after, isMore] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    return all;
  }

  /** What has come since the last time, once nothing is under way; with the secrets by which it was signed. */
  async delivered() {
    // Events are told a moment after they have happened: nothing is under way when nothing is so twice.
    for (let [end, quiet, newest] = [Date.now() + DELIVERED_MS, 0]; quiet < 3; await sleep(100)) {
      const { last, ...waiting } = await ask(this.server.url, this.server.keys.test, WAITING);
      const isQuiet = last.nodes[0]?.id === newest && Object.values(waiting).every(({ nodes }) => nodes.length === 0);
      quiet = isQuiet ? quiet + 1 : 0;
      newest = last.nodes[0]?.id;
      assert.ok(Date.now() < end, `not delivered: ${JSON.stringify(waiting)}`);
    }
    const log = await this.log();
    const came = [];
    for (const [name, endpoint] of Object.entries(this.endpoints)) {
      const { id, path, dialect, secrets, wrong } = endpoint;
      const logged = log.filter(({ endpointId }) => endpointId === id);
      const arrived = this.to.to(path);
      assert.deepEqual(arrived.map(({ headers }) => headers["webhook-id"]).sort(), logged.map(({ messageId }) => messageId).sort(), `${name}: each once`);
      const known = this.used.get(name) ?? new Set();
      this.used.set(name, known);
      for (const { headers, body } of arrived) {
        const { body: kept, ...how } = logged.find(({ messageId }) => messageId === headers["webhook-id"]);
        assert.deepEqual([how.status, how.attemptCount, how.lastStatus], ["DELIVERED", 1, 200], JSON.stringify(how));
        assert.ok(body.equals(Buffer.from(kept)), `${name}: ${body} is not what the log says: ${kept}`);
        if (!known.has(headers["webhook-id"])) {
          known.add(headers["webhook-id"]);
          came.push({ name, dialect, headers, body, secrets, wrong, what: `${how.eventName} to ${name}` });
        }
      }
    }
    for (const [name, { dialect }] of Object.entries(this.endpoints)) {
      assert.ok(came.some((delivery) => delivery.name === name), `nothing came to ${name} (${dialect})`);
    }
    return came;
  }

  /** Every delivery by every verifier that its dialect has. */
  async verified(part, came, when) {
    await part(`${when}S2's sample`, () => ofHmac(came.filter(({ dialect }) => dialect === "HMAC")));
    await part(`${when}standardwebhooks of npm`, () => ofStandard(came));
    await part(`${when}stripe of npm`, () => ofTimestamped(came.filter(({ dialect }) => dialect === "TIMESTAMPED")));
    await part(`${when}Python`, () => ofPython(came));
  }

  /** Gives every endpoint another secret; `becomes` says which are right afterwards, and which are wrong. */
  async rotated(overlapMinutes, becomes) {
    for (const endpoint of Object.values(this.endpoints)) {
      const { secret, nextSecret } = await this.command(ROTATE, { id: endpoint.id, overlapMinutes });
      const made = overlapMinutes > 0 ? nextSecret : secret;
      assert.ok(made && !endpoint.secrets.includes(made), "a new secret");
      const [secrets, wrong] = becomes(endpoint.secrets, made);
      assert.deepEqual([secret, nextSecret ?? undefined], [secrets[0], secrets[1]]);
      Object.assign(endpoint, { secrets, wrong: [...endpoint.wrong, ...wrong] });
    }
    return `${Object.keys(this.endpoints).length} endpoints`;
  }

  /** Two payments through the door of S3 that carry an address of their own: one is paid, one given up. */
  async callbacks() {
    const { origin } = new URL(this.server.url);
    const credential = await this.server.credential("test", "--signing-key", "ed25519");
    const door = async (method, path, body) => {
      const request = rasedi(credential, method, `/v1/payment/rest/test/${path}`, body && JSON.stringify(body));
      const { status, text } = await send(origin, request);
      assert.equal(status, 200, `${method} ${path}: ${text}`);
      return JSON.parse(text);
    };
    const order = {
      amount: "150000",
      gateways: ["CREDIT_CARD"],
      title: "Order #1241",
      description: DESCRIPTIONS[1],
      redirectUrl: "https://merchant.example.com/payment/success",
      collectFeeFromCustomer: false,
      collectCustomerEmail: false,
      collectCustomerPhoneNumber: false,
    };
    const codes = {};
    for (const ending of ["PAID", "CANCELED"]) {
      codes[ending] = (await door("POST", "create", { ...order, callbackUrl: `${this.to.url}/callback-${ending}` })).referenceCode;
    }
    const { intents } = await ask(this.server.url, this.server.keys.test, "{ intents(first: 10) { nodes { id reference } } }");
    const { id } = intents.nodes.find(({ reference }) => reference === codes.PAID);
    const { card } = saleInput();
    const { intent } = await this.command(CONFIRM, { id, card, idempotencyKey: randomUUID() });
    assert.equal(intent.status, "SUCCEEDED");
    await door("PATCH", `cancel/${codes.CANCELED}`);

    const { webhookEndpoints } = await ask(this.server.url, this.server.keys.test, "{ webhookEndpoints { id slot } }");
    const slot = webhookEndpoints.find((endpoint) => endpoint.slot === "CALLBACK");
    const { secret } = await this.command(REVEAL, { id: slot.id });
    const keys = await door("GET", "get-public-keys");
    const jwt = new Tally("jose");
    const library = new Tally("standardwebhooks of npm");
    const came = [];
    for (const [status, referenceCode] of Object.entries(codes)) {
      const delivery = await this.callback(`/callback-${status}`);
      const { keyId, content, ...plain } = JSON.parse(delivery.body);
      assert.deepEqual(Object.keys(plain), ["referenceCode", "status", "payoutAmount"]);
      assert.deepEqual([plain.referenceCode, plain.status], [referenceCode, status]);
      assert.match(String(plain.payoutAmount), status === "PAID" ? /^[1-9][0-9]*$/ : /^null$/);
      await byJose(jwt, plain, keyId, content, keys);
      const signed = { ...delivery, what: `callback ${status}`, secrets: [secret], wrong: [this.endpoints.hmac.wrong[0]] };
      standardOf(library, signed);
      came.push(signed);
    }
    return `${jwt}; ${library}; ${await ofPython(came)}`;
  }

  async callback(path) {
    for (const end = Date.now() + DELIVERED_MS; ; await sleep(50)) {
      const came = this.to.to(path);
      if (came.length > 0) {
        assert.equal(came.length, 1, path);
        return came[0];
      }
      assert.ok(Date.now() < end, `no callback came to ${path}`);
    }
  }
}
