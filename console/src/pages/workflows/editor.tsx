/** A state machine is written here: text with completion and the service's own diagnostics, and the drawing that follows it. */
import { useEffect, useMemo, useState } from "react";
import { call } from "../../api/call";
import { useRolesFor } from "../../api/roles";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { Code } from "../../code/code";
import { jsonProblem } from "../../code/json_problem";
import { proposalsAt } from "../../code/language";
import { Graph, GraphMenu } from "../../graph/graph";
import { useLayout } from "../../graph/layout";
import { nameOf } from "../../lib/arn";
import { plural } from "../../lib/format";
import { readable, reprint } from "../../lib/json";
import { Button, Note, Panel, SelectField, Skeleton, TextField } from "../../ui/controls";
import { attempt, toast } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { RoleField } from "../../ui/role_field";
import { Mark } from "../../ui/status";
import { useCheck, type Checked } from "./check";
import { useDraft } from "./draft";
import { stateIn } from "./state_in";
import { definitionText, TEMPLATES } from "./templates";
import "./workflows.css";

type Description = Output<"states", "DescribeStateMachine">;

const DRAW_PAUSE_MS = 200;

export default function Editor({ arn }: { arn?: string }) {
  const machine = useRead(arn === undefined ? null : read("states", "DescribeStateMachine", { stateMachineArn: arn }));
  // What was there when the editor was opened: somebody else's later change does not take one's own text away.
  const [opened, setOpened] = useState<Description | undefined>();
  if (machine.data && !opened) setOpened(machine.data);
  const crumbs = [
    { text: "Workflows", href: links.machines }, ...(arn === undefined ? [] : [{ text: nameOf(arn), href: links.machine(arn) }]), { text: arn === undefined ? "Create" : "Edit" },
  ];
  const title = arn === undefined ? "Create state machine" : `Edit ${nameOf(arn)}`;
  if (arn !== undefined && !opened) {
    return <Page crumbs={crumbs} title={title}>{machine.error ? <Problem error={machine.error} /> : <Skeleton lines={8} />}</Page>;
  }
  const changed = opened && machine.data && machine.data.revisionId !== opened.revisionId && machine.data.definition !== opened.definition;
  return <Writing crumbs={crumbs} title={title} machine={opened} changed={changed ?? false} />;
}

