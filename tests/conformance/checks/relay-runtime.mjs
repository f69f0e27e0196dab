// The Relay runtime, with the artifacts that the compiler made: a page, the next one, an object by its id, a command.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import relay from "relay-runtime";
import { keyedFetch, saleInput } from "../lib/http.mjs";
import { out } from "../lib/paths.mjs";
import { run as compile } from "./relay-compiler.mjs";

const { Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery } = relay;
const { getSingularSelector } = relay;
const PAGE = 2;

export async function run({ url, keys }) {
  const artifacts = join(out, "relay", "artifacts");
  if (!existsSync(artifacts)) {
    await compile();
  }
  const require = createRequire(import.meta.url);
  const artifact = (name) => require(join(artifacts, `${name}.graphql.js`));
  const first = artifact("PaymentsFirstQuery");
  const next = artifact("PaymentsPageNextQuery");
  const fragment = artifact("PaymentsPage");
  const environment = connect(url, keys.test);

  // Newest first, so that these are the first pages whatever other checks have sold.
  const sold = [];
  for (const amount of ["1000", "2000", "3000"]) {
    sold.unshift(await sell(environment, artifact("PaymentsSaleMutation"), saleInput(amount)));
  }

  const query = createOperationDescriptor(first, { count: PAGE });
  // The store keeps what somebody retains, as a component on the screen would.
  const retained = environment.retain(query);
  const data = await fetchQuery(environment, first, { count: PAGE }).toPromise();
  const page = () => environment.lookup(getSingularSelector(fragment, data)).data.payments;
  assert.deepEqual(ids(page()), sold.slice(0, PAGE));
  assert.equal(page().pageInfo.hasNextPage, true);
  assert.deepEqual(page().edges.map(({ node }) => node.amount.amount), ["3000", "2000"]);

  // What `loadNext` does: the refetching query with the cursor, whose page is put behind the first one in the store.
  const variables = { count: PAGE, cursor: page().pageInfo.endCursor };
  environment.retain(createOperationDescriptor(next, variables));
  await fetchQuery(environment, next, variables).toPromise();
  assert.deepEqual(ids(page()).slice(0, sold.length), sold);
  assert.equal(new Set(ids(page())).size, page().edges.length);

  const byId = await fetchQuery(environment, artifact("PaymentsByIdQuery"), { id: sold[0] }).toPromise();
  assert.deepEqual(
    [byId.node.__typename, byId.node.id, byId.node.status, byId.node.capturedAmount.amount],
    ["Payment", sold[0], "CAPTURED", "3000"],
  );
  retained.dispose();
  return "page, next page behind it, node by id, command";
}

function ids(connection) {
  return connection.edges.map(({ node }) => node.id);
}

function connect(url, key) {
  const send = keyedFetch(key);
  const network = Network.create(async ({ text }, variables) => {
    const response = await send(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  });
  return new Environment({ network, store: new Store(new RecordSource()) });
}

function sell(environment, mutation, input) {
  return new Promise((resolve, reject) => {
    commitMutation(environment, {
      mutation,
      variables: { input },
      onError: reject,
      onCompleted({ paymentSale }, errors) {
        try {
          assert.ok(!errors?.length, JSON.stringify(errors));
          assert.deepEqual(paymentSale.userErrors, []);
          resolve(paymentSale.payment.id);
        } catch (error) {
          reject(error);
        }
      },
    });
  });
}
