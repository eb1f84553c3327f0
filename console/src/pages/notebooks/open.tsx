/** Opens an instance's Jupyter in a tab of its own. */
import { call } from "../../api/call";
import { Button } from "../../ui/controls";
import { attempt, toast } from "../../ui/dialog";

async function openJupyter(name: string): Promise<void> {
  const { AuthorizedUrl: address } = await call("sagemaker", "CreatePresignedNotebookInstanceUrl", { NotebookInstanceName: name });
  window.open(address, "_blank", "noopener"); // which does not tell whether the browser has let it
  toast("good", <>{name} opens in a new tab. <a href={address} target="_blank" rel="noopener">Open it here</a> if the browser has held it back.</>);
}

export function OpenButton({ name, look }: { name: string; look: "primary" | "small" }) {
  return <Button look={look} icon="link" onClick={() => void attempt(() => openJupyter(name))}>Open Jupyter</Button>;
}
