// What GraphQL Code Generator makes of the schema as it is served, and of the sample operations.
const { CONFORMANCE_URL, CONFORMANCE_KEY } = process.env;
const text = { input: "string", output: "string" };

export default {
  schema: [{ [CONFORMANCE_URL]: { headers: { "X-API-Key": CONFORMANCE_KEY } } }],
  documents: ["client/operations.graphql"],
  generates: {
    "out/client/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        useTypeImports: true,
        // Enums grow: the generated types say that a value may come that is not known yet.
        futureProofEnums: true,
        // A scalar without a type of its own fails, instead of becoming `any`.
        strictScalars: true,
        scalars: {
          // Numbers that a float would spoil are text, both ways.
          BigInt: text,
          Decimal: text,
          CurrencyCode: text,
          Date: text,
          DateTime: text,
          ApiRequestCursor: text,
          EventCursor: text,
          JSON: "unknown",
          Metadata: { input: "Record<string, string>", output: "Record<string, string>" },
        },
      },
    },
  },
};
