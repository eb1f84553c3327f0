/** What instances use of the machine: CPUUtilization, MemoryUtilization and the like, in percent, as CloudWatch has them. */
import { useMemo } from "react";
import { read, useRead } from "../api/watch";
import { useMetrics, type MetricName, type Span } from "./metrics";
import { Plot } from "./plot";
import { figure, type Series } from "./series";

/** Whose figures they are: a host, a variant. */
export interface User { readonly name: string; readonly dimensions: Readonly<Record<string, string>> }

export interface Usage {
  /** By metric, a series a user; those without a value are left out. */
  readonly plots: readonly (readonly [string, readonly Series[]])[];
  readonly error?: unknown;
}

/** What is plotted are the metrics that the first of `users` has. */
export function useUsage(namespace: string, users: readonly User[], span: Span): Usage {
  const [first] = users;
  const listed = useRead(first ? read("monitoring", "ListMetrics", {
    Namespace: namespace, Dimensions: Object.entries(first.dimensions).map(([Name, Value]) => ({ Name, Value })),
  }) : null);
  const found = [...new Set((listed.data?.Metrics ?? []).map((one) => one.MetricName ?? ""))].sort();
  const names = found.flatMap((name) => users.map((user): MetricName => ({ label: user.name, namespace, name, dimensions: user.dimensions })));
  const { series, live } = useMetrics(names, span);
  const key = found.join("\n");
  const plots = useMemo(() => key.split("\n").filter(Boolean).map((name, index) => {
    const members = series.slice(index * users.length, (index + 1) * users.length);
    return [name, members.filter((one) => one.points.length > 0)] as const;
  }).filter(([, members]) => members.length > 0), [key, series, users.length]);
  return { plots, error: listed.error ?? live.error };
}

const percent = (value: number) => `${figure(Number(value.toPrecision(value < 100 ? 2 : 3)))} %`;

/** "CPUUtilization" → "CPU", "GPUMemoryUtilization" → "GPU memory". */
export function titleOf(metric: string): string {
  return metric.replace(/Utilization$/, "").replace(/([A-Z]+)([A-Z][a-z]+)/g, (_, first: string, then: string) => `${first} ${then.toLowerCase()}`);
}

export function UsagePlots({ usage }: { usage: Usage }) {
  return (
    <div className="plots">
      {usage.plots.map(([metric, members]) => (
        <div key={metric}>
          <h3>{titleOf(metric)}</h3>
          <Plot label={metric} series={members} height={120} format={percent} fromZero />
        </div>
      ))}
    </div>
  );
}
