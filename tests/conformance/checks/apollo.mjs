// Apollo Client: a query, errors by their codes, a command, and persisted queries, the hashed ones by GET.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { RetryLink } from "@apollo/client/link/retry";
import { parse } from "graphql";
import { recordingFetch, saleInput } from "../lib/http.mjs";
import { assertPersisted } from "../lib/persisted.mjs";
import { startServer } from "../lib/server.mjs";

const MERCHANT = gql`
  query ApolloMerchant {
    merchant {
      id
      mode
      name
    }
  }
`;

const PAYMENTS = gql`
  query ApolloPayments($first: Int) {
    payments(first: $first) {
      nodes {
        id
        status
        amount {
          amount
          currency
          minor
        }
      }
    }
  }
`;

const SALE = gql`
  mutation ApolloSale($input: PaymentSaleInput!) {
    paymentSale(input: $input) {
      payment {
        id
        status
        capturedAmount {
          amount
          minor
        }
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

const MERCHANT_CREATE = gql`
  mutation ApolloMerchantCreate($input: MerchantCreateInput!) {
    merchantCreate(input: $input) {
      merchant {
        id
        currency
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

export async function run({ url, keys, merchant }) {
  const { client } = connect(url, keys.test);
  const asked = await client.query({ query: MERCHANT });
  assert.equal(asked.data.merchant.id, merchant);
  assert.equal(asked.data.merchant.mode, "TEST");

  const sold = await client.mutate({ mutation: SALE, variables: { input: saleInput("12500") } });
  assert.deepEqual(sold.data.paymentSale.userErrors, []);
  const payment = sold.data.paymentSale.payment;
  assert.equal(payment.status, "CAPTURED");
  assert.deepEqual([payment.capturedAmount.amount, payment.capturedAmount.minor], ["12500", "12500000"]);

  const listed = await client.query({ query: PAYMENTS, variables: { first: 1 } });
  assert.equal(listed.data.payments.nodes[0].id, payment.id);
  assert.equal(listed.data.payments.nodes[0].amount.amount, "12500");

  // An error of a field, of the document, and of the key: all are read as GraphQL errors with a code, whatever the status.
  await assertCode(client.query({ query: PAYMENTS, variables: { first: 1000 } }), "BAD_USER_INPUT");
  await assertCode(client.query({ query: parse("{ nothing }") }), "GRAPHQL_VALIDATION_FAILED");
  await assertCode(connect(url, "esk_test_none").client.query({ query: MERCHANT }), "UNAUTHENTICATED");

  // The other keys: the live one sees nothing of the test mode, the operator belongs to no merchant and makes some.
  const live = connect(url, keys.live).client;
  assert.equal((await live.query({ query: MERCHANT })).data.merchant.mode, "LIVE");
  assert.deepEqual((await live.query({ query: PAYMENTS, variables: { first: 10 } })).data.payments.nodes, []);
  const operator = connect(url, keys.operator).client;
  assert.equal((await operator.query({ query: MERCHANT })).data.merchant, null);
  const created = await operator.mutate({
    mutation: MERCHANT_CREATE,
    variables: { input: { name: "Made by Apollo", currency: "USD" } },
  });
  assert.deepEqual(created.data.merchantCreate.userErrors, []);
  assert.equal(created.data.merchantCreate.merchant.currency, "USD");

  await persisted(url, keys.test, merchant);
  const refused = await patient();
  return `query, command, errors by code, each kind of key, persisted queries by POST and GET, ${refused} times 429 and served in the end`;
}

/**
 * More queries at once than a merchant has: RetryLink, which sees statuses with plain JSON only, has all served. The server is one that
 * allows so few that any machine asks faster than it may.
 */
async function patient() {
  const server = await startServer(process.env.TAHSIL_BIN, { TAHSIL_LIMIT_QUERIES_PER_SECOND: "10" });
  try {
    const retry = new RetryLink({
      delay: { initial: 500, max: 2_000 },
      attempts: { max: 100, retryIf: (error) => error?.statusCode === 429 },
    });
    const { client, exchanges } = connect(server.url, server.keys.test, [retry], { accept: "application/json" });
    const asked = Array.from({ length: 60 }, () => client.query({ query: MERCHANT, context: { queryDeduplication: false } }));
    for (const { data } of await Promise.all(asked)) assert.equal(data.merchant.id, server.merchant);
    const refused = exchanges.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0, "nothing was refused");
    for (const { body } of refused) assert.equal(body.errors[0].extensions.code, "THROTTLED");
    return refused.length;
  } finally {
    await server.stop();
  }
}

/** A client without a cache of answers: every query is asked. */
function connect(url, key, before = [], headers = {}) {
  const { fetch, exchanges } = recordingFetch(key);
  const client = new ApolloClient({
    link: ApolloLink.from([...before, new HttpLink({ uri: url, fetch, headers })]),
    cache: new InMemoryCache(),
    defaultOptions: { query: { fetchPolicy: "no-cache" } },
  });
  return { client, exchanges };
}

async function assertCode(answer, code) {
  const error = await answer.then(
    () => assert.fail(`no error, but ${code} was expected`),
    (error) => error,
  );
  assert.ok(CombinedGraphQLErrors.is(error), `${code} came as ${error?.name}: ${error?.message}`);
  assert.equal(error.errors[0].extensions?.code, code);
}

/** Hash alone, then hash and text, then for ever the hash alone. */
async function persisted(url, key, merchant) {
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  for (const useGETForHashedQueries of [false, true]) {
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries });
    const { client, exchanges } = connect(url, key, [link]);
    // A document that no other run of this loop has registered.
    const query = parse(`query ApolloPersisted${useGETForHashedQueries ? "Get" : "Post"} { merchant { id } }`);
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await client.query({ query })).data.merchant.id, merchant);
    }
    assertPersisted(exchanges, useGETForHashedQueries ? "GET" : "POST");
  }
}
