/** Numbers and times in the words of the pages. Pure: the time that it is now is an argument. */

const UNITS: [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
  [1, "s"],
];

/** "420 ms", "3.2 s", "3 m 12 s", "2 d 4 h": two units at most. */
export function duration(seconds: number): string {
  if (seconds < 0) seconds = 0;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const first = UNITS.findIndex(([length]) => whole >= length);
  const two = UNITS.slice(first, first + 2);
  let rest = whole;
  const parts: string[] = [];
  for (const [length, unit] of two) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

/** "just now", "3 m ago"; a date beyond a week. `then` and `now` are epoch seconds. */
export function ago(then: number, now: number): string {
  const seconds = now - then;
  if (seconds < 5) return "just now";
  for (const [length, unit] of UNITS) {
    if (length === 86_400 && seconds >= 7 * length) break;
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ago`;
  }
  return day(then);
}

export function day(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString(undefined, {
    year: "numeric",
    month: "short",
    day: "numeric",
  });
}

/** With the time to the millisecond, in the reader's own zone. */
export function exactTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const pad = (value: number, width = 2) => String(value).padStart(width, "0");
  return (
    `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ` +
    `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.` +
    pad(date.getMilliseconds(), 3)
  );
}

/** "512 B", "1.4 MB": powers of 1000, as S3's console and disks have them. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 999.5 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
