/** One model: its containers, where their data lie, and where it is served from here. */
import { useState } from "react";
import type { ContainerDefinition, DescribeModelOutput } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { download } from "../../api/raw";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, href, links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { s3Place } from "../../lib/s3_uri";
import { Button, ButtonLink, Empty, Facts, Panel, Skeleton } from "../../ui/controls";
import { attempt, Dialog } from "../../ui/dialog";
import { NamedValues } from "../../ui/named_values";
import { Problem } from "../../ui/problem";
import { S3Link } from "../../ui/s3_link";
import { Ago } from "../../ui/time";

export function ModelPage({ name }: { name: string }) {
  const { data: model, error } = useRead(read("sagemaker", "DescribeModel", { ModelName: name }));
  if (model) return <Model model={model} error={error} />;
  return (
    <Page crumbs={crumbs(name)} title={name}>
      {!error && <Skeleton lines={6} />}
      {error && <Problem error={error} />}
      {error && <Empty title="The model cannot be shown"><ButtonLink href={links.models}>All models</ButtonLink></Empty>}
    </Page>
  );
}

const crumbs = (name: string) => [{ text: "Endpoints", href: links.endpoints }, { text: "Models", href: links.models }, { text: name }];

function Model({ model, error }: { model: DescribeModelOutput; error: unknown }) {
  const [asked, setAsked] = useState(false);
  const containers = model.Containers ?? (model.PrimaryContainer ? [model.PrimaryContainer] : []);
  return (
    <Page crumbs={crumbs(model.ModelName)} title={model.ModelName} about={<>Created <Ago at={model.CreationTime} /></>}
      actions={<>
        <ButtonLink href={href(["endpoints", "create"], { model: model.ModelName })} look="primary">Deploy</ButtonLink>
        <Button look="danger" icon="trash" onClick={() => setAsked(true)}>Delete</Button>
      </>}>
      {error !== undefined && <Problem error={error} />}
      {containers.map((container, index) => <Container key={index} container={container} title={containers.length > 1 ? `Container ${index + 1}` : "Container"} />)}
      <Panel title="Settings">
        <Facts facts={[
          ["Role", model.ExecutionRoleArn && <a href={links.role(nameOf(model.ExecutionRoleArn))}>{nameOf(model.ExecutionRoleArn)}</a>],
          ["Network isolation", model.EnableNetworkIsolation ? "yes" : undefined],
          ["ARN", <code key="arn" className="break">{model.ModelArn}</code>],
        ]} />
      </Panel>
      {asked && (
        <Dialog title={`Delete ${model.ModelName}?`} submit="Delete model" danger onClose={() => setAsked(false)}
          onSubmit={async () => {
            await call("sagemaker", "DeleteModel", { ModelName: model.ModelName });
            go(links.models);
          }}>
          <p>Its data in S3 stay. Endpoints that serve it serve on, but cannot be changed to it again.</p>
        </Dialog>
      )}
    </Page>
  );
}

function Container({ container, title }: { container: ContainerDefinition; title: string }) {
  const uri = container.ModelDataUrl ?? container.ModelDataSource?.S3DataSource?.S3Uri;
  const place = uri ? s3Place(uri) : undefined;
  const variables = Object.entries(container.Environment ?? {}).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Panel title={title} actions={place && place.key !== "" && !place.key.endsWith("/") &&
      <Button look="small" icon="download" onClick={() => void attempt(() => download(place.bucket, place.key))}>Download data</Button>}>
      <div className="stack">
        <Facts facts={[
          ["Image", container.Image && <code key="image" className="break">{container.Image}</code>],
          ["Data", uri && <S3Link key="data" uri={uri} />],
          ["Host name", container.ContainerHostname], ["Mode", container.Mode],
        ]} />
        {variables.length > 0 && <div><h3>Environment</h3><NamedValues label="Environment" pairs={variables} /></div>}
      </div>
    </Panel>
  );
}
