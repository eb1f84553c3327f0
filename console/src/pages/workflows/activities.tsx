/** Activities: tasks that workers of your own fetch and answer. */
import { useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { links } from "../../app/router";
import { shellQuoted } from "../../lib/code";
import { Button, Empty, Panel, TextField } from "../../ui/controls";
import { Command, Copy } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import "./workflows.css";

type Activity = Output<"states", "ListActivities">["activities"][number];

export default function Activities() {
  const { data, error } = useRead(read("states", "ListActivities", { maxResults: 1000 }));
  const [shown, setShown] = useState<"create" | Activity | null>(null);
  const [chosen, setChosen] = useState<string | undefined>();
  const one = data?.activities.find((activity) => activity.activityArn === chosen);
  return (
    <Page crumbs={[{ text: "Workflows", href: links.machines }, { text: "Activities" }]} title="Activities"
      about="A Task whose Resource is an activity waits until a worker of yours has fetched and answered it."
      actions={<Button look="primary" icon="plus" onClick={() => setShown("create")}>Create activity</Button>}>
      {error && <Problem error={error} />}
      <Panel flush>
        {!(error && !data) && (
          <Table label="Activities" rows={data?.activities} rowKey={(row) => row.activityArn} chosen={chosen}
            onChoose={(row) => setChosen(row.activityArn === chosen ? undefined : row.activityArn)} height={480}
            empty={<Empty title="No activity yet"><Button icon="plus" onClick={() => setShown("create")}>Create activity</Button></Empty>}
            columns={[
              { title: "Name", cell: (row) => row.name, sort: (row) => row.name },
              { title: "ARN", cell: (row) =>
                <span className="row"><span className="mono break">{row.activityArn}</span><Copy text={row.activityArn} label="Copy the ARN" /></span>, minor: true },
              { title: "Created", cell: (row) => <Ago at={row.creationDate} />, sort: (row) => row.creationDate, width: 130 },
              { title: "Actions", width: 84, cell: (row) => <Button look="plain" icon="trash" label={`Delete ${row.name}`} onClick={() => setShown(row)} /> },
            ]} />
        )}
      </Panel>
      {one && (
        <Panel title={`A worker for ${one.name}`}>
          <div className="stack tight">
            <p>Fetch a task, then answer it with its token:</p>
            <Command>{`aws stepfunctions get-activity-task --activity-arn ${shellQuoted(one.activityArn)}`}</Command>
            <Command>{"aws stepfunctions send-task-success --task-token \"$TOKEN\" --task-output '{}'"}</Command>
          </div>
        </Panel>
      )}
      {shown === "create" && <Create onClose={() => setShown(null)} />}
      {shown !== null && shown !== "create" && (
        <Dialog title={`Delete ${shown.name}?`} submit="Delete" danger onClose={() => setShown(null)}
          onSubmit={async () => {
            await call("states", "DeleteActivity", { activityArn: shown.activityArn });
          }}>
          <p>Tasks that wait for it are not answered any more, until they time out.</p>
        </Dialog>
      )}
    </Page>
  );
}

function Create({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  return (
    <Dialog title="Create activity" submit="Create" ready={name !== ""} onClose={onClose}
      onSubmit={async () => {
        await call("states", "CreateActivity", { name });
      }}>
      <TextField label="Name" value={name} onChange={setName} autoFocus />
    </Dialog>
  );
}
