// urql: a query, an error by its code, and persisted queries, the hashed ones by GET.
import assert from "node:assert/strict";
import { Client, fetchExchange, gql } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { recordingFetch, saleInput } from "../lib/http.mjs";
import { assertPersisted } from "../lib/persisted.mjs";

const SALE = gql`
  mutation UrqlSale($input: PaymentSaleInput!) {
    paymentSale(input: $input) {
      payment {
        id
        status
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

const PAYMENT = gql`
  query UrqlPayment($id: ID!) {
    payment(id: $id) {
      id
      capturedAmount {
        amount
        currency
      }
    }
  }
`;

const CARDS = gql`
  query UrqlCards($first: Int) {
    cards(first: $first) {
      nodes {
        id
        last4
      }
    }
  }
`;

const PERSISTED = {
  GET: gql`
    query UrqlPersistedByGet {
      merchant {
        id
      }
    }
  `,
  POST: gql`
    query UrqlPersistedByPost {
      merchant {
        id
      }
    }
  `,
};

export async function run({ url, keys, merchant }) {
  const { client } = connect(url, keys.test);
  const sold = await client.mutation(SALE, { input: saleInput("7500") });
  assert.ifError(sold.error);
  assert.deepEqual(sold.data.paymentSale.userErrors, []);
  const { id } = sold.data.paymentSale.payment;

  const asked = await client.query(PAYMENT, { id });
  assert.ifError(asked.error);
  assert.deepEqual([asked.data.payment.id, asked.data.payment.capturedAmount.amount], [id, "7500"]);
  const live = await connect(url, keys.live).client.query(PAYMENT, { id });
  assert.ifError(live.error);
  assert.equal(live.data.payment, null);

  const refused = await client.query(CARDS, { first: 1000 });
  assert.equal(refused.error?.graphQLErrors[0]?.extensions.code, "BAD_USER_INPUT");

  for (const [method, query] of Object.entries(PERSISTED)) {
    const exchange = persistedExchange({ preferGetForPersistedQueries: method === "GET" ? "force" : false });
    const persisted = connect(url, keys.test, [exchange]);
    for (let time = 0; time < 2; time += 1) {
      const answer = await persisted.client.query(query, {});
      assert.ifError(answer.error);
      assert.equal(answer.data.merchant.id, merchant);
    }
    assertPersisted(persisted.exchanges, method);
  }
  return "query, command, error by code, persisted queries by POST and GET";
}

/** A client without a cache: every query is asked. */
function connect(url, key, exchangesBefore = []) {
  const { fetch, exchanges } = recordingFetch(key);
  const client = new Client({
    url,
    fetch,
    preferGetMethod: false,
    exchanges: [...exchangesBefore, fetchExchange],
  });
  return { client, exchanges };
}
