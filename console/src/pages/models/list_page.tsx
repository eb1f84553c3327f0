/** All models, the newest first. */
import { call } from "../../api/call";
import { usePages } from "../../api/pages";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, href, links, useQuery } from "../../app/router";
import { Button, ButtonLink, Empty } from "../../ui/controls";
import { ListPanel } from "../../ui/list_bar";
import { Problem } from "../../ui/problem";
import { useSettled } from "../../ui/settled";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";

export function ModelList() {
  const [text, setText] = useQuery<string>("search", "");
  const named = useSettled(text.trim());
  const input = { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending", ...(named ? { NameContains: named } : {}) } as const;
  const first = useRead(read("sagemaker", "ListModels", input));
  const list = usePages(first, JSON.stringify(input), (page) => page.Models, (page) => page.NextToken,
    (model) => model.ModelName, (NextToken) => call("sagemaker", "ListModels", { ...input, NextToken }));
  const { rows } = list;
  return (
    <Page crumbs={[{ text: "Endpoints", href: links.endpoints }, { text: "Models" }]} title="Models"
      actions={<ButtonLink href={href(["models", "create"])} look="primary" icon="plus">Create model</ButtonLink>}>
      {first.error && <Problem error={first.error} />}
      <ListPanel noun="model" text={text} onText={setText} list={list}>
        {!(first.error && !rows) && (
          <Table label="Models" rows={rows} rowKey={(model) => model.ModelName} onChoose={(model) => go(links.model(model.ModelName))}
            columns={[
              { title: "Name", sort: (model) => model.ModelName, cell: (model) => (
                <a href={links.model(model.ModelName)} onClick={(event) => event.stopPropagation()}>{model.ModelName}</a>
              ) },
              { title: "Created", sort: (model) => model.CreationTime, cell: (model) => <Ago at={model.CreationTime} /> },
            ]}
            empty={named
              ? <Empty title="No model is called like that"><Button onClick={() => go(links.models, true)}>Show all models</Button></Empty>
              : <Empty title="No model yet"><p>A model is made of a <a href={links.jobs}>training job</a>'s artifact: open a job, then Artifacts.</p></Empty>} />
        )}
      </ListPanel>
    </Page>
  );
}
