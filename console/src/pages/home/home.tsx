/** What runs, what failed, and how to begin. */
import { useReads } from "../../api/reads";
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
import { useReasons } from "./reasons";
import { FirstSteps } from "./steps";
import { byDay, failed, ofExecution, ofJob, running, type Work } from "./work";

const FAILED_SHOWN = 8;
const RUNNING_SHOWN = 12;
/** Jobs whose own words are watched: the newest that run. */
const TOLD_JOBS = 3;
const DAYS = 14;

const NEWEST_JOBS = read("sagemaker", "ListTrainingJobs", { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending" });
const RUNNING_JOBS = read("sagemaker", "ListTrainingJobs", { MaxResults: 100, StatusEquals: "InProgress", SortBy: "CreationTime", SortOrder: "Descending" });
const ENDPOINTS = read("sagemaker", "ListEndpoints", { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending" });
const MACHINES = read("states", "ListStateMachines", { maxResults: 1000 });
const BUCKETS = read("s3", "ListBuckets", {});
const ROLES = read("iam", "ListRoles", { MaxItems: 1000 });

export default function Home() {
  const machines = useRead(MACHINES);
  const newest = [...(machines.data?.stateMachines ?? [])].sort((a, b) => b.creationDate - a.creationDate);
  const { executions, loading } = useExecutions(newest.map(({ stateMachineArn }) => stateMachineArn));
  const jobs = useRead(NEWEST_JOBS);
  const runs = useRead(RUNNING_JOBS);
  const messages = useMessages(runs.data?.TrainingJobSummaries.map(({ TrainingJobName }) => TrainingJobName) ?? []);
  const endpoints = useRead(ENDPOINTS);
  const buckets = useRead(BUCKETS);
  const roles = useRead(ROLES);
  const allJobs = [...(jobs.data?.TrainingJobSummaries ?? []), ...(runs.data?.TrainingJobSummaries ?? [])];
  const work = [...executions.map(ofExecution), ...allJobs.map((job) => ofJob(job, messages.get(job.TrainingJobName)))];
  const broken = failed(work, FAILED_SHOWN);
  const reasons = useReasons(broken);
  const refusals = [machines, jobs, runs, endpoints].flatMap(({ error }) => error ?? []);
  const unseen = (machines.error ?? jobs.error) !== undefined;
  const waiting = machines.loading || loading || jobs.loading || runs.loading;
  const isNew = !waiting && work.length === 0 && newest.length === 0 && endpoints.data?.Endpoints.length === 0;
  return (
    <Page crumbs={[{ text: "Home" }]} title="Home">
      {[...new Map(refusals.map((error) => [error.message, error])).values()].map((error) => <Problem key={error.message} error={error} />)}
      {isNew && <FirstSteps />}
      <Counts counts={[
        ["state machine", machines.data?.stateMachines.length, links.machines],
        ["job", jobs.data && `${jobs.data.TrainingJobSummaries.length}${jobs.data.NextToken ? "+" : ""}`, links.jobs],
        ["endpoint", endpoints.data?.Endpoints.length, links.endpoints],
        ["bucket", buckets.data?.Buckets?.length ?? (buckets.data && 0), links.buckets],
        ["role", roles.data?.Roles.length, links.iam],
      ]} />
      <div className="columns">
        <WorkPanel title="Running now" work={running(work)} most={RUNNING_SHOWN} waiting={waiting}
          empty={unseen ? "What runs cannot be seen." : "Nothing runs. Start an execution of a state machine, or a training job."} />
        <WorkPanel title="Failed lately"
          work={broken.map((one) => ({ ...one, about: [one.kind === "execution" ? one.about : "", reasons.get(one.key) ?? ""].filter(Boolean).join(": ") }))}
          most={FAILED_SHOWN} waiting={waiting} empty={unseen ? "What has failed cannot be seen." : "Nothing has failed."} />
      </div>
      <div className="columns">
        <Endpoints rows={endpoints.data?.Endpoints} refused={endpoints.error !== undefined} />
        <JobsByDay times={jobs.data?.TrainingJobSummaries.map(({ CreationTime }) => CreationTime)} />
        <HostPanel />
      </div>
      {!isNew && !waiting && <FirstSteps />}
    </Page>
  );
}

/** What running jobs say of themselves last: "Training image download completed.", "epoch 3/6". */
function useMessages(names: readonly string[]): ReadonlyMap<string, string> {
  const told = names.slice(0, TOLD_JOBS);
  const answers = useReads(told.map((TrainingJobName) => read("sagemaker", "DescribeTrainingJob", { TrainingJobName })));
  return new Map(answers.flatMap(({ data }) => {
    const last = data?.SecondaryStatusTransitions?.at(-1);
    return data && last ? [[data.TrainingJobName, last.StatusMessage || last.Status] as const] : [];
  }));
}

function Counts({ counts }: { counts: readonly (readonly [string, number | string | undefined, string])[] }) {
  return (
    <nav className="home-counts" aria-label="Counts">
      {counts.map(([name, count, href]) => (
        <a key={name} href={href}><strong>{count ?? "–"}</strong><span>{String(count) === "1" ? name : `${name}s`}</span></a>
      ))}
    </nav>
  );
}

function WorkPanel({ title, work, most, waiting, empty }: { title: string; work: readonly Work[]; most: number; waiting: boolean; empty: string }) {
  return (
    <Panel title={title} flush actions={work.length > 0 && <span className="soft small">{work.length}</span>}>
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
    <Panel title="Jobs by day">
      <div className="home-days" role="img" aria-label={`Training jobs of the last ${DAYS} days, the oldest first: ${counts.join(", ")}`}>
        {counts.map((count, index) => <span key={index} className={count ? "" : "none"} title={plural(count, "job")} style={{ height: `${(count / most) * 100}%` }} />)}
      </div>
      <div className="row spread soft small"><span>{DAYS} days ago</span><span>today</span></div>
    </Panel>
  );
}
