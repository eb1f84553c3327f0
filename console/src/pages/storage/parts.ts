/** How a file is cut for a multipart upload, and what S3 is told at its end. */

export const MULTIPART_FROM = 16 * 1024 * 1024;
const PART_MIN = 8 * 1024 * 1024;
const PARTS_MAX = 10_000; // Amazon S3 User Guide, "Multipart upload limits"

export interface Part { number: number; from: number; to: number }

/** Parts of at least 8 MiB, as many as S3 takes. */
export function partsOf(size: number): Part[] {
  const MIB = 1024 * 1024;
  const length = Math.max(PART_MIN, Math.ceil(size / PARTS_MAX / MIB) * MIB);
  const parts: Part[] = [];
  for (let from = 0; from < size; from += length) {
    parts.push({ number: parts.length + 1, from, to: Math.min(from + length, size) });
  }
  return parts;
}

export function completion(etags: readonly string[]): string {
  const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`);
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join("")}</CompleteMultipartUpload>`;
}

/** At most so many at once; who comes later waits for a place, in order. */
export class Lanes {
  private free: number;
  private readonly waiting: (() => void)[] = [];
  constructor(count: number) {
    this.free = count;
  }
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  json: "application/json", txt: "text/plain", log: "text/plain", md: "text/markdown", csv: "text/csv",
  py: "text/x-python", yaml: "application/yaml", yml: "application/yaml", html: "text/html", xml: "application/xml",
  png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml",
  gz: "application/gzip", tgz: "application/gzip", tar: "application/x-tar", zip: "application/zip", pdf: "application/pdf",
};

/** The browser's own word for a file, or that of its name's ending. */
export function contentTypeOf(name: string, browsers: string): string {
  return browsers || TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] || "application/octet-stream";
}
