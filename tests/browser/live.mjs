// The example page of live events in a real browser, on a server of its own that is stopped and started again.
//
// What it shows: the page as its README says to serve it; every event once and in order, across a restart of the server and a reload of the
// page. Chromium is $CHROMIUM, or /usr/bin/chromium.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sell } from '../conformance/lib/live.mjs';
import { startServer } from '../conformance/lib/server.mjs';
import { TAHSIL, launch } from './lib.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLIENT = join(ROOT, 'clients', 'typescript');
const KINDS = { '.html': 'text/html', '.js': 'text/javascript' };

/** The root of the repository, as any server of files would serve it. */
async function files() {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    const file = join(ROOT, path.endsWith('/') ? `${path}index.html` : path);
    const kind = KINDS[extname(file)];
    const text = kind && (await readFile(file).catch(() => null));
    if (text) response.writeHead(200, { 'content-type': kind }).end(text);
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** What the page shows, the oldest first. */
async function shown(page) {
  const rows = await page.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  return rows.reverse().map(([number, name, about]) => ({ number: Number(number), name, about }));
}

async function follow(page, server) {
  await page.getByLabel('Address of the API').fill(server.url);
  await page.getByLabel('Key of test mode').fill(server.keys.test);
  await page.getByRole('button', { name: 'Follow' }).click();
  await page.getByRole('status').getByText('Following.').waitFor();
}

const tells = (page, payment) => page.locator('tbody').getByText(payment).waitFor();

async function check(page, server, origin) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(`${origin}/examples/live/`);
  await follow(page, server);
  const sold = [];
  const sells = async () => {
    sold.push(await sell(server.url, server.keys.test));
    await tells(page, sold.at(-1));
  };
  await sells();
  console.log('the server stops and starts again');
  await server.restart();
  await sells();
  const before = await shown(page);
  console.log('the page is loaded again, and something happens meanwhile');
  await page.reload();
  sold.push(await sell(server.url, server.keys.test));
  await follow(page, server);
  await tells(page, sold.at(-1));
  await sells();
  const all = [...before, ...(await shown(page))];
  assert.deepEqual(all.map(({ about }) => about), sold);
  assert.deepEqual(all.map(({ number }) => number), all.map((_, index) => all[0].number + index));
  assert(all.every(({ name }) => name === 'payment.captured'));
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('status').getByText('Stopped.').waitFor();
  assert.deepEqual(faults, []);
  return all.length;
}

if (!existsSync(join(CLIENT, 'node_modules'))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: CLIENT, stdio: 'inherit' });
}
execFileSync(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '--project', 'tsconfig.build.json'], { cwd: CLIENT });
const site = await files();
let server, browser;
try {
  server = await startServer(TAHSIL, { TAHSIL_CORS_ORIGINS: site.origin });
  browser = await launch();
  const events = await check(await browser.newPage(), server, site.origin);
  console.log(`the example page: ${events} events, each once and in order`);
} finally {
  await browser?.close();
  await server?.stop();
  site.close();
}
