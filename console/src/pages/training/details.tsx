/** What a job was made of and what it made: hyperparameters, channels, artifacts, settings. */
import { useEffect, useState, type ReactNode } from "react";
import type { Channel, DescribeTrainingJobResponse } from "@types-of/sagemaker";
import { call } from "../../api/call";
import { download } from "../../api/raw";
import { read, useRead } from "../../api/watch";
import { href, links, useQuery } from "../../app/router";
import { nameOf } from "../../lib/arn";
import { bytes, duration, exactTime } from "../../lib/format";
import { s3Place } from "../../lib/s3_uri";
import { Button, ButtonLink, Empty, Facts, Panel, TabPanel, Tabs } from "../../ui/controls";
import { Copy, Json } from "../../ui/copy";
import { attempt } from "../../ui/dialog";
import { NamedValues } from "../../ui/named_values";
import { Problem } from "../../ui/problem";
import { S3Link } from "../../ui/s3_link";
import { Table } from "../../ui/table";
import { isRunning, isSdkParameter, requestOf } from "./job";

type TabName = "parameters" | "channels" | "artifacts" | "settings" | "request";

export function Details({ job, startedBy }: { job: DescribeTrainingJobResponse; startedBy: string | undefined }) {
  const [tab, setTab] = useQuery<TabName>("tab", "parameters");
  const parameters = Object.entries(job.HyperParameters ?? {});
  return (
    <Panel flush>
      <Tabs label="Details" chosen={tab} onChoose={setTab} tabs={[
        { id: "parameters", title: `Hyperparameters (${parameters.filter(([name]) => !isSdkParameter(name)).length})` },
        { id: "channels", title: `Channels (${job.InputDataConfig?.length ?? 0})` },
        { id: "artifacts", title: "Artifacts" }, { id: "settings", title: "Settings" }, { id: "request", title: "Request" },
      ]} />
      <TabPanel id={tab}>
        {tab === "parameters" && <Parameters parameters={parameters} />}
        {tab === "channels" && <Channels channels={job.InputDataConfig ?? []} />}
        {tab === "artifacts" && <div className="job-part"><Artifacts job={job} /></div>}
        {tab === "settings" && <div className="job-part"><Settings job={job} startedBy={startedBy} /></div>}
        {tab === "request" && <div className="job-part"><Json value={requestOf(job)} label="CreateTrainingJob" /></div>}
      </TabPanel>
    </Panel>
  );
}

function Parameters({ parameters }: { parameters: readonly (readonly [string, string])[] }) {
  const sorted = [...parameters].sort(([a], [b]) => Number(isSdkParameter(a)) - Number(isSdkParameter(b)) || a.localeCompare(b));
  if (sorted.length === 0) return <Empty title="This job has no hyperparameters" />;
  return <NamedValues label="Hyperparameters" pairs={sorted} faint={isSdkParameter} />;
}

function Channels({ channels }: { channels: readonly Channel[] }) {
  return (
    <Table label="Channels" rows={channels} rowKey={(channel) => channel.ChannelName} empty={<Empty title="This job reads no data" />}
      columns={[
        { title: "Channel", cell: (channel) => channel.ChannelName, width: 160 },
        { title: "Data", cell: ({ DataSource: { S3DataSource: s3 } }) => (s3 ? <S3Link uri={s3.S3Uri} folder={s3.S3DataType === "S3Prefix"} /> : "not in S3") },
        { title: "Instances get", minor: true, cell: ({ DataSource: { S3DataSource: s3 } }) => (s3?.S3DataDistributionType === "ShardedByS3Key" ? "a share each" : "all of it") },
        { title: "Mode", minor: true, cell: (channel) => channel.InputMode ?? "as the job" },
        { title: "Type", minor: true, cell: (channel) => channel.ContentType ?? "–" },
      ]} />
  );
}

/** Size and time of an object; asked once. */
function useObject(uri: string | undefined) {
  const [state, setState] = useState<{ size?: number | undefined; at?: number | undefined; error?: unknown }>({});
  useEffect(() => {
    const place = uri && s3Place(uri);
    setState({});
    if (!place) return;
    let current = true;
    call("s3", "HeadObject", { Bucket: place.bucket, Key: place.key })
      .then((head) => current && setState({ size: head.ContentLength, at: head.LastModified }))
      .catch((error: unknown) => current && setState({ error }));
    return () => {
      current = false;
    };
  }, [uri]);
  return state;
}

