// Installs what the lock files say, here and for the client that is checked, unless that is what is there.
//
// The stamp is written after `npm ci` has ended, and `npm ci` begins by removing it with everything else: an installation
// that was cut short is done again.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientFolder, here } from "./paths.mjs";

for (const [folder, what] of [
  [here, "the tools of the conformance checks"],
  [clientFolder, "what the client for live events is built with"],
]) {
  const stamp = join(folder, "node_modules", ".installed");
  const wanted = createHash("sha256")
    .update(readFileSync(join(folder, "package.json")))
    .update(readFileSync(join(folder, "package-lock.json")))
    .update(`${process.platform} ${process.arch}`)
    .digest("hex");
  if (read(stamp) === wanted) {
    continue;
  }
  console.log(`installing ${what}`);
  const npm = spawnSync("npm", ["ci", "--no-progress", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (npm.status !== 0) {
    console.error("FAILED: npm ci; nothing was checked");
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
