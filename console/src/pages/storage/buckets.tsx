import { useMemo, useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { plural } from "../../lib/format";
import { Button, Empty, Panel, SearchBox, TextField } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";
import { wrongBucketName } from "./keys";
import { RemoveBucket } from "./remove_dialog";

export function Buckets() {
  const list = useRead(read("s3", "ListBuckets", {}));
  const [find, setFind] = useState("");
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<string>();
  const all = list.data?.Buckets;
  const shown = useMemo(() => all?.filter((one) => one.Name?.includes(find.toLowerCase())), [all, find]);
  return (
    <Page crumbs={[{ text: "Storage" }]} title="Buckets" about={all && plural(all.length, "bucket")}
      actions={<Button look="primary" icon="plus" onClick={() => setCreating(true)}>Create bucket</Button>}>
      {list.error && <Problem error={list.error} />}
      {!(list.error && !all) && (
        <Panel flush>
          <div className="storage-tools"><div className="find"><SearchBox label="Find buckets" value={find} onChange={setFind} /></div></div>
          <Table label="Buckets" rows={shown} rowKey={(bucket) => bucket.Name!}
            onChoose={(bucket) => go(links.objects(bucket.Name!))}
            columns={[
              {
                title: "Name", sort: (bucket) => bucket.Name!,
                cell: (bucket) => <a className="storage-name" href={links.objects(bucket.Name!)}><Icon name="storage" />{bucket.Name}</a>,
              },
              { title: "Created", sort: (bucket) => bucket.CreationDate ?? 0, cell: (bucket) => <Ago at={bucket.CreationDate} />, minor: true },
              {
                title: "Actions", number: true, width: 88, cell: (bucket) => (
                  <Button look="plain" icon="trash" label={`Delete ${bucket.Name}`} onClick={(event) => {
                    event.stopPropagation();
                    setRemoving(bucket.Name);
                  }} />
                ),
              },
            ]}
            empty={find ? <Empty title={`No bucket's name has “${find}” in it.`} /> : <NoBuckets onCreate={() => setCreating(true)} />} />
        </Panel>
      )}
      {creating && <CreateBucket onClose={() => setCreating(false)} />}
      {removing && <RemoveBucket bucket={removing} onClose={() => setRemoving(undefined)} />}
    </Page>
  );
}

function NoBuckets({ onCreate }: { onCreate: () => void }) {
  return (
    <Empty title="No bucket yet">
      <p>Data, code and models lie in buckets. The SageMaker SDK makes its own when it first needs one.</p>
      <Button look="primary" onClick={onCreate}>Create bucket</Button>
      <Command>aws s3 mb s3://models</Command>
    </Empty>
  );
}

function CreateBucket({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const wrong = name ? wrongBucketName(name) : undefined;
  return (
    <Dialog title="Create bucket" submit="Create bucket" onClose={onClose} ready={name !== "" && !wrong}
      onSubmit={async () => {
        await call("s3", "CreateBucket", { Bucket: name });
        go(links.objects(name));
      }}>
      <TextField label="Name" value={name} onChange={setName} wrong={wrong} placeholder="sagemaker-us-east-1-…" autoFocus
        hint="3 to 63 lower-case letters, digits, dots and hyphens." />
    </Dialog>
  );
}
