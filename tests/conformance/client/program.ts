// A shop's back end in small: authorizes, captures, lists. It is compiled against the generated types, then run.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  AuthorizePaymentDocument,
  CapturePaymentDocument,
  PaymentsDocument,
  type AmountFragment,
  type PaymentStatus,
  type TypedDocumentString,
} from "../out/client/graphql";

const url = variable("CONFORMANCE_URL");
const key = variable("CONFORMANCE_KEY");

async function ask<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      "x-api-key": key,
    },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal: AbortSignal.timeout(15_000),
  });
  const answer = (await response.json()) as { data?: Result | null; errors?: unknown };
  if (answer.errors !== undefined || answer.data == null) {
    throw new Error(`${response.status} ${JSON.stringify(answer.errors)}`);
  }
  return answer.data;
}

/** Enums are open: the default branch is where a status goes that was added after this was compiled. */
function inWords(status: PaymentStatus): string {
  switch (status) {
    case "AUTHORIZED":
    case "PARTIALLY_CAPTURED":
      return "held";
    case "CAPTURED":
      return "paid";
    default:
      return `other: ${status}`;
  }
}

/** Exact, without a float: whole minor units of a number of any size. */
function minorUnits(money: AmountFragment): bigint {
  assert.equal(typeof money.amount, "string");
  assert.equal(typeof money.minor, "string");
  return BigInt(money.minor);
}

async function main(): Promise<void> {
  const merchantReference = randomUUID();
  const authorized = await ask(AuthorizePaymentDocument, {
    input: {
      idempotencyKey: randomUUID(),
      amount: { amount: "9876543210", currency: "IQD" },
      card: { number: "4242424242424242", expMonth: 12, expYear: 2035, cvv: "123" },
      merchantReference,
      metadata: { class: "4b" },
    },
  });
  assert.deepEqual(authorized.paymentAuthorize.userErrors, []);
  const held = authorized.paymentAuthorize.payment;
  assert.ok(held);
  assert.equal(inWords(held.status), "held");
  assert.equal(held.metadata["class"], "4b");
  assert.equal(minorUnits(held.capturableAmount), 9_876_543_210_000n);

  const captured = await ask(CapturePaymentDocument, {
    input: { id: held.id, idempotencyKey: randomUUID(), amount: { amount: "9876543209", currency: "IQD" } },
  });
  assert.deepEqual(captured.paymentCapture.userErrors, []);
  const taken = captured.paymentCapture.payment;
  assert.ok(taken);
  assert.equal(inWords(taken.status), "paid");
  assert.equal(minorUnits(taken.capturedAmount), 9_876_543_209_000n);
  assert.ok(taken.capturedAt != null && !Number.isNaN(Date.parse(taken.capturedAt)));

  const refused = await ask(CapturePaymentDocument, { input: { id: held.id, idempotencyKey: randomUUID() } });
  const [refusal] = refused.paymentCapture.userErrors;
  assert.ok(refusal);
  switch (refusal.code) {
    case "PAYMENT_ALREADY_CAPTURED":
      break;
    default:
      assert.fail(`another refusal: ${refusal.code}: ${refusal.message}`);
  }

  const listed = await ask(PaymentsDocument, { first: 10, filter: { merchantReference } });
  const [edge, ...others] = listed.payments.edges;
  assert.ok(edge);
  assert.deepEqual(others, []);
  assert.equal(edge.node.id, held.id);
  assert.equal(edge.node.amount.amount, "9876543210");
  assert.deepEqual(
    edge.node.operations.map((operation) => operation.kind),
    ["AUTHORIZE", "CAPTURE"],
  );
  assert.equal(listed.payments.pageInfo.hasNextPage, false);
}

function variable(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
