/** A state machine's drawing with what can be done with it; the drawing itself is loaded when it is needed. */
import { saveAs } from "../lib/save";
import { Skeleton } from "../ui/controls";
import { attempt } from "../ui/dialog";
import { later } from "../ui/later";
import { Menu } from "../ui/menu";
import { orReplaced, Problem } from "../ui/problem";
import type { Drawn, Layout } from "./layout";
import "./graph.css";

const load = () => import("./flow");
const WAITING = <div className="inside"><Skeleton lines={5} /></div>;
const Flow = later(load, WAITING);
load().catch(() => {}); // while the layout is on its way; if it fails, it is tried again when it is needed
const NONE: ReadonlyMap<string, string> = new Map();

async function save(layout: Layout, statuses: ReadonlyMap<string, string>, name: string, kind: "svg" | "png"): Promise<void> {
  const { currentPalette, graphSvg, pngBlob, svgBlob } = await orReplaced(import("./export"));
  const svg = graphSvg(layout, statuses, currentPalette());
  saveAs(`${name}.${kind}`, kind === "svg" ? svgBlob(svg) : await pngBlob(svg, layout));
}

export function GraphMenu({ drawn, statuses = NONE, name }: { drawn: Drawn; statuses?: ReadonlyMap<string, string>; name: string }) {
  const { layout } = drawn;
  const item = (kind: "svg" | "png") => ({
    label: `Download as ${kind.toUpperCase()}`, icon: "download" as const, disabled: !layout,
    onChoose: () => void attempt(async () => layout && save(layout, statuses, name, kind)),
  });
  return <Menu label="Download the graph" icon="download" items={[item("svg"), item("png")]} />;
}

export function Graph({ drawn, statuses = NONE, chosen, onChoose, label }: {
  drawn: Drawn; statuses?: ReadonlyMap<string, string>; chosen?: string | undefined; onChoose?: (name: string) => void; label: string;
}) {
  if (!drawn.layout) return <div className="graph">{drawn.error === undefined ? WAITING : <Problem error={drawn.error} {...(drawn.retry && { onRetry: drawn.retry })} />}</div>;
  return (
    <div className="graph">
      <Flow layout={drawn.layout} statuses={statuses} chosen={chosen} onChoose={onChoose} label={label} />
    </div>
  );
}
