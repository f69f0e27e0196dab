// GraphiQL in a real browser, on a demo of its own: `make test-browser`.
//
// What it shows: the page breaks no rule of its policy and asks no other host; the key and the variables stay in the tab;
// queries, documentation and subscriptions work. Chromium is $CHROMIUM, or /usr/bin/chromium.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demo, launch } from './lib.mjs';

const CARD = '4242424242424242';
const PAYMENTS = '{ payments(first: 5) { nodes { id status } } }';
const WITH_VARIABLES = 'query Find($text: String) { payments(first: 1) { nodes { id } } named: __type(name: $text) { name } }';
const SUBSCRIPTION = 'subscription { standIn }';

/** Answers subscriptions as a server of graphql-ws does: two events after the key was shown in `connection_init`. */
function standIn(socket, shown) {
  const say = (message) => socket.send(JSON.stringify(message));
  socket.onMessage((text) => {
    const { type, id, payload } = JSON.parse(text);
    if (type === 'connection_init') {
      shown.push(payload);
      say({ type: 'connection_ack' });
    }
    if (type === 'subscribe') {
      assert.equal(payload.query, SUBSCRIPTION);
      say({ type: 'next', id, payload: { data: { standIn: 'first event' } } });
      say({ type: 'next', id, payload: { data: { standIn: 'second event' } } });
      say({ type: 'complete', id });
    }
  });
}

async function write(page, editor, text) {
  await page.locator(`.graphiql-${editor} .CodeMirror`).first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}

async function run(page, expected) {
  await page.locator('.graphiql-execute-button').click();
  const result = page.locator('.result-window').filter({ hasText: expected });
  await result.waitFor();
  return result.innerText();
}

const field = (page) => page.getByLabel('API key');
const stored = (page, kind) => page.evaluate((name) => JSON.stringify(window[name]), kind);

async function check(context, { address, key }) {
  const origin = new URL(address).origin;
  const complaints = [];
  const elsewhere = [];
  await context.addInitScript(() =>
    addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
    ),
  );
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) elsewhere.push(request.url());
  });

  const page = await context.newPage();
  const shown = [];
  await page.routeWebSocket(`${origin.replace('http', 'ws')}/graphql`, (socket) => standIn(socket, shown));
  const answer = await page.goto(address);
  assert.equal(answer.status(), 200);

  console.log('a query is refused without a key, and shows data with it');
  await write(page, 'query-editor', PAYMENTS);
  await run(page, 'UNAUTHENTICATED');
  // The browser itself notes the status; it is the only thing that it may complain of.
  assert.deepEqual(complaints.splice(0), [
    'Failed to load resource: the server responded with a status of 401 (Unauthorized)',
  ]);
  await field(page).fill(key);
  assert.match(await run(page, 'nodes'), /"id": "\w+"/);

  console.log('the documentation shows the schema');
  await page.getByLabel('Show Documentation Explorer').click();
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).click();
  await page.locator('.graphiql-doc-explorer').getByText('payments', { exact: true }).waitFor();

  console.log('dialogs and history open');
  for (const dialog of ['Open short keys dialog', 'Open settings dialog']) {
    await page.getByLabel(dialog).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await page.getByLabel('Show History').click();
  await page.locator('.graphiql-history').getByText('payments').first().waitFor();

  console.log('a subscription shows the key and its events arrive');
  await write(page, 'query-editor', SUBSCRIPTION);
  await run(page, 'second event');
  assert.deepEqual(shown, [{ 'x-api-key': key }]);

  console.log('a reload in the tab keeps the key and the variables');
  await write(page, 'query-editor', WITH_VARIABLES);
  await write(page, 'editor-tool', JSON.stringify({ text: CARD }));
  await run(page, '"named": null');
  // The editor writes what was typed a moment later.
  await page.waitForFunction((card) => JSON.stringify(sessionStorage).includes(card), CARD);
  await page.reload();
  assert.equal(await field(page).inputValue(), key);
  await page.locator('.graphiql-editor-tool').getByText(CARD).first().waitFor();
  await run(page, 'nodes');

  console.log('nothing but the field holds the key, and nothing outlives the tab');
  const entries = Object.entries(JSON.parse(await stored(page, 'sessionStorage')));
  assert.deepEqual(
    entries.filter(([, value]) => value.includes(key)).map(([name]) => name),
    ['tahsil:key'],
  );
  assert.equal(page.url(), address);
  assert.deepEqual(await context.cookies(), []);

  console.log('another tab has neither key nor query nor variables');
  const other = await context.newPage();
  await other.goto(address);
  assert.equal(await field(other).inputValue(), '');
  const seen = (await stored(other, 'sessionStorage')) + (await other.locator('body').innerText());
  for (const secret of [key, CARD, 'named']) assert(!seen.includes(secret), `another tab has ${secret}`);
  for (const tab of [page, other]) assert.equal(await stored(tab, 'localStorage'), '{}');

  assert.deepEqual(complaints, []);
  assert.deepEqual(elsewhere, []);
}

const folder = await mkdtemp(join(tmpdir(), 'tahsil-browser-'));
let server, browser;
try {
  const started = await demo(folder, { address: 'GraphQL editor', key: 'Test key' }, ['--graphiql']);
  server = started.server;
  browser = await launch();
  await check(await browser.newContext(), started);
  console.log('passed');
} finally {
  await browser?.close();
  server?.kill();
  await rm(folder, { recursive: true, force: true });
}
