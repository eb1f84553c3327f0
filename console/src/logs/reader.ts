/**
 * Reads many streams of logs to their ends, and goes on from there when they have grown. What it costs is
 * what is new: each stream is read on from its forward token.
 */
import { linesOfMessage, merged, type LogLine } from "./lines";

/** A stream and a mark that changes whenever something was put into it. */
export interface Source { readonly stream: string; readonly mark: string }

export interface EventPage {
  events: readonly { timestamp?: number | undefined; message?: string | undefined }[];
  next: string | undefined;
}
export type ReadPage = (stream: string, token: string | undefined) => Promise<EventPage>;

/** Kept in memory; older ones are let go of, and counted. */
export const LINES_MAX = 300_000;

export class LogReader {
  lines: readonly LogLine[] = [];
  dropped = 0;
  error: unknown;
  /** Whether all that was there has been read once. */
  complete = false;
  private readonly tokens = new Map<string, string>();
  private readonly marks = new Map<string, string>();
  private wanted: readonly Source[] = [];
  private running = false;
  private stopped = false;

  constructor(private readonly page: ReadPage, private readonly tell: () => void) {}

  /** Reads what is new in the sources; while that goes on a newer call takes the older one's place. */
  async follow(sources: readonly Source[]): Promise<void> {
    this.wanted = sources;
    this.stopped = false;
    if (this.running) return;
    this.running = true;
    try {
      for (let next = this.unread(); next && !this.stopped; next = this.unread()) await this.readOn(next);
      this.error = undefined;
    } catch (error) {
      this.error = error;
    } finally {
      this.running = false;
      this.complete ||= this.error === undefined;
      if (!this.stopped) this.tell();
    }
  }

  /** Until it is to follow again. */
  stop(): void {
    this.stopped = true;
  }

  private unread(): Source | undefined {
    return this.wanted.find(({ stream, mark }) => this.marks.get(stream) !== mark);
  }

  private async readOn({ stream, mark }: Source): Promise<void> {
    for (;;) {
      const token = this.tokens.get(stream);
      const { events, next } = await this.page(stream, token);
      if (this.stopped) return;
      if (next !== undefined) this.tokens.set(stream, next);
      if (events.length > 0) this.take(stream, events);
      if (next === undefined || next === token) break; // the same token again: the end
    }
    this.marks.set(stream, mark); // only now: what failed is read again
  }

  private take(stream: string, events: EventPage["events"]): void {
    const batch = events.flatMap((event) => linesOfMessage(stream, event.timestamp ?? 0, event.message ?? ""));
    const all = merged(this.lines, batch);
    const excess = Math.max(0, all.length - LINES_MAX);
    this.dropped += excess;
    this.lines = excess > 0 ? all.slice(excess) : all;
    this.tell();
  }
}
