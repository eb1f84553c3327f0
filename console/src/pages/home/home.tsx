/** What runs, what failed, and how to begin. */
import { useState } from "react";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { links } from "../../app/router";
import { plural } from "../../lib/format";
import { Empty, Panel, Skeleton } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Status, words } from "../../ui/status";
import { Table } from "../../ui/table";
import { Ago, Took, useNow } from "../../ui/time";
import { useExecutions } from "./executions";
import "./home.css";
import { HostPanel } from "./host";
import { COUNTED_MAX, useJobs } from "./jobs";
import { useReasons } from "./reasons";
import { FirstSteps } from "./steps";
import { byDay, failed, ofExecution, ofJob, running, sinceOf, type Work } from "./work";

const FAILED_SHOWN = 8;
const RUNNING_SHOWN = 12;
const DAYS = 14;

const ENDPOINTS = read("sagemaker", "ListEndpoints", { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending" });
const MACHINES = read("states", "ListStateMachines", { maxResults: 1000 });
const BUCKETS = read("s3", "ListBuckets", {});
const ROLES = read("iam", "ListRoles", { MaxItems: 1000 });

export default function Home() {
  const [since] = useState(() => sinceOf(Date.now() / 1000, DAYS)); // past midnight it is a day more, which harms nothing
  const machines = useRead(MACHINES);
  const newest = [...(machines.data?.stateMachines ?? [])].sort((a, b) => b.creationDate - a.creationDate);
  const executions = useExecutions(newest.map(({ stateMachineArn }) => stateMachineArn));
  const jobs = useJobs(since);
  const endpoints = useRead(ENDPOINTS);
  const buckets = useRead(BUCKETS);
  const roles = useRead(ROLES);
  const work = [...executions.executions.map(ofExecution), ...jobs.all.map((job) => ofJob(job, jobs.messages.get(job.TrainingJobName)))];
  const broken = failed(work, FAILED_SHOWN);
  const reasons = useReasons(broken);
  const unseen = [machines.error, executions.errors[0], ...jobs.errors].filter((error) => error !== undefined);
  const refusals = [...unseen, ...(endpoints.error ? [endpoints.error] : [])];
  const waiting = machines.loading || executions.loading || jobs.loading;
  const isNew = !waiting && work.length === 0 && newest.length === 0 && endpoints.data?.Endpoints.length === 0;
  /** That there is nothing may only be said of what was seen. */
  const partly = unseen.length > 0 ? "Not all can be seen; of what can, " : machines.data?.nextToken ? `In the first ${newest.length} state machines ` : undefined;
  return (
    <Page crumbs={[{ text: "Home" }]} title="Home">
      {[...new Map(refusals.map((error) => [error.message, error])).values()].map((error) => <Problem key={error.message} error={error} />)}
      {isNew && <FirstSteps />}
      <Counts counts={[
        ["state machine", counted(machines.data?.stateMachines, machines.data?.nextToken), links.machines],
        ["job", counted(jobs.listed, jobs.hasOlder), links.jobs],
        ["endpoint", counted(endpoints.data?.Endpoints, endpoints.data?.NextToken), links.endpoints],
        ["bucket", counted(buckets.data && (buckets.data.Buckets ?? []), buckets.data?.ContinuationToken), links.buckets],
        ["role", counted(roles.data?.Roles, roles.data?.IsTruncated), links.iam],
      ]} />
      <div className="columns">
        <WorkPanel title="Running now" work={running(work)} most={RUNNING_SHOWN} more={executions.more || jobs.moreRun} waiting={waiting}
          empty={partly ? `${partly}nothing runs.` : "Nothing runs. Start an execution of a state machine, or a training job."} />
        <WorkPanel title="Failed lately"
          work={broken.map((one) => ({ ...one, about: [one.kind === "execution" ? one.about : "", reasons.get(one.key) ?? ""].filter(Boolean).join(": ") }))}
          most={FAILED_SHOWN} waiting={waiting} empty={partly ? `${partly}nothing has failed.` : "Nothing has failed."} />
      </div>
      <div className="columns">
        <Endpoints rows={endpoints.data?.Endpoints} refused={endpoints.error !== undefined} />
        <JobsByDay times={jobs.listed?.map(({ CreationTime }) => CreationTime)} />
        <HostPanel />
      </div>
      {!isNew && !waiting && <FirstSteps />}
    </Page>
  );
}

/** "100+" of what has more pages. */
function counted(listed: readonly unknown[] | undefined, more: unknown): string | undefined {
  return listed && `${listed.length}${more ? "+" : ""}`;
}

function Counts({ counts }: { counts: readonly (readonly [string, string | undefined, string])[] }) {
  return (
    <nav className="home-counts" aria-label="Counts">
      {counts.map(([name, count, href]) => (
        <a key={name} href={href}><strong>{count ?? "–"}</strong><span>{count === "1" ? name : `${name}s`}</span></a>
      ))}
    </nav>
  );
}

function WorkPanel({ title, work, most, more = false, waiting, empty }: {
  title: string; work: readonly Work[]; most: number; more?: boolean; waiting: boolean; empty: string;
}) {
  return (
    <Panel title={title} flush actions={work.length > 0 && <span className="soft small">{counted(work, more)}</span>}>
      {work.length === 0 && (waiting ? <div className="inside"><Skeleton /></div> : <Empty title={empty} />)}
      <ul className="home-work" aria-label={title}>
        {work.slice(0, most).map((one) => <Row key={one.key} work={one} />)}
        {work.length > most && <li className="soft">and {plural(work.length - most, "more", "more")}</li>}
      </ul>
    </Panel>
  );
}

function Row({ work: { name, href, status, about, from, to } }: { work: Work }) {
  return (
    <li>
      <span><Status status={status} label="" /><span className="visually-hidden">{words(status)}</span></span>
      <a className="what" href={href}>{name}</a>
      <span className="soft small">{to === undefined ? <Took from={from} /> : <Ago at={to} />}</span>
      <span className="about">{about}</span>
    </li>
  );
}

interface EndpointRow { EndpointName: string; EndpointStatus: string; LastModifiedTime: number }

function Endpoints({ rows, refused }: { rows: readonly EndpointRow[] | undefined; refused: boolean }) {
  if (refused && !rows) return <Panel title="Endpoints"><Empty title="Endpoints cannot be seen." /></Panel>;
  const up = rows?.filter(({ EndpointStatus }) => EndpointStatus === "InService").length;
  return (
    <Panel title={up === undefined ? "Endpoints" : `Endpoints in service (${up})`} flush>
      <Table label="Endpoints" rows={rows} rowKey={({ EndpointName }) => EndpointName}
        columns={[
          { title: "Name", cell: ({ EndpointName }) => <a href={links.endpoint(EndpointName)}>{EndpointName}</a> },
          { title: "Status", cell: ({ EndpointStatus }) => <Status status={EndpointStatus} /> },
          { title: "Changed", cell: ({ LastModifiedTime }) => <Ago at={LastModifiedTime} />, minor: true },
        ]}
        empty={<Empty title="No endpoint"><p>A model becomes an endpoint by the last steps of a training pipeline, or by deploy() of the SageMaker SDK.</p></Empty>} />
    </Panel>
  );
}

function JobsByDay({ times }: { times: readonly number[] | undefined }) {
  const today = Math.floor(useNow() / 3600) * 3600; // an hour is near enough for days
  if (!times || times.length === 0) return null;
  const counts = byDay(times, today, DAYS);
  const most = Math.max(1, ...counts);
  return (
    <Panel title={times.length < COUNTED_MAX ? "Jobs by day" : `Jobs by day (the newest ${COUNTED_MAX.toLocaleString("en-US")})`}>
      <div className="home-days" role="img" aria-label={`Training jobs of the last ${DAYS} days, the oldest first: ${counts.join(", ")}`}>
        {counts.map((count, index) => <span key={index} className={count ? "" : "none"} title={plural(count, "job")} style={{ height: `${(count / most) * 100}%` }} />)}
      </div>
      <div className="row spread soft small"><span>{DAYS} days ago</span><span>today</span></div>
    </Panel>
  );
}
