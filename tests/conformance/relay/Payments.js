// What a front end with Relay would write: a list that pages, an object by its id, a command. Only the Relay compiler reads
// this file; what is run are the artifacts that it makes of it.
import { graphql } from "relay-runtime";

export const page = graphql`
  fragment PaymentsPage on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "PaymentsPageNextQuery") {
    payments(first: $count, after: $cursor) @connection(key: "PaymentsPage_payments") {
      edges {
        node {
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
  }
`;

export const first = graphql`
  query PaymentsFirstQuery($count: Int!) {
    ...PaymentsPage @arguments(count: $count)
  }
`;

export const byId = graphql`
  query PaymentsByIdQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Payment {
        status
        createdAt
        capturedAmount {
          amount
          currency
        }
      }
    }
  }
`;

export const sale = graphql`
  mutation PaymentsSaleMutation($input: PaymentSaleInput!) {
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
