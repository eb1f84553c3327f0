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

/** Kept in memory. Of more, a tenth of the oldest goes at once and is counted: all that is shown moves up each time. */
const LINES_MAX = 300_000;
/** How long after a failure it tries again: longer each time, until something comes. */
const RETRY_MS = [1_000, 3_000, 10_000, 30_000];

/** How far a stream has been read. */
interface Place {
  token?: string;
  /** Its source's mark when it was read to the end. */
  mark?: string;
  /** The time of the last line. */
  at: number;
}

export class LogReader {
  lines: readonly LogLine[] = [];
  dropped = 0;
  error: unknown;
  /** Whether all that was there has been read once. */
  complete = false;
  private readonly places = new Map<string, Place>();
  private wanted: readonly Source[] = [];
  private running = false;
  private stopped = false;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly page: ReadPage, private readonly tell: () => void, private readonly max = LINES_MAX) {}

  /** Reads what is new in the sources; while that goes on a newer call takes the older one's place. */
  async follow(sources: readonly Source[]): Promise<void> {
    this.wanted = sources;
    this.stopped = false;
    clearTimeout(this.retry);
    if (!this.running) await this.run();
  }

  /** Until it is to follow again. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (let next = this.unread(); next && !this.stopped; next = this.unread()) await this.readOn(next);
      this.error = undefined;
      this.complete ||= !this.stopped;
    } catch (error) {
      this.error = error;
      this.tryAgain();
    } finally {
      this.running = false;
      if (!this.stopped) this.tell();
    }
  }

  /** Of a job that has ended no stream will grow any more: nobody else would ask again. */
  private tryAgain(): void {
    const delay = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    if (!this.stopped) this.retry = setTimeout(() => void this.run(), delay);
  }

  private placeOf(stream: string): Place {
    let place = this.places.get(stream);
    if (!place) this.places.set(stream, (place = { at: 0 }));
    return place;
  }

  /** The stream that is furthest behind: so lines come in the order of time, and what is let go of is the oldest of all. */
  private unread(): Source | undefined {
    const unread = this.wanted.filter(({ stream, mark }) => this.placeOf(stream).mark !== mark);
    return unread.sort((a, b) => this.placeOf(a.stream).at - this.placeOf(b.stream).at)[0];
  }

  /** By a page. */
  private async readOn({ stream, mark }: Source): Promise<void> {
    const place = this.placeOf(stream);
    const { events, next } = await this.page(stream, place.token);
    if (this.stopped) return;
    this.error = undefined;
    this.failures = 0;
    place.at = events.at(-1)?.timestamp ?? place.at;
    if (events.length > 0) this.take(stream, events);
    if (next === undefined || next === place.token) place.mark = mark; // the same token again: the end
    else place.token = next;
  }

  private take(stream: string, events: EventPage["events"]): void {
    const batch = events.flatMap((event) => linesOfMessage(stream, event.timestamp ?? 0, event.message ?? ""));
    // What is kept has no gaps: once lines were let go of, no older ones come in.
    const oldest = this.dropped > 0 ? this.lines[0]!.at : -Infinity;
    const all = merged(this.lines, batch.filter((line) => line.at >= oldest));
    const kept = all.length > this.max ? all.slice(-Math.ceil(0.9 * this.max)) : all;
    this.dropped += this.lines.length + batch.length - kept.length;
    this.lines = kept;
    this.tell();
  }
}
