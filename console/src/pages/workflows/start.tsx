/** Starts an execution: with an input written here, or one that was used before. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { Code } from "../../code/code";
import { jsonProblem } from "../../code/json_problem";
import { nameOf, plainMachineArn } from "../../lib/arn";
import { reprint } from "../../lib/json";
import { Button, ButtonLink, Empty, Panel, TextField } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Status } from "../../ui/status";
import { Ago } from "../../ui/time";
import { CopyAs } from "./actions";
import { earlierInputs, type Earlier } from "./earlier";
import "./workflows.css";

/** Executions whose inputs are offered. */
const EARLIER = 10;

export default function Start({ machineArn, from }: { machineArn: string; from: string | undefined }) {
  const [input, setInput] = useState("{}");
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const plain = plainMachineArn(machineArn);
  const given = useRead(from === undefined ? null : read("states", "DescribeExecution", { executionArn: from }));
  const before = given.data?.input;
  useEffect(() => {
    if (before !== undefined) setInput(reprint(before));
  }, [before]);
  const problem = jsonProblem(input);
  const start = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { executionArn } = await call("states", "StartExecution", { stateMachineArn: machineArn, input: input.trim(), ...(name && { name }) });
      go(links.execution(executionArn));
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Page crumbs={[{ text: "Workflows", href: links.machines }, { text: nameOf(plain), href: links.machine(plain) }, { text: "Start execution" }]}
      title="Start execution" about={<>of {nameOf(plain)}{plain !== machineArn && ` ${nameOf(machineArn)}`}</>}
      actions={
        <>
          <CopyAs machineArn={machineArn} input={input.trim()} />
          <ButtonLink href={links.machine(plain)}>Cancel</ButtonLink>
          <Button look="primary" icon="play" busy={busy} disabled={problem !== null} onClick={() => void start()}>Start execution</Button>
        </>
      }>
      {given.error && !given.data && <Problem error={given.error} />}
      {error !== undefined && <Problem error={error} />}
      <div className="editor-both">
        <Panel title="Input" flush actions={<Button look="small" disabled={problem !== null} onClick={() => setInput(reprint(input))}>Format</Button>}>
          <div className="editor-text" onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && problem === null && !busy) void start();
          }}>
            <Code label="Input as JSON" value={input} onChange={setInput} diagnostics={problem ? [problem] : []} />
          </div>
          <div className="editor-problems">
            {problem ? <span className="status bad">{problem.message}</span> : <span className="soft small">JSON, up to 262,144 bytes. Ctrl Enter starts.</span>}
          </div>
        </Panel>
        <div className="stack">
          <Panel><TextField label="Name (optional)" value={name} onChange={setName} hint="Unique for the state machine; without one it gets an identifier." /></Panel>
          <EarlierInputs machineArn={plain} onPick={setInput} />
        </div>
      </div>
    </Page>
  );
}

type Execution = Output<"states", "ListExecutions">["executions"][number];

const inputOf = async ({ executionArn }: Execution) => (await call("states", "DescribeExecution", { executionArn })).input;

function EarlierInputs({ machineArn, onPick }: { machineArn: string; onPick: (input: string) => void }) {
  const list = useRead(read("states", "ListExecutions", { stateMachineArn: machineArn, maxResults: EARLIER }));
  const [found, setFound] = useState<Earlier<Execution> | undefined>();
  const executions = list.data?.executions;
  const key = executions?.map((one) => `${one.executionArn} ${one.status}`).join("\n");
  useEffect(() => {
    if (!executions) return;
    let stopped = false;
    void earlierInputs(executions, inputOf).then((all) => {
      if (!stopped) setFound(all);
    });
    return () => {
      stopped = true;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says all that matters of them
  }, [key]);
  return (
    <Panel title="Earlier inputs" flush>
      {list.error && !list.data && <Problem error={list.error} />}
      {found?.error !== undefined && <Problem error={found.error} />}
      {executions?.length === 0 ? <Empty title="It has not run yet." /> : (
        <ul className="earlier">
          {found?.inputs.map((one) => (
            <li key={one.executionArn}>
              <button type="button" onClick={() => onPick(reprint(one.input))} title="Take this input">
                <span className="row spread">
                  <span className="row"><Status status={one.status} label={one.name} /></span>
                  <span className="soft small"><Ago at={one.startDate} /></span>
                  </span>
                <code>{one.input.slice(0, 240)}</code>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
