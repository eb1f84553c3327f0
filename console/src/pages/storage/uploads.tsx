/** What is being uploaded to a bucket, and what could not be. */
import { links } from "../../app/router";
import { bytes, plural } from "../../lib/format";
import { Button, Panel } from "../../ui/controls";
import { Status } from "../../ui/status";
import { uploads, useUploads } from "./upload";
import { isGoing, type Summary, type Upload } from "./upload_list";

const STATUS = { running: "InProgress", waiting: "Pending", done: "Completed", failed: "Failed", aborted: "Stopped" } as const;
const WORDS = { running: "Uploading", waiting: "Waiting", done: "Uploaded", failed: "Failed", aborted: "Aborted" } as const;

export function UploadsPanel({ bucket }: { bucket: string }) {
  const summary = useUploads(bucket);
  const { files, counts, rows } = summary;
  if (files === 0) return null;
  return (
    <Panel flush title={titleOf(summary)} actions={
      <>
        {counts.failed > 0 && <Button look="small" icon="again" onClick={() => uploads.retryFailed(bucket)}>Try {plural(counts.failed, "file")} again</Button>}
        {isGoing(summary)
          ? <Button look="small" onClick={() => uploads.abortAll(bucket)}>Abort all</Button>
          : <Button look="small" onClick={() => uploads.clearEnded(bucket)}>Clear</Button>}
      </>
    }>
      <ul className="storage-uploads" aria-label="Uploads">
        {rows.map((one) => <Row key={one.id} upload={one} />)}
        {files > rows.length && <li className="soft">and {plural(files - rows.length, "file")} more</li>}
      </ul>
    </Panel>
  );
}

function titleOf({ files, counts, size, sent }: Summary): string {
  return `Uploads: ${counts.done} of ${plural(files, "file")}, ${bytes(sent)} of ${bytes(size)}${counts.failed ? `, ${counts.failed} failed` : ""}`;
}

function Row({ upload: { id, bucket, key, size, sent, state, error } }: { upload: Upload }) {
  return (
    <li>
      <span className="break">{state === "done" ? <a href={links.objects(bucket, key)}>{key}</a> : key}</span>
      <progress value={state === "done" ? 1 : size === 0 ? 0 : sent} max={state === "done" ? 1 : Math.max(size, 1)} aria-label={`${key}: sent`} />
      <Status status={STATUS[state]} label={WORDS[state]} />
      {state === "running" || state === "waiting"
        ? <Button look="plain" icon="cross" label={`Abort ${key}`} onClick={() => uploads.abort([id])} />
        : state === "failed"
          ? <Button look="plain" icon="again" label={`Try ${key} again`} onClick={() => uploads.retry([id])} />
          : <span className="soft small">{bytes(size)}</span>}
      {error && <span className="wrong">{error}</span>}
    </li>
  );
}
