// Automatic persisted queries, as they look on the wire.
import assert from "node:assert/strict";

/** What two askings of one new query have to look like; `hashedBy` is the method of the requests with the hash alone. */
export function assertPersisted(exchanges, hashedBy) {
  const [unknown, registering, known, ...more] = exchanges;
  assert.deepEqual(more, []);
  assert.ok(unknown.hash);

  assert.deepEqual([unknown.method, unknown.hasText], [hashedBy, false]);
  const [error] = unknown.body.errors;
  assert.equal(error.message, "PersistedQueryNotFound");
  assert.equal(error.extensions.code, "PERSISTED_QUERY_NOT_FOUND");
  // No document, so no execution: an error of the request. Only the newer media type says so by its status.
  assert.equal(unknown.status, unknown.type === "application/graphql-response+json" ? 400 : 200);

  assert.deepEqual([registering.hasText, registering.hash, registering.status], [true, unknown.hash, 200]);
  assert.deepEqual([known.method, known.hasText, known.hash, known.status], [hashedBy, false, unknown.hash, 200]);
}
