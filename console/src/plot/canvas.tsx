/** The drawing of a plot. Loaded lazily: by itself, uPlot comes along. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useDark } from "../app/theme";
import { duration, exactTime } from "../lib/format";
import { lookOf, type Axis } from "./plot";
import type { Aligned } from "./series";

interface CanvasProps {
  label: string; names: readonly string[]; data: Aligned; axis: Axis; height: number;
  fromZero: boolean;
  format: (value: number) => string; onCursor: (index: number | null) => void;
}

/** Steps of an axis of durations, in seconds. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];
/** Steps of an axis of times: none below the second that its labels tell. */
const TIME_STEPS = STEPS.filter((step) => step >= 1).concat([2 * 86_400, 7 * 86_400, 28 * 86_400]);
/** More points than this are drawn as a line alone. */
const DOTS_MAX = 40;

/** What a token's colour is now: canvases know neither variables nor light-dark(). */
function colour(token: string, near: HTMLElement): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  near.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function optionsOf(props: CanvasProps, frame: HTMLElement, onZoom: () => void): uPlot.Options {
  const { names, axis, height, format, fromZero, onCursor } = props;
  const soft = colour("--ink-soft", frame);
  const line = colour("--line", frame);
  const look = {
    stroke: soft, font: `12px ${getComputedStyle(frame).fontFamily}`, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 },
  };
  return {
    width: Math.max(frame.clientWidth, 50), height, legend: { show: false }, padding: [10, 28, 0, 0],
    scales: { x: { time: axis === "time" }, ...(fromZero ? { y: { range: (_, _least, most) => [0, most > 0 ? most * 1.1 : 1] } } : {}) },
    cursor: { drag: { x: true, y: false }, points: { size: 7 }, y: false },
    axes: [
      axis === "time"
        ? { ...look, size: 30, space: 70, incrs: TIME_STEPS, values: (_, all, _axis, _space, step) => all.map((value) => timeTick(value, step)) }
        : { ...look, size: 30, space: 60, incrs: STEPS, values: (_, all) => all.map((value) => (value === 0 ? "0" : duration(value))) },
      { ...look, size: 58, space: 32, values: (_, all) => all.map(format) },
    ],
    series: [{}, ...names.map((name, index) => {
      const { token, dash } = lookOf(index);
      return {
        label: name, stroke: colour(token, frame), width: 1.75, dash: [...dash], spanGaps: true,
        points: { show: (plot: uPlot, at: number) => (plot.data[at] ?? []).filter((value) => value !== null).length <= DOTS_MAX, size: 5 },
      };
    })],
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      setSelect: [(plot) => {
        if (plot.select.width > 0) onZoom();
      }],
    },
  };
}

/** As fine as the steps of the axis are. */
function timeTick(at: number, step: number): string {
  const time = exactTime(at);
  if (step >= 86_400) return time.slice(5, 10);
  return time.slice(11, step < 60 ? 19 : 16);
}

export default function Canvas(props: CanvasProps) {
  const { label, names, data, axis, height, fromZero } = props;
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoomed = useRef(false);
  const dark = useDark();
  const latest = useRef(props);
  latest.current = props;
  const kind = JSON.stringify([names, axis, height, fromZero, dark]);
  useEffect(() => {
    const element = frame.current!;
    const options = optionsOf(
      { ...latest.current, onCursor: (index) => latest.current.onCursor(index), format: (value) => latest.current.format(value) },
      element, () => { zoomed.current = true; });
    const made = new uPlot(options, dataOf(latest.current.data), element);
    plot.current = made;
    zoomed.current = false;
    const observer = new ResizeObserver(() => made.setSize({ width: Math.max(element.clientWidth, 50), height: latest.current.height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [kind]);
  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    made.setData(dataOf(data), !zoomed.current);
    if (zoomed.current) made.redraw(); // what came in shows in the part that is looked at
  }, [data]);
  const move = (by: number) => {
    const made = plot.current;
    if (!made || data.xs.length === 0) return;
    const index = Math.min(Math.max((made.cursor.idx ?? (by > 0 ? -1 : data.xs.length)) + by, 0), data.xs.length - 1);
    made.setCursor({ left: made.valToPos(data.xs[index]!, "x"), top: 0 });
  };
  return (
    <div className="plot-canvas" ref={frame} tabIndex={0} role="img" style={{ height }}
      aria-label={`${label}: its figures are in the table below; arrow keys move along it`}
      onDoubleClick={() => { zoomed.current = false; }}
      onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      onKeyDown={(event) => {
        const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (by === 0) return;
        event.preventDefault();
        move(by);
      }} />
  );
}

function dataOf({ xs, columns }: Aligned): uPlot.AlignedData {
  return [xs, ...columns];
}
