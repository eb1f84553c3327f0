/** Stopping executions, one or several at a time. */
import { useEffect, useRef, useState } from "react";
import { call } from "../../api/call";
import { nameOf } from "../../lib/arn";
import { eachOf } from "../../lib/each_of";
import { plural } from "../../lib/format";
import { TextField } from "../../ui/controls";
import { Dialog, toast } from "../../ui/dialog";

/** So many names are shown; of the others their number. */
const NAMES_SHOWN = 8;

export function Stop({ executions, onClose }: { executions: readonly string[]; onClose: () => void }) {
  const [error, setError] = useState("");
  const [cause, setCause] = useState("");
  const [done, setDone] = useState(0);
  const control = useRef(new AbortController());
  useEffect(() => {
    control.current = new AbortController();
    return () => control.current.abort(); // who leaves stops no further ones
  }, []);
  const several = executions.length > 1;
  return (
    <Dialog title={several ? `Stop ${executions.length} executions?` : "Stop this execution?"} onClose={onClose} danger
      submit={several ? `Stop ${executions.length} executions` : "Stop execution"}
      onSubmit={async () => {
        const stop = (executionArn: string) => call("states", "StopExecution", { executionArn, ...(error && { error }), ...(cause && { cause }) });
        await eachOf(executions, stop, setDone, control.current.signal);
        if (several) toast("good", `Stopped ${plural(executions.length, "execution")}.`);
      }}>
      {several && (
        <ul className="mono break">
          {executions.slice(0, NAMES_SHOWN).map((arn) => <li key={arn}>{nameOf(arn)}</li>)}
          {executions.length > NAMES_SHOWN && <li>and {executions.length - NAMES_SHOWN} more</li>}
        </ul>
      )}
      <p>
        {several
          ? "Their tasks are given up; jobs that they wait for are stopped. They can be redriven from where they stood."
          : "Its tasks are given up; jobs that it waits for are stopped. It can be redriven from where it stood."}
      </p>
      <TextField label="Error (optional)" value={error} onChange={setError} hint="A short name, shown beside the status." />
      <TextField label="Cause (optional)" value={cause} onChange={setCause} lines={2} />
      {several && done > 0 && <progress value={done} max={executions.length} aria-label="Stopped so far" />}
    </Dialog>
  );
}
