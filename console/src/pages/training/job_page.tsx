/** One training job: what it does now, its metrics beside the logs of all hosts, and what it is made of. */
import { useState } from "react";
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { ApiError } from "../../api/http";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { cliCall, cppCall, pythonCall } from "../../lib/code";
import { plural } from "../../lib/format";
import { useLogs } from "../../logs/use_logs";
import { Button, ButtonLink, Empty, Note, Panel, Skeleton } from "../../ui/controls";
import { copyUnseen } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Menu } from "../../ui/menu";
import { LogView } from "../../ui/log_view";
import { Problem } from "../../ui/problem";
import { Status, words } from "../../ui/status";
import { Ago, Took } from "../../ui/time";
import { Details } from "./details";
import { hostOf, isRunning, JOB_LOGS, requestOf } from "./job";
import { epochOf } from "./log_metrics";
import { InstancePanel, MetricsPanel } from "./metrics_panel";
import { useStartedBy } from "./started_by";
import { Track } from "./track";

export function JobPage({ name }: { name: string }) {
  const { data: job, error } = useRead(read("sagemaker", "DescribeTrainingJob", { TrainingJobName: name }));
  if (job) return <Job job={job} error={error} />;
  const absent = error instanceof ApiError && /not found|could not find|does not exist/i.test(error.message);
  return (
    <Page crumbs={[{ text: "Training", href: links.jobs }, { text: name }]} title={name}>
      {!error && <Skeleton lines={6} />}
      {error && <Problem error={error} />}
      {absent && <Empty title="There is no job of that name"><ButtonLink href={links.jobs}>All training jobs</ButtonLink></Empty>}
    </Page>
  );
}

function Job({ job, error }: { job: DescribeTrainingJobResponse; error: unknown }) {
  const logs = useLogs(JOB_LOGS, `${job.TrainingJobName}/`);
  const startedBy = useStartedBy({ name: job.TrainingJobName, arn: job.TrainingJobArn, at: job.CreationTime });
  const running = isRunning(job);
  const epoch = running ? epochOf(logs.lines, job.HyperParameters?.epochs) : undefined;
  const doing = running ? [words(job.SecondaryStatus), epoch ?? job.SecondaryStatusTransitions?.at(-1)?.StatusMessage?.replace(/\.$/, "")].filter(Boolean).join(" · ") : undefined;
  return (
    <Page crumbs={[{ text: "Training", href: links.jobs }, { text: job.TrainingJobName }]} title={job.TrainingJobName}
      status={<Status status={job.TrainingJobStatus} />}
      about={<>
        {doing && <>{doing} · </>}
        Created <Ago at={job.CreationTime} /> · {running ? "for" : "took"} <Took from={job.CreationTime} to={running ? undefined : job.TrainingEndTime ?? job.LastModifiedTime} />
        {" · "}{plural(job.ResourceConfig?.InstanceCount ?? 1, "instance")}
        {startedBy && <> · started by <a href={links.execution(startedBy)}>{nameOf(startedBy)}</a></>}
      </>}
      actions={<Actions job={job} />}>
      {error !== undefined && <Problem error={error} />}
      {job.FailureReason && <Note tone="bad"><strong>{words(job.TrainingJobStatus)}</strong><div>{job.FailureReason}</div></Note>}
      <Panel><Track transitions={job.SecondaryStatusTransitions ?? []} /></Panel>
      <div className="columns job-columns">
        <div className="stack">
          <MetricsPanel job={job} logs={logs} />
          <InstancePanel job={job} />
        </div>
        <Panel title="Logs" flush>
          <LogView label={job.TrainingJobName} lines={logs.lines} streams={logs.streams} nameOf={hostOf} loading={logs.loading} error={logs.error} dropped={logs.dropped}
            empty={<p>{running ? "What the training program prints appears here." : "The job ended before its program printed anything."}</p>} />
        </Panel>
      </div>
      <Details job={job} startedBy={startedBy} />
    </Page>
  );
}

function Actions({ job }: { job: DescribeTrainingJobResponse }) {
  const [stopping, setStopping] = useState(false);
  const copy = (what: string, text: string) => void copyUnseen(text, `${what} copied.`);
  const request = () => requestOf(job);
  return (
    <>
      {job.TrainingJobStatus === "InProgress" && <Button look="danger" icon="stop" onClick={() => setStopping(true)}>Stop</Button>}
      <ButtonLink href={links.newJob(job.TrainingJobName)}>Clone</ButtonLink>
      <ButtonLink href={links.compareJobs([job.TrainingJobName])}>Compare with…</ButtonLink>
      <Menu label="Copy as" icon="copy" items={[
        { label: "AWS CLI command", onChoose: () => copy("Command", cliCall("sagemaker", "CreateTrainingJob", request())) },
        { label: "Python (boto3)", onChoose: () => copy("Python", pythonCall("sagemaker", "CreateTrainingJob", request(), "TrainingJobArn")) },
        { label: "C++ (Trainyard's SDK)", onChoose: () => copy("C++", cppCall("sagemaker", "CreateTrainingJob", "CreateTrainingJobInput", request())) },
      ]}>Copy as</Menu>
      {stopping && (
        <Dialog title="Stop this job?" submit="Stop job" danger onClose={() => setStopping(false)}
          onSubmit={async () => void (await call("sagemaker", "StopTrainingJob", { TrainingJobName: job.TrainingJobName }))}>
          <p>Its program gets SIGTERM and two minutes to end by itself; what it has saved by then is kept as the model.</p>
        </Dialog>
      )}
    </>
  );
}
