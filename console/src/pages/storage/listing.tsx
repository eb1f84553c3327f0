/** The rows of a folder: to open, to choose several of, to find by how names begin. */
import { useState } from "react";
import { go, links } from "../../app/router";
import type { ApiError } from "../../api/http";
import { bytes, plural } from "../../lib/format";
import { Button, ButtonLink, Empty, Panel, SearchBox } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { Icon } from "../../ui/icon";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import type { Entry } from "./entries";
import { uri } from "./keys";
import type { Doomed } from "./remove_dialog";

export function Listing({ bucket, folder, entries, error, chosen, onRemove, find, onFind, page, onBack, onNext }: {
  bucket: string; folder: string; entries: Entry[] | undefined; error: ApiError | undefined; chosen: string | undefined;
  onRemove: (doomed: Doomed) => void; find: string; onFind: (text: string) => void;
  page: number; onBack: (() => void) | undefined; onNext: (() => void) | undefined;
}) {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const rows = entries?.filter(({ key }) => marked.has(key)) ?? [];
  const mark = (keys: readonly string[], on: boolean) => {
    const next = new Set(marked);
    for (const key of keys) on ? next.add(key) : next.delete(key);
    setMarked(next);
  };
  if (error && !entries) return <Refused bucket={bucket} error={error} />;
  const removeMarked = () => onRemove({ keys: rows.filter((one) => !one.folder), prefixes: rows.filter((one) => one.folder).map(({ key }) => key) });
  return (
    <Panel flush>
      {error && <Problem error={error} />}
      <div className="storage-tools">
        <div className="find"><SearchBox label="Find by beginning" value={find} onChange={onFind} /></div>
        {entries && entries.length > 0 && (
          <label className="row"><input type="checkbox" className="storage-check" checked={rows.length === entries.length}
            ref={(box) => { if (box) box.indeterminate = rows.length > 0 && rows.length < entries.length; }}
            onChange={(event) => mark(entries.map(({ key }) => key), event.target.checked)} />All</label>
        )}
        {rows.length > 0 && <Button look="danger" icon="trash" onClick={removeMarked}>Delete {plural(rows.length, "entry", "entries")}</Button>}
      </div>
      <Table label={`Objects in ${uri(bucket, folder)}`} rows={entries} rowKey={({ key }) => key} chosen={chosen}
        onChoose={({ key }) => go(links.objects(bucket, key))}
        columns={[
          {
            title: "✓", width: 40, cell: ({ key, name }) => (
              <input type="checkbox" className="storage-check" aria-label={`Select ${name}`} checked={marked.has(key)}
                onClick={(event) => event.stopPropagation()} onChange={(event) => mark([key], event.target.checked)} />
            ),
          },
          {
            title: "Name", sort: ({ name }) => name, cell: ({ key, name, folder: isFolder }) => (
              <a className={`storage-name ${isFolder ? "folder" : ""}`} href={links.objects(bucket, key)}>
                <Icon name={isFolder ? "folder" : "file"} /><span className="break">{name}</span>
              </a>
            ),
          },
          { title: "Size", number: true, sort: ({ size }) => size, cell: ({ folder: isFolder, size }) => (isFolder ? "" : bytes(size)) },
          { title: "Modified", sort: ({ modified = 0 }) => modified, cell: ({ modified }) => (modified === undefined ? "" : <Ago at={modified} />), minor: true },
        ]}
        empty={<NothingHere bucket={bucket} folder={folder} find={find} />} />
      {(onBack || onNext) && (
        <div className="table-foot">
          <Button look="small" icon="left" disabled={!onBack} onClick={onBack}>Before</Button>
          <span className="soft">Page {page}</span>
          <Button look="small" disabled={!onNext} onClick={onNext}>Next</Button>
        </div>
      )}
    </Panel>
  );
}

function Refused({ bucket, error }: { bucket: string; error: ApiError }) {
  if (error.code !== "NoSuchBucket") return <Problem error={error} />;
  return (
    <Panel>
      <Empty title={`There is no bucket ${bucket}`}>
        <p>{error.message}.</p>
        <ButtonLink href={links.buckets}>All buckets</ButtonLink>
        <Command>{`aws s3 mb s3://${bucket}`}</Command>
      </Empty>
    </Panel>
  );
}

function NothingHere({ bucket, folder, find }: { bucket: string; folder: string; find: string }) {
  if (find) return <Empty title={`Nothing here begins with “${find}”.`} />;
  return (
    <Empty title={folder ? "Nothing is in this folder" : "Nothing is in this bucket"}>
      <p>Drop files or folders here, or:</p>
      <Command>{`aws s3 cp --recursive data ${uri(bucket, folder)}`}</Command>
    </Empty>
  );
}
