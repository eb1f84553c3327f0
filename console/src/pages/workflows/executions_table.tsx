/** The executions of a state machine, newest first, by pages: looked for by name, day and status, stopped several at a time. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { usePages, type Paged } from "../../api/pages";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { go, links, useQuery } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { plural } from "../../lib/format";
import { Button, ButtonLink, Empty, SearchBox } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Status, words } from "../../ui/status";
import { Table, type Column } from "../../ui/table";
import { Ago, Took } from "../../ui/time";
import { found, isAnything, isPast, type Sought } from "./sought";
import { Stop } from "./stop";

type Row = Output<"states", "ListExecutions">["executions"][number];
type Filter = "" | Row["status"];

const PAGE = 100;
/** The service looks for nothing itself: rows are read in its longest pages, and so many before somebody asks for more. */
const SEARCHED_PAGE = 1000;
const SEARCHED_AT_ONCE = 10_000;
const STATUSES: readonly Filter[] = ["", "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

export function Executions({ arn }: { arn: string }) {
  const [filter, setFilter] = useQuery<Filter>("status", "");
  const [text, setText] = useQuery<string>("search", "");
  const [from, setFrom] = useQuery<string>("from", "");
  const [to, setTo] = useQuery<string>("to", "");
  return (
    <>
      <div className="list-bar">
        <div className="grow"><SearchBox label="Search by name" value={text} onChange={setText} /></div>
        <div className="executions-days">
          <Day label="Started from" value={from} onChange={setFrom} />
          <Day label="to" value={to} onChange={setTo} />
        </div>
      </div>
      <div className="filters" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <Button key={status} look="small" aria-pressed={status === filter} onClick={() => setFilter(status)}>{status === "" ? "All" : words(status)}</Button>
        ))}
      </div>
      <Listed key={filter} arn={arn} filter={filter} sought={{ text, from, to }} />
    </>
  );
}

function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  return <label>{label} <input className="input" type="date" value={value} onChange={(event) => onChange(event.target.value)} /></label>;
}

function Listed({ arn, filter, sought }: { arn: string; filter: Filter; sought: Sought }) {
  const input = { stateMachineArn: arn, maxResults: PAGE, ...(filter && { statusFilter: filter }) };
  const all = isAnything(sought);
  const first = useRead(read("states", "ListExecutions", input));
  const list = usePages(first, JSON.stringify(input), (page) => page.executions, (page) => page.nextToken, (row) => row.executionArn,
    (nextToken) => call("states", "ListExecutions", { ...input, nextToken, ...(!all && { maxResults: SEARCHED_PAGE }) }));
  const search = useSearch(list, sought);
  const rows = list.rows && found(list.rows, sought);
  const choice = useChoice(rows);
  if (first.error && !first.data) return <Problem error={first.error} />;
  return (
    <>
      <Table label="Executions" columns={[...choice.columns, ...COLUMNS]} rows={rows} height={560}
        rowKey={(row) => row.executionArn} onChoose={(row) => go(links.execution(row.executionArn))}
        empty={<None arn={arn} filter={filter} all={all} searching={search.on} />} />
      {list.error !== undefined && <Problem error={list.error} />}
      {(choice.any || !all || search.more) && (
        <div className="table-foot row wrap">
          {choice.actions}
          {!all && rows && <span role="status" className="small soft">{rows.length} of {plural(list.rows!.length, "execution")} looked through</span>}
          {search.more && <Button look="small" busy={search.on || list.busy} onClick={search.more}>{all ? "Older executions" : "Search older executions"}</Button>}
        </div>
      )}
    </>
  );
}

function None({ arn, filter, all, searching }: { arn: string; filter: Filter; all: boolean; searching: boolean }) {
  if (searching) return <Empty title="Searching…" />;
  if (!all) return <Empty title="No execution is like that"><ButtonLink href={links.machine(arn)}>Show all executions</ButtonLink></Empty>;
  return filter === ""
    ? <Empty title="It has not run yet."><ButtonLink href={links.startExecution(arn)} look="primary" icon="play">Start execution</ButtonLink></Empty>
    : <Empty title={`No execution is ${words(filter).toLowerCase()}.`} />;
}

/** Reads on by itself until a page of what is looked for is there, or so much has been looked through. */
function useSearch({ rows = [], more, busy, error }: Paged<Row>, sought: Sought) {
  const [limit, setLimit] = useState(SEARCHED_AT_ONCE);
  const further = isPast(rows, sought) ? undefined : more;
  const on = further !== undefined && error === undefined && !isAnything(sought) && rows.length < limit && found(rows, sought).length < PAGE;
  const next = on && !busy;
  useEffect(() => {
    if (next) further?.();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another function at each rendering
  }, [next, rows.length]);
  return {
    on,
    more: further && (() => {
      setLimit(rows.length + SEARCHED_AT_ONCE);
      further();
    }),
  };
}

/** Which of those that run are chosen, a column to choose them by, and what can be done with them. */
function useChoice(rows: readonly Row[] | undefined) {
  const [marked, setMarked] = useState<readonly string[]>([]);
  const [stopping, setStopping] = useState<readonly string[]>();
  const running = (rows ?? []).filter(({ status }) => status === "RUNNING").map(({ executionArn }) => executionArn);
  const chosen = running.filter((arn) => marked.includes(arn)); // not what has ended, or is not shown any more
  const toggle = (arn: string) => setMarked(chosen.includes(arn) ? chosen.filter((one) => one !== arn) : [...chosen, arn]);
  const column: Column<Row> = {
    title: "✓", width: 40,
    cell: ({ executionArn: arn, name, status }) => status === "RUNNING" && (
      <input type="checkbox" aria-label={`Choose ${name}`} checked={chosen.includes(arn)} onChange={() => toggle(arn)} />
    ),
  };
  const actions = (
    <>
      {running.length > chosen.length && running.length > 1 && <Button look="small" onClick={() => setMarked(running)}>Choose the {running.length} that run</Button>}
      {chosen.length > 0 && <Button look="danger" icon="stop" onClick={() => setStopping(chosen)}>Stop {chosen.length}</Button>}
      {stopping && <Stop executions={stopping} onClose={() => setStopping(undefined)} />}
    </>
  );
  return { columns: running.length > 0 ? [column] : [], actions, any: running.length > 1 || chosen.length > 0 };
}

/** By which alias or version it was started, if by one. */
function startedAs({ stateMachineAliasArn: alias, stateMachineVersionArn: version }: Row): string {
  if (alias) return nameOf(alias);
  return version ? `version ${nameOf(version)}` : "";
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "Status", cell: (row) => <Status status={row.status} />, sort: (row) => row.status, width: 130 },
  { title: "Name", cell: (row) => <a href={links.execution(row.executionArn)}>{row.name}</a>, sort: (row) => row.name },
  {
    title: "Took", number: true, minor: true, width: 100,
    cell: (row) => <Took from={row.startDate} to={row.stopDate} />, sort: (row) => (row.stopDate ?? Infinity) - row.startDate,
  },
  { title: "Started", cell: (row) => <Ago at={row.startDate} />, sort: (row) => row.startDate, minor: true, width: 120 },
  {
    title: "By", minor: true, width: 120,
    cell: (row) => <>{startedAs(row)}{(row.redriveCount ?? 0) > 0 && ` · redriven ${row.redriveCount} ×`}</>,
  },
];
