/**
 * What an object is, by its first bytes before its name: a name or a Content-Type may say anything.
 * Nothing is ever given to the browser to interpret but images of the types below.
 */
export type Kind = "image" | "json" | "text" | "array" | "archive" | "gzip" | "binary" | "empty";

export interface Found { kind: Kind; type: string }

/** Images that are drawn. Not SVG: that is a program, and is shown as its text. */
const IMAGES: readonly (readonly [string, (b: Uint8Array) => boolean])[] = [
  ["image/png", (b) => begins(b, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
  ["image/jpeg", (b) => begins(b, [0xff, 0xd8, 0xff])],
  ["image/gif", (b) => begins(b, [0x47, 0x49, 0x46, 0x38])],
  ["image/webp", (b) => begins(b, [0x52, 0x49, 0x46, 0x46]) && ascii(b, 8, 12) === "WEBP"],
  ["image/bmp", (b) => begins(b, [0x42, 0x4d]) && b.length > 14 && b[6] === 0 && b[7] === 0],
];

function begins(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte);
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

export const isGzip = (bytes: Uint8Array) => begins(bytes, [0x1f, 0x8b, 8]);
export const isNpy = (bytes: Uint8Array) => begins(bytes, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]);

/** The format of MNIST's files: two zeros, a type, the number of dimensions. */
export function isIdx(bytes: Uint8Array): boolean {
  const [a, b, type, dimensions] = bytes;
  return a === 0 && b === 0 && bytes.length >= 8 && [8, 9, 11, 12, 13, 14].includes(type ?? 0) &&
    (dimensions ?? 0) >= 1 && (dimensions ?? 9) <= 4;
}

/** A tar archive names its format in its first header. */
export const isTar = (bytes: Uint8Array) => bytes.length >= 262 && ascii(bytes, 257, 262) === "ustar";

/** The text of bytes that are UTF-8 throughout (but for a character that the end cuts), else null. */
export function textOf(bytes: Uint8Array, complete: boolean): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !complete });
    // Control characters that no text has, but for those of terminals' colours.
    // eslint-disable-next-line no-control-regex
    return /[\x00-\x07\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

export function kindOf(key: string, bytes: Uint8Array, complete: boolean): Found {
  if (bytes.length === 0) return { kind: "empty", type: "empty" };
  const image = IMAGES.find(([, test]) => test(bytes));
  if (image) return { kind: "image", type: image[0] };
  if (isNpy(bytes) || isIdx(bytes)) return { kind: "array", type: isNpy(bytes) ? "NumPy array" : "IDX array" };
  if (isTar(bytes)) return { kind: "archive", type: "tar archive" };
  if (isGzip(bytes)) {
    return /\.(tar\.gz|tgz)$/i.test(key) ? { kind: "archive", type: "tar archive, gzip" } : { kind: "gzip", type: "gzip" };
  }
  const text = textOf(bytes, complete);
  if (text === null) return { kind: "binary", type: "binary" };
  if (complete && /^\s*[[{]/.test(text) && isJson(text)) return { kind: "json", type: "JSON" };
  return { kind: "text", type: "text" };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Rows of 16 bytes: place, bytes, characters. */
export function hexDump(bytes: Uint8Array, rows = 32): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && lines.length < rows; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(47);
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex}  ${text}`);
  }
  return lines.join("\n");
}
