/** What can be done with an execution: stopped, redriven, begun again, taken along. */
import { useId, useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { links } from "../../app/router";
import { cliCall, pythonCall } from "../../lib/code";
import { Button, ButtonLink } from "../../ui/controls";
import { copyUnseen } from "../../ui/copy";
import { Dialog, toast } from "../../ui/dialog";
import { Menu } from "../../ui/menu";
import { cppStart } from "./cpp_start";
import { Stop } from "./stop";

export type Execution = Output<"states", "DescribeExecution">;

export function Actions({ execution }: { execution: Execution }) {
  const [shown, setShown] = useState<"stop" | "redrive" | null>(null);
  const { executionArn, stateMachineArn, status } = execution;
  return (
    <>
      {status === "RUNNING" && <Button look="danger" icon="stop" onClick={() => setShown("stop")}>Stop</Button>}
      {status !== "RUNNING" && status !== "SUCCEEDED" && (
        <RedriveButton execution={execution} onRedrive={() => setShown("redrive")} />
      )}
      <ButtonLink icon="play" href={links.startExecution(stateMachineArn, { from: executionArn })}>New execution</ButtonLink>
      <CopyAs machineArn={stateMachineArn} input={execution.input ?? "{}"} />
      {shown === "stop" && <Stop executions={[executionArn]} onClose={() => setShown(null)} />}
      {shown === "redrive" && <Redrive execution={execution} onClose={() => setShown(null)} />}
    </>
  );
}

/** Where it cannot be redriven the reason stands below: nobody gets to a disabled button by the keyboard. */
function RedriveButton({ execution, onRedrive }: { execution: Execution; onRedrive: () => void }) {
  const id = useId();
  const possible = execution.redriveStatus === "REDRIVABLE";
  const reason = possible ? undefined : execution.redriveStatusReason;
  return (
    <span className="with-reason">
      <Button icon="again" disabled={!possible} aria-describedby={reason && id} onClick={onRedrive}>Redrive</Button>
      {reason && <span id={id} className="small soft">{reason}</span>}
    </span>
  );
}

export function CopyAs({ machineArn, input }: { machineArn: string; input: string }) {
  const request = { stateMachineArn: machineArn, input };
  const item = (label: string, text: () => string) => ({
    label, icon: "copy" as const,
    onChoose: () => void copyUnseen(text(), "Copied: starts an execution of this machine with this input."),
  });
  return (
    <Menu label="Copy as…" icon="copy" items={[
      item("Copy as AWS CLI", () => cliCall("stepfunctions", "StartExecution", request)),
      item("Copy as Python (boto3)", () => pythonCall("stepfunctions", "StartExecution", request, "executionArn")),
      item("Copy as C++ (Trainyard SDK)", () => cppStart(machineArn, input)),
    ]} />
  );
}

function Redrive({ execution, onClose }: { execution: Execution; onClose: () => void }) {
  return (
    <Dialog title="Redrive this execution?" onClose={onClose} submit="Redrive"
      onSubmit={async () => {
        await call("states", "RedriveExecution", { executionArn: execution.executionArn });
        toast("good", "The states that had not succeeded run again.");
      }}>
      <p>States that failed or were aborted run again with the input that they had; what succeeded is not run again. The definition is the one that it began with.</p>
    </Dialog>
  );
}
