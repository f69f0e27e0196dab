// The reference server of graphql-ws over ws: who follows a merchant is told of each line of standard input that names it.
import { GraphQLID, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const followers = new Map();
const counts = new Map();

/** What a follower has not been given yet, and what wakes it. */
function follow(merchant) {
  const follower = { waiting: [], wake: null };
  if (!followers.has(merchant)) followers.set(merchant, new Set());
  followers.get(merchant).add(follower);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (follower.waiting.length === 0) await new Promise((resolve) => (follower.wake = resolve));
      return { done: false, value: { events: follower.waiting.shift() } };
    },
    async return() {
      followers.get(merchant).delete(follower);
      return { done: true, value: undefined };
    },
  };
}

const text = { type: new GraphQLNonNull(GraphQLString) };
const Event = new GraphQLObjectType({
  name: "Event",
  fields: { id: { type: new GraphQLNonNull(GraphQLID) }, type: text, sequence: text, occurredAt: text, subjectId: text },
});
const Envelope = new GraphQLObjectType({ name: "Envelope", fields: { cursor: text, event: { type: Event } } });
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: "Query", fields: { ok: { type: GraphQLString } } }),
  subscription: new GraphQLObjectType({
    name: "Subscription",
    fields: {
      events: { type: Envelope, subscribe: (_root, _args, context) => follow(context.connectionParams.apiKey) },
    },
  }),
});

const server = createServer();
useServer({ schema, context: (context) => context }, new WebSocketServer({ server, path: "/graphql" }));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
createInterface({ input: process.stdin }).on("line", (merchant) => {
  const sequence = (counts.get(merchant) ?? 0) + 1;
  counts.set(merchant, sequence);
  const event = {
    id: `evt_${String(sequence).padStart(26, "0")}`,
    type: "PAYMENT_CAPTURED",
    sequence: String(sequence),
    occurredAt: new Date().toISOString(),
    subjectId: "pay_00000000000000000000000000",
  };
  for (const follower of followers.get(merchant) ?? []) {
    follower.waiting.push({ cursor: `c${sequence}`, event });
    follower.wake?.();
  }
});
