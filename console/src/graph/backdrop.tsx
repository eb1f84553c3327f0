/** What lies behind the states: the boxes of Parallel and Map, and all edges as few shapes; far off, the states as well. */
import { memo, useMemo } from "react";
import { toneOf } from "../ui/status";
import { boxesPath, headPath, linePath, type GraphNode, type Layout } from "./layout";

export const Backdrop = memo(function Backdrop({ layout }: { layout: Layout }) {
  const shapes = useMemo(() => {
    const lines = (caught: boolean) => layout.edges.filter((edge) => (edge.kind === "caught") === caught).map(linePath).join("");
    return { lines: lines(false), caught: lines(true), heads: layout.edges.map(headPath).join("") };
  }, [layout]);
  return (
    <svg className="flow-backdrop" width={1} height={1} aria-hidden="true">
      {layout.clusters.map((box, index) => <rect key={index} className="cluster" x={box.x} y={box.y} width={box.width} height={box.height} rx={10} />)}
      <path className="line" d={shapes.lines} />
      <path className="line caught" d={shapes.caught} />
      <path className="head" d={shapes.heads} />
    </svg>
  );
});

/** Labels of edges: legible from near only. */
export const Labels = memo(function Labels({ layout }: { layout: Layout }) {
  return (
    <svg className="flow-backdrop labels" width={1} height={1} aria-hidden="true">
      {layout.edges.map((edge, index) => edge.label && (
        <text key={index} x={edge.labelAt[0]} y={edge.labelAt[1]}>{edge.tooltip && <title>{edge.tooltip}</title>}{edge.label}</text>
      ))}
    </svg>
  );
});

/** The states from far off: one shape for each status. */
export const FarStates = memo(function FarStates({ layout, statuses, chosen }: { layout: Layout; statuses: ReadonlyMap<string, string>; chosen: string | undefined }) {
  const groups = useMemo(() => {
    const found = new Map<string, GraphNode[]>();
    for (const node of layout.nodes) {
      if (node.kind === "notice") continue;
      const status = node.kind === "state" ? statuses.get(node.name) : undefined;
      const tone = status ? toneOf(status) : "pending";
      const same = found.get(tone);
      if (same) same.push(node);
      else found.set(tone, [node]);
    }
    return [...found].map(([tone, nodes]) => [tone, boxesPath(nodes)] as const);
  }, [layout, statuses]);
  const node = layout.nodes.find((one) => one.kind === "state" && one.name === chosen);
  return (
    <svg className="flow-backdrop" width={1} height={1} aria-hidden="true">
      {groups.map(([tone, path]) => <path key={tone} className={`far ${tone}`} d={path} />)}
      {node && <path className="far at" d={boxesPath([node])} />}
    </svg>
  );
});
