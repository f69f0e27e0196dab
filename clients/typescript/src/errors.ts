// Why following ends, or what it passes over.

/** An error as GraphQL tells it. */
export interface GraphQLErrorLike {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** What this package throws. */
export class LiveError extends Error {
  override readonly name: string = "LiveError";
}

/** No connection came about, or it broke without a word. It is tried again. */
export class ConnectionFailed extends LiveError {
  override readonly name = "ConnectionFailed";
}

/** The server closed the connection with a code. */
export class ConnectionClosed extends LiveError {
  override readonly name = "ConnectionClosed";
  constructor(
    readonly code: number,
    readonly reason: string,
  ) {
    super(`the connection was closed: ${code} ${reason}`.trimEnd());
  }
}

/** The server executes the subscription no more, or never did. */
export class RequestRefused extends LiveError {
  override readonly name: string = "RequestRefused";
  constructor(readonly errors: readonly GraphQLErrorLike[]) {
    super(errors.map(({ message }) => message).join("; ") || "refused");
  }
}

/** Events after the cursor are deleted: load your lists anew, and follow after the `eventCursor` beside them. */
export class CursorExpired extends RequestRefused {
  override readonly name = "CursorExpired";
  /** The oldest cursor from which events are still there; what came before it is lost to this list of events. */
  get oldestCursor(): string | undefined {
    const cursor = this.errors.find(isExpiry)?.extensions?.["oldestCursor"];
    return typeof cursor === "string" ? cursor : undefined;
  }
}

/** An event is missing, or the answer is none: a defect of the server, or of what is between. Nothing after it is handed over. */
export class Defect extends LiveError {
  override readonly name = "Defect";
}

const isExpiry = ({ extensions }: GraphQLErrorLike): boolean => extensions?.["code"] === "CURSOR_EXPIRED";

/** The refusal that these errors are. */
export function refusal(errors: readonly GraphQLErrorLike[]): RequestRefused {
  return errors.some(isExpiry) ? new CursorExpired(errors) : new RequestRefused(errors);
}

/** 4403 is among them because a new token may be let in; 1000 and 1011 because what stands between may say them of itself. */
const PASSING_CLOSES = new Set([1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 4403, 4408, 4499, 4504]);
const PASSING_CODES = new Set<unknown>(["THROTTLED", "TIMEOUT", "UNAVAILABLE"]);

/** Whether some of these errors pass by themselves. */
export function mayPass(errors: readonly GraphQLErrorLike[]): boolean {
  return errors.some(({ extensions }) => PASSING_CODES.has(extensions?.["code"]));
}

/** Whether it helps to try again. */
export function isPassing(cause: unknown): cause is LiveError {
  return (
    cause instanceof ConnectionFailed ||
    (cause instanceof ConnectionClosed && PASSING_CLOSES.has(cause.code)) ||
    (cause instanceof RequestRefused && mayPass(cause.errors))
  );
}

/** How long the server asks to wait, in milliseconds. */
export function askedWait(cause: LiveError): number {
  const errors = cause instanceof RequestRefused ? cause.errors : [];
  return Math.max(0, ...errors.map(({ extensions }) => Number(extensions?.["retryAfterMs"]) || 0));
}
