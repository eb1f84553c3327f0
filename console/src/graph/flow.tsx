/** The drawing to look at closely: panned, zoomed, chosen from. Loaded when the first graph is shown. */
import { ReactFlow, ReactFlowProvider, useReactFlow, useStore, ViewportPortal, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { memo, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { Button } from "../ui/controls";
import { Mark, toneOf } from "../ui/status";
import { Backdrop, FarStates, Labels } from "./backdrop";
import { neighbour, stateAt, type Arrow, type GraphNode, type Layout } from "./layout";

interface StateData extends Record<string, unknown> { node: GraphNode; status: string | undefined; chosen: boolean; at: boolean }

const StateNode = memo(function StateNode({ data, id }: NodeProps<Node<StateData>>) {
  const { node, status, chosen, at } = data;
  const tone = status ? toneOf(status) : "idle";
  return (
    <div className={`flow-state ${node.kind} ${status ? tone : "pending"} ${node.type === "Choice" ? "choice" : ""} ${chosen ? "chosen" : ""} ${at ? "at" : ""}`}
        id={`flow-${id}`} title={node.tooltip || undefined} data-state={node.kind === "state" ? node.name : undefined} data-status={status}
        role={node.kind === "state" ? "img" : undefined} aria-label={node.kind === "state" ? `${node.name}, ${node.type}, ${status ?? "has not run"}` : undefined}>
        {node.kind !== "join" && <span className="name">{status && node.kind === "state" && <Mark tone={tone} ended={status === "aborted"} size={10} />}{node.name}</span>}
        {node.subtitle && <span className="subtitle">{node.subtitle}</span>}
    </div>
  );
});

const NODE_TYPES = { state: StateNode };
const NO_NODES: Node[] = [];

const frame = (x: number, y: number, width: number, height: number) =>
  ({ position: { x, y }, width, height, measured: { width, height }, draggable: false, selectable: false, focusable: false });

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
      return { id: String(index), type: "state", data, ...frame(node.x, node.y, node.width, node.height) };
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
const ZOOM_MIN = 0.01;
/** From here on names cannot be read: states are drawn as mere shapes. */
const FAR = 0.35;
/** A drawing that would be smaller than this is not shown whole at first, but from where it matters. */
const READABLE = 0.45;
const MARGIN = 20;

function Drawing({ layout, statuses, chosen, onChoose, label }: FlowProps) {
  const flow = useReactFlow();
  const told = useId();
  const [at, setAt] = useState<string | undefined>();
  const states = useStateNodes(layout, statuses, chosen, at);
  const far = useStore((state) => state.transform[2] < FAR);
  const calm = useMemo(() => matchMedia("(prefers-reduced-motion: reduce)").matches, []);
  const element = useRef<HTMLDivElement>(null);
  const fit = useCallback((duration = calm ? 0 : MOVE_MS) => {
    const { clientWidth, clientHeight } = element.current!;
    const zoom = Math.max(ZOOM_MIN, Math.min(1, (clientWidth - 2 * MARGIN) / layout.width, (clientHeight - 2 * MARGIN) / layout.height));
    void flow.setViewport({ x: (clientWidth - layout.width * zoom) / 2, y: (clientHeight - layout.height * zoom) / 2, zoom }, { duration });
  }, [flow, layout, calm]);
  const first = useRef({ statuses, chosen });
  first.current = { statuses, chosen };
  const moved = useRef(false); // by the reader: from then on it stays as they have it
  const place = useCallback(() => {
    const box = element.current!;
    moved.current = false;
    if (Math.min(box.clientWidth / layout.width, box.clientHeight / layout.height) >= READABLE) return fit(0);
    const node = whereItMatters(layout, first.current.statuses, first.current.chosen);
    if (!node) return;
    const zoom = READABLE * 1.5;
    const y = node.kind === "start" ? MARGIN - node.y * zoom : box.clientHeight / 2 - (node.y + node.height / 2) * zoom;
    void flow.setViewport({ x: box.clientWidth / 2 - (node.x + node.width / 2) * zoom, y, zoom });
  }, [flow, layout, fit]);
  useEffect(place, [place]);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (!moved.current) place();
    });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [place]);
  const move = (by: () => unknown) => {
    moved.current = true;
    by();
  };
  const reveal = (name: string) => {
    const node = layout.nodes.find((one) => one.kind === "state" && one.name === name);
    if (node) move(() => flow.setCenter(node.x + node.width / 2, node.y + node.height / 2, { zoom: Math.max(flow.getZoom(), 0.6), duration: calm ? 0 : MOVE_MS }));
  };
  const press = (event: React.KeyboardEvent) => {
    if (event.target !== element.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const current = at ?? chosen;
    if (ARROWS.has(event.key)) {
      const next = neighbour(layout.nodes, current, event.key as Arrow);
      if (next) setAt(next);
      if (next) reveal(next);
    } else if ((event.key === "Enter" || event.key === " ") && current) onChoose?.(current);
    else if (event.key === "+") move(() => flow.zoomIn());
    else if (event.key === "-") move(() => flow.zoomOut());
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  };
  const here = at ?? chosen;
  return (
    <div className="flow" ref={element} tabIndex={0} role="application" aria-label={`${label}. Arrow keys go from state to state, Enter chooses.`}
      aria-describedby={told} onKeyDown={press} onBlur={() => setAt(undefined)}>
      <span id={told} className="visually-hidden" aria-live="polite">{here ? `${here}, ${statuses.get(here) ?? "has not run"}` : ""}</span>
      <ReactFlow nodes={far ? NO_NODES : states} nodeTypes={NODE_TYPES} onlyRenderVisibleElements minZoom={ZOOM_MIN} maxZoom={2}
        nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} elementsSelectable={false}
        disableKeyboardA11y deleteKeyCode={null} selectionKeyCode={null} multiSelectionKeyCode={null} panActivationKeyCode={null} zoomActivationKeyCode="Control"
        zoomOnScroll={false} panOnScroll={false} preventScrolling={false} zoomOnDoubleClick={false}
        onMoveStart={(event) => {
          if (event) moved.current = true;
        }}
        onNodeClick={(_, { data }) => {
          const { node } = data as StateData;
          if (node.kind === "state") onChoose?.(node.name);
        }}
        onPaneClick={(event) => {
          const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
          const node = far ? stateAt(layout.nodes, [x, y]) : undefined;
          if (node) onChoose?.(node.name);
        }}>
        <ViewportPortal>
          <Backdrop layout={layout} />
          {far ? <FarStates layout={layout} statuses={statuses} chosen={at ?? chosen} /> : <Labels layout={layout} />}
        </ViewportPortal>
      </ReactFlow>
      <div className="flow-tools">
        <Button look="small" icon="plus" label="Nearer" onClick={() => move(() => flow.zoomIn())} />
        <Button look="small" icon="minus" label="Farther" onClick={() => move(() => flow.zoomOut())} />
        <Button look="small" icon="fit" label="All of it" onClick={() => fit()} />
      </div>
    </div>
  );
}

export default function Flow(props: FlowProps) {
  return <ReactFlowProvider><Drawing {...props} /></ReactFlowProvider>;
}
