/** Where the states of a definition go: laid out by the daemon, as it draws its plain pages. */
import { useEffect, useState } from "react";
import { ApiError, postJson } from "../api/http";
import { ofSession } from "../api/of_session";
import { retryMs } from "../api/retry";

export type Point = readonly [number, number];
export type Direction = "down" | "right";

export interface Box { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

export interface GraphNode extends Box {
  readonly kind: "start" | "end" | "state" | "join" | "notice";
  readonly name: string;
  readonly type: string;
  readonly subtitle: string;
  readonly tooltip: string;
  readonly cluster: number;
}

export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  readonly kind: "next" | "choice" | "fallback" | "caught";
  readonly label: string;
  readonly tooltip: string;
  /** One Bézier point, then three a piece. */
  readonly points: readonly Point[];
  readonly tip: Point;
  readonly labelAt: Point;
}

export interface GraphCluster extends Box { readonly name: string; readonly parent: number }

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly clusters: readonly GraphCluster[];
}

/** Layouts that were asked for last, the newest at the end: executions of a machine share its drawing. */
const kept = ofSession(new Map<string, Layout>());
const KEPT_MAX = 8;

export async function layoutOf(definition: string, direction: Direction, signal?: AbortSignal): Promise<Layout> {
  const key = `${direction} ${definition}`;
  const layout = kept.get(key) ?? (await (await postJson("/graph", { definition, direction }, signal)).json()) as Layout;
  kept.delete(key);
  kept.set(key, layout);
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!);
  return layout;
}

export interface Drawn { readonly layout?: Layout; readonly error?: unknown; readonly retry?: () => void }

/** Whether another try may go well: it is not the definition that is at fault. */
const passes = (error: unknown) => !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;

/** Asks until there is a drawing, or a definition that has none. Returns what ends it. */
export function draw(ask: (signal: AbortSignal) => Promise<Layout>, tell: (drawn: Drawn) => void, delay: number): () => void {
  const control = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  const plan = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void run(), milliseconds);
  };
  const run = async () => {
    try {
      const layout = await ask(control.signal);
      if (!control.signal.aborted) tell({ layout });
    } catch (error) {
      if (control.signal.aborted) return;
      tell({ error, retry: () => plan(0) });
      if (passes(error)) plan(retryMs(++failures));
    }
  };
  plan(delay);
  return () => {
    clearTimeout(timer);
    control.abort();
  };
}

/** The drawing of a definition; the one before stays until the next has come, so that nothing flickers while somebody types. */
export function useLayout(definition: string | undefined, direction: Direction, delay = 0): Drawn {
  const [drawn, setDrawn] = useState<Drawn>({});
  useEffect(() => {
    if (definition === undefined) return;
    return draw(
      (signal) => layoutOf(definition, direction, signal),
      (next) => setDrawn((before) => (next.layout || !before.layout ? next : { ...next, layout: before.layout })),
      delay,
    );
  }, [definition, direction, delay]);
  return drawn;
}

const at = ([x, y]: Point) => `${x.toFixed(1)},${y.toFixed(1)}`;

/** The line of an edge, as SVG's path data. */
export function linePath({ points }: GraphEdge): string {
  if (!points[0]) return "";
  let path = `M${at(points[0])}`;
  for (let index = 1; index + 2 < points.length; index += 3) {
    path += ` C${at(points[index]!)} ${at(points[index + 1]!)} ${at(points[index + 2]!)}`;
  }
  return path;
}

/** The head of its arrow: from the end of the line to the tip, as wide as it is long. */
export function headPath({ points, tip }: GraphEdge): string {
  const from = points.at(-1);
  if (!from) return "";
  const [wayX, wayY] = [tip[0] - from[0], tip[1] - from[1]];
  const sides: Point[] = [[from[0] - wayY * 0.5, from[1] + wayX * 0.5], [from[0] + wayY * 0.5, from[1] - wayX * 0.5]];
  return `M${at(tip)} L${at(sides[0]!)} L${at(sides[1]!)} Z`;
}

/** The outlines of many boxes as one path: far off, a thousand states are six shapes. */
export function boxesPath(boxes: readonly Box[]): string {
  return boxes.map(({ x, y, width, height }) => `M${x},${y}h${width}v${height}h${-width}z`).join("");
}

/** The state at a point of the drawing. */
export function stateAt(nodes: readonly GraphNode[], [x, y]: Point): GraphNode | undefined {
  return nodes.find((node) => node.kind === "state" && x >= node.x && x <= node.x + node.width && y >= node.y && y <= node.y + node.height);
}

export type Arrow = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";

const WAYS: Record<Arrow, Point> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
/** How much worse a state is that lies aside of the way than one that lies along it. */
const ASIDE = 2.5;

const centre = (box: Box): Point => [box.x + box.width / 2, box.y + box.height / 2];

/** The state nearest to another one in the direction of an arrow key; without one to begin from, the first state. */
export function neighbour(nodes: readonly GraphNode[], from: string | undefined, arrow: Arrow): string | undefined {
  const states = nodes.filter((node) => node.kind === "state");
  const begin = states.find((node) => node.name === from);
  if (!begin) return states[0]?.name;
  const [wayX, wayY] = WAYS[arrow];
  const [x, y] = centre(begin);
  let best: string | undefined;
  let least = Infinity;
  for (const node of states) {
    const [toX, toY] = centre(node);
    const along = (toX - x) * wayX + (toY - y) * wayY;
    const aside = Math.abs((toX - x) * wayY) + Math.abs((toY - y) * wayX);
    if (along < 1 || along + ASIDE * aside >= least) continue;
    least = along + ASIDE * aside;
    best = node.name;
  }
  return best;
}
