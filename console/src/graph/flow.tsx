/** The drawing to look at closely: panned, zoomed, chosen from. Loaded when the first graph is shown. */
import { Handle, Position, ReactFlow, useReactFlow, ReactFlowProvider, type Edge, type EdgeProps, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { memo, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { Button } from "../ui/controls";
import { Mark, toneOf } from "../ui/status";
import { headPath, linePath, neighbour, type Arrow, type GraphCluster, type GraphEdge, type GraphNode, type Layout } from "./layout";

interface StateData extends Record<string, unknown> { node: GraphNode; status: string | undefined; chosen: boolean; at: boolean }
interface EdgeData extends Record<string, unknown> { edge: GraphEdge }
interface ClusterData extends Record<string, unknown> { cluster: GraphCluster }

const HANDLE = { opacity: 0, pointerEvents: "none" as const };

const StateNode = memo(function StateNode({ data, id }: NodeProps<Node<StateData>>) {
  const { node, status, chosen, at } = data;
  const tone = status ? toneOf(status) : "idle";
  return (
    <>
      <Handle type="target" position={Position.Top} style={HANDLE} isConnectable={false} />
      <div className={`flow-state ${node.kind} ${status ? tone : "pending"} ${node.type === "Choice" ? "choice" : ""} ${chosen ? "chosen" : ""} ${at ? "at" : ""}`}
        id={`flow-${id}`} title={node.tooltip || undefined} data-state={node.kind === "state" ? node.name : undefined} data-status={status}
        role={node.kind === "state" ? "img" : undefined} aria-label={node.kind === "state" ? `${node.name}, ${node.type}, ${status ?? "has not run"}` : undefined}>
        {node.kind !== "join" && <span className="name">{status && node.kind === "state" && <Mark tone={tone} ended={status === "aborted"} size={10} />}{node.name}</span>}
        {node.subtitle && <span className="subtitle">{node.subtitle}</span>}
      </div>
      <Handle type="source" position={Position.Bottom} style={HANDLE} isConnectable={false} />
    </>
  );
});

const ClusterNode = memo(function ClusterNode({ data }: NodeProps<Node<ClusterData>>) {
  return <div className="flow-cluster" title={data.cluster.name} />;
});

const LineEdge = memo(function LineEdge({ data }: EdgeProps<Edge<EdgeData>>) {
  const { edge } = data!;
  return (
    <g className={`flow-edge ${edge.kind}`}>
      {edge.tooltip && <title>{edge.tooltip}</title>}
      <path className="line" d={linePath(edge)} />
      <path className="head" d={headPath(edge)} />
      {edge.label && <text x={edge.labelAt[0]} y={edge.labelAt[1]}>{edge.label}</text>}
    </g>
  );
});

const NODE_TYPES = { state: StateNode, cluster: ClusterNode };
const EDGE_TYPES = { line: LineEdge };
const HANDLES: NonNullable<Node["handles"]> = [
  { type: "target", position: Position.Top, x: 0, y: 0, width: 1, height: 1 },
  { type: "source", position: Position.Bottom, x: 0, y: 0, width: 1, height: 1 },
];

const frame = (x: number, y: number, width: number, height: number) =>
  ({ position: { x, y }, width, height, measured: { width, height }, draggable: false, selectable: false, focusable: false });

function clusterNodes(layout: Layout): Node<ClusterData>[] {
  return layout.clusters.map((cluster, index) => ({
    id: `cluster-${index}`, type: "cluster", zIndex: 0, data: { cluster }, ...frame(cluster.x, cluster.y, cluster.width, cluster.height),
  }));
}

function edgesOf(layout: Layout): Edge<EdgeData>[] {
  return layout.edges.map((edge, index) => ({
    id: `edge-${index}`, type: "line", source: String(edge.from), target: String(edge.to), data: { edge }, zIndex: 1, selectable: false, focusable: false,
  }));
}

/** Nodes keep their identity while nothing about them changes: only those that did are drawn again. */
function useStateNodes(layout: Layout, statuses: ReadonlyMap<string, string>, chosen: string | undefined, at: string | undefined): Node<StateData>[] {
  const before = useRef<{ layout: Layout; nodes: Node<StateData>[] } | null>(null);
  return useMemo(() => {
    const old = before.current?.layout === layout ? before.current.nodes : [];
    const nodes = layout.nodes.map((node, index): Node<StateData> => {
      const isState = node.kind === "state";
      const data = { node, status: isState ? statuses.get(node.name) : undefined, chosen: isState && node.name === chosen, at: isState && node.name === at };
      const same = old[index];
      if (same && same.data.status === data.status && same.data.chosen === data.chosen && same.data.at === data.at) return same;
      return { id: String(index), type: "state", zIndex: 2, handles: HANDLES, data, ...frame(node.x, node.y, node.width, node.height) };
    });
    before.current = { layout, nodes };
    return nodes;
  }, [layout, statuses, chosen, at]);
}

export interface FlowProps {
  layout: Layout;
  /** State name → status; states that have not run are left out. */
  statuses: ReadonlyMap<string, string>;
  chosen?: string | undefined;
  onChoose?: ((name: string) => void) | undefined;
  label: string;
}

/** The state that is chosen, runs or has failed; else where it begins. */
function whereItMatters(layout: Layout, statuses: ReadonlyMap<string, string>, chosen: string | undefined): GraphNode | undefined {
  const states = layout.nodes.filter((node) => node.kind === "state");
  return states.find((node) => node.name === chosen) ?? states.find((node) => statuses.get(node.name) === "running") ??
    states.find((node) => statuses.get(node.name) === "failed") ?? layout.nodes[0];
}

const MOVE_MS = 150;
const ARROWS = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);
const FIT = { padding: 0.08, maxZoom: 1 };
/** A drawing that would be smaller than this is not shown whole at first, but from where it matters. */
const READABLE = 0.45;
const MARGIN = 20;

function Drawing({ layout, statuses, chosen, onChoose, label }: FlowProps) {
  const flow = useReactFlow();
  const told = useId();
  const [at, setAt] = useState<string | undefined>();
  const states = useStateNodes(layout, statuses, chosen, at);
  const clusters = useMemo(() => clusterNodes(layout), [layout]);
  const nodes = useMemo(() => [...clusters, ...states] as Node[], [clusters, states]);
  const edges = useMemo(() => edgesOf(layout), [layout]);
  const calm = useMemo(() => matchMedia("(prefers-reduced-motion: reduce)").matches, []);
  const fit = useCallback(() => void flow.fitView({ ...FIT, duration: calm ? 0 : MOVE_MS }), [flow, calm]);
  const element = useRef<HTMLDivElement>(null);
  const first = useRef({ statuses, chosen });
  first.current = { statuses, chosen };
  useEffect(() => {
    const box = element.current!;
    if (Math.min(box.clientWidth / layout.width, box.clientHeight / layout.height) >= READABLE) return void flow.fitView(FIT);
    const node = whereItMatters(layout, first.current.statuses, first.current.chosen);
    if (!node) return;
    const zoom = READABLE * 1.5;
    const y = node.kind === "start" ? MARGIN - node.y * zoom : box.clientHeight / 2 - (node.y + node.height / 2) * zoom;
    void flow.setViewport({ x: box.clientWidth / 2 - (node.x + node.width / 2) * zoom, y, zoom });
  }, [flow, layout]);
  const reveal = (name: string) => {
    const node = layout.nodes.find((one) => one.kind === "state" && one.name === name);
    if (node) void flow.setCenter(node.x + node.width / 2, node.y + node.height / 2, { zoom: Math.max(flow.getZoom(), 0.6), duration: calm ? 0 : MOVE_MS });
  };
  const press = (event: React.KeyboardEvent) => {
    if (event.target !== element.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const current = at ?? chosen;
    if (ARROWS.has(event.key)) {
      const next = neighbour(layout.nodes, current, event.key as Arrow);
      if (next) setAt(next);
      if (next) reveal(next);
    } else if ((event.key === "Enter" || event.key === " ") && current) onChoose?.(current);
    else if (event.key === "+") void flow.zoomIn();
    else if (event.key === "-") void flow.zoomOut();
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  };
  const here = at ?? chosen;
  return (
    <div className="flow" ref={element} tabIndex={0} role="application" aria-label={`${label}. Arrow keys go from state to state, Enter chooses.`}
      aria-describedby={told} onKeyDown={press} onBlur={() => setAt(undefined)}>
      <span id={told} className="visually-hidden" aria-live="polite">{here ? `${here}, ${statuses.get(here) ?? "has not run"}` : ""}</span>
      <ReactFlow nodes={nodes} edges={edges} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} onlyRenderVisibleElements
        minZoom={0.02} maxZoom={2} nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false}
        disableKeyboardA11y deleteKeyCode={null} selectionKeyCode={null} multiSelectionKeyCode={null} panActivationKeyCode={null} zoomActivationKeyCode="Control"
        zoomOnScroll={false} panOnScroll={false} preventScrolling={false} zoomOnDoubleClick={false}
        onNodeClick={(_, { data }) => {
          const { node } = data as Partial<StateData>;
          if (node?.kind === "state") onChoose?.(node.name);
        }} />
      <div className="flow-tools">
        <Button look="small" icon="plus" label="Nearer" onClick={() => void flow.zoomIn()} />
        <Button look="small" icon="minus" label="Farther" onClick={() => void flow.zoomOut()} />
        <Button look="small" icon="fit" label="All of it" onClick={fit} />
      </div>
    </div>
  );
}

export default function Flow(props: FlowProps) {
  return <ReactFlowProvider><Drawing {...props} /></ReactFlowProvider>;
}
