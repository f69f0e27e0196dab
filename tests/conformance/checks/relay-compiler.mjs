// The Relay compiler takes the sample operations: the schema is one that Relay can page through and refetch from.
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { command } from "../lib/command.mjs";
import { here, out, schemaFile } from "../lib/paths.mjs";
import { Problems } from "../lib/problems.mjs";

const ARTIFACTS = [
  "PaymentsByIdQuery",
  "PaymentsFirstQuery",
  "PaymentsPage",
  "PaymentsPageNextQuery",
  "PaymentsSaleMutation",
];

export async function run() {
  // The compiler walks the folder that holds everything it is told of; with the schema where it is, that would be the whole
  // project and what was built of it.
  mkdirSync(join(out, "relay", "artifacts"), { recursive: true });
  copyFileSync(schemaFile, join(out, "relay", "schema.graphql"));
  const compiler = join(here, "node_modules", "relay-compiler", "cli.js");
  await command(process.execPath, [compiler, "relay.config.json"], { cwd: join(here, "relay") });

  const made = readdirSync(join(out, "relay", "artifacts")).map((name) => name.replace(/\.graphql\.js$/, ""));
  const missing = ARTIFACTS.filter((name) => !made.includes(name));
  if (missing.length > 0) {
    throw new Problems([`no artifact of ${missing.join(", ")}; there are ${made.join(", ")}`]);
  }
  return `${made.length} artifacts`;
}
