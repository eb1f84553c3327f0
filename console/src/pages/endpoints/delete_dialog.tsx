/** Delete an endpoint, and the configuration that it alone serves by. */
import { useState } from "react";
import { call } from "../../api/call";
import { go, links } from "../../app/router";
import { Dialog, attempt } from "../../ui/dialog";
import { useUses } from "./config_uses";

export function DeleteEndpoint({ name, config, onClose }: { name: string; config: string | undefined; onClose: () => void }) {
  const { uses, error } = useUses();
  const [wanted, setWanted] = useState(true);
  const others = config === undefined ? [] : uses?.get(config)?.filter((one) => one !== name) ?? [];
  const free = config !== undefined && uses !== undefined && others.length === 0;
  const submit = async () => {
    await call("sagemaker", "DeleteEndpoint", { EndpointName: name });
    go(links.endpoints); // also when the configuration cannot be deleted: the endpoint goes
    if (free && wanted) await attempt(() => call("sagemaker", "DeleteEndpointConfig", { EndpointConfigName: config }));
  };
  return (
    <Dialog title={`Delete ${name}?`} submit="Delete endpoint" danger ready={uses !== undefined || error !== undefined || config === undefined} onClose={onClose} onSubmit={submit}>
      <p>Its instances end, and requests to it fail from now on. Its models and logs stay.</p>
      {config !== undefined && (
        <div className="field">
          <label className="row">
            <input type="checkbox" checked={free && wanted} disabled={!free} onChange={(event) => setWanted(event.target.checked)} />
            <span className="break">Delete its configuration {config} too</span>
          </label>
          {others.length > 0 && <div className="hint">It stays: {others.join(", ")} {others.length === 1 ? "serves" : "serve"} by it too.</div>}
          {error !== undefined && <div className="hint">It stays: whether other endpoints serve by it cannot be told.</div>}
        </div>
      )}
    </Dialog>
  );
}
