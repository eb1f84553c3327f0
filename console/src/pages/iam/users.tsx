import { useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { plural } from "../../lib/format";
import { Button, Empty, Panel, SearchBox, TextField } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { wrongName } from "./documents";
import { IamNav } from "./nav";

const NAME_MAX = 64;
const LIST_MAX = 1000;

export function Users() {
  const list = useRead(read("iam", "ListUsers", { MaxItems: LIST_MAX }));
  const [find, setFind] = useState("");
  const [creating, setCreating] = useState(false);
  const all = list.data?.Users;
  const shown = all?.filter(({ UserName }) => UserName.toLowerCase().includes(find.trim().toLowerCase()));
  return (
    <Page crumbs={[{ text: "IAM", href: links.iam }, { text: "Users" }]} title="Users" about={all && plural(all.length, "user")}
      actions={<Button look="primary" icon="plus" onClick={() => setCreating(true)}>Create user</Button>}>
      <IamNav at="users" />
      {list.error && <Problem error={list.error} />}
      {!(list.error && !all) && (
        <Panel flush>
          <div className="iam-find"><SearchBox label="Find users" value={find} onChange={setFind} /></div>
          <Table label="Users" rows={shown} rowKey={({ UserName }) => UserName} onChoose={({ UserName }) => go(links.user(UserName))}
            columns={[
              { title: "Name", sort: ({ UserName }) => UserName, cell: ({ UserName }) => <a href={links.user(UserName)}>{UserName}</a> },
              { title: "ARN", cell: ({ Arn }) => <span className="mono">{Arn}</span>, minor: true },
              { title: "Created", sort: ({ CreateDate }) => CreateDate, cell: ({ CreateDate }) => <Ago at={CreateDate} /> },
            ]}
            empty={find ? <Empty title={`No user's name has “${find}” in it.`} /> : (
              <Empty title="No user yet">
                <p>Root may do everything. A user has keys of its own, and may do what its policies say.</p>
                <Button look="primary" onClick={() => setCreating(true)}>Create user</Button>
                <Command>aws iam create-user --user-name alice</Command>
              </Empty>
            )} />
        </Panel>
      )}
      {creating && <CreateUser onClose={() => setCreating(false)} />}
    </Page>
  );
}

function CreateUser({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const wrong = wrongName(name, NAME_MAX);
  return (
    <Dialog title="Create user" submit="Create user" onClose={onClose} ready={name !== "" && !wrong}
      onSubmit={async () => {
        await call("iam", "CreateUser", { UserName: name });
        go(links.user(name));
      }}>
      <TextField label="User name" value={name} onChange={setName} wrong={wrong} autoFocus hint="Policies and access keys are given on its page." />
    </Dialog>
  );
}
