/**
 * What is in an object, from its first 256 kB. Nothing is interpreted: text is text, images are of
 * known types by their first bytes and drawn from a blob of this page's own.
 */
import { useEffect, useMemo, useState } from "react";
import { request } from "../../api/http";
import { objectPath } from "../../api/raw";
import { bytes as size_ } from "../../lib/format";
import { Button, Empty, Note, Skeleton } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { Problem } from "../../ui/problem";
import { Archive } from "./archive";
import { ArrayView } from "./array_view";
import { inflated } from "./inflate";
import { hexDump, kindOf, textOf, type Found } from "./kinds";

export const HEAD_BYTES = 256 * 1024;
/** Images are drawn whole or not at all. */
const IMAGE_MAX = 20 * 1024 * 1024;

/** The first bytes; `request` throws what S3 refuses. */
export async function firstBytes(bucket: string, key: string, size: number, limit: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (size === 0) return new Uint8Array(0); // no range of it can be satisfied
  const response = await request(objectPath(bucket, key), { headers: { Range: `bytes=0-${Math.min(size, limit) - 1}` }, signal });
  return new Uint8Array(await response.arrayBuffer());
}

interface Props { bucket: string; objectKey: string; size: number }

export function Preview({ bucket, objectKey, size }: Props) {
  const [bytes, setBytes] = useState<Uint8Array<ArrayBuffer>>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const control = new AbortController();
    firstBytes(bucket, objectKey, size, HEAD_BYTES, control.signal)
      .then(setBytes, (thrown: unknown) => control.signal.aborted || setError(thrown));
    return () => control.abort();
  }, [bucket, objectKey, size]);
  if (error !== undefined) return <Problem error={error} />;
  if (!bytes) return <Skeleton lines={6} />;
  return <Shown bucket={bucket} objectKey={objectKey} size={size} bytes={bytes} complete={bytes.length >= size} />;
}

function Shown({ bytes, complete, ...at }: Props & { bytes: Uint8Array<ArrayBuffer>; complete: boolean }) {
  const found = useMemo(() => kindOf(at.objectKey, bytes, complete), [at.objectKey, bytes, complete]);
  if (found.kind === "empty") return <Empty title="The object is empty." />;
  if (found.kind === "image") return <Image {...at} found={found} />;
  if (found.kind === "archive") return <Archive {...at} zipped={found.type.includes("gzip")} />;
  if (found.kind === "gzip") return <Unzipped {...at} bytes={bytes} complete={complete} />;
  return <Plain found={found} bytes={bytes} complete={complete} />;
}

/** What needs no more than the bytes: also of what was unzipped. */
function Plain({ found, bytes, complete }: { found: Found; bytes: Uint8Array<ArrayBuffer>; complete: boolean }) {
  if (found.kind === "array") return <ArrayView bytes={bytes} type={found.type} />;
  const text = found.kind === "binary" ? null : textOf(bytes, complete);
  if (found.kind === "json" && text !== null) return <Json value={text} label="JSON" />;
  return (
    <div className="stack tight">
      {!complete && <Note tone="running">The first {size_(bytes.length)} are shown.</Note>}
      {text === null
        ? <><p className="soft small">Binary: its first bytes.</p><pre className="code storage-hex" tabIndex={0}>{hexDump(bytes)}</pre></>
        : <pre className="code storage-text" tabIndex={0} aria-label="Text">{text}</pre>}
    </div>
  );
}

function Unzipped({ objectKey, bytes, complete }: Props & { bytes: Uint8Array<ArrayBuffer>; complete: boolean }) {
  const [inside, setInside] = useState<{ bytes: Uint8Array<ArrayBuffer>; whole: boolean }>();
  useEffect(() => {
    let here = true;
    void inflated(bytes, HEAD_BYTES).then((result) => here && setInside(result));
    return () => {
      here = false;
    };
  }, [bytes]);
  if (!inside) return <Skeleton lines={6} />;
  const whole = inside.whole && complete;
  const found = kindOf(objectKey.replace(/\.gz$/i, ""), inside.bytes, whole);
  return (
    <div className="stack tight">
      <p className="soft small">Unzipped: {found.type}.</p>
      <Plain found={found.kind === "image" || found.kind === "gzip" ? { kind: "binary", type: found.type } : found} bytes={inside.bytes} complete={whole} />
    </div>
  );
}

function Image({ bucket, objectKey, size, found }: Props & { found: Found }) {
  const [url, setUrl] = useState<string>();
  const [extent, setExtent] = useState("");
  const [error, setError] = useState<unknown>();
  const [wanted, setWanted] = useState(size <= IMAGE_MAX);
  useEffect(() => {
    if (!wanted) return;
    const control = new AbortController();
    let made: string | undefined;
    request(objectPath(bucket, objectKey), { signal: control.signal })
      .then(async (response) => {
        // The type is that of the bytes, whatever the object says that it is.
        made = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: found.type }));
        if (control.signal.aborted) URL.revokeObjectURL(made);
        else setUrl(made);
      })
      .catch((thrown: unknown) => control.signal.aborted || setError(thrown));
    return () => {
      control.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [bucket, objectKey, found.type, wanted]);
  if (error !== undefined) return <Problem error={error} />;
  if (!wanted) return <Empty title={`An image of ${size_(size)}`}><Button onClick={() => setWanted(true)}>Show it</Button></Empty>;
  if (!url) return <Skeleton lines={6} />;
  return (
    <figure className="stack tight">
      <div className="storage-image">
        <img src={url} alt={`What ${objectKey} shows`} onError={() => setError(new Error("The browser cannot draw this image."))}
          onLoad={(event) => setExtent(`${event.currentTarget.naturalWidth} × ${event.currentTarget.naturalHeight}`)} />
      </div>
      <figcaption className="soft small">{found.type} {extent}</figcaption>
    </figure>
  );
}
