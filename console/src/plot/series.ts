/** What is plotted, as the drawing needs it and as text. Pure. */

export interface Point { readonly x: number; readonly y: number }

export interface Series {
  readonly name: string;
  readonly points: readonly Point[]; // by x, ascending
}

export interface Aligned {
  xs: number[];
  /** One a series; null where it has no value at that x. */
  columns: (number | null)[][];
}

/** All series on one axis. */
export function aligned(series: readonly Series[]): Aligned {
  const xs = [...new Set(series.flatMap((one) => one.points.map((point) => point.x)))].sort((a, b) => a - b);
  const places = new Map(xs.map((x, index) => [x, index]));
  const columns = series.map((one) => {
    const column: (number | null)[] = new Array<number | null>(xs.length).fill(null);
    for (const { x, y } of one.points) column[places.get(x)!] = Number.isFinite(y) ? y : null;
    return column;
  });
  return { xs, columns };
}

/**
 * Counts by period, where none are told of a period in which nothing was: zeros stand there, from the first count
 * on until `until`, the period that is not over yet left out.
 */
export function counted(points: readonly Point[], period: number, until: number): Point[] {
  const first = points[0];
  if (!first) return [];
  const known = new Map(points.map(({ x, y }) => [x, y]));
  const all: Point[] = [];
  for (let x = first.x; x <= Math.max(points.at(-1)!.x, until - 2 * period); x += period) all.push({ x, y: known.get(x) ?? 0 });
  return all;
}

export interface Summary { last: number; least: number; most: number; count: number }

export function summary(points: readonly Point[]): Summary | undefined {
  const values = points.map((point) => point.y).filter(Number.isFinite);
  if (values.length === 0) return undefined;
  let [least, most] = [Infinity, -Infinity]; // a spread of Math.min has its limits
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { last: values.at(-1)!, least, most, count: values.length };
}

/** Four significant digits: "0.1235", "12,800", "1.2e-7". */
export function figure(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(2).replace("e+", "e");
  return value.toLocaleString("en-US", size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 });
}

/** The last value of a column at or before an index: series on one axis rarely have values at the same x. */
export function valueAt(column: readonly (number | null)[], index: number): number | undefined {
  for (let at = Math.min(index, column.length - 1); at >= 0; at -= 1) {
    const value = column[at];
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}
