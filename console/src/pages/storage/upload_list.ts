/** The uploads to one bucket, counted as they change: a change costs the same, however many there are. Pure. */

export type State = "waiting" | "running" | "done" | "failed" | "aborted";

export interface Upload {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly sent: number;
  readonly state: State;
  readonly error?: string | undefined;
}

/** What is shown of them. */
export interface Summary {
  readonly files: number;
  readonly counts: Readonly<Record<State, number>>;
  readonly size: number;
  readonly sent: number;
  /** Those that matter: what runs, what failed, what comes next, what was last. */
  readonly rows: readonly Upload[];
}

/** In this order, at most so many of each. */
const SHOWN: readonly (readonly [State, number])[] = [["running", 10], ["failed", 50], ["aborted", 5], ["waiting", 5]];
const DONE_SHOWN = 5;

export const isGoing = ({ counts }: Summary): boolean => counts.running + counts.waiting > 0;

export class UploadList {
  private readonly all = new Map<number, Upload>();
  private readonly ids: Readonly<Record<State, Set<number>>> = {
    waiting: new Set(), running: new Set(), done: new Set(), failed: new Set(), aborted: new Set(),
  };
  private lastDone: readonly number[] = [];
  private size = 0;
  private sent = 0;

  add(upload: Upload): void {
    this.all.set(upload.id, upload);
    this.ids[upload.state].add(upload.id);
    this.size += upload.size;
    this.sent += upload.sent;
  }

  /** Nothing, when it is no longer here. */
  change(id: number, change: Partial<Omit<Upload, "id" | "size">>): void {
    const before = this.all.get(id);
    if (!before) return;
    const now = { ...before, ...change };
    this.all.set(id, now);
    this.sent += now.sent - before.sent;
    if (now.state === before.state) return;
    this.ids[before.state].delete(id);
    this.ids[now.state].add(id);
    if (now.state === "done") this.lastDone = [...this.lastDone, id].slice(-DONE_SHOWN);
  }

  of(...states: readonly State[]): number[] {
    return states.flatMap((state) => [...this.ids[state]]);
  }

  remove(id: number): void {
    const upload = this.all.get(id);
    if (!upload) return;
    this.all.delete(id);
    this.ids[upload.state].delete(id);
    this.lastDone = this.lastDone.filter((one) => one !== id);
    this.size -= upload.size;
    this.sent -= upload.sent;
  }

  summary(): Summary {
    const { waiting, running, done, failed, aborted } = this.ids;
    const shown = [...SHOWN.flatMap(([state, most]) => first(this.ids[state], most)), ...this.lastDone];
    return {
      files: this.all.size, size: this.size, sent: this.sent,
      counts: { waiting: waiting.size, running: running.size, done: done.size, failed: failed.size, aborted: aborted.size },
      rows: shown.map((id) => this.all.get(id)!),
    };
  }
}

function first<T>(all: Iterable<T>, most: number): T[] {
  const found: T[] = [];
  for (const one of all) {
    if (found.length === most) break;
    found.push(one);
  }
  return found;
}
