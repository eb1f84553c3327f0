/** One execution, live: the graph is the index of the page; choosing a state shows its step. */
import { useMemo, useState } from "react";
import { ApiError } from "../../api/http";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { links, useQuery } from "../../app/router";
import { Graph, GraphMenu } from "../../graph/graph";
import { useLayout, type Direction } from "../../graph/layout";
import { machineArnOf, nameOf } from "../../lib/arn";
import { laidOpen } from "../../lib/json";
import { ButtonLink, Button, Empty, Facts, Panel, Skeleton, TabPanel, Tabs } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { Problem } from "../../ui/problem";
import { Status } from "../../ui/status";
import { Ago, Took } from "../../ui/time";
import { Actions, type Execution } from "./actions";
import { Events } from "./events";
import { useHistory } from "./live_history";
import { Overview, Step } from "./step";
import { TimelinePanel } from "./timeline_panel";
import { chosenStatuses, isChosen, type Choice } from "./view";
import "./workflows.css";

type Below = "timeline" | "events" | "data" | "definition";

export default function ExecutionPage({ arn }: { arn: string }) {
  const execution = useRead(read("states", "DescribeExecution", { executionArn: arn }));
  const machineArn = execution.data?.stateMachineArn ?? machineArnOf(arn);
  const crumbs = [
    { text: "Workflows", href: links.machines }, { text: nameOf(machineArn), href: links.machine(machineArn) }, { text: nameOf(arn) },
  ];
  if (!execution.data) {
    return (
      <Page crumbs={crumbs} title={nameOf(arn)}>
        {execution.error ? <Missing error={execution.error} machineArn={machineArn} /> : <Skeleton lines={8} />}
      </Page>
    );
  }
  const { data } = execution;
  return (
    <Page crumbs={crumbs} title={data.name ?? nameOf(arn)} status={<Status status={data.status} />} about={<About execution={data} />} actions={<Actions execution={data} />}>
      {execution.error && <Problem error={execution.error} />}
      <Running key={arn} execution={data} />
    </Page>
  );
}

function Missing({ error, machineArn }: { error: ApiError; machineArn: string }) {
  if (error.code !== "ExecutionDoesNotExist") return <Problem error={error} />;
  return (
    <Empty title="There is no such execution">
      <p>{error.message}</p>
      <ButtonLink href={links.machine(machineArn)} look="primary">Executions of {nameOf(machineArn)}</ButtonLink>
    </Empty>
  );
}

function About({ execution }: { execution: Execution }) {
  const running = execution.status === "RUNNING";
  return (
    <>
      Started <Ago at={execution.startDate} /> · {running ? "runs for " : "took "}
      <Took from={execution.startDate} to={execution.stopDate} />
      {" · "}<a href={links.machine(execution.stateMachineArn)}>{nameOf(execution.stateMachineArn)}</a>
      {execution.stateMachineAliasArn && <> by alias {nameOf(execution.stateMachineAliasArn)}</>}
      {execution.stateMachineVersionArn && <> · version {nameOf(execution.stateMachineVersionArn)}</>}
      {(execution.redriveCount ?? 0) > 0 && <> · redriven {execution.redriveCount} × (<Ago at={execution.redriveDate} />)</>}
    </>
  );
}

function Running({ execution }: { execution: Execution }) {
  const machine = useRead(read("states", "DescribeStateMachineForExecution", { executionArn: execution.executionArn }));
  const live = useHistory(execution.executionArn);
  const { history, version } = live;
  const [direction, setDirection] = useState<Direction>("down");
  const drawn = useLayout(machine.data?.definition, direction);
  const [state, setState] = useQuery<string>("state", "");
  const [tab, setTab] = useQuery<Below>("tab", "timeline");
  const [choice, setChoice] = useState<Choice>({});
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the history is the same object; the version says that it has grown
  const statuses = useMemo(() => chosenStatuses(history.statuses(), history.visits, choice), [history, version, choice]);
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const visits = useMemo(() => (history.byName.get(state) ?? []).filter((visit) => isChosen(visit, choice)), [history, version, state, choice]);
  const unread = live.error !== undefined && history.events.length === 0;
  const isState = drawn.layout?.nodes.some((node) => node.kind === "state" && node.name === state) ?? visits.length > 0;
  return (
    <>
      <div className="execution-top">
        <Panel title="Graph" flush actions={
          <>
            <Button look="small" onClick={() => setDirection(direction === "down" ? "right" : "down")}>
              {direction === "down" ? "Lay out to the right" : "Lay out downwards"}
              </Button>
            <GraphMenu drawn={drawn} statuses={statuses} name={`${nameOf(execution.stateMachineArn)}-${nameOf(execution.executionArn)}`} />
          </>
        }>
          {machine.error && <Problem error={machine.error} />}
          {!(machine.error && !machine.data) && (
            <Graph drawn={drawn} statuses={statuses} chosen={state || undefined} label={`States of ${nameOf(execution.stateMachineArn)}`}
              onChoose={(name) => setState(name === state ? "" : name)} />
          )}
        </Panel>
        {state !== "" && isState
          ? <Step key={state} name={state} visits={visits} version={version} choice={choice} onChoice={setChoice} onClose={() => setState("")} onState={setState} />
          : <Overview execution={execution} history={history} version={version} onState={setState} />}
      </div>
      {live.error !== undefined && <Problem error={live.error} />}
      <section className="panel">
        <Tabs label="Of this execution" chosen={tab} onChoose={setTab} tabs={[
          { id: "timeline", title: "Timeline" }, { id: "events", title: `Events (${history.events.length.toLocaleString("en-US")}${live.complete ? "" : " …"})` },
          { id: "data", title: "Input and output" }, { id: "definition", title: "Definition" },
        ]} />
        <TabPanel id={tab}>
          {unread && (tab === "timeline" || tab === "events") && <Empty title="The history cannot be read." />}
          {tab === "timeline" && !unread && <TimelinePanel history={history} version={version} loading={live.loading} complete={live.complete} chosen={state} onState={setState} />}
          {tab === "events" && !unread && <Events history={history} version={version} loading={live.loading} state={state} />}
          {tab === "data" && <Data execution={execution} />}
          {tab === "definition" && (
            <div className="inside stack">
              <Facts facts={[
                ["Execution ARN", <span className="mono break">{execution.executionArn}</span>],
                ["Role", machine.data && <a href={links.role(nameOf(machine.data.roleArn))}>{nameOf(machine.data.roleArn)}</a>],
                ["Revision", machine.data?.revisionId],
              ]} />
              <div className="row"><ButtonLink look="small" icon="edit" href={links.editMachine(execution.stateMachineArn)}>Edit the state machine</ButtonLink></div>
              <Json value={machine.data?.definition ?? ""} label="What this execution runs" />
            </div>
          )}
        </TabPanel>
      </section>
    </>
  );
}

function Data({ execution }: { execution: Execution }) {
  return (
    <div className="inside columns">
      <Json value={execution.input ?? "{}"} label="Input" />
      {execution.output !== undefined ? <Json value={execution.output} label="Output" />
        : execution.error !== undefined || execution.cause !== undefined
          ? <Json value={laidOpen({ error: execution.error, cause: execution.cause }, ["cause"])} label="Error" />
          : <Empty title={execution.status === "RUNNING" ? "The output comes with the end." : "It ended without an output."} />}
    </div>
  );
}
