/**
 * A pad to draw on: by mouse, pen or finger; or by keys: arrows move a cursor over the grid of 28 by 28, Space
 * puts the pen down and up.
 */
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useDark } from "../../app/theme";
import { SIDE } from "./digit";
import { DRAWING, paint, type Spot, type Stroke } from "./pen";

const CELL = DRAWING / SIDE;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const spotOf = ([x, y]: readonly [number, number]): Spot => ({ x: (x + 0.5) * CELL, y: (y + 0.5) * CELL });

/** `onDraw`: while a stroke is drawn; `onStroke`: when it has ended. */
export function Pad({ strokes, onDraw, onStroke }: {
  strokes: readonly Stroke[]; onDraw: (strokes: readonly Stroke[]) => void; onStroke: (strokes: readonly Stroke[]) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<Spot[] | null>(null); // by pointer
  const [cursor, setCursor] = useState<readonly [number, number] | null>(null); // by keys, once one was pressed
  const [down, setDown] = useState(false);
  const dark = useDark();

  useEffect(() => {
    const element = canvas.current!;
    const context = element.getContext("2d")!;
    const style = getComputedStyle(element);
    context.clearRect(0, 0, DRAWING, DRAWING);
    paint(context, strokes, style.color);
    if (!cursor) return;
    context.lineWidth = 2;
    context.strokeStyle = style.outlineColor;
    context.strokeRect(cursor[0] * CELL, cursor[1] * CELL, CELL, CELL);
  }, [strokes, cursor, dark]);

  const place = (event: PointerEvent<HTMLCanvasElement>): Spot => {
    const frame = event.currentTarget.getBoundingClientRect();
    return { x: ((event.clientX - frame.left) / frame.width) * DRAWING, y: ((event.clientY - frame.top) / frame.height) * DRAWING };
  };
  const begin = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setCursor(null);
    setDown(false);
    drawing.current = [place(event)];
    onDraw([...strokes, drawing.current]);
  };
  const go = (event: PointerEvent<HTMLCanvasElement>) => {
    if (!drawing.current) return;
    drawing.current = [...drawing.current, place(event)];
    onDraw([...strokes.slice(0, -1), drawing.current]);
  };
  const end = () => {
    if (!drawing.current) return;
    onStroke([...strokes.slice(0, -1), drawing.current]); // the last moves may not have been rendered yet
    drawing.current = null;
  };

  const press = (event: KeyboardEvent) => {
    const by = ARROWS[event.key];
    if (!by && event.key !== " ") return;
    event.preventDefault();
    const at = cursor ?? [SIDE / 2, SIDE / 2];
    if (event.key === " ") {
      setCursor(at);
      setDown(!down);
      if (down) onStroke(strokes);
      else onDraw([...strokes, [spotOf(at)]]);
      return;
    }
    if (!by || !cursor) return setCursor(at);
    const far = event.shiftKey ? 3 : 1;
    const limit = (value: number) => Math.min(Math.max(value, 0), SIDE - 1);
    const next = [limit(cursor[0] + by[0] * far), limit(cursor[1] + by[1] * far)] as const;
    setCursor(next);
    if (down) onDraw([...strokes.slice(0, -1), [...(strokes.at(-1) ?? []), spotOf(next)]]);
  };
  const leave = () => {
    if (down) onStroke(strokes);
    setDown(false);
    setCursor(null);
  };
  return (
    <>
      <canvas ref={canvas} className="draw-pad" width={DRAWING} height={DRAWING} tabIndex={0} role="application"
        aria-label="Drawing. Arrow keys move the pen over a grid of 28 by 28, Space puts it down and up."
        onPointerDown={begin} onPointerMove={go} onPointerUp={end} onPointerCancel={end} onKeyDown={press} onBlur={leave} />
      <span className="visually-hidden" role="status">
        {cursor && `Column ${cursor[0] + 1}, row ${cursor[1] + 1}, pen ${down ? "down" : "up"}`}
      </span>
    </>
  );
}
