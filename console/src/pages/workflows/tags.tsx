/** The tags of a state machine. */
import { useState } from "react";
import { call } from "../../api/call";
import { read, useRead } from "../../api/watch";
import { Button, Empty, TextField } from "../../ui/controls";
import { attempt, Dialog } from "../../ui/dialog";
import { Problem } from "../../ui/problem";
import { Table } from "../../ui/table";

export function Tags({ arn }: { arn: string }) {
  const { data, error } = useRead(read("states", "ListTagsForResource", { resourceArn: arn }));
  const [adding, setAdding] = useState(false);
  if (error && !data) return <Problem error={error} />;
  const rows = data && (data.tags ?? []);
  return (
    <>
      <div className="filters"><Button look="small" icon="plus" onClick={() => setAdding(true)}>Add tag</Button></div>
      <Table label="Tags" rows={rows} rowKey={(tag) => tag.key ?? ""} empty={<Empty title="No tags" />} columns={[
        { title: "Key", cell: (tag) => tag.key },
        { title: "Value", cell: (tag) => tag.value },
        {
          title: "Actions", width: 84,
          cell: (tag) => <Button look="plain" icon="trash" label={`Remove the tag ${tag.key}`}
            onClick={() => void attempt(() => call("states", "UntagResource", { resourceArn: arn, tagKeys: [tag.key ?? ""] }))} />,
        },
      ]} />
      {adding && <Add arn={arn} onClose={() => setAdding(false)} />}
    </>
  );
}

function Add({ arn, onClose }: { arn: string; onClose: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  return (
    <Dialog title="Add tag" submit="Add" ready={key !== ""} onClose={onClose}
      onSubmit={async () => {
        await call("states", "TagResource", { resourceArn: arn, tags: [{ key, value }] });
      }}>
      <TextField label="Key" value={key} onChange={setKey} autoFocus />
      <TextField label="Value" value={value} onChange={setValue} />
    </Dialog>
  );
}
