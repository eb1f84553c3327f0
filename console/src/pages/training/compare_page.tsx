/** Jobs side by side: their metrics over one another, and what was set differently. */
import { useCallback, useMemo, useState } from "react";
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { periodFor, useMetrics, type MetricName } from "../../plot/metrics";
import { Plot } from "../../plot/plot";
import { figure, type Series } from "../../plot/series";
import { Button, ButtonLink, Empty, Panel, Skeleton } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Status } from "../../ui/status";
import { Table } from "../../ui/table";
import { Ago, Took } from "../../ui/time";
import { chosenNames, rowsOf, type Row } from "./compare";
import { isRunning, JOB_LOGS } from "./job";
import { JobSource, type Sourced } from "./job_source";

export default function ComparePage({ names: asked }: { names: readonly string[] }) {
  const key = chosenNames(asked).join(",");
  const names = useMemo(() => key.split(",").filter(Boolean), [key]);
  const [sources, setSources] = useState<ReadonlyMap<string, Sourced>>(new Map());
  const take = useCallback((name: string, part: Sourced) => setSources((old) => new Map(old).set(name, { ...old.get(name), ...part })), []);
  const known = names.map((name) => sources.get(name));
  const jobs = useMemo(() => names.flatMap((name) => sources.get(name)?.job ?? []), [names, sources]);
  const failed = names.filter((name) => sources.get(name)?.error !== undefined && !sources.get(name)?.job);
  return (
    <Page crumbs={[{ text: "Training", href: links.jobs }, { text: "Compare" }]}
      title={names.length > 0 ? `Compare ${names.length === 1 ? "with…" : `${names.length} jobs`}` : "Compare jobs"}
      actions={<AddJob names={names} />}>
      {names.map((name) => <JobSource key={name} name={name} onChange={take} />)}
      {failed.map((name) => <Problem key={name} error={sources.get(name)?.error} />)}
      {names.length === 0 && <Empty title="No job is chosen"><ButtonLink href={links.jobs}>Choose jobs from the list</ButtonLink></Empty>}
      {known.some((one) => one === undefined) && <Skeleton lines={6} />}
      {jobs.length > 0 && (
        <>
          <Overview jobs={jobs} names={names} />
          <Metrics jobs={jobs} sources={sources} />
          <Panel title="Parameters and settings" flush><Values jobs={jobs} /></Panel>
        </>
      )}
    </Page>
  );
}

