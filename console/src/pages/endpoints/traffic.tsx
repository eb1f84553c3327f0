/** Requests and latencies, where they are recorded (namespace AWS/SageMaker, by endpoint and variant). */
import { useMemo, useState } from "react";
import { read, useRead } from "../../api/watch";
import { duration } from "../../lib/format";
import { periodFor, useMetrics, type MetricName } from "../../plot/metrics";
import { Plot } from "../../plot/plot";
import { figure } from "../../plot/series";
import { Panel } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { useNow } from "../../ui/time";

const NAMESPACE = "AWS/SageMaker";
const SPANS = [["3600", "1 hour"], ["10800", "3 hours"], ["86400", "1 day"], ["604800", "1 week"]] as const;

export function Traffic({ endpoint }: { endpoint: string }) {
  const listed = useRead(read("monitoring", "ListMetrics", { Namespace: NAMESPACE, Dimensions: [{ Name: "EndpointName", Value: endpoint }] }));
  const [span, setSpan] = useState("3600");
  const minute = Math.floor(useNow() / 60) * 60; // the question changes once a minute
  const all = useMemo(() => (listed.data?.Metrics ?? []).map((one): MetricName => {
    const dimensions = Object.fromEntries((one.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]));
    const latency = one.MetricName?.endsWith("Latency") ?? false;
    return {
      label: `${one.MetricName} · ${dimensions.VariantName ?? ""}`, namespace: NAMESPACE, name: one.MetricName ?? "", dimensions, stat: latency ? "Average" : "Sum",
    };
  }), [listed.data]);
  const length = Number(span);
  const { series, live } = useMetrics(all, { start: minute - length, end: minute + 120, period: Math.max(10, periodFor(length)) });
  const [latencies, counts] = useMemo(() => [
    series.filter((one) => one.name.includes("Latency")).map((one) => ({ ...one, points: one.points.map(({ x, y }) => ({ x, y: y / 1e6 })) })), // from microseconds
    series.filter((one) => !one.name.includes("Latency")),
  ], [series]);
  if (listed.error) return <Panel title="Requests and latency"><Problem error={listed.error} /></Panel>;
  if (all.length === 0) return null; // nothing records them here
  return (
    <Panel title="Requests and latency" actions={
      <select className="input" style={{ width: "auto" }} aria-label="How far back" value={span} onChange={(event) => setSpan(event.target.value)}>
        {SPANS.map(([seconds, text]) => <option key={seconds} value={seconds}>{text}</option>)}
      </select>
    }>
      {live.error && <Problem error={live.error} />}
      <div className="plots">
        {counts.length > 0 && <Plot label="Requests" series={counts} height={140} format={figure} />}
        {latencies.length > 0 && <Plot label="Latency" series={latencies} height={140} format={duration} />}
      </div>
    </Panel>
  );
}
