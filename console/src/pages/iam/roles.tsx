import { useState } from "react";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { plural } from "../../lib/format";
import { Button, Empty, Panel, SearchBox } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { CreateRole } from "./create_role";
import { decodedDocument } from "./documents";
import { IamNav } from "./nav";
import { trustedBy } from "./trust";

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
