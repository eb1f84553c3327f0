/** Requests and latencies by variant, and what its instances use of the machine. */
import { useMemo, useState } from "react";
import { read, useRead } from "../../api/watch";
import { duration } from "../../lib/format";
import { periodFor, useMetrics, type MetricName, type Span } from "../../plot/metrics";
import { Plot } from "../../plot/plot";
import { counted, figure, type Series } from "../../plot/series";
import { UsagePlots, useUsage } from "../../plot/usage";
import { Panel } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { useNow } from "../../ui/time";

const NAMESPACE = "AWS/SageMaker";
const INSTANCES = "/aws/sagemaker/Endpoints";
const SPANS = [["3600", "1 hour"], ["10800", "3 hours"], ["86400", "1 day"], ["604800", "1 week"]] as const;
/** Twice as long as the daemon takes between two of its own: each period has one. */
const PERIOD_LEAST = 10;
const COUNTS = [
  ["Invocations", "Requests"], ["Invocation4XXErrors", "Faults of requests (4xx)"], ["Invocation5XXErrors", "Faults of ours (5xx)"],
  ["InvocationModelErrors", "Faults of the model"],
] as const;
const LATENCIES = [["Average", "average"], ["p90", "90 % within"]] as const;

const microseconds = (value: number) => (value < 1e6 ? `${figure(Number((value / 1000).toPrecision(3)))} ms` : duration(value / 1e6));

/** Variants that are there, and those that were and have figures still. */
function useVariants(endpoint: string): { names: readonly string[]; error?: unknown } {
  const listed = useRead(read("monitoring", "ListMetrics", { Namespace: NAMESPACE, Dimensions: [{ Name: "EndpointName", Value: endpoint }] }));
  const names = (listed.data?.Metrics ?? []).flatMap((one) => one.Dimensions?.find(({ Name }) => Name === "VariantName")?.Value ?? []);
  return { names: [...new Set(names)].sort(), error: listed.error };
}

/** By variant and `what`; the variant is not said where there is but one. */
function metricsOf(endpoint: string, variants: readonly string[]): MetricName[] {
  return variants.flatMap((variant) => {
    const common = { namespace: NAMESPACE, dimensions: { EndpointName: endpoint, VariantName: variant } };
    const label = (what: string) => (variants.length > 1 ? `${variant} · ${what}` : what);
    return [
      ...COUNTS.map(([name, what]): MetricName => ({ ...common, name, label: label(what), stat: "Sum" })),
      ...LATENCIES.map(([stat, what]): MetricName => ({ ...common, name: "ModelLatency", label: label(what), stat })),
    ];
  });
}

const EACH = COUNTS.length + LATENCIES.length;

/** Requests are always shown, faults where there were any. */
function countsOf(series: readonly Series[], { period }: Span, now: number): Series[] {
  return series.flatMap((one, index) => {
    const place = index % EACH;
    if (place >= COUNTS.length || (place > 0 && one.points.every(({ y }) => y === 0))) return [];
    return [{ ...one, points: counted(one.points, period, now) }];
  });
}

export function Traffic({ endpoint }: { endpoint: string }) {
  const { names: variants, error } = useVariants(endpoint);
  const [length, setLength] = useState("3600");
  const now = useNow();
  const minute = Math.floor(now / 60) * 60; // the question changes once a minute
  const span: Span = { start: minute - Number(length), end: minute + 120, period: Math.max(PERIOD_LEAST, periodFor(Number(length))) };
  const { series, live } = useMetrics(metricsOf(endpoint, variants), span);
  const beat = Math.floor(now / span.period) * span.period;
  const counts = useMemo(() => countsOf(series, span, beat), [series, span.period, beat]);
  const latencies = useMemo(() => series.filter((one, index) => index % EACH >= COUNTS.length && one.points.length > 0), [series]);
  const usage = useUsage(INSTANCES, variants.map((name) => ({ name, dimensions: { EndpointName: endpoint, VariantName: name } })), span);
  if (error && variants.length === 0) return <Panel title="Requests and latency"><Problem error={error} /></Panel>;
  if (variants.length === 0) return null; // it has not been asked yet
  return (
    <Panel title="Requests and latency" actions={
      <select className="input" style={{ width: "auto" }} aria-label="How far back" value={length} onChange={(event) => setLength(event.target.value)}>
        {SPANS.map(([seconds, text]) => <option key={seconds} value={seconds}>{text}</option>)}
      </select>
    }>
      {live.error && <Problem error={live.error} />}
      <div className="plots">
        {counts.length > 0 && <div><h3>Requests in {duration(span.period)}</h3><Plot label="Requests" series={counts} height={120} format={figure} fromZero /></div>}
        {latencies.length > 0 && <div><h3>Latency</h3><Plot label="Latency" series={latencies} height={120} format={microseconds} fromZero /></div>}
        <UsagePlots usage={usage} />
      </div>
    </Panel>
  );
}
