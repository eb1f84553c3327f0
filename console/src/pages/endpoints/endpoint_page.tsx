/** One endpoint: try it, what it is made of, what it says. */
import { useState } from "react";
import type { DescribeEndpointConfigOutput, DescribeEndpointOutput } from "@types-of/sagemaker";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { links, useQuery } from "../../app/router";
import { exactTime, plural } from "../../lib/format";
import { useLogs } from "../../logs/use_logs";
import { Button, ButtonLink, Empty, Facts, Note, Panel, Skeleton, TabPanel, Tabs } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { LogView } from "../../ui/log_view";
import { Problem } from "../../ui/problem";
import { Status } from "../../ui/status";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { ChangeDialog } from "./change_dialog";
import { DeleteEndpoint } from "./delete_dialog";
import { Draw } from "./draw";
import { Invoke } from "./invoke";
import { Traffic } from "./traffic";
import { variantsOf, type Variant } from "./variants";

export function EndpointPage({ name }: { name: string }) {
  const { data: endpoint, error } = useRead(read("sagemaker", "DescribeEndpoint", { EndpointName: name }));
  if (endpoint) return <Endpoint endpoint={endpoint} error={error} />;
  return (
    <Page crumbs={[{ text: "Endpoints", href: links.endpoints }, { text: name }]} title={name}>
      {!error && <Skeleton lines={6} />}
      {error && <Problem error={error} />}
      {error &&
        <Empty title="The endpoint cannot be shown">
          <ButtonLink href={links.endpoints}>All endpoints</ButtonLink>
          </Empty>}
    </Page>
  );
}

function Endpoint({ endpoint, error }: { endpoint: DescribeEndpointOutput; error: unknown }) {
  const name = endpoint.EndpointName;
  const config = useRead(endpoint.EndpointConfigName ? read("sagemaker", "DescribeEndpointConfig", { EndpointConfigName: endpoint.EndpointConfigName }) : null);
  const variants = variantsOf(endpoint, config.data);
  const serving = endpoint.EndpointStatus === "InService" || endpoint.EndpointStatus === "Updating";
  const [instances, wanted] = [sum(variants.map((one) => one.instances)), sum(variants.map((one) => one.wanted))];
  return (
    <Page crumbs={[{ text: "Endpoints", href: links.endpoints }, { text: name }]} title={name} status={<Status status={endpoint.EndpointStatus} />}
      about={<>{instances} of {plural(wanted, "instance")} · created <Ago at={endpoint.CreationTime} /> · changed <Ago at={endpoint.LastModifiedTime} /></>}
      actions={<Actions endpoint={endpoint} config={config.data} />}>
      {error !== undefined && <Problem error={error} />}
      {endpoint.FailureReason && <Note tone="bad"><strong>Failed</strong><div>{endpoint.FailureReason}</div></Note>}
      <div className="columns endpoint-columns">
        <TryIt name={name} serving={serving} variants={variants} />
        <div className="stack">
          <Panel title="Variants" flush>
            {config.error && <Problem error={config.error} />}
            <Variants variants={variants} />
          </Panel>
          <Traffic endpoint={name} />
          <Panel title="Logs" flush><Logs name={name} /></Panel>
        </div>
      </div>
      <Panel title="Configuration">
        <div className="stack">
          <Facts facts={[
            ["Configuration", endpoint.EndpointConfigName], ["Made", config.data && exactTime(config.data.CreationTime)],
            ["ARN", <code key="arn" className="break">{endpoint.EndpointArn}</code>],
          ]} />
          {config.data ? <Json value={config.data} label="DescribeEndpointConfig" /> : !config.error && <Skeleton />}
        </div>
      </Panel>
    </Page>
  );
}

const sum = (all: readonly (number | undefined)[]) => all.reduce<number>((total, one) => total + (one ?? 0), 0);

function TryIt({ name, serving, variants }: { name: string; serving: boolean; variants: readonly Variant[] }) {
  const [way, setWay] = useQuery<"draw" | "body">("try", "draw");
  return (
    <Panel title="Try it" flush>
      <Tabs label="How to try it" chosen={way} onChoose={setWay} tabs={[{ id: "draw", title: "Draw a digit" }, { id: "body", title: "Send a body" }]} />
      <TabPanel id={way}>
        <div className="endpoint-try">
          {!serving && <Empty title="The endpoint does not serve yet"><p>It can be tried once it is in service.</p></Empty>}
          {serving && way === "draw" && <Draw endpoint={name} />}
          {serving && way === "body" && <Invoke endpoint={name} variants={variants.map((one) => one.name)} />}
        </div>
      </TabPanel>
    </Panel>
  );
}

function Variants({ variants }: { variants: readonly Variant[] }) {
  return (
    <Table label="Variants" rows={variants} rowKey={(one) => one.name} empty={<Empty title="No variant" />} columns={[
      { title: "Variant", cell: (one) => <span className="nowrap">{one.name}</span> },
      { title: "Model", cell: (one) => (one.model ? <a href={links.model(one.model)}>{one.model}</a> : "–") },
      { title: "Instances", number: true, cell: (one) => (
        <>{one.instances ?? 0} of {one.wanted ?? 0}{one.instanceType && <div className="small soft">{one.instanceType}</div>}</>
      ) },
      { title: "Weight", number: true, minor: true, cell: (one) => (
        <span title={one.share === undefined ? undefined : `${(one.share * 100).toFixed(1)} % of the requests`}>{one.weight ?? "–"}</span>
      ) },
    ]} />
  );
}

/** "AllTraffic · i-0abc" of the stream "AllTraffic/i-0abc". */
const instanceOf = (stream: string) => stream.replace("/", " · ");

function Logs({ name }: { name: string }) {
  const logs = useLogs(`/aws/sagemaker/Endpoints/${name}`, "");
  return <LogView label={`${name} logs`} lines={logs.lines} streams={logs.streams} nameOf={instanceOf} loading={logs.loading} error={logs.error} dropped={logs.dropped} height={300}
    empty={<p>What the model's servers print appears here.</p>} />;
}

function Actions({ endpoint, config }: { endpoint: DescribeEndpointOutput; config: DescribeEndpointConfigOutput | undefined }) {
  const [asked, setAsked] = useState<"change" | "delete" | null>(null);
  const name = endpoint.EndpointName;
  const idle = !["Creating", "Updating", "Deleting", "SystemUpdating", "RollingBack"].includes(endpoint.EndpointStatus);
  return (
    <>
      <Button icon="edit" disabled={!idle || !config} onClick={() => setAsked("change")}>Change variants</Button>
      <Button look="danger" icon="trash" disabled={!idle} onClick={() => setAsked("delete")}>Delete</Button>
      {asked === "change" && config && <ChangeDialog endpoint={name} config={config} onClose={() => setAsked(null)} />}
      {asked === "delete" && <DeleteEndpoint name={name} config={endpoint.EndpointConfigName} onClose={() => setAsked(null)} />}
    </>
  );
}
