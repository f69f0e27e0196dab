// Follows the events of a merchant through every lost connection, in order, without a gap and without a repeat.
import { type Access, type Operation, type Result, results } from "./connection.js";
import { ConnectionClosed, Defect, type GraphQLErrorLike, type LiveError, askedWait, isPassing, mayPass, refusal } from "./errors.js";
import { Order } from "./order.js";

export { ConnectionClosed, ConnectionFailed, CursorExpired, Defect, LiveError, RequestRefused } from "./errors.js";
export type { GraphQLErrorLike } from "./errors.js";

/** What is followed unless you say otherwise. */
export const EVENTS = `subscription LiveEvents($after: EventCursor, $types: [EventType!], $heartbeats: Boolean = false) {
  events(after: $after, types: $types, heartbeats: $heartbeats) {
    cursor
    event { id type name occurredAt sequence subjectId }
  }
}`;
/** What is asked first when there is no cursor to begin after, so that nothing is missed from then on. */
export const NOW = "query LiveNow { eventCursor }";

/** What every subscription with places gives. */
export interface Envelope {
  /** The place up to which you have heard everything. */
  readonly cursor: string;
  readonly event?: { readonly id?: string; readonly sequence?: string } | null;
  /** What could not be shown of it. */
  readonly errors?: readonly GraphQLErrorLike[];
}

/** What `EVENTS` gives. */
export interface EventEnvelope extends Envelope {
  /** None in a heartbeat. */
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly name: string;
    readonly occurredAt: string;
    readonly sequence: string;
    readonly subjectId: string;
  } | null;
}

export interface LiveOptions {
  /** The address of the API, `wss://pay.example/graphql`; https is taken too. */
  readonly url: string;
  /** The secret of a credential, `esk_…`. */
  readonly apiKey?: string;
  /** In its place, what the first message carries; a function is asked anew for each connection. */
  readonly connectionParams?: Access["connectionParams"];
  /** Begins after this place; without one, now. */
  readonly after?: string | undefined;
  /** Only these types. */
  readonly types?: readonly string[] | undefined;
  /** Whether you are told about every 25 seconds how far it has come when nothing happens. */
  readonly heartbeats?: boolean;
  /** Asked when there is no `after`: a query whose one field is the cursor to begin after. `eventCursor`, unless your `query` follows another log. */
  readonly now?: string;
  /** Another subscription: one that takes `$after` and selects `cursor`, and if it can `event { id sequence }`. */
  readonly query?: string;
  /** Its variables. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Told of a cursor when what came with it has been dealt with, that is, when the next one is asked for. */
  readonly onCursor?: (cursor: string) => void | Promise<void>;
  /** Told each time that the server has let it in. */
  readonly onConnected?: () => void;
  /** Told why it connects again, and after how many milliseconds. */
  readonly onRetry?: (cause: LiveError, waitMs: number) => void;
  /** Where there is no global WebSocket, as in Node.js 20: that of the package `ws`. */
  readonly webSocketImpl?: unknown;
  /** How long a connection may be silent before it counts as dead: 50,000. The server pings every 20,000 (`live_ping_ms`). */
  readonly silenceMs?: number;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Follows events until you stop. Throws when trying again does not help: one of the errors of this package. */
export function liveEvents<E extends Envelope = EventEnvelope>(options: LiveOptions): AsyncIterableIterator<E> {
  const access = accessOf(options);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  const envelopes = follow<E>(options, access, signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => envelopes.next(),
    return() {
      // It may be waiting for an event just now.
      stop.abort();
      return envelopes.return();
    },
  };
}

async function* follow<E extends Envelope>(options: LiveOptions, access: Access, signal: AbortSignal): AsyncGenerator<E, void> {
  const order = new Order(options.query === undefined && options.types === undefined);
  let cursor = options.after;
  let attempt = 0;
  const on = { connected: () => options.onConnected?.(), ping: () => (attempt = 0) };
  while (!signal.aborted) {
    let cause: LiveError = new ConnectionClosed(1000, "the operation was ended");
    let isFurther = false;
    try {
      for await (const result of results(access, operationOf(options, cursor), signal, on)) {
        if (cursor === undefined) {
          cursor = text(valueOf(result));
        } else {
          const envelope = envelopeOf<E>(result);
          if (envelope.event && !order.isNew(envelope.event)) continue;
          cursor = envelope.cursor;
          yield envelope;
        }
        isFurther = true;
        attempt = 0;
        await options.onCursor?.(cursor);
      }
      // Its first question was answered, or its reader was slow: there is nothing to wait for.
      if (isFurther) continue;
    } catch (error) {
      if (!isPassing(error)) throw error;
      cause = error;
    }
    if (signal.aborted) return;
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt++);
    const waitMs = Math.max(askedWait(cause), Math.random() * most);
    options.onRetry?.(cause, waitMs);
    await pause(waitMs, signal);
  }
}

function accessOf({ url, apiKey, connectionParams, webSocketImpl, silenceMs = 50_000 }: LiveOptions): Access {
  const webSocket = (webSocketImpl ?? globalThis.WebSocket) as typeof WebSocket | undefined;
  if (!webSocket) throw new TypeError("there is no WebSocket here: give webSocketImpl, for example that of the package ws");
  const params = connectionParams ?? (apiKey === undefined ? undefined : { apiKey });
  if (!params) throw new TypeError("give apiKey or connectionParams");
  const address = new URL(url, globalThis.location?.href);
  address.protocol = address.protocol.replace(/^http/, "ws");
  return { url: address.href, connectionParams: params, webSocket, silenceMs };
}

function operationOf({ now, query, variables, types, heartbeats }: LiveOptions, after: string | undefined): Operation {
  if (after === undefined) return { query: now ?? NOW };
  return { query: query ?? EVENTS, variables: { ...(types && { types }), ...(heartbeats && { heartbeats }), ...variables, after } };
}

/** The value of the one field that was asked for. */
function valueOf({ data, errors = [] }: Result): unknown {
  const [value] = Object.values(data ?? {});
  // Part of an event could not be read just now: it comes whole when it is asked for again.
  if (errors.length > 0 && (mayPass(errors) || value == null)) throw refusal(errors);
  return value;
}

function envelopeOf<E extends Envelope>(result: Result): E {
  const envelope = valueOf(result) as E | undefined;
  text(envelope?.cursor);
  return result.errors?.length ? { ...(envelope as E), errors: result.errors } : (envelope as E);
}

function text(cursor: unknown): string {
  if (typeof cursor !== "string") throw new Defect("there came no cursor: a subscription has to select it");
  return cursor;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
