/** All state machines: how their last executions went, and what runs. */
import { useMemo, useState } from "react";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { plural } from "../../lib/format";
import { ButtonLink, Empty, Panel, SearchBox } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { Problem } from "../../ui/problem";
import { Mark, toneOf, words } from "../../ui/status";
import { Table, type Column } from "../../ui/table";
import { Ago } from "../../ui/time";
import { useLastRuns, type Runs } from "./last_runs";
import "./workflows.css";

type Item = Output<"states", "ListStateMachines">["stateMachines"][number];
interface Row extends Item { runs: Runs | undefined }

export default function Machines() {
  const list = useRead(read("states", "ListStateMachines", { maxResults: 1000 }));
  const [search, setSearch] = useState("");
  const items = list.data?.stateMachines;
  const found = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return items?.filter((one) => words.every((word) => one.name.toLowerCase().includes(word))).sort((a, b) => b.creationDate - a.creationDate);
  }, [items, search]);
  const runs = useLastRuns(found?.map((one) => one.stateMachineArn));
  const rows = useMemo(() => found?.map((one): Row => ({ ...one, runs: runs.get(one.stateMachineArn) })), [found, runs]);
  return (
    <Page crumbs={[{ text: "Workflows" }]} title="State machines" about={items && <Counts items={items} more={list.data?.nextToken !== undefined} runs={runs} />}
      actions={<><ButtonLink href={links.activities}>Activities</ButtonLink><ButtonLink href={links.newMachine} look="primary" icon="plus">Create state machine</ButtonLink></>}>
      {list.error && <Problem error={list.error} />}
      <div className="list-search"><SearchBox label="Search state machines" value={search} onChange={setSearch} /></div>
      {!(list.error && !items) && (
        <Panel flush>
          <Table label="State machines" columns={COLUMNS} rows={rows} rowKey={(row) => row.stateMachineArn} onChoose={(row) => go(links.machine(row.stateMachineArn))} height={640}
            empty={items && items.length > 0 ? <Empty title="No state machine has that name." /> : <None />} />
        </Panel>
      )}
    </Page>
  );
}

function Counts({ items, more, runs }: { items: readonly Item[]; more: boolean; runs: ReadonlyMap<string, Runs> }) {
  const kinds = new Map<string, number>();
  for (const { type } of items) kinds.set(type, (kinds.get(type) ?? 0) + 1);
  const running = [...runs.values()].reduce((sum, one) => sum + one.running, 0);
  return (
    <>
      {more ? "The first " : ""}{plural(items.length, "state machine")}
      {kinds.size > 1 && [...kinds].map(([kind, count]) => ` · ${count} ${words(kind)}`)}
      {running > 0 && ` · ${plural(running, "execution runs", "executions run")}`}
    </>
  );
}

function None() {
  return (
    <Empty title="No state machine yet">
      <p>A state machine is a workflow: train, then make a model, then deploy it.</p>
      <ButtonLink href={links.newMachine} look="primary" icon="plus">Create state machine</ButtonLink>
      <p>Or let the demonstration make one, with a training job and an endpoint:</p>
      <Command>script/demo</Command>
    </Empty>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "Name", cell: (row) => <a className="machine-name" href={links.machine(row.stateMachineArn)}>{row.name}</a>, sort: (row) => row.name },
  { title: "Type", cell: (row) => words(row.type), sort: (row) => row.type, minor: true, width: 110 },
  { title: "Last executions", cell: (row) => <RunMarks runs={row.runs} /> },
  { title: "Running", cell: (row) => running(row.runs), sort: (row) => row.runs?.running ?? 0, number: true },
  { title: "Created", cell: (row) => <Ago at={row.creationDate} />, sort: (row) => row.creationDate, minor: true, width: 130 },
];

function running(runs: Runs | undefined) {
  if (runs === undefined) return "";
  if (runs.error) return <span className="soft">–</span>;
  return runs.running === 0 ? <span className="soft">0</span> : `${runs.running}${runs.more ? "+" : ""}`;
}

/** Oldest first, as time goes. */
function RunMarks({ runs }: { runs: Runs | undefined }) {
  if (!runs) return <span className="soft">…</span>;
  if (runs.error) return <span className="soft" title={runs.error}>not to be seen</span>;
  if (runs.last.length === 0) return <span className="soft">none yet</span>;
  return (
    <span className="run-marks">
      {runs.last.map((one) => {
        const tone = toneOf(one.status);
        return (
          <a key={one.arn} href={links.execution(one.arn)} className={`status ${tone}`}
            title={`${one.name}: ${words(one.status)}`} aria-label={`${one.name}: ${words(one.status)}`}>
            <Mark tone={tone} ended={one.status === "ABORTED"} size={11} />
          </a>
        );
      })}
    </span>
  );
}
