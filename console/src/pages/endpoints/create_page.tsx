/** Serve a model: an endpoint configuration with one variant, and an endpoint of it. */
import { useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { Button, ButtonLink, Panel, TextField } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { useSubmit } from "../../ui/submit";
import { SuggestField } from "../../ui/suggest_field";
import { firstConfig } from "./variants";

export default function CreateEndpoint({ model: given }: { model: string | undefined }) {
  const models = useRead(read("sagemaker", "ListModels", { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending" }));
  const [model, setModel] = useState(given ?? "");
  const [name, setName] = useState(given ?? "");
  const [type, setType] = useState("ml.c4.xlarge");
  const [count, setCount] = useState("1");
  const { frame, error, busy, wrong, submit } = useSubmit(async () => {
    await create(name, model, type, count);
    go(links.endpoint(name));
  });
  const variant = (member: string) => wrong(`productionVariants.1.member.${member}`);
  return (
    <Page crumbs={[{ text: "Endpoints", href: links.endpoints }, { text: "Create" }]} title="Create an endpoint">
      <form className="stack" ref={frame} onSubmit={submit}>
        <Panel>
          <div className="form-grid">
            <SuggestField label="Model" value={model} onChange={setModel} suggestions={(models.data?.Models ?? []).map((one) => one.ModelName)} wrong={variant("modelName")} />
            <TextField label="Name" value={name} onChange={setName} wrong={wrong("endpointName") ?? wrong("endpointConfigName")}
              hint="Its configuration is named after it and the time." />
            <TextField label="Instance type" value={type} onChange={setType} wrong={variant("instanceType")} />
            <TextField label="Instances" type="number" value={count} onChange={setCount} wrong={variant("initialInstanceCount")} />
          </div>
        </Panel>
        {models.error && <Problem error={models.error} />}
        {error !== undefined && <Problem error={error} />}
        <div className="row wrap">
          <Button type="submit" look="primary" busy={busy}>Create endpoint</Button>
          <ButtonLink href={links.endpoints}>Cancel</ButtonLink>
        </div>
      </form>
    </Page>
  );
}

async function create(name: string, model: string, type: string, count: string): Promise<void> {
  const config = firstConfig(name, model, type, count, new Date());
  const { EndpointConfigName } = config;
  await call("sagemaker", "CreateEndpointConfig", config);
  try {
    await call("sagemaker", "CreateEndpoint", { EndpointName: name, EndpointConfigName });
  } catch (error) {
    await call("sagemaker", "DeleteEndpointConfig", { EndpointConfigName }).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}
