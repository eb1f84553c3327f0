/** Lines of logs: cleaned, in the order of time, searched. Pure. */
import { firstWhere } from "../lib/search";

export interface LogLine {
  readonly at: number; // epoch milliseconds, as CloudWatch Logs counts
  readonly stream: string;
  readonly text: string;
}

// Colours and cursor moves (CSI), titles and links (OSC), and the short escapes.
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;
// What else a terminal would act upon; tabs stay.
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What a terminal would show of a line in the end: progress bars rewrite themselves after each \r. */
export function cleaned(message: string): string {
  const bare = message.includes("\u001b") ? message.replace(ESCAPES, "") : message;
  const line = bare.replace(/[\r\n]+$/, "");
  return line.slice(line.lastIndexOf("\r") + 1).replace(CONTROLS, "");
}

/** Lines of one message: most have one, stack traces that were put whole have many. */
export function linesOfMessage(stream: string, at: number, message: string): LogLine[] {
  return message.replace(/\n+$/, "").split("\n").map((text) => ({ at, stream, text: cleaned(text) }));
}

/** The first index whose line is of the time `at` or later. */
export function firstFrom(lines: readonly LogLine[], at: number): number {
  return firstWhere(lines.length, (index) => lines[index]!.at >= at);
}

/**
 * Both in the order of time; lines of the same time keep the order in which they came. `batch` need not be
 * in order itself (a program's clock may be set back). Costs what lies behind the batch's first line.
 */
export function merged(lines: readonly LogLine[], batch: readonly LogLine[]): readonly LogLine[] {
  if (batch.length === 0) return lines;
  const sorted = [...batch].sort((a, b) => a.at - b.at);
  const from = firstWhere(lines.length, (index) => lines[index]!.at > sorted[0]!.at);
  const result = lines.slice(0, from);
  let next = 0;
  for (let index = from; index < lines.length; index += 1) {
    while (next < sorted.length && sorted[next]!.at < lines[index]!.at) result.push(sorted[next++]!);
    result.push(lines[index]!);
  }
  while (next < sorted.length) result.push(sorted[next++]!);
  return result;
}

/**
 * How many of the oldest lines of `before` `now` has no more; undefined when `now` begins with another line. Lines are
 * put in and let go of, never moved, and each is an object of its own.
 */
export function goneOf(before: readonly LogLine[], now: readonly LogLine[]): number | undefined {
  const first = now[0];
  if (!first) return undefined;
  let index = firstFrom(before, first.at);
  while (before[index]?.at === first.at && before[index] !== first) index += 1;
  return before[index] === first ? index : undefined;
}

/** The first index of `now` from which on it is not as `before`: what is before it has been seen. */
export function firstNew(before: readonly LogLine[], now: readonly LogLine[]): number {
  const gone = goneOf(before, now);
  if (gone === undefined) return 0;
  return firstWhere(Math.min(before.length - gone, now.length), (index) => before[gone + index] !== now[index]);
}

/** Indices of the lines that hold `text`, whatever its case. */
export function found(lines: readonly LogLine[], text: string): number[] {
  const wanted = text.toLowerCase();
  if (wanted === "") return [];
  const hits: number[] = [];
  lines.forEach((line, index) => {
    if (line.text.toLowerCase().includes(wanted)) hits.push(index);
  });
  return hits;
}

export interface Piece { text: string; hit: boolean }

/** A line in pieces, those told apart that are what is searched for. */
export function pieces(line: string, text: string): Piece[] {
  const wanted = text.toLowerCase();
  const lower = line.toLowerCase();
  // Lower case may be longer than its capital (İ): then nothing is marked rather than the wrong thing.
  if (wanted === "" || lower.length !== line.length) return [{ text: line, hit: false }];
  const parts: Piece[] = [];
  let at = 0;
  for (let hit = lower.indexOf(wanted); hit >= 0; hit = lower.indexOf(wanted, at)) {
    if (hit > at) parts.push({ text: line.slice(at, hit), hit: false });
    at = hit + wanted.length;
    parts.push({ text: line.slice(hit, at), hit: true });
  }
  if (at < line.length) parts.push({ text: line.slice(at), hit: false });
  return parts;
}

/** As a file: time in UTC, stream, text. */
export function asText(lines: readonly LogLine[]): string {
  return lines.map((line) => `${new Date(line.at).toISOString()}  ${line.stream}  ${line.text}\n`).join("");
}

/** "14:03:09.120", in the reader's own zone. */
export function clock(at: number): string {
  const date = new Date(at);
  const pad = (value: number, width = 2) => String(value).padStart(width, "0");
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}
