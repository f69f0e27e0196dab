// Runs the checks one after the other and says one line about each. Arguments, if any, pick checks by name.
import { mkdirSync, rmSync } from "node:fs";
import { out } from "./lib/paths.mjs";
import { Problems } from "./lib/problems.mjs";
import { startServer } from "./lib/server.mjs";

// Those that need no server come first: they are the quickest to say what is wrong with the schema.
const names = [
  "schema-diff",
  "lint",
  "relay-compiler",
  "introspection",
  "graphql-http",
  "codegen",
  "apollo",
  "urql",
  "relay-runtime",
  "signing-native",
  "signing-http",
  "signing-examples",
  "signing-postman",
  "postman",
  "callbacks",
  "webhooks",
  "live-graphql-ws",
  "live-graphql-sse",
  "live-client",
  "live-docs",
];
const CHECK_MS = 90_000;

const picked = process.argv.slice(2);
const unknown = picked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`FAILED: no such check: ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exit(1);
}

let server;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    console.error(`FAILED: stopped by ${signal}`);
    await server?.stop();
    process.exit(1);
  });
}

const failed = [];
try {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  server = await startServer(process.env.TAHSIL_BIN);
  for (const name of picked.length > 0 ? picked : names) {
    await check(name);
  }
} catch (error) {
  failed.push("server");
  report("server", error);
} finally {
  await server?.stop();
}
if (failed.length > 0) {
  for (const line of server?.complaints() ?? []) {
    console.error(`the server logged: ${line}`);
  }
  console.error(`FAILED: conformance: ${failed.join(", ")}`);
}
// A client that keeps a socket or a timer must not keep the run.
process.exit(failed.length > 0 ? 1 : 0);

async function check(name) {
  const begun = performance.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Problems([`did not end within ${CHECK_MS} ms`])), CHECK_MS);
  });
  try {
    const { run } = await import(`./checks/${name}.mjs`);
    const summary = await Promise.race([run(server), late]);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${name}: ${summary} [${seconds} s]`);
  } catch (error) {
    failed.push(name);
    report(name, error);
  } finally {
    clearTimeout(timer);
  }
}

function report(name, error) {
  // A problem speaks for itself; anything else is a defect somewhere, and its stack says where.
  const text = error instanceof Problems ? error.message : (error?.stack ?? String(error));
  console.error(`${name}: FAILED\n${text.replace(/^/gm, "    ")}`);
}
