// One operation over one connection. What comes of it waits in a buffer that is bounded: when its reader is too slow, the connection is
// given up, and the server's log holds what follows.
import { createClient } from "graphql-ws/client";
import { ConnectionClosed, ConnectionFailed, type GraphQLErrorLike, refusal } from "./errors.js";

export interface Result {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?: readonly GraphQLErrorLike[] | undefined;
}

export interface Operation {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

export interface Access {
  readonly url: string;
  readonly connectionParams: Record<string, unknown> | (() => Promise<Record<string, unknown>> | Record<string, unknown>);
  readonly webSocket: typeof WebSocket;
  readonly silenceMs: number;
}

/** Most results that wait for their reader. */
const MOST_WAITING = 1_000;
/** How long the server may take to let a client in. */
const ACK_MS = 15_000;

/** Ends without an error when the operation did, when `signal` says so, and when too much waited. `on.ping` hears that a connection lasts. */
export async function* results(
  { url, connectionParams, webSocket, silenceMs }: Access,
  operation: Operation,
  signal: AbortSignal,
  on: { readonly connected: () => void; readonly ping: () => void },
): AsyncGenerator<Result, void> {
  const waiting: Result[] = [];
  let failure: Error | undefined;
  let [isOver, isConnected] = [false, false];
  let wake = (): void => {};
  let unsubscribe = (): void => {};
  let silence: ReturnType<typeof setTimeout> | undefined;

  const end = (cause?: Error): void => {
    if (isOver) return;
    [isOver, failure] = [true, cause];
    clearTimeout(silence);
    unsubscribe();
    // One that never came about would otherwise be waited for.
    if (!isConnected) client.terminate();
    wake();
  };
  const stop = (): void => end();
  // The server pings every 20 seconds: a connection without a word is dead, whatever the network says.
  const heard = (): void => {
    clearTimeout(silence);
    if (!isOver) silence = setTimeout(() => client.terminate(), silenceMs);
  };

  const client = createClient({
    url,
    connectionParams,
    // Some implementations throw an error that nobody listens to.
    webSocketImpl: class extends webSocket {
      constructor(...address: ConstructorParameters<typeof WebSocket>) {
        super(...address);
        this.addEventListener("error", () => {});
      }
    },
    connectionAckWaitTimeout: ACK_MS,
    // It would begin again where it began, not where it was.
    retryAttempts: 0,
    on: {
      connected: () => {
        isConnected = true;
        if (!isOver) on.connected();
      },
      message: ({ type }) => {
        heard();
        if (type === "ping") on.ping();
      },
      error: (cause) => end(failed(cause)),
      closed: (event) => end(closed(event)),
    },
  });
  try {
    signal.addEventListener("abort", stop);
    if (signal.aborted) return;
    heard();
    unsubscribe = client.subscribe<Record<string, unknown>>(operation, {
      next(result) {
        if (isOver) return;
        waiting.push(result as Result);
        if (waiting.length >= MOST_WAITING) end();
        wake();
      },
      error: (cause) => end(Array.isArray(cause) ? refusal(cause as GraphQLErrorLike[]) : failed(cause)),
      complete: () => end(),
    });
    for (;;) {
      for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) yield next;
      if (isOver) break;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    if (failure && !signal.aborted) throw failure;
  } finally {
    signal.removeEventListener("abort", stop);
    end();
  }
}

function closed(event: unknown): ConnectionClosed {
  const { code, reason } = event as { code?: number; reason?: string };
  return new ConnectionClosed(code ?? 1006, reason ?? "");
}

function failed(cause: unknown): ConnectionFailed {
  // What browsers and Node tell of a failure is an event, if anything with the error inside.
  const { error = cause, message } = (cause ?? {}) as { error?: unknown; message?: string };
  return new ConnectionFailed(message || "the connection failed", { cause: error });
}
