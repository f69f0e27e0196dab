// GraphQL over HTTP: the audits of the reference implementation. Every one has to pass, those of the MAY kind too: they are
// what separates "works with my client" from "works with any client".
import { serverAudits } from "graphql-http";
import { keyedFetch } from "../lib/http.mjs";
import { Problems } from "../lib/problems.mjs";

// Fewer than these would mean that a newer version dropped some, and that nobody noticed.
const EXPECTED = 61;

export async function run({ url, keys }) {
  const audits = serverAudits({ url, fetchFn: keyedFetch(keys.test) });
  const results = [];
  for (const audit of audits) {
    results.push(await audit.fn());
  }

  const problems = results.filter((result) => result.status !== "ok");
  const lines = await Promise.all(
    problems.map(async ({ id, name, reason, response }) => {
      const body = await response.text().catch(() => "(body was read)");
      const answer = `${response.status} ${response.headers.get("content-type")} ${body.slice(0, 200)}`;
      return `${id} ${name}: ${reason}; answered ${answer}`;
    }),
  );
  const count = (level) => results.filter((result) => result.name.startsWith(`${level} `)).length;
  const kinds = `${count("MUST")} MUST, ${count("SHOULD")} SHOULD, ${count("MAY")} MAY`;
  const summary = `${results.length - problems.length} of ${results.length} (${kinds})`;
  if (results.length < EXPECTED) {
    lines.unshift(`only ${results.length} audits ran, there were ${EXPECTED}`);
  }
  if (lines.length > 0) {
    throw new Problems([summary, ...lines]);
  }
  return summary;
}
