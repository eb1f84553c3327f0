/**
 * Answers that stay true: reads which the daemon makes again whenever something was committed.
 *
 * All reads that are on the page go through one streamed request (browsers allow few connections to
 * a host). When the set of reads changes the stream is made anew, and the old one ends once the new
 * one has begun; a tab that nobody sees has none.
 */
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { ApiError, postJson } from "./http";
import { ofSession } from "./of_session";
import { retryMs } from "./retry";
import type { Input, OperationName, Output, ServiceName } from "./services";

/** What is known of a read. `data` stays when a later answer is an error, so that the page does not jump. */
export interface Live<T> {
  readonly data?: T;
  readonly error?: ApiError;
  readonly loading: boolean;
}

/** A question that can be watched; made by `read`. */
export interface Read<T> {
  readonly key: string;
  readonly request: { service: string; operation: string; input: unknown };
  readonly _output?: T; // for the compiler only
}

export function read<S extends ServiceName, O extends OperationName<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
): Read<Output<S, O>> {
  const request = { service, operation, input };
  return { key: JSON.stringify(request), request };
}

interface Entry {
  read: Read<unknown>;
  listeners: Set<() => void>;
  live: Live<unknown>;
  line: string; // the last answer as it came
}

const LOADING: Live<never> = { loading: true };
/**
 * The daemon sends a line every 15 s at least (kBeat of src/server/console/reads.hpp). When two and more are
 * missing the connection is half open: nobody is at its other end, and nothing says so.
 */
const SILENCE_MS = 40_000;
/** How long what nobody watches any more is kept, for the way back. */
const KEPT_MS = 10_000;

/** All that a page may watch at once (kReadsMax of src/server/console/reads.hpp). */
export const READS_MAX = 64;

export type Connection = "live" | "lost";

export class WatchHub {
  private readonly entries = new Map<string, Entry>();
  private stream: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = Infinity; // when the timer ends
  private failures = 0;
  private connection: Connection = "live";
  private readonly connectionListeners = new Set<() => void>();

  constructor(
    private readonly open: (reads: unknown, signal: AbortSignal) => Promise<Response>,
    private readonly isVisible: () => boolean,
  ) {}

  subscribe(read: Read<unknown>, listener: () => void): () => void {
    let entry = this.entries.get(read.key);
    if (!entry) {
      entry = { read, listeners: new Set(), live: LOADING, line: "" };
      this.entries.set(read.key, entry);
    }
    if (entry.listeners.size === 0) this.plan();
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size === 0) this.release(read.key);
    };
  }

  current(key: string): Live<unknown> {
    return this.entries.get(key)?.live ?? LOADING;
  }

  /** Begins the stream anew, soon: after the set of reads, the tab's visibility or the session changed. */
  plan(delay = 0): void {
    const due = Date.now() + delay;
    if (due >= this.due) return;
    this.due = due;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.due = Infinity;
      void this.restart();
    }, delay);
  }

  /** Forgets all answers: they were another principal's. */
  clear(): void {
    this.stream?.abort();
    this.stream = null;
    for (const entry of this.entries.values()) {
      entry.line = "";
      entry.live = LOADING;
      entry.listeners.forEach((tell) => tell());
    }
  }

  onConnection(listener: () => void): () => void {
    this.connectionListeners.add(listener);
    return () => this.connectionListeners.delete(listener);
  }

  currentConnection(): Connection {
    return this.connection;
  }

  private release(key: string): void {
    setTimeout(() => {
      if (this.entries.get(key)?.listeners.size === 0) this.entries.delete(key);
    }, KEPT_MS);
    this.plan();
  }

  private async restart(): Promise<void> {
    const watched = [...this.entries.values()].filter((entry) => entry.listeners.size > 0);
    const before = this.stream;
    if (watched.length === 0 || !this.isVisible()) {
      this.stream = null;
      before?.abort();
      return;
    }
    const control = new AbortController();
    this.stream = control;
    const heard = watchdog(SILENCE_MS, control);
    try {
      const reads = watched.map((entry, index) => ({ id: String(index), ...entry.read.request }));
      const response = await this.open({ reads }, control.signal);
      before?.abort();
      await this.take(response, watched, () => {
        heard();
        this.failures = 0;
        this.setConnection("live");
      });
      if (this.stream === control) this.retry();
    } catch (error) {
      before?.abort();
      if (this.stream === control) this.broken(watched, error);
    } finally {
      control.abort();
    }
  }

  private broken(watched: Entry[], error: unknown): void {
    if (!(error instanceof ApiError) || error.status === 0) return this.retry();
    this.setConnection("live"); // it answers, if not with what was asked for
    this.failAll(watched, error);
    if (error.status !== 401) this.retryLater();
  }

  /** A stream that ends before it has said anything has failed, however well it was opened. */
  private retry(): void {
    this.retryLater();
    if (this.failures > 1) this.setConnection("lost");
  }

  private retryLater(): void {
    this.failures += 1;
    this.plan(retryMs(this.failures));
  }

  private async take(response: Response, watched: Entry[], heard: () => void): Promise<void> {
    for await (const line of linesOf(response)) {
      heard();
      if (line.startsWith('{"beat"')) continue;
      const { id, output, error } = JSON.parse(line) as {
        id: string;
        output?: unknown;
        error?: { __type: string; message: string };
      };
      const entry = watched[Number(id)];
      if (!entry || entry.line === line.slice(line.indexOf(","))) continue;
      entry.line = line.slice(line.indexOf(",")); // without the id, which differs from stream to stream
      entry.live = error
        ? {
            ...(entry.live.data === undefined ? {} : { data: entry.live.data }),
            error: new ApiError(error.__type.replace(/^.*#/, ""), error.message, 400),
            loading: false,
          }
        : { data: output, loading: false };
      entry.listeners.forEach((tell) => tell());
    }
  }

  private failAll(watched: Entry[], error: ApiError): void {
    for (const entry of watched) {
      entry.line = ""; // the same answer as before is news then
      entry.live = { ...entry.live, error, loading: false };
      entry.listeners.forEach((tell) => tell());
    }
  }

  private setConnection(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.connectionListeners.forEach((tell) => tell());
  }
}

/** Aborts unless it is called again within that time. */
function watchdog(milliseconds: number, control: AbortController): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => control.abort(), milliseconds);
  };
  heard();
  control.signal.addEventListener("abort", () => clearTimeout(timer));
  return heard;
}

/** The lines of a streamed response, as they come. */
export async function* linesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}

export const hub = ofSession(new WatchHub(
  (body, signal) => postJson("/watch", body, signal),
  () => document.visibilityState === "visible",
));
if (typeof document !== "undefined") {
  document.addEventListener("visibilitychange", () => hub.plan());
}

const NOTHING: Live<never> = { loading: false };
const nobody = () => () => {};

/** What is known of a read now, and from now on; `null` asks nothing. */
export function useRead<T>(question: Read<T> | null): Live<T> {
  const key = question?.key;
  // The key says all: a question made anew at each rendering is the same one.
  const stable = useMemo(() => question, [key]);
  const subscribe = useCallback(
    (listener: () => void) => (stable ? hub.subscribe(stable, listener) : nobody()),
    [stable],
  );
  const current = useCallback(
    () => (stable ? hub.current(stable.key) : NOTHING) as Live<T>,
    [stable],
  );
  return useSyncExternalStore(subscribe, current);
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => hub.onConnection(listener),
    () => hub.currentConnection(),
  );
}
