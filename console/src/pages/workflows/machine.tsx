/** A state machine: its graph beside its executions, definition, versions and aliases. */
import { useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links, useQuery } from "../../app/router";
import { Graph, GraphMenu } from "../../graph/graph";
import { useLayout, type Direction } from "../../graph/layout";
import { nameOf, plainMachineArn } from "../../lib/arn";
import { Button, ButtonLink, Empty, Facts, Panel, Skeleton, TabPanel, Tabs } from "../../ui/controls";
import { Copy, Json } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Menu } from "../../ui/menu";
import { Problem } from "../../ui/problem";
import { Status, words } from "../../ui/status";
import { Ago } from "../../ui/time";
import { CopyAs } from "./actions";
import { Aliases } from "./aliases";
import { Executions } from "./executions_table";
import { stateIn } from "./state_in";
import { Tags } from "./tags";
import { Versions } from "./versions";
import "./workflows.css";

type Description = Output<"states", "DescribeStateMachine">;
type Beside = "executions" | "definition" | "versions" | "aliases" | "tags";

export default function Machine({ arn }: { arn: string }) {
  const machine = useRead(read("states", "DescribeStateMachine", { stateMachineArn: arn }));
  const plain = plainMachineArn(arn);
  const crumbs = [{ text: "Workflows", href: links.machines }, { text: nameOf(plain), href: links.machine(plain) }, ...(isPlain(arn) ? [] : [{ text: `Version ${nameOf(arn)}` }])];
  const { data } = machine;
  if (!data) {
    return (
      <Page crumbs={crumbs} title={nameOf(arn)}>
        {!machine.error ? <Skeleton lines={8} /> : machine.error.code === "StateMachineDoesNotExist"
          ? <Empty title="There is no such state machine"><p>{machine.error.message}</p><ButtonLink href={links.machines} look="primary">All state machines</ButtonLink></Empty>
          : <Problem error={machine.error} />}
      </Page>
    );
  }
  return (
    <Page crumbs={crumbs} title={isPlain(arn) ? data.name : `${data.name}, version ${nameOf(arn)}`}
      status={data.status && data.status !== "ACTIVE" ? <Status status={data.status} /> : undefined}
      about={<About machine={data} />} actions={<Actions machine={data} />}>
      {machine.error && <Problem error={machine.error} />}
      <Body machine={data} />
    </Page>
  );
}

/** Not one of its versions: those are not changed, and have neither versions nor tags. */
const isPlain = (arn: string) => arn === plainMachineArn(arn);

function About({ machine }: { machine: Description }) {
  return (
    <>
      {words(machine.type)} · created <Ago at={machine.creationDate} /> · runs as <a href={links.role(nameOf(machine.roleArn))}>{nameOf(machine.roleArn)}</a>
      {machine.description && ` · ${machine.description}`}
    </>
  );
}

function Actions({ machine }: { machine: Description }) {
  const [deleting, setDeleting] = useState(false);
  const arn = machine.stateMachineArn;
  return (
    <>
      <ButtonLink href={links.startExecution(arn)} look="primary" icon="play">Start execution</ButtonLink>
      {isPlain(arn) && <ButtonLink href={links.editMachine(arn)} icon="edit">Edit</ButtonLink>}
      <CopyAs machineArn={arn} input="{}" />
      {isPlain(arn) && <Menu label="More" items={[{ label: "Delete the state machine", icon: "trash", onChoose: () => setDeleting(true) }]} />}
      {deleting && (
        <Dialog title={`Delete ${machine.name}?`} submit="Delete" danger onClose={() => setDeleting(false)}
          onSubmit={async () => {
            await call("states", "DeleteStateMachine", { stateMachineArn: arn });
            go(links.machines);
          }}>
          <p>Its executions that run end as they move on; with the last of them the state machine and its histories are gone. This cannot be undone.</p>
        </Dialog>
      )}
    </>
  );
}

function Body({ machine }: { machine: Description }) {
  const arn = machine.stateMachineArn;
  const [tab, setTab] = useQuery<Beside>("tab", "executions");
  const [direction, setDirection] = useState<Direction>("down");
  const [state, setState] = useState<string | undefined>();
  const drawn = useLayout(machine.definition, direction);
  return (
    <div className="machine-both">
      <Panel title="Graph" flush actions={
        <>
          <Button look="small" onClick={() => setDirection(direction === "down" ? "right" : "down")}>{direction === "down" ? "Lay out to the right" : "Lay out downwards"}</Button>
          <GraphMenu drawn={drawn} name={machine.name} />
        </>
      }>
        <Graph drawn={drawn} chosen={state} label={`States of ${machine.name}`} onChoose={(name) => {
          setState(name === state ? undefined : name);
          if (name !== state) setTab("definition");
        }} />
      </Panel>
      <section className="panel">
        <Tabs label="Of this state machine" chosen={tab} onChoose={setTab} tabs={[
          { id: "executions", title: "Executions" }, { id: "definition", title: "Definition" }, { id: "versions", title: "Versions", hidden: !isPlain(arn) },
          { id: "aliases", title: "Aliases", hidden: !isPlain(arn) }, { id: "tags", title: "Tags", hidden: !isPlain(arn) },
        ]} />
        <TabPanel id={tab}>
          {tab === "executions" && <Executions arn={arn} />}
          {tab === "definition" && <Definition machine={machine} state={state} onAll={() => setState(undefined)} />}
          {tab === "versions" && <Versions arn={arn} />}
          {tab === "aliases" && <Aliases arn={arn} />}
          {tab === "tags" && <Tags arn={arn} />}
        </TabPanel>
      </section>
    </div>
  );
}

function Definition({ machine, state, onAll }: { machine: Description; state: string | undefined; onAll: () => void }) {
  const place = state === undefined ? undefined : stateIn(machine.definition, state)?.value;
  const own = place && machine.definition.slice(place.from, place.to);
  return (
    <div className="inside stack">
      <Facts facts={[
        ["State machine ARN",
          <span className="row"><span className="mono break">{machine.stateMachineArn}</span><Copy text={machine.stateMachineArn} label="Copy the ARN" /></span>
          ],
        ["Revision", machine.revisionId && <span className="mono">{machine.revisionId}</span>],
      ]} />
      <div className="row wrap">
        {isPlain(machine.stateMachineArn) && <ButtonLink look="small" icon="edit" href={links.editMachine(machine.stateMachineArn)}>Edit</ButtonLink>}
        {own !== undefined && <Button look="small" onClick={onAll}>Show the whole definition</Button>}
      </div>
      {own !== undefined ? <Json value={own} label={`State “${state}”`} /> : <Json value={machine.definition} label="Definition" />}
    </div>
  );
}
