/** Where an alias leads, written: for a new one and for one that is there. */
import { useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { nameOf } from "../../lib/arn";
import { SelectField, TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { choices, itemsOf, restOf, routingOf, withFirst, wrongShare, type Routing } from "./routing";

interface Given { description: string; routing: Routing }

export function CreateAlias({ versions, onClose }: { versions: readonly string[]; onClose: () => void }) {
  const [name, setName] = useState("");
  const [given, setGiven] = useState<Given>(() => ({ description: "", routing: routingOf([], versions[0] ?? "") }));
  return (
    <Dialog title="Create alias" submit="Create" ready={name !== "" && wrongShare(given.routing) === undefined} onClose={onClose}
      onSubmit={async () => {
        const { description, routing } = given;
        await call("states", "CreateStateMachineAlias", { name, ...(description && { description }), routingConfiguration: itemsOf(routing) });
      }}>
      <TextField label="Name" value={name} onChange={setName} autoFocus />
      <Fields versions={versions} given={given} onChange={setGiven} />
    </Dialog>
  );
}

interface Change { arn: string; versions: readonly string[]; onClose: () => void; onDone: () => void }

export function ChangeAlias(props: Change) {
  const { data, error } = useRead(read("states", "DescribeStateMachineAlias", { stateMachineAliasArn: props.arn }));
  // As it was when the dialog opened: what is typed here is not taken away by somebody else's change.
  const [opened, setOpened] = useState<Given | undefined>();
  if (data && !opened) setOpened({ description: data.description ?? "", routing: routingOf(data.routingConfiguration ?? [], props.versions[0] ?? "") });
  if (opened) return <Changing {...props} begun={opened} />;
  return error ? <Dialog title={`Change alias ${nameOf(props.arn)}`} onClose={props.onClose}><Problem error={error} /></Dialog> : null;
}

function Changing({ arn, versions, begun, onClose, onDone }: Change & { begun: Given }) {
  const [given, setGiven] = useState(begun);
  return (
    <Dialog title={`Change alias ${nameOf(arn)}`} submit="Save" ready={wrongShare(given.routing) === undefined} onClose={onClose}
      onSubmit={async () => {
        await call("states", "UpdateStateMachineAlias", { stateMachineAliasArn: arn, description: given.description, routingConfiguration: itemsOf(given.routing) });
        onDone();
      }}>
      <p>Executions that run go on as they are; whoever starts by this name gets what it leads to then.</p>
      <Fields versions={versions} given={given} onChange={setGiven} />
    </Dialog>
  );
}

function Fields({ versions, given: { description, routing }, onChange }: { versions: readonly string[]; given: Given; onChange: (given: Given) => void }) {
  const options = choices(versions, routing).map((arn) => [arn, `Version ${nameOf(arn)}`] as const);
  const put = (next: Routing) => onChange({ description, routing: next });
  const rest = restOf(routing);
  return (
    <>
      <TextField label="Description (optional)" value={description} onChange={(text) => onChange({ description: text, routing })} />
      <SelectField label="Version" value={routing.first} onChange={(first) => put(withFirst(routing, first))} options={options} />
      <SelectField label="And a second version" value={routing.second} onChange={(second) => put({ ...routing, second })}
        options={[["", "None"], ...options.filter(([one]) => one !== routing.first)]} />
      {routing.second !== "" && (
        <TextField label="Share of the first, in percent" type="number" value={routing.share} onChange={(share) => put({ ...routing, share })}
          wrong={wrongShare(routing)} hint={rest !== undefined && `${rest} % go to the second.`} />
      )}
    </>
  );
}
