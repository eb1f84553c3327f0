import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Table } from "./table";

const COLUMNS = [{ title: "Name", cell: (row: string) => <a href={`#/${row}`}>{row}</a> }];
const stops = (html: string) => html.match(/<tr[^>]*tabindex="0"/g)?.length ?? 0;

test("rows that are chosen from are one stop of the Tab key", () => {
  const table = (onChoose?: () => void) => renderToStaticMarkup(
    <Table label="Jobs" columns={COLUMNS} rows={["a", "b", "c"]} rowKey={(row) => row} empty={null} onChoose={onChoose} />,
  );
  expect(stops(table(() => {}))).toBe(1);
  expect(stops(table())).toBe(0);
});
