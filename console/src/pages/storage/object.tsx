/** One object: what it is, what is in it. */
import { useEffect, useRef } from "react";
import { download, presigned } from "../../api/raw";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { useQuery } from "../../app/router";
import { shellQuoted } from "../../lib/code";
import { bytes, exactTime } from "../../lib/format";
import { Button, Facts, Panel, Skeleton, TabPanel, Tabs } from "../../ui/controls";
import { Command, Copy, copyUnseen } from "../../ui/copy";
import { attempt } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Ago } from "../../ui/time";
import { folderOf, nameIn, uri } from "./keys";
import { Preview } from "./preview";

const LINK_SECONDS = 3600;

export function ObjectPanel({ bucket, objectKey, onClose, onRemove }: {
  bucket: string; objectKey: string; onClose: () => void; onRemove: (size: number) => void;
}) {
  const head = useRead(read("s3", "HeadObject", { Bucket: bucket, Key: objectKey }));
  const [tab, setTab] = useQuery<"preview" | "about">("view", "preview");
  const name = nameIn(folderOf(objectKey), objectKey);
  const size = head.data?.ContentLength ?? 0;
  useEscape(onClose);
  const copyLink = async () => copyUnseen(await presigned(bucket, objectKey, LINK_SECONDS), "Copied: it opens for an hour.");
  return (
    <Panel title={<span className="break">{name}</span>} actions={
      <>
        <Button look="small" icon="download" onClick={() => void attempt(() => download(bucket, objectKey))}>Download</Button>
        <Button look="plain" icon="link" label="Copy a link that opens for an hour" onClick={() => void attempt(copyLink)} />
        <Button look="plain" icon="trash" label={`Delete ${name}`} onClick={() => onRemove(size)} />
        <Button look="plain" icon="cross" label="Close" onClick={onClose} />
      </>
    }>
      {head.error && !head.data && <Problem error={head.error} />}
      {head.loading && <Skeleton />}
      {head.data && (
        <div className="stack">
          <div className="row wrap soft small">
            <span>{bytes(size)}</span><span>·</span><Ago at={head.data.LastModified} />
            <span>·</span><span className="row">{head.data.ContentType ?? "no type"}<Copy text={uri(bucket, objectKey)} label="Copy S3 URI" /></span>
          </div>
          <Tabs label="Object" chosen={tab} onChoose={setTab} tabs={[{ id: "preview", title: "Preview" }, { id: "about", title: "Properties" }]} />
          <TabPanel id={tab}>
            {tab === "preview"
              ? <Preview key={head.data.ETag} bucket={bucket} objectKey={objectKey} size={size} />
              : <About bucket={bucket} objectKey={objectKey} head={head.data} />}
          </TabPanel>
        </div>
      )}
    </Panel>
  );
}

/** Escape closes what is open: first dialogs and menus, which take the key themselves. */
function useEscape(then: () => void) {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== "checkbox" && event.target.type !== "range";
      if (event.key === "Escape" && !typing && !document.querySelector("dialog[open], [role=menu]")) latest.current();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

function About({ bucket, objectKey, head }: { bucket: string; objectKey: string; head: Output<"s3", "HeadObject"> }) {
  const metadata = Object.entries(head.Metadata ?? {});
  return (
    <div className="stack">
      <Facts facts={[
        ["S3 URI", <span className="mono">{uri(bucket, objectKey)}</span>],
        ["Size", `${(head.ContentLength ?? 0).toLocaleString("en-US")} bytes`],
        ["Last modified", head.LastModified === undefined ? undefined : exactTime(head.LastModified)],
        ["ETag", <span className="mono">{head.ETag}</span>],
        ["Content-Type", head.ContentType],
        ["Content-Encoding", head.ContentEncoding],
        ["Content-Disposition", head.ContentDisposition],
        ["Content-Language", head.ContentLanguage],
        ["Cache-Control", head.CacheControl],
        ["Storage class", head.StorageClass],
        ["Parts", head.PartsCount],
        ["CRC32", head.ChecksumCRC32], ["CRC32C", head.ChecksumCRC32C], ["CRC64NVME", head.ChecksumCRC64NVME],
        ["SHA-1", head.ChecksumSHA1], ["SHA-256", head.ChecksumSHA256],
      ]} />
      <h3>Metadata</h3>
      {metadata.length === 0
        ? <p className="soft">The object was stored without metadata of its own.</p>
        : <Facts facts={metadata.map(([name, value]) => [`x-amz-meta-${name}`, value] as const)} />}
      <h3>From a shell</h3>
      <Command>{`aws s3 cp ${shellQuoted(uri(bucket, objectKey))} .`}</Command>
    </div>
  );
}
