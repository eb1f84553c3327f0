/** Series of CloudWatch metrics, live. */
import { useMemo, useRef } from "react";
import { read, useRead, type Live } from "../api/watch";
import type { Series } from "./series";

export interface MetricName {
  /** How the series is called on the page. */
  readonly label: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat?: "Average" | "Sum" | "Minimum" | "Maximum" | "SampleCount" | "p50" | "p90" | "p99";
}

/** From when to when (epoch seconds), in steps of so many seconds. */
export interface Span { readonly start: number; readonly end: number; readonly period: number }

/** Steps that CloudWatch takes. */
const PERIODS = [1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];
/** More points than a plot has pixels tell nothing. */
const POINTS_MAX = 1500;

/** The finest period that gives a plot at most POINTS_MAX points. */
export function periodFor(seconds: number): number {
  return PERIODS.find((period) => seconds / period <= POINTS_MAX) ?? PERIODS.at(-1)!;
}

/** Values of metrics over a span; those of no name are asked of nobody. */
export function useMetrics(names: readonly MetricName[], span: Span): { series: Series[]; live: Live<unknown> } {
  const live = useRead(names.length === 0 ? null : read("monitoring", "GetMetricData", {
    StartTime: span.start,
    EndTime: span.end,
    ScanBy: "TimestampAscending",
    MetricDataQueries: names.map(({ namespace, name, dimensions, stat = "Average" }, index) => ({
      Id: `m${index}`,
      MetricStat: {
        Metric: {
          Namespace: namespace, MetricName: name,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: span.period, Stat: stat,
      },
    })),
  }));
  // A span that moves on is another question: until its answer is there, the last one is shown.
  const key = JSON.stringify(names);
  const last = useRef({ key, data: live.data });
  if (live.data || last.current.key !== key) last.current = { key, data: live.data };
  const { data } = last.current;
  const series = useMemo(() => names.map((one, index): Series => {
    const result = data?.MetricDataResults?.find(({ Id }) => Id === `m${index}`);
    const values = result?.Values ?? [];
    return { name: one.label, points: (result?.Timestamps ?? []).map((x, at) => ({ x, y: values[at] ?? NaN })) };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- names are made anew at each rendering
  }), [data, key]);
  return { series, live };
}
