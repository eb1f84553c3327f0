/** The step that a chosen state is: what came in and went out, how often it was tried, what it leads to. */
import { useMemo, useState } from "react";
import { read, useRead } from "../../api/watch";
import { reasonIn } from "../../lib/cause";
import { exactTime, plural } from "../../lib/format";
import { Button, Empty, Note, Panel, TabPanel, Tabs } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { Status } from "../../ui/status";
import { Table, type Column } from "../../ui/table";
import { Took } from "../../ui/time";
import type { Execution } from "./actions";
import type { History } from "./history";
import { Scopes } from "./scopes";
import { linksOf, type Link } from "./linked";
import { culprit, scopesOf, type Choice, type Try, type Visit } from "./view";

type StepTab = "input" | "output" | "error" | "tries";

export function Step({ name, visits, version, choice, onChoice, onClose, onState }: {
  name: string; visits: readonly Visit[]; version: number; choice: Choice; onChoice: (choice: Choice) => void; onClose: () => void; onState: (name: string) => void;
}) {
  const [picked, setPicked] = useState<number | undefined>(); // a visit's id; else the last one
  const at = Math.max(0, picked === undefined ? visits.length - 1 : visits.findIndex((visit) => visit.id === picked));
  const visit = visits[at];
  // What matters most of a run when it is first seen; then it stays where the reader is.
  const [seen, setSeen] = useState<{ id: number; tab: StepTab } | undefined>();
  if (visit && seen?.id !== visit.id) setSeen({ id: visit.id, tab: visit.status === "failed" ? "error" : visit.output !== undefined ? "output" : "input" });
  const tab = seen?.tab ?? "input";
  const setTab = (next: StepTab) => visit && setSeen({ id: visit.id, tab: next });
  const close = <Button look="plain" icon="cross" label="Close the step" onClick={onClose} />;
  if (!visit) {
    return (
      <Panel title={name} actions={close}>
        <Empty title="This state has not run.">{Object.keys(choice).length > 0 && <p>Not in the iteration that is chosen, that is.</p>}</Empty>
      </Panel>
    );
  }
  const hasError = visit.error !== undefined || visit.cause !== undefined;
  const shown = tab === "error" && !hasError ? "input" : tab === "tries" && visit.tries.length === 0 ? "input" : tab;
  return (
    <Panel title={name} flush actions={
      <>
        {visits.length > 1 && <Turn at={at} of={visits.length} onTurn={(index) => setPicked(visits[index]?.id)} />}
        {close}
      </>
    }>
      <div className="step-head">
        <Status status={visit.status} />
        <span className="soft">{visit.type} · <Took from={visit.enteredAt} to={visit.endedAt} />{visit.tries.length > 1 && ` · ${visit.tries.length} tries`}</span>
        <Where visit={visit} />
      </div>
      <Linked visit={visit} version={version} />
      {scopesOf(visit).length > 0 && <Scopes visit={visit} version={version} choice={choice} onChoice={onChoice} onState={onState} />}
      <Tabs label="Of this step" chosen={shown} onChoose={setTab} tabs={[
        { id: "input", title: "Input" }, { id: "output", title: "Output" }, { id: "error", title: "Error", hidden: !hasError },
        { id: "tries", title: visit.tries.length > 1 ? `Tries (${visit.tries.length})` : "Call", hidden: visit.tries.length === 0 },
      ]} />
      <TabPanel id={shown}>
        <div className="inside step-body">
          {shown === "input" && (visit.input === undefined ? <Empty title="No input was noted." /> : <Json value={visit.input} label="Input of the state" />)}
          {shown === "output" && (visit.output === undefined
            ? <Empty title={visit.status === "running" ? "It has not been left yet." : "It ended without an output."} />
            : <Json value={visit.output} label="Output of the state" />)}
          {shown === "error" && <Failure error={visit.error} cause={visit.cause} caught={visit.status === "caught"} />}
          {shown === "tries" && <Tries tries={visit.tries} version={version} />}
        </div>
      </TabPanel>
    </Panel>
  );
}

function Turn({ at, of, onTurn }: { at: number; of: number; onTurn: (index: number) => void }) {
  return (
    <div className="row">
      <Button look="plain" icon="left" label="The run before" disabled={at === 0} onClick={() => onTurn(at - 1)} />
      <span className="soft small nowrap">Run {at + 1} of {of}</span>
      <Button look="plain" icon="right" label="The next run" disabled={at === of - 1} onClick={() => onTurn(at + 1)} />
    </div>
  );
}

