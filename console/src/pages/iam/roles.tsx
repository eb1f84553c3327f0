import { useState } from "react";
import { call } from "../../api/call";
import { useSession } from "../../api/session";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { plural } from "../../lib/format";
import { Button, Empty, Panel, SearchBox, TextField } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { decodedDocument, trustedServices, trustOf, wrongJson, wrongName } from "./documents";
import { DocumentEditor } from "./editor";
import { IamNav } from "./nav";
import { trustedBy } from "./trust";

const NAME_MAX = 64;
const LIST_MAX = 1000;

export function Roles() {
  const list = useRead(read("iam", "ListRoles", { MaxItems: LIST_MAX }));
  const [find, setFind] = useState("");
  const [creating, setCreating] = useState(false);
  const all = list.data?.Roles;
  const shown = all?.filter(({ RoleName }) => RoleName.toLowerCase().includes(find.trim().toLowerCase()));
  return (
    <Page crumbs={[{ text: "IAM", href: links.iam }, { text: "Roles" }]} title="Roles" about={all && plural(all.length, "role")}
      actions={<Button look="primary" icon="plus" onClick={() => setCreating(true)}>Create role</Button>}>
      <IamNav at="roles" />
      {list.error && <Problem error={list.error} />}
      {!(list.error && !all) && (
        <Panel flush>
          <div className="iam-find"><SearchBox label="Find roles" value={find} onChange={setFind} /></div>
          <Table label="Roles" rows={shown} rowKey={({ RoleName }) => RoleName} onChoose={({ RoleName }) => go(links.role(RoleName))}
            columns={[
              { title: "Name", sort: ({ RoleName }) => RoleName, cell: ({ RoleName }) => <a href={links.role(RoleName)}>{RoleName}</a> },
              { title: "Trusted", cell: ({ AssumeRolePolicyDocument }) => trustedBy(decodedDocument(AssumeRolePolicyDocument)).join(", ") },
              { title: "Description", cell: ({ Description }) => Description ?? "", minor: true },
              { title: "Created", sort: ({ CreateDate }) => CreateDate, cell: ({ CreateDate }) => <Ago at={CreateDate} />, minor: true },
            ]}
            empty={find ? <Empty title={`No role's name has “${find}” in it.`} /> : (
              <Empty title="No role yet">
                <p>Jobs and workflows run as roles. This makes the two that the tutorial needs:</p>
                <Command>trainyard init</Command>
                <Button look="primary" onClick={() => setCreating(true)}>Create role</Button>
              </Empty>
            )} />
        </Panel>
      )}
      {creating && <CreateRole onClose={() => setCreating(false)} />}
    </Page>
  );
}

function CreateRole({ onClose }: { onClose: () => void }) {
  const choices = trustedServices(useSession()?.account ?? "");
  const [chosen, setChosen] = useState(choices[0]!);
  const [name, setName] = useState("");
  const [about, setAbout] = useState("");
  const [policies, setPolicies] = useState<readonly string[]>(chosen.policies);
  const [trust, setTrust] = useState(() => trustOf(choices.at(-1)!.principal));
  const wrong = wrongName(name, NAME_MAX);
  const custom = chosen.id === "custom";
  const create = async () => {
    const document = custom ? trust : trustOf(chosen.principal);
    await call("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument: document, ...(about ? { Description: about } : {}) });
    go(links.role(name)); // also when a policy cannot be attached: the role is there
    for (const PolicyArn of policies) await call("iam", "AttachRolePolicy", { RoleName: name, PolicyArn });
  };
  return (
    <Dialog title="Create role" submit="Create role" wide onClose={onClose} ready={name !== "" && !wrong && (!custom || wrongJson(trust) === undefined)} onSubmit={create}>
      <fieldset className="iam-choices">
        <legend className="visually-hidden">Choose the service that will use this role</legend>
        {choices.map((one) => (
          <label key={one.id}>
            <input type="radio" name="trusted" checked={one.id === chosen.id} onChange={() => {
              setChosen(one);
              setPolicies(one.policies);
            }} />
            <span>{one.title}</span><span>{one.about}</span>
          </label>
        ))}
      </fieldset>
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
