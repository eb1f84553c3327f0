/** A new role: whom it trusts, and the policies that such roles usually have. */
import { useState } from "react";
import { call } from "../../api/call";
import { useSession } from "../../api/session";
import { go, links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { Note, TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { trustedServices, trustOf, wrongJson, wrongName, type Trusted } from "./documents";
import { DocumentEditor } from "./editor";
import { attachEach } from "./holder";

const NAME_MAX = 64;

export function CreateRole({ onClose }: { onClose: () => void }) {
  const choices = trustedServices(useSession()?.account ?? "");
  const [chosen, setChosen] = useState(choices[0]!);
  const [name, setName] = useState("");
  const [about, setAbout] = useState("");
  const [policies, setPolicies] = useState<readonly string[]>(chosen.policies);
  const [trust, setTrust] = useState(() => trustOf(choices.at(-1)!.principal));
  const [lacks, setLacks] = useState<readonly string[]>(); // once the role is there
  const wrong = wrongName(name, NAME_MAX);
  const custom = chosen.id === "custom";
  const create = async () => {
    const document = custom ? trust : trustOf(chosen.principal);
    if (!lacks) await call("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument: document, ...(about ? { Description: about } : {}) });
    const { refused, refusal } = await attachEach({ kind: "role", name }, lacks ?? policies);
    if (refused.length === 0) return go(links.role(name));
    setLacks(refused);
    throw refusal;
  };
  if (lacks) {
    return ( // the same dialog, which shows the refusal
      <Dialog title={`Role ${name}`} submit="Attach again" onClose={onClose} onSubmit={create}>
        <Note tone="caught">
          The role <a href={links.role(name)}>{name}</a> was created, but lacks {lacks.map(nameOf).join(", ")}, which could not be attached:
          what runs as this role may be refused. Attach again, or have somebody do it who may.
        </Note>
      </Dialog>
    );
  }
  return (
    <Dialog title="Create role" submit="Create role" wide onClose={onClose} ready={name !== "" && !wrong && (!custom || wrongJson(trust) === undefined)} onSubmit={create}>
      <Choices choices={choices} chosen={chosen} onChoose={(one) => {
        setChosen(one);
        setPolicies(one.policies);
      }} />
      {custom && <DocumentEditor label="Trust policy" text={trust} onChange={setTrust} />}
      <TextField label="Role name" value={name} onChange={setName} wrong={wrong} autoFocus
        placeholder={chosen.id === "states" ? "StepFunctionsWorkflowExecutionRole" : "AmazonSageMaker-ExecutionRole"} />
      <TextField label="Description" value={about} onChange={setAbout} />
      {chosen.policies.map((arn) => (
        <label key={arn} className="row">
          <input type="checkbox" checked={policies.includes(arn)}
            onChange={(event) => setPolicies(event.target.checked ? [...policies, arn] : policies.filter((one) => one !== arn))} />
          Attach {nameOf(arn)}
        </label>
      ))}
    </Dialog>
  );
}

function Choices({ choices, chosen, onChoose }: { choices: readonly Trusted[]; chosen: Trusted; onChoose: (one: Trusted) => void }) {
  return (
    <fieldset className="iam-choices">
      <legend className="visually-hidden">Choose the service that will use this role</legend>
      {choices.map((one) => (
        <label key={one.id}>
          <input type="radio" name="trusted" checked={one.id === chosen.id} onChange={() => onChoose(one)} />
          <span>{one.title}</span><span>{one.about}</span>
        </label>
      ))}
    </fieldset>
  );
}
