// The lint rules for the schema, and for the sample operations that are written against it.
import graphql from "@graphql-eslint/eslint-plugin";
import { join } from "node:path";
import { here, schemaFile } from "./lib/paths.mjs";

/** Where the sample operations are. */
export const documents = [
  "client/operations.graphql",
  "relay/Payments.js",
  "checks/apollo.mjs",
  "checks/urql.mjs",
].map((path) => join(here, path));

/** Values: what they are is all there is to them, so that nothing could be asked for by an id. A cache keeps them where they
 * were found. */
const values = [
  "ApiChange",
  "ApiVersion",
  "AppliedPromoCode",
  "Balance",
  "Bill",
  "Collect",
  "CredentialAction",
  "Customer",
  "Failure",
  "IntegrityIssue",
  "IntegrityReport",
  "IntegrityRule",
  "IntegrityWarning",
  "LateMoney",
  "LedgerIntegrity",
  "LedgerLine",
  "LedgerProblem",
  "Money",
  "PageInfo",
  "Paid",
  "RateLimit",
  "UserError",
  "Viewer",
  "WebhookHeader",
  "WebhookRetrySchedule",
];

const schemaRules = {
  ...graphql.configs["flat/schema-recommended"].rules,
  ...graphql.configs["flat/schema-relay"].rules,
  // Connections have `nodes` beside `edges`, for clients that need no cursor of each item; and a list of, say, UserError is
  // no page of something.
  "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
  "@graphql-eslint/require-description": [
    "error",
    {
      types: true,
      rootField: true,
      DirectiveDefinition: true,
      FieldDefinition: true,
      InputValueDefinition: true,
      EnumValueDefinition: true,
      // The specification's own directives are written out by the GraphQL library, their arguments without a word.
      ignoredSelectors: [
        "DirectiveDefinition[name.value=/^(deprecated|include|oneOf|skip|specifiedBy)$/] > InputValueDefinition",
      ],
    },
  ],
  "@graphql-eslint/strict-id-in-types": [
    "error",
    // What a subscription tells is an event, which has an id, in an envelope.
    { exceptions: { types: values, suffixes: ["Connection", "Edge", "Envelope", "Payload", "Update"] } },
  ],
  "@graphql-eslint/input-name": "error",
  "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
  "@graphql-eslint/require-nullable-fields-with-oneof": "error",
  "house/deprecation-date": "error",
};

const operationRules = graphql.configs["flat/operations-recommended"].rules;

/** What Relay wants otherwise. */
const relayRules = {
  // Its own directives are known to its compiler only, which checks them; the rule can make exceptions for fields, but not for
  // fragments.
  "@graphql-eslint/known-directives": "off",
  // Its compiler wants "Query" or "Mutation" at the end of the name.
  "@graphql-eslint/naming-convention": [
    "error",
    { VariableDefinition: "camelCase", OperationDefinition: "PascalCase", FragmentDefinition: "PascalCase" },
  ],
  // Variables of a fragment are declared by @argumentDefinitions, and a fragment is used through a refetching query that its
  // compiler writes.
  "@graphql-eslint/no-undefined-variables": "off",
  "@graphql-eslint/no-unused-variables": "off",
};

/** "Use x. Removal after 2027-06-15": whoever reads it knows what to do, and until when. */
const deprecation = /^Use .+\. Removal after (\d{4}-\d{2}-\d{2})$/s;

/** The date of removal as the house writes it; the public rule `require-deprecation-date` wants an argument of its own for
 * it, `deletionDate`, which is no part of GraphQL. */
const deprecationDate = {
  meta: {
    type: "problem",
    messages: {
      form: 'A deprecation says "Use x. Removal after YYYY-MM-DD", not "{{ reason }}".',
      day: "{{ day }} is no day.",
    },
    schema: [],
  },
  create(context) {
    return {
      "Directive[name.value=deprecated]"(node) {
        const reason = node.arguments?.find((argument) => argument.name.value === "reason")?.value.value ?? "";
        const day = deprecation.exec(reason)?.[1];
        if (day === undefined) {
          context.report({ node: node.name, messageId: "form", data: { reason } });
        } else if (!isDay(day)) {
          context.report({ node: node.name, messageId: "day", data: { day } });
        }
      },
    };
  },
};

function isDay(text) {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** The configuration, for the schema in a file. */
export function configFor(schema) {
  const common = {
    plugins: { "@graphql-eslint": graphql, house: { rules: { "deprecation-date": deprecationDate } } },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema, documents } } },
  };
  return [
    { files: ["**/schema.graphql"], ...common, rules: schemaRules },
    { files: ["**/operations.graphql", "**/*.{js,mjs}/*.graphql"], ...common, rules: operationRules },
    { files: ["**/relay/*.js/*.graphql"], rules: relayRules },
    // Takes the operations out of the tags `graphql` and `gql`, as files of their own; for the rest of these files there are
    // no rules.
    { files: ["**/*.{js,mjs}"], processor: graphql.processor },
  ];
}

export default configFor(schemaFile);
