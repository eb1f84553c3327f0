/** A user: its access keys, what it may do. */
import { useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { links, useQuery } from "../../app/router";
import { Button, ButtonLink, Empty, Facts, Note, Panel, Skeleton, TabPanel, Tabs } from "../../ui/controls";
import { Command, Copy } from "../../ui/copy";
import { attempt, Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Status } from "../../ui/status";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { Permissions } from "./permissions";
import { Arn, Remove, whyHref } from "./role";
import { Tags } from "./tags";

export function UserPage({ name }: { name: string }) {
  const found = useRead(read("iam", "GetUser", { UserName: name }));
  const [tab, setTab] = useQuery<"permissions" | "keys" | "tags">("tab", "permissions");
  const [removing, setRemoving] = useState(false);
  const user = found.data?.User;
  return (
    <Page crumbs={[{ text: "IAM", href: links.iam }, { text: "Users", href: links.users }, { text: name }]} title={name}
      about={user && <Arn arn={user.Arn} />}
      actions={
        <>
          {user && <ButtonLink href={whyHref(user.Arn)}>What may it do?</ButtonLink>}
          <Button look="danger" icon="trash" onClick={() => setRemoving(true)} disabled={!user}>Delete</Button>
        </>
      }>
      {found.error && <Problem error={found.error} />}
      {found.error && !user && <div><ButtonLink href={links.users}>All users</ButtonLink></div>}
      {found.loading && <Skeleton lines={5} />}
      {user && (
        <>
          <Facts facts={[["Created", <Ago at={user.CreateDate} />], ["Path", user.Path === "/" ? undefined : user.Path], ["Id", <span className="mono">{user.UserId}</span>]]} />
          <Tabs label="User" chosen={tab} onChoose={setTab} tabs={[
            { id: "permissions", title: "Permissions" }, { id: "keys", title: "Access keys" }, { id: "tags", title: `Tags (${user.Tags?.length ?? 0})` },
          ]} />
          <TabPanel id={tab}>
            {tab === "permissions" && <Permissions holder={{ kind: "user", name }} />}
            {tab === "keys" && <Keys name={name} />}
            {tab === "tags" && <Tags tags={user.Tags} />}
          </TabPanel>
        </>
      )}
      {removing && <Remove holder={{ kind: "user", name }} onClose={() => setRemoving(false)} />}
    </Page>
  );
}

type Secret = Output<"iam", "CreateAccessKey">["AccessKey"];

function Keys({ name }: { name: string }) {
  const list = useRead(read("iam", "ListAccessKeys", { UserName: name }));
  const [made, setMade] = useState<Secret>();
  const [doomed, setDoomed] = useState<string>();
  const create = () => attempt(async () => setMade((await call("iam", "CreateAccessKey", { UserName: name })).AccessKey));
  const set = (id: string, status: "Active" | "Inactive") =>
    attempt(() => call("iam", "UpdateAccessKey", { UserName: name, AccessKeyId: id, Status: status }), `${id} is ${status.toLowerCase()}.`);
  return (
    <Panel title="Access keys" flush actions={<Button look="small" icon="plus" onClick={() => void create()}>Create access key</Button>}>
      {list.error && <Problem error={list.error} />}
      {!(list.error && !list.data) && (
        <Table label="Access keys" rows={list.data?.AccessKeyMetadata} rowKey={({ AccessKeyId }) => AccessKeyId!}
          columns={[
            { title: "Access key ID", cell: ({ AccessKeyId }) => <span className="mono">{AccessKeyId}</span> },
            { title: "Status", cell: ({ Status: status }) => <Status status={status ?? ""} /> },
            { title: "Created", cell: ({ CreateDate }) => <Ago at={CreateDate} />, minor: true },
            {
              title: "Actions", width: 150, number: true, cell: ({ AccessKeyId: id = "", Status: status }) => (
                <span className="row iam-acts">
                  {status === "Active"
                    ? <Button look="small" onClick={() => void set(id, "Inactive")}>Deactivate</Button>
                    : <Button look="small" onClick={() => void set(id, "Active")}>Activate</Button>}
                  <Button look="plain" icon="trash" label={`Delete ${id}`} onClick={() => setDoomed(id)} />
                </span>
              ),
            },
          ]}
          empty={<Empty title="No access key"><p>A key lets programs call as this user.</p></Empty>} />
      )}
      {made && <SecretDialog secret={made} onClose={() => setMade(undefined)} />}
      {doomed && (
        <Dialog title="Delete access key" submit="Delete" danger onClose={() => setDoomed(undefined)}
          onSubmit={async () => {
            await call("iam", "DeleteAccessKey", { UserName: name, AccessKeyId: doomed });
          }}>
          <p>What uses <span className="mono">{doomed}</span> is refused from then on.</p>
        </Dialog>
      )}
    </Panel>
  );
}

/** The only time that the secret is told. */
function SecretDialog({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const { AccessKeyId, SecretAccessKey } = secret;
  return (
    <Dialog title="Access key" onClose={onClose}>
      <Note tone="caught">The secret is shown now and never again.</Note>
      <Facts facts={[
        ["Access key ID", <span className="row"><span className="mono break">{AccessKeyId}</span><Copy text={AccessKeyId} label="Copy access key ID" /></span>],
        ["Secret access key", <span className="row"><span className="mono break">{SecretAccessKey}</span><Copy text={SecretAccessKey} label="Copy secret access key" /></span>],
      ]} />
      <Command>{`export AWS_ACCESS_KEY_ID=${AccessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${SecretAccessKey}`}</Command>
    </Dialog>
  );
}
