/** All endpoints, the newest first. */
import type { EndpointStatus } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { usePages } from "../../api/pages";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, href, links, useQuery } from "../../app/router";
import { Button, ButtonLink, Empty } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { ListPanel } from "../../ui/list_bar";
import { Problem } from "../../ui/problem";
import { useSettled } from "../../ui/settled";
import { Status } from "../../ui/status";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";

const STATUSES = ["InService", "Creating", "Updating", "Failed", "OutOfService", "Deleting"] as const;
export const newEndpoint = (model?: string) => href(["endpoints", "create"], { model });

export function EndpointList() {
  const [text, setText] = useQuery<string>("search", "");
  const [status, setStatus] = useQuery<EndpointStatus | "">("status", "");
  const named = useSettled(text.trim());
  const input = {
    MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending",
    ...(named ? { NameContains: named } : {}), ...(status ? { StatusEquals: status } : {}),
  } as const;
  const first = useRead(read("sagemaker", "ListEndpoints", input));
  const list = usePages(first, JSON.stringify(input), (page) => page.Endpoints, (page) => page.NextToken,
    (endpoint) => endpoint.EndpointName, (NextToken) => call("sagemaker", "ListEndpoints", { ...input, NextToken }));
  const { rows } = list;
  return (
    <Page crumbs={[{ text: "Endpoints" }]} title="Endpoints"
      actions={<>
        <ButtonLink href={links.endpointConfigs}>Configurations</ButtonLink>
        <ButtonLink href={links.models}>Models</ButtonLink>
        <ButtonLink href={newEndpoint()} look="primary" icon="plus">Create endpoint</ButtonLink>
      </>}>
      {first.error && <Problem error={first.error} />}
      <ListPanel noun="endpoint" text={text} onText={setText} statuses={{ chosen: status, all: STATUSES, onChoose: (one) => setStatus(one as typeof status) }} list={list}>
        {!(first.error && !rows) && (
          <Table label="Endpoints" rows={rows} rowKey={(one) => one.EndpointName} onChoose={(one) => go(links.endpoint(one.EndpointName))}
            columns={[
              { title: "Name", sort: (one) => one.EndpointName, cell: (one) => (
                <a href={links.endpoint(one.EndpointName)} onClick={(event) => event.stopPropagation()}>{one.EndpointName}</a>
              ) },
              { title: "Status", sort: (one) => one.EndpointStatus, cell: (one) => <Status status={one.EndpointStatus} /> },
              { title: "Created", minor: true, sort: (one) => one.CreationTime, cell: (one) => <Ago at={one.CreationTime} /> },
              { title: "Changed", minor: true, sort: (one) => one.LastModifiedTime, cell: (one) => <Ago at={one.LastModifiedTime} /> },
            ]}
            empty={named || status
              ? <Empty title="No endpoint is like that"><Button onClick={() => go(links.endpoints, true)}>Show all endpoints</Button></Empty>
              : <Empty title="No endpoint yet">
                  <p>Deploy a <a href={links.models}>model</a>, or train and serve the digits of the tutorial:</p>
                  <Command>trainyard demo mnist</Command>
                  </Empty>} />
        )}
      </ListPanel>
    </Page>
  );
}
