// What the walks share: a demo of their own, a browser, and a stand-in for a merchant's site.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

/** The program, and the tool that makes an intent which has run out. */
export const TAHSIL = process.env.TAHSIL_BIN || fileURLToPath(new URL('../../target/debug/tahsil', import.meta.url));
export const EXPIRED = join(dirname(TAHSIL), 'examples', 'expired_intent');

/** Settings of whoever runs this are not those of our server. */
function settings(folder) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TAHSIL_')));
  env.TAHSIL_DATABASE_URL = `sqlite://${join(folder, 'tahsil-demo.db')}`;
  env.TAHSIL_KEY_FILE = join(folder, 'tahsil-demo.key');
  env.TAHSIL_LOG = 'warn';
  return env;
}

/** Runs a program on the database of the demo in `folder`; what it printed. */
export async function command(program, args, folder) {
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env: settings(folder) });
  return stdout;
}

/** Starts a demo on a free port and a new database, and reads from what it prints all that is in `wanted`. */
export async function demo(folder, wanted, args = []) {
  const server = spawn(TAHSIL, ['demo', '--listen', '127.0.0.1:0', ...args], {
    cwd: folder,
    env: settings(folder),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = {};
  for await (const line of createInterface({ input: server.stdout })) {
    for (const [name, label] of Object.entries(wanted)) {
      said[name] ??= line.match(new RegExp(`^${label} +(\\S+)$`))?.[1];
    }
    if (Object.keys(wanted).every((name) => said[name])) break;
  }
  for (const name of Object.keys(wanted)) assert(said[name], `the demo printed no ${wanted[name]}`);
  return { server, ...said };
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    // A browser that phones home would hide a page that does.
    args: ['--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A merchant's site: a page with a link to pay, and what browsers tell it when they come back. */
export async function shop() {
  const visits = [];
  let link = '';
  const server = createServer((request, response) => {
    visits.push({ url: request.url, referer: request.headers.referer ?? null });
    const page = request.url === '/' ? `<a href="${link}">Pay</a>` : '<p>Thank you</p>';
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Shop</title>${page}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    visits,
    sells: (url) => (link = url),
    close: () => server.close(),
  };
}
