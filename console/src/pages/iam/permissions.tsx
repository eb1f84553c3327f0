/** What a role or user may do: its attached and inline policies, with their documents. */
import { useState } from "react";
import { useRead, read } from "../../api/watch";
import { links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { Button, Empty, Panel, SearchBox, Skeleton } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { decodedDocument, STARTS, typeOf } from "./documents";
import { DocumentDialog } from "./editor";
import { attach, attachedOf, deleteInline, detach, inlineDocumentOf, inlineOf, putInline, type Holder } from "./holder";

interface Held { key: string; name: string; arn: string | undefined }

export function Permissions({ holder }: { holder: Holder }) {
  const attached = useRead(attachedOf(holder));
  const inline = useRead(inlineOf(holder));
  const [chosen, setChosen] = useState<string>();
  const [dialog, setDialog] = useState<"attach" | "add" | { edit: string } | { remove: Held }>();
  const close = () => setDialog(undefined);
  const rows: Held[] | undefined = attached.data && inline.data && [
    ...(attached.data.AttachedPolicies ?? []).map(({ PolicyName = "", PolicyArn }) => ({ key: PolicyArn!, name: PolicyName, arn: PolicyArn })),
    ...inline.data.PolicyNames.map((name) => ({ key: `inline ${name}`, name, arn: undefined })),
  ];
  const shown = rows?.find(({ key }) => key === chosen);
  const error = attached.error ?? inline.error;
  return (
    <div className="stack">
      <Panel title="Permissions" flush actions={
        <>
          <Button look="small" icon="plus" onClick={() => setDialog("attach")}>Attach policies</Button>
          <Button look="small" icon="edit" onClick={() => setDialog("add")}>Add inline policy</Button>
        </>
      }>
        {error && <Problem error={error} />}
        {!(error && !rows) && (
          <Table label="Policies" rows={rows} rowKey={({ key }) => key} chosen={chosen}
            onChoose={({ key }) => setChosen(key === chosen ? undefined : key)}
            columns={[
              { title: "Policy", sort: ({ name }) => name, cell: ({ name, arn }) => (arn ? <a href={links.policy(arn)}>{name}</a> : <span>{name}</span>) },
              { title: "Type", sort: ({ arn }) => typeOf(arn), cell: ({ arn }) => typeOf(arn) },
              {
                title: "Actions", width: 96, number: true, cell: (held) => (
                  <HeldActions held={held} onEdit={() => setDialog({ edit: held.name })} onRemove={() => setDialog({ remove: held })} />
                ),
              },
            ]}
            empty={<Empty title="It may do nothing yet"><p>Attach policies, or add an inline policy.</p></Empty>} />
        )}
      </Panel>
      {shown && <Shown key={shown.key} holder={holder} held={shown} onEdit={() => setDialog({ edit: shown.name })} />}
      {dialog === "attach" && <AttachDialog holder={holder} has={rows?.map(({ key }) => key) ?? []} onClose={close} />}
      {dialog === "add" && <AddInline holder={holder} onClose={close} onDone={(name) => setChosen(`inline ${name}`)} />}
      {typeof dialog === "object" && "edit" in dialog && <EditInline holder={holder} name={dialog.edit} onClose={close} />}
      {typeof dialog === "object" && "remove" in dialog && <RemoveHeld holder={holder} held={dialog.remove} onClose={close} />}
    </div>
  );
}

function HeldActions({ held: { name, arn }, onEdit, onRemove }: { held: Held; onEdit: () => void; onRemove: () => void }) {
  return (
    <span className="row iam-acts" onClick={(event) => event.stopPropagation()}>
      {arn === undefined && <Button look="plain" icon="edit" label={`Edit ${name}`} onClick={onEdit} />}
      <Button look="plain" icon={arn ? "cross" : "trash"} label={`${arn ? "Detach" : "Delete"} ${name}`} onClick={onRemove} />
    </span>
  );
}

function RemoveHeld({ holder, held: { name, arn }, onClose }: { holder: Holder; held: Held; onClose: () => void }) {
  return (
    <Dialog title={arn ? `Detach ${name} from ${holder.name}` : `Delete inline policy ${name}`} submit={arn ? "Detach" : "Delete"} danger onClose={onClose}
      onSubmit={() => (arn ? detach(holder, arn) : deleteInline(holder, name))}>
      <p>What only this policy allows {holder.name} is refused from then on.{arn && " The policy itself stays, and can be attached again."}</p>
    </Dialog>
  );
}

function Shown({ holder, held: { name, arn }, onEdit }: { holder: Holder; held: Held; onEdit: () => void }) {
  return (
    <Panel title={name} actions={arn === undefined && <Button look="small" icon="edit" onClick={onEdit}>Edit</Button>}>
      {arn === undefined ? <InlineDocument holder={holder} name={name} /> : <ManagedDocument arn={arn} />}
    </Panel>
  );
}

function InlineDocument({ holder, name }: { holder: Holder; name: string }) {
  const policy = useRead(inlineDocumentOf(holder, name));
  if (policy.error && !policy.data) return <Problem error={policy.error} />;
  return policy.data ? <Json label="Inline policy" value={decodedDocument(policy.data.PolicyDocument)} /> : <Skeleton />;
}

/** A managed policy's document in the version that counts. */
export function ManagedDocument({ arn }: { arn: string }) {
  const policy = useRead(read("iam", "GetPolicy", { PolicyArn: arn }));
  const version = policy.data?.Policy?.DefaultVersionId;
  const found = useRead(version ? read("iam", "GetPolicyVersion", { PolicyArn: arn, VersionId: version }) : null);
  const error = policy.error ?? found.error;
  if (error && !found.data) return <Problem error={error} />;
  return found.data ? <Json label={`${nameOf(arn)}, ${version}`} value={decodedDocument(found.data.PolicyVersion?.Document)} /> : <Skeleton />;
}

function AttachDialog({ holder, has, onClose }: { holder: Holder; has: readonly string[]; onClose: () => void }) {
  const list = useRead(read("iam", "ListPolicies", { MaxItems: 1000 }));
  const [find, setFind] = useState("");
  const [marked, setMarked] = useState<readonly string[]>([]);
  const shown = list.data?.Policies?.filter(({ PolicyName = "" }) => PolicyName.toLowerCase().includes(find.trim().toLowerCase()));
  const mark = (arn: string, on: boolean) => setMarked(on ? [...marked, arn] : marked.filter((one) => one !== arn));
  return (
    <Dialog title={`Attach policies to ${holder.name}`} submit={marked.length > 1 ? `Attach ${marked.length} policies` : "Attach policy"} onClose={onClose}
      ready={marked.length > 0}
      onSubmit={async () => {
        for (const arn of marked) await attach(holder, arn);
      }}>
      {list.error && <Problem error={list.error} />}
      <SearchBox label="Find policies" value={find} onChange={setFind} />
      {!shown ? !list.error && <Skeleton /> : (
        <ul className="iam-checks" aria-label="Policies">
          {shown.map(({ PolicyName, Arn = "" }) => (
            <li key={Arn}>
              <label>
                <input type="checkbox" checked={has.includes(Arn) || marked.includes(Arn)} disabled={has.includes(Arn)}
                  onChange={(event) => mark(Arn, event.target.checked)} />
                <span className="grow break">{PolicyName}</span>
                <span className="soft small nowrap">{has.includes(Arn) ? "attached" : typeOf(Arn)}</span>
              </label>
            </li>
          ))}
          {shown.length === 0 && <li className="inside soft">No policy's name has “{find}” in it.</li>}
        </ul>
      )}
    </Dialog>
  );
}

function AddInline({ holder, onClose, onDone }: { holder: Holder; onClose: () => void; onDone: (name: string) => void }) {
  return (
    <DocumentDialog title={`Add inline policy to ${holder.name}`} submit="Create policy" text={STARTS[0]!.text} begin onClose={onClose}
      onSave={async (text, name) => {
        await putInline(holder, name, text);
        onDone(name);
      }} />
  );
}

function EditInline({ holder, name, onClose }: { holder: Holder; name: string; onClose: () => void }) {
  const policy = useRead(inlineDocumentOf(holder, name));
  if (policy.error && !policy.data) return <Dialog title={name} onClose={onClose}><Problem error={policy.error} /></Dialog>;
  if (!policy.data) return null;
  return (
    <DocumentDialog title={`Edit ${name}`} submit="Save" name={name} text={decodedDocument(policy.data.PolicyDocument)} onClose={onClose}
      onSave={(text) => putInline(holder, name, text)} />
  );
}
