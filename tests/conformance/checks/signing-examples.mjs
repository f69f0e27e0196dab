// The programs of examples/signing, as they are: each sends once to the server, and once to a recorder whose record is then
// changed and sent on. What this machine lacks the tools for is named, and not counted.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../lib/command.mjs";
import { root } from "../lib/paths.mjs";
import { BODY, credentials, flipped, inFolder, isBound, reasons, recorder, withHeaders } from "../lib/signing.mjs";

const folderOfExamples = join(root, "examples", "signing");
const PROGRAMS = [
  { file: "sign.sh", run: "bash", needs: [["openssl", ["version"]], ["curl", ["--version"]]], takes: ["ed25519"] },
  { file: "sign.mjs", run: process.execPath, needs: [], takes: ["ed25519", "rsa", "hmac-sha256"] },
  {
    file: "sign.py",
    run: "python3",
    needs: [["python3", ["-c", "import cryptography"]]],
    takes: ["ed25519", "rsa", "hmac-sha256"],
  },
];

export async function run(server) {
  const { origin } = new URL(server.url);
  return inFolder(async (folder) => {
    const all = await credentials(server, folder);
    const bodyFile = join(folder, "body.json");
    writeFileSync(bodyFile, BODY);
    const said = [];
    for (const program of PROGRAMS) {
      const lacking = await missing(program.needs);
      if (lacking) {
        said.push(`${program.file} NOT RUN (no ${lacking})`);
        continue;
      }
      for (const credential of all.filter(({ algorithm }) => program.takes.includes(algorithm))) {
        const what = `${program.file}, ${credential.algorithm}`;
        const send = (url, version) => execute(program, credential, { url, version, folder, bodyFile });
        for (const version of [undefined, "2025-12-01.tigris"]) {
          const lines = (await send(origin, version)).trim().split("\n");
          assert.equal(lines.at(-1), "200", `${what}: ${lines.join("\n")}`);
        }
        await isBound(origin, ...(await recorded(send)), what);
      }
      said.push(program.file);
    }
    return `${said.join(", ")} (${await reasons(server)})`;
  });
}

/** What the program sends, and what somebody could make of it. */
async function recorded(send) {
  const to = await recorder();
  try {
    await send(to.url);
  } finally {
    to.close();
  }
  assert.equal(to.seen.length, 1);
  const [request] = to.seen;
  assert.ok(request.headers["content-digest"], "it says what body it has");
  const [, algorithm, base64] = /^([^=]+)=(.+)$/.exec(request.headers["x-tahsil-signature"]);
  const earlier = new Date(Date.parse(request.headers["x-tahsil-timestamp"]) - 301_000).toISOString();
  return [
    request,
    {
      "another bit in the signature": withHeaders(request, { "x-tahsil-signature": `${algorithm}=${flipped(base64)}` }),
      "301 s earlier": withHeaders(request, { "x-tahsil-timestamp": earlier }),
      "another nonce": withHeaders(request, { "x-tahsil-nonce": `${request.headers["x-tahsil-nonce"]}1` }),
    },
  ];
}

async function execute(program, credential, { url, version, folder, bodyFile }) {
  const env = { ...process.env, TAHSIL_URL: url, TAHSIL_KEY: credential.token };
  // Whoever runs the checks may have these in the environment.
  for (const name of ["TAHSIL_PRIVATE_KEY", "TAHSIL_HMAC_KEY", "TAHSIL_API_VERSION", "TAHSIL_SIGN_PASSPHRASE"]) {
    delete env[name];
  }
  if (version) {
    env.TAHSIL_API_VERSION = version;
  }
  if (credential.shared) {
    env.TAHSIL_HMAC_KEY = credential.shared;
  } else {
    env.TAHSIL_PRIVATE_KEY = join(folder, "private.pem");
    writeFileSync(env.TAHSIL_PRIVATE_KEY, credential.pem, { mode: 0o600 });
  }
  if (credential.passphrase) {
    env.TAHSIL_SIGN_PASSPHRASE = credential.passphrase;
  }
  return command(program.run, [join(folderOfExamples, program.file), "POST", "/graphql", bodyFile], { env, cwd: folder });
}

async function missing(needs) {
  for (const [program, args] of needs) {
    try {
      await command(program, args);
    } catch {
      return [program, ...args.filter((arg) => arg.includes("import"))].join(" with ");
    }
  }
  return undefined;
}
