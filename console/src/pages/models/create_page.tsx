/** Make a model: from nothing, or of what a training job left. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { filled } from "../../lib/pairs";
import { Button, ButtonLink, Panel, Skeleton, TextField } from "../../ui/controls";
import { PairsField } from "../../ui/pairs_field";
import { Problem } from "../../ui/problem";
import { useSubmit } from "../../ui/submit";
import { SuggestField } from "../../ui/suggest_field";
import { EMPTY_MODEL, modelOf, type ModelForm } from "./of_job";

export default function CreateModel({ job }: { job: string | undefined }) {
  const [form, setForm] = useState<ModelForm | undefined>(job ? undefined : EMPTY_MODEL);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    if (!job) return;
    let current = true;
    call("sagemaker", "DescribeTrainingJob", { TrainingJobName: job }).then(
      (made) => current && setForm(modelOf(made)), (thrown: unknown) => current && setError(thrown));
    return () => {
      current = false;
    };
  }, [job]);
  return (
    <Page crumbs={[{ text: "Endpoints", href: links.endpoints }, { text: "Models", href: links.models }, { text: "Create" }]} title="Create a model"
      about={job && <>of what <a href={links.job(job)}>{job}</a> left</>}>
      {error !== undefined && <Problem error={error} />}
      {form ? <Form form={form} onChange={setForm} /> : error === undefined && <Skeleton lines={6} />}
    </Page>
  );
}

function Form({ form, onChange }: { form: ModelForm; onChange: (form: ModelForm) => void }) {
  const roles = useRead(read("iam", "ListRoles", {}));
  const { frame, error, busy, wrong, submit } = useSubmit(async () => {
    await call("sagemaker", "CreateModel", {
      ModelName: form.name, ExecutionRoleArn: form.role,
      PrimaryContainer: {
        Image: form.image, ...(form.data ? { ModelDataUrl: form.data } : {}),
        Environment: Object.fromEntries(filled(form.variables)),
      },
    });
    go(links.model(form.name));
  });
  const put = <K extends keyof ModelForm>(key: K) => (value: ModelForm[K]) => onChange({ ...form, [key]: value });
  return (
    <form className="stack" ref={frame} onSubmit={submit}>
      <Panel>
        <div className="stack">
          <div className="form-grid">
            <TextField label="Name" value={form.name} onChange={put("name")} wrong={wrong("modelName")} />
            <SuggestField label="Role" value={form.role} onChange={put("role")} suggestions={(roles.data?.Roles ?? []).map((role) => role.Arn)} wrong={wrong("executionRoleArn")} />
          </div>
          <TextField label="Image" value={form.image} onChange={put("image")} wrong={wrong("primaryContainer.image")} />
          <TextField label="Data" value={form.data} onChange={put("data")} placeholder="s3://bucket/job/output/model.tar.gz" wrong={wrong("primaryContainer.modelDataUrl")} />
          <PairsField label="Environment" names={["VARIABLE", "value"]} pairs={form.variables} onChange={put("variables")}
            add="Add variable" wrong={wrong("primaryContainer.environment")} />
        </div>
      </Panel>
      {error !== undefined && <Problem error={error} />}
      <div className="row wrap">
        <Button type="submit" look="primary" busy={busy}>Create model</Button>
        <ButtonLink href={links.models}>Cancel</ButtonLink>
      </div>
    </form>
  );
}
