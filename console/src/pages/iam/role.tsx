/** A role: what it may do, who may become it. */
import { useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links, useQuery } from "../../app/router";
import { duration } from "../../lib/format";
import { Button, ButtonLink, Facts, Note, Panel, Skeleton, TabPanel, Tabs } from "../../ui/controls";
import { Copy, Json } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Ago } from "../../ui/time";
import { deleteHolder } from "./delete_holder";
import { decodedDocument } from "./documents";
import { DocumentDialog } from "./editor";
import type { Holder } from "./holder";
import { Permissions } from "./permissions";
import { Tags } from "./tags";
import { trustedBy } from "./trust";

export function RolePage({ name }: { name: string }) {
  const found = useRead(read("iam", "GetRole", { RoleName: name }));
  const [tab, setTab] = useQuery<"permissions" | "trust" | "tags">("tab", "permissions");
  const [removing, setRemoving] = useState(false);
  const role = found.data?.Role;
  const holder: Holder = { kind: "role", name };
  return (
    <Page crumbs={[{ text: "IAM", href: links.iam }, { text: "Roles", href: links.iam }, { text: name }]} title={name}
      about={role && <Arn arn={role.Arn} />}
      actions={
        <>
          {role && <ButtonLink href={whyHref(role.Arn)}>What may it do?</ButtonLink>}
          <Button look="danger" icon="trash" onClick={() => setRemoving(true)} disabled={!role}>Delete</Button>
        </>
      }>
      {found.error && <Problem error={found.error} />}
      {found.error && !role && <div><ButtonLink href={links.iam}>All roles</ButtonLink></div>}
      {found.loading && <Skeleton lines={5} />}
      {role && (
        <>
          <Facts facts={[
            ["Description", role.Description],
            ["Trusts", trustedBy(decodedDocument(role.AssumeRolePolicyDocument)).join(", ")],
            ["Created", <Ago at={role.CreateDate} />],
            ["Sessions last at most", role.MaxSessionDuration === undefined ? undefined : duration(role.MaxSessionDuration)],
            ["Path", role.Path === "/" ? undefined : role.Path],
            ["Id", <span className="mono">{role.RoleId}</span>],
          ]} />
          <Tabs label="Role" chosen={tab} onChoose={setTab} tabs={[
            { id: "permissions", title: "Permissions" }, { id: "trust", title: "Trust" }, { id: "tags", title: `Tags (${role.Tags?.length ?? 0})` },
          ]} />
          <TabPanel id={tab}>
            {tab === "permissions" && <Permissions holder={holder} />}
            {tab === "trust" && <Trust name={name} document={decodedDocument(role.AssumeRolePolicyDocument)} />}
            {tab === "tags" && <Tags tags={role.Tags} />}
          </TabPanel>
        </>
      )}
      {removing && <Remove holder={holder} onClose={() => setRemoving(false)} />}
    </Page>
  );
}

/** The form of "why", with the principal filled in. */
export function whyHref(arn: string): string {
  return `#/why?${new URLSearchParams({ who: arn })}`;
}

export function Arn({ arn }: { arn: string }) {
  return <span className="row"><span className="mono break">{arn}</span><Copy text={arn} label="Copy ARN" /></span>;
}

function Trust({ name, document }: { name: string; document: string }) {
  const [editing, setEditing] = useState(false);
  return (
    <Panel title="Who may become this role" actions={<Button look="small" icon="edit" onClick={() => setEditing(true)}>Edit trust policy</Button>}>
      <Json label="Trust policy" value={document} />
      {editing && (
        <DocumentDialog title={`Trust policy of ${name}`} submit="Save" name={name} text={document} onClose={() => setEditing(false)}
          onSave={async (text) => {
            await call("iam", "UpdateAssumeRolePolicy", { RoleName: name, PolicyDocument: text });
          }} />
      )}
    </Panel>
  );
}

export function Remove({ holder, onClose }: { holder: Holder; onClose: () => void }) {
  const isRole = holder.kind === "role";
  return (
    <Dialog title={`Delete ${holder.kind} ${holder.name}`} submit="Delete" danger onClose={onClose}
      onSubmit={async () => {
        await deleteHolder(holder);
        go(isRole ? links.iam : links.users);
      }}>
      <p>Its inline policies are deleted with it, attached ones are detached{isRole ? "" : ", its access keys are deleted"}.</p>
      <Note tone="caught">{isRole ? "Jobs, endpoints and workflows that run as this role are refused from then on." : "What uses its access keys is refused from then on."}</Note>
    </Dialog>
  );
}
