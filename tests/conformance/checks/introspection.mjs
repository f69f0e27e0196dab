// What the server says of itself is what the repository says of it, descriptions included.
import { readFileSync } from "node:fs";
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from "graphql";
import { ask } from "../lib/http.mjs";
import { schemaFile } from "../lib/paths.mjs";
import { Problems } from "../lib/problems.mjs";

export async function run({ url, keys }) {
  // Everything that a tool may ask for, the newest parts included.
  const query = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  const introspection = await ask(url, keys.test, query);
  // The one thing that is not compared: the GraphQL library answers here with fixed words about schemas in general, while a
  // description of this schema is written nowhere.
  delete introspection.__schema.description;
  const served = print(buildClientSchema(introspection));
  const written = print(buildSchema(readFileSync(schemaFile, "utf8")));

  const index = written.findIndex((line, at) => line !== served[at]);
  if (index >= 0 || served.length !== written.length) {
    const at = index >= 0 ? index : written.length;
    throw new Problems([
      `the served schema differs from schema.graphql at line ${at + 1} of the sorted text`,
      ...written.slice(Math.max(0, at - 3), at + 3).map((line) => `written: ${line}`),
      ...served.slice(Math.max(0, at - 3), at + 3).map((line) => `served:  ${line}`),
      "Is schema.graphql generated anew (`make generate`), and the binary built from the same code?",
    ]);
  }
  return `served schema equals schema.graphql (${written.length} lines)`;
}

function print(schema) {
  return printSchema(lexicographicSortSchema(schema)).split("\n");
}
