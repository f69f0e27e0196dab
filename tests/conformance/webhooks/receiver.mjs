// Receives deliveries: keeps the bytes and the headers as they came, and answers 200.
import assert from "node:assert/strict";
import { createServer } from "node:http";

export async function receiver() {
  const seen = [];
  const server = createServer((incoming, answer) => {
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const raw = incoming.rawHeaders;
      const names = raw.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
      seen.push({ path: incoming.url, method: incoming.method, names, headers: incoming.headers, body: Buffer.concat(chunks) });
      answer.end("OK");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** What came to a path; each header once, or verifiers would see something else than we do. */
    to(path) {
      const came = seen.filter((request) => request.path === path);
      for (const { method, names } of came) {
        assert.equal(method, "POST");
        assert.equal(new Set(names).size, names.length, `a header came twice: ${names}`);
      }
      return came;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
