// A typed client: generated from the schema as it is served, compiled strictly, run against the server.
import { join } from "node:path";
import { command } from "../lib/command.mjs";
import { here, out } from "../lib/paths.mjs";

export async function run({ url, keys }) {
  const env = { ...process.env, CONFORMANCE_URL: url, CONFORMANCE_KEY: keys.test };
  const node = (...args) => command(process.execPath, args, { cwd: here, env });
  const tool = (...path) => join(here, "node_modules", ...path);

  await node(tool("@graphql-codegen", "cli", "cjs", "bin.js"), "--config", "client/codegen.mjs");
  await node(tool("typescript", "bin", "tsc"), "--project", "client/tsconfig.json");
  await node(join(out, "js", "client", "program.js"));
  return "client generated from introspection, compiled strictly, run: authorize, capture, refuse, list";
}