function AddJob({ names }: { names: readonly string[] }) {
  const jobs = useRead(read("sagemaker", "ListTrainingJobs", { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending" }));
  const others = (jobs.data?.TrainingJobSummaries ?? []).filter((job) => !names.includes(job.TrainingJobName));
  if (others.length === 0) return null;
  return (
    <select className="input" style={{ width: 220 }} aria-label="Add a job" value="" onChange={(event) => go(links.compareJobs([...names, event.target.value]), true)}>
      <option value="">Add a job…</option>
      {others.map((job) => <option key={job.TrainingJobName} value={job.TrainingJobName}>{job.TrainingJobName}</option>)}
    </select>
  );
}

function Overview({ jobs, names }: { jobs: readonly DescribeTrainingJobResponse[]; names: readonly string[] }) {
  const metrics = [...new Set(jobs.flatMap((job) => (job.FinalMetricDataList ?? []).map((one) => one.MetricName ?? "")))].slice(0, 4);
  return (
    <Panel flush>
      <Table label="Jobs" rows={jobs} rowKey={(job) => job.TrainingJobName} empty={null} columns={[
        { title: "Name", cell: (job) => <a href={links.job(job.TrainingJobName)}>{job.TrainingJobName}</a> },
        { title: "Status", cell: (job) => <Status status={job.TrainingJobStatus} /> },
        ...metrics.map((name) => ({
          title: name, number: true, minor: true,
          cell: (job: DescribeTrainingJobResponse) => {
            const value = job.FinalMetricDataList?.find((one) => one.MetricName === name)?.Value;
            return value === undefined ? "–" : figure(value);
          },
        })),
        { title: "Created", minor: true, cell: (job) => <Ago at={job.CreationTime} /> },
        { title: "Took", number: true, minor: true, cell: (job) => <Took from={job.CreationTime} to={isRunning(job) ? undefined : job.TrainingEndTime ?? job.LastModifiedTime} /> },
        { title: "Leave out", number: true, cell: (job) => (
          <Button look="plain" icon="cross" label={`Leave out ${job.TrainingJobName}`} onClick={() => go(
            links.compareJobs(names.filter((name) => name !== job.TrainingJobName)), true
            )} />
        ) },
      ]} />
    </Panel>
  );
}

const startOf = (job: DescribeTrainingJobResponse) => job.TrainingStartTime ?? job.CreationTime;

function Metrics({ jobs, sources }: { jobs: readonly DescribeTrainingJobResponse[]; sources: ReadonlyMap<string, Sourced> }) {
  const names = jobs.flatMap((job) => (job.AlgorithmSpecification?.MetricDefinitions ?? []).map((one): MetricName => ({
    label: `${one.Name}\n${job.TrainingJobName}`, namespace: JOB_LOGS, name: one.Name, dimensions: { TrainingJobName: job.TrainingJobName },
  })));
  const start = Math.floor(Math.min(...jobs.map((job) => job.CreationTime)));
  const end = Math.max(...jobs.map((job) => (isRunning(job) ? start + 30 * 86_400 : Math.ceil(job.TrainingEndTime ?? job.LastModifiedTime ?? job.CreationTime) + 60)));
  const longest = Math.max(...jobs.map((job) => (job.TrainingEndTime ?? Date.now() / 1000) - job.CreationTime));
  const { series, live } = useMetrics(names, { start, end, period: periodFor(longest) });
  const plots = useMemo(() => {
    const all = new Map<string, Series[]>();
    const add = (metric: string, one: Series) => all.set(metric, [...(all.get(metric) ?? []), one]);
    for (const job of jobs) {
      const since = (one: Series): Series => ({ name: job.TrainingJobName, points: one.points.map(({ x, y }) => ({ x: Math.max(0, x - startOf(job)), y })) });
      const recorded = series.filter((one) => one.name.endsWith(`\n${job.TrainingJobName}`) && one.points.length > 0);
      for (const one of recorded) add(one.name.split("\n")[0]!, since(one));
      if (recorded.length === 0) for (const [metric, one] of sources.get(job.TrainingJobName)?.figures ?? []) add(metric, since(one));
    }
    return [...all];
  }, [jobs, series, sources]);
  return (
    <Panel title={<>Metrics <span className="small soft">by the time since training began</span></>}>
      {live.error && <Problem error={live.error} />}
      {plots.length === 0 && live.error ? null : plots.length === 0
        ? <Empty title="These jobs record no metrics"><p>Metric definitions of a job, or figures in its log, would show here.</p></Empty>
        : <div className="plots compare-plots">{plots.map(([metric, members]) => (
            <div key={metric}><h3>{metric}</h3><Plot label={metric} series={members} axis="elapsed" /></div>
          ))}</div>}
    </Panel>
  );
}

function Values({ jobs }: { jobs: readonly DescribeTrainingJobResponse[] }) {
  const rows: Row[] = rowsOf(jobs);
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label="Parameters and settings">
      <table className="table compare-values">
        <thead><tr><th scope="col">Name</th>{jobs.map((job) => <th key={job.TrainingJobName} scope="col">{job.TrainingJobName}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}{row.differs && <span className="compare-mark" title="differs"> ≠<span className="visually-hidden"> differs</span></span>}</th>
              {row.values.map((value, index) => <td key={index} className={row.differs ? "differs" : ""}><code>{value ?? "–"}</code></td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
