// The programs of docs/live.md, as they are: each hears of every sale in order, through a network that fails and after it was killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { compile } from "../lib/client.mjs";
import { command } from "../lib/command.mjs";
import { loggedOf, network, now, sell, within } from "../lib/live.mjs";
import { clientFolder, root } from "../lib/paths.mjs";

const text = readFileSync(join(root, "docs", "live.md"), "utf8");
/** The first block in a language. */
const block = (language) => new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "m").exec(text)[1];

export async function run(server) {
  const said = [];
  for (const [name, { needs, prepare, program }] of Object.entries(PROGRAMS)) {
    if (needs && !(await command(...needs).catch(() => undefined))) {
      said.push(`${name} NOT RUN (no ${needs[0]})`);
      continue;
    }
    const folder = mkdtempSync(join(tmpdir(), "tahsil-live-docs-"));
    const between = await network(server.url);
    try {
      const file = await prepare(folder);
      await (name === "curl" ? once : follows)(server, between, folder, [...program, file].filter(Boolean));
      said.push(name);
    } finally {
      between.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return said.join(", ");
}

const PROGRAMS = {
  TypeScript: {
    async prepare() {
      // Beside the client, so that it finds it by its name.
      const folder = join(clientFolder, "out", "docs");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "follow.ts"), block("ts"));
      const options = { rootDir: ".", outDir: "." };
      const project = { extends: "../../tsconfig.json", compilerOptions: options, files: ["follow.ts"], include: [] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
      await compile("tsconfig.build.json");
      await compile(join("out", "docs"));
      return join(folder, "follow.js");
    },
    program: [process.execPath],
  },
  Python: { needs: ["python3", ["--version"]], prepare: (folder) => written(folder, "follow.py", "python"), program: ["python3"] },
  curl: { needs: ["curl", ["--version"]], prepare: (folder) => written(folder, "follow.sh", "sh"), program: ["bash"] },
};

function written(folder, name, language) {
  writeFileSync(join(folder, name), block(language));
  return join(folder, name);
}

/** Loads, follows through two cuts, is killed, and goes on where it was. */
async function follows({ url, keys }, between, folder, program) {
  const known = await sell(url, keys.test);
  let lines = start(program, between.url, keys.test, folder);
  await lines.until((line) => line === `there is ${known} CAPTURED`);
  const begun = await now(url, keys.test);
  const sold = [];
  const heard = [];
  const hear = async (what) => {
    const expected = (await loggedOf(url, keys.test, begun, sold)).map(({ event }) => [event.sequence, event.name, event.subjectId].join(" "));
    // What it was killed with, before it kept the cursor, comes again.
    while (heard.length < expected.length) {
      const line = await lines.next(what);
      if (!line.startsWith("there is ") && line !== heard.at(-1)) heard.push(line);
    }
    assert.deepEqual(heard, expected, what);
  };
  sold.push(await sell(url, keys.test));
  await hear("as it happens");
  for (let cut = 0; cut < 2; cut += 1) {
    between.cut();
    sold.push(await sell(url, keys.test), await sell(url, keys.test));
    await hear("after a cut");
  }
  await lines.kill();
  sold.push(await sell(url, keys.test), await sell(url, keys.test));
  lines = start(program, between.url, keys.test, folder);
  await hear("after it was killed");
  await lines.kill();
}

/** Prints an event with its cursor. */
async function once({ url, keys }, between, folder, program) {
  const lines = start(program, between.url, keys.test, folder);
  let isTold = false;
  const told = async () => {
    const id = await lines.until((line) => line.startsWith("id: "));
    assert.equal(await lines.next("its kind"), "event: next");
    const { data } = JSON.parse((await lines.next("its data")).replace("data: ", ""));
    assert.equal(id, `id: ${data.events.cursor}`);
    assert.equal(data.events.event.name, "payment.captured");
  };
  // It begins when it is let in, which it does not say: something happens until it tells.
  const selling = async () => {
    while (!isTold) {
      await sell(url, keys.test);
      await sleep(100);
    }
  };
  try {
    await Promise.all([told().finally(() => (isTold = true)), selling()]);
  } finally {
    await lines.kill();
  }
}

/** A running program, line by line. */
function start([file, ...args], url, key, folder) {
  const child = spawn(file, args, { cwd: folder, env: { ...process.env, TAHSIL_URL: url, TAHSIL_KEY: key }, detached: true });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let complaints = "";
  child.stderr.on("data", (chunk) => (complaints += chunk));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kill = () => {
    try {
      // With what it started itself.
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  process.once("exit", kill);
  return {
    async next(what) {
      const { value, done } = await within(lines.next(), `${file}, ${what}`).catch((error) => {
        throw new Error(`${error.message}\n${complaints}`);
      });
      assert.ok(!done, `${file} ended: ${complaints}`);
      return value;
    },
    async until(holds) {
      for (;;) {
        const line = await this.next(String(holds));
        if (holds(line)) return line;
      }
    },
    async kill() {
      kill();
      process.off("exit", kill);
      await ended;
    },
  };
}
