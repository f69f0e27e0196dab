// The reference server of graphql-ws with a log of events, which does to its connections what networks do.
import { EventEmitter, once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { GraphQLError, buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { type WebSocket, WebSocketServer } from "ws";

const schema = buildSchema(`
  scalar EventCursor
  type Event { id: ID! type: String! name: String! occurredAt: String! sequence: String! subjectId: ID! subject: String }
  type Envelope { cursor: EventCursor! event: Event }
  type Query { eventCursor: EventCursor! }
  enum EventType { ODD EVEN }
  type Subscription {
    events(after: EventCursor, types: [EventType!], heartbeats: Boolean): Envelope!
    eventUpdated(id: ID!, after: EventCursor): Envelope!
  }
`);

interface Asked {
  after?: string;
  types?: string[];
  heartbeats?: boolean;
}
interface Told {
  cursor: string;
  event: { sequence: string; type: string } | null;
}

export class FakeServer {
  /** What each subscription began after. */
  readonly afters: (string | undefined)[] = [];
  readonly params: unknown[] = [];
  /** Connections so far. */
  opened = 0;
  /** Results that were sent. */
  sent = 0;
  last = 0;
  /** What the next subscriptions are answered with in place of events. */
  readonly refusals: GraphQLError[][] = [];
  /** What the next questions for a place inside an event are answered with. */
  readonly partRefusals: GraphQLError[] = [];
  /** Told of each new connection before it is let in. */
  onOpen: (socket: WebSocket) => void = () => {};
  mayConnect: (params: unknown) => boolean = () => true;
  /** Alters the log that is told from. */
  told: (sequences: number[]) => number[] = (sequences) => sequences;
  readonly #server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  readonly #news = new EventEmitter().setMaxListeners(0);

  static async start(): Promise<FakeServer> {
    const fake = new FakeServer();
    fake.#server.on("connection", (socket) => {
      fake.opened += 1;
      fake.onOpen(socket);
    });
    useServer(
      {
        schema,
        roots: {
          query: { eventCursor: () => `c${fake.last}` },
          subscription: {
            events: (asked: Asked) => fake.#follow("events", asked),
            eventUpdated: (asked: Asked) => fake.#follow("eventUpdated", asked),
          },
        },
        onConnect: ({ connectionParams }) => {
          fake.params.push(connectionParams);
          return fake.mayConnect(connectionParams);
        },
        onSubscribe: (_context, _id, { query }) => (query.startsWith("subscription") ? fake.refusals.shift() : undefined),
        onNext: () => {
          fake.sent += 1;
        },
      },
      fake.#server,
    );
    await once(fake.#server, "listening");
    return fake;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/graphql`;
  }

  get sockets(): WebSocket[] {
    return [...this.#server.clients];
  }

  happen(events = 1): void {
    this.last += events;
    this.#news.emit("more");
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#server.close();
    await once(this.#server, "close");
  }

  async *#follow(root: string, { after, types, heartbeats }: Asked): AsyncGenerator<Record<string, Told>> {
    this.afters.push(after);
    let place = Number(after?.slice(1) ?? this.last);
    if (heartbeats) yield { [root]: { cursor: `c${place}`, event: null } };
    for (;;) {
      const more = once(this.#news, "more");
      const upto = this.last;
      for (const sequence of this.told(Array.from({ length: upto - place }, (_, index) => place + 1 + index))) {
        const type = sequence % 2 === 1 ? "ODD" : "EVEN";
        if (types && !types.includes(type)) continue;
        const event = {
          id: `evt_${sequence}`,
          type,
          name: type.toLowerCase(),
          occurredAt: "2026-11-28T00:00:00Z",
          sequence: String(sequence),
          subjectId: `pay_${sequence}`,
          subject: () => {
            const refusal = this.partRefusals.shift();
            if (refusal) throw refusal;
            return "as it is now";
          },
        };
        yield { [root]: { cursor: `c${sequence}`, event } };
      }
      place = upto;
      await more;
    }
  }
}

/** An error as the API tells it. */
export function refused(code: string, extensions: Record<string, unknown> = {}): GraphQLError {
  return new GraphQLError(`refused: ${code}`, { extensions: { code, ...extensions } });
}

/** A server that takes connections and never says a word. */
export async function silentServer(): Promise<{ url: string; opened: () => number; isLeft: () => boolean; stop: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on("error", () => {}).resume()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    opened: () => sockets.length,
    isLeft: () => sockets.every(({ closed }) => closed),
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 1) {
    if (waited > 5_000) throw new Error(`waited in vain until ${holds}`);
    await sleep(2);
  }
}