/** In which iteration or branch, from the outside in. */
function Where({ visit }: { visit: Visit }) {
  const path: string[] = [];
  for (let { scope } = visit; scope.owner; scope = scope.owner.scope) {
    path.unshift(`${scope.owner.name} ${scope.kind === "iteration" ? `#${scope.index}` : `branch ${scope.index + 1}`}`);
  }
  return path.length > 0 ? <span className="soft small">in {path.join(" › ")}</span> : null;
}

function Linked({ visit, version }: { visit: Visit; version: number }) {
  const last = visit.tries.at(-1);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- tries grow in place
  const found = useMemo(() => (last ? linksOf(last) : []), [last, version]);
  if (found.length === 0) return null;
  return <ul className="step-links">{found.map((link) => <li key={link.kind}><LinkedTo link={link} /></li>)}</ul>;
}

function LinkedTo({ link }: { link: Link }) {
  return (
    <>
      <span className="soft small">{link.kind}</span>
      <a className="break" href={link.href}>{link.name}</a>
      {link.kind === "Training job" && <JobNow name={link.name} />}
      {link.kind === "Endpoint" && <EndpointNow name={link.name} />}
      {link.kind === "Execution" && link.arn !== undefined && <ExecutionNow arn={link.arn} />}
    </>
  );
}

function JobNow({ name }: { name: string }) {
  const { data } = useRead(read("sagemaker", "DescribeTrainingJob", { TrainingJobName: name }));
  if (!data) return null;
  const metric = data.FinalMetricDataList?.at(-1);
  const result = metric?.MetricName !== undefined && metric.Value !== undefined ? ` · ${metric.MetricName} ${Number(metric.Value.toPrecision(4))}` : "";
  const now = data.TrainingJobStatus === "InProgress" ? data.SecondaryStatus : data.TrainingJobStatus;
  return <><Status status={data.TrainingJobStatus} label={`${now}${result}`} />{data.FailureReason && <div className="small break">{data.FailureReason}</div>}</>;
}

function EndpointNow({ name }: { name: string }) {
  const { data } = useRead(read("sagemaker", "DescribeEndpoint", { EndpointName: name }));
  return data ? <Status status={data.EndpointStatus} /> : null;
}

function ExecutionNow({ arn }: { arn: string }) {
  const { data } = useRead(read("states", "DescribeExecution", { executionArn: arn }));
  return data ? <Status status={data.status} /> : null;
}

function Failure({ error, cause, caught }: { error: string | undefined; cause: string | undefined; caught: boolean }) {
  const reason = reasonIn(cause);
  return (
    <div className="stack tight">
      <Note tone={caught ? "caught" : "bad"}>
        <strong>{error ?? "No error name"}</strong>
        {reason !== undefined && <div className="break">{reason}</div>}
        {caught && <div className="small">A catcher took it.</div>}
      </Note>
      {cause !== undefined && cause !== "" && <Json value={cause} label="Cause" />}
    </div>
  );
}

const TRY_COLUMNS: readonly Column<Try>[] = [
  { title: "Outcome", cell: (one) => <Status status={one.outcome === "timed out" ? "TIMED_OUT" : one.outcome} /> },
  { title: "Called", cell: (one) => <span className="nowrap" title={exactTime(one.scheduledAt)}>{exactTime(one.scheduledAt).slice(11)}</span> },
  { title: "Took", cell: (one) => <Took from={one.scheduledAt} to={one.endedAt} /> },
  { title: "Error", cell: (one) => one.error ?? "" },
];

function Tries({ tries, version }: { tries: readonly Try[]; version: number }) {
  const [chosen, setChosen] = useState<number | undefined>();
  const at = chosen !== undefined && chosen < tries.length ? chosen : tries.length - 1;
  const one = tries[at];
  // eslint-disable-next-line react-hooks/exhaustive-deps -- tries grow in place
  const rows = useMemo(() => [...tries], [tries, version]);
  if (!one) return null;
  return (
    <div className="stack">
      {tries.length > 1 && (
        <Table label="Tries" columns={TRY_COLUMNS} rows={rows} rowKey={(row) => tries.indexOf(row)}
          chosen={at} onChoose={(row) => setChosen(tries.indexOf(row))} empty={null} height={220} />
      )}
      <div className="soft small">
        {one.service === "activity" ? <>Activity <span className="mono break">{one.resource}</span></> : <span className="mono break">{one.service}:{one.resource}</span>}
        {one.worker && ` · worker ${one.worker}`}
      </div>
      {one.parameters && <Json value={one.parameters} label="Parameters" />}
      {one.submitted && <Json value={one.submitted} label="Answer to the call" />}
      {one.output && <Json value={one.output} label="Result" />}
      {one.error !== undefined && <Failure error={one.error} cause={one.cause} caught={false} />}
    </div>
  );
}

/** While no state is chosen: what matters now. */
export function Overview({ execution, history, version, onState }: { execution: Execution; history: History; version: number; onState: (name: string) => void }) {
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the history is the same object; the version says that it has grown
  const running = useMemo(() => [...new Set(history.visits.filter((visit) => visit.status === "running").map((visit) => visit.name))], [history, version]);
  const failed = execution.status === "FAILED" || execution.status === "TIMED_OUT" ? culprit(history.visits) : undefined;
  return (
    <Panel title={failed ? "What failed" : execution.status === "RUNNING" ? "What runs" : "What came out"}>
      <div className="stack">
        <p className="soft">
          {history.visits.length > 0 ? `${plural(history.byName.size, "state has", "states have")} run. ` : ""}
          Choose a state in the graph for its input, output, tries and job.
        </p>
        {(execution.error !== undefined || execution.cause !== undefined) && <Failure error={execution.error} cause={execution.cause} caught={false} />}
        {failed && <div><Button onClick={() => onState(failed.name)}>Show “{failed.name}”</Button></div>}
        {running.length > 0 && <ul className="stack tight">{running.map((name) => (
          <li key={name} className="row"><Status status="running" label="" /><button type="button" className="link break" onClick={() => onState(name)}>{name}</button></li>
        ))}</ul>}
        {execution.status === "SUCCEEDED" && <Json value={execution.output ?? ""} label="Output" />}
      </div>
    </Panel>
  );
}
