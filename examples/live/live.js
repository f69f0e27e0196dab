// Shows events as they come. The cursor is kept in the tab, so that a page that was loaded again goes on where it was.
import { CursorExpired, liveEvents } from "@tahsil/live";

const MOST_ROWS = 200;
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
const rows = document.querySelector("tbody");
const say = (text) => (status.textContent = text);

let stopping;
form.stop.addEventListener("click", () => stopping?.abort());
form.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  stopping = new AbortController();
  isFollowing(true);
  try {
    await follow(form.url.value, form.key.value, stopping.signal);
    say("Stopped.");
  } catch (error) {
    say(`Ended: ${error.message}`);
  }
  isFollowing(false);
});

async function follow(url, apiKey, signal) {
  // A cursor is good for one merchant and mode at one address; the public part of the key names them.
  const place = `cursor ${url} ${apiKey.slice(0, 25)}`;
  say("Connecting …");
  const events = liveEvents({
    url,
    apiKey,
    signal,
    after: sessionStorage.getItem(place) ?? undefined,
    heartbeats: true,
    onCursor: (cursor) => sessionStorage.setItem(place, cursor),
    onConnected: () => say("Following."),
    onRetry: ({ message }, waitMs) => say(`Not connected (${message}); trying again in ${Math.ceil(waitMs / 1000)} s.`),
  });
  try {
    for await (const { event } of events) {
      if (event) show(event);
    }
  } catch (error) {
    // This page has no lists to load anew; the next try begins now.
    if (error instanceof CursorExpired) sessionStorage.removeItem(place);
    throw error;
  }
}

function show({ sequence, name, subjectId, occurredAt }) {
  const row = document.createElement("tr");
  for (const text of [sequence, name, subjectId, new Date(occurredAt).toLocaleString()]) {
    row.append(Object.assign(document.createElement("td"), { textContent: text }));
  }
  rows.prepend(row);
  if (rows.rows.length > MOST_ROWS) rows.lastElementChild.remove();
}

function isFollowing(is) {
  form.follow.disabled = is;
  form.stop.disabled = !is;
}
