/** Versions of a state machine. */
import { useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { go, links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { Button, Empty, TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { Menu } from "../../ui/menu";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";

type Version = Output<"states", "ListStateMachineVersions">["stateMachineVersions"][number];

export const useVersions = (arn: string) => useRead(read("states", "ListStateMachineVersions", { stateMachineArn: arn, maxResults: 100 }));

export function Versions({ arn }: { arn: string }) {
  const { data, error } = useVersions(arn);
  const [shown, setShown] = useState<"publish" | Version | null>(null);
  if (error && !data) return <Problem error={error} />;
  return (
    <>
      <div className="filters"><Button look="small" icon="plus" onClick={() => setShown("publish")}>Publish version</Button></div>
      <Table label="Versions" rows={data?.stateMachineVersions} rowKey={(row) => row.stateMachineVersionArn}
        empty={<Empty title="No version yet"><p>A version keeps the definition and the role as they are now; aliases lead to versions.</p></Empty>}
        columns={[
          { title: "Version", cell: (row) => <a href={links.machine(row.stateMachineVersionArn)}>{nameOf(row.stateMachineVersionArn)}</a> },
          { title: "Published", cell: (row) => <Ago at={row.creationDate} /> },
          {
            title: "Actions", width: 84,
            cell: (row) => <Menu label={`Of version ${nameOf(row.stateMachineVersionArn)}`} items={[
              { label: "Start execution", icon: "play", onChoose: () => go(links.startExecution(row.stateMachineVersionArn)) },
              { label: "Delete version", icon: "trash", onChoose: () => setShown(row) },
            ]} />,
          },
        ]} />
      {shown === "publish" && <Publish arn={arn} onClose={() => setShown(null)} />}
      {shown !== null && shown !== "publish" && (
        <Dialog title={`Delete version ${nameOf(shown.stateMachineVersionArn)}?`} submit="Delete" danger onClose={() => setShown(null)}
          onSubmit={async () => {
            await call("states", "DeleteStateMachineVersion", { stateMachineVersionArn: shown.stateMachineVersionArn });
          }}>
          <p>Executions of it go on. A version that an alias leads to cannot be deleted.</p>
        </Dialog>
      )}
    </>
  );
}

function Publish({ arn, onClose }: { arn: string; onClose: () => void }) {
  const [description, setDescription] = useState("");
  return (
    <Dialog title="Publish version" submit="Publish" onClose={onClose}
      onSubmit={async () => {
        await call("states", "PublishStateMachineVersion", { stateMachineArn: arn, ...(description && { description }) });
      }}>
      <TextField label="Description (optional)" value={description} onChange={setDescription} autoFocus />
    </Dialog>
  );
}
