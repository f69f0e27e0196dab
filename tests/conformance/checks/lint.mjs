// The lint rules of eslint.config.mjs: on the schema, and on the sample operations.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documents } from "../eslint.config.mjs";
import { command } from "../lib/command.mjs";
import { here, out, schemaFile } from "../lib/paths.mjs";
import { Problems } from "../lib/problems.mjs";

// The schema is generated, so that an exception cannot stand in it beside what it excuses. Each says the rule, the line that
// the rule points to, and why.
const EXCEPTIONS = [
  {
    rule: "@graphql-eslint/no-typename-prefix",
    line: "type Card implements Node > cardholderName: String",
    why: "A cardholder is no card's older: it is one word, as the schemes write it.",
  },
  {
    rule: "@graphql-eslint/relay-edge-types",
    line: "type LedgerEntryEdge",
    why: "A line of a journal is read with the others, never by itself: its id is the journal's and a number.",
  },
];

export async function run() {
  const [found] = await Promise.all([lint(schemaFile, [schemaFile, ...documents]), proveItself()]);
  const excuses = (exception, { rule, line }) => exception.rule === rule && exception.line === line;
  const problems = found.filter((problem) => !EXCEPTIONS.some((exception) => excuses(exception, problem)));
  const idle = EXCEPTIONS.filter((exception) => !found.some((problem) => excuses(exception, problem)));
  if (problems.length + idle.length > 0) {
    throw new Problems([
      ...problems.map(({ at, rule, message, line }) => `${at} ${rule}: ${message} (${line})`),
      ...idle.map(({ rule, line }) => `the exception from ${rule} for "${line}" excuses nothing: remove it`),
    ]);
  }
  return `schema.graphql and ${documents.length} files of operations, ${EXCEPTIONS.length} exceptions with reasons`;
}

/** What the rules say. In a process of its own each time, because the plugin keeps the first schema that it reads. */
async function lint(schema, files) {
  return JSON.parse(await command(process.execPath, [join(here, "lib", "lint.mjs"), schema, ...files]));
}

/** Rules that are never broken may as well be off: each of these has to object to a schema made for it. */
async function proveItself() {
  const wrong = `
type Query {
  "Undated."
  a: String @deprecated(reason: "Use b.")
  "On no day."
  b: String @deprecated(reason: "Use c. Removal after 2027-02-30")
  "As it should be."
  c: String @deprecated(reason: "Use d. Removal after 2027-02-28")
  "Without a reason."
  d: String @deprecated
  undescribed: String
  "A list that does not page."
  things: ThingConnection!
}
"A page."
type ThingConnection {
  "No list."
  edges: ThingEdge!
  "May be missing."
  pageInfo: PageInfo
}
"An edge without a cursor."
type ThingEdge {
  "A thing."
  node: Thing!
}
"Without an id."
type Thing {
  "Named badly."
  Bad_Name: String
}
"Lacks the cursors."
type PageInfo {
  "More of it."
  hasNextPage: Boolean!
}
"Nobody leads here."
type Island {
  "An id."
  id: ID!
}
`;
  const expected = [
    "@graphql-eslint/naming-convention",
    "@graphql-eslint/no-unreachable-types",
    "@graphql-eslint/relay-arguments",
    "@graphql-eslint/relay-connection-types",
    "@graphql-eslint/relay-edge-types",
    "@graphql-eslint/relay-page-info",
    "@graphql-eslint/require-deprecation-reason",
    "@graphql-eslint/require-description",
    "@graphql-eslint/strict-id-in-types",
  ];
  const folder = join(out, "lint");
  const file = join(folder, "schema.graphql");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, wrong);

  const found = await lint(file, [file]);
  const silent = expected.filter((rule) => !found.some((problem) => problem.rule === rule));
  const dates = found.filter((problem) => problem.rule === "house/deprecation-date").map(({ message }) => message);
  if (silent.length > 0 || dates.length !== 3) {
    throw new Problems([
      `self-test: silent on a wrong schema: ${silent.join(", ") || "no rule"}; deprecations objected to: ${dates.length} of 3`,
      ...dates,
    ]);
  }
}
