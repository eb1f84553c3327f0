/** What was drawn, as strokes: kept apart from the canvas, so that it can be undone and redrawn in any theme. */

export interface Spot { x: number; y: number } // in pixels of a drawing of DRAWING by DRAWING
export type Stroke = readonly Spot[];

export const DRAWING = 280;
/** Of a digit that fills the drawing, as thick as MNIST's are. */
const WIDTH = 22;

export function paint(context: CanvasRenderingContext2D, strokes: readonly Stroke[], ink: string): void {
  context.lineWidth = WIDTH;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = ink;
  for (const stroke of strokes) {
    const [first, ...rest] = stroke;
    if (!first) continue;
    context.beginPath();
    context.moveTo(first.x, first.y);
    if (rest.length === 0) context.lineTo(first.x + 0.01, first.y); // a dot
    for (const spot of rest) context.lineTo(spot.x, spot.y);
    context.stroke();
  }
}

/** The ink of strokes, 0 to 255 a pixel: drawn opaque on nothing, so that alpha is ink. */
export function inkOf(strokes: readonly Stroke[]): Uint8Array {
  const canvas = document.createElement("canvas");
  canvas.width = DRAWING;
  canvas.height = DRAWING;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  paint(context, strokes, "#000");
  const { data } = context.getImageData(0, 0, DRAWING, DRAWING);
  return Uint8Array.from({ length: DRAWING * DRAWING }, (_, index) => data[index * 4 + 3]!);
}
