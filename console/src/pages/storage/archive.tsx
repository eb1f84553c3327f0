/** The list of a tar archive, packed or not. */
import { useEffect, useState } from "react";
import { request } from "../../api/http";
import { objectPath } from "../../api/raw";
import { bytes, exactTime, plural } from "../../lib/format";
import { Button, Empty, Note, Skeleton } from "../../ui/controls";
import { Icon } from "../../ui/icon";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { chunksOf, unpacked } from "./inflate";
import { HEAD_BYTES } from "./preview";
import { TarReader, type Member } from "./tar";

const MEMBERS_MAX = 10_000;
const LIST_HEIGHT = 480;

interface Listed { members: Member[]; whole: boolean }

async function list(path: string, zipped: boolean, limit: number | undefined, signal: AbortSignal): Promise<Listed> {
  const response = await request(path, { ...(limit ? { headers: { Range: `bytes=0-${limit - 1}` } } : {}), signal });
  const tar = new TarReader();
  const body = response.body as ReadableStream<Uint8Array<ArrayBuffer>>;
  try {
    for await (const chunk of zipped ? unpacked(body) : chunksOf(body)) {
      tar.push(chunk);
      if (tar.ended || tar.members.length >= MEMBERS_MAX) break;
    }
  } catch (error) {
    if (signal.aborted || !limit) throw error; // else the bytes just end within the packed stream
  }
  return { members: tar.members.slice(0, MEMBERS_MAX), whole: tar.ended };
}

export function Archive({ bucket, objectKey, size, zipped }: { bucket: string; objectKey: string; size: number; zipped: boolean }) {
  const [all, setAll] = useState(size <= HEAD_BYTES);
  const [listed, setListed] = useState<Listed>();
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const control = new AbortController();
    setBusy(true);
    list(objectPath(bucket, objectKey), zipped, all ? undefined : HEAD_BYTES, control.signal)
      .then(setListed, (thrown: unknown) => control.signal.aborted || setError(thrown))
      .finally(() => control.signal.aborted || setBusy(false));
    return () => control.abort();
  }, [bucket, objectKey, zipped, all]);
  if (error !== undefined) return <Problem error={error} />;
  if (!listed) return <Skeleton lines={6} />;
  return (
    <div className="stack tight">
      {listed.whole
        ? <p className="soft small">{plural(listed.members.length, "entry", "entries")}</p>
        : !all && (
          <Note tone="running" actions={<Button look="small" onClick={() => setAll(true)}>List all of its {bytes(size)}</Button>}>
            What the first {bytes(HEAD_BYTES)} of the archive name.
          </Note>
        )}
      {busy && all && <p role="status" className="soft">Reading {bytes(size)} …</p>}
      <Table label="Entries of the archive" rows={listed.members} rowKey={(member) => member.name} height={LIST_HEIGHT}
        columns={[
          { title: "Name", sort: ({ name }) => name, cell: ({ name, kind }) =>
            <span className="storage-name"><Icon name={kind === "folder" ? "folder" : kind === "link" ? "link" : "file"} />
              <span className="break">{name}</span>
              </span> },
          { title: "Size", number: true, sort: ({ size: length }) => length, cell: ({ size: length, kind }) => (kind === "file" ? bytes(length) : "") },
          { title: "Modified", sort: ({ modified }) => modified, cell: ({ modified }) => <span className="nowrap">{exactTime(modified).slice(0, 16)}</span>, minor: true },
        ]}
        empty={<Empty title="No entry is within these bytes." />} />
    </div>
  );
}
