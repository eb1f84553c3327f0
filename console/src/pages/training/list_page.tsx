/** All training jobs, the newest first. */
import { useState } from "react";
import type { TrainingJobStatus, TrainingJobSummary } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { usePages } from "../../api/pages";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links, useQuery } from "../../app/router";
import { figure } from "../../plot/series";
import { Button, ButtonLink, Empty } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { ListPanel } from "../../ui/list_bar";
import { Problem } from "../../ui/problem";
import { useSettled } from "../../ui/settled";
import { Status, words } from "../../ui/status";
import { Table, type Column } from "../../ui/table";
import { Ago, Took } from "../../ui/time";
import { columnsOf, useFinals, type Finals } from "./final_metrics";
import { isRunning } from "./job";

const STATUSES = ["InProgress", "Completed", "Failed", "Stopping", "Stopped"] as const;

export function JobList() {
  const [text, setText] = useQuery<string>("search", "");
  const [status, setStatus] = useQuery<TrainingJobStatus | "">("status", "");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const named = useSettled(text.trim());
  const input = {
    MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending",
    ...(named ? { NameContains: named } : {}), ...(status ? { StatusEquals: status } : {}),
  } as const;
  const first = useRead(read("sagemaker", "ListTrainingJobs", input));
  const list = usePages(first, JSON.stringify(input), (page) => page.TrainingJobSummaries, (page) => page.NextToken,
    (job) => job.TrainingJobName, (NextToken) => call("sagemaker", "ListTrainingJobs", { ...input, NextToken }));
  const { rows } = list;
  const finals = useFinals((rows ?? []).filter((job) => !isRunning(job)).map((job) => job.TrainingJobName));
  const toggle = (name: string) => setChosen((old) => (old.includes(name) ? old.filter((one) => one !== name) : [...old, name]));
  const metrics = columnsOf((rows ?? []).map((job) => finals(job.TrainingJobName)));
  const filtered = named !== "" || status !== "";
  return (
    <Page crumbs={[{ text: "Training" }]} title="Training jobs"
      actions={<>
        <Button disabled={chosen.length < 2} onClick={() => go(links.compareJobs(chosen))}>
          {chosen.length < 2 ? "Compare (choose two)" : `Compare ${chosen.length}`}
        </Button>
        <ButtonLink href={links.newJob()} look="primary" icon="plus">Create job</ButtonLink>
      </>}>
      {first.error && <Problem error={first.error} />}
      <ListPanel noun="job" text={text} onText={setText} statuses={{ chosen: status, all: STATUSES, onChoose: (one) => setStatus(one as typeof status) }} list={list}>
        {!(first.error && !rows) && (
          <div className="jobs-table">
            <Table label="Training jobs" rows={rows} rowKey={(job) => job.TrainingJobName} onChoose={(job) => go(links.job(job.TrainingJobName))}
              columns={columns(chosen, toggle, metrics, finals)}
              empty={filtered
                ? <Empty title="No job is like that"><Button onClick={() => go(links.jobs, true)}>Show all jobs</Button></Empty>
                : <Empty title="No training job yet"><p>Train the digits of the tutorial, from end to end:</p><Command>trainyard demo mnist</Command></Empty>} />
          </div>
        )}
      </ListPanel>
    </Page>
  );
}

/** `undefined`: not told yet; the order by this column may still change. */
function Final({ finals, name }: { finals: Finals | null | undefined; name: string }) {
  if (finals === undefined) return <span className="soft" title="Being asked for">…</span>;
  const value = finals?.[name];
  return value === undefined ? <span className="soft">–</span> : figure(value);
}

function columns(
  chosen: readonly string[], toggle: (name: string) => void, metrics: readonly string[], finals: ReturnType<typeof useFinals>,
): Column<TrainingJobSummary>[] {
  return [
    { title: "✓", width: 40, cell: ({ TrainingJobName: name }) => (
      <input type="checkbox" aria-label={`Compare ${name}`} checked={chosen.includes(name)} onClick={(event) => event.stopPropagation()} onChange={() => toggle(name)} />
    ) },
    { title: "Name", sort: (job) => job.TrainingJobName, cell: (job) => (
      <a className="jobs-name" href={links.job(job.TrainingJobName)} onClick={(event) => event.stopPropagation()}>{job.TrainingJobName}</a>
    ) },
    { title: "Status", sort: (job) => job.TrainingJobStatus, cell: (job) => (
      <Status status={job.TrainingJobStatus} {...(job.TrainingJobStatus === "InProgress" && job.SecondaryStatus ? { label: words(job.SecondaryStatus) } : {})} />
    ) },
    ...metrics.map((name): Column<TrainingJobSummary> => ({
      title: name, number: true, minor: true,
      sort: (job) => finals(job.TrainingJobName)?.[name] ?? -Infinity,
      cell: (job) => <Final finals={isRunning(job) ? null : finals(job.TrainingJobName)} name={name} />,
    })),
    { title: "Created", minor: true, sort: (job) => job.CreationTime, cell: (job) => <Ago at={job.CreationTime} /> },
    { title: "Took", number: true, minor: true, sort: (job) => (job.TrainingEndTime ?? 4e9) - job.CreationTime,
      cell: (job) => <Took from={job.CreationTime} to={isRunning(job) ? undefined : job.TrainingEndTime ?? job.LastModifiedTime} /> },
  ];
}
