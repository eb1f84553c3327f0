/**
 * From a drawing to the picture that a model of MNIST knows, and from its answer to probabilities. Pure.
 *
 * MNIST's pictures were made so (LeCun, Cortes, Burges): the digit scaled, with its proportions, into a box of
 * 20 by 20 pixels, grey by the resampling, and put into 28 by 28 so that its centre of mass is on the middle pixel.
 */

export const SIDE = 28;
const BOX = 20;
/** Where the centres of mass lie: in the middle of pixel 14 counted from 0 (all of the first 3,000 test pictures do, within half a pixel). */
const MIDDLE = 14.5;
/** Mean and deviation of the training pictures from 0 to 1: what the tutorial's model was trained with. */
const MEAN = 0.1307;
const DEVIATION = 0.3081;

/** Ink from 0 (none) to 255, row by row. */
export interface Picture { width: number; height: number; ink: ArrayLike<number> }

interface Frame { left: number; top: number; width: number; height: number }

/** The least frame that holds all ink; undefined when there is none. */
export function frameOf({ width, height, ink }: Picture): Frame | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (ink[y * width + x]! === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The mean ink of a rectangle with fractional edges; what is outside has none. */
function meanInk({ width, height, ink }: Picture, x0: number, y0: number, x1: number, y1: number): number {
  let sum = 0;
  for (let y = Math.max(0, Math.floor(y0)); y < Math.min(height, y1); y += 1) {
    const rows = Math.min(y + 1, y1) - Math.max(y, y0);
    for (let x = Math.max(0, Math.floor(x0)); x < Math.min(width, x1); x += 1) {
      sum += ink[y * width + x]! * rows * (Math.min(x + 1, x1) - Math.max(x, x0));
    }
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

/** Where the ink's weight is, in pixels of the picture. */
export function centreOfMass({ width, height, ink }: Picture): { x: number; y: number } {
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const weight = ink[row * width + column]!;
      mass += weight;
      x += weight * (column + 0.5);
      y += weight * (row + 0.5);
    }
  }
  return mass === 0 ? { x: width / 2, y: height / 2 } : { x: x / mass, y: y / mass };
}

/** A whole pixel to begin at, from which `size` pixels fit: no ink is lost, however far from the middle its mass is. */
const within = (at: number, size: number) => Math.max(0, Math.min(Math.round(at), SIDE - Math.ceil(size)));

/** 28 by 28, from 0 to 255; undefined when nothing was drawn. */
export function mnistPicture(picture: Picture): Float32Array | undefined {
  const frame = frameOf(picture);
  if (!frame) return undefined;
  // How many of the drawing's pixels go into one; and the shift, in whole pixels as MNIST has it.
  const scale = Math.max(frame.width, frame.height) / BOX;
  const centre = centreOfMass(picture);
  const left = within(MIDDLE - (centre.x - frame.left) / scale, frame.width / scale);
  const top = within(MIDDLE - (centre.y - frame.top) / scale, frame.height / scale);
  const result = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const fromX = frame.left + (x - left) * scale;
      const fromY = frame.top + (y - top) * scale;
      result[y * SIDE + x] = meanInk(picture, fromX, fromY, fromX + scale, fromY + scale);
    }
  }
  return result;
}

/** How a model wants its pixels. */
export type Scale = "normalised" | "unit" | "bytes";

export function scaled(picture: ArrayLike<number>, scale: Scale): Float32Array {
  return Float32Array.from(picture, (ink) =>
    scale === "bytes" ? ink : scale === "unit" ? ink / 255 : (ink / 255 - MEAN) / DEVIATION);
}

/** All numbers of an answer, however they are nested: [[…]], {"predictions": [[…]]}. */
export function numbersIn(answer: unknown): number[] {
  if (typeof answer === "number") return [answer];
  if (Array.isArray(answer)) return answer.flatMap(numbersIn);
  return typeof answer === "object" && answer !== null ? Object.values(answer).flatMap(numbersIn) : [];
}

/**
 * Probabilities of scores: what is a distribution already stays one; logarithms of probabilities and logits alike
 * become one by softmax.
 */
export function probabilities(scores: readonly number[]): number[] {
  const sum = scores.reduce((all, score) => all + score, 0);
  if (scores.every((score) => score >= 0) && Math.abs(sum - 1) < 1e-3) return [...scores];
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}
