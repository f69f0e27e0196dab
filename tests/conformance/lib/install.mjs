// Installs what the lock file says, unless that is what is there.
//
// The stamp is written after `npm ci` has ended, and `npm ci` begins by removing it with everything else: an installation
// that was cut short is done again.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { here } from "./paths.mjs";

const stamp = join(here, "node_modules", ".installed");
const wanted = createHash("sha256")
  .update(readFileSync(join(here, "package.json")))
  .update(readFileSync(join(here, "package-lock.json")))
  .update(`${process.platform} ${process.arch}`)
  .digest("hex");

if (read(stamp) !== wanted) {
  console.log("installing the tools of the conformance checks");
  const npm = spawnSync("npm", ["ci", "--no-progress", "--loglevel=error"], {
    cwd: here,
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
