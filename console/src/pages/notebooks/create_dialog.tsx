/** Make a notebook instance; it starts at once. */
import { useState } from "react";
import { call } from "../../api/call";
import { useRolesFor } from "../../api/roles";
import { go, links } from "../../app/router";
import { TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { RoleField } from "../../ui/role_field";
import { SuggestField } from "../../ui/suggest_field";
import { EMPTY_NOTEBOOK, requestOfNotebook, type NotebookForm } from "./notebook";

const TYPES = ["ml.t3.medium", "ml.t3.large", "ml.t3.xlarge", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.g5.xlarge"];

export function CreateNotebook({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState<NotebookForm>(EMPTY_NOTEBOOK);
  const roles = useRolesFor("sagemaker.amazonaws.com");
  const put = (key: keyof NotebookForm) => (value: string) => setForm((old) => ({ ...old, [key]: value }));
  return (
    <Dialog title="Create notebook instance" submit="Create" ready={form.name !== "" && form.role !== ""} onClose={onClose}
      onSubmit={async () => {
        await call("sagemaker", "CreateNotebookInstance", requestOfNotebook(form));
        go(links.notebook(form.name));
      }}>
      <TextField label="Name" value={form.name} onChange={put("name")} hint="Letters, figures and hyphens, at most 63." autoFocus />
      <RoleField value={form.role} onChange={put("role")} roles={roles} service="SageMaker" hint="What runs in it acts as this role." />
      <div className="form-grid">
        <SuggestField label="Instance type" value={form.type} onChange={put("type")} suggestions={TYPES} />
        <TextField label="Volume, GB" type="number" value={form.volume} onChange={put("volume")} hint="At least 5. It stays over stop and start." />
      </div>
    </Dialog>
  );
}
