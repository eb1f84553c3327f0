/** All models, the newest first. */
import { call } from "../../api/call";
import { usePages } from "../../api/pages";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, href, links, useQuery } from "../../app/router";
import { plural } from "../../lib/format";
import { Button, ButtonLink, Empty, Panel, SearchBox } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { useSettled } from "../../ui/settled";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";

export function ModelList() {
  const [text, setText] = useQuery<string>("search", "");
  const named = useSettled(text.trim());
  const input = { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending", ...(named ? { NameContains: named } : {}) } as const;
  const first = useRead(read("sagemaker", "ListModels", input));
  const { rows, more, busy, error } = usePages(first, JSON.stringify(input), (page) => page.Models, (page) => page.NextToken,
    (model) => model.ModelName, (NextToken) => call("sagemaker", "ListModels", { ...input, NextToken }));
  return (
    <Page crumbs={[{ text: "Endpoints", href: links.endpoints }, { text: "Models" }]} title="Models"
      actions={<ButtonLink href={href(["models", "create"])} look="primary" icon="plus">Create model</ButtonLink>}>
      {first.error && <Problem error={first.error} />}
      <Panel flush>
        <div className="list-bar">
          <div className="grow"><SearchBox value={text} onChange={setText} label="Search by name" /></div>
          {rows && <span className="small soft nowrap">{plural(rows.length, "model")}{more && "+"}</span>}
        </div>
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
        {error !== undefined && <Problem error={error} />}
        {more && <div className="table-foot"><Button busy={busy} onClick={more}>Older models</Button></div>}
      </Panel>
    </Page>
  );
}
