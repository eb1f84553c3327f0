/** A managed policy, by its versions. */
import { useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links, useQuery } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { exactTime } from "../../lib/format";
import { Button, ButtonLink, Facts, Panel, SelectField, Skeleton } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Ago } from "../../ui/time";
import { decodedDocument, isAws, typeOf } from "./documents";
import { Arn } from "./role";

export function PolicyPage({ arn }: { arn: string }) {
  const found = useRead(read("iam", "GetPolicy", { PolicyArn: arn }));
  const versions = useRead(read("iam", "ListPolicyVersions", { PolicyArn: arn }));
  const [removing, setRemoving] = useState(false);
  const policy = found.data?.Policy;
  const [asked, setAsked] = useQuery<string>("version", "");
  const version = asked || policy?.DefaultVersionId;
  const mine = !isAws(arn);
  return (
    <Page crumbs={[{ text: "IAM", href: links.iam }, { text: "Policies", href: links.policies }, { text: nameOf(arn) }]} title={nameOf(arn)}
      about={<Arn arn={arn} />}
      actions={mine && <Button look="danger" icon="trash" onClick={() => setRemoving(true)} disabled={!policy}>Delete</Button>}>
      {found.error && <Problem error={found.error} />}
      {found.error && !policy && <div><ButtonLink href={links.policies}>All policies</ButtonLink></div>}
      {found.loading && <Skeleton lines={5} />}
      {policy && (
        <>
          <Facts facts={[
            ["Type", typeOf(arn)], ["Description", policy.Description], ["Attached to", policy.AttachmentCount],
            ["Created", <Ago at={policy.CreateDate} />], ["Version that counts", policy.DefaultVersionId],
          ]} />
          <Panel title="Document">
            <div className="stack">
              {(versions.data?.Versions?.length ?? 0) > 1 && (
                <SelectField label="Version" value={version ?? ""} onChange={setAsked}
                  options={versions.data!.Versions!.map(({ VersionId = "", CreateDate, IsDefaultVersion }) =>
                    [VersionId, `${VersionId}${CreateDate ? `, ${exactTime(CreateDate).slice(0, 10)}` : ""}${IsDefaultVersion ? " (counts)" : ""}`] as const)} />
              )}
              {version && <VersionDocument key={version} arn={arn} version={version} />}
            </div>
          </Panel>
        </>
      )}
      {removing && (
        <Dialog title={`Delete policy ${nameOf(arn)}`} submit="Delete" danger onClose={() => setRemoving(false)}
          onSubmit={async () => {
            await call("iam", "DeletePolicy", { PolicyArn: arn });
            go(links.policies);
          }}>
          <p>A policy can be deleted once it is attached to nothing.</p>
        </Dialog>
      )}
    </Page>
  );
}

function VersionDocument({ arn, version }: { arn: string; version: string }) {
  const found = useRead(read("iam", "GetPolicyVersion", { PolicyArn: arn, VersionId: version }));
  if (found.error && !found.data) return <Problem error={found.error} />;
  return found.data ? <Json label={version} value={decodedDocument(found.data.PolicyVersion?.Document)} /> : <Skeleton />;
}
