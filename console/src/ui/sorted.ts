/** Rows in the order of what a column says of them. */
import { useRef } from "react";

type By<Row> = (row: Row) => string | number;

/** One for all comparisons: to make one takes longer than to compare. */
const COLLATOR = new Intl.Collator(undefined, { numeric: true });

function compare(x: string | number, y: string | number): number {
  return typeof x === "number" && typeof y === "number" ? x - y || 0 : COLLATOR.compare(String(x), String(y)); // Infinity - Infinity
}

/** Sorted by their keys, which stand in the rows' order. Pure. */
export function sortedBy<Row>(rows: readonly Row[], keys: readonly (string | number)[], down: boolean): Row[] {
  const sign = down ? -1 : 1;
  return rows.map((_, index) => index).sort((a, b) => compare(keys[a]!, keys[b]!) * sign).map((index) => rows[index]!);
}

interface Sorted<Row> { rows: readonly Row[]; keys: readonly (string | number)[]; down: boolean; sorted: readonly Row[] }

/**
 * `by` is often made anew at each rendering, and says something else once more is known: whether the order still holds
 * is told by the keys themselves, which is much less than to sort.
 */
export function useSorted<Row>(rows: readonly Row[] | undefined, by: By<Row> | undefined, down = false): readonly Row[] | undefined {
  const last = useRef<Sorted<Row> | null>(null);
  if (!rows || !by) return rows;
  const keys = rows.map(by);
  const { current } = last;
  const holds = current?.rows === rows && current.down === down && keys.every((key, index) => Object.is(key, current.keys[index]));
  if (!holds) last.current = { rows, keys, down, sorted: sortedBy(rows, keys, down) };
  return last.current!.sorted;
}
