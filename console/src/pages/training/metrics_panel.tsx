/** A job's metrics, plotted live: those that are recorded, or the figures that its log tells. */
import { useDeferredValue, useMemo } from "react";
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import type { Logs } from "../../logs/use_logs";
import { periodFor, useMetrics, type MetricName, type Span } from "../../plot/metrics";
import { Plot } from "../../plot/plot";
import type { Series } from "../../plot/series";
import { UsagePlots, useUsage } from "../../plot/usage";
import { Empty, Panel, Skeleton } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { byFamily, hostOf, isRunning, JOB_LOGS } from "./job";
import { Figures } from "./log_metrics";

/** As long as a job may run (StoppingCondition's most is 28 days): the question stays the same while it does. */
const LONGEST_S = 30 * 86_400;
/** More lines than that in a plot are one. */
const HOSTS_MAX = 20;

export function spanOf(job: DescribeTrainingJobResponse): Span {
  const start = Math.floor(job.CreationTime);
  const end = isRunning(job) ? undefined : job.TrainingEndTime ?? job.LastModifiedTime;
  const until = end ?? Date.now() / 1000;
  return { start, end: end === undefined ? start + LONGEST_S : Math.ceil(end) + 60, period: periodFor(until - start) };
}

export function MetricsPanel({ job, logs }: { job: DescribeTrainingJobResponse; logs: Logs }) {
  const definitions = job.AlgorithmSpecification?.MetricDefinitions ?? [];
  return definitions.length > 0 ? <Recorded job={job} logs={logs} /> : <FromLog job={job} logs={logs} />;
}

const hasPoints = (series: readonly Series[]) => series.some((one) => one.points.length > 0);

function Recorded({ job, logs }: { job: DescribeTrainingJobResponse; logs: Logs }) {
  const names = useMemo(() => (job.AlgorithmSpecification?.MetricDefinitions ?? []).map(({ Name }): MetricName => ({
    label: Name, namespace: JOB_LOGS, name: Name, dimensions: { TrainingJobName: job.TrainingJobName },
  })), [job.AlgorithmSpecification?.MetricDefinitions, job.TrainingJobName]);
  const { series, live } = useMetrics(names, spanOf(job));
  const families = useMemo(() => [...byFamily(series, (one) => one.name)].filter(([, members]) => hasPoints(members)), [series]);
  if (!live.loading && !live.error && !hasPoints(series)) return <FromLog job={job} logs={logs} />;
  return (
    <Panel title="Metrics">
      {live.error && <Problem error={live.error} />}
      {hasPoints(series)
        ? <div className="plots">{families.map(([family, members]) => <Plot key={family} label={family} series={members} />)}</div>
        : live.loading && <Skeleton />}
    </Panel>
  );
}

function FromLog({ job, logs }: { job: DescribeTrainingJobResponse; logs: Logs }) {
  const lines = useDeferredValue(logs.lines);
  const reader = useMemo(() => new Figures(hostOf), []);
  const figures = useMemo(() => reader.take(lines), [reader, lines]);
  const families = useMemo(() => [...byFamily([...figures], ([name]) => name)].map(
    ([family, members]) => [family, members.flatMap(([, series]) => series)] as const), [figures]);
  return (
    <Panel title={families.length > 0 ? <>Metrics <span className="small soft">read from the log</span></> : "Metrics"}>
      {families.length > 0
        ? <div className="plots">{families.map(([family, series]) => <Plot key={family} label={family} series={series} />)}</div>
        : <Empty title={isRunning(job) ? "No figures yet" : "No figures were reported"}>
            <p>Lines of the log that match the job's metric definitions are plotted here; without definitions, figures such as “loss: 0.31”.</p>
          </Empty>}
    </Panel>
  );
}

/** What instances used, by host. */
export function InstancePanel({ job }: { job: DescribeTrainingJobResponse }) {
  const hosts = Array.from({ length: Math.min(job.ResourceConfig?.InstanceCount ?? 1, HOSTS_MAX) }, (_, index) => `algo-${index + 1}`);
  const users = hosts.map((host) => ({ name: host, dimensions: { Host: `${job.TrainingJobName}/${host}` } }));
  const usage = useUsage(JOB_LOGS, users, spanOf(job));
  if (usage.plots.length === 0 && usage.error === undefined) return null; // it has not begun, or was too short
  return (
    <Panel title="Instances">
      {usage.error !== undefined && <Problem error={usage.error} />}
      <UsagePlots usage={usage} />
    </Panel>
  );
}
