/** The list of a tar archive, from its bytes as they come (POSIX.1-1988 ustar, GNU's and pax's long names). */

export interface Member { name: string; size: number; kind: "file" | "folder" | "link"; modified: number }

const BLOCK = 512;

const textAt = (block: Uint8Array, from: number, length: number) =>
  new TextDecoder().decode(block.subarray(from, from + length)).replace(/\0.*$/s, "");

/** Octal text; GNU's base-256 for what octal has no room for. */
function numberAt(block: Uint8Array, from: number, length: number): number {
  const first = block[from] ?? 0;
  if (first & 0x80) {
    return block.subarray(from + 1, from + length).reduce((sum, byte) => sum * 256 + byte, first & 0x7f);
  }
  return parseInt(textAt(block, from, length).trim() || "0", 8);
}

/** "path" of pax records: "LENGTH KEY=VALUE\n", one after the other. */
function paxPath(text: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}

/** Members as they are found; ends with the archive, or where the bytes end. */
export class TarReader {
  readonly members: Member[] = [];
  ended = false;
  private rest = new Uint8Array(0);
  private skip = 0; // bytes of content that nobody needs
  private longName: string | undefined;
  private meta: { length: number; kind: string } | undefined;

  push(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.skip > 0) {
      const passed = Math.min(this.skip, bytes.length);
      this.skip -= passed;
      bytes = bytes.subarray(passed);
    }
    if (bytes.length === 0 || this.ended) return;
    const joined = new Uint8Array(this.rest.length + bytes.length);
    joined.set(this.rest);
    joined.set(bytes, this.rest.length);
    let at = 0;
    while (!this.ended) {
      const step = this.take(joined, at);
      if (step === 0) break;
      at += step;
    }
    this.skip += Math.max(0, at - joined.length);
    this.rest = joined.slice(Math.min(at, joined.length));
  }

  /** How far one more header (or long name) reaches; 0 when its bytes are not here yet. */
  private take(bytes: Uint8Array, at: number): number {
    if (this.meta) {
      const padded = Math.ceil(this.meta.length / BLOCK) * BLOCK;
      if (at + padded > bytes.length) return 0;
      const text = textAt(bytes, at, this.meta.length);
      this.longName = this.meta.kind === "L" ? text : (paxPath(text) ?? this.longName);
      this.meta = undefined;
      return padded;
    }
    if (at + BLOCK > bytes.length) return 0;
    this.header(bytes.subarray(at, at + BLOCK));
    const last = this.members.at(-1);
    return BLOCK + (this.meta || this.ended ? 0 : Math.ceil(this.content(last) / BLOCK) * BLOCK);
  }

  private content(member: Member | undefined): number {
    return member?.kind === "file" ? member.size : 0;
  }

  private header(block: Uint8Array): void {
    if (block.every((byte) => byte === 0)) {
      this.ended = true;
      return;
    }
    const kind = String.fromCharCode(block[156] ?? 0);
    const size = numberAt(block, 124, 12);
    if (kind === "L" || kind === "x" || kind === "g" || kind === "K") {
      this.meta = { length: size, kind };
      return;
    }
    const prefix = textAt(block, 257, 5) === "ustar" ? textAt(block, 345, 155) : "";
    const name = this.longName ?? (prefix ? `${prefix}/${textAt(block, 0, 100)}` : textAt(block, 0, 100));
    this.longName = undefined;
    const folder = kind === "5" || name.endsWith("/");
    this.members.push({
      name, size, modified: numberAt(block, 136, 12),
      kind: folder ? "folder" : kind === "1" || kind === "2" ? "link" : "file",
    });
  }
}
