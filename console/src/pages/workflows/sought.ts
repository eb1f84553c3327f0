/** Which executions of a list are looked for: by words of their names and by the days on which they began. Pure. */

/** Days are written as date fields write them, "2026-11-29", and mean those of this browser; "": any. */
export interface Sought { text: string; from: string; to: string }

/** When a day begins, in seconds, or the day `later` ones after it; nothing of what is no day. */
function dawn(day: string, later = 0): number | undefined {
  const [, year, month, date] = /^(\d{4,6})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  const at = new Date(Number(year), Number(month) - 1, Number(date) + later).getTime();
  return Number.isNaN(at) ? undefined : at / 1000;
}

export const isAnything = ({ text, from, to }: Sought): boolean => text.trim() === "" && dawn(from) === undefined && dawn(to) === undefined;

/** Those rows that are; each word is somewhere in the name. */
export function found<T extends { name: string; startDate: number }>(rows: readonly T[], { text, from, to }: Sought): readonly T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const [first, end] = [dawn(from) ?? -Infinity, dawn(to, 1) ?? Infinity];
  return rows.filter(({ name, startDate }) => startDate >= first && startDate < end && words.every((word) => name.toLowerCase().includes(word)));
}

/** Whether nothing behind these rows, newest first, can be among them. */
export function isPast(rows: readonly { startDate: number }[], { from }: Sought): boolean {
  const [last, first] = [rows.at(-1), dawn(from)];
  return last !== undefined && first !== undefined && last.startDate < first;
}
