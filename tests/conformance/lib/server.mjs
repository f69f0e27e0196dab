// A server of our own: a database in a temporary folder, a free port, one merchant with a key for each mode, an operator.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "./command.mjs";
import { Problems } from "./problems.mjs";

const READY_MS = 30_000;
const STOP_MS = 5_000;

/** `settings` are environment variables beside those that every server here has. */
export async function startServer(binary, settings = {}) {
  if (!existsSync(binary)) {
    throw new Problems([`there is no server at ${binary}: build it, or set TAHSIL_BIN`]);
  }
  const folder = mkdtempSync(join(tmpdir(), "tahsil-conformance-"));
  let server;
  // Also the last resort when the runner itself ends in an unforeseen way: exit handlers run then, too.
  const discard = () => {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", discard);

  // Settings of whoever runs the tests are not the server's; neither is a tahsil.toml of the working directory.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TAHSIL_"));
  const env = {
    ...Object.fromEntries(inherited),
    TAHSIL_DATABASE_URL: `sqlite://${join(folder, "tahsil.db")}`,
    TAHSIL_KEY_FILE: join(folder, "tahsil.key"),
    TAHSIL_LOG: "info",
    TAHSIL_LIVE_PROVIDER: "sandbox",
    TAHSIL_LOG_FORMAT: "json",
    // What is refused on purpose, by the hundred, must not shut out the rest of the run.
    TAHSIL_LIMIT_REFUSED_KEYS_PER_SECOND: "10000",
    ...settings,
  };
  const cli = async (...args) => JSON.parse(await command(binary, [...args, "--output", "json"], { cwd: folder, env }));

  await command(binary, ["migrate"], { cwd: folder, env });
  const merchant = await cli("merchant", "create", "--name", "Conformance");
  const credential = (mode, ...more) =>
    cli("credential", "create", "--merchant", merchant.id, "--mode", mode, "--name", mode, "--scopes", "all", ...more);
  const keys = {
    test: (await credential("test")).secret,
    live: (await credential("live")).secret,
    operator: (await cli("operator", "create", "--name", "Conformance")).secret,
  };

  let log = "";
  /** Starts it at an address; gives the one that it has. */
  const serve = (listen) =>
    new Promise((resolve, reject) => {
      let said = "";
      server = spawn(binary, ["serve"], {
        cwd: folder,
        env: { ...env, TAHSIL_LISTEN: listen },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const fail = (why) => reject(new Problems([`the server ${why}`, said]));
      const timer = setTimeout(() => fail(`was not ready within ${READY_MS} ms`), READY_MS);
      const read = (chunk) => {
        said += chunk;
        log += chunk;
        const listening = /"listen":"([^"]+)"/.exec(said);
        if (listening) {
          clearTimeout(timer);
          resolve(listening[1]);
        }
      };
      server.stdout.on("data", read);
      server.stderr.on("data", read);
      server.once("error", (error) => fail(`did not start: ${error.message}`));
      server.once("exit", (code) => fail(`ended with ${code}`));
    });
  const end = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      const timer = setTimeout(() => server.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
  };
  const address = await serve("127.0.0.1:0");

  return {
    url: `http://${address}/graphql`,
    keys,
    merchant: merchant.id,
    /** Makes a credential in a mode, with more arguments of `tahsil credential create`. */
    credential,
    /** What it complained of, for the report of a failure. */
    complaints: () => log.split("\n").filter((line) => /"level":"(WARN|ERROR)"/.test(line)).slice(-10),
    /** Ends it as an update would, and starts it again where it was. */
    async restart() {
      await end();
      await serve(address);
    },
    async stop() {
      await end();
      discard();
      process.off("exit", discard);
    },
  };
}
