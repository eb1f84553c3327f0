/** Make a training job, from nothing or as another one was made. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { cliCall } from "../../lib/code";
import { Button, ButtonLink, Panel, SelectField, Skeleton, TextField } from "../../ui/controls";
import { copyUnseen } from "../../ui/copy";
import { PairsField } from "../../ui/pairs_field";
import { Problem } from "../../ui/problem";
import { useSubmit } from "../../ui/submit";
import { SuggestField } from "../../ui/suggest_field";
import { nextName, requestOf } from "./job";
import { EMPTY_FORM, formOf, requestOfForm, type JobForm } from "./job_form";

export default function CreatePage({ from }: { from: string | undefined }) {
  const [form, setForm] = useState<JobForm | undefined>(from ? undefined : EMPTY_FORM);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    if (!from) return;
    let current = true;
    const failed = (thrown: unknown) => {
      if (current) setError(thrown);
    };
    clonedForm(from, failed).then((made) => current && setForm(made), failed);
    return () => {
      current = false;
    };
  }, [from]);
  const title = from ? "Clone a training job" : "Create a training job";
  return (
    <Page crumbs={[{ text: "Training", href: links.jobs }, ...(from ? [{ text: from, href: links.job(from) }] : []), { text: from ? "Clone" : "Create" }]} title={title}
      about={from && <>as <a href={links.job(from)}>{from}</a> was made; nothing starts before you say so</>}>
      {error !== undefined && <Problem error={error} />}
      {form ? <Form form={form} onChange={setForm} /> : error === undefined && <Skeleton lines={8} />}
    </Page>
  );
}

/** Who may not list the job's tags clones it without, and is told so by `onTags`. */
async function clonedForm(from: string, onTags: (error: unknown) => void): Promise<JobForm> {
  const job = await call("sagemaker", "DescribeTrainingJob", { TrainingJobName: from });
  const tags = await call("sagemaker", "ListTags", { ResourceArn: job.TrainingJobArn }).catch(onTags);
  const own = (tags?.Tags ?? []).filter((tag) => !tag.Key.startsWith("aws:")); // those are AWS's to give
  return formOf({ ...requestOf(job), ...(own.length > 0 ? { Tags: own } : {}) }, nextName(from));
}

