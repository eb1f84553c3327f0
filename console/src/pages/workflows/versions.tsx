/** Versions of a state machine, and the aliases that lead to them. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { go, links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { Button, Empty, SelectField, TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { Menu } from "../../ui/menu";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";

type Version = Output<"states", "ListStateMachineVersions">["stateMachineVersions"][number];
type Alias = Output<"states", "ListStateMachineAliases">["stateMachineAliases"][number];

const useVersions = (arn: string) => useRead(read("states", "ListStateMachineVersions", { stateMachineArn: arn, maxResults: 100 }));

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

export function Aliases({ arn }: { arn: string }) {
  const { data, error } = useRead(read("states", "ListStateMachineAliases", { stateMachineArn: arn, maxResults: 100 }));
  const versions = useVersions(arn).data?.stateMachineVersions ?? [];
  const [shown, setShown] = useState<"create" | Alias | null>(null);
  if (error && !data) return <Problem error={error} />;
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
          { title: "Leads to", cell: (row) => <Route arn={row.stateMachineAliasArn} /> },
          { title: "Created", cell: (row) => <Ago at={row.creationDate} />, minor: true },
          {
            title: "Actions", width: 84,
            cell: (row) => <Menu label={`Of alias ${nameOf(row.stateMachineAliasArn)}`} items={[
              { label: "Start execution", icon: "play", onChoose: () => go(links.startExecution(row.stateMachineAliasArn)) },
              { label: "Delete alias", icon: "trash", onChoose: () => setShown(row) },
            ]} />,
          },
        ]} />
      {shown === "create" && <Create versions={versions} onClose={() => setShown(null)} />}
      {shown !== null && shown !== "create" && (
        <Dialog title={`Delete alias ${nameOf(shown.stateMachineAliasArn)}?`} submit="Delete" danger onClose={() => setShown(null)}
          onSubmit={async () => {
            await call("states", "DeleteStateMachineAlias", { stateMachineAliasArn: shown.stateMachineAliasArn });
          }}>
          <p>Executions that were started by it go on; whoever starts by this name is refused from then on.</p>
        </Dialog>
      )}
    </>
  );
}

/** Asked once: a stream watches few reads, and there may be a hundred aliases. */
function Route({ arn }: { arn: string }) {
  const [told, setTold] = useState("…");
  useEffect(() => {
    let stopped = false;
    void call("states", "DescribeStateMachineAlias", { stateMachineAliasArn: arn }).then(
      ({ routingConfiguration = [] }) => routingConfiguration.map((one) => `version ${nameOf(one.stateMachineVersionArn)}: ${one.weight} %`).join(", "),
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

function Create({ versions, onClose }: { versions: readonly Version[]; onClose: () => void }) {
  const options = versions.map((one) => [one.stateMachineVersionArn, `Version ${nameOf(one.stateMachineVersionArn)}`] as const);
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [first, setFirst] = useState(options[0]?.[0] ?? "");
  const [second, setSecond] = useState("");
  const [weight, setWeight] = useState("90");
  const share = Number(weight);
  const wrong = second !== "" && !(Number.isInteger(share) && share >= 0 && share <= 100) ? "A whole number from 0 to 100." : undefined;
  return (
    <Dialog title="Create alias" submit="Create" ready={name !== "" && wrong === undefined} onClose={onClose}
      onSubmit={async () => {
        const routingConfiguration = second === ""
          ? [{ stateMachineVersionArn: first, weight: 100 }]
          : [{ stateMachineVersionArn: first, weight: share }, { stateMachineVersionArn: second, weight: 100 - share }];
        await call("states", "CreateStateMachineAlias", { name, ...(description && { description }), routingConfiguration });
      }}>
      <TextField label="Name" value={name} onChange={setName} autoFocus />
      <TextField label="Description (optional)" value={description} onChange={setDescription} />
      <SelectField label="Version" value={first} onChange={setFirst} options={options} />
      <SelectField label="And a second version" value={second} onChange={setSecond} options={[["", "None"], ...options.filter(([one]) => one !== first)]} />
      {second !== "" && <TextField label="Share of the first, in percent" type="number" value={weight} onChange={setWeight} wrong={wrong} />}
    </Dialog>
  );
}
