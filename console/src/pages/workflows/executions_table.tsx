/** The executions of a state machine, newest first, by pages. */
import { call } from "../../api/call";
import { usePages } from "../../api/pages";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { go, links, useQuery } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { Button, ButtonLink, Empty } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Status, words } from "../../ui/status";
import { Table, type Column } from "../../ui/table";
import { Ago, Took } from "../../ui/time";

type Row = Output<"states", "ListExecutions">["executions"][number];
type Filter = "" | Row["status"];

const PAGE = 100;
const STATUSES: readonly Filter[] = ["", "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

export function Executions({ arn }: { arn: string }) {
  const [filter, setFilter] = useQuery<Filter>("status", "");
  return (
    <>
      <div className="filters" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <Button key={status} look="small" aria-pressed={status === filter} onClick={() => setFilter(status)}>{status === "" ? "All" : words(status)}</Button>
        ))}
      </div>
      <Listed key={filter} arn={arn} filter={filter} />
    </>
  );
}

function Listed({ arn, filter }: { arn: string; filter: Filter }) {
  const input = { stateMachineArn: arn, maxResults: PAGE, ...(filter && { statusFilter: filter }) };
  const first = useRead(read("states", "ListExecutions", input));
  const { rows, more, busy, error } = usePages(first, JSON.stringify(input), (page) => page.executions, (page) => page.nextToken,
    (row) => row.executionArn, (nextToken) => call("states", "ListExecutions", { ...input, nextToken }));
  if (first.error && !first.data) return <Problem error={first.error} />;
  return (
    <>
      <Table label="Executions" columns={COLUMNS} rows={rows} rowKey={(row) => row.executionArn} onChoose={(row) => go(links.execution(row.executionArn))} height={560}
        empty={filter === ""
          ? <Empty title="It has not run yet."><ButtonLink href={links.startExecution(arn)} look="primary" icon="play">Start execution</ButtonLink></Empty>
          : <Empty title={`No execution is ${words(filter).toLowerCase()}.`} />} />
      {error !== undefined && <Problem error={error} />}
      {more && <div className="table-foot"><Button look="small" busy={busy} onClick={more}>Older executions</Button></div>}
    </>
  );
}

/** By which alias or version it was started, if by one. */
function startedAs({ stateMachineAliasArn: alias, stateMachineVersionArn: version }: Row): string {
  if (alias) return nameOf(alias);
  return version ? `version ${nameOf(version)}` : "";
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "Status", cell: (row) => <Status status={row.status} />, sort: (row) => row.status, width: 130 },
  { title: "Name", cell: (row) => <a href={links.execution(row.executionArn)}>{row.name}</a>, sort: (row) => row.name },
  { title: "Took", cell: (row) => <Took from={row.startDate} to={row.stopDate} />, sort: (row) => (row.stopDate ?? Infinity) - row.startDate, number: true, width: 100 },
  { title: "Started", cell: (row) => <Ago at={row.startDate} />, sort: (row) => row.startDate, minor: true, width: 120 },
  {
    title: "By", minor: true, width: 120,
    cell: (row) => <>{startedAs(row)}{(row.redriveCount ?? 0) > 0 && ` · redriven ${row.redriveCount} ×`}</>,
  },
];