function Form({ form, onChange }: { form: JobForm; onChange: (form: JobForm) => void }) {
  const { frame, error, busy, wrong, submit } = useSubmit(async () => {
    await call("sagemaker", "CreateTrainingJob", requestOfForm(form));
    go(links.job(form.name));
  });
  const put = <K extends keyof JobForm>(key: K) => (value: JobForm[K]) => onChange({ ...form, [key]: value });
  const roles = useRead(read("iam", "ListRoles", {}));
  return (
    <form className="stack" ref={frame} onSubmit={submit}>
      <Panel title="Job">
        <div className="form-grid">
          <TextField label="Name" value={form.name} onChange={put("name")} wrong={wrong("trainingJobName")} hint="Letters, figures and hyphens, at most 63." autoFocus />
          <SuggestField label="Role" value={form.role} onChange={put("role")} wrong={wrong("roleArn")}
            suggestions={(roles.data?.Roles ?? []).map((role) => role.Arn)} hint="Reads the data and writes the model; SageMaker must be allowed to take it." />
          <TextField label="Image" value={form.image} onChange={put("image")} wrong={wrong("algorithmSpecification.trainingImage")} />
          <SelectField label="Input mode" value={form.inputMode} onChange={put("inputMode")}
            options={[["File", "File: copied before the start"], ["FastFile", "FastFile"], ["Pipe", "Pipe"]]} />
        </div>
      </Panel>
      <Panel title="Instances">
        <div className="form-grid">
          <TextField label="Type" value={form.instanceType} onChange={put("instanceType")} wrong={wrong("resourceConfig.instanceType")} />
          <TextField label="Count" type="number" value={form.instanceCount} onChange={put("instanceCount")} wrong={wrong("resourceConfig.instanceCount")} />
          <TextField label="Volume, GB" type="number" value={form.volume} onChange={put("volume")} wrong={wrong("resourceConfig.volumeSizeInGB")} />
          <TextField label="May run for, seconds" type="number" value={form.maxRuntime} onChange={put("maxRuntime")} wrong={wrong("stoppingCondition")} />
        </div>
      </Panel>
      <Panel title="Data">
        <div className="stack">
          <Channels form={form} onChange={put("channels")} wrong={wrong("inputDataConfig")} />
          <TextField label="Output" value={form.output} onChange={put("output")} placeholder="s3://bucket/prefix" wrong={wrong("outputDataConfig.s3OutputPath")}
            hint="The model goes to <output>/<job>/output/model.tar.gz." />
        </div>
      </Panel>
      <Panel title="Program">
        <div className="stack">
          <PairsField label="Hyperparameters" names={["name", "value"]} pairs={form.parameters} onChange={put("parameters")}
            add="Add hyperparameter" wrong={wrong("hyperParameters")} />
          <PairsField label="Metric definitions" names={["name", "regular expression with one group"]} pairs={form.metrics} onChange={put("metrics")} add="Add metric"
            wrong={wrong("algorithmSpecification.metricDefinitions")} />
          <PairsField label="Environment" names={["VARIABLE", "value"]} pairs={form.variables} onChange={put("variables")} add="Add variable" wrong={wrong("environment")} />
          <PairsField label="Tags" names={["key", "value"]} pairs={form.tags} onChange={put("tags")} add="Add tag" wrong={wrong("tags")} />
          <label className="row"><input type="checkbox" checked={form.isolated} onChange={(event) => put("isolated")(event.target.checked)} />Without network</label>
        </div>
      </Panel>
      {error !== undefined && <Problem error={error} />}
      <div className="row wrap">
        <Button type="submit" look="primary" busy={busy}>Create job</Button>
        <ButtonLink href={links.jobs}>Cancel</ButtonLink>
        <Button look="plain" icon="copy" onClick={() => void copyUnseen(cliCall("sagemaker", "CreateTrainingJob", requestOfForm(form)), "Command copied.")}>
          Copy as AWS CLI command
        </Button>
      </div>
    </form>
  );
}

function Channels({ form, onChange, wrong }: { form: JobForm; onChange: (rows: JobForm["channels"]) => void; wrong: string | undefined }) {
  const rows = form.channels;
  const put = (index: number, change: Partial<JobForm["channels"][number]>) => onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <fieldset className="pairs">
      <legend>Channels</legend>
      {rows.map((row, index) => (
        <div className="pairs-row three" key={index}>
          <input className="input mono" aria-label={`Channel ${index + 1}`} placeholder="channel" value={row.name} onChange={(event) => put(index, { name: event.target.value })} />
          <input className="input mono" aria-label={`Data of channel ${index + 1}`} placeholder="s3://bucket/prefix" value={row.uri} spellCheck={false}
            onChange={(event) => put(index, { uri: event.target.value })} />
          <select className="input" aria-label={`Instances get of channel ${index + 1}`} value={row.distribution}
            onChange={(event) => put(index, { distribution: event.target.value as typeof row.distribution })}>
            <option value="FullyReplicated">all of it each</option>
            <option value="ShardedByS3Key">a share each</option>
          </select>
          <Button look="plain" icon="cross" label={`Remove channel ${row.name || index + 1}`} onClick={() => onChange(rows.filter((_, at) => at !== index))} />
        </div>
      ))}
      {wrong && <div className="wrong">{wrong}</div>}
      <div><Button look="small" icon="plus" onClick={() => onChange([...rows, { name: "", uri: "", distribution: "FullyReplicated" }])}>Add channel</Button></div>
    </fieldset>
  );
}
