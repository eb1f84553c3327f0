/** One notebook instance: opened, started and stopped here; what it is made of, what its Jupyter says. */
import { useState } from "react";
import type { DescribeNotebookInstanceOutput } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { useLogs } from "../../logs/use_logs";
import { Button, ButtonLink, Empty, Facts, Note, Panel, Skeleton } from "../../ui/controls";
import { attempt, Dialog } from "../../ui/dialog";
import { LogView } from "../../ui/log_view";
import { Problem } from "../../ui/problem";
import { Status } from "../../ui/status";
import { Ago } from "../../ui/time";
import { actsOn } from "./notebook";
import { OpenButton } from "./open";

export function NotebookPage({ name }: { name: string }) {
  const { data: notebook, error } = useRead(read("sagemaker", "DescribeNotebookInstance", { NotebookInstanceName: name }));
  const status = notebook?.NotebookInstanceStatus;
  const crumbs = [{ text: "Notebooks", href: links.notebooks }, { text: name }];
  if (error || !notebook) {
    return (
      <Page crumbs={crumbs} title={name}>
        {!error && <Skeleton lines={6} />}
        {error && <Problem error={error} />}
        {error && (
          <Empty title={notebook ? "The notebook instance is gone, or cannot be read any more" : "The notebook instance cannot be shown"}>
            <ButtonLink href={links.notebooks}>All notebook instances</ButtonLink>
          </Empty>
        )}
      </Page>
    );
  }
  return (
    <Page crumbs={crumbs} title={notebook.NotebookInstanceName ?? name} status={status && <Status status={status} />}
      about={<>{notebook.InstanceType} · created <Ago at={notebook.CreationTime} /> · changed <Ago at={notebook.LastModifiedTime} /></>}
      actions={<Actions name={name} notebook={notebook} />}>
      {notebook.FailureReason && <Note tone="bad"><strong>Failed</strong><div>{notebook.FailureReason}</div></Note>}
      <Panel title="Logs" flush><Logs name={name} /></Panel>
      <Panel title="Settings"><Settings notebook={notebook} /></Panel>
    </Page>
  );
}

function Actions({ name, notebook }: { name: string; notebook: DescribeNotebookInstanceOutput }) {
  const [asked, setAsked] = useState<"stop" | "delete" | null>(null);
  const acts = actsOn(notebook.NotebookInstanceStatus);
  const close = () => setAsked(null);
  return (
    <>
      {acts.includes("open") && <OpenButton name={name} look="primary" />}
      {acts.includes("start") && (
        <Button look="primary" icon="play" onClick={() => void attempt(() => call("sagemaker", "StartNotebookInstance", { NotebookInstanceName: name }))}>Start</Button>
      )}
      {acts.includes("stop") && <Button look="danger" icon="stop" onClick={() => setAsked("stop")}>Stop</Button>}
      {acts.includes("delete") && <Button look="danger" icon="trash" onClick={() => setAsked("delete")}>Delete</Button>}
      {asked === "stop" && (
        <Dialog title={`Stop ${name}?`} submit="Stop notebook instance" danger onClose={close}
          onSubmit={async () => void (await call("sagemaker", "StopNotebookInstance", { NotebookInstanceName: name }))}>
          <p>Its kernels end, and what they had in memory is lost. Its volume, /home/ec2-user/SageMaker, stays. Then it can be started again, or deleted.</p>
        </Dialog>
      )}
      {asked === "delete" && (
        <Dialog title={`Delete ${name}?`} submit="Delete notebook instance" danger onClose={close}
          onSubmit={async () => {
            await call("sagemaker", "DeleteNotebookInstance", { NotebookInstanceName: name });
            go(links.notebooks);
          }}>
          <p>Its volume goes with it, with all notebooks that are there. This cannot be undone.</p>
        </Dialog>
      )}
    </>
  );
}

function Logs({ name }: { name: string }) {
  const logs = useLogs("/aws/sagemaker/NotebookInstances", `${name.toLowerCase()}/`); // as the daemon has their names
  return <LogView label={`${name} logs`} lines={logs.lines} streams={logs.streams} nameOf={nameOf} loading={logs.loading} error={logs.error} dropped={logs.dropped}
    empty={<p>What its Jupyter prints appears here.</p>} />;
}

function Settings({ notebook }: { notebook: DescribeNotebookInstanceOutput }) {
  const { RoleArn: role, VolumeSizeInGB: volume } = notebook;
  return (
    <Facts facts={[
      ["Role", role && <a href={links.role(nameOf(role))}>{nameOf(role)}</a>],
      ["Volume", volume === undefined ? undefined : `${volume} GB`],
      ["Platform", notebook.PlatformIdentifier], ["Internet access", notebook.DirectInternetAccess],
      ["Address", notebook.Url && <code className="break">{notebook.Url}</code>],
      ["ARN", <code className="break">{notebook.NotebookInstanceArn}</code>],
    ]} />
  );
}