function Artifacts({ job }: { job: DescribeTrainingJobResponse }) {
  const uri = job.ModelArtifacts.S3ModelArtifacts;
  const made = !isRunning(job) && uri !== "";
  const object = useObject(made ? uri : undefined);
  const place = s3Place(uri);
  if (!made || !place) {
    return <Empty title={isRunning(job) ? "The model comes when the job has ended" : "This job left no model"}>
      {job.OutputDataConfig && <p>Output goes to <S3Link uri={job.OutputDataConfig.S3OutputPath} folder />.</p>}
    </Empty>;
  }
  return (
    <div className="stack">
      {object.error !== undefined && <Problem error={object.error} />}
      <div className="row wrap">
        <S3Link uri={uri} /><Copy text={uri} label="Copy address" />
        {object.size !== undefined && <span className="soft small">{bytes(object.size)}</span>}
        {object.error === undefined && <Button look="small" icon="download" onClick={() => void attempt(() => download(place.bucket, place.key))}>Download</Button>}
        <ButtonLink look="small" href={href(["models", "create"], { job: job.TrainingJobName })}>Make a model of it</ButtonLink>
      </div>
    </div>
  );
}

function Settings({ job, startedBy }: { job: DescribeTrainingJobResponse; startedBy: string | undefined }) {
  const tags = useRead(read("sagemaker", "ListTags", { ResourceArn: job.TrainingJobArn }));
  const { ResourceConfig: resources, AlgorithmSpecification: algorithm, StoppingCondition: stopping } = job;
  const yes = (value: boolean | undefined): ReactNode => (value ? "yes" : undefined);
  return (
    <div className="stack">
      <Facts facts={[
        ["Image", algorithm?.TrainingImage ?? algorithm?.AlgorithmName],
        ["Input mode", algorithm?.TrainingInputMode],
        ["Instances", resources && `${resources.InstanceCount ?? 1} × ${resources.InstanceType ?? ""}`],
        ["Volume", resources?.VolumeSizeInGB && `${resources.VolumeSizeInGB} GB`],
        ["Role", job.RoleArn && <a href={links.role(nameOf(job.RoleArn))}>{nameOf(job.RoleArn)}</a>],
        ["Started by", startedBy && <a href={links.execution(startedBy)}>{nameOf(startedBy)}</a>],
        ["May run for", stopping.MaxRuntimeInSeconds && duration(stopping.MaxRuntimeInSeconds)],
        ["Trained for", job.TrainingTimeInSeconds !== undefined && duration(job.TrainingTimeInSeconds)],
        ["Billable", job.BillableTimeInSeconds !== undefined && duration(job.BillableTimeInSeconds)],
        ["Output", job.OutputDataConfig && <S3Link uri={job.OutputDataConfig.S3OutputPath} folder />],
        ["Checkpoints", job.CheckpointConfig && <S3Link uri={job.CheckpointConfig.S3Uri} folder />],
        ["Network isolation", yes(job.EnableNetworkIsolation)],
        ["Spot", yes(job.EnableManagedSpotTraining)],
        ["Created", exactTime(job.CreationTime)],
        ["ARN", <code key="arn" className="break">{job.TrainingJobArn}</code>],
      ]} />
      {job.Environment && Object.keys(job.Environment).length > 0 && (
        <div><h3>Environment</h3><NamedValues label="Environment" pairs={Object.entries(job.Environment)} /></div>
      )}
      <div>
        <h3>Tags</h3>
        {tags.error && <Problem error={tags.error} />}
        {tags.data && ((tags.data.Tags ?? []).length > 0
          ? <Facts facts={(tags.data.Tags ?? []).map((tag) => [tag.Key, tag.Value === "" ? "(empty)" : tag.Value] as const)} />
          : <p className="soft">none</p>)}
      </div>
      {(algorithm?.MetricDefinitions ?? []).length > 0 && (
        <div><h3>Metric definitions</h3><Facts facts={algorithm!.MetricDefinitions!.map((one) => [one.Name, <code key={one.Name}>{one.Regex}</code>] as const)} /></div>
      )}
    </div>
  );
}
