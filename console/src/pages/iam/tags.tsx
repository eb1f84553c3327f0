import { Empty, Panel } from "../../ui/controls";
import { Table } from "../../ui/table";

export function Tags({ tags }: { tags: { Key: string; Value: string }[] | undefined }) {
  return (
    <Panel flush>
      <Table label="Tags" rows={tags ?? []} rowKey={({ Key }) => Key}
        columns={[{ title: "Key", sort: ({ Key }) => Key, cell: ({ Key }) => Key }, { title: "Value", sort: ({ Value }) => Value, cell: ({ Value }) => Value }]}
        empty={<Empty title="No tags"><p>Tags are given when the role or user is made.</p></Empty>} />
    </Panel>
  );
}
