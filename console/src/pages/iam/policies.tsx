import { useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { plural } from "../../lib/format";
import { Button, Empty, Panel, SearchBox } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { STARTS, typeOf } from "./documents";
import { DocumentDialog } from "./editor";
import { IamNav } from "./nav";

const LIST_MAX = 1000;
type Scope = "All" | "AWS" | "Local";

export function Policies() {
  const [scope, setScope] = useState<Scope>("All");
  const list = useRead(read("iam", "ListPolicies", { Scope: scope, MaxItems: LIST_MAX }));
  const [find, setFind] = useState("");
  const [creating, setCreating] = useState(false);
  const all = list.data?.Policies;
  const shown = all?.filter(({ PolicyName = "" }) => PolicyName.toLowerCase().includes(find.trim().toLowerCase()));
  return (
    <Page crumbs={[{ text: "IAM", href: links.iam }, { text: "Policies" }]} title="Policies" about={all && plural(all.length, "managed policy", "managed policies")}
      actions={<Button look="primary" icon="plus" onClick={() => setCreating(true)}>Create policy</Button>}>
      <IamNav at="policies" />
      {list.error && <Problem error={list.error} />}
      {!(list.error && !all) && (
        <Panel flush>
          <div className="iam-find row wrap">
            <div className="grow"><SearchBox label="Find policies" value={find} onChange={setFind} /></div>
            <ScopeSelect value={scope} onChange={setScope} />
          </div>
          <Table label="Policies" rows={shown} rowKey={({ Arn }) => Arn!} onChoose={({ Arn }) => go(links.policy(Arn!))}
            columns={[
              { title: "Name", sort: ({ PolicyName = "" }) => PolicyName, cell: ({ PolicyName, Arn = "" }) => <a href={links.policy(Arn)}>{PolicyName}</a> },
              { title: "Type", sort: ({ Arn = "" }) => typeOf(Arn), cell: ({ Arn = "" }) => typeOf(Arn) },
              { title: "Attached", number: true, sort: ({ AttachmentCount = 0 }) => AttachmentCount, cell: ({ AttachmentCount = 0 }) => AttachmentCount, minor: true },
              { title: "Changed", sort: ({ UpdateDate = 0 }) => UpdateDate, cell: ({ UpdateDate }) => <Ago at={UpdateDate} />, minor: true },
            ]}
            empty={(
              <Empty title={find ? `No policy's name has “${find}” in it.` : "No policy of your own yet"}>
                <p>A managed policy is written once and attached to many roles and users.</p>
                <Button look="primary" onClick={() => setCreating(true)}>Create policy</Button>
              </Empty>
            )} />
        </Panel>
      )}
      {creating && <CreatePolicy onClose={() => setCreating(false)} />}
    </Page>
  );
}

function ScopeSelect({ value, onChange }: { value: Scope; onChange: (scope: Scope) => void }) {
  return (
    <select className="input" style={{ width: "auto" }} aria-label="Type" value={value} onChange={(event) => onChange(event.target.value as Scope)}>
      <option value="All">All types</option>
      <option value="Local">Customer managed</option>
      <option value="AWS">AWS managed</option>
    </select>
  );
}

function CreatePolicy({ onClose }: { onClose: () => void }) {
  return (
    <DocumentDialog title="Create policy" submit="Create policy" text={STARTS[0]!.text} begin onClose={onClose}
      onSave={async (text, name) => {
        const made = await call("iam", "CreatePolicy", { PolicyName: name, PolicyDocument: text });
        go(links.policy(made.Policy!.Arn!));
      }} />
  );
}
