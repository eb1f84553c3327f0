/** The history of an execution, all of it, from its first event on and for as long as it runs. */
import { useEffect, useMemo, useRef, useState } from "react";
import { call } from "../../api/call";
import { retryMs } from "../../api/retry";
import { read, useRead } from "../../api/watch";
import type { HistoryEvent } from "@types-of/states";
import { History } from "./history";

/** Events a page: as many as the service gives. */
const PAGE = 1000;
/** Watched: the newest events, so that what is sent with each commit stays small. */
const NEWEST = 20;

type Fetch = (input: { reverseOrder: boolean; nextToken?: string; maxResults: number }) => Promise<{ events: HistoryEvent[]; nextToken?: string | undefined }>;

/**
 * Keeps a history complete. The watch tells the newest events, newest first; where they do not join
 * what is here already, the pages between are fetched. One fetch at a time; one that fails is made again, for of
 * an execution that has ended the watch tells nothing more.
 */
export class Follower {
  readonly history = new History();
  /** Whether all is here that there was when it was last asked. */
  complete = false;
  private busy = false;
  private wanted: readonly HistoryEvent[] | undefined;
  private stopped = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `failed` is told of what goes wrong, and of `undefined` once it goes well again. */
  constructor(private readonly fetch: Fetch, private readonly changed: () => void, private readonly failed: (error: unknown) => void) {}

  start(): void {
    this.stopped = false;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** The newest events, newest first. */
  newest(events: readonly HistoryEvent[]): void {
    clearTimeout(this.timer);
    this.wanted = events;
    if (!this.busy) void this.follow();
  }

  private async follow(): Promise<void> {
    this.busy = true;
    this.complete = false;
    let events: readonly HistoryEvent[] = [];
    try {
      while (this.wanted && !this.stopped) {
        events = this.wanted;
        this.wanted = undefined;
        const oldest = events.at(-1)?.id ?? 1;
        if (oldest > this.history.lastId + 1) await (this.history.lastId === 0 ? this.fromTheStart() : this.theGap(events[0]!.id));
        if (this.stopped) return;
        this.complete = this.wanted === undefined;
        this.add(oldest <= this.history.lastId + 1 ? [...events].reverse() : []);
      }
      if (this.failures > 0) this.failed(undefined);
      this.failures = 0;
    } catch (error) {
      if (!this.stopped) this.again(this.wanted ?? events, error);
    } finally {
      this.busy = false;
    }
  }

  private again(events: readonly HistoryEvent[], error: unknown): void {
    this.failures += 1;
    this.failed(error);
    this.timer = setTimeout(() => this.newest(events), retryMs(this.failures));
  }

  /** Each page is shown as it comes: the first states of a long execution need not wait for its last. */
  private async fromTheStart(): Promise<void> {
    let token: string | undefined;
    do {
      const page = await this.fetch({ reverseOrder: false, maxResults: PAGE, ...(token ? { nextToken: token } : {}) });
      if (this.stopped) return;
      this.add(page.events);
      token = page.nextToken;
    } while (token);
  }

  /** Backwards from the newest event to the first that is here already. */
  private async theGap(newest: number): Promise<void> {
    const { lastId } = this.history;
    const maxResults = Math.min(PAGE, newest - lastId);
    const pages: HistoryEvent[][] = [];
    let token: string | undefined;
    do {
      const page = await this.fetch({ reverseOrder: true, maxResults, ...(token ? { nextToken: token } : {}) });
      if (this.stopped) return;
      pages.push(page.events);
      token = (page.events.at(-1)?.id ?? 0) > lastId + 1 ? page.nextToken : undefined;
    } while (token);
    this.add(pages.flat().reverse());
  }

  private add(events: readonly HistoryEvent[]): void {
    this.history.append(events);
    this.changed();
  }
}

export interface LiveHistory {
  readonly history: History;
  /** Another one whenever the history has grown: what is computed from it depends on this. */
  readonly version: number;
  readonly error: unknown;
  /** Nothing is here yet. */
  readonly loading: boolean;
  /** All of it is. */
  readonly complete: boolean;
}

export function useHistory(executionArn: string): LiveHistory {
  const newest = useRead(read("states", "GetExecutionHistory", { executionArn, reverseOrder: true, maxResults: NEWEST }));
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<unknown>();
  const frame = useRef(0);
  const follower = useMemo(
    () => new Follower(
      (input) => call("states", "GetExecutionHistory", { executionArn, ...input }),
      () => {
        // What comes in between two frames is drawn once.
        frame.current ||= requestAnimationFrame(() => {
          frame.current = 0;
          setVersion((before) => before + 1);
        });
      },
      setError,
    ),
    [executionArn],
  );
  useEffect(() => {
    follower.start();
    return () => {
      follower.stop();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [follower]);
  useEffect(() => {
    if (newest.data) follower.newest(newest.data.events);
  }, [follower, newest.data]);
  return {
    history: follower.history, version, error: error ?? newest.error, complete: follower.complete,
    loading: follower.history.lastId === 0 && error === undefined && !newest.error
    };
}
