/** The aliases of a state machine: names that lead to versions of it. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, READS_MAX, useRead } from "../../api/watch";
import { go, links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { Button, Empty } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { Menu } from "../../ui/menu";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { ChangeAlias, CreateAlias } from "./alias_dialog";
import { routingText } from "./routing";
import { useVersions } from "./versions";

type Alias = Output<"states", "ListStateMachineAliases">["stateMachineAliases"][number];

/** Watched for where they lead; a stream takes so many reads, and the page has others. */
const LIVE_ALIASES = READS_MAX - 14;

export function Aliases({ arn }: { arn: string }) {
  const { data, error } = useRead(read("states", "ListStateMachineAliases", { stateMachineArn: arn, maxResults: 100 }));
  const versions = useVersions(arn).data?.stateMachineVersions.map((one) => one.stateMachineVersionArn) ?? [];
  const [shown, setShown] = useState<"create" | { act: "change" | "delete"; arn: string } | null>(null);
  const [changes, setChanges] = useState(0);
  if (error && !data) return <Problem error={error} />;
  const live = new Set(data?.stateMachineAliases.slice(0, LIVE_ALIASES).map((one) => one.stateMachineAliasArn));
  const close = () => setShown(null);
  return (
    <>
      <div className="filters">
        <Button look="small" icon="plus" disabled={versions.length === 0} onClick={() => setShown("create")}>Create alias</Button>
        {versions.length === 0 && <span className="soft small">An alias leads to a version: publish one first.</span>}
      </div>
      <Table label="Aliases" rows={data?.stateMachineAliases} rowKey={(row) => row.stateMachineAliasArn}
        empty={<Empty title="No alias yet"><p>An alias is a name that leads to a version, or divides executions between two.</p></Empty>}
        columns={[
          { title: "Alias", cell: (row) => nameOf(row.stateMachineAliasArn) },
          { title: "Leads to", cell: ({ stateMachineAliasArn: alias }) => (live.has(alias) ? <Route arn={alias} /> : <RouteThen key={changes} arn={alias} />) },
          { title: "Created", cell: (row) => <Ago at={row.creationDate} />, minor: true },
          { title: "Actions", width: 84, cell: (row) => <Acts alias={row} onAsk={(act) => setShown({ act, arn: row.stateMachineAliasArn })} /> },
        ]} />
      {shown === "create" && <CreateAlias versions={versions} onClose={close} />}
      {shown !== null && shown !== "create" && shown.act === "change" &&
        <ChangeAlias arn={shown.arn} versions={versions} onClose={close} onDone={() => setChanges((count) => count + 1)} />}
      {shown !== null && shown !== "create" && shown.act === "delete" && <DeleteAlias arn={shown.arn} onClose={close} />}
    </>
  );
}

function Acts({ alias: { stateMachineAliasArn: arn }, onAsk }: { alias: Alias; onAsk: (act: "change" | "delete") => void }) {
  return (
    <Menu label={`Of alias ${nameOf(arn)}`} items={[
      { label: "Start execution", icon: "play", onChoose: () => go(links.startExecution(arn)) },
      { label: "Change alias", icon: "edit", onChoose: () => onAsk("change") },
      { label: "Delete alias", icon: "trash", onChoose: () => onAsk("delete") },
    ]} />
  );
}

function Route({ arn }: { arn: string }) {
  const { data, error } = useRead(read("states", "DescribeStateMachineAlias", { stateMachineAliasArn: arn }));
  return <>{data ? routingText(data.routingConfiguration ?? []) : error?.message ?? "…"}</>;
}

/** Asked once, as there are more aliases than can be watched. */
function RouteThen({ arn }: { arn: string }) {
  const [told, setTold] = useState("…");
  useEffect(() => {
    let stopped = false;
    void call("states", "DescribeStateMachineAlias", { stateMachineAliasArn: arn }).then(
      ({ routingConfiguration = [] }) => routingText(routingConfiguration),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    ).then((text) => {
      if (!stopped) setTold(text);
    });
    return () => {
      stopped = true;
    };
  }, [arn]);
  return <>{told}</>;
}

function DeleteAlias({ arn, onClose }: { arn: string; onClose: () => void }) {
  return (
    <Dialog title={`Delete alias ${nameOf(arn)}?`} submit="Delete" danger onClose={onClose}
      onSubmit={async () => {
        await call("states", "DeleteStateMachineAlias", { stateMachineAliasArn: arn });
      }}>
      <p>Executions that were started by it go on; whoever starts by this name is refused from then on.</p>
    </Dialog>
  );
}
