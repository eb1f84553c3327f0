/** Deleting, with what it means counted before it is confirmed. */
import { useEffect, useRef, useState } from "react";
import { call } from "../../api/call";
import { go, links } from "../../app/router";
import { bytes, plural } from "../../lib/format";
import { Note, TextField } from "../../ui/controls";
import { Dialog, toast } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { countObjects, deleteObjects, type Counted } from "./remove";

/** From so many objects on their number has to be typed. */
const TYPED_FROM = 100;

export interface Doomed { keys: readonly { key: string; size: number }[]; prefixes: readonly string[] }

function useCount(bucket: string, doomed: Doomed) {
  const [so, setSo] = useState({ count: 0, size: 0 });
  const [counted, setCounted] = useState<Counted>();
  const [error, setError] = useState<unknown>();
  const what = useRef(doomed); // as it was chosen, whatever the list becomes meanwhile
  useEffect(() => {
    const control = new AbortController();
    countObjects(bucket, what.current.keys, what.current.prefixes, control.signal, setSo)
      .then(setCounted, (thrown: unknown) => control.signal.aborted || setError(thrown));
    return () => control.abort();
  }, [bucket]);
  return { so, counted, error };
}

function Amount({ so, counted, error }: ReturnType<typeof useCount>) {
  if (error !== undefined) return <Problem error={error} />;
  if (!counted) return <p role="status">Counting… {plural(so.count, "object")} so far.</p>;
  return <p role="status"><strong>{plural(counted.keys.length, "object")}</strong>, {bytes(counted.size)}.</p>;
}

/** Deletes one after the other in batches; closing the dialog stops after the batch that is on its way. */
function useRemoval() {
  const [gone, setGone] = useState<number>();
  const control = useRef(new AbortController());
  useEffect(() => {
    control.current = new AbortController();
    return () => control.current.abort();
  }, []);
  const remove = async (bucket: string, keys: readonly string[]) => {
    setGone(0);
    await deleteObjects(bucket, keys, control.current.signal, setGone);
  };
  return { gone, remove };
}

export function RemoveObjects({ bucket, doomed, onClose, onDone }: { bucket: string; doomed: Doomed; onClose: () => void; onDone: () => void }) {
  const count = useCount(bucket, doomed);
  const { gone, remove } = useRemoval();
  const [typed, setTyped] = useState("");
  const keys = count.counted?.keys;
  const must = keys && keys.length >= TYPED_FROM ? String(keys.length) : undefined;
  const names = [...doomed.prefixes, ...doomed.keys.map(({ key }) => key)];
  return (
    <Dialog title={names.length === 1 && doomed.keys.length === 1 ? "Delete object" : "Delete objects"} submit="Delete" danger onClose={onClose}
      ready={keys !== undefined && (must === undefined || typed === must)}
      onSubmit={async () => {
        await remove(bucket, keys!);
        toast("good", `Deleted ${plural(keys!.length, "object")} of ${bucket}.`);
        onDone();
      }}>
      <ul className="mono break">
        {names.slice(0, 8).map((name) => <li key={name}>{name}</li>)}
        {names.length > 8 && <li>and {names.length - 8} more</li>}
      </ul>
      <Amount {...count} />
      <Note tone="caught">Deleted objects cannot be brought back.</Note>
      {must !== undefined && <TextField label={`Type ${must} to confirm`} value={typed} onChange={setTyped} />}
      {gone !== undefined && keys && <progress value={gone} max={keys.length} aria-label="Deleted so far" />}
    </Dialog>
  );
}

const WHOLE: Doomed = { keys: [], prefixes: [""] };

export function RemoveBucket({ bucket, onClose }: { bucket: string; onClose: () => void }) {
  const count = useCount(bucket, WHOLE);
  const { gone, remove } = useRemoval();
  const [typed, setTyped] = useState("");
  const keys = count.counted?.keys;
  const full = (keys?.length ?? 0) > 0;
  return (
    <Dialog title={`Delete bucket ${bucket}`} submit={full ? "Delete objects and bucket" : "Delete bucket"} danger onClose={onClose}
      ready={keys !== undefined && (!full || typed === bucket)}
      onSubmit={async () => {
        if (full) await remove(bucket, keys!);
        await call("s3", "DeleteBucket", { Bucket: bucket });
        toast("good", `Deleted bucket ${bucket}.`);
        go(links.buckets);
      }}>
      {keys && !full ? <p>The bucket is empty.</p> : <Amount {...count} />}
      {full && <Note tone="caught">A bucket can be deleted once it is empty: all its objects are deleted with it, and cannot be brought back.</Note>}
      {full && <TextField label={`Type ${bucket} to confirm`} value={typed} onChange={setTyped} />}
      {gone !== undefined && keys && <progress value={gone} max={keys.length} aria-label="Deleted so far" />}
    </Dialog>
  );
}
