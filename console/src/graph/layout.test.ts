import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../api/http";
import { graphSvg, xml, type Palette } from "./export";
import { draw, headPath, linePath, neighbour, type Drawn, type GraphEdge, type GraphNode, type Layout } from "./layout";

const state = (name: string, x: number, y: number): GraphNode =>
  ({ kind: "state", name, type: "Pass", subtitle: "", tooltip: "", cluster: -1, x, y, width: 100, height: 40 });
const edge: GraphEdge = {
  from: 0, to: 1, kind: "next", label: "", tooltip: "", points: [[0, 0], [0, 10], [0, 20], [0, 30]], tip: [0, 40], labelAt: [0, 0],
};

describe("a drawing that does not come", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const layout: Layout = { width: 1, height: 1, nodes: [], edges: [], clusters: [] };

  /** Fails so often with that, then draws. */
  function asked(error: unknown, times: number) {
    const told: Drawn[] = [];
    let asks = 0;
    const end = draw(async () => {
      if (asks++ < times) throw error;
      return layout;
    }, (drawn) => told.push(drawn), 0);
    return { told, end, asks: () => asks };
  }

  test("is asked for again when the daemon did not answer", async () => {
    const { told } = asked(new ApiError("NoAnswer", "", 0), 2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told.map(({ error }) => error instanceof ApiError)).toEqual([true, true, false]);
    expect(told.at(-1)).toEqual({ layout });
  });

  test("is not, without the reader's word, when the definition is at fault", async () => {
    const { told, asks } = asked(new ApiError("InvalidDefinition", "", 400), 1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asks()).toBe(1);
    told[0]!.retry!();
    await vi.advanceTimersByTimeAsync(1);
    expect(told.at(-1)).toEqual({ layout });
  });

  test("is not for a page that was left", async () => {
    const { end, asks } = asked(new ApiError("NoAnswer", "", 0), 9);
    await vi.advanceTimersByTimeAsync(1);
    end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asks()).toBe(1);
  });
});

describe("edges", () => {
  test("a curve, and an arrow at its end", () => {
    expect(linePath(edge)).toBe("M0.0,0.0 C0.0,10.0 0.0,20.0 0.0,30.0");
    expect(headPath(edge)).toBe("M0.0,40.0 L-5.0,30.0 L5.0,30.0 Z");
  });
  test("without points there is nothing to draw", () => {
    expect(linePath({ ...edge, points: [] }) + headPath({ ...edge, points: [] })).toBe("");
  });
});

describe("arrow keys", () => {
  //   A
  //  B C
  //   D
  const nodes = [{ ...state("Start", 0, -100), kind: "start" as const }, state("A", 100, 0), state("B", 0, 100), state("C", 200, 100), state("D", 100, 200)];
  test.each([
    ["A", "ArrowDown", "D"], // straight down
    ["B", "ArrowRight", "C"], ["C", "ArrowLeft", "B"], ["B", "ArrowUp", "A"], ["C", "ArrowDown", "D"],
    ["A", "ArrowUp", undefined], ["B", "ArrowLeft", undefined],
    [undefined, "ArrowDown", "A"], ["gone", "ArrowUp", "A"],
  ] as const)("from %s by %s", (from, arrow, to) => {
    expect(neighbour(nodes, from, arrow)).toBe(to);
  });
});

describe("the drawing as a file", () => {
  const palette: Palette = {
    ground: "white", line: "grey", ink: "black", soft: "dimgrey", surface: "white",
    fills: { pending: { wash: "white", line: "grey" }, failed: { wash: "pink", line: "red" } },
  };
  const layout: Layout = { width: 100, height: 80, nodes: [state("<b>&", 0, 0), state("Z", 0, 40)], edges: [edge], clusters: [] };
  test("names are text, colours are its own", () => {
    const svg = graphSvg(layout, new Map([["Z", "failed"]]), palette);
    expect(svg).toContain("&#60;b&#62;&#38;");
    expect(svg).not.toContain("<b>");
    expect(svg).toContain('fill="pink" stroke="red"');
    expect(svg).not.toMatch(/var\(|class=|style=|href/);
  });
  test("control characters, which XML has no way to write", () => {
    expect(xml("a\u0000b\u0007\t'")).toBe("a\ufffdb\ufffd\t&#39;");
  });
});
