/** What is being uploaded to a bucket, and what could not be. */
import { links } from "../../app/router";
import { bytes, plural } from "../../lib/format";
import { Button, Panel } from "../../ui/controls";
import { Status } from "../../ui/status";
import { uploads, useUploads, type Upload } from "./upload";

/** Files shown by name: those that run, then those that failed. */
const SHOWN_MAX = 50;
const RANK = { running: 0, failed: 1, aborted: 2, waiting: 3, done: 4 } as const;
const STATUS = { running: "InProgress", waiting: "Pending", done: "Completed", failed: "Failed", aborted: "Stopped" } as const;
const WORDS = { running: "Uploading", waiting: "Waiting", done: "Uploaded", failed: "Failed", aborted: "Aborted" } as const;

export function UploadsPanel({ bucket }: { bucket: string }) {
  const all = useUploads().filter((one) => one.bucket === bucket);
  if (all.length === 0) return null;
  const going = all.some((one) => one.state === "running" || one.state === "waiting");
  const shown = [...all].sort((a, b) => RANK[a.state] - RANK[b.state]).slice(0, SHOWN_MAX);
  return (
    <Panel flush title={titleOf(all)} actions={going
      ? <Button look="small" onClick={() => uploads.abortAll()}>Abort all</Button>
      : <Button look="small" onClick={() => uploads.clearEnded()}>Clear</Button>}>
      <ul className="storage-uploads" aria-label="Uploads">
        {shown.map((one) => <Row key={one.id} upload={one} />)}
        {all.length > shown.length && <li className="soft">and {plural(all.length - shown.length, "file")} more</li>}
      </ul>
    </Panel>
  );
}

function titleOf(all: readonly Upload[]): string {
  const done = all.filter((one) => one.state === "done").length;
  const failed = all.filter((one) => one.state === "failed").length;
  const sent = all.reduce((sum, one) => sum + one.sent, 0);
  const size = all.reduce((sum, one) => sum + one.size, 0);
  return `Uploads: ${done} of ${plural(all.length, "file")}, ${bytes(sent)} of ${bytes(size)}${failed ? `, ${failed} failed` : ""}`;
}

function Row({ upload: { id, bucket, key, size, sent, state, error } }: { upload: Upload }) {
  const going = state === "running" || state === "waiting";
  return (
    <li>
      <span className="break">{state === "done" ? <a href={links.objects(bucket, key)}>{key}</a> : key}</span>
      <progress value={state === "done" ? 1 : size === 0 ? 0 : sent} max={state === "done" ? 1 : Math.max(size, 1)} aria-label={`${key}: sent`} />
      <Status status={STATUS[state]} label={WORDS[state]} />
      {going ? <Button look="plain" icon="cross" label={`Abort ${key}`} onClick={() => uploads.abort(id)} /> : <span className="soft small">{bytes(size)}</span>}
      {error && <span className="wrong">{error}</span>}
    </li>
  );
}
