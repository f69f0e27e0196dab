// The schema against the last released one: what breaks a client that works today fails, what might is printed.
import { readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";
import { releasedFile, schemaFile } from "../lib/paths.mjs";
import { Problems } from "../lib/problems.mjs";

export async function run() {
  const released = readFileSync(releasedFile, "utf8");
  await proveItself(released);

  const changes = await diff(buildSchema(released), buildSchema(readFileSync(schemaFile, "utf8")));
  const of = (level) => changes.filter((change) => change.criticality.level === level);
  const [breaking, dangerous] = [of(CriticalityLevel.Breaking), of(CriticalityLevel.Dangerous)];
  for (const change of dangerous) {
    console.log(`schema-diff: dangerous: ${describe(change)}`);
  }
  if (breaking.length > 0) {
    throw new Problems([
      ...breaking.map((change) => `breaks clients: ${describe(change)}`),
      "Keep the old way beside the new one, deprecated; or replace released.graphql if no release had it.",
    ]);
  }
  return `0 breaking, ${dangerous.length} dangerous, ${of(CriticalityLevel.NonBreaking).length} other changes since the release`;
}

function describe(change) {
  return [change.message, change.criticality.reason].filter(Boolean).join(": ");
}

/** A check that cannot fail proves nothing: what breaks clients has to be found in altered copies. */
async function proveItself(released) {
  const alterations = [
    ["FIELD_REMOVED", /(type Payment implements Node \{[^]*?)\n  version: Int!/, "$1"],
    ["FIELD_TYPE_CHANGED", /(type Payment implements Node \{[^]*?\n  version: )Int!/, "$1String"],
    ["ENUM_VALUE_REMOVED", /(enum PaymentStatus \{[^]*?)\n  VOIDED/, "$1"],
    ["INPUT_FIELD_ADDED", /input CustomerInput \{/, "$&\n  phone: String!"],
  ];
  for (const [type, pattern, replacement] of alterations) {
    // A description is left over where something is removed: it goes with what it described.
    const altered = released.replace(pattern, replacement).replace(/  """[^"]*"""\n(?=\s*(\}|"""))/g, "");
    const found = await diff(buildSchema(released), buildSchema(altered));
    const breaking = found.filter((change) => change.criticality.level === CriticalityLevel.Breaking);
    if (!breaking.some((change) => change.type === type)) {
      throw new Problems([`self-test: ${type} was not found in an altered schema: ${JSON.stringify(found)}`]);
    }
  }
}