function Writing({ crumbs, title, machine, changed }: { crumbs: readonly { text: string; href?: string }[]; title: string; machine: Description | undefined; changed: boolean }) {
  const begun = machine ? readable(machine.definition) : definitionText(TEMPLATES[0]!);
  const draft = useDraft(machine?.stateMachineArn ?? "new", begun);
  const { text, write: setText } = draft;
  const [name, setName] = useState(machine ? machine.name : TEMPLATES[0]!.name);
  const [role, setRole] = useState(machine?.roleArn ?? "");
  const roles = useRolesFor("states.amazonaws.com");
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState(false);
  const checked = useCheck(text);
  const [jump, setJump] = useState<{ at: number } | undefined>();
  const activities = useRead(read("states", "ListActivities", { maxResults: 1000 })).data?.activities;
  const propose = useMemo(() => {
    const arns = activities?.map((one) => one.activityArn);
    return (all: string, at: number) => proposalsAt(all, at, arns);
  }, [activities]);
  const drawn = useLayout(useLastWhole(text), "down", DRAW_PAUSE_MS);
  useLeaveWarning(!saved && (text !== begun || (machine !== undefined && role !== machine.roleArn)));
  const broken = checked?.text === text && checked.problems.some((one) => one.severity === "error");
  const save = async () => {
    setBusy(true);
    await attempt(async () => {
      const arn = machine
        ? await call("states", "UpdateStateMachine", { stateMachineArn: machine.stateMachineArn, definition: text, roleArn: role }).then(() => machine.stateMachineArn)
        : (await call("states", "CreateStateMachine", { name, definition: text, roleArn: role })).stateMachineArn;
      setSaved(true);
      draft.forget();
      toast("good", machine ? "Saved. Executions that run go on with what they began with." : "The state machine is ready to run.");
      go(links.machine(arn));
    });
    setBusy(false);
  };
  const find = (state: string) => {
    const at = stateIn(text, state)?.keyFrom;
    if (at !== undefined) setJump({ at });
  };
  return (
    <Page crumbs={crumbs} title={title} actions={
      <>
        <Button onClick={() => {
          draft.forget();
          go(machine ? links.machine(machine.stateMachineArn) : links.machines);
        }}>Cancel</Button>
        <Button look="primary" busy={busy} disabled={broken || role === "" || name === ""} onClick={() => void save()}>{machine ? "Save" : "Create"}</Button>
      </>
    }>
      {changed && <Note tone="caught">Somebody has changed this state machine since you opened it. Saving replaces their definition with yours.</Note>}
      {draft.kept && <Note tone="running" actions={<Button look="small" onClick={draft.drop}>Discard it</Button>}>This is what you had written and not saved.</Note>}
      <div className="editor-facts">
        {!machine && <TextField label="Name" value={name} onChange={setName} />}
        <RoleField value={role} onChange={setRole} roles={roles} service="Step Functions" hint="Its executions act as this role." />
        {!machine && (
          <SelectField label="Begin with" value="" onChange={(id) => {
            const template = TEMPLATES.find((one) => one.id === id);
            if (!template) return;
            setText(definitionText(template));
            setName(template.name);
          }} options={[["", "A template…"], ...TEMPLATES.map((one) => [one.id, one.title] as const)]} hint="Takes the place of the text below." />
        )}
      </div>
      <div className="editor-both">
        <Panel title="Definition" flush actions={<Button look="small" onClick={() => setText(reprint(text))} disabled={jsonProblem(text) !== null}>Format</Button>}>
          <div className="editor-text">
            <Code label="Definition in the Amazon States Language" value={text} onChange={setText} propose={propose} diagnostics={checked?.problems ?? []} jump={jump} />
          </div>
          <Problems checked={checked} onJump={(at) => setJump({ at })} />
        </Panel>
        <Panel title="Graph" flush actions={<GraphMenu drawn={drawn} name={name || "graph"} />}>
          <Graph drawn={drawn} label="States of the definition" onChoose={find} />
        </Panel>
      </div>
    </Page>
  );
}

/** The last text that was JSON: the drawing does not go away while somebody types. */
function useLastWhole(text: string): string {
  const [whole, setWhole] = useState(text);
  if (text !== whole && jsonProblem(text) === null) setWhole(text);
  return whole;
}

function useLeaveWarning(on: boolean): void {
  useEffect(() => {
    if (!on) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [on]);
}

function Problems({ checked, onJump }: { checked: Checked | undefined; onJump: (at: number) => void }) {
  if (!checked) return <div className="editor-problems soft" role="status">Checking…</div>;
  if (checked.error !== undefined) return <div className="editor-problems"><Problem error={checked.error} /></div>;
  const { problems } = checked;
  const errors = problems.filter((one) => one.severity === "error").length;
  const told = problems.length === 0 ? "No problems"
    : [errors > 0 && plural(errors, "error"), problems.length > errors && plural(problems.length - errors, "warning")].filter(Boolean).join(", ");
  return (
    <div className="editor-problems">
      <div className={`status ${errors > 0 ? "bad" : problems.length > 0 ? "caught" : "good"}`} role="status">
        <Mark tone={errors > 0 ? "bad" : problems.length > 0 ? "caught" : "good"} /> {told}
      </div>
      {problems.length > 0 && (
        <ul>
          {problems.map((one, index) => (
            <li key={index}>
              <button type="button" className="link" onClick={() => onJump(one.from)}>{one.message}</button>
              <span className="soft small"> {one.code}{one.location && ` at ${one.location}`}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
