/** #/endpointconfigs: all endpoint configurations, the newest first; by which endpoints they are used. */
import { useState } from "react";
import { useAsked } from "../../api/asked";
import { call } from "../../api/call";
import { ofSession } from "../../api/of_session";
import { usePages } from "../../api/pages";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links, useQuery } from "../../app/router";
import { Button, Empty, Note } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { ListPanel } from "../../ui/list_bar";
import { Problem } from "../../ui/problem";
import { useSettled } from "../../ui/settled";
import { Table, type Column } from "../../ui/table";
import { Ago } from "../../ui/time";
import { useUses, type Uses } from "./config_uses";
import { modelsOf } from "./variants";
import "./endpoints.css";

type Config = Output<"sagemaker", "ListEndpointConfigs">["EndpointConfigs"][number];
type Models = readonly string[] | null | undefined;

/** Configurations are never changed. */
const known = ofSession(new Map<string, readonly string[]>());
const askModels = async (name: string) => modelsOf(await call("sagemaker", "DescribeEndpointConfig", { EndpointConfigName: name }));

export default function EndpointConfigs() {
  const [text, setText] = useQuery<string>("search", "");
  const [doomed, setDoomed] = useState<string | undefined>();
  const named = useSettled(text.trim());
  const input = { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending", ...(named ? { NameContains: named } : {}) } as const;
  const first = useRead(read("sagemaker", "ListEndpointConfigs", input));
  const list = usePages(first, JSON.stringify(input), (page) => page.EndpointConfigs, (page) => page.NextToken,
    (one) => one.EndpointConfigName, (NextToken) => call("sagemaker", "ListEndpointConfigs", { ...input, NextToken }));
  const { rows } = list;
  const models = useAsked(known, (rows ?? []).map((one) => one.EndpointConfigName), askModels);
  const { uses, error } = useUses();
  return (
    <Page crumbs={[{ text: "Endpoints", href: links.endpoints }, { text: "Configurations" }]} title="Endpoint configurations"
      about="What an endpoint serves, and on how many instances. Each change of an endpoint's variants makes a new one.">
      {first.error && <Problem error={first.error} />}
      {error !== undefined && <Problem error={error} />}
      <ListPanel noun="configuration" text={text} onText={setText} list={list}>
        {!(first.error && !rows) && (
          <Table label="Endpoint configurations" rows={rows} rowKey={(one) => one.EndpointConfigName} columns={columns(models, uses, setDoomed)}
            empty={named
              ? <Empty title="No configuration is called like that"><Button onClick={() => go(links.endpointConfigs, true)}>Show all configurations</Button></Empty>
              : <Empty title="No endpoint configuration yet"><p>Deploying a <a href={links.models}>model</a> makes one.</p></Empty>} />
        )}
      </ListPanel>
      {doomed !== undefined && <DeleteConfig name={doomed} endpoints={uses?.get(doomed) ?? []} onClose={() => setDoomed(undefined)} />}
    </Page>
  );
}

function columns(models: (name: string) => Models, uses: Uses | undefined, onDelete: (name: string) => void): readonly Column<Config>[] {
  return [
    { title: "Name", sort: (one) => one.EndpointConfigName, cell: (one) => <span className="break">{one.EndpointConfigName}</span> },
    { title: "Models", cell: (one) => <Names names={models(one.EndpointConfigName)} href={links.model} /> },
    { title: "Used by", cell: (one) => <Names names={uses && (uses.get(one.EndpointConfigName) ?? [])} href={links.endpoint} /> },
    { title: "Created", minor: true, sort: (one) => one.CreationTime, cell: (one) => <Ago at={one.CreationTime} /> },
    { title: "Actions", width: 84, cell: ({ EndpointConfigName: name }) => <Button look="plain" icon="trash" label={`Delete ${name}`} onClick={() => onDelete(name)} /> },
  ];
}

/** `undefined`: not told yet. */
function Names({ names, href }: { names: Models; href: (name: string) => string }) {
  if (names === undefined) return <span className="soft">…</span>;
  if (names === null || names.length === 0) return <span className="soft">–</span>;
  return <ul>{names.map((name) => <li key={name}><a className="break" href={href(name)}>{name}</a></li>)}</ul>;
}

function DeleteConfig({ name, endpoints, onClose }: { name: string; endpoints: readonly string[]; onClose: () => void }) {
  return (
    <Dialog title={`Delete ${name}?`} submit="Delete configuration" danger onClose={onClose}
      onSubmit={async () => void (await call("sagemaker", "DeleteEndpointConfig", { EndpointConfigName: name }))}>
      {endpoints.length > 0
        ? <Note tone="caught">
            {endpoints.join(", ")} {endpoints.length === 1 ? "serves" : "serve"} by it, and will go on; but the variants can be changed no more, nor seen whole.
          </Note>
        : <p>Its models stay. This cannot be undone.</p>}
    </Dialog>
  );
}
