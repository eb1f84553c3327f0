/** A state in the text of a definition, at whatever depth: where its name and its fields stand. */
import { treeAt, treeOf, type Tree } from "../../code/scan";

export function stateIn(definition: string, name: string): Tree["members"][number] | undefined {
  const flows = [treeOf(definition)];
  for (let flow = flows.pop(); flow; flow = flows.pop()) {
    const states = treeAt(flow, ["States"])?.members ?? [];
    const own = states.find((one) => one.key === name);
    if (own) return own;
    for (const { value } of states) {
      const inside = [treeAt(value, ["ItemProcessor"]), treeAt(value, ["Iterator"]), ...(treeAt(value, ["Branches"])?.items ?? [])];
      flows.push(...inside.filter((one) => one !== undefined));
    }
  }
  return undefined;
}
