// node tidy-lock.mjs [FOLDER]: leaves in a lock file, the one here if no folder is named, what an installation needs: versions and
// digests. Where packages are downloaded from is a matter of whoever installs; addresses for donations are in the packages themselves.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { here } from "./paths.mjs";

const file = join(process.argv[2] ?? here, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  delete entry.funding;
}
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
