/** All notebook instances, the newest first. */
import { useState } from "react";
import type { NotebookInstanceStatus, NotebookInstanceSummary } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { usePages } from "../../api/pages";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links, useQuery } from "../../app/router";
import { Button, Empty } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { ListPanel } from "../../ui/list_bar";
import { Problem } from "../../ui/problem";
import { useSettled } from "../../ui/settled";
import { Status } from "../../ui/status";
import { Table, type Column } from "../../ui/table";
import { Ago } from "../../ui/time";
import { CreateNotebook } from "./create_dialog";
import { actsOn, STATUSES } from "./notebook";
import { OpenButton } from "./open";

export function NotebookList() {
  const [text, setText] = useQuery<string>("search", "");
  const [status, setStatus] = useQuery<NotebookInstanceStatus | "">("status", "");
  const [creating, setCreating] = useState(false);
  const named = useSettled(text.trim());
  const input = {
    MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending",
    ...(named ? { NameContains: named } : {}), ...(status ? { StatusEquals: status } : {}),
  } as const;
  const first = useRead(read("sagemaker", "ListNotebookInstances", input));
  const list = usePages(first, JSON.stringify(input), (page) => page.NotebookInstances ?? [], (page) => page.NextToken,
    (one) => one.NotebookInstanceName, (NextToken) => call("sagemaker", "ListNotebookInstances", { ...input, NextToken }));
  const { rows } = list;
  const create = <Button look="primary" icon="plus" onClick={() => setCreating(true)}>Create notebook instance</Button>;
  return (
    <Page crumbs={[{ text: "Notebooks" }]} title="Notebook instances" about="A JupyterLab that the daemon runs, as a role of yours." actions={create}>
      {first.error && <Problem error={first.error} />}
      <ListPanel noun="notebook instance" text={text} onText={setText} statuses={{ chosen: status, all: STATUSES, onChoose: (one) => setStatus(one as typeof status) }} list={list}>
        {!(first.error && !rows) && (
          <Table label="Notebook instances" rows={rows} rowKey={(one) => one.NotebookInstanceName} onChoose={(one) => go(links.notebook(one.NotebookInstanceName))}
            columns={COLUMNS}
            empty={named || status
              ? <Empty title="No notebook instance is like that"><Button onClick={() => go(links.notebooks, true)}>Show all notebook instances</Button></Empty>
              : <Empty title="No notebook instance yet">
                  <p>It needs a runtime that has JupyterLab. This says which there are:</p>
                  <Command>trainyard runtimes</Command>
                </Empty>} />
        )}
      </ListPanel>
      {creating && <CreateNotebook onClose={() => setCreating(false)} />}
    </Page>
  );
}

const COLUMNS: readonly Column<NotebookInstanceSummary>[] = [
  { title: "Name", sort: (one) => one.NotebookInstanceName, cell: ({ NotebookInstanceName: name }) => <a href={links.notebook(name)}>{name}</a> },
  { title: "Status", sort: (one) => one.NotebookInstanceStatus ?? "", cell: (one) => <Status status={one.NotebookInstanceStatus ?? ""} /> },
  { title: "Type", minor: true, sort: (one) => one.InstanceType ?? "", cell: (one) => one.InstanceType },
  { title: "Created", minor: true, sort: (one) => one.CreationTime ?? 0, cell: (one) => <Ago at={one.CreationTime} /> },
  { title: "Actions", width: 140, cell: (one) => actsOn(one.NotebookInstanceStatus).includes("open") && <OpenButton name={one.NotebookInstanceName} look="small" /> },
];
