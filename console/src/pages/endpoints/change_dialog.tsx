/** Change the weights and instances of an endpoint's variants: a new configuration, and an update to it. */
import { useState } from "react";
import type { DescribeEndpointConfigOutput } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { changed, nextConfigName, type Wanted } from "./variants";

export function ChangeDialog({ endpoint, config, onClose }: { endpoint: string; config: DescribeEndpointConfigOutput; onClose: () => void }) {
  const [wanted, setWanted] = useState<ReadonlyMap<string, Wanted>>(() => new Map(config.ProductionVariants.map((one) => [
    one.VariantName, { weight: String(one.InitialVariantWeight ?? 1), count: String(one.InitialInstanceCount ?? 1) },
  ])));
  const put = (name: string, change: Partial<Wanted>) => setWanted((old) => new Map(old).set(name, { ...old.get(name)!, ...change }));
  const submit = async () => {
    const name = nextConfigName(config.EndpointConfigName, new Date());
    const { CreationTime: _time, EndpointConfigArn: _arn, EndpointConfigName: _name, ...same } = config;
    await call("sagemaker", "CreateEndpointConfig", { ...same, EndpointConfigName: name, ProductionVariants: changed(config.ProductionVariants, wanted) });
    try {
      await call("sagemaker", "UpdateEndpoint", { EndpointName: endpoint, EndpointConfigName: name });
    } catch (error) {
      await call("sagemaker", "DeleteEndpointConfig", { EndpointConfigName: name }).catch(() => {}); // the first error is the one to tell
      throw error;
    }
  };
  return (
    <Dialog title="Change variants" submit="Update endpoint" onClose={onClose} onSubmit={submit}>
      <p className="soft">Makes a new configuration and updates the endpoint to it. It serves on as before until the new instances do.</p>
      {config.ProductionVariants.map((variant) => (
        <fieldset key={variant.VariantName} className="variant-set">
          <legend>{variant.VariantName}</legend>
          <div className="form-grid">
            <TextField label="Weight" type="number" value={wanted.get(variant.VariantName)?.weight ?? ""} onChange={(weight) => put(variant.VariantName, { weight })}
              hint="Its part of all weights is its part of the requests." />
            <TextField label="Instances" type="number" value={wanted.get(variant.VariantName)?.count ?? ""} onChange={(count) => put(variant.VariantName, { count })} />
          </div>
        </fieldset>
      ))}
    </Dialog>
  );
}
