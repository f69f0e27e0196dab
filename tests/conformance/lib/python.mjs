// Python with packages of its own, kept under target/ as other checks keep theirs.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { command } from "./command.mjs";
import { Problems } from "./problems.mjs";
import { root } from "./paths.mjs";

/** An environment with what the file asks for; `{ python }`, or `{ lacking }` where this machine has no such thing. */
export async function environment(name, requirements) {
  const found = await installed(name, requirements);
  if (found.lacking && process.env.CI === "true") {
    throw new Problems([`${found.lacking}, and CI=true`]);
  }
  return found;
}

async function installed(name, requirements) {
  const version = await command("python3", ["-c", "import sys; print(sys.version); sys.exit(sys.version_info < (3, 9))"]).catch(() => undefined);
  if (!version) {
    return { lacking: "no python3 of 3.9 or newer" };
  }
  const folder = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), name);
  const python = join(folder, "bin", "python");
  const stamp = join(folder, ".installed");
  const wanted = `${version}${readFileSync(requirements, "utf8")}`;
  if (read(stamp) === wanted) {
    return { python };
  }
  rmSync(folder, { recursive: true, force: true });
  try {
    await command("python3", ["-m", "venv", folder]);
  } catch {
    return { lacking: "python3 cannot make an environment (venv)" };
  }
  try {
    await command(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", requirements]);
  } catch (error) {
    return { lacking: `the packages could not be installed: ${error.message}` };
  }
  // Written last: an installation that was cut short is done again.
  writeFileSync(stamp, wanted);
  return { python };
}

/** Runs a program with this on its standard input; gives the JSON that it prints. */
export function fed(python, script, input) {
  const { status, stdout, stderr, error } = spawnSync(python, ["-I", script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error || status !== 0) {
    throw new Problems([`${script} ended with ${status ?? error}`, stderr.trim()]);
  }
  return JSON.parse(stdout);
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
