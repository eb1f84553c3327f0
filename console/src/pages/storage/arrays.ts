/**
 * Arrays as NumPy (.npy: NumPy Enhancement Proposal 1) and MNIST (IDX) store them. Of a long file
 * only its beginning is here: `have` values of the array's `count`.
 */
import { isNpy } from "./kinds";

export interface Numbers {
  shape: number[];
  dtype: string;
  /** Columns first, as Fortran has it: `at` counts in the file's own order. */
  columnsFirst: boolean;
  count: number;
  have: number;
  /** The value at a place of the file's order; NaN beyond what is here. */
  at: (index: number) => number;
}

const NPY_TYPES: Readonly<Record<string, readonly [number, (v: DataView, at: number, little: boolean) => number]>> = {
  b1: [1, (v, at) => v.getUint8(at)],
  u1: [1, (v, at) => v.getUint8(at)],
  i1: [1, (v, at) => v.getInt8(at)],
  u2: [2, (v, at, little) => v.getUint16(at, little)],
  i2: [2, (v, at, little) => v.getInt16(at, little)],
  u4: [4, (v, at, little) => v.getUint32(at, little)],
  i4: [4, (v, at, little) => v.getInt32(at, little)],
  u8: [8, (v, at, little) => Number(v.getBigUint64(at, little))],
  i8: [8, (v, at, little) => Number(v.getBigInt64(at, little))],
  f2: [2, (v, at, little) => half(v.getUint16(at, little))],
  f4: [4, (v, at, little) => v.getFloat32(at, little)],
  f8: [8, (v, at, little) => v.getFloat64(at, little)],
};
const NAMES: Readonly<Record<string, string>> = {
  b1: "bool", u1: "uint8", i1: "int8", u2: "uint16", i2: "int16", u4: "uint32", i4: "int32", u8: "uint64",
  i8: "int64", f2: "float16", f4: "float32", f8: "float64",
};
const IDX_TYPES: Readonly<Record<number, string>> = { 8: "u1", 9: "i1", 11: "i2", 12: "i4", 13: "f4", 14: "f8" };

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Error with a sentence for the reader when the bytes are no array that is understood. */
export function arrayOf(bytes: Uint8Array): Numbers {
  return isNpy(bytes) ? npy(bytes) : idx(bytes);
}

function numbers(bytes: Uint8Array, from: number, type: string, little: boolean, shape: number[], columnsFirst: boolean): Numbers {
  const known = NPY_TYPES[type];
  if (!known) throw new Error(`Values of the type ${type} are not shown.`);
  const [size, get] = known;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = shape.reduce((product, length) => product * length, 1);
  const have = Math.min(count, Math.max(0, Math.floor((bytes.length - from) / size)));
  return {
    shape, dtype: NAMES[type] ?? type, columnsFirst, count, have,
    at: (index) => (index < have ? get(view, from + index * size, little) : NaN),
  };
}

function npy(bytes: Uint8Array): Numbers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12) throw new Error("The file ends within its header.");
  const wide = (bytes[6] ?? 1) >= 2;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const from = (wide ? 12 : 10) + length;
  if (from > bytes.length) throw new Error("The file ends within its header.");
  const header = new TextDecoder("latin1").decode(bytes.subarray(wide ? 12 : 10, from));
  const descr = /'descr':\s*'([<>|=])?(\w+)'/.exec(header);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (!descr || shape === undefined) throw new Error("Arrays of records and objects are not shown.");
  const lengths = shape.split(",").map((part) => part.trim()).filter(Boolean).map(Number);
  return numbers(bytes, from, descr[2] ?? "", descr[1] !== ">", lengths, /'fortran_order':\s*True/.test(header));
}

function idx(bytes: Uint8Array): Numbers {
  const dimensions = bytes[3] ?? 0;
  const from = 4 + 4 * dimensions;
  if (from > bytes.length) throw new Error("The file ends within its header.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, index) => view.getUint32(4 + 4 * index));
  return numbers(bytes, from, IDX_TYPES[bytes[2] ?? 0] ?? "?", false, shape, false);
}

/** A two-dimensional part: the last two dimensions at a place of those before. */
export interface Plane { rows: number; columns: number; value: (row: number, column: number) => number }

/** How many planes the array has of which at least one row is here; 0: none, it has one dimension. */
export function planesOf(array: Numbers): number {
  const [rows, columns] = array.shape.slice(-2);
  if (array.shape.length < 2 || !rows || !columns) return 0;
  if (array.columnsFirst && array.shape.length > 2) return 0; // planes do not lie together
  return Math.ceil(array.have / (rows * columns));
}

export function planeOf(array: Numbers, index: number): Plane {
  const [rows = 0, columns = 0] = array.shape.slice(-2);
  const from = index * rows * columns;
  const value = array.columnsFirst
    ? (row: number, column: number) => array.at(from + column * rows + row)
    : (row: number, column: number) => array.at(from + row * columns + column);
  return { rows, columns, value };
}

/** The least and the greatest of the finite values; undefined where there are none. */
export function rangeOf(plane: Plane): [number, number] | undefined {
  let [least, greatest] = [Infinity, -Infinity];
  for (let row = 0; row < plane.rows; row++) {
    for (let column = 0; column < plane.columns; column++) {
      const value = plane.value(row, column);
      if (!Number.isFinite(value)) continue;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
  }
  return least <= greatest ? [least, greatest] : undefined;
}

/** RGBA bytes: grey from the least value (black) to the greatest; what is not there is transparent. */
export function picture(plane: Plane): Uint8ClampedArray<ArrayBuffer> {
  const [least, greatest] = rangeOf(plane) ?? [0, 1];
  const pixels = new Uint8ClampedArray(plane.rows * plane.columns * 4);
  for (let row = 0, at = 0; row < plane.rows; row++) {
    for (let column = 0; column < plane.columns; column++, at += 4) {
      const value = plane.value(row, column);
      if (!Number.isFinite(value)) continue;
      const grey = greatest > least ? ((value - least) / (greatest - least)) * 255 : 128;
      pixels.set([grey, grey, grey, 255], at);
    }
  }
  return pixels;
}

/** A number in a table: no more digits than tell something. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(5)));
}
